"""Whether each voice fills each bar of a MusicXML tree. Knows MusicXML's clock and time signatures; shares no code with chordllama.

It walks the measures as the standard tells: notes, `<backup>` and `<forward>` move the clock, `<divisions>` and `<time>` hold until
they are changed. So it is a second opinion on what the codec writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from lxml.etree import _Element


@dataclass(slots=True)
class _Clock:
    """The time in one part. Durations are in quarters; `length` is None where there is no time signature."""

    divisions: Fraction = Fraction(1)
    length: Fraction | None = None
    now: Fraction = Fraction(0)
    furthest: Fraction = Fraction(0)
    voices: dict[str, list[tuple[Fraction, Fraction]]] = field(default_factory=dict)

    def begin(self) -> None:
        self.now = self.furthest = Fraction(0)
        self.voices = {}

    def attributes(self, element: _Element) -> None:
        divisions = element.findtext("divisions")
        if divisions:
            self.divisions = Fraction(divisions.strip())
        for time in element.iterfind("time"):
            self.length = _length(time)

    def note(self, element: _Element) -> None:
        if element.find("grace") is not None or element.find("chord") is not None:
            return
        self._sound(element, self._duration(element))

    def forward(self, element: _Element) -> None:
        if element.find("voice") is not None:
            self._sound(element, self._duration(element))
        else:
            self._go(self._duration(element))

    def backup(self, element: _Element) -> None:
        self._go(-self._duration(element))

    def _duration(self, element: _Element) -> Fraction:
        return Fraction((element.findtext("duration") or "0").strip()) / self.divisions

    def _sound(self, element: _Element, duration: Fraction) -> None:
        voice = (element.findtext("voice") or "1").strip()
        self.voices.setdefault(voice, []).append((self.now, self.now + duration))
        self._go(duration)

    def _go(self, duration: Fraction) -> None:
        self.now += duration
        self.furthest = max(self.furthest, self.now)

    def faults(self, wanted: Fraction | None = None) -> Iterator[str]:
        """What is wrong with the measure that has just been walked; `wanted` is its length where its metre doesn't say it."""
        length = next((length for length in (wanted, self.length) if length is not None), self.furthest)
        if self.furthest != length:
            yield f"is {self.furthest} quarters long instead of {length}"
        for voice, spans in self.voices.items():
            total = sum((end - start for start, end in spans), Fraction(0))
            if total != length:
                yield f"has {total} of {length} quarters in voice {voice}"
            elif any(later[0] != earlier[1] for earlier, later in pairwise(spans)):
                yield f"has a gap or an overlap in voice {voice}"
        if not self.voices:
            yield "is empty"


def _length(time: _Element) -> Fraction | None:
    beats, units = time.findall("beats"), time.findall("beat-type")
    if not beats:
        return None
    return sum(
        (4 * Fraction(sum(map(int, (count.text or "").split("+"))), int(unit.text or "")))
        for count, unit in zip(beats, units, strict=True)
    ) + Fraction(0)


def faults(root: _Element, first: int = 0, lengths: Mapping[int, Fraction] | None = None) -> list[str]:
    """The bars of a score-partwise tree, from the `first`-th measure of each part on, whose voices don't fill them.

    `lengths` are the quarters of measures (from 0) that have to be as long as others, whatever their time signature says.
    """
    wanted = lengths or {}
    return [
        f"measure {index + 1} of part {part.get('id')} {fault}"
        for part in root.iterfind("part")
        for index, measure, clock in _walked(part)
        if index >= first and (index in wanted or measure.get("implicit") != "yes")
        for fault in clock.faults(wanted.get(index))
    ]


def lengths(root: _Element) -> dict[int, Fraction]:
    """The quarters that each measure (from 0) lasts in its longest part, those left out in which there is nothing."""
    found: dict[int, Fraction] = {}
    for part in root.iterfind("part"):
        for index, _, clock in _walked(part):
            found[index] = max(found.get(index, Fraction(0)), clock.furthest)
    return {index: length for index, length in found.items() if length}


def _walked(part: _Element) -> Iterator[tuple[int, _Element, _Clock]]:
    """Each measure with its index and the clock at its end."""
    clock = _Clock()
    for index, measure in enumerate(part.iterfind("measure")):
        clock.begin()
        for child in measure:
            if child.tag in ("attributes", "note", "forward", "backup"):
                getattr(clock, child.tag)(child)
        yield index, measure, clock


def bars_with_hidden_time(root: _Element) -> set[tuple[int, int]]:
    """The (part, measure), both from 0, in which a voice is silent on purpose: it has a hidden rest, or skips time."""
    return {
        (number, index)
        for number, part in enumerate(root.iterfind("part"))
        for index, measure in enumerate(part.iterfind("measure"))
        if any(forward.find("voice") is not None for forward in measure.iterfind("forward"))
        or any(note.get("print-object") == "no" for note in measure.iterfind("note"))
    }
