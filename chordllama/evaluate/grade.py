"""How near four-part music comes to the chorales that it is held against, after "Bach or Mock?" (Fang et al. 2020, arXiv 2006.13329).

Nine features: notes by degree, rhythms, parallels, kinds of harmonies, the intervals of each voice, repeated runs. Each is a
Wasserstein distance between histograms; the grade is their sum, and lower is better. What differs from the paper: pieces may be
excerpts, whose key is taken from the prompt (Krumhansl's profiles); a harmony's kind is its pitch classes up to transposition;
parallels are their rate beside that of the chorales; a repeated run is told by its length in notes. So grades are to be read
beside the human's own, and not beside the paper's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chordllama.evaluate.copying import melodies_of
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.parallels_measure import SIXTEENTH
from chordllama.evaluate.passage import Passage
from chordllama.score.voices import Sound, count_parallels

Histogram = Counter[Hashable]
PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""How well each degree fits into a key (Krumhansl 1990, table 2.1)."""
VOICES = ("soprano", "alto", "tenor", "bass")


class KeyFound(NamedTuple):
    """A tonic's pitch class and a mode."""

    tonic: int
    mode: str


def key_of(voices: Iterable[Sequence[Sound]]) -> KeyFound:
    """Return the key whose profile is likest to how long each pitch class sounds."""
    lengths = np.zeros(12)
    for voice in voices:
        for sound in voice:
            for pitch in sound.pitches:
                lengths[int(pitch) % 12] += float(sound.length)
    keys = [KeyFound(tonic, mode) for mode in PROFILES for tonic in range(12)]
    if not lengths.std():
        return keys[0]
    return max(keys, key=lambda key: float(np.corrcoef(np.roll(PROFILES[key.mode], key.tonic), lengths)[0, 1]))


def distance(found: Mapping[Hashable, float], wanted: Counter[Hashable]) -> float:
    """Return the Wasserstein distance of two histograms over their keys' ranks: the commonest of `wanted` first, what it lacks last."""
    lacking = sorted((key for key in found if key not in wanted), key=lambda key: found[key])
    keys = [key for key, _ in wanted.most_common()] + lacking
    return _moved([found.get(key, 0) for key in keys], [wanted.get(key, 0) for key in keys])


def _moved(found: Sequence[float], wanted: Sequence[float]) -> float:
    """How much has to be moved, and how far, to make one row of weights the other."""
    one, other = np.array(found, dtype=float), np.array(wanted, dtype=float)
    if not one.sum() or not other.sum():
        return 0.0
    return float(np.abs(np.cumsum(one / one.sum() - other / other.sum())).sum())


# -------------------------------------------------------------------------------------------------------------- features


@dataclass(frozen=True)
class Features:
    """The histograms of a piece's new bars."""

    passage: Passage

    @cached_property
    def key(self) -> KeyFound:
        return key_of(self.passage.old.values() if self.passage.shown else self.passage.new.values())

    @cached_property
    def notes(self) -> Histogram:
        """Sixteenths on each degree above the tonic."""
        found: Histogram = Counter()
        for voice in self.passage.new.values():
            for sound in voice:
                found[(sound.top - self.key.tonic) % 12] += max(1, int(sound.length / SIXTEENTH))
        return found

    @cached_property
    def rhythm(self) -> Histogram:
        return Counter(sound.length for voice in self.passage.new.values() for sound in voice)

    @cached_property
    def harmony(self) -> Histogram:
        """The kinds of harmonies at each moment at which a voice begins a note."""
        voices = list(self.passage.new.values())
        moments = sorted({sound.start for voice in voices for sound in voice})
        return Counter(_kind(_sounding(voices, moment)) for moment in moments)

    def intervals(self, voice: int) -> Histogram:
        """Return the directed intervals of a voice, in semitones."""
        sounds = list(self.passage.new.values())[voice]
        return Counter(after.top - before.top for before, after in pairwise(sounds) if before.end == after.start)

    @cached_property
    def repeats(self) -> Histogram:
        """For each step of each voice, how many steps from there on stood in it before."""
        return Counter(
            size for voice in self.passage.new.values() for melody in melodies_of(voice) for size in _repeats(melody)
        )

    @cached_property
    def parallels(self) -> int:
        quartet = self.passage.quartet
        return sum(count_parallels(quartet, self.passage.border).values()) if quartet else 0


