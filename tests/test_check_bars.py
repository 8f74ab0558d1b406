"""Which bars a check finds too short, too long or not filled, and which it leaves in peace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from small_scores import TEXTS, shared_scores, small_score

from chordllama.checking.bars import irregular_bars, measured_bars, uneven_staves
from chordllama.codec.musicxml import read
from chordllama.score.model import (
    WHOLE,
    Bar,
    Change,
    Chord,
    Metre,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Time,
    duration,
)

DATA = Path(__file__).parent / "data"
QUARTETS = shared_scores("openscore-quartets/scores/*.mxl", 2)
FOUR = Time((("4", 4),))
NOTE = Chord(duration("quarter"), (Note("C", 4),))


def irregular(score: Score) -> list[tuple[str, str, str, str]]:
    return [(bar.number, bar.length, bar.metre, bar.kind) for bar in irregular_bars(list(measured_bars(score)))]


def uneven(score: Score) -> list[tuple[int, int, int, str, str]]:
    staves = uneven_staves(list(measured_bars(score)))
    return [(staff.bar, staff.part, staff.staff, staff.filled, staff.wanted) for staff in staves]


def bars_of(*quarters: int, metre: Time | None = FOUR, implicit: bool = False) -> Score:
    """A score with bars of so many quarter notes."""
    bars = []
    for count in quarters:
        length = None if metre and count * WHOLE == 4 * (metre.ticks or 0) else count * WHOLE // 4
        bars.append(Bar((Row(0, 1, 1, (NOTE,) * count),), length=length, implicit=implicit))
    times = (Change(metre),) if metre else ()
    return Score((Part(),), (replace(bars[0], times=times), *bars[1:]))


@pytest.mark.parametrize(
    ("quarters", "kinds"),
    [
        ((4, 4), {}),
        ((1, 4, 4), {1: "pickup"}),
        ((1, 4, 3), {1: "pickup", 3: "completes the pickup"}),
        ((1, 4, 2), {1: "pickup", 3: "shorter"}),
        ((4, 3, 1, 4), {2: "part of a split bar", 3: "part of a split bar"}),
        ((3, 1, 3, 4), {1: "part of a split bar", 2: "part of a split bar", 3: "shorter"}),
        ((4, 3, 4), {2: "shorter"}),
        ((4, 5, 4), {2: "longer"}),
        ((5, 4), {1: "longer"}),
        ((3,), {1: "pickup"}),
    ],
)
def test_an_irregular_bar_is_called_what_it_is(quarters: tuple[int, ...], kinds: dict[int, str]) -> None:
    found = irregular_bars(list(measured_bars(bars_of(*quarters))))
    assert {bar.bar: bar.kind for bar in found} == kinds
    assert [(bar.length, bar.metre) for bar in found] == [(f"{quarters[place - 1]}/4", "4/4") for place in kinds]


def test_without_a_metre_no_bar_is_irregular() -> None:
    for metre in (None, Time(())):
        assert irregular(bars_of(3, 5, 4, metre=metre)) == []


def test_a_length_that_no_beat_divides_is_shortened() -> None:
    score = bars_of(4, 4)
    odd = replace(score, bars=(score.bars[0], replace(score.bars[1], rows=(), length=WHOLE * 641 // 640)))
    assert irregular(odd) == [("2", "641/640", "4/4", "longer")]


def test_numbers_are_those_that_are_printed() -> None:
    score = read((DATA / "pickup.musicxml").read_bytes())
    assert irregular(score) == [
        ("0", "1/4", "3/4", "pickup"),
        ("2", "2/4", "3/4", "part of a split bar"),
        ("2a", "1/4", "3/4", "part of a split bar"),
        ("4", "2/4", "3/4", "completes the pickup"),
    ]
    assert uneven(score) == []


def test_the_longest_of_several_metres_counts() -> None:
    two, three = Time((("2", 4),)), Time((("3", 4),))
    bar = Bar((Row(0, 1, 1, (NOTE,) * 3),), times=(Change(two), Change(three, 0)))
    assert irregular(Score((Part(), Part()), (bar,))) == []


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "chorale"])
def test_what_is_right_is_left_in_peace(name: str) -> None:
    score = small_score(name)
    if name != "two voices":
        assert uneven(score) == []
    assert irregular(score) == []


def test_too_much_and_too_little_are_told_for_each_staff() -> None:
    score = read((DATA / "check" / "uneven.musicxml").read_bytes())
    assert irregular(score) == [("2", "5/4", "4/4", "longer"), ("4", "2/4", "4/4", "shorter")]
    assert uneven(score) == [
        (2, 1, 1, "5/4", "4/4"),
        (3, 1, 1, "3/4", "4/4"),
        (5, 2, 2, "2/4", "4/4"),
    ]


def rows(*items: Row) -> Score:
    return Score((Part(clefs=("G2", "F4")),), (Bar(items, times=(Change(FOUR),)),))


def test_voices_fill_a_staff_together() -> None:
    gap = Spacer(duration("half"))
    whole = Rest(None)
    assert uneven(rows(Row(0, 1, 1, (NOTE, NOTE, gap)), Row(0, 1, 2, (gap, NOTE, NOTE)))) == []
    assert uneven(rows(Row(0, 1, 1, (NOTE, NOTE, gap)), Row(0, 1, 2, (whole,)))) == []
    assert uneven(rows(Row(0, 1, 1, (NOTE, NOTE, gap)), Row(0, 1, 2, (NOTE, NOTE, gap)))) == [(1, 1, 1, "2/4", "4/4")]


def test_a_staff_on_which_nothing_is_seen_is_empty_and_not_uneven() -> None:
    assert uneven(rows(Row(0, 1, 1, (Spacer(None),)))) == []


def test_notes_that_cross_to_the_other_staff_fill_it_too() -> None:
    assert uneven(read((DATA / "piano_cross_staff.musicxml").read_bytes())) == []


@pytest.mark.skipif(not QUARTETS, reason="OpenScore String Quartets is not there")
@pytest.mark.parametrize("path", QUARTETS, ids=lambda path: path.stem)
def test_printed_numbers_and_lengths_of_a_quartet_are_those_of_the_score(path: Path) -> None:
    score = read(path.read_bytes(), path.name)
    bars = list(measured_bars(score))
    assert tuple(bar.length for bar in bars) == score.bar_lengths
    metre = Metre()
    for bar, measured in zip(score.bars, bars, strict=True):
        metre.apply(bar)
        assert (measured.length == measured.metre) == (bar.length is None)
