"""Which note values may come next, so that a row can still be filled to its end. Knows lengths only: no pitches, no text of a row.

Outside of tuplets everything lies on a grid, that of the shortest allowed value, which divides the bar; so what is left can always
be filled. A tuplet, once begun, goes on in its ratio until it is complete (by the rule of brackets.py), and begins only where
there is room for the rest of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.words.durations import USUAL_NORMAL, format_duration, parse_duration
from chordllama.score.model import NOTE_TYPES, WHOLE, Duration, Ticks, duration, ticks

_TYPES = {name: ticks(length) for name, length in NOTE_TYPES.items() if length <= 2}
"""The note types that new bars may hold, breve to 1024th, with their ticks."""
MOST_DOTS = 2
MOST_DOTS_IN_TUPLETS = 0
TRIPLET = (3, 2)
RATIOS = ((2, 3), TRIPLET, (4, 3), (5, 4), (6, 4), (7, 4))
"""The tuplets that new bars may hold: so many notes in the time of so many."""
GRACES = Lexicon({format_duration(duration(type)): duration(type) for type in ("eighth", "16th", "32nd")})
"""What grace notes may look like."""

assert all(USUAL_NORMAL[actual] == normal for actual, normal in RATIOS), "other ratios need more letters"


class Run(NamedTuple):
    """A tuplet that is not complete: its ratio, the ticks that it fills so far, and the ticks of its shortest note type."""

    actual: int
    normal: int
    filled: Ticks
    unit: Ticks


@dataclass(frozen=True, slots=True)
class Grid:
    """What values a score's new bars may have: none shorter than `shortest` ticks, tuplets in these ratios only."""

    shortest: Ticks
    ratios: tuple[tuple[int, int], ...] = (TRIPLET,)


def grid_for(length: Ticks, shortest: Ticks, ratios: tuple[tuple[int, int], ...]) -> Grid | None:
    """Return the grid whose shortest value is `shortest` or, where that doesn't divide the bar, the next one that does; None without one."""
    fitting = [value for value in _TYPES.values() if value <= shortest and length % value == 0]
    return Grid(max(fitting), ratios) if fitting else None


def after(run: Run | None, value: Duration) -> Run | None:
    """Return the tuplet that is open after a note or rest of this value."""
    opened = _with(run, value)
    return None if opened is None or opened.filled == opened.unit * opened.normal else opened


def _with(run: Run | None, value: Duration) -> Run | None:
    """The tuplet, whole or not, to which this value belongs."""
    if not value.is_tuplet:
        return None
    unit = _TYPES[value.type]
    if run is None:
        return Run(value.actual, value.normal, value.ticks, unit)
    return Run(run.actual, run.normal, run.filled + value.ticks, min(unit, run.unit))


@lru_cache(maxsize=1 << 14)
def fitting(grid: Grid, left: Ticks, run: Run | None = None, keeps_room: bool = False) -> Lexicon[Duration]:
    """Return the values that a note may have where `left` ticks of the bar are; with `keeps_room` something must be left after it."""
    plain = _values(grid, (1, 1), MOST_DOTS) if run is None else ()
    ratios = grid.ratios if run is None else ((run.actual, run.normal),)
    found = [(text, value) for text, value in plain if value.ticks <= left]
    for ratio in ratios:
        values = _values(grid, ratio, MOST_DOTS_IN_TUPLETS)
        found += [(text, value) for text, value in values if _can_close(grid, run, value, left)]
    return _lexicon(tuple([text for text, value in found if value.ticks < left or not keeps_room]))


@lru_cache(maxsize=1 << 10)
def plain_fitting(grid: Grid, left: Ticks, keeps_room: bool) -> Lexicon[Duration]:
    """Return as `fitting`, without tuplets."""
    values = _values(grid, (1, 1), MOST_DOTS)
    return _lexicon(tuple([text for text, value in values if value.ticks < left + (not keeps_room)]))


PACE = 1.6
"""By how much a value may be longer or shorter than the one that would fill the rest of a bar evenly."""


@lru_cache(maxsize=1 << 14)
def paced(values: Lexicon[Duration], left: Ticks, events: float) -> Lexicon[Duration]:
    """Return those of the values with which about so many `events` fill the `left` ticks; all where none of them does."""
    even = float(left) / max(1.0, events)
    found = [text for text, value in values.words.items() if even / PACE <= value.ticks <= even * PACE]
    return _lexicon(tuple(found)) if found else values


@lru_cache(maxsize=1 << 10)
def _lexicon(texts: tuple[str, ...]) -> Lexicon[Duration]:
    """Few sets of values come up again and again."""
    return Lexicon({text: parse_duration(text) for text in texts})


@lru_cache(maxsize=256)
def _values(grid: Grid, ratio: tuple[int, int], most_dots: int) -> tuple[tuple[str, Duration], ...]:
    """All values of a ratio whose last dot is not shorter than the grid, with their spelling."""
    values = [
        duration(type, dots, *ratio)
        for type, length in _TYPES.items()
        for dots in range(most_dots + 1)
        if length >= grid.shortest * 2**dots
    ]
    return tuple((format_duration(value), value) for value in values)


def _can_close(grid: Grid, run: Run | None, value: Duration, left: Ticks) -> bool:
    """Whether the tuplet that `value` begins or goes on with can be completed within `left`.

    It is complete with exactly as many of its shortest notes as it needs: readers of MusicXML lose their way in others.
    """
    left -= value.ticks
    opened = _with(run, value)
    if left < 0 or opened is None:
        return left >= 0
    unit = opened.unit
    if opened.filled == unit * opened.normal:
        return True
    while unit >= grid.shortest:
        missing = unit * opened.normal - opened.filled
        if missing <= 0:
            return False
        if missing <= left and missing * opened.actual % (unit * opened.normal) == 0:
            return True
        unit = unit // 2
    return False


SHORTEST = WHOLE // 64
LONGEST_GRID = WHOLE // 8


def shortest_after(shown: Ticks) -> Ticks:
    """Return the shortest value of new bars after bars whose shortest value (or dot) is `shown`: one step shorter, within limits."""
    return min(LONGEST_GRID, max(SHORTEST, _type_below(shown)))


def _type_below(length: Ticks) -> Ticks:
    return max((value for value in _TYPES.values() if value * 2 <= length), default=SHORTEST)
