"""New bars without loose ends. Knows only the score model.

What a model opens in new bars it may leave open: a tie that leads to nothing, half a slur, a hairpin without an end. A reader of
MusicXML would complain or draw it to the end of the piece.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chordllama.score import Bar, Chord, Direction, Item, Mark, Note, Rest, Row, Spacer

Address = tuple[int, int, int]
"""Bar, row and item."""


def tidy(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars without ties, slurs and hairpins that have only one end."""
    loose = {*_loose_slurs(bars), *_loose_wedges(bars)}
    ties = _leading_ties(bars)
    return tuple(_bar(bar, n, loose, ties) for n, bar in enumerate(bars))


def _walk(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, Row, Item]]:
    for b, bar in enumerate(bars):
        for r, row in enumerate(bar.rows):
            for i, item in enumerate(row.items):
                yield (b, r, i), row, item


def _loose_slurs(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, Mark]]:
    opened: dict[tuple[int, str], tuple[Address, Mark]] = {}
    for address, row, item in _walk(bars):
        for mark in _all_marks(item):
            key = (row.part, mark.value)
            if mark.name == "slur-stop" and opened.pop(key, None) is None:
                yield address, mark
            elif mark.name == "slur-start":
                if key in opened:
                    yield opened[key]
                opened[key] = (address, mark)
    yield from opened.values()


def _all_marks(item: Item) -> list[Mark]:
    return [mark for note in item.notes for mark in note.marks] if isinstance(item, Chord) else []


def _loose_wedges(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, None]]:
    opened: dict[int, Address] = {}
    for address, row, item in _walk(bars):
        if not isinstance(item, Direction) or item.name != "wedge":
            continue
        if item.value.startswith("stop"):
            if opened.pop(row.part, None) is None:
                yield address, None
        else:
            if row.part in opened:
                yield opened[row.part], None
            opened[row.part] = address
    yield from ((address, None) for address in opened.values())


def _leading_ties(bars: tuple[Bar, ...]) -> set[tuple[Address, tuple[object, ...]]]:
    """The notes (by place and pitch) whose tie leads to a note of the same pitch in the next chord of their voice."""
    last: dict[Address, tuple[Address, Chord] | None] = {}
    found = set()
    for b, bar in enumerate(bars):
        for place in set(last) - {row.place for row in bar.rows}:
            del last[place]
        for r, row in enumerate(bar.rows):
            for i, item in enumerate(row.items):
                if isinstance(item, Rest | Spacer):
                    last[row.place] = None
                elif isinstance(item, Chord) and not item.grace:
                    before = last.get(row.place)
                    if before:
                        found |= {(before[0], note.pitch) for note in item.notes}
                    last[row.place] = ((b, r, i), item)
    return found


def _bar(
    bar: Bar, b: int, loose: set[tuple[Address, Mark | None]], ties: set[tuple[Address, tuple[object, ...]]]
) -> Bar:
    rows = []
    for r, row in enumerate(bar.rows):
        items = [
            _item(item, (b, r, i), loose, ties) for i, item in enumerate(row.items) if ((b, r, i), None) not in loose
        ]
        rows.append(Row(row.part, row.staff, row.voice, tuple(items)))
    return replace(bar, rows=tuple(rows))


def _item(
    item: Item, address: Address, loose: set[tuple[Address, Mark | None]], ties: set[tuple[Address, tuple[object, ...]]]
) -> Item:
    if not isinstance(item, Chord) or not any(note.marks for note in item.notes):
        return item
    return replace(item, notes=tuple(_note(note, address, loose, ties, bool(item.grace)) for note in item.notes))


def _note(
    note: Note,
    address: Address,
    loose: set[tuple[Address, Mark | None]],
    ties: set[tuple[Address, tuple[object, ...]]],
    grace: bool,
) -> Note:
    def stays(mark: Mark) -> bool:
        if mark.name == "tie":
            return not grace and (address, note.pitch) in ties
        return (address, mark) not in loose

    return replace(note, marks=tuple(filter(stays, note.marks)))
