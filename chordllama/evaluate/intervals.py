"""What a measure gives for a piece, and what is made of many: a figure with its interval. Knows numbers, no music.

Works, not pieces, are drawn again by chance (bootstrap by percentiles; Efron and Tibshirani 1993, chapter 13): pieces of one work are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

ROUNDS = 1000
LEVEL = 0.95
Summary = Literal["ratio", "median"]


class Ratio(NamedTuple):
    """So much of so much: over several pieces both are summed up. A mean over pieces is a sum out of ones."""

    amount: float
    out_of: float = 1.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A value over all pieces, and where the middle 95 % of values lie when works are drawn again."""

    value: float
    low: float
    high: float
    works: int
    pieces: int


def figure_of(found: Mapping[str, Sequence[Ratio]], summary: Summary = "ratio", seed: int = 0) -> Figure | None:
    """Return the figure of what was found in the pieces of each work: the ratio of the sums, or the median of the works' own ratios.

    None where nothing was found.
    """
    works = {work: ratios for work, ratios in found.items() if sum(ratio.out_of for ratio in ratios)}
    if not works:
        return None
    sums = np.array([np.sum(ratios, axis=0) for ratios in works.values()], dtype=np.float64)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(ROUNDS, len(sums)))
    outside = (1 - LEVEL) / 2
    low, high = np.quantile(_summary(sums[drawn], summary), [outside, 1 - outside])
    value = float(_summary(sums[None], summary)[0])
    return Figure(value, float(low), float(high), len(works), sum(map(len, works.values())))


def _summary(
    sums: np.ndarray[tuple[int, int, int], np.dtype[np.float64]], summary: Summary
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """One value for each row of works, of shape (rounds, works, 2)."""
    if summary == "median":
        medians: np.ndarray[tuple[int], np.dtype[np.float64]] = np.median(sums[..., 0] / sums[..., 1], axis=1)
        return medians
    totals = sums.sum(axis=1)
    ratios: np.ndarray[tuple[int], np.dtype[np.float64]] = totals[:, 0] / totals[:, 1]
    return ratios
