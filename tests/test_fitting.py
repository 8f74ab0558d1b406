"""Bars that are too short or too long: made to fit where it's clear how, and else refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chordllama.codec.compact import loads
from chordllama.placing.fitting import fit
from chordllama.score.model import QUARTER, WHOLE, Bar, Chord, Harmony, Rest, Ticks, ticks

HEAD = "parts:\n 1: clef=G2\n"


def bar_of(rows: str, length: str) -> Bar:
    """A bar of so many whole notes, as compact text says its rows."""
    return loads(f"{HEAD}1: length={length} time=4/4 {rows}\n").bars[0]


def shown(bar: Bar | None) -> list[str]:
    """Each row as letters and lengths in quarters."""
    assert bar is not None
    return [" ".join(_shown(item) for item in row.items) for row in bar.rows]


def _shown(item: object) -> str:
    if isinstance(item, Harmony):
        return "H"
    letter = item.notes[0].step if isinstance(item, Chord) else "r" if isinstance(item, Rest) else "s"
    length = getattr(item, "duration", None)
    return letter + (str(Fraction(length.ticks) / QUARTER) if length else "")


def fitted(rows: str, length: str, wanted: Ticks = WHOLE) -> Bar | None:
    numerator, denominator = map(int, length.split("/"))
    return fit(bar_of(rows, length), ticks(Fraction(numerator, denominator)), wanted)


def test_a_bar_that_fits_stays() -> None:
    bar = bar_of("c44 d e f", "1/1")
    found = fit(bar, WHOLE, WHOLE)
    assert found is not None
    assert (found.rows, found.length) == (bar.rows, None)


@pytest.mark.parametrize(
    ("rows", "length", "found"),
    [
        ("c44 d", "1/2", ["C1 D1 r2"]),
        ("c44 d e", "3/4", ["C1 D1 E1 r1"]),
        ("c44. d48 e", "5/8", ["C3/2 D1/2 E1/2 r1/2 r1"]),
        ("c48t d e f44 g", "3/4", ["C1/3 D1/3 E1/3 F1 G1 r1"]),
        ("c42 & e42", "1/2", ["C2 r2", "E2 s2"]),
        ("r", "3/4", []),
        ("c44", "1/4", None),
        ("c42 d48t e", "2/3", None),
    ],
)
def test_a_bar_that_is_too_short_is_filled_with_rests(rows: str, length: str, found: list[str] | None) -> None:
    bar = fitted(rows, length)
    assert (bar and shown(bar)) == found


@pytest.mark.parametrize(
    ("rows", "length", "found"),
    [
        ("c44 d e f g", "5/4", ["C1 D1 E1 F1"]),
        ("c42 d42.", "5/4", ["C2 D2"]),
        ("c42. d44. e48", "5/4", ["C3 D1"]),
        ("c42. d48t e f g44", "5/4", ["C3 D1/3 E1/3 F1/3"]),
        ("c42.. d", "7/4", ["C7/2 D1/2"]),
        ("c42. d42t e f", "7/4", None),
        ("c41 d", "2/1", None),
        ("c42 d41 & e41.", "3/2", ["C2 D2", "E4"]),
    ],
)
def test_a_bar_that_is_too_long_is_cut_at_its_bar_line(rows: str, length: str, found: list[str] | None) -> None:
    bar = fitted(rows, length)
    assert (bar and shown(bar)) == found


@pytest.mark.parametrize("rows", ["c4:5/16 d4:11/16", "c48t d e44 f g48 a g"])
def test_what_no_note_value_or_tuplet_says_is_refused(rows: str) -> None:
    total = bar_length(rows)
    assert fit(bar_of(rows, f"{total.numerator}/{total.denominator}"), ticks(total), ticks(total)) is None


def bar_length(rows: str) -> Fraction:
    return Fraction(1) if ":" in rows else Fraction(1, 6) + Fraction(1, 2) + Fraction(3, 8)


def test_what_stands_behind_the_bar_line_goes() -> None:
    assert shown(fitted("Am c41 G d44", "5/4")) == ["H C4"]
