"""Scores in other keys."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read
from chordllama.placing.transpose import CannotTranspose, semitones, transpose
from chordllama.score.model import Chord, Score

DATA = Path(__file__).parent / "data"
SCALE = "parts:\n 1: clef=G2\n1: key=0,major time=4/4 C c48 d e f G7/B g a b =p c5\n"
_HEIGHTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def heights(score: Score) -> list[int | Fraction]:
    return [
        12 * note.octave + _HEIGHTS[note.step] + note.alter
        for bar in score.bars
        for row in bar.rows
        for item in row.items
        if isinstance(item, Chord)
        for note in item.notes
        if not note.unpitched
    ]


@pytest.mark.parametrize(
    ("fifths", "row"),
    [
        (1, "key=1,major time=4/4 G g38 a b c4 D7/F# d e fs =p g"),
        (-1, "key=-1,major time=4/4 F f48 g a bb C7/E c5 d e =p f"),
        (2, "key=2,major time=4/4 D d48 e fs g A7/C# a b cs5 =p d"),
        (-3, "key=-3,major time=4/4 Eb eb48 f g ab Bb7/D bb c5 d =p eb"),
    ],
)
def test_a_scale_is_spelled_in_its_new_key(fifths: int, row: str) -> None:
    moved = dumps(transpose(loads(SCALE), fifths))
    assert row in moved


@pytest.mark.parametrize("fifths", range(-5, 7))
def test_all_notes_move_by_the_same_interval_and_come_back(fifths: int) -> None:
    score = loads(SCALE)
    moved = transpose(score, fifths)
    assert {after - before for before, after in zip(heights(score), heights(moved), strict=True)} == {semitones(fifths)}
    assert transpose(moved, -fifths) == score or fifths == 6


def test_a_move_is_at_most_a_tritone() -> None:
    assert {semitones(fifths) for fifths in range(-20, 20)} == set(range(-6, 6))


def test_a_key_in_the_middle_of_a_bar_moves_too() -> None:
    text = 'parts:\n 1: clef=G2\n1: time=2/4 c44 ={key="2,minor"} d\n'
    assert '={key="4,minor"}' in dumps(transpose(loads(text), 2))


def test_percussion_stays_where_it_is() -> None:
    score = read((DATA / "percussion.musicxml").read_bytes())
    assert [bar.rows for bar in transpose(score, 3).bars] == [bar.rows for bar in score.bars]


@pytest.mark.parametrize(
    ("text", "fifths", "reason"),
    [
        (SCALE.replace("key=0", "key=5"), 3, "a key of 8 sharps"),
        (SCALE.replace("key=0", "key=-5"), -3, "a key of 8 flats"),
        (SCALE.replace("c48", "bss48"), 5, "a note with 3 signs"),
        (SCALE.replace("c48 d e f", "c08 d e f"), 1, "a note in octave -1"),
        (SCALE.replace("c48 d e f", "b98 d4 e f"), 2, "a note in octave 10"),
    ],
)
def test_what_can_not_be_written_is_refused(text: str, fifths: int, reason: str) -> None:
    with pytest.raises(CannotTranspose, match=reason):
        transpose(loads(text), fifths)


def test_to_stay_is_the_same_score() -> None:
    score = loads(SCALE)
    assert transpose(score, 0) is score
