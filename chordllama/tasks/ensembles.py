"""Ensembles: empty parts that can be added to a score, to be harmonised. Knows instruments and clefs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from chordllama.score.model import Instrument, Part

if TYPE_CHECKING:
    from chordllama.codec.musicxml import Reading


def _part(name: str, abbreviation: str, program: int, *clefs: str) -> Part:
    """Return an empty part; `program` is General MIDI's, from 1."""
    return Part(name, abbreviation, clefs, instruments=(Instrument(name, program),))


ENSEMBLES: Mapping[str, tuple[Part, ...]] = {
    "piano": (_part("Piano", "Pno.", 1, "G2", "F4"),),
    "organ": (_part("Organ", "Org.", 20, "G2", "F4"),),
    "choir": (
        _part("Alto", "A.", 53, "G2"),
        _part("Tenor", "T.", 53, "G2_8"),
        _part("Bass", "B.", 53, "F4"),
    ),
    "strings": (
        _part("Violin II", "Vln. II", 41, "G2"),
        _part("Viola", "Vla.", 42, "C3"),
        _part("Violoncello", "Vc.", 43, "F4"),
    ),
}
"""Name -> the parts that are added, from the top down."""


def with_ensemble(xml: bytes, reading: Reading, ensemble: str) -> tuple[bytes, tuple[int, ...]]:
    """Return a file's MusicXML with an ensemble's empty parts below its own, and the numbers (from 1) of its own."""
    from chordllama.codec.splice import with_parts  # loads lxml, which the list of tasks does without

    return with_parts(xml, reading, ENSEMBLES[ensemble]), tuple(range(1, len(reading.score.parts) + 1))
