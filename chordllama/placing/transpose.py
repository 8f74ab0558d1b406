"""Transposition of scores, with the right spelling. Knows the circle of fifths and no files.

A written pitch is a place on the line of fifths (… B♭ F C G D …) and an octave; to transpose is to move along that line.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from chordllama.codec.whitelist import HARMONY_KINDS
from chordllama.codec.words.key_words import format_key, parse_key
from chordllama.score.model import SEMITONES, Bar, Change, Chord, Direction, Harmony, Item, Key, Note, Row, Score, Tone

_LINE = "FCGDAEB"
MOST_FIFTHS = 7
MOST_ALTER = 2


class CannotTranspose(ValueError):
    """The score would need more sharps or flats than are written."""


def transpose(score: Score, fifths: int) -> Score:
    """Return the score moved `fifths` places along the circle of fifths, up or down, whichever is nearer (at most a tritone).

    Raises:
        CannotTranspose: a key would have more than seven signs, or a note more than two, or leave the octaves 0 to 9.
    """
    return replace(score, bars=tuple(_bar(bar, fifths) for bar in score.bars)) if fifths else score


def semitones(fifths: int) -> int:
    """Return how far pitches move: from -6 to +5 semitones."""
    return (7 * fifths + 6) % 12 - 6


def _bar(bar: Bar, fifths: int) -> Bar:
    rows = tuple(
        Row(row.part, row.staff, row.voice, tuple(moved_item(item, fifths) for item in row.items)) for row in bar.rows
    )
    return replace(bar, rows=rows, keys=tuple(_change(change, fifths) for change in bar.keys))


def _change(change: Change, fifths: int) -> Change:
    if not isinstance(change.value, Key):
        return change
    return replace(change, value=moved_key(change.value, fifths))


def moved_key(key: Key, fifths: int) -> Key:
    """Return a key signature moved along the circle of fifths. Raises CannotTranspose where it would have more than seven signs."""
    moved = key.fifths + fifths
    if key.alters:
        raise CannotTranspose("a key that isn't on the circle of fifths")
    if abs(moved) > MOST_FIFTHS:
        raise CannotTranspose(f"a key of {abs(moved)} {'sharps' if moved > 0 else 'flats'}")
    return replace(key, fifths=moved)


def moved_item(item: Item, fifths: int) -> Item:
    """Return a note, chord symbol or sign moved along the circle of fifths."""
    if isinstance(item, Chord):
        return replace(item, notes=tuple(_note(note, fifths) for note in item.notes))
    if isinstance(item, Direction) and item.name == "key":
        return replace(item, value=format_key(moved_key(parse_key(item.value), fifths)))
    if isinstance(item, Harmony):
        bass = _tone(item.bass, fifths) if item.bass else None
        return replace(item, root=_tone(item.root, fifths), bass=bass, text=HARMONY_KINDS[item.kind])
    return item


def _note(note: Note, fifths: int) -> Note:
    if note.unpitched:
        return note
    step, alter, octave = _pitch(note.step, note.alter, note.octave, fifths)
    return Note(step, octave, alter, False, note.marks)


@lru_cache(maxsize=65536)
def _pitch(step: str, alter: int | Fraction, octave: int, fifths: int) -> tuple[str, int | Fraction, int]:
    new_step, new_alter = _spell(step, alter, fifths)
    height = 12 * octave + SEMITONES[step] + alter + semitones(fifths)
    new_octave = (height - new_alter - SEMITONES[new_step]) / Fraction(12)
    if new_octave.denominator != 1 or not 0 <= new_octave <= 9:
        raise CannotTranspose(f"a note in octave {new_octave}")
    return new_step, new_alter, int(new_octave)


def _spell(step: str, alter: int | Fraction, fifths: int) -> tuple[str, int | Fraction]:
    signs, place = divmod(_LINE.index(step) + fifths, 7)
    moved = alter + signs
    if max(moved, -moved) > MOST_ALTER:
        raise CannotTranspose(f"a note with {max(moved, -moved)} signs")
    return _LINE[place], moved


def _tone(tone: Tone, fifths: int) -> Tone:
    step, alter = _spell(tone.step, tone.alter, fifths)
    return Tone(step, int(alter))
