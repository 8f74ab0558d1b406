"""How four voices go together: parallels, crossings, distances, ranges. Knows passages of four parts.

The rules are our own, so every value is to be read beside the human's, by the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.score.model import QUARTER
from chordllama.score.voices import Voice, count_parallels

SIXTEENTH = QUARTER // 4
RANGES = ((57, 81), (53, 74), (48, 69), (36, 64))
"""Lowest and highest MIDI pitch of soprano, alto, tenor and bass in music21's four-part chorales."""
FAR = 12
"""Semitones between soprano and alto, or alto and tenor, beyond which they are far from each other."""


def parallels(passage: Passage) -> Ratio | None:
    """Parallel fifths, octaves and unisons (see `count_parallels`) for each 1,000 notes of the new bars."""
    voices = passage.quartet
    if voices is None or not passage.new_notes:
        return None
    return Ratio(sum(count_parallels(voices, passage.border).values()), passage.new_notes / 1000)


def crossings(passage: Passage) -> Ratio | None:
    """Count the sixteenths of the new bars in which a voice is above its upper neighbour, of all in which something sounds."""
    return _share(passage, lambda upper, lower: upper < lower, range(3))


def wide_gaps(passage: Passage) -> Ratio | None:
    """Count the sixteenths of the new bars in which soprano and alto, or alto and tenor, are more than an octave apart."""
    return _share(passage, lambda upper, lower: upper - lower > FAR, range(2))


def _share(passage: Passage, holds: Callable[[int | Fraction, int | Fraction], bool], pairs: range) -> Ratio | None:
    moments = list(_moments(passage))
    found = sum(
        any(
            (upper := pitches[pair]) is not None and (lower := pitches[pair + 1]) is not None and holds(upper, lower)
            for pair in pairs
        )
        for pitches in moments
    )
    return Ratio(found, len(moments)) if moments else None


def _moments(passage: Passage) -> Iterator[tuple[int | Fraction | None, ...]]:
    """The pitches of the four voices at each sixteenth of the new bars."""
    if passage.quartet is None:
        return
    moment = passage.border
    places = [0, 0, 0, 0]
    while moment < passage.starts[-1]:
        pitches = tuple(_at(voice, moment, places, number) for number, voice in enumerate(passage.quartet))
        if any(pitch is not None for pitch in pitches):
            yield pitches
        moment += SIXTEENTH


def _at(voice: Voice, moment: int | Fraction, places: list[int], number: int) -> int | Fraction | None:
    while places[number] < len(voice) and voice[places[number]].end <= moment:
        places[number] += 1
    if places[number] == len(voice):
        return None
    sound = voice[places[number]]
    return sound.top if sound.start <= moment else None


def out_of_range(passage: Passage) -> Ratio | None:
    """Count the notes of the new bars outside of their voice's range (`RANGES`)."""
    if passage.quartet is None:
        return None
    voices = zip(passage.new.values(), RANGES, strict=True)
    outside = sum(not low <= sound.top <= high for voice, (low, high) in voices for sound in voice)
    return Ratio(outside, passage.new_notes) if passage.new_notes else None
