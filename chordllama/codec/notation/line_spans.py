"""Slurs, hairpins and other lines in the rows of a part: where they begin and end, and other numbers for them. Knows the score model.

A number tells a line from those of its kind that are open with it. Over the borders of new bars it is not ours to choose: there each
line has the number of its other end, and no line that lies between may have it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from chordllama.codec.notation.line_numbers import (
    Line,
    Lines,
    Numbers,
    OpenLines,
    Pairs,
    end_of,
    ends_in,
    is_line_direction,
)
from chordllama.codec.notation.line_numbers import in_order as as_written
from chordllama.codec.words.values import in_order
from chordllama.score.editing import timed
from chordllama.score.model import Bar, Chord, Direction, Item, Mark, Place, Rest, Row, Ticks

Sign = Mark | Direction
"""One end of a line."""
NO_MARK = Mark("")


class Spot(NamedTuple):
    """Where an end of a line stands: its bar (from 0), its onset there in ticks, the place of its row, what it is, and at which item."""

    bar: int
    moment: Ticks
    place: Place
    sign: Sign
    item: int


@dataclass(slots=True)
class LineSpan:
    """A line of a score: its kind and number, its beginning, and its end where it has one."""

    line: Line
    begun: Spot
    ended: Spot | None = None

    @property
    def is_of_notes(self) -> bool:
        """Whether its ends stand at notes, and not at moments."""
        return isinstance(self.begun.sign, Mark)

    @property
    def staff(self) -> tuple[int, int]:
        """The part and staff on which it begins."""
        return self.begun.place[:2]

    @property
    def both_ends(self) -> tuple[Spot, ...]:
        """Its beginning and its end; none where no end comes later, in time or, within one voice, in writing."""
        begun, ended = self.begun, self.ended
        if ended is None:
            return ()
        if begun.place == ended.place:
            return (begun, ended) if (begun.bar, begun.item) < (ended.bar, ended.item) else ()
        return (begun, ended) if begun[:2] < ended[:2] else ()

    def crosses(self, bar: int) -> bool:
        """Tell whether it is open where a bar begins."""
        return self.begun.bar < bar and (self.ended is None or self.ended.bar >= bar)


# -------------------------------------------------------------------------------------------------------- from end to end


def spans(
    bars: Sequence[Bar], parts: Iterable[int], before: Mapping[int, Iterable[Line]] = MappingProxyType({})
) -> dict[int, list[LineSpan]]:
    """Pair the ends of the lines of some parts: the lines in the order in which they begin.

    An end without a beginning is none; `before` are the lines, by part, that are open before the bars and may end in them.
    """
    followed = {part: _Followed(before.get(part, ())) for part in parts}
    for n, bar in enumerate(bars):
        for row in bar.rows:
            if row.part in followed:
                followed[row.part].take(row, n)
        for own in followed.values():
            own.end_bar()
    return {part: own.found for part, own in followed.items()}


class _Followed:
    """The lines of one part, while its rows go by."""

    def __init__(self, before: Iterable[Line]) -> None:
        self.found: list[LineSpan] = []
        self._pairs = Pairs(before)
        self._begun: dict[Line, LineSpan] = {}
        self._early: dict[Line, Spot] = {}

    def take(self, row: Row, bar: int) -> None:
        """Follow the next row of the bar."""
        for n, (onset, item) in enumerate(timed(row)):
            if isinstance(item, Direction):
                if is_line_direction(item):
                    self._pairs.position = onset
                    self._meet(Spot(bar, onset, row.place, item, n), end_of(self._pairs.direction(item)).line)
            elif isinstance(item, Chord):
                for note in item.notes:
                    self._marks(note.marks, Spot(bar, onset, row.place, NO_MARK, n))
            elif isinstance(item, Rest):
                self._marks(item.marks, Spot(bar, onset, row.place, NO_MARK, n))

    def _marks(self, marks: tuple[Mark, ...], spot: Spot) -> None:
        if not marks:
            return
        ordered = self._pairs.in_order(ends_in(marks))
        self._pairs.position = spot.moment
        for mark, labelled in zip(ordered, self._pairs.marks(ordered) if ordered else (), strict=True):
            self._meet(spot._replace(sign=mark), end_of(labelled).line)

    def _meet(self, spot: Spot, label: Line) -> None:
        end = end_of(spot.sign)
        if end.end == "start" and label in self._begun:
            self._begun[label].begun = spot
        elif end.end == "start":
            self._begun[label] = LineSpan(end.line, spot, self._early.pop(label, None))
            self.found.append(self._begun[label])
        elif end.end == "stop" and label in self._begun:
            self._begun.pop(label).ended = spot
        elif end.end == "stop":
            self._early[label] = spot

    def end_bar(self) -> None:
        """Begin the next bar."""
        self._pairs.end_bar()
        if self._early:
            self._early.clear()


def carried(bars: Sequence[Bar], part: int, before: Iterable[Line]) -> tuple[set[Line], set[Line]]:
    """Return the lines that are open after some bars: those of `before`, which were open already, and others."""
    pairs = Pairs(before)
    old = set(pairs.still_open().items())
    _relabelled(bars, part, pairs, pairs.in_order)
    found = set(pairs.still_open().items())
    return {line for line, _ in found & old}, {line for line, _ in found - old}


# ---------------------------------------------------------------------------------------------------------- other numbers


def renumbered(
    bars: Sequence[Bar], part: int, before: Mapping[Line, str], after: Mapping[Line, str]
) -> tuple[Bar, ...]:
    """Return the bars with other numbers for the lines of a part.

    `before` and `after` are the numbers (1 may be empty) of lines that are open before and after the bars, by their kinds and old numbers;
    lines in between get the smallest that none of these has.
    """
    pairs = Pairs(before)
    own = {label: _number(before[line]) for line, label in pairs.still_open().items()}
    labelled = _relabelled(bars, part, pairs, pairs.in_order)
    for line, label in pairs.still_open().items():
        if line in after:
            own.setdefault(label, _number(after[line]))
    kept = [(kind, _number(number)) for lines in (before, after) for (kind, _), number in lines.items()]
    return _relabelled(labelled, part, Numbers(pairs.started, own, kept), _begun_first)


def apart(bars: Sequence[Bar], part: int, others: Iterable[Line]) -> tuple[Bar, ...]:
    """Return the bars with the smallest numbers for the lines of a part that none of these others has."""
    pairs = Pairs()
    labelled = _relabelled(bars, part, pairs, pairs.in_order)
    kept = [(kind, _number(number)) for kind, number in others]
    return _relabelled(labelled, part, Numbers(pairs.started, kept=kept), _begun_first)


def _number(written: str) -> int:
    return int(written or 1)


Order = Callable[[Sequence[Mark]], Sequence[Mark]]


def _begun_first(labelled: Sequence[Mark]) -> Sequence[Mark]:
    """The marks of a note whose labels no two lines share: a line with both ends at it can only begin before it ends."""
    return as_written(labelled, ())


def _relabelled(bars: Sequence[Bar], part: int, lines: Lines, order: Order) -> tuple[Bar, ...]:
    """The bars with these labels for numbers in the rows of a part."""
    found = []
    for bar in bars:
        rows = []
        for row in bar.rows:
            rows.append(_row(row, lines, order) if row.part == part else row)
            lines.end_row()
        lines.end_bar()
        found.append(replace(bar, rows=tuple(rows)))
    return tuple(found)


def _row(row: Row, lines: Lines, order: Order) -> Row:
    items: list[Item] = []
    for onset, item in timed(row):
        lines.position = onset
        if isinstance(item, Direction):
            item = lines.direction(item)
        elif isinstance(item, Chord):
            notes = tuple(replace(note, marks=_with_labels(note.marks, lines, order)) for note in item.notes)
            item = replace(item, notes=notes)
        elif isinstance(item, Rest):
            item = replace(item, marks=_with_labels(item.marks, lines, order))
        items.append(item)
    return replace(row, items=tuple(items))


def _with_labels(marks: tuple[Mark, ...], lines: Lines, order: Order) -> tuple[Mark, ...]:
    if not ends_in(marks):
        return marks
    return in_order(lines.marks(order(marks)))


def open_lines(bars: Sequence[Bar], part: int, before: Iterable[Line]) -> OpenLines:
    """Return the lines that a writer has open after some bars, when those of `before` were open."""
    return OpenLines(line for lines in carried(bars, part, before) for line in lines)
