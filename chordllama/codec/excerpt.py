"""Some bars of a score as a score of their own. Knows only the score model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chordllama.codec.words.key_words import parse_key
from chordllama.score.model import Bar, Direction, Key, Part, Row, Score, Time, Transposition, changes_for, combine

T = TypeVar("T", Key, Time)


@dataclass
class SignaturesInForce:
    """What is in force at a bar line: keys and times by part and staff, clefs by part and staff, transpositions by part."""

    parts: tuple[Part, ...]
    keys: dict[int, dict[int | None, Key]] = field(default_factory=dict)
    times: dict[int, dict[int | None, Time]] = field(default_factory=dict)
    clefs: dict[tuple[int, int], str] = field(default_factory=dict)
    transpositions: dict[int, Transposition] = field(default_factory=dict)

    def after(self, bars: Iterable[Bar]) -> SignaturesInForce:
        """This state, taken on over some bars."""
        for bar in bars:
            self.apply(bar)
        return self

    def apply(self, bar: Bar) -> None:
        """Take over what changes in a bar."""
        for part in range(len(self.parts)) if bar.keys or bar.times else ():
            for staff, value in (*changes_for(bar.keys, part), *changes_for(bar.times, part)):
                if isinstance(value, Key):
                    self.keys[part] = _changed(self.keys.get(part, {}), staff, value)
                else:
                    self.times[part] = _changed(self.times.get(part, {}), staff, value)
        for row in bar.rows:
            for item in row.items:
                if isinstance(item, Direction):
                    self._direction(row.part, row.staff, item)

    def _direction(self, part: int, staff: int, direction: Direction) -> None:
        if direction.name == "clef":
            self.clefs[part, staff] = direction.value
        elif direction.name == "transpose":
            self.transpositions[part] = Transposition(*map(int, direction.value.split("/")))
        elif direction.name == "key":
            key = parse_key(direction.value)
            self.keys[part] = _changed(self.keys.get(part, {}), staff if staff > 1 else None, key)

    def restate(self, bar: Bar) -> Bar:
        """Return a first bar that says which keys and times are in force."""
        before = SignaturesInForce(self.parts, dict(self.keys), dict(self.times))
        before.apply(Bar(keys=bar.keys, times=bar.times))
        parts = list(enumerate(part.staves for part in self.parts))
        return replace(
            bar,
            keys=combine([(staves, list(before.keys.get(part, {}).items())) for part, staves in parts]),
            times=combine([(staves, list(before.times.get(part, {}).items())) for part, staves in parts]),
        )

    def part(self, index: int) -> Part:
        """Return a part as it stands at this bar line."""
        part = self.parts[index]
        clefs = tuple(self.clefs.get((index, staff), clef) for staff, clef in enumerate(part.clefs, 1))
        return replace(part, clefs=clefs, transposition=self.transpositions.get(index, part.transposition))


def _changed(known: dict[int | None, T], staff: int | None, value: T) -> dict[int | None, T]:
    """What is in force after a change for one staff, or (None) for all."""
    return {**known, staff: value} if staff else {None: value}


def excerpt(score: Score, first: int, last: int) -> Score:
    """Return the bars from `first` up to but without `last` (counted from 0), with the clefs, keys and times in force before them."""
    return next(excerpts(score, [(first, last)]))


def excerpts(score: Score, windows: Iterable[tuple[int, int]]) -> Iterator[Score]:
    """Yield an excerpt for each window of bars, of which none begins before the one before it: what is in force is followed once."""
    return Cutter(score).cut(windows)


class Cutter:
    """Cuts excerpts out of a score, several times: what changes in its bars is looked for once."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._changes: list[Bar] = []

    def cut(self, windows: Iterable[tuple[int, int]]) -> Iterator[Score]:
        """Yield an excerpt for each window of bars, of which none begins before the one before it."""
        score, state, place = self._score, SignaturesInForce(self._score.parts), 0
        for first, last in windows:
            self._changes += map(_changes_alone, score.bars[len(self._changes) : first])
            state.after(self._changes[place:first])
            place = first
            bars = score.bars[first:last]
            restated = (state.restate(bars[0]), *bars[1:]) if bars else ()
            yield replace(score, parts=tuple(state.part(index) for index in range(len(score.parts))), bars=restated)


def _changes_alone(bar: Bar) -> Bar:
    """A bar with nothing but what stays in force after it."""
    rows = [
        (row, tuple([item for item in row.items if isinstance(item, Direction) and item.name in _FOLLOWED]))
        for row in bar.rows
    ]
    found = tuple([Row(row.part, row.staff, row.voice, items) for row, items in rows if items])
    return Bar(found, bar.keys, bar.times) if found or bar.keys or bar.times else _NOTHING


_FOLLOWED = ("clef", "transpose", "key")
_NOTHING = Bar()
