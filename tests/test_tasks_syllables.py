"""Syllables of lines, by libraries and by the marks of sung texts."""

from __future__ import annotations

import pytest

from chordllama.tasks.syllables import plain, sung_syllables, syllables


@pytest.mark.parametrize(
    ("line", "language", "wanted"),
    [
        ("The river runs below the hill", "en", 8),
        ("And no one knows its name", "en", 6),
        ("Ich weiß nicht, was soll es bedeuten,", "de", 9),
        ("Daß ich so traurig bin;", "de", 6),
        ("Am Abend alle oben", "de", 7),
        ("Nel mezzo del cammin di nostra vita", "it", 11),
        ("-- * 12", "en", 0),
    ],
)
def test_lines_have_their_syllables(line: str, language: str, wanted: int) -> None:
    assert syllables(line, language) == wanted


def test_a_language_that_no_library_knows_has_none() -> None:
    assert syllables("Gallia est omnis", "xx") is None


def test_marks_count_and_are_not_read() -> None:
    line = "Nel mez\u00adzo del cam\u00admin, a\u00admo‿e – pian\u00adgo"
    assert sung_syllables(line) == 10
    assert plain(line) == "Nel mezzo del cammin, amo e – piango"
