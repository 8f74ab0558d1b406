"""The text of the 2024 format: spelled as its data set spells it, and nothing let in that YAML can do besides."""

from __future__ import annotations

import json
from time import perf_counter

import pytest
from classic_scores import EXAMPLE, XML
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chordllama.codec.classic import (
    ClassicPart,
    Element,
    decode,
    dump_instruction,
    dump_measures,
    dumps,
    encode,
    load_measures,
    loads,
)
from chordllama.codec.classic.table import CHILDREN, FORMS, KEPT, LEFT_OUT, NEEDED
from chordllama.codec.classic.text import dump_row, format_scalar
from chordllama.codec.musicxml import write
from chordllama.codec.report import Report
from chordllama.codec.whitelist import ATTRIBUTES, ELEMENTS
from chordllama.errors import ClassicError
from chordllama.limits import MOST_CLASSIC_LETTERS

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
PART = encode(XML)[0]


def replaced(old: str, new: str) -> str:
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, 1)


# -------------------------------------------------------------------------------------------------------- both directions


def test_the_example_is_read_and_written_again() -> None:
    report = Report()
    parts = loads(EXAMPLE, report)
    assert parts == (PART,)
    assert dumps(parts) == EXAMPLE
    assert not report.warnings()


def test_the_text_means_to_any_yaml_reader_what_it_says() -> None:
    instruction, measures = YAML(typ="safe", pure=True).load_all(EXAMPLE)
    assert instruction["time"] == {"@symbol": "common", "beats": "4", "beat-type": "4"}
    assert list(measures[0]) == ["a00_harmony", "a01_note", "a02_note", "a03_note"]
    assert measures[0]["a02_note"]["tie"] == [{"@type": "stop"}, {"@type": "start"}]
    assert measures[0]["a02_note"]["dot"] is None


def test_it_is_spelled_as_pyyaml_spells_it() -> None:
    yaml = pytest.importorskip("yaml")
    documents = [dump_instruction(PART.instruction), dump_measures(PART.measures)]
    assert [yaml.dump(yaml.safe_load(text), sort_keys=False) for text in documents] == documents


@QUICK
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
    | st.from_regex(r"[-+0-9.:_eExXoObB#~=<yntf ]{1,8}", fullmatch=True)
)
def test_a_word_is_spelled_as_pyyaml_spells_it(text: str) -> None:
    yaml = pytest.importorskip("yaml")
    spelled = format_scalar(text)
    assert yaml.safe_load(f"a: {spelled}\n") == {"a": text}
    if not any(c in text for c in "\u2028\u2029"):
        assert f"a: {spelled}\n" == yaml.dump({"a": text}, width=1000)


def test_an_empty_measure_and_an_empty_instruction_are_null() -> None:
    part = ClassicPart(Element("attributes"), (Element("measure"), PART.measures[1]))
    assert dumps((part,)).startswith("null\n---\n- null\n- a00_note:\n")
    assert loads(dumps((part,))) == (part,)


def test_parts_stand_one_after_the_other() -> None:
    assert dumps((PART, PART)) == f"{EXAMPLE}---\n{EXAMPLE}"
    assert loads(dumps((PART, PART))) == (PART, PART)


def test_more_than_a_hundred_elements_keep_their_order() -> None:
    notes = tuple(Element("note", children=(Element("rest"), Element("duration", str(n)))) for n in range(1, 121))
    part = ClassicPart(PART.instruction, (Element("measure", children=notes),))
    assert "  a119_note:" in dumps((part,))
    assert loads(dumps((part,))) == (part,)


def test_elements_stand_in_the_order_of_their_numbers() -> None:
    """Keys in another order: the app of 2024 sorted them by their letters, so that a100 stood before a10."""
    (measure, *rest) = PART.measures
    harmony, first, second, third = measure.children
    swapped = Element("measure", children=(harmony, second, first, third))
    text = EXAMPLE.replace("a01_", "a_").replace("a02_", "a01_").replace("a_", "a02_")
    assert loads(text) == (ClassicPart(PART.instruction, (swapped, *rest)),)


def test_a_row_of_the_data_set_is_a_part() -> None:
    row = dump_row(PART)
    fields = json.loads(row)
    assert list(fields) == ["instruction", "input", "output"]
    assert (row.count("\n"), fields["instruction"]) == (1, EXAMPLE.split("---\n")[0])
    assert loads(row) == (PART,)
    stripped = {name: text.strip() for name, text in fields.items()}
    assert loads(json.dumps(stripped)) == (PART,)


@pytest.mark.parametrize("text", ['{"a": 1}', '{"instruction": 1}', '{"input": ["a"]}', '{"x', dump_row(PART) * 2])
def test_what_is_no_row_is_refused(text: str) -> None:
    with pytest.raises(ClassicError, match=r"^line 1, column 1"):
        loads(text)


def test_measures_alone_are_an_answer() -> None:
    text = EXAMPLE.split("---\n")[1]
    assert load_measures(text) == PART.measures
    for wrong in ("", "a: b\n", EXAMPLE, "[]\n", "- null\n---\n- null\n"):
        with pytest.raises(ClassicError, match="line 1, column 1: a list of measures"):
            load_measures(wrong)


# ------------------------------------------------------------------------------------------------------------- refusals

