"""Pitches on the line of fifths, written and sounding. Knows steps, MIDI keys and transpositions; knows no JSON.

A spelling (MuseScore's tpc) is a place on the line of fifths: … F 13, C 14, G 15, … B 19, F sharp 20, …
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chordllama.score.model import SEMITONES, Bar, Chord, Note, Transposition

_STEPS = "FCGDAEB"
_FIRST, _LAST = -1, 33
_CIRCLE = 12
_F = 13


class Shift(NamedTuple):
    """From written to sounding pitch, in semitones and in fifths."""

    chromatic: int
    fifths: int


def shift_of(transposition: Transposition | None) -> Shift:
    """Return what a transposition does to a MIDI key and to a spelling."""
    if transposition is None:
        return Shift(0, 0)
    chromatic = transposition.chromatic + 12 * transposition.octave
    diatonic = transposition.diatonic + 7 * transposition.octave
    return Shift(chromatic, 7 * chromatic - 12 * diatonic)


def written_key(fifths: int, shift: Shift) -> int:
    """Return the key signature that is written where this one sounds."""
    return _near(fifths - shift.fifths, -7, 7)


def _near(place: int, first: int, last: int) -> int:
    """A place on the line of fifths within limits that are at least a circle apart: the enharmonic one where it lies beyond."""
    while place > last:
        place -= _CIRCLE
    while place < first:
        place += _CIRCLE
    return place


def written_of(key: int, tpc: int, shift: Shift) -> tuple[str, int, int] | None:
    """Step, alter and octave of the written note that sounds as this MIDI key and spelling; None where these disagree."""
    tpc = _near(tpc - shift.fifths, _FIRST, _LAST)
    alter, place = divmod(tpc - _F, 7)
    step = _STEPS[place]
    octave, rest = divmod(key - shift.chromatic - alter - SEMITONES[step], 12)
    return (step, alter, octave - 1) if not rest and 0 <= octave - 1 <= 9 else None


def sounding_of(note: Note, shift: Shift) -> tuple[int, int] | None:
    """MIDI key and spelling of a written note as it sounds; None where there's none (quarter tones, keys beyond MIDI's)."""
    if not isinstance(note.alter, int) or abs(note.alter) > 2:
        return None
    key = 12 + 12 * note.octave + SEMITONES[note.step] + note.alter + shift.chromatic
    tpc = _near(_F + _STEPS.index(note.step) + 7 * note.alter + shift.fifths, _FIRST, _LAST)
    return (key, tpc) if 0 <= key <= 127 else None


_VIOLA = 42
_MIDDLE = 57


def clef_for(bars: Sequence[Bar], part: int, staff: int, program: int) -> str:
    """Return a clef in which a staff's notes lie well, for an editor that doesn't tell it."""
    if program == _VIOLA:
        return "C3"
    keys = [
        12 + 12 * note.octave + SEMITONES[note.step]
        for bar in bars
        for row in bar.rows
        if (row.part, row.staff) == (part, staff)
        for item in row.items
        if isinstance(item, Chord)
        for note in item.notes
    ]
    if not keys:
        return "G2" if staff == 1 else "F4"
    return "G2" if sum(keys) / len(keys) >= _MIDDLE else "F4"
