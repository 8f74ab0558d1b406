"""What a model breaks in the 2024 format: each mending alone, several at once, and what is not mended."""

from __future__ import annotations

import random

import pytest
from classic_scores import EXAMPLE

from chordllama.codec.classic import dumps, load_measures, loads
from chordllama.codec.classic.mending import MENDINGS, lines_of, mend
from chordllama.codec.report import Report
from chordllama.errors import ClassicError

INSTRUCTION, MEASURES = EXAMPLE.split("---\n")
(PART,) = loads(EXAMPLE)


def replaced(old: str, new: str) -> str:
    assert old in EXAMPLE
    return EXAMPLE.replace(old, new, 1)


MENDED = {
    "fence": [f"Here is the music:\n\n```yaml\n{EXAMPLE}```\nEnjoy!\n", f"```\n{EXAMPLE}", f"{EXAMPLE}```\n"],
    "end": [
        f"{EXAMPLE.rstrip()}<|eot_id|><|start_header_id|>user",
        f"{EXAMPLE}<|end_of_text|>\nmore",
        f"{EXAMPLE}</s>",
    ],
    "tab": [EXAMPLE.replace("\n      step", "\n\t\t\tstep"), replaced("\n  a02", "\n\ta02")],
    "quotes": [
        EXAMPLE.replace("'@text'", "@text").replace("'#text'", "#text"),
        replaced("'#text': minor", "#text: minor"),
    ],
    "colon": [
        replaced("a02_note:", "a02_note"),
        replaced("step: B", "step B"),
        replaced("octave: '4'", "octave:'4'"),
        replaced("    pitch:\n", "    pitch\n"),
    ],
    "separator": [INSTRUCTION + MEASURES],
    "dash": [replaced("- a00_note", "  a00_note"), replaced("- a00_harmony", "a00_harmony")],
    "indentation": [
        replaced("    pitch:\n      step: B\n      octave", "   pitch:\n    step: B\n      octave"),
        replaced("\n    root:\n      root-step", "\n  root:\n    root-step"),
        replaced("    - '@type': stop\n    - '@type'", "  - '@type': stop\n      - '@type'"),
        replaced("- a00_note", "  - a00_note"),
        EXAMPLE.replace("- a00", "-   a00"),
        replaced("  mode: major", "mode: major"),
    ],
    "joined": [EXAMPLE.replace("  a02_note", "- a02_note"), EXAMPLE.replace("  a0", "- a0")],
    "gap": [EXAMPLE.replace("a03_", "a07_"), EXAMPLE.replace("a03_", "a04_").replace("a02_", "a03_")],
    "unnumbered": [EXAMPLE.replace("a02_note", "note"), EXAMPLE.replace("a00_note", "note")],
    "renumbered": [EXAMPLE.replace("a03_", "a02_"), EXAMPLE.replace("a02_", "a01_").replace("a03_", "a02_")],
    "repeated": [replaced("    duration: '2'\n", "    duration: '2'\n    duration: '2'\n")],
    "listed": [
        replaced(
            "    tie:\n    - '@type': stop\n    - '@type': start\n",
            "    tie:\n      '@type': stop\n    tie:\n      '@type': start\n",
        )
    ],
    "left out": [
        replaced("    type: quarter", "    voice: '1'\n    type: quarter"),
        replaced("  a01_note", "  a01_barline: null\n  a01_note"),
    ],
    "cut off": [],
}
CUT = [
    EXAMPLE + tail
    for tail in (
        "-",
        "- a",
        "- a0",
        "- a00_note",
        "- a00_note:",
        "- a00_note:\n    rest: nu",
        "- a00_note:\n    pitch:\n      step: C\n      oct",
    )
]
CUT += [
    EXAMPLE + "- a00_note:\n    pitch:\n      step: C\n      octave: '4'\n    " + tail
    for tail in ("", "dur", "duration:", "duration: '", "duration: '1")
]
CUT += [
    f"{EXAMPLE}- a00_note:\n    rest: null\n    duration: '4'\n    type: {tail}"
    for tail in ("", "qua", "quarter\n  a", "quarter\n  a01_")
]


def test_every_mending_is_tested() -> None:
    assert set(MENDED) == set(MENDINGS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in MENDED.items() for text in texts])
