"""How much of something new stood elsewhere before. Knows sequences, and melodies as such; knows no files.

A run of music is of intervals and durations, so that it is found in any key; its size is counted in notes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.score.voices import Sound

STEPS_IN_SEED = 3
"""Intervals by which a run is looked for; what shares fewer shares nothing."""
Step = tuple[Hashable, Hashable]


class Runs:
    """Sequences in which runs of others are looked for. What has fewer than `seed` items in common has nothing in common."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]], seed: int) -> None:
        self._sequences, self._seed = list(sequences), seed
        self._places: dict[tuple[Hashable, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, sequence in enumerate(self._sequences):
            for place in range(len(sequence) - seed + 1):
                self._places[tuple(sequence[place : place + seed])].append((number, place))

    def longest(self, sequence: Sequence[Hashable]) -> int:
        """Return the items of the longest run that a sequence shares with these."""
        longest, place = 0, 0
        while place + max(self._seed, longest + 1) <= len(sequence):
            seeds = self._places.get(tuple(sequence[place : place + self._seed]), ())
            longest = max([longest, *(_common(sequence, place, self._sequences[n], at) for n, at in seeds)])
            place += 1
        return longest


def _common(one: Sequence[Hashable], at: int, other: Sequence[Hashable], place: int) -> int:
    size = 0
    while at + size < len(one) and place + size < len(other) and one[at + size] == other[place + size]:
        size += 1
    return size


class Melodies:
    """Melodies in which runs of notes are looked for."""

    def __init__(self, voices: Iterable[Sequence[Sound]]) -> None:
        self._runs = Runs((melody for voice in voices for melody in melodies_of(voice)), STEPS_IN_SEED)

    def longest_run(self, voice: Sequence[Sound]) -> int:
        """Return the notes of the longest run that a voice shares with these melodies; 0 where it is of fewer than 4 notes."""
        longest = max((self._runs.longest(melody) for melody in melodies_of(voice)), default=0)
        return longest + 1 if longest else 0


def melodies_of(voice: Sequence[Sound]) -> list[list[Step]]:
    """Return a voice as steps between neighbouring notes: the interval, and the length of the note that it leads from. A rest ends a melody."""
    melodies: list[list[Step]] = [[]]
    for before, after in pairwise(voice):
        if before.end == after.start:
            melodies[-1].append((after.top - before.top, before.length))
        elif melodies[-1]:
            melodies.append([])
    return [melody for melody in melodies if melody]


def copied_from_prompt(passage: Passage) -> Ratio | None:
    """Return the notes of the longest run of the new bars that stands in the prompt too, in any voice."""
    return copied_from(passage, Melodies(passage.old.values()))


def copied_from(passage: Passage, melodies: Melodies) -> Ratio | None:
    """Return the notes of the longest run of the new bars that stands in other music too."""
    return Ratio(max(map(melodies.longest_run, passage.new.values()))) if passage.new_notes else None
