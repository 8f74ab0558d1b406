"""How far new bars go from those before them, and what they are made of: pitches, rhythms, keys. Knows passages.

Read every divergence beside the human's: who copies the last bars diverges less than Bach does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise

from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.score.model import QUARTER, Key, Place, Ticks, changes_for
from chordllama.score.voices import Sound

GRID = 12
"""Places in a quarter, to which MusPy's measures round."""
MAJOR = frozenset((0, 2, 4, 5, 7, 9, 11))
MINOR = frozenset((0, 2, 3, 5, 7, 8, 10))
Voices = Mapping[Place, tuple[Sound, ...]]


def divergence(one: Mapping[Hashable, float], other: Mapping[Hashable, float]) -> float:
    """Return the Jensen-Shannon divergence of two histograms, in bits: 0 where they are alike, 1 where they share nothing."""
    sizes = sum(one.values()), sum(other.values())
    found = 0.0
    for key in one.keys() | other.keys():
        p, q = one.get(key, 0) / sizes[0], other.get(key, 0) / sizes[1]
        middle = (p + q) / 2
        found += sum(share * math.log2(share / middle) / 2 for share in (p, q) if share)
    return found


def pitch_divergence(passage: Passage) -> Ratio | None:
    """Between the pitch classes of prompt and new bars."""
    return _divergence(_pitch_classes(passage.old), _pitch_classes(passage.new))


def rhythm_divergence(passage: Passage) -> Ratio | None:
    """Between the durations of prompt and new bars."""
    return _divergence(_durations(passage.old), _durations(passage.new))


def _divergence(old: Counter[Hashable], new: Counter[Hashable]) -> Ratio | None:
    return Ratio(divergence(old, new)) if old and new else None


def _pitch_classes(voices: Voices) -> Counter[Hashable]:
    return Counter(pitch % 12 for pitch in _pitches(voices))


def _durations(voices: Voices) -> Counter[Hashable]:
    return Counter(sound.length for voice in voices.values() for sound in voice)


def _pitches(voices: Voices) -> Iterator[int | Fraction]:
    return (pitch for voice in voices.values() for sound in voice for pitch in sound.pitches)


def notes_in_key(passage: Passage) -> Ratio | None:
    """Count the notes of the new bars that the key signature of the first part, without further accidentals, has."""
    fifths, inside, count = 0, 0, 0
    pitches: list[tuple[Ticks, int | Fraction]] = [
        (sound.start, pitch) for voice in passage.new.values() for sound in voice for pitch in sound.pitches
    ]
    for number, bar in enumerate(passage.score.bars):
        start, end = passage.starts[number : number + 2]
        fifths = next((key.fifths for _, key in changes_for(bar.keys, 0) if isinstance(key, Key)), fifths)
        own = [pitch for at, pitch in pitches if start <= at < end]
        inside += sum((pitch - 7 * fifths) % 12 in MAJOR for pitch in own)
        count += len(own)
    return Ratio(inside, count) if count else None


def small_steps(passage: Passage) -> Ratio | None:
    """Melodic intervals of at most two semitones, of all between neighbouring notes of the new bars' voices."""
    steps = [
        -2 <= after.top - before.top <= 2
        for voice in passage.new.values()
        for before, after in pairwise(voice)
        if before.end == after.start
    ]
    return Ratio(sum(steps), len(steps)) if steps else None


# ------------------------------------------------------------------------------------------------------ MusPy's three
# Formulae as in muspy.metrics (Dong et al., ISMIR 2020; docs: salu133445.github.io/muspy/metrics.html). MusPy itself isn't
# asked, since it brings a dozen packages along and would have to get each passage as a file.


def pitch_class_entropy(passage: Passage) -> Ratio | None:
    """Return the Shannon entropy of the new bars' pitch classes, in bits."""
    counts = _pitch_classes(passage.new)
    shares = [count / counts.total() for count in counts.values()]
    return Ratio(-sum(share * math.log2(share) for share in shares)) if shares else None


def scale_consistency(passage: Passage) -> Ratio | None:
    """Return the largest share of notes that one major or natural minor scale has."""
    counts = _pitch_classes(passage.new)
    if not counts:
        return None
    inside = max(
        sum(count for pitch, count in counts.items() if _above(pitch, root) in scale)
        for scale in (MAJOR, MINOR)
        for root in range(12)
    )
    return Ratio(inside / counts.total())


def _above(pitch: Hashable, root: int) -> int | Fraction:
    assert isinstance(pitch, int | Fraction)
    return (pitch - root) % 12


def groove_consistency(passage: Passage) -> Ratio | None:
    """Return one minus the mean share of places in which the onsets of neighbouring new bars of the same length differ."""
    grooves = [_onsets(passage, bar) for bar in range(passage.shown, len(passage.score.bars))]
    pairs = [(one, other) for one, other in pairwise(grooves) if one[1] == other[1]]
    if not pairs:
        return None
    return Ratio(sum(1 - len(one[0] ^ other[0]) / one[1] for one, other in pairs), len(pairs))


def _onsets(passage: Passage, bar: int) -> tuple[frozenset[int], int]:
    """The places of a bar at which something begins, and how many places it has."""
    start, end = passage.starts[bar], passage.starts[bar + 1]
    onsets = {
        _place(sound.start - start) for voice in passage.new.values() for sound in voice if start <= sound.start < end
    }
    return frozenset(onsets), max(1, _place(end - start))


def _place(length: Ticks) -> int:
    return round(Fraction(length) * GRID / QUARTER)
