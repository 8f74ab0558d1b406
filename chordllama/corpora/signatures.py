"""What a document is known by again: MinHash signatures of its melodies or words. Knows scores and texts; compares nothing.

The shingles of music are transposition-invariant, being made of intervals: a tune in another key has the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal

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
SHINGLE_WORDS = 3
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_WORD = re.compile(r"\w+")
_APOSTROPHE = re.compile("['’ʼ]")


@dataclass(frozen=True, slots=True)
class Signature:
    """`whole` decides on duplicates, `tune`, `outline` and `words` on works. `hashes`: PERMUTATIONS unsigned 32-bit integers."""

    kind: Kind
    hashes: np.ndarray[Any, Any]


def of_music(scores: Sequence[Score]) -> list[Signature]:
    """A signature of all voices with their rhythm, and two for the melody of each of the first parts that have one."""
    found = []
    whole = {shingle for score in scores for voice in _voices(score).values() for shingle in _rhythmic(voice)}
    if whole:
        found.append(Signature("whole", minhash(whole)))
    for kind in ("tune", "outline"):
        found += islice(_of_melodies(scores, kind), MOST_TUNES)
    return found


def _of_melodies(scores: Sequence[Score], kind: Literal["tune", "outline"]) -> Iterator[Signature]:
    shingles: dict[int, set[Hashable]] = {}
    for score in scores:
        for part, pitches in _melodies(score, kind == "outline").items():
            shingles.setdefault(part, set()).update(runs_of(pitches, INTERVALS[kind]))
    for part in sorted(shingles):
        if len(shingles[part]) >= FEWEST_SHINGLES:
            yield Signature(kind, minhash(shingles[part]))


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
    from datasketch import MinHash

    found = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_hash)
    found.update_batch([repr(shingle).encode() for shingle in shingles])
    return np.asarray(found.hashvalues, dtype=np.uint32)


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=4).digest())


def runs_of(pitches: Sequence[int], length: int) -> set[Hashable]:
    """The runs of so many intervals of a melody; a note that is repeated counts once, and what only trills is no melody."""
    moved = [pitch for place, pitch in enumerate(pitches) if not place or pitch != pitches[place - 1]]
    steps = [after - before for before, after in pairwise(moved)]
    runs = (tuple(steps[place : place + length]) for place in range(len(steps) - length + 1))
    return {run for run in runs if len({abs(step) for step in run}) > 1}


def _rhythmic(voice: Sequence[tuple[int, int]]) -> Iterator[Hashable]:
    """Runs of intervals with the length of each note."""
    for place in range(len(voice) - WHOLE_INTERVALS):
        run = voice[place : place + WHOLE_INTERVALS + 1]
        yield tuple((after[0] - before[0], before[1]) for before, after in pairwise(run))


def _voices(score: Score) -> dict[tuple[int, int, int], list[tuple[int, int]]]:
    """Top pitch and length of each chord, by place."""
    found: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for bar in score.bars:
        for row in bar.rows:
            chords = (item for item in row.items if isinstance(item, Chord) and not item.grace)
            found.setdefault(row.place, []).extend(
                (_top(chord), int(chord.ticks)) for chord in chords if not chord.notes[0].unpitched
            )
    return found


def _melodies(score: Score, on_beats: bool) -> dict[int, list[int]]:
    """The pitches of the first voice on the first staff of each part; a tied note counts once."""
    found: dict[int, list[int]] = {}
    for bar, (length, metre) in zip(score.bars, walk_lengths(score.bars), strict=True):
        for row in bar.rows:
            if (row.staff, row.voice) == (1, 1):
                beat = _beat(metre.time(row.part)) if on_beats else 1
                found.setdefault(row.part, []).extend(_pitches(row, length, beat))
    return found


def _pitches(row: Row, length: Ticks, beat: int) -> Iterator[int]:
    """The top pitches of the chords that begin on a beat."""
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Direction | Harmony):
            continue
        if isinstance(item, Chord) and not item.grace and not item.notes[0].unpitched and not position % beat:
            yield _top(item)
        position += item.ticks if isinstance(item, Chord) else item.duration.ticks if item.duration else length


def _beat(time: Time | None) -> int:
    """Ticks of a beat: three eighths where these go by threes, else a quarter."""
    compound = time is not None and time.beats and time.beats[0][1] == 8 and time.beats[0][0] in ("6", "9", "12")
    return 3 * QUARTER // 2 if compound else QUARTER


def _top(chord: Chord) -> int:
    return max(map(_height, chord.notes))


def _height(note: Note) -> int:
    return int(12 * note.octave + _SEMITONES[note.step] + note.alter)
