"""How much of new bars stood elsewhere before, note by note. Knows passages; knows no files.

A run is of intervals and durations, so that it is found in any key; its size is counted in notes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from chordllama.evaluate.figures import Ratio
from chordllama.evaluate.passage import Passage, Sound

SEED = 3
"""Intervals by which a run is looked for; what shares fewer than these shares nothing."""
Step = tuple[object, object]


class Melodies:
    """Melodies in which runs are looked for."""

    def __init__(self, voices: Iterable[Sequence[Sound]]) -> None:
        self._melodies = [melody for voice in voices for melody in melodies_of(voice)]
        self._places: dict[tuple[Step, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, melody in enumerate(self._melodies):
            for place in range(len(melody) - SEED + 1):
                self._places[tuple(melody[place : place + SEED])].append((number, place))

    def longest_run(self, voice: Sequence[Sound]) -> int:
        """The notes of the longest run that a voice shares with these melodies; 0 where it is of fewer than 4 notes."""
        return max((self._longest(melody) for melody in melodies_of(voice)), default=0)

    def _longest(self, melody: Sequence[Step]) -> int:
        longest, place = 0, 0
        while place + max(SEED, longest) <= len(melody):
            seeds = self._places.get(tuple(melody[place : place + SEED]), ())
            found = max((_common(melody, place, self._melodies[n], at) for n, at in seeds), default=0)
            longest = max(longest, found)
            place += 1
        return longest + 1 if longest else 0


def melodies_of(voice: Sequence[Sound]) -> list[list[Step]]:
    """A voice as steps between neighbouring notes: the interval, and the length of the note that it leads from. A rest ends a melody."""
    melodies: list[list[Step]] = [[]]
    for before, after in pairwise(voice):
        if before.end == after.start:
            melodies[-1].append((after.top - before.top, before.length))
        elif melodies[-1]:
            melodies.append([])
    return [melody for melody in melodies if melody]


def _common(one: Sequence[Step], at: int, other: Sequence[Step], place: int) -> int:
    size = 0
    while at + size < len(one) and place + size < len(other) and one[at + size] == other[place + size]:
        size += 1
    return size


def copied_from_prompt(passage: Passage) -> Ratio | None:
    """The notes of the longest run of the new bars that stands in the prompt too, in any voice."""
    return _longest(passage, Melodies(passage.old.values()))


def copied_from(passage: Passage, melodies: Melodies) -> Ratio | None:
    """The notes of the longest run of the new bars that stands in other music too."""
    return _longest(passage, melodies)


def _longest(passage: Passage, melodies: Melodies) -> Ratio | None:
    return Ratio(max(map(melodies.longest_run, passage.new.values()))) if passage.new_notes else None
