"""Beams from the metre."""

from __future__ import annotations

import re

import pytest

from chordllama.codec.beams import beams, beat
from chordllama.codec.compact import load_row
from chordllama.codec.frames import parse_time
from chordllama.score import QUARTER


def groups(row: str, time: str, pickup: int = 0) -> str:
    """The first level's beams of a row: ( begins, - goes on, ) ends, . has none."""
    found = beams(load_row(row.split(" ")), parse_time(time), pickup)
    signs = {"begin": "(", "continue": "-", "end": ")"}
    count = len(row.split())
    return "".join(signs[re.findall(r">(\w+)", found[n][0])[0]] if n in found else "." for n in range(count))


@pytest.mark.parametrize(
    ("time", "row", "expected"),
    [
        ("4/4", "c48 d e f g a b c5", "(--)(--)"),
        ("4/4", "c48 d e416 f g48 a44 b", "()(-).."),
        ("4/4", "c416 d e f g48 a b c5 d54", "(--)()()."),
        ("3/4", "c48 d e f g a", "(----)"),
        ("2/4", "c48 d e f", "(--)"),
        ("6/8", "c48 d e f g a", "(-)(-)"),
        ("3/8", "c48 d e", "(-)"),
        ("4/4", "c48t d e f g a b44 c54", "(-)(-).."),
        ("4/4", "c48 r d e f44 g", "..().."),
        ("4/4", "c48. d416 e48 f416 g a42", "()(-)."),
        ("4/4", "c44 d e f", "...."),
        ("5/8", "c48 d e f g", "()()."),
    ],
)
def test_the_metre_groups_notes(time: str, row: str, expected: str) -> None:
    assert groups(row, time) == expected


def test_the_second_level_has_hooks() -> None:
    found = beams(load_row(["c48.", "d416", "e", "d48."]), parse_time("2/4"), 0)
    assert [re.findall(r'number="(\d)">([\w ]+)', " ".join(lines)) for lines in found.values()] == [
        [("1", "begin")],
        [("1", "end"), ("2", "backward hook")],
        [("1", "begin"), ("2", "forward hook")],
        [("1", "end")],
    ]


def test_a_pickup_is_counted_from_the_end_of_its_bar() -> None:
    assert groups("c416 d e f g a", "4/4", pickup=5 * QUARTER // 2) == "()(--)"


def test_grace_notes_are_passed_over() -> None:
    assert set(beams(load_row(["c48", "d416g", "e48"]), parse_time("2/4"), 0)) == {0, 2}


def test_a_beat_is_a_dotted_quarter_in_compound_time() -> None:
    assert [beat(parse_time(time)) for time in ("4/4", "6/8", "12/16", "3+2/8")] == [
        QUARTER,
        3 * QUARTER // 2,
        3 * QUARTER // 4,
        QUARTER,
    ]
    assert beat(None) == QUARTER
