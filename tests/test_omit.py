"""Scores without some kinds of signs."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.codec.omit import UnknownKind, omit
from chordllama.codec.whitelist import DIRECTION_SIGNS, KINDS, SIGNS

DATA = Path(__file__).parent / "data"
FULL = """parts:
 1: clef=G2
1: time=4/4 =p ="dolce" =t120 ={segno} ={pedal=start} ={octave-shift=down8} G7 c516g c54!'(2 d{notehead=x}{trill-mark}{up-bow})2 e52~ ; la la la
2: ="only words" r
"""


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("dynamics", "=p "),
        ("words", "dolce"),
        ("tempo", "=t120"),
        ("navigation", "segno"),
        ("pedal", "=ped"),
        ("octave-shifts", "octave-shift"),
        ("harmony", "G7"),
        ("grace", "16g"),
        ("engraving", "!"),
        ("articulations", "'"),
        ("slurs", "("),
        ("ornaments", "trill"),
        ("noteheads", "notehead"),
        ("technical", "up-bow"),
        ("lyrics", " ; la la"),
    ],
)
def test_a_kind_is_left_out_and_the_others_stay(kind: str, word: str) -> None:
    text = dumps(loads(FULL), [kind])
    assert word in dumps(loads(FULL))
    assert word not in text
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(("kind", "left"), [("stems", "c48+ d\\ e44 f42"), ("beams", "c48 d e44 f42d")])
def test_stems_and_beams_are_left_out_and_stay_with_the_rules(kind: str, left: str) -> None:
    text = dumps(loads("parts:\n 1: clef=G2\n1: time=4/4 c48+ d\\ e44 f42d\n"), [kind])
    assert text.splitlines()[-1] == f"1: time=4/4 {left}"


def test_nothing_that_can_be_left_out_is_listed_twice() -> None:
    assert len(set(KINDS)) == len(KINDS)


def test_every_kind_of_the_table_can_be_left_out() -> None:
    kinds = {sign.kind for sign in SIGNS} | {sign.kind for sign in DIRECTION_SIGNS.values()}
    assert kinds - {"notes"} <= set(KINDS)
    text = dumps(omit(loads(FULL), KINDS))
    assert text == "parts:\n 1: clef=G2\n1: time=4/4 c54 d e52~\n2:\n"


def test_a_row_that_held_only_what_is_left_out_goes_too() -> None:
    assert omit(loads(FULL), ["words"]).bars[1].rows == ()


def test_nothing_left_out_is_the_same_score() -> None:
    score = loads(FULL)
    assert omit(score, []) is score


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownKind, match="nothing is called wishes") as caught:
        omit(loads(FULL), ["wishes"])
    assert "dynamics" in str(caught.value.hint)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_can_be_written(kind: str) -> None:
    for name in ("signs", "piano_cross_staff", "grace_notes", "lyrics", "percussion"):
        less = omit(read((DATA / f"{name}.musicxml").read_bytes()), [kind])
        assert loads(dumps(less)) == less
        assert omit(read(write(less)), [kind]).bars == less.bars
