"""What each voice of some bars sounds, and where two voices run in parallel. Knows the score model; knows no file and no text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, combinations, pairwise

from chordllama.score.editing import timed
from chordllama.score.model import Bar, Chord, Place, Row, Ticks

OCTAVE, FIFTH = 0, 7


@dataclass(frozen=True, slots=True)
class Sound:
    """What a voice sounds from `start` (ticks after the first bar's beginning) on: MIDI pitches, lowest first; ties are merged.

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


Voice = tuple[Sound, ...]


def voices_of(bars: Sequence[Bar], lengths: Sequence[Ticks]) -> dict[Place, Voice]:
    """Return all sounds of some bars with their lengths, by voice; grace notes and unpitched notes are left out."""
    found: dict[Place, list[Sound]] = {}
    for bar, start, length in zip(bars, accumulate(lengths, initial=0), lengths, strict=False):
        for row in bar.rows:
            voice = found.setdefault(row.place, [])
            for sound in _sounds(row, start, length):
                _add(voice, sound)
    return {place: tuple(found[place]) for place in sorted(found)}


def count_notes(voices: Iterable[Voice]) -> int:
    """Return how many notes sound in some voices."""
    return sum(len(sound.pitches) for voice in voices for sound in voice)


def _sounds(row: Row, start: Ticks, bar: Ticks) -> Iterator[Sound]:
    for onset, item in timed(row, bar):
        if isinstance(item, Chord) and item.ticks and not item.notes[0].unpitched:
            tied = frozenset(12 + note.height for note in item.notes if note.has("tie"))
            held = any(note.has("fermata") for note in item.notes)
            pitches = tuple(sorted(12 + note.height for note in item.notes))
            yield Sound(start + onset, item.ticks, pitches, tied, held)


def _add(voice: list[Sound], sound: Sound) -> None:
    """Add a sound, or lengthen the last one where all of it is tied to this one."""
    last = voice[-1] if voice else None
    if last and last.end == sound.start and last.tied == set(last.pitches) == set(sound.pitches):
        voice[-1] = Sound(last.start, last.length + sound.length, sound.pitches, sound.tied, last.held or sound.held)
    else:
        voice.append(sound)


# ------------------------------------------------------------------------------------------------------------ parallels

Moves = dict[Ticks, tuple[Sound, Sound]]
"""A voice's steps from note to note without a rest between them, by the moment of the second one."""


def count_parallels(voices: Iterable[Voice], border: Ticks = 0) -> Counter[int]:
    """Return how many parallel octaves (0, unisons too) and fifths (7) there are that end at `border` or after it.

    Of any two voices, where both go on to new notes at the same time, in the same direction, from one such interval to the same;
    not from one phrase to the next, that is after a fermata.
    """
    moves = [_moves(voice, border) for voice in voices]
    return Counter(kind for upper, lower in combinations(moves, 2) for kind in _parallels(upper, lower))


def _moves(voice: Voice, border: Ticks) -> Moves:
    return {
        after.start: (before, after)
        for before, after in pairwise(voice)
        if before.end == after.start and after.start >= border
    }


def _parallels(upper: Moves, lower: Moves) -> Iterator[int]:
    for moment in upper.keys() & lower.keys():
        (high, higher), (low, lower_) = upper[moment], lower[moment]
        if high.held or low.held:
            continue
        same_way = (higher.top - high.top) * (lower_.top - low.top) > 0
        interval = (high.top - low.top) % 12
        if same_way and interval in (OCTAVE, FIFTH) and interval == (higher.top - lower_.top) % 12:
            yield int(interval)
