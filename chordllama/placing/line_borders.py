"""Slurs, hairpins and other lines over the borders of new bars: both their ends. Knows the score model.

The bars around stay as they are. So a line that comes in ends where the new bars begin, and one that goes out begins where they end: at the
first or last note of its staff, or where the staff is silent at its rest; the ends of a hairpin stay where they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from chordllama.codec.grammar.grammar_rules import OPEN_BARS
from chordllama.codec.notation.line_spans import LineSpan, apart, carried, spans
from chordllama.codec.words.values import in_order
from chordllama.score.editing import Bars, Rows, edited, is_event, map_items, map_rows, timed, with_directions
from chordllama.score.model import Bar, Chord, Direction, Item, Mark, Place, Rest, Spacer, Ticks

if TYPE_CHECKING:
    from chordllama.placing.placement import Placement


@dataclass(frozen=True, slots=True)
class Over:
    """The lines of a part that are open at the borders of new bars, those that have to end in them, and those that have to begin."""

    before: tuple[LineSpan, ...]
    after: tuple[LineSpan, ...]
    incoming: tuple[LineSpan, ...]
    outgoing: tuple[LineSpan, ...]

    @staticmethod
    def each(bars: Sequence[Bar], parts: Iterable[int], first: int, last: int) -> dict[int, Over]:
        """Return those of each part of a score's bars when `first` up to but without `last` (from 0) are new."""
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


def numbered_apart(new: Bars, first: int, over: Mapping[int, Over]) -> Bars:
    """Return the bars for those from `first` on, before they have any ends of the lines that go over their borders (by part).

    None of their own lines has the number of one of these, and none of their hairpins is open at once with one of these.
    """
    for part, own in over.items():
        new = _without_hairpins_beside(new, first, part, own)
        new = apart(new, part, {span.line for span in (*own.before, *own.after)})
    return new


def _without_hairpins_beside(new: Bars, first: int, part: int, over: Over) -> Bars:
    """The bars without those hairpins of a part in whose time one of the lines over the borders is a hairpin, too."""
    times = [
        ((span.begun.bar - first, span.begun.moment), (span.ended.bar - first, span.ended.moment))
        for span in (*over.before, *over.after)
        if span.line[0] == "wedge" and span.ended
    ]
    if not times:
        return new
    beside = {
        (end.bar, end.place, end.item)
        for span in spans(new, [part])[part]
        if span.line[0] == "wedge" and span.ended
        for end in (span.begun, span.ended)
        if any(begun < span.ended[:2] and span.begun[:2] < ended for begun, ended in times)
    }
    kept = [
        replace(row, items=tuple(item for i, item in enumerate(row.items) if (b, row.place, i) not in beside))
        for b, bar in enumerate(new)
        for row in bar.rows
    ]
    rows = iter(kept)
    return map_rows(new, lambda _: next(rows))


def with_lines(new: Bars, at: Placement) -> Bars:
    """Return the bars with the ends of the lines that go over their borders; as long as others follow, of those that come in."""
    for part, own in at.over.items():
        still, begun = carried(new, part, [span.line for span in own.before])
        stops = [span for span in own.incoming if span.line in still]
        starts = [span for span in own.outgoing if span.line not in begun] if at.complete else []
        new = _with_ends_at_onsets(
            new, at.first, *([s for s in spans if not s.is_of_notes] for spans in (stops, starts))
        )
        at_notes = ([span for span in spans if span.is_of_notes] for spans in (stops, starts))
        new = _with_ends_at_notes(new, part, *at_notes, whole=at.complete)
    return new


# --------------------------------------------------------------------------------------------------------------- at onsets


def _with_ends_at_onsets(new: Bars, first: int, stops: Sequence[LineSpan], starts: Sequence[LineSpan]) -> Bars:
    """The bars with the ends of hairpins and the like: where they were in the old bars, or at once where there were none."""
    added: list[tuple[int, Place, Ticks, Direction, bool]] = []
    for span in reversed(stops):
        bar, onset = (span.ended.bar - first, span.ended.moment) if span.ended else (0, 0)
        # of one number the stop has to be written before the start
        same = (start.begun for start in starts if start.line == span.line and start.begun.bar == first + bar)
        place = next(same, span.ended or span.begun).place
        if bar < len(new):
            added.append((bar, place, onset, _stop_of(span), True))
    for span in starts:
        begun = span.begun
        assert isinstance(begun.sign, Direction), "it stands at no note"
        added.append((begun.bar - first, begun.place, begun.moment, begun.sign, False))
    for bar, place, onset, direction, before in added:

        def add(
            rows: Rows, place: Place = place, onset: Ticks = onset, end: Direction = direction, first: bool = before
        ) -> None:
            there = rows.first_of(*place[:2])
            rows[there] = with_directions(rows[there], [(onset, end)], first=first)

        new = edited(new, bar, add)
    return new


