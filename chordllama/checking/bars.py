"""Which bars of a score don't keep to their metre. Knows the score model; knows no files and no other signs.

A bar is irregular where its longest voice is shorter or longer than the time signature asks. A staff is uneven where its voices
together fill neither the bar nor the metre: notes are missing there, or hidden, or there are too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.frames import format_time
from chordllama.score.model import (
    Bar,
    Chord,
    Direction,
    Duration,
    Event,
    Harmony,
    Item,
    Mark,
    Metre,
    Rest,
    Row,
    Score,
    Spacer,
    Ticks,
    Time,
    first_number,
    number_after,
    whole_notes,
)

Staff = tuple[int, int]
"""A part, counted from 0, and one of its staves, counted from 1."""
Span = tuple[Ticks, Ticks]


@dataclass(frozen=True, slots=True)
class IrregularBar:
    """A bar that is shorter or longer than its metre. `bar` counts from 1, `number` is printed; lengths are parts of a whole note."""

    bar: int
    number: str
    length: str
    metre: str
    kind: str


@dataclass(frozen=True, slots=True)
class UnevenStaff:
    """A staff (it and `part` count from 1) that fills `filled`, where the bar or the metre asks for `wanted`."""

    bar: int
    number: str
    part: int
    staff: int
    filled: str
    wanted: str


@dataclass(frozen=True, slots=True)
class MeasuredBar:
    """A bar with its place, its length and the time signature that asks for the longest bar; None where none does."""

    bar: Bar
    place: int
    number: str
    length: Ticks
    time: Time | None

    @property
    def metre(self) -> Ticks:
        """What the time signature asks for; the bar's own length where nothing does."""
        return (self.time and self.time.ticks) or self.length

    def format(self, length: Ticks) -> str:
        """Return a length in the metre's beats where that can be (`2/4`), else shortened."""
        unit = max(unit for _, unit in self.time.beats) if self.time else 1
        beats = whole_notes(length) * unit
        return f"{beats}/{unit}" if self.time and beats.denominator == 1 else format_whole(length)


def measured_bars(score: Score) -> Iterator[MeasuredBar]:
    """Yield each bar with its printed number and its length."""
    metre = Metre()
    expected = 1
    for place, bar in enumerate(score.bars, 1):
        metre.apply(bar)
        expected = first_number(bar) if place == 1 else expected
        number = str(expected) if bar.number is None else bar.number
        expected = number_after(number, expected)
        yield MeasuredBar(bar, place, number, metre.length(bar), _longest(metre))


def _longest(metre: Metre) -> Time | None:
    """The time signature in force that asks for the longest bar."""
    if not metre.own:
        return metre.common if metre.common and metre.common.beats else None
    times = [time for time in (metre.common, *metre.own.values()) if time is not None and time.beats]
    return max(times, key=lambda time: time.ticks or 0, default=None)


# ---------------------------------------------------------------------------------------------------------- irregular bars


def irregular_bars(bars: list[MeasuredBar]) -> tuple[IrregularBar, ...]:
    """Return the bars whose length isn't that of their metre."""
    halves = _split_bars(bars)
    pickup = bool(bars) and bars[0].length < bars[0].metre and 1 not in halves
    found = []
    for bar in bars:
        if bar.length != bar.metre:
            metre = format_time(bar.time).partition(",")[0] if bar.time else ""
            kind = _kind(bar, bars[0] if pickup else None, bar.place == len(bars), halves)
            found.append(IrregularBar(bar.place, bar.number, bar.format(bar.length), metre, kind))
    return tuple(found)


def _split_bars(bars: list[MeasuredBar]) -> set[int]:
    """The places of short bars which, two by two, make a whole one."""
    found: set[int] = set()
    for bar, following in pairwise(bars):
        both_short = bar.length < bar.metre and following.length < following.metre
        if both_short and bar.place not in found and bar.length + following.length == bar.metre:
            found |= {bar.place, following.place}
    return found


def _kind(bar: MeasuredBar, pickup: MeasuredBar | None, is_last: bool, halves: set[int]) -> str:
    if bar.place in halves:
        return "part of a split bar"
    if pickup is bar:
        return "pickup"
    if bar.length > bar.metre:
        return "longer"
    completes = pickup is not None and is_last and pickup.length + bar.length == bar.metre
    return "completes the pickup" if completes else "shorter"


# ----------------------------------------------------------------------------------------------------------- uneven staves


def uneven_staves(bars: list[MeasuredBar]) -> tuple[UnevenStaff, ...]:
    """Return the staves that don't fill their bar, and those that make a bar longer than others keep it."""
    return tuple(found for bar in bars for found in _uneven(bar))


def _uneven(bar: MeasuredBar) -> Iterator[UnevenStaff]:
    if not any(isinstance(item, Spacer) for row in bar.bar.rows for item in row.items):
        return  # every row fills its bar: where there is no gap, nothing is missing
    filled = _filled(bar.bar, bar.length)
    others_keep_to_it = any(length == bar.metre for length in filled.values())
    for (part, staff), length in filled.items():
        if length not in (bar.length, bar.metre):
            wanted = bar.length
        elif length > bar.metre and others_keep_to_it:
            wanted = bar.metre
        else:
            continue
        yield UnevenStaff(bar.place, bar.number, part + 1, staff, bar.format(length), bar.format(wanted))


def _filled(bar: Bar, length: Ticks) -> dict[Staff, Ticks]:
    """How much of the bar the notes and rests of each staff fill; without staves where nothing is seen, or a rest that fits any bar.

    Where notes cross from one staff to another, the staves of a part fill it together.
    """
    crossed = {row.part for row in bar.rows if any(map(_crosses, row.items))}
    spans: dict[Staff, list[Span]] = {}
    for row in bar.rows:
        spans.setdefault((row.part, 0 if row.part in crossed else row.staff), []).extend(_spans(row, length))
    fits_anyway = {(row.part, row.staff) for row in bar.rows if any(map(_is_bar_rest, row.items))}
    seen = {(row.part, row.staff) for row in bar.rows if any(isinstance(item, Chord | Rest) for item in row.items)}
    return {
        (part, staff): _union(spans[part, 0 if part in crossed else staff])
        for part, staff in sorted(seen - fits_anyway)
    }


def _crosses(item: Item) -> bool:
    return isinstance(item, Chord | Rest) and any(mark.name == "cross" for mark in every_mark(item))


def _spans(row: Row, length: Ticks) -> Iterator[Span]:
    """From where to where each note and rest of a row lasts."""
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Direction | Harmony):
            continue
        end = position + (length if item.duration is None else _ticks(item, item.duration))
        if not isinstance(item, Spacer):
            yield position, end
        position = end


def _ticks(item: Event, duration: Duration) -> Ticks:
    return item.ticks if isinstance(item, Chord) else duration.ticks


def _union(spans: list[Span]) -> Ticks:
    covered: Ticks = 0
    reached: Ticks = 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def every_mark(item: Item) -> list[Mark]:
    """Return every mark at a note or rest."""
    if isinstance(item, Chord):
        return [mark for note in item.notes for mark in note.marks]
    return list(item.marks) if isinstance(item, Rest) else []


def _is_bar_rest(item: Item) -> bool:
    return isinstance(item, Rest) and item.duration is None
