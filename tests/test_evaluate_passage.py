"""Passages: what sounds in a score, by voice, before the border and after it."""

from __future__ import annotations

from passages import four, passage

from chordllama.codec.words.places import FIRST
from chordllama.score.model import QUARTER


def test_tied_notes_are_one_sound() -> None:
    (voice,) = passage("c42 d~\nd44 e42.").voices.values()
    assert [(sound.top, sound.length / QUARTER) for sound in voice] == [(60, 2), (62, 3), (64, 3)]


def test_a_tie_to_a_part_of_a_chord_begins_a_new_sound() -> None:
    (voice,) = passage("c42_e~ c_e").voices.values()
    assert [(sound.pitches, sound.length / QUARTER) for sound in voice] == [((60, 64), 2), ((60, 64), 2)]


def test_grace_notes_rests_and_unpitched_notes_make_no_sound() -> None:
    (voice,) = passage("c44 r2 d44\nxf44 r2.").voices.values()
    assert [(sound.top, sound.start / QUARTER) for sound in voice] == [(60, 0), (62, 3)]


def test_a_sound_belongs_to_where_it_begins() -> None:
    found = passage("c42 d~\nd42 e", shown=1)
    assert [sound.top for sound in found.old[FIRST]] == [60, 62]
    assert [sound.top for sound in found.new[FIRST]] == [64]
    assert found.new_notes == 1


def test_four_parts_of_single_notes_are_a_quartet() -> None:
    assert four("c51 / g41 / e41 / c31").quartet is not None
    assert four("c51 / g41_b / e41 / c31").quartet is None
    assert passage("c51").quartet is None
