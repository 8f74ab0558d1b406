"""Chord symbols that were asked for, above new bars. Knows the score model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chordllama.score.editing import Bars, Rows, with_directions
from chordllama.score.model import QUARTER, Harmony, Ticks

if TYPE_CHECKING:
    from chordllama.placing.placement import Placement


def with_symbols(bars: Bars, at: Placement) -> Bars:
    """Return the bars with the chord symbols that were asked for above the part (and its first staff) that has had some."""
    if not at.symbols:
        return bars
    part = next(
        (row.part for bar in at.before for row in bar.rows if any(isinstance(item, Harmony) for item in row.items)), 0
    )
    found = []
    for bar, symbols, length in zip(bars, at.symbols, at.lengths, strict=False):
        rows = Rows(bar)
        place = rows.first_of(part, 1)
        rows[place] = with_directions(rows[place], list(zip(onsets_of(len(symbols), length), symbols, strict=True)))
        found.append(rows.bar())
    return (*found, *bars[len(found) :])


def onsets_of(count: int, length: Ticks) -> list[Ticks]:
    """Return when each of some chords of a bar begins: evenly, on quarters where they can."""
    whole: list[Ticks] = [n * length // count // QUARTER * QUARTER for n in range(count)]
    return whole if len(set(whole)) == count else [n * length // count for n in range(count)]
