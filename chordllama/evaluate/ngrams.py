"""A model that only counts: runs of up to five tokens, smoothed by interpolated Kneser-Ney. Knows numbers, no text.

Chen and Goodman 1999, equation 4.34: one discount for each order, D = n1 / (n1 + 2 n2). A run of ids is one number, so that some hundred
million tokens fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

ORDER = 5
WORD = 64
"""Bits of the numbers that runs become."""
Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


class NgramOrder:
    """The n-grams of one length: sorted, with what counts for each, and for each context the sum and the number of followers."""

    def __init__(self, grams: Keys, counts: Counts, width: int) -> None:
        self.grams, self.counts, self._width = grams, counts, np.uint64(width)
        contexts = grams >> self._width
        self.contexts, starts = np.unique(contexts, return_index=True)
        self.sums = np.add.reduceat(counts, starts)
        self.followers = np.diff([*starts, len(grams)])
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        self.discount = once / (once + 2 * twice) if once else 0.5

    def probabilities(self, grams: Keys, lower: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of each gram's last token after its others, given that by one token less of context."""
        counts = _found(self.grams, self.counts, grams)
        contexts = grams >> self._width
        sums = _found(self.contexts, self.sums, contexts)
        followers = _found(self.contexts, self.followers, contexts)
        total = np.maximum(sums, 1)
        own = np.maximum(counts - self.discount, 0) / total
        return np.where(sums > 0, own + self.discount * followers / total * lower, lower)


def _found(keys: Keys, values: Counts, wanted: Keys) -> Counts:
    """The value of each wanted key, 0 where there is none."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


class NGrams:
    """Learnt from documents, each a list of ids below `vocabulary`; of a large vocabulary the runs are shorter than five."""

    def __init__(self, documents: Iterable[Sequence[int]], vocabulary: int, order: int = ORDER) -> None:
        self._vocabulary = vocabulary
        self._width = max(1, (vocabulary - 1).bit_length())
        self.order = min(order, WORD // self._width)
        arrays = [np.asarray(ids, dtype=np.uint64) for ids in documents]
        grams, counts = np.unique(self._all(arrays, self.order), return_counts=True)
        orders = [NgramOrder(grams, counts, self._width)]
        for length in range(self.order - 1, 0, -1):
            starts = self._all([ids[:length] for ids in arrays], length)  # nothing stands before a document
            mask = np.uint64((1 << self._width * length) - 1)
            followed = np.concatenate([grams & mask, np.unique(starts)])  # how many different tokens stand before
            grams, counts = np.unique(followed, return_counts=True)
            orders.append(NgramOrder(grams, counts, self._width))
        self.orders = orders[::-1]

    def _all(self, arrays: Iterable[Keys], length: int) -> Keys:
        return np.concatenate([self.grams(ids, length) for ids in arrays])

    def grams(self, ids: Keys, length: int) -> Keys:
        """Return all runs of `length` ids as numbers, the last id lowest."""
        number = max(0, len(ids) - length + 1)
        keys = np.zeros(number, dtype=np.uint64)
        for place in range(length):
            keys = (keys << np.uint64(self._width)) | ids[place : place + number]
        return keys

    def bits(self, ids: Sequence[int], first: int) -> float:
        """Return the sum of -log2 p over the ids from number `first` on."""
        array = np.asarray(ids, dtype=np.uint64)
        probability = np.full(len(array) - first, 1 / self._vocabulary)
        for length, order in enumerate(self.orders, 1):
            inside = max(first, length - 1)  # ids that have so many before them
            grams = self.grams(array[inside - length + 1 :], length)  # none, where the ids end before
            skipped = inside - first
            probability[skipped:] = order.probabilities(grams, probability[skipped:])
        return float(-np.log2(probability).sum())
