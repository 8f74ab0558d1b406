"""Transposing instruments at concert pitch, and back: a model hears a clarinet in B flat as it sounds beside the piano.

Parts are moved along the circle of fifths, to the nearest octave: what only sounds an octave lower, a guitar or a double bass, stays
as it is written. Knows the score model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chordllama.placing.transpose import MOST_FIFTHS, CannotTranspose, moved_item, moved_key
from chordllama.score.editing import Bars, map_items
from chordllama.score.model import (
    Bar,
    Change,
    Chord,
    Direction,
    Harmony,
    Item,
    Key,
    Part,
    Row,
    Score,
    Transposition,
    changes_for,
    combine,
)


def fifths_of(transposition: Transposition | None) -> int:
    """Return how far written pitches move along the circle of fifths to sound (-6 to 5): -2 for a clarinet in B flat."""
    if transposition is None or not transposition.chromatic % 12:
        return 0
    fifths = 7 * transposition.chromatic - 12 * transposition.diatonic
    return fifths if abs(fifths) <= MOST_FIFTHS else (7 * transposition.chromatic + 6) % 12 - 6


def at_concert_pitch(score: Score) -> Score:
    """Return the score with all parts as they sound, but for octaves; keys become concert keys."""
    bars = tuple(
        _moved(bar, score.parts, fifths) if any(fifths) else bar
        for bar, fifths in zip(score.bars, _in_force(score), strict=False)
    )
    return replace(score, bars=bars)


def as_written(bars: Bars, score: Score, first: int, *, in_place: bool) -> Bars:
    """Return bars at concert pitch as their players read them, from bar `first` (from 0) of a score on; or after it all, unless `in_place`."""
    told = list(_in_force(score))
    found = []
    for n, bar in enumerate(bars, first):
        fifths = told[n] if in_place else told[-1]
        found.append(_moved(bar, score.parts, tuple(-part for part in fifths)) if any(fifths) else bar)
    return tuple(found)


def _in_force(score: Score) -> Iterator[tuple[int, ...]]:
    """How far each part moves in each bar, and last after them all."""
    now = [fifths_of(part.transposition) for part in score.parts]
    for bar in score.bars:
        later = list(now)
        for part, told, begun in _changes(bar):
            later[part] = told
            now[part] = now[part] if begun else told
        yield tuple(now)
        now = later
    yield tuple(now)


def _changes(bar: Bar) -> Iterator[tuple[int, int, bool]]:
    """The part of each new transposition in a bar, how far it moves from there on, and whether notes of its row come before."""
    for row in bar.rows:
        begun = False
        for item in row.items:
            begun = begun or isinstance(item, Chord)
            if isinstance(item, Direction) and item.name == "transpose":
                yield row.part, fifths_of(Transposition(*map(int, item.value.split("/")))), begun


def _moved(bar: Bar, parts: tuple[Part, ...], fifths: tuple[int, ...]) -> Bar:
    rows = tuple(_moved_row(row, fifths[row.part]) if fifths[row.part] else row for row in bar.rows)
    keys = bar.keys
    if keys:
        keys = combine(
            [(part.staves, list(_moved_keys(bar.keys, n, fifths[n]))) for n, part in enumerate(parts)],
        )
    return replace(bar, rows=rows, keys=keys)


def _moved_keys(changes: tuple[Change, ...], part: int, fifths: int) -> Iterator[tuple[int | None, Key]]:
    for staff, key in changes_for(changes, part):
        if isinstance(key, Key):
            yield staff, _key(key, fifths)


def _key(key: Key, fifths: int) -> Key:
    """The key; with as many flats instead where it would have more than seven sharps, and the other way round."""
    for way in _ways(fifths):
        try:
            return moved_key(key, way)
        except CannotTranspose:
            continue
    return key


def _moved_row(row: Row, fifths: int) -> Row:
    def moved(item: Item) -> Item:
        if not isinstance(item, Chord | Harmony):
            return item
        for way in _ways(fifths):
            try:
                return moved_item(item, way)
            except CannotTranspose:
                continue
        return item

    return map_items(row, moved)


def _ways(fifths: int) -> tuple[int, int]:
    return fifths, fifths + (12 if fifths < 0 else -12)
