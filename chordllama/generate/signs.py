"""Signs at moments of a row. Knows the score model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chordllama.score import Chord, Direction, Item, Rest, Row, Spacer, Ticks


def ticks_of(item: Item) -> Ticks:
    """How long an item of a row lasts; a rest that fills its bar counts for nothing."""
    if isinstance(item, Chord):
        return item.ticks
    return item.duration.ticks if isinstance(item, Rest | Spacer) and item.duration else 0


def with_moments(row: Row) -> Iterator[tuple[Ticks, Item]]:
    """The items of a row, each with the moment of its place; a sign stands there or, by its offset, later."""
    position: Ticks = 0
    for item in row.items:
        yield position, item
        position += ticks_of(item)


def with_signs_at(row: Row, signs: list[tuple[Ticks, Direction]]) -> Row:
    """The row with signs before the events that begin at their moments, or else after the beginning of the last one before it."""
    items: list[Item] = []
    position: Ticks = 0
    for item in row.items:
        length = ticks_of(item)
        if isinstance(item, Chord | Rest | Spacer) and not (isinstance(item, Chord) and item.grace):
            here = [(at, sign) for at, sign in signs if at < position + length or not length]
            items += [replace(sign, offset=at - position) for at, sign in here]
            signs = [pair for pair in signs if pair not in here]
        items.append(item)
        position += length
    return replace(row, items=(*items, *(replace(sign, offset=at - position) for at, sign in signs)))