def _sounding(voices: Iterable[Sequence[Sound]], moment: int | Fraction) -> set[int]:
    return {int(sound.top) % 12 for voice in voices for sound in voice if sound.start <= moment < sound.end}


def _kind(classes: set[int]) -> tuple[int, ...]:
    """Pitch classes up to transposition, as closely as they can lie: a major triad is (0, 4, 7), a minor one (0, 3, 7)."""
    ways = (tuple(sorted((other - root) % 12 for other in classes)) for root in classes)
    return min(ways, key=lambda way: (way[-1], way))


def _repeats(melody: Sequence[Hashable]) -> Iterator[int]:
    for place in range(len(melody)):
        yield max((_same(melody, before, place) for before in range(place)), default=0)


def _same(melody: Sequence[Hashable], before: int, place: int) -> int:
    size = 0
    while place + size < len(melody) and melody[before + size] == melody[place + size]:
        size += 1
    return size


# ----------------------------------------------------------------------------------------------------------------- grades


class Grader:
    """Grades by the chorales that it has seen."""

    def __init__(self, chorales: Iterable[Passage]) -> None:
        self._notes: dict[str, Histogram] = {mode: Counter() for mode in PROFILES}
        self._harmony: dict[str, Histogram] = {mode: Counter() for mode in PROFILES}
        self._intervals: dict[str, list[Histogram]] = {mode: [Counter() for _ in VOICES] for mode in PROFILES}
        self._rhythm: Histogram = Counter()
        self._repeats: Histogram = Counter()
        self._parallels = self._count = 0
        self._last: tuple[Passage, dict[str, float] | None] | None = None
        for chorale in chorales:
            self._see(Features(chorale))

    def _see(self, features: Features) -> None:
        mode = features.key.mode
        self._notes[mode].update(features.notes)
        self._harmony[mode].update(features.harmony)
        for voice, seen in enumerate(self._intervals[mode]):
            seen.update(features.intervals(voice))
        self._rhythm.update(features.rhythm)
        self._repeats.update(features.repeats)
        self._parallels += features.parallels
        self._count += features.passage.new_notes

    def grades(self, passage: Passage) -> dict[str, float] | None:
        """Return the nine distances; None for what isn't in four voices, each of which has notes, and where no chorale was seen."""
        if self._last is None or self._last[0] is not passage:  # several measures ask about the same passage
            self._last = passage, self._graded(passage)
        return self._last[1]

    def _graded(self, passage: Passage) -> dict[str, float] | None:
        if passage.quartet is None or not all(passage.new.values()) or not self._count:
            return None
        features = Features(passage)
        mode = features.key.mode
        rate = self._parallels / self._count or 1.0
        found = {
            "notes": distance(features.notes, self._notes[mode]),
            "rhythm": distance(features.rhythm, self._rhythm),
            "parallels": features.parallels / passage.new_notes / rate,
            "harmony": distance(features.harmony, self._harmony[mode]),
            "repeats": _by_length(features.repeats, self._repeats),
        }
        for number, name in enumerate(VOICES):
            found[name] = distance(features.intervals(number), self._intervals[mode][number])
        return found

    def grade(self, passage: Passage) -> Ratio | None:
        """Return the sum of the nine."""
        found = self.grades(passage)
        return Ratio(sum(found.values())) if found else None

    def part(self, name: str) -> Callable[[Passage], Ratio | None]:
        """Return one of the nine as a measure."""

        def graded(passage: Passage) -> Ratio | None:
            found = self.grades(passage)
            return Ratio(found[name]) if found else None

        return graded


def _by_length(found: Histogram, wanted: Histogram) -> float:
    """The distance over the lengths themselves, in steps."""
    longest = max((size for size in (*found, *wanted) if isinstance(size, int)), default=0)
    return _moved([found[size] for size in range(longest + 1)], [wanted[size] for size in range(longest + 1)])
