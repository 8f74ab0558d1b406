"""New bars that are too short or too long for their metre, made to fit where only one thing can be meant. Knows the score model.

A bar that lacks its end is filled with rests; one that runs over is cut at its bar line. What can't be written with plain note
values and whole tuplets after that is no bar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from chordllama.score.model import (
    NOTE_TYPES,
    Bar,
    Chord,
    Direction,
    Duration,
    Harmony,
    Item,
    Rest,
    Row,
    Spacer,
    Ticks,
    duration,
    duration_of,
    ticks,
)

_REST_TYPES = [type for type, length in NOTE_TYPES.items() if NOTE_TYPES["64th"] <= length <= NOTE_TYPES["whole"]]


def fit(bar: Bar, length: Ticks, wanted: Ticks) -> Bar | None:
    """Return the bar, of `length` ticks, as one of `wanted` ticks; None where it isn't clear how.

    It is not where more than half of the bar is missing, where as much as a bar is too much, or where a tuplet would be torn.
    """
    if not wanted <= 2 * length < 4 * wanted:
        return None
    rows = [_padded(row, length, wanted) if length < wanted else _cut(row, wanted) for row in bar.rows]
    fitted = replace(bar, rows=tuple(row for row in rows if row is not None), length=None)
    return fitted if None not in rows and all(map(_is_plain, fitted.rows)) else None


def _is_plain(row: Row) -> bool:
    """Whether a row can be written with plain note values and whole tuplets."""
    values = [value for item in row.items if not isinstance(item, Spacer) and (value := _value(item)) is not None]
    runs = groupby(values, key=lambda value: (value.actual, value.normal))
    return all(value.free is None for value in values) and all(_is_whole(list(run)) for _, run in runs)


def _is_whole(run: list[Duration]) -> bool:
    """Whether values of one ratio that follow each other make whole tuplets of the shortest of them."""
    unit = ticks(min(NOTE_TYPES[value.type] for value in run)) * run[0].normal
    return not run[0].is_tuplet or sum(value.ticks for value in run) % unit == 0


def _value(item: Item) -> Duration | None:
    """The duration of what takes time within its bar."""
    if isinstance(item, Direction | Harmony) or (isinstance(item, Chord) and item.grace):
        return None
    return item.duration


def _padded(row: Row, length: Ticks, wanted: Ticks) -> Row | None:
    if any(isinstance(item, Rest | Spacer) and item.duration is None for item in row.items):
        return row  # it fills its bar, however long that is
    if row.voice > 1:
        return replace(row, items=(*row.items, Spacer(duration_of(wanted - length))))
    added = list(rests(length, wanted))
    ends = length + sum(rest.duration.ticks for rest in added if rest.duration)
    return replace(row, items=(*row.items, *added)) if ends == wanted else None


def rests(start: Ticks, end: Ticks) -> Iterator[Rest]:
    """Rests from one place in a bar to another, none across a beat that is longer than itself; too few where none fits."""
    while start < end:
        values = (ticks(NOTE_TYPES[type]) for type in _REST_TYPES)
        type = next(
            (
                type
                for type, value in zip(_REST_TYPES, values, strict=True)
                if value <= end - start and start % value == 0
            ),
            None,
        )
        if type is None:
            return
        rest = Rest(duration(type))
        yield rest
        start += duration(type).ticks


def _cut(row: Row, wanted: Ticks) -> Row | None:
    """The row up to the bar line; None where that tears a tuplet or leaves a note without a plain value."""
    items: list[Item] = []
    position: Ticks = 0
    for item in row.items:
        if position >= wanted:
            break
        value = _value(item)
        if value is not None and not isinstance(item, Direction | Harmony) and position + value.ticks > wanted:
            if value.is_tuplet:
                return None
            item = replace(item, duration=duration_of(wanted - position))
        items.append(item)
        position += value.ticks if value is not None else 0
    return replace(row, items=tuple(items))
