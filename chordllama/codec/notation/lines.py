"""Slurs, hairpins and other lines in the rows of a part: where they begin and end, and other numbers for them. Knows the score model.

A number tells a line from those of its kind that are open with it. Over the borders of new bars it is not ours to choose: there each
line has the number of its other end, and no line that lies between may have it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chordllama.codec.notation.spanners import (
    Line,
    Lines,
    Numbers,
    OpenLines,
    Pairs,
    end_of,
    ends_in,
    is_line_direction,
)
from chordllama.codec.words.values import mark_rank
from chordllama.score import Bar, Chord, Direction, Item, Mark, Rest, Row, Spacer, Ticks

Sign = Mark | Direction
"""One end of a line."""


class Spot(NamedTuple):
    """Where an end of a line stands: its bar (from 0), its row's part, staff and voice, and what it is."""

    bar: int
    place: tuple[int, int, int]
    sign: Sign


@dataclass(slots=True)
class Span:
    """A line of a score: its kind and number, its beginning, and its end where it has one."""

    line: Line
    begun: Spot
    ended: Spot | None = None

    def crosses(self, bar: int) -> bool:
        """Whether it is open where a bar begins."""
        return self.begun.bar < bar and (self.ended is None or self.ended.bar >= bar)


# -------------------------------------------------------------------------------------------------------- from end to end


def spans(bars: Sequence[Bar], part: int) -> list[Span]:
    """The lines of a part, in the order in which they begin; an end without a beginning is none."""
    pairs = Pairs()
    begun: dict[Line, Span] = {}
    found: list[Span] = []
    for n, bar in enumerate(bars):
        early: dict[Line, Spot] = {}
        for row in bar.rows:
            for sign, label in _labelled_ends(row, pairs) if row.part == part else ():
                end, spot = end_of(sign), Spot(n, row.place, sign)
                if end.end == "start":
                    begun[label] = Span(end.line, spot, early.pop(label, None))
                    found.append(begun[label])
                elif end.end == "stop" and label in begun:
                    begun.pop(label).ended = spot
                elif end.end == "stop":
                    early[label] = spot
        pairs.end_bar()
    return found


def _labelled_ends(row: Row, pairs: Pairs) -> Iterator[tuple[Sign, Line]]:
    """The ends of lines in a row, each with its line by its label."""
    position: Ticks = 0
    for item in row.items:
        pairs.position = position
        if isinstance(item, Direction) and is_line_direction(item):
            pairs.position = position + item.offset
            yield item, end_of(pairs.direction(item)).line
        for marks in _marks(item):
            if ends := ends_in(marks):
                ordered = pairs.in_order(ends)
                yield from ((mark, end_of(new).line) for mark, new in zip(ordered, pairs.marks(ordered), strict=True))
        position += _ticks(item)


def _marks(item: Item) -> Iterator[tuple[Mark, ...]]:
    """The marks of each note, or of a rest."""
    if isinstance(item, Chord):
        yield from (note.marks for note in item.notes)
    elif isinstance(item, Rest):
        yield item.marks


def _ticks(item: Item) -> Ticks:
    if isinstance(item, Chord):
        return item.ticks
    return item.duration.ticks if isinstance(item, Rest | Spacer) and item.duration else 0


def carried(bars: Sequence[Bar], part: int, before: Iterable[Line]) -> tuple[set[Line], set[Line]]:
    """The lines that are open after some bars: those of `before`, which were open already, and others."""
    pairs = Pairs(before)
    old = set(pairs.still_open().items())
    _relabelled(bars, part, pairs, pairs.in_order)
    found = set(pairs.still_open().items())
    return {line for line, _ in found & old}, {line for line, _ in found - old}


# ---------------------------------------------------------------------------------------------------------- other numbers


def renumbered(
    bars: Sequence[Bar], part: int, before: Mapping[Line, str], after: Mapping[Line, str]
) -> tuple[Bar, ...]:
    """The bars with other numbers for the lines of a part.

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
    return _relabelled(labelled, part, Numbers(pairs.started, own, kept), lambda marks: marks)


def apart(bars: Sequence[Bar], part: int, others: Iterable[Line]) -> tuple[Bar, ...]:
    """The bars with the smallest numbers for the lines of a part that none of these others has."""
    pairs = Pairs()
    labelled = _relabelled(bars, part, pairs, pairs.in_order)
    kept = [(kind, _number(number)) for kind, number in others]
    return _relabelled(labelled, part, Numbers(pairs.started, kept=kept), lambda marks: marks)


def _number(written: str) -> int:
    return int(written or 1)


Order = Callable[[Sequence[Mark]], Sequence[Mark]]


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
    position: Ticks = 0
    for item in row.items:
        lines.position = position
        if isinstance(item, Direction):
            lines.position = position + item.offset
            item = lines.direction(item)
        elif isinstance(item, Chord):
            notes = tuple(replace(note, marks=_with_labels(note.marks, lines, order)) for note in item.notes)
            item = replace(item, notes=notes)
        elif isinstance(item, Rest):
            item = replace(item, marks=_with_labels(item.marks, lines, order))
        items.append(item)
        position += _ticks(item)
    return replace(row, items=tuple(items))


def _with_labels(marks: tuple[Mark, ...], lines: Lines, order: Order) -> tuple[Mark, ...]:
    if not ends_in(marks):
        return marks
    return tuple(sorted(lines.marks(order(marks)), key=mark_rank))


def open_lines(bars: Sequence[Bar], part: int, before: Iterable[Line]) -> OpenLines:
    """The lines that a writer has open after some bars, when those of `before` were open."""
    return OpenLines(line for lines in carried(bars, part, before) for line in lines)
