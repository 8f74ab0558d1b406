"""The table speaks of all of MusicXML 4.0, and of nothing else."""

from __future__ import annotations

import pytest
from musicxml_schema import INSTALLED, XSD, schema_tree

from chordllama.codec.whitelist import (
    ACCIDENTALS,
    ATTRIBUTES,
    BAR_STYLES,
    CAESURAS,
    DIRECTION_SIGNS,
    DYNAMICS,
    ELEMENTS,
    FERMATAS,
    GROUP_SYMBOLS,
    HARMONY_KIND_BY_CODE,
    HARMONY_KINDS,
    NOTEHEADS,
    SIGN_BY_CODE,
    SIGN_BY_NAME,
    SIGNS,
    TIME_SYMBOLS,
    Treatment,
)
from chordllama.score.model import NOTE_TYPES

needs_schema = pytest.mark.skipif(
    not INSTALLED, reason="the package musicxml, which holds the schema, is not installed"
)


def names(kind: str) -> set[str]:
    """The names (or, from another namespace, references) of the schema's elements or attributes."""
    found = {element.get("name") or element.get("ref") or "" for element in schema_tree().iter(f"{XSD}{kind}")}
    assert len(found) > 100
    return found - {""}


def choices(simple_type: str) -> set[str]:
    """The values of an enumeration in the schema."""
    (found,) = (e for e in schema_tree().iter(f"{XSD}simpleType") if e.get("name") == simple_type)
    return {choice.get("value", "") for choice in found.iter(f"{XSD}enumeration")}


@needs_schema
def test_every_element_has_a_verdict_and_no_other_has() -> None:
    assert names("element") == set(ELEMENTS)


@needs_schema
def test_every_attribute_has_a_verdict_and_no_other_has() -> None:
    assert names("attribute") == set(ATTRIBUTES)


@needs_schema
@pytest.mark.parametrize(
    ("simple_type", "known"),
    [
        ("accidental-value", ACCIDENTALS),
        ("bar-style", BAR_STYLES),
        ("fermata-shape", ("normal", "", *FERMATAS)),
        ("caesura-value", ("normal", "", *CAESURAS)),
        ("notehead-value", ("normal", *NOTEHEADS)),
        ("time-symbol", ("normal", *TIME_SYMBOLS)),
        ("group-symbol-value", GROUP_SYMBOLS),
        ("kind-value", HARMONY_KINDS),
        ("note-type-value", NOTE_TYPES),
    ],
)
def test_our_lists_of_values_are_those_of_the_schema(simple_type: str, known: tuple[str, ...]) -> None:
    assert choices(simple_type) == set(known)


@needs_schema
def test_every_dynamic_of_the_schema_is_known() -> None:
    (dynamics,) = (e for e in schema_tree().iter(f"{XSD}complexType") if e.get("name") == "dynamics")
    assert {element.get("name") for element in dynamics.iter(f"{XSD}element")} == {*DYNAMICS, "other-dynamics"}


def test_every_verdict_has_a_reason() -> None:
    for rule in (*ELEMENTS.values(), *ATTRIBUTES.values()):
        assert isinstance(rule.treatment, Treatment)
        assert rule.reason


def test_every_sign_has_one_name_and_one_spelling() -> None:
    assert len(SIGN_BY_NAME) == len(SIGNS)
    assert len(SIGN_BY_CODE) == sum(bool(sign.code) for sign in SIGNS)
    assert len(HARMONY_KIND_BY_CODE) == len(HARMONY_KINDS)
    assert not set(SIGN_BY_NAME) & {"alter"}


def test_every_sign_is_an_element_that_is_kept() -> None:
    for element in [*(sign.element for sign in SIGNS), *DIRECTION_SIGNS]:
        assert ELEMENTS[element].treatment is Treatment.KEPT, element
