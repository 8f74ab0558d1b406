"""Beams as the metre implies them. Knows durations and time signatures only.

Notes shorter than a quarter are beamed within a beat: a dotted quarter in compound time, else a quarter. Plain eighths are beamed
over more: half a bar of 4/4, the whole bar of 2/4, 3/4 and 3/8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from chordllama.score import QUARTER, WHOLE, Chord, Item, Rest, Spacer, Ticks, Time

_FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5, "256th": 6, "512th": 7, "1024th": 8}
_WIDE = {("4", 4): 2 * QUARTER, ("2", 2): 2 * QUARTER, ("2", 4): 2 * QUARTER, ("3", 4): 3 * QUARTER}
"""Within what plain eighths are beamed, where that is more than a beat."""

_Flagged = tuple[int, Ticks, int, bool]
"""Place in the row, onset, number of flags, whether it is a plain eighth."""


def beat(time: Time | None) -> Ticks:
    """The length in ticks within which notes are beamed."""
    if time is None or len(time.beats) != 1 or "+" in time.beats[0][0]:
        return QUARTER
    count, unit = int(time.beats[0][0]), time.beats[0][1]
    if unit >= 8 and count % 3 == 0:
        return 3 * WHOLE // unit
    return QUARTER


def _wide(time: Time | None) -> Ticks:
    return _WIDE.get(time.beats[0], beat(time)) if time and len(time.beats) == 1 else beat(time)


def beams(items: Sequence[Item], time: Time | None, pickup: Ticks) -> dict[int, tuple[str, ...]]:
    """For each place in the row, the `<beam>` lines of its first note; `pickup` is what the bar lacks at its beginning."""
    found: dict[int, tuple[str, ...]] = {}
    for group in _groups(items, beat(time), _wide(time), pickup):
        flags = [flag for _, _, flag, _ in group]
        for index, (place, _, count, _) in enumerate(group):
            found[place] = tuple(
                f'  <beam number="{level}">{_beam(flags, index, level)}</beam>' for level in range(1, count + 1)
            )
    return found


def _groups(items: Sequence[Item], beat: Ticks, wide: Ticks, pickup: Ticks) -> Iterator[list[_Flagged]]:
    """The notes that are beamed together."""
    for run in _runs(items, pickup):
        for _, notes in groupby(run, key=lambda note: note[1] // wide):
            window = list(notes)
            parts = [window] if all(plain for *_, plain in window) else _by_beat(window, beat)
            yield from (part for part in parts if len(part) > 1)


def _by_beat(notes: list[_Flagged], beat: Ticks) -> list[list[_Flagged]]:
    return [list(group) for _, group in groupby(notes, key=lambda note: note[1] // beat)]


def _runs(items: Sequence[Item], position: Ticks) -> Iterator[list[_Flagged]]:
    """Notes with flags that follow one another without a rest or a longer note between."""
    run: list[_Flagged] = []
    for place, item in enumerate(items):
        if not isinstance(item, Chord | Rest | Spacer) or (isinstance(item, Chord) and item.grace):
            continue
        flags = _FLAGS.get(item.duration.type, 0) if isinstance(item, Chord) else 0
        if isinstance(item, Chord) and flags:
            run.append((place, position, flags, flags == 1 and not item.duration.dots and not item.duration.is_tuplet))
        elif run:
            yield run
            run = []
        position += item.duration.ticks if item.duration else 0
    if run:
        yield run


def _beam(flags: list[int], index: int, level: int) -> str:
    before = index > 0 and flags[index - 1] >= level
    after = index + 1 < len(flags) and flags[index + 1] >= level
    if before and after:
        return "continue"
    if after:
        return "begin"
    if before:
        return "end"
    return "backward hook" if index else "forward hook"