REFUSED = {
    "an alias": (replaced("duration: '2'", "duration: *a"), "line 23, column 15: an alias has no place"),
    "an anchor": (replaced("duration: '2'", "duration: &a '2'"), "line 23, column 15: an anchor"),
    "a tag": (replaced("duration: '2'", "duration: !!int 2"), "line 23, column 15: a tag"),
    "a block": (replaced("duration: '2'", "duration: |\n      2"), "line 23, column 15: a block of text"),
    "a merge key": (replaced("duration: '2'", "<<: {duration: '2'}"), 'line 23, column 5: "<<" is no name'),
    "a map as a key": (replaced("duration: '2'", "? {a: b}\n    : c"), "line 23, column 7: a map or list is no key"),
    "depth": (replaced("rest: null", "rest: " + "[" * 40 + "]" * 40), "line 38, column 35: so many maps"),
    "a NUL byte": (replaced("minor", "mi\x00nor"), "line 18, column 18: this is not YAML"),
    "a forbidden character": (replaced("minor", '"\\0"'), "line 18, column 16: a character"),
    "a list as a word": (replaced("'@text': m", "'@text': [m]"), "line 17, column 7: @text is one word"),
    "a list as an element": (
        replaced("    pitch:\n", "    pitch: [a, b]\n    rest:\n"),
        "line 20, column 5: note has one pitch",
    ),
    "no element's name": (replaced("rest: null", "a b: null"), 'line 38, column 5: "a b" is no name'),
    "an unknown element": (replaced("a03_note", "a03_nose"), "line 37, column 3: nose has no place in measure"),
    "a misplaced element": (replaced("rest: null", "octave: '4'"), "line 38, column 5: octave has no place in note"),
    "no such step": (replaced("step: B", "step: H"), 'line 21, column 7: step "H" is not a step'),
    "no such octave": (replaced("'4'\n    duration", "'10'\n    duration"), 'line 22, column 7: octave "10"'),
    "a negative duration": (replaced("duration: '2'", "duration: '-2'"), 'line 23, column 5: duration "-2"'),
    "an endless duration": (replaced("duration: '2'", "duration: '1e99'"), 'line 23, column 5: duration "1e99"'),
    "no divisions": (replaced("divisions: '2'", "divisions: '0'"), 'line 1, column 1: divisions "0"'),
    "half a pitch": (replaced("      octave: '4'\n", ""), "line 20, column 5: pitch lacks octave"),
    "a note without a duration": (
        replaced("    duration: '2'\n    type: quarter\n", ""),
        "line 19, column 3: note lacks duration",
    ),
    "a second value": (
        replaced("    type: quarter", "    duration: '4'\n    type: quarter"),
        "line 24, column 5: duration stands",
    ),
    "a word as a measure": (
        replaced("- a00_note:", "- what is this\n- a00_note:"),
        "line 42, column 3: a measure is a map",
    ),
    "measures alone": (EXAMPLE.split("---\n")[1], "line 1, column 1: measures without an instruction"),
    "an instruction alone": (EXAMPLE.split("---\n")[0], "line 1, column 1: no measures follow"),
    "a word": ("hello\n", "line 1, column 1: "),
    "nothing": ("", "line 1, column 1: "),
    "prose": (EXAMPLE + "\nI hope that you like it!\n", "line 47, column 1: this is not YAML"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_the_format_is_refused_where_it_stands(name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(ClassicError) as caught:
        loads(text)
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 3


def test_a_text_that_is_too_long_is_refused_at_once() -> None:
    started = perf_counter()
    with pytest.raises(ClassicError, match="too long"):
        loads("a" * (MOST_CLASSIC_LETTERS + 1))
    assert perf_counter() - started < 0.5


LETTERS = [
    "\n",
    "  ",
    "- ",
    "'",
    ":",
    "\t",
    "a00_",
    "null",
    "---\n",
    "*x",
    "&a ",
    "!!int ",
    "{",
    "[",
    "]",
    "#",
    "@",
    "\x00",
]
CHANGES = st.lists(
    st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 30), st.sampled_from(["", *LETTERS]) | st.text(max_size=3)),
    min_size=1,
    max_size=3,
)


@QUICK
@given(CHANGES)
def test_changed_text_gives_a_score_or_an_error_with_line_and_column(changes: list[tuple[int, int, str]]) -> None:
    text = EXAMPLE
    for start, size, new in changes:
        text = text[:start] + new + text[start + size :]
    try:
        parts = loads(text)
    except ClassicError as error:
        said = str(error)
    else:
        assert loads(dumps(parts)) == parts
        assert write(decode(parts))
        said = "line "
    assert said.startswith("line ")


@QUICK
@given(st.text(max_size=80))
def test_any_text_gives_an_error_with_line_and_column(text: str) -> None:
    with pytest.raises(ClassicError, match=r"^line [0-9]+, column [0-9]+: "):
        loads(text)


# ---------------------------------------------------------------------------------------------------------------- tables


def test_the_tables_name_elements_of_musicxml() -> None:
    names = {*CHILDREN, *(name for group in (*CHILDREN.values(), *LEFT_OUT.values()) for name in group)}
    assert names <= set(ELEMENTS)
    assert set(FORMS) <= {name for children in CHILDREN.values() for name in children}
    assert "attack" in ATTRIBUTES


def test_the_format_keeps_what_its_description_says() -> None:
    kept = {parent: " ".join(sorted(CHILDREN[parent])) for parent in KEPT}
    assert kept == {
        "measure": "attributes backup forward harmony note sound",
        "attributes": "clef divisions key measure-style staves time transpose",
        "note": "accidental chord cue dot duration grace pitch rest staff tie time-modification type unpitched",
        "harmony": "bass degree frame function inversion kind numeral offset root staff",
    }
    assert not any(set(CHILDREN[parent]) & LEFT_OUT.get(parent, set()) for parent in KEPT)
    assert all(set(group) <= set(CHILDREN[parent]) for parent, groups in NEEDED.items() for group in groups)
