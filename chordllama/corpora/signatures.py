"""What a document is known by again: MinHash signatures of its melodies or words. Knows scores and texts; compares nothing.

The shingles of music are transposition-invariant, being made of intervals: a tune in another key has the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from chordllama.score import QUARTER, Chord, Direction, Harmony, Note, Row, Score, Ticks, Time, walk_lengths

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["whole", "tune", "outline", "words"]
KINDS: tuple[Kind, ...] = ("whole", "tune", "outline", "words")
PERMUTATIONS = 128
INTERVALS = {"tune": 6, "outline": 5}
"""Intervals in a shingle of a melody. An outline has the notes on beats only: passing notes don't hide that a tune is the same."""
WHOLE_INTERVALS = 3
FEWEST_SHINGLES = 12
"""What has fewer is a figure and no tune: too many works would share it."""
MOST_TUNES = 4
MELODY = (1, 1)
"""Staff and voice of a part's melody."""
SHINGLE_WORDS = 3
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_WORD = re.compile(r"\w+")
_APOSTROPHE = re.compile("['’ʼ]")


@dataclass(frozen=True, slots=True)
class Signature:
    """`whole` decides on duplicates, `tune`, `outline` and `words` on works. `hashes`: PERMUTATIONS unsigned 32-bit integers."""

    kind: Kind
    hashes: np.ndarray[Any, Any]


class Tone(NamedTuple):
    """A chord as a melody has it: its top pitch in semitones, its length in ticks, and whether it begins on a beat."""

    pitch: int
    ticks: int
    on_beat: bool


Voices = dict[tuple[int, int, int], list[Tone]]
"""By part, staff and voice."""


def of_music(scores: Sequence[Score]) -> list[Signature]:
    """A signature of all voices with their rhythm, and two for the melody of each of the first parts that have one."""
    found, voices = [], [_voices(score) for score in scores]
    whole = {shingle for own in voices for voice in own.values() for shingle in _rhythmic(voice)}
    if whole:
        found.append(Signature("whole", minhash(whole)))
    for kind in ("tune", "outline"):
        found += islice(_of_melodies(voices, kind), MOST_TUNES)
    return found


def _of_melodies(voices: Sequence[Voices], kind: Literal["tune", "outline"]) -> Iterator[Signature]:
    """The signatures of the first voice on the first staff of each part, if it has a melody."""
    for place in sorted({place for own in voices for place in own if place[1:] == MELODY}):
        shingles: set[Hashable] = set()
        for own in voices:
            pitches = [tone.pitch for tone in own.get(place, ()) if tone.on_beat or kind == "tune"]
            shingles |= runs_of(pitches, INTERVALS[kind])
        if len(shingles) >= FEWEST_SHINGLES:
            yield Signature(kind, minhash(shingles))


def of_text(texts: Sequence[str]) -> list[Signature]:
    """A signature of all words, and one of those of each text: a chapter in another book makes both books one work."""
    return [
        Signature("whole", minhash(_word_shingles(" ".join(texts)))),
        *(Signature("words", minhash(_word_shingles(text))) for text in texts),
    ]


def _word_shingles(text: str) -> set[Hashable]:
    """Runs of words, whatever their capitals, apostrophes and signs between them."""
    words = _WORD.findall(_APOSTROPHE.sub("", text).casefold())
    return {tuple(words[place : place + SHINGLE_WORDS]) for place in range(max(1, len(words) - SHINGLE_WORDS + 1))}


def minhash(shingles: Iterable[Hashable]) -> np.ndarray[Any, Any]:
    """The MinHash of a set, by datasketch."""
    import numpy as np

    found = _empty_minhash().copy()
    found.update_batch(list(shingles))
    return np.asarray(found.hashvalues, dtype=np.uint32)


@lru_cache(maxsize=1)
def _empty_minhash() -> Any:
    """That of no shingle; to draw its permutations anew for each document takes as long as the rest."""
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_hash)


@lru_cache(maxsize=1 << 16)
def _hash(shingle: Hashable) -> int:
    return int.from_bytes(hashlib.blake2b(repr(shingle).encode(), digest_size=4).digest())


def runs_of(pitches: Sequence[int], length: int) -> set[Hashable]:
    """The runs of so many intervals of a melody; a note that is repeated counts once, and what only trills is no melody."""
    moved = [pitch for place, pitch in enumerate(pitches) if not place or pitch != pitches[place - 1]]
    steps = [after - before for before, after in pairwise(moved)]
    runs = (tuple(steps[place : place + length]) for place in range(len(steps) - length + 1))
    return {run for run in runs if len({abs(step) for step in run}) > 1}


def _rhythmic(voice: Sequence[Tone]) -> Iterator[Hashable]:
    """Runs of intervals with the length of each note."""
    steps = [(after.pitch - before.pitch, before.ticks) for before, after in pairwise(voice)]
    return (tuple(steps[place : place + WHOLE_INTERVALS]) for place in range(len(steps) - WHOLE_INTERVALS + 1))


def _voices(score: Score) -> Voices:
    """The chords of each voice by its place, one bar after the other."""
    found: Voices = {}
    for bar, (length, metre) in zip(score.bars, walk_lengths(score.bars), strict=True):
        for row in bar.rows:
            beat = _beat(metre.time(row.part)) if row.place[1:] == MELODY else 1
            found.setdefault(row.place, []).extend(_tones(row, length, beat))
    return found


def _tones(row: Row, length: Ticks, beat: int) -> Iterator[Tone]:
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Direction | Harmony):
            continue
        if isinstance(item, Chord) and not item.grace and not item.notes[0].unpitched:
            yield Tone(max(map(_height, item.notes)), int(item.ticks), not position % beat)
        position += item.ticks if isinstance(item, Chord) else item.duration.ticks if item.duration else length


def _beat(time: Time | None) -> int:
    """Ticks of a beat: three eighths where these go by threes, else a quarter."""
    compound = time is not None and time.beats and time.beats[0][1] == 8 and time.beats[0][0] in ("6", "9", "12")
    return 3 * QUARTER // 2 if compound else QUARTER


def _height(note: Note) -> int:
    return int(12 * note.octave + _SEMITONES[note.step] + note.alter)
