"""Words, repetitions, rhymes, syllables and beats, against values counted by hand."""

from __future__ import annotations

import math

import pytest

from chordllama.evaluate.copying import Runs
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.text_measures import (
    Text,
    alike,
    copied_from_prompt,
    copied_words,
    cosine,
    distinct,
    even_lines,
    fitting_lines,
    repeated_lines,
    rhymes,
    told_beats,
    trigrams,
)
from chordllama.tasks.lyrics_tasks import LyricLine, fit_prompt
from chordllama.tasks.prose_tasks import scene_prompt


def text(answer: str, given: str = "\n") -> Text:
    return Text("Write\n", given, answer)


def test_distinct_runs_are_counted_once() -> None:
    """`the cat the dog the cat`: of 6 words 3 are different, of 5 pairs 4."""
    assert distinct(1, text("The cat, the dog; the cat")) == Ratio(3 / 6)
    assert distinct(2, text("The cat, the dog; the cat")) == Ratio(4 / 5)
    assert distinct(2, text("Cat")) is None


def test_a_line_that_comes_back_is_repeated_whatever_its_signs() -> None:
    assert repeated_lines(text("[Hook]\nOh my love\nI wait\n\n[Hook]\nOh, my love!\nI wait\nno more\n")) == Ratio(2, 5)
    assert repeated_lines(text("")) is None


@pytest.mark.parametrize(
    ("lines", "rhyming"),
    [
        ("a cat\na bird\nthe hat\nthe word", 1),  # bird and word differ in their letters
        ("I take\nyou make", 1),  # the silent e is none of the ending
        ("the end\nthe end", 0),  # the same word
        ("cat\none\ntwo\nsee\nhat", 0),  # four lines apart
        ("ich singe\nich springe", 1),
    ],
)
def test_rhymes_are_told_by_the_letters_from_the_last_vowels_on(lines: str, rhyming: int) -> None:
    assert rhymes(text(lines)) == Ratio(rhyming, lines.count("\n"))


def test_rhymes_stay_within_a_section() -> None:
    assert rhymes(text("a cat\na dog\n\na hat\na pig")) == Ratio(0, 2)


def test_lines_are_even_whose_syllables_are_those_of_one_of_the_two_before() -> None:
    """4, 3, 4 and 2 syllables."""
    answer = "the cat is here\nI am home\nthe dog is there\nno more"
    assert even_lines(text(answer, "language: English\n\n")) == Ratio(1, 3)
    assert even_lines(text(answer)) is None


def test_lines_fit_that_have_the_syllables_that_were_asked_for() -> None:
    prompt = fit_prompt(
        {"language": "English"}, [LyricLine("the cat is here", 4), LyricLine("", 3), LyricLine("", 4), LyricLine("", 5)]
    )
    assert fitting_lines(Text(*prompt, "I am home\nthe dog\n")) == Ratio(1, 3)
    assert fitting_lines(text("I am home\n", "language: English\n\n3\n")) is None


def test_beats_are_told_by_half_of_their_words_in_any_form() -> None:
    prompt = scene_prompt({"title": "x"}, ["Anna opens the window.", "The storm breaks the old mirror."])
    assert told_beats(Text(*prompt, "Slowly Anna was opening it, while the storm went on.")) == Ratio(1, 2)
    assert told_beats(text("Anna")) is None


def test_a_cosine_is_that_of_the_formula() -> None:
    assert cosine({"a": 1, "b": 1}, {"a": 1}) == pytest.approx(1 / math.sqrt(2))
    assert cosine({"a": 1}, {"b": 1}) == cosine({}, {"a": 1}) == 0
    assert trigrams("Ab, abc") == {"ab ": 1, "b a": 1, " ab": 1, "abc": 1}
    assert alike(text("abc"), trigrams("abc abc")) == pytest.approx((2 / math.sqrt(4 + 1 + 1 + 1), 1))


def test_a_run_of_words_is_copied_from_five_words_on() -> None:
    runs = Runs([["a", "b", "c", "d", "e", "f", "g"], ["c", "d", "e", "x"]], 5)
    assert copied_words(text("x b c d e f y"), runs) == Ratio(5)
    assert copied_words(text("a b c d x"), runs) == Ratio(0)
    assert copied_from_prompt(text("She went to the old house again", "He went to the old house.")) == Ratio(5)
