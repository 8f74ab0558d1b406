"""The n-gram floor: probabilities that sum to one, and figures that were computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chordllama.evaluate.ngrams import ORDER, NGrams

TEXTS = [[0, 1, 2, 3, 1, 2, 4], [0, 1, 2, 3, 3, 2, 1], [0, 2, 2, 1, 3, 4, 4, 1, 2]]


@pytest.mark.parametrize("context", [[0], [0, 1], [1, 2], [0, 1, 2, 3], [3, 1, 2, 4, 4], [4, 3, 0]])
@pytest.mark.parametrize("vocabulary", [6, 4096, 128_256])
def test_what_may_follow_a_context_has_probabilities_that_sum_to_one(context: list[int], vocabulary: int) -> None:
    model = NGrams(TEXTS, vocabulary)
    following = [2 ** -model.bits([*context, token], len(context)) for token in range(6)]
    unseen = (vocabulary - 6) * 2 ** -model.bits([*context, 5], len(context))  # 5 is in no text either
    assert math.isclose(sum(following) + unseen, 1, rel_tol=1e-9)
    assert min(following) > 0


def test_runs_are_as_long_as_fit_into_a_number() -> None:
    assert [NGrams(TEXTS, size).order for size in (6, 4096, 128_256)] == [ORDER, ORDER, 3]


def test_the_lowest_order_counts_different_predecessors() -> None:
    """In `0 1 0 1 0 2` there are three pairs, 01, 10 and 02, and the document's start 0."""
    lowest = NGrams([[0, 1, 0, 1, 0, 2]], 4096).orders[0]
    assert dict(zip(lowest.grams.tolist(), lowest.counts.tolist(), strict=True)) == {0: 2, 1: 1, 2: 1}
    assert lowest.discount == 2 / (2 + 2 * 1)


def test_the_bits_of_a_bigram_model_are_those_computed_by_hand() -> None:
    """`0 1 0 1 0 2`, vocabulary 4. Unigrams: counts 2, 1, 1 of 4, D = 1/2: p(1) = (1 - D)/4 + 3 D/4 * 1/4 = 7/32.

    Bigrams after 0: 01 twice, 02 once, 10 twice; D = 1 / (1 + 2 * 2) = 1/5: p(1 | 0) = (2 - D)/3 + 2 D/3 * 7/32.
    """
    wanted = (2 - 1 / 5) / 3 + 2 / 5 / 3 * 7 / 32
    assert NGrams([[0, 1, 0, 1, 0, 2]], 4, order=2).bits([0, 1], 1) == pytest.approx(-math.log2(wanted))


def test_runs_of_ids_become_numbers() -> None:
    model = NGrams(TEXTS, 4096)
    assert model.grams(np.array([1, 2, 3], dtype=np.uint64), 2).tolist() == [(1 << 12) + 2, (2 << 12) + 3]
    assert model.grams(np.array([1], dtype=np.uint64), 2).tolist() == []


def test_what_was_learnt_costs_less_than_what_was_not() -> None:
    model = NGrams(TEXTS, 6)
    assert model.bits([0, 1, 2, 3, 1], 1) < model.bits([0, 4, 0, 4, 3], 1)
