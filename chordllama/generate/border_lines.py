"""Slurs, hairpins and other lines over the borders of new bars: both their ends. Knows the score model.

The bars around stay as they are. So a line that comes in ends where the new bars begin, and one that goes out begins where they end: at the
first or last note of its staff, or where the staff is silent at its rest; the ends of a hairpin stay where they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chordllama.codec.grammar.grammar_rules import OPEN_BARS
from chordllama.codec.notation.lines import LineSpan, apart, carried, spans
from chordllama.codec.words.values import mark_rank
from chordllama.generate.signs import with_moments, with_signs_at
from chordllama.score.model import Bar, Chord, Direction, Item, Mark, Rest, Row, Spacer, Ticks, said

Place = tuple[int, int, int]
"""A row's part, staff and voice."""


@dataclass(frozen=True, slots=True)
class Over:
    """The lines of a part that are open at the borders of new bars, those that have to end in them, and those that have to begin."""

    before: tuple[LineSpan, ...]
    after: tuple[LineSpan, ...]
    incoming: tuple[LineSpan, ...]
    outgoing: tuple[LineSpan, ...]

    @staticmethod
    def each(bars: Sequence[Bar], parts: Iterable[int], first: int, last: int) -> dict[int, Over]:
        """Those of each part of a score's bars when `first` up to but without `last` (from 0) are new."""
        follows = first == len(bars)
        return {part: _over(lines, first, last, follows) for part, lines in spans(bars, sorted(parts)).items()}


def _over(lines: Sequence[LineSpan], first: int, last: int, follows: bool) -> Over:
    """A line that never ends was forgotten, and so was one that has been open for long where the new bars follow the last one."""
    before = tuple(span for span in lines if span.crosses(first))
    after = tuple(span for span in lines if span.crosses(last) and span.ended)
    incoming = tuple(
        span
        for span in before
        if (span.ended.bar < last if span.ended else follows and span.begun.bar >= first - OPEN_BARS)
    )
    return Over(before, after, incoming, tuple(span for span in after if span.begun.bar >= first))


def told_apart(new: tuple[Bar, ...], first: int, over: Mapping[int, Over]) -> tuple[Bar, ...]:
    """The bars for those from `first` on, before they have any ends of the lines that go over their borders (by part).

    None of their own lines has the number of one of these, and none of their hairpins is open at once with one of these.
    """
    for part, own in over.items():
        new = _without_hairpins_beside(new, first, part, own)
        new = apart(new, part, {span.line for span in (*own.before, *own.after)})
    return new


def _without_hairpins_beside(new: tuple[Bar, ...], first: int, part: int, over: Over) -> tuple[Bar, ...]:
    """The bars without those hairpins of a part in whose time one of the lines over the borders is a hairpin, too."""
    times = [
        ((begun.bar - first, begun.moment), (ended.bar - first, ended.moment))
        for begun, ended in (
            (span.begun, span.ended) for span in (*over.before, *over.after) if span.line[0] == "wedge"
        )
        if ended
    ]
    if not times:
        return new
    beside = {
        (*end[:3], end.sign.value)
        for span in spans(new, [part])[part]
        if span.line[0] == "wedge" and span.ended
        for end in (span.begun, span.ended)
        if any(begun < span.ended[:2] and span.begun[:2] < ended for begun, ended in times)
    }
    return tuple(replace(bar, rows=said([_without(row, b, beside) for row in bar.rows])) for b, bar in enumerate(new))


def _without(row: Row, bar: int, beside: set[tuple[int, Ticks, Place, str]]) -> Row:
    """A row of a bar without these ends of hairpins."""
    items = (
        item
        for at, item in with_moments(row)
        if not (isinstance(item, Direction) and (bar, at + item.offset, row.place, item.value) in beside)
    )
    return replace(row, items=tuple(items))


