"""Which notes the ties of each voice lead to. Knows pitches and marks; knows no XML and no text.

A tie leads to the same pitch in the very next chord of its voice, so that neither text nor reader has to say where it ends.
"""

from __future__ import annotations

from collections.abc import Set
from fractions import Fraction

from chordllama.score.model import Chord

Pitch = tuple[str, int | Fraction, int]
_NONE: Set[Pitch] = frozenset()


class Ties:
    """Which notes the ties of each voice lead to: those of the same pitch in the very next chord."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], Set[Pitch]] = {}

    def copy(self) -> Ties:
        """Return the same ties, to look ahead with."""
        twin = Ties()
        twin._open = dict(self._open)
        return twin

    def keep(self, places: list[tuple[int, int]]) -> None:
        """Begin a bar: a voice that has no row in it ends its ties."""
        self._open = {place: pitches for place, pitches in self._open.items() if place in places}

    def pitches(self, place: tuple[int, int]) -> Set[Pitch]:
        """Return the pitches that ties lead to."""
        return self._open.get(place, _NONE)

    def take(self, place: tuple[int, int], tied: Set[Pitch], grace: bool) -> None:
        """Take a chord that went by, from which ties begin at these pitches."""
        if grace:
            tied = self.pitches(place) | tied
        if tied:
            self._open[place] = tied
        else:
            self.clear(place)

    def clear(self, place: tuple[int, int]) -> None:
        """Take a rest or gap that went by."""
        self._open.pop(place, None)


def tie_stops(ties: Ties, place: tuple[int, int], chord: Chord) -> list[bool]:
    """For each note whether a tie leads to it; `ties` is taken on."""
    tied = ties.pitches(place)
    stops = [
        note.has("tie-stop") or (bool(tied) and note.pitch in tied and not note.has("no-tie-stop"))
        for note in chord.notes
    ]
    ties.take(place, {note.pitch for note in chord.notes if note.has("tie")}, bool(chord.grace))
    return stops
