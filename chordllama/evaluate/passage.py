"""Music that was shown and what follows it, as sounding notes voice by voice. Knows the score model; measures nothing.

The human's continuation, a model's and a floor's are passages alike, so that all are measured by the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from chordllama.score import Chord, Direction, Harmony, Note, Row, Score, Ticks

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
Place = tuple[int, int, int]
"""Part (from 0), staff and voice (from 1)."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What a voice sounds from `start` (ticks after the passage's beginning) on: MIDI pitches, lowest first; ties are merged.

    `tied` are the pitches that go on in the voice's next chord; `held`: it has a fermata, with which a phrase ends.
    """

    start: Ticks
    length: Ticks
    pitches: tuple[int | Fraction, ...]
    tied: frozenset[int | Fraction] = frozenset()
    held: bool = False

    @property
    def end(self) -> Ticks:
        return self.start + self.length

    @property
    def top(self) -> int | Fraction:
        return self.pitches[-1]


@dataclass(frozen=True)
class Passage:
    """A score of which the first `shown` bars are the prompt and the others what is measured."""

    score: Score
    shown: int

    @cached_property
    def starts(self) -> tuple[Ticks, ...]:
        """Where each bar begins, and where the last one ends."""
        return tuple(accumulate(self.score.bar_lengths, initial=0))

    @property
    def border(self) -> Ticks:
        """Where the new bars begin."""
        return self.starts[self.shown]

    @cached_property
    def voices(self) -> dict[Place, tuple[Sound, ...]]:
        """All sounds by voice; grace notes and unpitched notes are left out."""
        found: dict[Place, list[Sound]] = {}
        for bar, start, length in zip(self.score.bars, self.starts, self.score.bar_lengths, strict=False):
            for row in bar.rows:
                voice = found.setdefault(row.place, [])
                for sound in _sounds(row, start, length):
                    _add(voice, sound)
        return {place: tuple(found[place]) for place in sorted(found)}

    @cached_property
    def old(self) -> dict[Place, tuple[Sound, ...]]:
        """The sounds that begin in the prompt."""
        return {place: tuple(s for s in voice if s.start < self.border) for place, voice in self.voices.items()}

    @cached_property
    def new(self) -> dict[Place, tuple[Sound, ...]]:
        """The sounds that begin in the new bars."""
        return {place: tuple(s for s in voice if s.start >= self.border) for place, voice in self.voices.items()}

    @cached_property
    def quartet(self) -> tuple[tuple[Sound, ...], ...] | None:
        """The voices from top to bottom, if they are four parts of one note at a time; else None."""
        if len(self.score.parts) != 4 or set(self.voices) != {(part, 1, 1) for part in range(4)}:
            return None
        return (
            None
            if any(len(s.pitches) > 1 for voice in self.voices.values() for s in voice)
            else tuple(self.voices.values())
        )

    @property
    def new_notes(self) -> int:
        """The sounding notes of the new bars."""
        return count_notes(self.new)


def count_notes(voices: dict[Place, tuple[Sound, ...]]) -> int:
    """How many notes sound in some voices."""
    return sum(len(sound.pitches) for voice in voices.values() for sound in voice)


def pitch_of(note: Note) -> int | Fraction:
    """A note's MIDI pitch as it is written."""
    return 12 * (note.octave + 1) + SEMITONES[note.step] + note.alter


def _sounds(row: Row, start: Ticks, bar: Ticks) -> Iterator[Sound]:
    for item in row.items:
        if isinstance(item, Direction | Harmony):
            continue
        length = item.ticks if isinstance(item, Chord) else item.duration.ticks if item.duration else bar
        if isinstance(item, Chord) and length and not item.notes[0].unpitched:
            tied = frozenset(pitch_of(note) for note in item.notes if note.has("tie"))
            held = any(note.has("fermata") for note in item.notes)
            yield Sound(start, length, tuple(sorted(map(pitch_of, item.notes))), tied, held)
        start += length


def _add(voice: list[Sound], sound: Sound) -> None:
    """Add a sound, or lengthen the last one where all of it is tied to this one."""
    last = voice[-1] if voice else None
    if last and last.end == sound.start and last.tied == set(last.pitches) == set(sound.pitches):
        voice[-1] = Sound(last.start, last.length + sound.length, sound.pitches, sound.tied, last.held or sound.held)
    else:
        voice.append(sound)
