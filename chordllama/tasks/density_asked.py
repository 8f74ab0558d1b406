"""A number of notes a bar that was asked for, shared out among rows as the piece does. Knows the score model."""

from __future__ import annotations

from collections import Counter

from chordllama.score.editing import Bars, is_event
from chordllama.score.model import Place, count_noteheads

LATEST = 16
"""Bars that tell how many notes each row has."""


def paces_for(density: float, bars: Bars) -> dict[Place, float]:
    """Return about how many notes and rests each row of new bars has, where `density` noteheads a bar are asked for after such bars."""
    heard = [bar for bar in bars if count_noteheads([bar])][-LATEST:]
    if not heard:
        return {}
    events: Counter[Place] = Counter()
    seen: Counter[Place] = Counter()
    for bar in heard:
        for row in bar.rows:
            events[row.place] += sum(map(is_event, row.items))
            seen[row.place] += 1
    factor = density * len(heard) / count_noteheads(heard)
    return {place: max(1.0, factor * events[place] / seen[place]) for place in events}
