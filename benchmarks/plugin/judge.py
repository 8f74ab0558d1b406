"""Whether a score that MuseScore saved is what was there before, and full new bars behind it. Knows MusicXML; knows no MuseScore."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from chordllama.checking.bars import measured_bars, uneven_staves
from chordllama.codec.musicxml import read
from chordllama.score.model import FINAL, NO_BARLINE, Bar, Barline, Chord, Harmony, Item, Row


def faults(before: bytes, after: bytes, bars: int) -> list[str]:
    """What is wrong with the MusicXML of a continued score; `before` is that of the score that was continued by so many bars."""
    old, new = read(before), read(after)
    count = len(old.bars)
    if len(new.bars) != count + bars:
        return [f"{len(new.bars)} bars instead of {count} and {bars}"]
    expected = list(map(_told, old.bars))
    found = []
    if expected[-1].end == FINAL:  # it moves, as it does in files
        expected[-1] = expected[-1]._replace(end=NO_BARLINE)
        found += ["the final bar line isn't at the end"] if new.bars[-1].end != FINAL else []
    found += [f"bar {n + 1} is another one" for n in range(count) if _told(new.bars[n]) != expected[n]]
    kept = uneven_staves(list(measured_bars(old)))
    found += [f"a staff isn't full: {fault}" for fault in uneven_staves(list(measured_bars(new))) if fault not in kept]
    found += [f"bar {n + 1} has a length of its own" for n in range(count, count + bars) if new.bars[n].length]
    return found if _sounds(new.bars[count:]) else [*found, "no note is new"]


class _Told(NamedTuple):
    """A bar's rows, and the bar lines before and after it."""

    rows: tuple[Row, ...]
    start: Barline
    end: Barline


def _told(bar: Bar) -> _Told:
    """A bar but for the letters of chord symbols, which MuseScore adds to a file once it has drawn them."""
    return _Told(tuple(replace(row, items=tuple(map(_unlettered, row.items))) for row in bar.rows), bar.start, bar.end)


def _unlettered(item: Item) -> Item:
    return replace(item, text=None) if isinstance(item, Harmony) else item


def _sounds(bars: tuple[Bar, ...]) -> bool:
    return any(isinstance(item, Chord) for bar in bars for row in bar.rows for item in row.items)
