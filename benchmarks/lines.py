"""Slurs, hairpins and other lines with two ends in MusicXML, as a strict reader pairs them. Shares no code with the codec.

A reader goes through a part from its first element to its last one. An end is told from others of its kind by its `number` alone, a
start takes its number from a line that still has it, and a stop may stand before its start in one measure only, since voices are
written one after the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

AT_NOTES = ("slur", "wavy-line", "hammer-on", "pull-off", "glissando", "slide")
AT_MOMENTS = ("wedge", "octave-shift", "dashes", "bracket", "pedal")
KINDS = (*AT_NOTES, *AT_MOMENTS)
_BETWEEN = ("continue", "change", "resume")


class End(NamedTuple):
    """One end of a line: where it stands (part and measure from 0), what it is, and how it is numbered."""

    kind: str
    part: int
    measure: int
    number: str
    stops: bool


@dataclass(slots=True)
class Pairing:
    """The lines of a file by the measures of their two ends, and the ends that meet no other one."""

    lines: list[tuple[End, End]] = field(default_factory=list)
    loose: Counter[End] = field(default_factory=Counter)


def paired(xml: bytes) -> Pairing:
    """All lines of a score-partwise file."""
    found = Pairing()
    for number, part in enumerate(etree.fromstring(xml).iterfind("part")):
        for kind in KINDS:
            _pair(part, number, kind, found)
    return found


def _pair(part: _Element, index: int, kind: str, found: Pairing) -> None:
    opened: dict[str, End] = {}
    for n, measure in enumerate(part.iterfind("measure")):
        early: dict[str, list[End]] = defaultdict(list)
        for end in _ends(measure, kind, index, n):
            if not end.stops and early[end.number]:
                found.lines.append((end, early[end.number].pop()))
            elif not end.stops:
                found.loose.update([opened[end.number]] if end.number in opened else [])
                opened[end.number] = end
            elif end.number in opened:
                found.lines.append((opened.pop(end.number), end))
            else:
                early[end.number].append(end)
        found.loose.update(end for ends in early.values() for end in ends)
    found.loose.update(opened.values())


def _ends(measure: _Element, kind: str, part: int, n: int) -> Iterator[End]:
    for element in measure.iter(kind):
        type = element.get("type", "")
        if type not in _BETWEEN:
            yield End(kind, part, n, element.get("number", "1"), type in ("stop", "discontinue"))


def over(lines: list[tuple[End, End]], first: int, last: int) -> Counter[str]:
    """How many lines of each kind one of two bar lines (before the measures `first` and `last`, from 0) cuts."""
    return Counter(
        start.kind for start, stop in lines if any(start.measure < border <= stop.measure for border in (first, last))
    )
