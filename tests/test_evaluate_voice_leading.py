"""Parallels, crossings, distances and ranges, each in a bar that one can check by eye."""

from __future__ import annotations

from passages import four, passage

from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.parallels_measure import crossings, out_of_range, parallels, wide_gaps


def test_parallels_are_told_for_a_thousand_new_notes_and_across_the_border() -> None:
    found = four("c51 / e41 / a31 / c31\nd52 e / e42 e / a32 a / d32 c", shown=1)
    assert parallels(found) == Ratio(1, 8 / 1000)
    assert parallels(passage("c41")) is None


def test_a_voice_above_its_neighbour_crosses_it() -> None:
    """The alto is above the soprano for a half note, 8 of 16 sixteenths."""
    assert crossings(four("c52 e / d52 c / e41 / c31")) == Ratio(8, 16)
    assert crossings(four("r / r / r / r")) is None


def test_a_gap_is_wider_than_an_octave() -> None:
    """Soprano and alto are 12, then 14 semitones apart; tenor and bass don't count."""
    assert wide_gaps(four("c54 d r2 / c41 / b31 / c21")) == Ratio(4, 16)


def test_notes_beyond_the_range_of_their_voice_are_counted() -> None:
    """The soprano reaches to a5 (81), the bass down to c2 (36)."""
    assert out_of_range(four("a52 bb / c41 / c41 / c22 b1")) == Ratio(2, 6)