def _stop_of(span: LineSpan) -> Direction:
    """The end of a line between onsets: its old one, or what belongs to its beginning."""
    if span.ended and isinstance(span.ended.sign, Direction):
        return span.ended.sign
    sign = span.begun.sign
    assert isinstance(sign, Direction), "it stands at no note"
    type, _, number = sign.value.partition(" ")
    form = re.search(r"(?:[0-9]+|-[a-z]+)?$", type)
    return Direction(sign.name, f"stop{form[0] if form else ''} {number}".strip())


# ---------------------------------------------------------------------------------------------------------------- at notes


class _Seat(NamedTuple):
    """An event at which a line may begin or end, in the order in which events are written, and its onset."""

    bar: int
    place: Place
    item: int
    onset: Ticks


def _with_ends_at_notes(
    new: Bars, part: int, stops: Sequence[LineSpan], starts: Sequence[LineSpan], *, whole: bool
) -> Bars:
    """The bars with ends of lines between notes; a rest has one only when all bars are written."""
    if not stops and not starts:
        return new
    notes = list(_seats(new, part, (Chord,)))
    silent = {span.staff for span in (*stops, *starts)} - {seat.place[:2] for seat in notes}
    if whole and silent:
        new = _with_rests_seen(new, silent)
    events = list(_seats(new, part, (Chord, Rest))) if whole else notes
    last = {span.line: _seat(span.begun.place, notes, events, first=False) for span in starts}
    ends: list[tuple[_Seat | None, Mark]] = []
    for span in stops:
        seat, other = _seat(span.begun.place, notes, events, first=True), last.get(span.line)
        if seat and other and seat > other:  # of one number the stop has to be written before the start
            seat, last[span.line] = min(notes or events), max(notes or events)
        ends.append((seat, Mark(f"{span.line[0]}-stop", span.line[1])))
    ends += [(seat, Mark(f"{line[0]}-start", line[1])) for line, seat in last.items()]
    marks: dict[tuple[int, Place, int], list[Mark]] = {}
    for seat, mark in ends:
        if seat:
            marks.setdefault(seat[:3], []).append(mark)
    for b in range(len(new)):
        own = {(place, i): more for (bar, place, i), more in marks.items() if bar == b}
        rows = [
            replace(row, items=tuple(_with(item, own.get((row.place, i), ())) for i, item in enumerate(row.items)))
            for row in new[b].rows
        ]
        new = (*new[:b], replace(new[b], rows=tuple(rows)), *new[b + 1 :])
    return map_rows(new, lambda row: row)


def _with_rests_seen(new: Bars, silent: set[tuple[int, int]]) -> Bars:
    """The bars with the rests of silent staves at which lines have to end or to begin: in the first bar and the last one."""

    def show(rows: Rows) -> None:
        for staff in silent:
            row = rows[place := Place(*staff, 1)]
            if not any(isinstance(item, Chord | Rest) for item in row.items):
                row = map_items(row, lambda item: Rest(item.duration) if isinstance(item, Spacer) else item)
            rows[place] = row

    for b in {0, len(new) - 1}:
        new = edited(new, b, show)
    return new


def _seats(bars: Bars, part: int, kinds: tuple[type[Item], ...]) -> Iterator[_Seat]:
    for b, bar in enumerate(bars):
        for row in bar.rows:
            for i, (onset, item) in enumerate(timed(row)) if row.part == part else ():
                if isinstance(item, kinds) and is_event(item):
                    yield _Seat(b, row.place, i, onset)


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
    return best([seat for seat in here if seat.place == place] or here, key=lambda seat: (seat.onset, seat.item))


def _with(item: Item, marks: Iterable[Mark]) -> Item:
    """A chord or rest with more marks."""
    if isinstance(item, Chord) and marks:
        head, *others = item.notes
        return replace(item, notes=(replace(head, marks=in_order(head.marks, marks)), *others))
    return replace(item, marks=in_order(item.marks, marks)) if isinstance(item, Rest) and marks else item
