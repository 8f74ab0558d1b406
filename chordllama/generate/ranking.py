"""Ranking of candidates: the one in which the critic finds least comes first. Knows candidates; knows no model.

Of those alike it is the one whose notes the model itself finds most probable: on held-out chorales such a candidate is nearer to what the
human wrote than one drawn at random (`python -m benchmarks.ranking`, figures in models/README.md); alone, it prefers loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from chordllama.generate.continuation import Continuation, Draft


def best_first(candidates: Sequence[Continuation | Draft]) -> list[int]:
    """Return the candidates' numbers (from 0): those with all their bars first, then by what the critic finds, then by surprisal, where it is known."""

    def place(number: int) -> tuple[bool, float, float]:
        candidate = candidates[number]
        faults = candidate.faults if isinstance(candidate, Continuation) else 0.0
        return candidate.failure is not None, faults, inf if candidate.surprisal is None else candidate.surprisal

    return sorted(range(len(candidates)), key=place)
