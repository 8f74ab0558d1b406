"""Windows over long documents: adjacent, within a budget, as even as they can be. Knows sizes only: of bars, stanzas or paragraphs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise


def cuts(sizes: Sequence[int], budget: float) -> list[tuple[int, int]]:
    """Neighbouring windows over all pieces, as few as keep to the budget where pieces do; the largest is as small as it can be."""
    if budget <= 0:
        return []
    fewest = len(_filled(sizes, budget))
    limits = range(int(budget) + 1)
    return _filled(sizes, bisect_left(limits, True, key=lambda limit: len(_filled(sizes, limit)) <= fewest))


def _filled(sizes: Sequence[int], limit: float) -> list[tuple[int, int]]:
    """Windows that take pieces as long as the limit allows; a longer piece stands alone."""
    edges, size = [0], 0
    for place, more in enumerate(sizes):
        if size + more > limit and place > edges[-1]:
            edges.append(place)
            size = 0
        size += more
    return list(pairwise([*edges, len(sizes)]))
