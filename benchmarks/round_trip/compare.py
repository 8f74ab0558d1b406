"""One file there and back, and what of it came back. Knows the codec's doors and the walker's facts; prints nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from benchmarks.round_trip.walker import Fact, MeasureFacts, NoteFact, walk
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write

NOTES = "notes and rests"
F = TypeVar("F", bound=Fact)
NEAR = Fraction(1, 6)
"""Quarters by which a note may be set right where the source rounded its divisions."""


@dataclass
class Tally:
    """How much of one category the source has, and how much of it is in the decoded file."""

    source: int = 0
    found: int = 0
    extra: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.source if self.source else 1.0


@dataclass
class Result:
    """What came back of one file."""

    name: str
    fault: str = ""
    stable: bool = True
    measures: int = 0
    retimed: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def tally(self, category: str) -> Tally:
        return self.tallies.setdefault(category, Tally())

    @property
    def lost(self) -> int:
        """Notes and rests that aren't in the decoded file, or are there and not in the source."""
        notes = self.tally(NOTES)
        return notes.source - notes.found + notes.extra

    @property
    def lost_signs(self) -> int:
        return sum(tally.source - tally.found for tally in self.tallies.values())


def round_trip(path: Path) -> Result:
    """Encode, decode and encode again; an exception is a fault of the result."""
    result = Result(path.name)
    try:
        data = path.read_bytes()
        text = dumps(read(data, path.name))
        decoded = write(loads(text))
        result.stable = dumps(read(decoded, path.name)) == text
        compare(walk(data), walk(decoded), result)
    except Exception as fault:
        result.fault = f"{type(fault).__name__}: {fault}"
    return result


def compare(source: list[list[MeasureFacts]], decoded: list[list[MeasureFacts]], result: Result) -> None:
    """Count what of the source's measures is in the decoded ones."""
    longest = max(map(len, source))
    for number, (before, after) in enumerate(zip(source, decoded, strict=True), 1):
        # A part that ends early in the source has empty measures there, and rests in the decoded file.
        padded = [*before, *(MeasureFacts() for _ in range(longest - len(before)))]
        for index, (measure, twin) in enumerate(zip(padded, after, strict=True), 1):
            result.measures += 1
            where = f"part {number}, measure {index}"
            is_silent = index > len(before) and not any(note.pitch for note in twin.notes())
            _compare(measure.notes(), {} if is_silent else twin.notes(), result, NOTES, where)
            for category in {*measure.signs, *twin.signs}:
                _compare(measure.signs.get(category, {}), twin.signs.get(category, {}), result, category, where)
            voices = result.tally("voices whole")
            voices.source += len(measure.voices)
            voices.found += sum(
                any(_same(voice, other) for other in twin.voices.values()) for voice in measure.voices.values()
            )


def _compare(source: Mapping[F, int], decoded: Mapping[F, int], result: Result, category: str, where: str) -> None:
    lost, extra, near = _differences(source, decoded)
    tally = result.tally(category)
    tally.source += sum(source.values())
    tally.found += sum(source.values()) - len(lost)
    tally.extra += len(extra)
    if category == NOTES:
        result.retimed += near
    if lost or (extra and category == NOTES):
        result.examples.append(f"{where}, {category}: lost {_shown(lost)}, extra {_shown(extra)}")


def _same(source: Mapping[F, int], decoded: Mapping[F, int]) -> bool:
    lost, extra, _ = _differences(source, decoded)
    return not lost and not extra


def _differences(source: Mapping[F, int], decoded: Mapping[F, int]) -> tuple[list[F], list[F], int]:
    """What is lost, what is extra, and how many stand near where they stood: the source's divisions can't hold every length."""
    if source == decoded:
        return [], [], 0
    before, after = Counter(source), Counter(decoded)
    extra = list((after - before).elements())
    lost: list[F] = []
    near = 0
    for fact in (before - after).elements():
        twin = next((other for other in extra if _near(fact, other)), None)
        if twin is None:
            lost.append(fact)
        else:
            extra.remove(twin)
            near += 1
    return lost, extra, near


def _near(fact: object, other: object) -> bool:
    """Whether two facts are alike but for a little time; a note without a written type may get one."""
    if isinstance(fact, tuple) and isinstance(other, tuple):
        if isinstance(fact, NoteFact) and isinstance(other, NoteFact):
            fact = _alike(fact, other)
        return len(fact) == len(other) and all(itertools.starmap(_near, zip(fact, other, strict=True)))
    if isinstance(fact, Fraction) and isinstance(other, Fraction):
        return abs(fact - other) <= NEAR
    return fact == other


def _alike(note: NoteFact, other: NoteFact) -> NoteFact:
    """The note with the other one's type where it has none, and its length too where either is a rest that fills its bar."""
    if None in (note.length, other.length):
        return note._replace(type=other.type, length=other.length)
    return note if note.type else note._replace(type=other.type)


def _shown(facts: Iterable[Fact]) -> str:
    return "; ".join(" ".join(map(str, fact)) for fact in itertools.islice(facts, 3)) or "none"
