"""What a document is known by again: MinHash signatures of its melodies or words. Knows scores and texts; compares nothing.

The shingles of music are transposition-invariant, being made of intervals: a tune in another key has the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal

from chordllama.score.model import QUARTER, Chord, Note, Place, Rest, Row, Score, Spacer, Ticks, Time, walk_lengths

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
AT_ONCE = 256
"""Shingles that are hashed together: what their permutations take stays in the processor's cache."""
_WORD = re.compile(r"\w+")
_APOSTROPHE = re.compile("['’ʼ]")


@dataclass(frozen=True, slots=True)
class MinHashSignature:
    """`whole` decides on duplicates, `tune`, `outline` and `words` on works. `hashes`: PERMUTATIONS unsigned 32-bit integers."""

    kind: Kind
    hashes: np.ndarray[Any, Any]


@dataclass(slots=True)
class Voice:
    """The top pitch (in semitones) and the length (in ticks) of each chord of a voice, and which of them begin on a beat."""

    pitches: list[int] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    on_beat: list[int] = field(default_factory=list)


Voices = dict[Place, Voice]


def of_music(scores: Sequence[Score]) -> list[MinHashSignature]:
    """Return a signature of all voices with their rhythm, and two for the melody of each of the first parts that have one."""
    found, voices = [], [_voices(score) for score in scores]
    whole = {shingle for own in voices for voice in own.values() for shingle in _rhythmic(voice)}
    if whole:
        found.append(MinHashSignature("whole", minhash(whole)))
    for kind in ("tune", "outline"):
        found += islice(_of_melodies(voices, kind), MOST_TUNES)
    return found


def _of_melodies(voices: Sequence[Voices], kind: Literal["tune", "outline"]) -> Iterator[MinHashSignature]:
    """The signatures of the first voice on the first staff of each part, if it has a melody."""
    for place in sorted({place for own in voices for place in own if place[1:] == MELODY}):
        shingles: set[str] = set()
        for own in voices:
            if voice := own.get(place):
                pitches = voice.pitches if kind == "tune" else [voice.pitches[chord] for chord in voice.on_beat]
                shingles |= runs_of(pitches, INTERVALS[kind])
        if len(shingles) >= FEWEST_SHINGLES:
            yield MinHashSignature(kind, minhash(shingles))


def of_text(texts: Sequence[str]) -> list[MinHashSignature]:
    """Return a signature of all words, and one of those of each text: a chapter in another book makes both books one work."""
    return [
        MinHashSignature("whole", minhash(_word_shingles(" ".join(texts)))),
        *(MinHashSignature("words", minhash(_word_shingles(text))) for text in texts),
    ]


def _word_shingles(text: str) -> set[str]:
    """Runs of words, whatever their capitals, apostrophes and signs between them."""
    words = _WORD.findall(_APOSTROPHE.sub("", text).casefold())
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return {repr(tuple(words[place : place + SHINGLE_WORDS])) for place in range(last)}


def minhash(shingles: Iterable[str]) -> np.ndarray[Any, Any]:
    """Return the MinHash of a set, by datasketch."""
    import numpy as np

    found, left = _empty_minhash().copy(), iter(shingles)
    while some := list(islice(left, AT_ONCE)):
        found.update_batch(some)
    return np.asarray(found.hashvalues, dtype=np.uint32)


@lru_cache(maxsize=1)
def _empty_minhash() -> Any:
    """That of no shingle; to draw its permutations anew for each document takes as long as the rest."""
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=_hash)


def _hash(shingle: str) -> int:
    return int.from_bytes(blake2b(shingle.encode(), digest_size=4).digest())


def runs_of(pitches: Sequence[int], length: int) -> set[str]:
    """Return the runs of so many intervals of a melody; a note that is repeated counts once, and what only trills is no melody."""
    steps = [after - before for before, after in pairwise(pitches) if after != before]
    names = list(map(str, steps))
    return {
        f"({', '.join(names[end - length : end])})"
        for end, alike in enumerate(_alike(steps), 1)
        if end >= length > alike
    }


def _alike(steps: Iterable[int]) -> Iterator[int]:
    """For each interval how many in a row, itself the last of them, are as wide as it is."""
    count, wide = 0, 0
    for step in map(abs, steps):
        count, wide = (count + 1 if step == wide else 1), step
        yield count


def _rhythmic(voice: Voice) -> Iterator[str]:
    """Runs of intervals with the length of each note."""
    steps = [
        f"({after - before}, {ticks})"
        for (before, after), ticks in zip(pairwise(voice.pitches), voice.ticks, strict=False)
    ]
    return (
        f"({', '.join(steps[place : place + WHOLE_INTERVALS])})" for place in range(len(steps) - WHOLE_INTERVALS + 1)
    )


def _voices(score: Score) -> Voices:
    """The chords of each voice by its place, one bar after the other."""
    found: Voices = {}
    for bar, (length, metre) in zip(score.bars, walk_lengths(score.bars), strict=True):
        for row in bar.rows:
            place = row.place
            if place not in found:
                found[place] = Voice()
            _listen(found[place], row, length, _beat(metre.time(row.part)) if place[1:] == MELODY else 0)
    return found


def _listen(voice: Voice, row: Row, length: Ticks, beat: int) -> None:
    """Add a row's chords to its voice; without a beat it isn't asked which begin on one."""
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Chord):
            if item.grace:
                continue
            ticks, notes = item.duration.ticks, item.notes
            if not notes[0].unpitched:
                if beat and not position % beat:
                    voice.on_beat.append(len(voice.pitches))
                voice.pitches.append(_height(notes[0]) if len(notes) == 1 else max(map(_height, notes)))
                voice.ticks.append(int(ticks))
            position += ticks
        elif isinstance(item, Rest | Spacer):
            position += item.duration.ticks if item.duration else length


def _beat(time: Time | None) -> int:
    """Ticks of a beat: three eighths where these go by threes, else a quarter."""
    compound = time is not None and time.beats and time.beats[0][1] == 8 and time.beats[0][0] in ("6", "9", "12")
    return 3 * QUARTER // 2 if compound else QUARTER


def _height(note: Note) -> int:
    return int(note.height)
