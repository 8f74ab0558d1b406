"""The grade after Bach or Mock: its histograms and distances, by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from passages import four, passage

from chordllama.evaluate.grade import Features, Grader, KeyFound, distance, key_of
from chordllama.score.model import QUARTER

CHORALE = "e52 c / g42 g / c42 e / c32 c\ne52 c / g42 g / c42 e / c32 c"


def test_a_distance_is_what_has_to_be_moved_times_how_far() -> None:
    """A quarter goes from the first place to the second, half of all from the first to the third."""
    wanted: Counter[object] = Counter({"a": 3, "b": 1})
    assert distance(Counter({"a": 2, "b": 2}), Counter(wanted)) == 0.25
    assert distance(Counter({"a": 1, "b": 1, "x": 2}), Counter(wanted)) == pytest.approx(0.5 * 2)
    assert distance(Counter({"a": 6, "b": 2}), Counter(wanted)) == 0


def test_the_key_is_that_of_the_prompt() -> None:
    assert key_of(passage("c44 e g c5\nf44 a g b\nc51").voices.values()) == KeyFound(0, "major")
    assert key_of(passage("a44 c5 e a\nd54 f gs4 b\na41").voices.values()) == KeyFound(9, "minor")
    assert Features(passage("d44 fs a d5\ng44 b a cs5\nd51\nc44 e g c5", shown=3)).key == KeyFound(2, "major")


def test_the_histograms_are_those_of_the_new_bars() -> None:
    features = Features(four(CHORALE, shown=1))
    assert features.rhythm == {2 * QUARTER: 8}
    assert features.harmony == {(0, 4, 7): 2}
    assert features.intervals(0) == {-4: 1}
    assert features.notes == {0: 8 * 4, 4: 8 * 2, 7: 8 * 2}


def test_kinds_of_harmonies_keep_major_and_minor_apart() -> None:
    assert Features(four("c51 / g41 / eb41 / c31")).harmony == {(0, 3, 7): 1}
    assert Features(four("e51 / c51 / g41 / c31")).harmony == {(0, 4, 7): 1}


def test_repeats_tell_how_long_the_music_stood_there_before() -> None:
    """The steps are A A B A A B: before the second A one has stood, before the second AAB all three, then two, then one."""
    assert Features(passage("c44 d e c\nd44 e c42")).repeats == {0: 2, 1: 2, 2: 1, 3: 1}


def test_what_was_learnt_has_the_best_grade() -> None:
    grader = Grader([four(CHORALE)])
    own, other = grader.grades(four(CHORALE)), grader.grades(four("cs52 a / e42 d / a32 fs / a22 d3"))
    assert own is not None
    assert other is not None
    assert set(own.values()) == {0.0}
    assert len(own) == 9
    assert other["notes"] > 0
    assert grader.grade(passage("c41")) is None


def test_parallels_are_told_beside_the_chorales_own_rate() -> None:
    """One parallel in 8 notes, learnt from a chorale that has one in 16."""
    parallel, plain = "c52 d / e42 e / a32 a / c32 d", "d52 d / e42 e / a32 a / d32 d"
    grades = Grader([four(f"{parallel}\n{plain}")]).grades(four(parallel))
    assert grades is not None
    assert grades["parallels"] == 2
