"""Which accidentals a bar shows by the rules of notation. Knows only steps, octaves and keys.

Reader and writer walk the same rule: an accidental is shown where a note departs from the key or from what was last written on
its line or space in this bar, and not on a note that is tied to the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from chordllama.score import Ticks

ACCIDENTALS: dict[int | Fraction, str] = {
    -3: "triple-flat",
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
    3: "triple-sharp",
    Fraction(-3, 2): "three-quarters-flat",
    Fraction(-1, 2): "quarter-flat",
    Fraction(1, 2): "quarter-sharp",
    Fraction(3, 2): "three-quarters-sharp",
}
SYNONYMS = {"sharp-sharp": "double-sharp", "double-flat": "flat-flat"}
_SHARPS = "FCGDAEB"


class Place(NamedTuple):
    """A note as the rule sees it; `order` sorts notes that begin together, `reference` is handed back."""

    onset: Ticks
    order: int
    staff: int
    step: str
    octave: int
    alter: int | Fraction
    tied: bool
    reference: object


def key_alter(step: str, fifths: int) -> int:
    """What the key does to a step, in semitones."""
    order = _SHARPS if fifths > 0 else _SHARPS[::-1]
    whole, rest = divmod(abs(fifths), 7)
    count = whole + (order.index(step) < rest)
    return count if fifths > 0 else -count


def shown(places: Iterable[Place], fifths: dict[int, int]) -> set[object]:
    """The references of the notes of one bar and part whose accidental is shown; `fifths` is the key of each staff."""
    written: dict[tuple[int, str, int], int | Fraction] = {}
    found: set[object] = set()
    for place in sorted(places, key=lambda p: (p.onset, p.order)):
        if place.tied:
            continue
        line = (place.staff, place.step, place.octave)
        if written.get(line, key_alter(place.step, fifths.get(place.staff, 0))) != place.alter:
            found.add(place.reference)
        written[line] = place.alter
    return found
