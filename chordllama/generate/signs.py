"""Signs at moments of a row. Knows the score model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chordllama.score.model import Chord, Direction, Harmony, Item, Rest, Row, Spacer, Ticks, ticks_of


def with_moments(row: Row) -> Iterator[tuple[Ticks, Item]]:
    """The items of a row, each with the moment of its place; a sign stands there or, by its offset, later."""
    position: Ticks = 0
    for item in row.items:
        yield position, item
        position += ticks_of(item)


def with_signs_at(row: Row, signs: list[tuple[Ticks, Direction]], *, first: bool = False) -> Row:
    """The row with signs before the events that begin at their moments, or else after the beginning of the last one before it.

    With `first` they come before the row's own signs of that moment, else after them.
    """
    items: list[Item] = []
    begun = 0  # the signs from here on stand before the event that comes
    position: Ticks = 0
    for item in row.items:
        length = ticks_of(item)
        if isinstance(item, Chord | Rest | Spacer) and not (isinstance(item, Chord) and item.grace):
            here = [(at, sign) for at, sign in signs if at < position + length or not length]
            items[begun:] = _merged(items[begun:], [replace(sign, offset=at - position) for at, sign in here], first)
            signs = [pair for pair in signs if pair not in here]
        items.append(item)
        begun = len(items) if not isinstance(item, Direction | Harmony) else begun
        position += length
    items[begun:] = _merged(items[begun:], [replace(sign, offset=at - position) for at, sign in signs], first)
    return replace(row, items=tuple(items))


def _merged(own: list[Item], signs: list[Direction], first: bool) -> list[Item]:
    """What stands before an event, with more signs, in the order of their moments."""
    for sign in reversed(signs) if first else signs:
        later = (n for n, other in enumerate(own) if _is_after(other, sign, first))
        own.insert(next(later, len(own)), sign)
    return own


def _is_after(other: Item, sign: Direction, first: bool) -> bool:
    offset = other.offset if isinstance(other, Direction | Harmony) else 0
    return offset > sign.offset or (first and offset == sign.offset)
