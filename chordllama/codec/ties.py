"""Which notes the ties of each voice lead to. Knows pitches and marks; knows no XML and no text.

A tie leads to the same pitch in the very next chord of its voice, so that neither text nor reader has to say where it ends.
"""

from __future__ import annotations

from fractions import Fraction

from chordllama.score import Chord, Note


class Ties:
    """Which notes the ties of each voice lead to: those of the same pitch in the very next chord."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], set[tuple[str, int | Fraction, int]]] = {}

    def copy(self) -> Ties:
        """The same ties, to look ahead with."""
        twin = Ties()
        twin._open = dict(self._open)
        return twin

    def keep(self, places: list[tuple[int, int]]) -> None:
        """A bar begins: a voice that has no row in it ends its ties."""
        self._open = {place: pitches for place, pitches in self._open.items() if place in places}

    def implied(self, place: tuple[int, int], pitch: tuple[str, int | Fraction, int]) -> bool:
        """Whether a tie leads to this pitch."""
        return pitch in self._open.get(place, ())

    def take(self, place: tuple[int, int], notes: tuple[Note, ...], grace: bool) -> None:
        """A chord went by."""
        tied = {note.pitch for note in notes if note.has("tie")}
        self._open[place] = self._open.get(place, set()) | tied if grace else tied

    def clear(self, place: tuple[int, int]) -> None:
        """A rest or gap went by."""
        self._open.pop(place, None)


def tie_stops(ties: Ties, place: tuple[int, int], chord: Chord) -> list[bool]:
    """For each note whether a tie leads to it; `ties` is taken on."""
    stops = [
        note.has("tie-stop") or (ties.implied(place, note.pitch) and not note.has("no-tie-stop"))
        for note in chord.notes
    ]
    ties.take(place, chord.notes, bool(chord.grace))
    return stops
