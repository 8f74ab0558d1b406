"""Pitches, rhythms and keys, against values computed by hand."""

from __future__ import annotations

import math

import pytest
from passages import passage

from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.likeness import (
    divergence,
    groove_consistency,
    notes_in_key,
    pitch_class_entropy,
    pitch_divergence,
    rhythm_divergence,
    scale_consistency,
    small_steps,
)


def test_histograms_that_are_alike_diverge_by_nothing_and_those_that_share_nothing_by_one_bit() -> None:
    assert divergence({"a": 1, "b": 3}, {"a": 2, "b": 6}) == 0
    assert divergence({"a": 1}, {"b": 5}) == 1


def test_the_divergence_is_that_of_the_formula() -> None:
    """P = (1/2, 1/2), Q = (1, 0), M = (3/4, 1/4): JSD = 1/2 (1/2 log2 2/3 + 1/2 log2 2) + 1/2 log2 4/3 = 0.3113."""
    assert divergence({"a": 1, "b": 1}, {"a": 1}) == pytest.approx(0.311278, abs=1e-6)


def test_pitch_classes_and_durations_are_compared_across_the_border() -> None:
    found = passage("c42 d\nc52 c", shown=1)
    assert pitch_divergence(found) == pytest.approx((0.311278, 1), abs=1e-6)
    assert rhythm_divergence(found) == Ratio(0)
    assert rhythm_divergence(passage("c42 d\nc51", shown=1)) == Ratio(1)
    assert pitch_divergence(passage("c41\nr", shown=1)) is None


def test_notes_in_key_follow_a_change_of_key() -> None:
    """In C major the f sharp is none of its notes, in G major the f is none."""
    assert notes_in_key(passage("c44 d fs f\nkey=1 c44 d fs f")) == Ratio(6, 8)


def test_steps_across_a_rest_are_none() -> None:
    assert small_steps(passage("c44 d f r\ng42 g")) == Ratio(2, 3)


def test_the_entropy_of_four_pitch_classes_is_two_bits() -> None:
    assert pitch_class_entropy(passage("c44 d e f")) == Ratio(2)
    assert pitch_class_entropy(passage("c44 c5 c d")) == pytest.approx((-0.75 * math.log2(0.75) + 0.25 * 2, 1))


def test_the_scale_is_the_one_that_has_most_notes() -> None:
    """All but the c sharp are in C major; no scale has all five."""
    assert scale_consistency(passage("c44 cs d e\nf42 g")) == Ratio(5 / 6)
    assert scale_consistency(passage("a44 b c5 d\ne52 f")) == Ratio(1)


def test_grooves_differ_by_places_of_onsets() -> None:
    """Of 48 places of a bar, two differ between the first bars, and none between the others."""
    assert groove_consistency(passage("c42 d\nc44 d e f\ng44 a b c5")) == Ratio(1 - 2 / 48 + 1, 2)
    assert groove_consistency(passage("c41")) is None


def test_only_the_new_bars_count() -> None:
    found = passage("cs44 ds fs gs\nc44 d e f", shown=1)
    assert notes_in_key(found) == Ratio(4, 4)
    assert pitch_class_entropy(found) == Ratio(2)
    assert small_steps(found) == Ratio(3, 3)
