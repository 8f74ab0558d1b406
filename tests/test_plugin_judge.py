"""The judge of continued scores finds what it should, in files of our own."""

from __future__ import annotations

import pytest

from benchmarks.plugin.judge import faults
from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write

OPEN = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51 end=repeat=backward\n"
CLOSED = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51 end=final\n"
MOVED = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51\n3: e51 end=final\n"


def judged(before: str, after: str) -> list[str]:
    return faults(write(loads(before)), write(loads(after)), 1)


@pytest.mark.parametrize(
    ("before", "after"), [(CLOSED, MOVED), (OPEN, OPEN + "3: e51\n"), (OPEN, OPEN + "3: e51 end=final\n")]
)
def test_a_final_bar_line_moves_and_other_bar_lines_stay(before: str, after: str) -> None:
    assert judged(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (CLOSED, CLOSED + "3: e51 end=final\n", ["bar 2 is another one"]),
        (CLOSED, MOVED.replace("e51 end=final", "e51"), ["the final bar line isn't at the end"]),
        (CLOSED, CLOSED + "3: e51\n", ["the final bar line isn't at the end", "bar 2 is another one"]),
        (OPEN, MOVED, ["bar 2 is another one"]),
        (CLOSED, MOVED.replace("c51", "g51"), ["bar 1 is another one"]),
        (CLOSED, MOVED.replace("e51", "r"), ["no note is new"]),
    ],
)
def test_bar_lines_and_notes_that_changed_are_found(before: str, after: str, found: list[str]) -> None:
    assert judged(before, after) == found
