"""Divisions of a quarter as programs write them: decimal, below one, behind the first notes, in another part alone."""

from __future__ import annotations

import pytest

from chordllama.codec.musicxml import read_with_origin
from chordllama.codec.splice.splicing import replaced, splice
from chordllama.errors import MusicXMLError
from chordllama.score.model import QUARTER, Score, ticks_of

TIME = "<time><beats>4</beats><beat-type>4</beat-type></time>"


def divisions(text: str) -> str:
    return f"<attributes><divisions>{text}</divisions></attributes>"


def note(duration: str) -> str:
    return (
        f"<note><pitch><step>G</step><octave>4</octave></pitch><duration>{duration}</duration><voice>1</voice></note>"
    )


def score(*parts: str) -> bytes:
    listed = "".join(f'<score-part id="P{n}"><part-name>{n}</part-name></score-part>' for n, _ in enumerate(parts, 1))
    written = "".join(f'<part id="P{n}">{measures}</part>' for n, measures in enumerate(parts, 1))
    return f"<score-partwise><part-list>{listed}</part-list>{written}</score-partwise>".encode()


def part(*bars: str) -> str:
    first, *more = bars
    measures = [f"<attributes>{TIME}</attributes>{first}", *more]
    return "".join(f'<measure number="{n}">{bar}</measure>' for n, bar in enumerate(measures, 1))


def quarters(read: Score) -> list[list[float]]:
    return [[float(ticks_of(item) / QUARTER) for row in bar.rows for item in row.items] for bar in read.bars]


DECIMAL = part(divisions("4.0") + note("16"), note("8") * 2, note("4") * 4)
BELOW_ONE = part(divisions("0.5") + note("1") * 2, note("2"), note("1") * 2)
HALVES = part(divisions("2.5") + note("5") * 2, note("2.5") * 4, divisions("3") + note("6") * 2)
LATE = part(note("8") + divisions("8") + note("8") * 3, note("16") * 2, note("32"))

CASES = {
    "decimal": (DECIMAL, [[4], [2, 2], [1, 1, 1, 1]]),
    "below one": (BELOW_ONE, [[2, 2], [4], [2, 2]]),
    "two and a half": (HALVES, [[2, 2], [1, 1, 1, 1], [2, 2]]),
    "behind a note": (LATE, [[1, 1, 1, 1], [2, 2], [4]]),
}


@pytest.mark.parametrize(("measures", "lengths"), CASES.values(), ids=CASES)
def test_durations_are_read_as_the_divisions_say(measures: str, lengths: list[list[float]]) -> None:
    assert quarters(read_with_origin(score(measures)).score) == lengths


@pytest.mark.parametrize(("measures", "lengths"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("first", [0, 1, 2])
def test_a_bar_written_anew_lasts_as_long_and_so_do_those_after_it(
    measures: str, lengths: list[list[float]], first: int
) -> None:
    xml = score(measures)
    reading = read_with_origin(xml)
    again = read_with_origin(replaced(xml, reading, reading.score.bars[first : first + 1], first, {0})).score
    assert quarters(again) == lengths


@pytest.mark.parametrize(("measures", "lengths"), CASES.values(), ids=CASES)
def test_new_bars_last_as_long_as_the_bars_that_they_repeat(measures: str, lengths: list[list[float]]) -> None:
    xml = score(measures)
    reading = read_with_origin(xml)
    assert quarters(read_with_origin(splice(xml, reading, reading.score.bars)).score) == lengths * 2


def test_a_part_without_divisions_counts_in_those_of_another() -> None:
    silent = part(note("8") * 4, note("32"), note("32"))
    assert quarters(read_with_origin(score(silent, LATE)).score)[0] == [1] * 8
    assert quarters(read_with_origin(score(LATE, silent)).score)[0] == [1] * 8


@pytest.mark.parametrize("text", ["0", "-4", "", "four", "0.0", "1e3", "99999999999"])
def test_what_can_be_no_divisions_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(MusicXMLError, match=r"measure 1, <divisions> in line 1: .* is not a number of divisions"):
        read_with_origin(score(part(divisions(text) + note("4"))))