def test_what_is_broken_in_one_way_is_mended_and_told(name: str, text: str) -> None:
    report = Report()
    assert loads(text, report) == (PART,)
    assert set(report.mended) == {MENDINGS[name]}


@pytest.mark.parametrize("text", CUT)
def test_a_measure_that_is_cut_off_is_left_out(text: str) -> None:
    report = Report()
    assert loads(text, report) == (PART,)
    assert report.mended == {MENDINGS["cut off"]: 1}


def test_a_text_that_ends_anywhere_is_read_up_to_there_or_refused() -> None:
    tags = [child.tag for child in PART.measures[0].children]
    first_measure = range(EXAMPLE.index("- a00_harmony") + 1, EXAMPLE.index("- a00_note"))
    for end in range(1, len(EXAMPLE), 5):
        try:
            (part,) = loads(EXAMPLE[:end])
        except ClassicError:
            part = PART
            refused = True
        else:
            refused = False
        assert part.instruction == PART.instruction
        found = [child.tag for child in part.measures[0].children]
        assert found == tags[: len(found)]
        assert not refused or end <= first_measure.stop


def test_several_faults_are_mended_together() -> None:
    text = replaced("step: B", "step:B").replace("\n      octave", "\n\t\t   octave").replace("a02_", "a01_")
    text = text.replace("'@text'", "@text")
    report = Report()
    assert loads(f"```\n{text}```\n", report) == (PART,)
    expected = ("colon", "tab", "indentation", "renumbered", "fence", "quotes")
    assert set(report.mended) == {MENDINGS[name] for name in expected}


def test_an_answer_is_mended_like_a_document() -> None:
    report = Report()
    assert load_measures(f"```yaml\n{MEASURES}- a00_note:\n    pitch:", report) == PART.measures
    assert set(report.mended) == {MENDINGS["fence"], MENDINGS["cut off"]}


def test_text_that_is_whole_is_not_touched() -> None:
    lines = lines_of(EXAMPLE)
    mended, counts = mend(lines)
    assert (mended, +counts) == (lines, {})


UNCLEAR = {
    "a number 0 twice": (replaced("a01_note", "a00_note"), "line 19, column 3: this may be a measure without its dash"),
    "two values": (
        replaced("    type: quarter", "    type: half\n    type: quarter"),
        "line 25, column 5: type stands here",
    ),
    "an end without its start": (replaced("    pitch:\n", ""), "line 22, column 5: this is not YAML"),
    "a quote that never ends": (replaced("step: B", "step: 'B"), "line 22, column 16: this is not YAML"),
    "two code blocks": (f"```\n{EXAMPLE}```\n```\n{EXAMPLE}```\n", "line 1, column 1: this is not YAML"),
    "text behind": (f"{EXAMPLE}And so on and on.", "line 46, column 1: this is not YAML"),
    "no whole measure": (EXAMPLE[: EXAMPLE.index("duration: '3'")], "line 25, column 3: note lacks duration"),
    "an unknown word": (replaced("a01_note:\n", "a01_note:\n    what\n"), "line 21, column 10: this is not YAML"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_is_unclear_is_refused_where_it_stands(name: str) -> None:
    text, message = UNCLEAR[name]
    report = Report()
    with pytest.raises(ClassicError) as caught:
        loads(text, report)
    assert str(caught.value).startswith(message)
    assert not report.mended


def test_a_fault_that_stays_is_told_with_the_writers_own_line_and_column() -> None:
    text = f"Listen:\n```\n{EXAMPLE}```\n".replace("      step: B", "\t\t\tstep:   H")
    with pytest.raises(ClassicError) as caught:
        loads(text)
    line = text.split("\n").index("\t\t\tstep:   H") + 1
    assert str(caught.value).startswith(f'line {line}, column 4: step "H"')


def test_broken_indentation_of_any_kind_is_put_right() -> None:
    """Every line of the example is moved by chance; the keys alone say where it belongs."""
    draw = random.Random(0)
    for _ in range(50):
        moved = [" " * draw.randrange(9) + line.strip() if line != "---" else line for line in EXAMPLE.split("\n")]
        assert dumps(loads("\n".join(moved))) == EXAMPLE
