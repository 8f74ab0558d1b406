"""Ranking of candidates: the one whose notes the model itself finds most probable comes first. Knows candidates; knows no model.

On held-out chorales such a candidate is nearer to what the human wrote than one drawn at random, and it doesn't copy more than the
human does (`python -m benchmarks.ranking`, figures in models/README.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from chordllama.generate.continuation import Continuation, Draft


def best_first(candidates: Sequence[Continuation | Draft]) -> list[int]:
    """Return the candidates' numbers (from 0): those with all their bars first, then by surprisal. Where that isn't known their order stays."""

    def place(number: int) -> tuple[bool, float]:
        candidate = candidates[number]
        return candidate.failure is not None, inf if candidate.surprisal is None else candidate.surprisal

    return sorted(range(len(candidates)), key=place)
