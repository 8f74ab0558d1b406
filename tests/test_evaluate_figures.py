"""Figures: sums, medians and intervals over works."""

from __future__ import annotations

import pytest

from chordllama.evaluate.intervals import Ratio, figure_of


def test_a_ratio_is_that_of_the_sums() -> None:
    figure = figure_of({"one": [Ratio(1, 10), Ratio(3, 10)], "two": [Ratio(2, 80)]})
    assert figure is not None
    assert (figure.value, figure.works, figure.pieces) == (0.06, 2, 3)


def test_a_median_is_that_of_the_works() -> None:
    figure = figure_of({"one": [Ratio(1), Ratio(3)], "two": [Ratio(10)], "three": [Ratio(5)]}, "median")
    assert figure is not None
    assert figure.value == 5


def test_an_interval_lies_within_the_works_values_and_one_work_has_none() -> None:
    """Of two works, drawn twice, all are one in a quarter of the draws: the middle 95 % reach from the one to the other."""
    figure = figure_of({"one": [Ratio(0)], "two": [Ratio(1)]})
    assert figure is not None
    assert (figure.low, figure.value, figure.high) == (0, 0.5, 1)
    alone = figure_of({"one": [Ratio(2), Ratio(4)]})
    assert alone is not None
    assert (alone.low, alone.value, alone.high) == (3, 3, 3)


def test_an_interval_is_nearly_that_of_the_normal_distribution_for_many_works() -> None:
    """100 works of 0 and 1: the standard error is 0.05, so that the interval is 0.5 ± 0.098."""
    figure = figure_of({str(n): [Ratio(n % 2)] for n in range(100)})
    assert figure is not None
    assert figure.low == pytest.approx(0.402, abs=0.015)
    assert figure.high == pytest.approx(0.598, abs=0.015)


def test_nothing_found_is_no_figure() -> None:
    assert figure_of({}) is None
    assert figure_of({"one": [Ratio(0, 0)]}) is None
