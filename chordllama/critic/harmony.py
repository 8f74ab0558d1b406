"""Keys, tonics and chords of what sounds. Knows pitch classes (0 is C) and the circle of fifths; knows no bars.

Profiles: Krumhansl and Kessler, Psychological Review 89 (1982). Chords are found by the template that best covers what sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from chordllama.score.model import Key

Weights = tuple[float, ...]
"""How long each of the twelve pitch classes sounds, in quarters."""

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
MAJOR_SCALE = frozenset({0, 2, 4, 5, 7, 9, 11})
MINOR_SCALE = frozenset({0, 2, 3, 5, 7, 8, 9, 10, 11})
"""Semitones above the tonic; minor with both sixths and sevenths."""
TEMPLATES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
}


@dataclass(frozen=True, slots=True)
class FoundChord:
    """A chord that was found: the pitch class of its root, its quality (a key of `TEMPLATES`), and the share of what sounds that it covers."""

    root: int
    quality: str
    share: float

    @property
    def function(self) -> tuple[int, bool]:
        """Root and whether the third is minor: what two chords share that are heard as one harmony."""
        return self.root, TEMPLATES[self.quality][1] == 3

    @property
    def tones(self) -> frozenset[int]:
        """The pitch classes in it."""
        return frozenset((self.root + step) % 12 for step in TEMPLATES[self.quality])


@dataclass(frozen=True, slots=True)
class Tonality:
    """A tonic's pitch class, whether the mode is minor, and the key signature in fifths."""

    tonic: int
    minor: bool
    fifths: int

    def name_of(self, pitch: int) -> str:
        """Return what a pitch class is called in this key: F sharp in D major, G flat in D flat major."""
        place = next(place for place in range(self.fifths - 4, self.fifths + 8) if 7 * place % 12 == pitch)
        place += 12 * (place < -7) - 12 * (place > 12)  # nobody speaks of double sharps and flats
        signs, step = divmod(place + 1, 7)
        return "FCGDAEB"[step] + ("", " sharp", " flat")[signs]

    @property
    def triad(self) -> frozenset[int]:
        """The pitch classes of the tonic triad; in minor with either third, for a close may be bright."""
        thirds = (3, 4) if self.minor else (4,)
        return frozenset((self.tonic + step) % 12 for step in (0, *thirds, 7))

    @property
    def dominant(self) -> frozenset[int]:
        """The pitch classes of the dominant seventh chord."""
        return frozenset((self.tonic + step) % 12 for step in (7, 11, 2, 5))

    def leads_home(self, chord: FoundChord) -> bool:
        """Tell whether a chord is the dominant, or the leading tone's chord that stands for it."""
        above = (chord.root - self.tonic) % 12
        return (above == 7 and not chord.function[1]) or (above == 11 and chord.function[1])

    @property
    def scale(self) -> frozenset[int]:
        """The pitch classes of the key; in minor with both sixths and sevenths."""
        return frozenset((self.tonic + step) % 12 for step in (MINOR_SCALE if self.minor else MAJOR_SCALE))


def tonality_of(weights: Sequence[float], key: Key) -> Tonality:
    """Return the tonic of a key signature: its mode's where it tells one, else major's or minor's, whichever fits better what sounds."""
    major, minor = 7 * key.fifths % 12, (7 * key.fifths + 9) % 12
    if key.mode in ("major", "minor"):
        is_minor = key.mode == "minor"
    else:
        is_minor = _likeness(weights, _MINOR, minor) > _likeness(weights, _MAJOR, major)
    return Tonality(minor if is_minor else major, is_minor, key.fifths)


def _likeness(weights: Sequence[float], profile: Sequence[float], tonic: int) -> float:
    """Pearson's correlation of pitch classes with a profile on a tonic."""
    turned = [profile[(pitch - tonic) % 12] for pitch in range(12)]
    mean, middle = sum(weights) / 12, sum(turned) / 12
    above = sum((a - mean) * (b - middle) for a, b in zip(weights, turned, strict=True))
    spread = sqrt(sum((a - mean) ** 2 for a in weights) * sum((b - middle) ** 2 for b in turned))
    return above / spread if spread else 0.0


@lru_cache(maxsize=65536)
def chord_of(weights: Weights, bass: int | None) -> FoundChord | None:
    """Return the chord that best covers what sounds over a bass (a pitch class); None where nothing does."""
    total = sum(weights)
    if not total:
        return None
    best: tuple[float, FoundChord] | None = None
    for root in range(12):
        for quality, steps in TEMPLATES.items():
            covered = sum(weights[(root + step) % 12] for step in steps)
            lacking = sum(1 for step in steps if not weights[(root + step) % 12])
            score = covered / total - 0.12 * lacking - 0.02 * len(steps) + 0.12 * (bass == root) * bool(weights[root])
            if best is None or score > best[0] + 1e-9:
                best = score, FoundChord(root, quality, covered / total)
    return best[1] if best else None
