"""Which accidentals a bar shows by the rules of notation. Knows only steps, octaves and keys.

Reader and writer walk the same rule: an accidental is shown where a note departs from the key or from what was last written on
its line or space in this bar, and not on a note that is tied to the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter

from chordllama.score.model import Ticks

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


Place = tuple[Ticks, int, tuple[int, str, int], int | Fraction, bool, object]
"""A note as the rule sees it: its onset, its rank among notes that begin together, its line (staff, step and octave), its
alteration, whether a tie leads to it, and a reference, which is handed back."""
_in_time = itemgetter(0, 1)


@lru_cache(maxsize=1024)
def key_alter(step: str, fifths: int) -> int:
    """Return what the key does to a step, in semitones."""
    order = _SHARPS if fifths > 0 else _SHARPS[::-1]
    whole, rest = divmod(abs(fifths), 7)
    count = whole + (order.index(step) < rest)
    return count if fifths > 0 else -count


def shown(places: Iterable[Place], fifths: dict[int, int]) -> set[object]:
    """Return the references of the notes of one bar and part whose accidental is shown; `fifths` is the key of each staff."""
    written: dict[tuple[int, str, int], int | Fraction] = {}
    found: set[object] = set()
    for _, _, line, alter, tied, reference in sorted(places, key=_in_time):
        if tied:
            continue
        before = written.get(line)
        if before is None:
            before = key_alter(line[1], fifths.get(line[0], 0))
        if before != alter:
            found.add(reference)
        written[line] = alter
    return found
