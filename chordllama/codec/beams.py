"""Beams as the metre implies them. Knows durations and time signatures only.

Notes shorter than a quarter are beamed within a beat: a dotted quarter in compound time, the whole bar of 3/8, else a quarter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from chordllama.score import QUARTER, WHOLE, Chord, Item, Rest, Spacer, Ticks, Time

_FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5, "256th": 6, "512th": 7, "1024th": 8}


def beat(time: Time | None) -> Ticks:
    """The length in ticks within which notes are beamed."""
    if time is None or len(time.beats) != 1 or "+" in time.beats[0][0]:
        return QUARTER
    count, unit = int(time.beats[0][0]), time.beats[0][1]
    if unit >= 8 and count % 3 == 0:
        return 3 * WHOLE // unit
    return QUARTER


def beams(items: Sequence[Item], time: Time | None, pickup: Ticks) -> dict[int, tuple[str, ...]]:
    """For each place in the row, the `<beam>` lines of its first note; `pickup` is what the bar lacks at its beginning."""
    found: dict[int, tuple[str, ...]] = {}
    for group in _groups(items, beat(time), pickup):
        flags = [flag for _, flag in group]
        for index, (place, count) in enumerate(group):
            found[place] = tuple(
                f'  <beam number="{level}">{_beam(flags, index, level)}</beam>' for level in range(1, count + 1)
            )
    return found


def _groups(items: Sequence[Item], beat: Ticks, position: Ticks) -> Iterator[list[tuple[int, int]]]:
    group: list[tuple[int, int]] = []
    last: int | Fraction = -1
    for place, item in enumerate(items):
        if not isinstance(item, Chord | Rest | Spacer) or (isinstance(item, Chord) and item.grace):
            continue
        flags = _FLAGS.get(item.duration.type, 0) if isinstance(item, Chord) else 0
        if not flags or position // beat != last:
            yield from [group] if len(group) > 1 else []
            group = []
        if flags:
            group.append((place, flags))
        last = position // beat
        position += item.duration.ticks if item.duration else 0
    yield from [group] if len(group) > 1 else []


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