def with_lines(new: tuple[Bar, ...], first: int, over: Mapping[int, Over], *, goes_on: bool = False) -> tuple[Bar, ...]:
    """The bars from `first` on with the ends of lines that go over their borders, by part.

    With `goes_on` others will follow, and only what comes in is looked after.
    """
    for part, own in over.items() if new else ():
        new = _with_lines_of(new, first, part, own, whole=not goes_on)
    return new


def _with_lines_of(new: tuple[Bar, ...], first: int, part: int, over: Over, *, whole: bool) -> tuple[Bar, ...]:
    still, begun = carried(new, part, [span.line for span in over.before])
    stops = [span for span in over.incoming if span.line in still]
    starts = [span for span in over.outgoing if span.line not in begun] if whole else []
    new = _with_directions(new, first, *([s for s in lines if not s.is_of_notes] for lines in (stops, starts)))
    at_notes = ([span for span in lines if span.is_of_notes] for lines in (stops, starts))
    return _with_marks(new, part, *at_notes, whole=whole)


# --------------------------------------------------------------------------------------------------------------- at moments


def _with_directions(
    new: tuple[Bar, ...], first: int, stops: Sequence[LineSpan], starts: Sequence[LineSpan]
) -> tuple[Bar, ...]:
    """The bars with ends of lines between moments: where they were in the old bars, or at once where there were none."""
    for span in reversed(stops):
        bar, moment = (span.ended.bar - first, span.ended.moment) if span.ended else (0, 0)
        # of one number the stop has to be written before the start
        same = (start.begun for start in starts if start.line == span.line and start.begun.bar == first + bar)
        place = next(same, span.ended or span.begun).place
        new = _with_sign(new, bar, place, moment, _stop_of(span), first=True) if bar < len(new) else new
    for span in starts:
        begun = span.begun
        assert isinstance(begun.sign, Direction)
        new = _with_sign(new, begun.bar - first, begun.place, begun.moment, begun.sign)
    return new


def _stop_of(span: LineSpan) -> Direction:
    """The end of a line between moments: its old one, or what belongs to its beginning."""
    if span.ended and isinstance(span.ended.sign, Direction):
        return span.ended.sign
    sign = span.begun.sign
    assert isinstance(sign, Direction)
    type, _, number = sign.value.partition(" ")
    form = re.search(r"(?:[0-9]+|-[a-z]+)?$", type)
    return Direction(sign.name, f"stop{form[0] if form else ''} {number}".strip())


def _with_sign(
    bars: tuple[Bar, ...], b: int, place: Place, moment: Ticks, sign: Direction, *, first: bool = False
) -> tuple[Bar, ...]:
    """The bars with a sign at a moment of one of them, in the first row of its staff, with `first` before others."""
    rows = {row.place: row for row in bars[b].rows}
    own = min((other for other in rows if other[:2] == place[:2]), default=(*place[:2], 1))
    rows[own] = with_signs_at(rows.get(own, Row(*own, (Rest(),))), [(moment, sign)], first=first)
    return _with_rows(bars, b, [rows[other] for other in sorted(rows)])


def _with_rows(bars: tuple[Bar, ...], b: int, rows: Sequence[Row]) -> tuple[Bar, ...]:
    return (*bars[:b], replace(bars[b], rows=tuple(rows)), *bars[b + 1 :])


# ------------------------------------------------------------------------------------------------------------------ at notes


class _Seat(NamedTuple):
    """An event at which a line may begin or end: its place in the order in which events are written, and its moment."""

    bar: int
    place: Place
    item: int
    moment: Ticks


