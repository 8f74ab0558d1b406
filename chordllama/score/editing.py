"""The kit for editing bars: items with their onsets, notes and items mapped, rows by place, directions at onsets.

Bars are frozen, so each function returns new ones. Onsets count in ticks after the bar line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from chordllama.score.model import (
    Bar,
    Chord,
    Direction,
    Harmony,
    Item,
    Note,
    Place,
    Rest,
    Row,
    Spacer,
    Ticks,
    said,
    ticks_of,
)

Bars = tuple[Bar, ...]


def timed(row: Row, bar: Ticks = 0) -> Iterator[tuple[Ticks, Item]]:
    """Yield the items of a row with their onsets; a rest that fills its bar lasts `bar` ticks.

    A direction or chord symbol stands at its offset after its place in the row.
    """
    position: Ticks = 0
    for item in row.items:
        yield (position + item.offset if isinstance(item, Direction | Harmony) else position), item
        position += ticks_of(item, bar)


def is_event(item: Item) -> bool:
    """Tell whether an item is written at a time of its own: a chord, rest or spacer, but no grace note."""
    return isinstance(item, Rest | Spacer) or (isinstance(item, Chord) and not item.grace)


# ------------------------------------------------------------------------------------------------------------- mapping


def map_rows(bars: Bars, change: Callable[[Row], Row]) -> Bars:
    """Return the bars with each row changed; rows that then go without saying are left out."""
    return tuple([replace(bar, rows=said([change(row) for row in bar.rows])) for bar in bars])


def map_items(row: Row, change: Callable[[Item], Item | None]) -> Row:
    """Return the row with each item changed, or left out where `change` gives None."""
    items = [change(item) for item in row.items]
    return replace(row, items=tuple([item for item in items if item is not None]))


def map_notes(row: Row, change: Callable[[Note], Note]) -> Row:
    """Return the row with each note of its chords changed."""
    return replace(
        row,
        items=tuple(
            [
                replace(item, notes=tuple(map(change, item.notes))) if isinstance(item, Chord) else item
                for item in row.items
            ]
        ),
    )


# ------------------------------------------------------------------------------------------------------- rows by place


class Rows:
    """The rows of one bar, to be edited by place. A place that has none begins as the bar's rest."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._rows = {row.place: row for row in bar.rows}

    def __getitem__(self, place: Place) -> Row:
        return self._rows.get(place) or Row(*place, (Rest(),))

    def __setitem__(self, place: Place, row: Row) -> None:
        self._rows[place] = row

    def __iter__(self) -> Iterator[Place]:
        return iter(sorted(self._rows))

    def first_of(self, part: int, staff: int) -> Place:
        """Return the place of a staff's first row; voice 1 where it has none."""
        return next((place for place in self if place[:2] == (part, staff)), Place(part, staff, 1))

    def bar(self) -> Bar:
        """Return the bar with these rows, in order."""
        return replace(self._bar, rows=tuple([self._rows[place] for place in self]))


def edited(bars: Bars, number: int, edit: Callable[[Rows], None]) -> Bars:
    """Return the bars, the one at a number (from 0) with its rows edited."""
    rows = Rows(bars[number])
    edit(rows)
    return (*bars[:number], rows.bar(), *bars[number + 1 :])


# ---------------------------------------------------------------------------------------------------------- directions


def with_directions(row: Row, added: Iterable[tuple[Ticks, Direction | Harmony]], *, first: bool = False) -> Row:
    """Return the row with directions and chord symbols at these onsets, each before the event that sounds then, or with an offset after one.

    With `first` they come before the row's own directions of the same onset, else after them.
    """
    items: list[Item] = []
    waiting = list(added)
    begun = 0  # the directions from here on stand before the event that comes
    position: Ticks = 0
    for item in row.items:
        length = ticks_of(item)
        if is_event(item):
            here = [pair for pair in waiting if pair[0] < position + length or not length]
            items[begun:] = _merged(items[begun:], here, position, first)
            waiting = [pair for pair in waiting if pair not in here]
        items.append(item)
        begun = begun if isinstance(item, Direction | Harmony) else len(items)
        position += length
    items[begun:] = _merged(items[begun:], waiting, position, first)
    return replace(row, items=tuple(items))


def _merged(
    own: list[Item], added: list[tuple[Ticks, Direction | Harmony]], position: Ticks, first: bool
) -> list[Item]:
    """What stands before an event at a position, with more directions, in the order of their onsets."""
    directions = [replace(direction, offset=onset - position) for onset, direction in added]
    for direction in reversed(directions) if first else directions:
        later = (
            n
            for n, other in enumerate(own)
            if (offset := other.offset if isinstance(other, Direction | Harmony) else 0) > direction.offset
            or (first and offset == direction.offset)
        )
        own.insert(next(later, len(own)), direction)
    return own
