"""Bar lines: what an ending prints beside its number."""

from __future__ import annotations

import pytest
from lxml import etree

from chordllama.codec.elements.barlines import read_barline, write_barline
from chordllama.codec.words.frames import ending_label
from chordllama.score.model import Barline


def again(barline: Barline) -> Barline:
    return read_barline(etree.fromstring("\n".join(write_barline(barline, "left", first=True))))


@pytest.mark.parametrize("text", ["", "1", "1.", "1. 2.", "1.2.", "1, 2"])
def test_a_label_that_prints_the_numbers_says_nothing(text: str) -> None:
    assert ending_label(text, text) == ""
    assert ending_label(text, "1, 2" if "2" in text else "1") == ""


@pytest.mark.parametrize("text", ["2.", "[1.]", "1. & 2.", "last time"])
def test_a_label_that_prints_anything_else_comes_back(text: str) -> None:
    barline = Barline(ending="1", ending_type="start", label=text)
    assert ending_label(text, "1") == text
    assert again(barline) == barline


def test_a_label_without_an_ending_is_not_written() -> None:
    assert again(Barline(style="light-heavy")) == Barline(style="light-heavy")