def _with_marks(
    new: tuple[Bar, ...], part: int, stops: Sequence[LineSpan], starts: Sequence[LineSpan], *, whole: bool
) -> tuple[Bar, ...]:
    """The bars with ends of lines between notes; a rest has one only when all bars are written."""
    if not stops and not starts:
        return new
    notes = list(_seats(new, part, (Chord,)))
    sounding = {seat.place[:2] for seat in notes}
    silent = {span.staff for span in (*stops, *starts)} - sounding
    new = _with_rests(new, silent) if whole else new
    events = list(_seats(new, part, (Chord, Rest))) if whole else notes
    last = {span.line: _seat(span.begun.place, notes, events, first=False) for span in starts}
    ends: list[tuple[_Seat | None, Mark]] = []
    for span in stops:
        seat, other = _seat(span.begun.place, notes, events, first=True), last.get(span.line)
        if seat and other and seat > other:  # of one number the stop has to be written before the start
            seat, last[span.line] = min(notes or events), max(notes or events)
        ends.append((seat, Mark(f"{span.line[0]}-stop", span.line[1])))
    ends += [(seat, Mark(f"{line[0]}-start", line[1])) for line, seat in last.items()]
    return _marked(new, [(seat, mark) for seat, mark in ends if seat])


def _with_rests(new: tuple[Bar, ...], silent: set[tuple[int, int]]) -> tuple[Bar, ...]:
    """The bars with the rests of silent staves at which lines have to end or to begin: in the first bar and the last one."""
    for b in {0, len(new) - 1} if silent else ():
        rows = {row.place: row for row in new[b].rows}
        for staff in silent:
            place = (*staff, 1)
            rows[place] = _with_seen_rests(rows.get(place, Row(*place, (Rest(),))))
        new = _with_rows(new, b, [rows[place] for place in sorted(rows)])
    return new


def _with_seen_rests(row: Row) -> Row:
    """The row; one in which nothing is seen at all has rests."""
    if any(isinstance(item, Chord | Rest) for item in row.items):
        return row
    return replace(row, items=tuple(Rest(item.duration) if isinstance(item, Spacer) else item for item in row.items))


def _seats(bars: tuple[Bar, ...], part: int, kinds: tuple[type[Item], ...]) -> Iterator[_Seat]:
    for b, bar in enumerate(bars):
        for row in bar.rows:
            for i, (moment, item) in enumerate(with_moments(row)) if row.part == part else ():
                if isinstance(item, kinds) and not (isinstance(item, Chord) and item.grace):
                    yield _Seat(b, row.place, i, moment)


def _seat(place: Place, notes: list[_Seat], events: list[_Seat], *, first: bool) -> _Seat | None:
    """Where a line of a voice ends (at the first seat) or begins (at the last one): on its staff, at a note if there's one.

    In the first or last bar in which the staff has one, its own voice goes before others.
    """
    near = next(
        (own for seats in (notes, events) if (own := [seat for seat in seats if seat.place[:2] == place[:2]])), notes
    )
    if not near:
        return None
    best = min if first else max
    bar = best(seat.bar for seat in near)
    here = [seat for seat in near if seat.bar == bar]
    return best([seat for seat in here if seat.place == place] or here, key=lambda seat: (seat.moment, seat.item))


def _marked(bars: tuple[Bar, ...], ends: Sequence[tuple[_Seat, Mark]]) -> tuple[Bar, ...]:
    """The bars with these marks."""
    marks: dict[tuple[int, Place, int], list[Mark]] = {}
    for seat, mark in ends:
        marks.setdefault(seat[:3], []).append(mark)
    for b, bar in enumerate(bars):
        rows = (
            replace(row, items=tuple(_with(item, marks.get((b, row.place, i), [])) for i, item in enumerate(row.items)))
            for row in bar.rows
        )
        bars = _with_rows(bars, b, said(tuple(rows)))
    return bars


def _with(item: Item, marks: list[Mark]) -> Item:
    """A chord or rest with more marks."""
    if isinstance(item, Chord) and marks:
        head, *others = item.notes
        return replace(item, notes=(replace(head, marks=_ordered(head.marks, marks)), *others))
    return replace(item, marks=_ordered(item.marks, marks)) if isinstance(item, Rest) and marks else item


def _ordered(marks: tuple[Mark, ...], more: list[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(dict.fromkeys((*marks, *more)), key=mark_rank))
