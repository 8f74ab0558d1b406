"""The n-gram floor: probabilities that sum to one, and a figure that was computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.ngrams import ORDER, bits, grams_of, learn

TEXTS = [[0, 1, 2, 3, 1, 2, 4], [0, 1, 2, 3, 3, 2, 1], [0, 2, 2, 1, 3, 4, 4, 1, 2]]


@pytest.mark.parametrize("context", [[0], [0, 1], [1, 2], [0, 1, 2, 3], [3, 1, 2, 4, 4], [4, 3, 0]])
def test_what_may_follow_a_context_has_probabilities_that_sum_to_one(context: list[int]) -> None:
    orders = learn(TEXTS)
    assert len(orders) == ORDER
    following = [2 ** -bits(orders, [*context, token], len(context), 6) for token in range(6)]
    assert math.isclose(sum(following), 1, rel_tol=1e-9)
    assert min(following) > 0


def test_the_lowest_order_counts_different_predecessors() -> None:
    """In `0 1 0 1 0 2` there are three pairs, 01, 10 and 02, and the document's start 0."""
    lowest = learn([[0, 1, 0, 1, 0, 2]])[0]
    assert dict(zip(lowest.grams.tolist(), lowest.counts.tolist(), strict=True)) == {0: 2, 1: 1, 2: 1}
    assert lowest.discount == 2 / (2 + 2 * 1)


def test_runs_of_ids_become_numbers() -> None:
    assert grams_of(np.array([1, 2, 3], dtype=np.uint64), 2).tolist() == [(1 << 12) + 2, (2 << 12) + 3]
    assert grams_of(np.array([1], dtype=np.uint64), 2).tolist() == []


def test_what_was_learnt_costs_less_than_what_was_not() -> None:
    orders = learn(TEXTS)
    assert bits(orders, [0, 1, 2, 3, 1], 1, 6) < bits(orders, [0, 4, 0, 4, 3], 1, 6)
