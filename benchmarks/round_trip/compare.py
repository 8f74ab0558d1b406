"""One file there and back, and what of it came back. Knows the codec's doors and the walker's facts; prints nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from benchmarks.round_trip.walker import MeasureFacts, NoteFact, walk
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write

MOST_EXAMPLES = 3
NEAR = Fraction(1, 8)
"""Quarters by which a note may be set right where the source rounded its divisions."""


@dataclass
class Tally:
    """How much of one category the source has, and how much of it is in the decoded file."""

    source: int = 0
    found: int = 0
    extra: int = 0

    def add(self, source: Counter[tuple[object, ...]], decoded: Counter[tuple[object, ...]]) -> None:
        """Count one measure."""
        found = (source & decoded).total()
        self.source += source.total()
        self.found += found
        self.extra += decoded.total() - found

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
        notes = self.tally("notes and rests")
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
    if [len(part) for part in source] != [len(part) for part in decoded]:
        # A part that ends early in the source has empty measures there.
        longest = max(map(len, source))
        source = [[*part, *(MeasureFacts() for _ in range(longest - len(part)))] for part in source]
    for number, (before, after) in enumerate(zip(source, decoded, strict=True)):
        for index, (measure, twin) in enumerate(zip(before, after, strict=True)):
            result.measures += 1
            _compare_notes(measure, twin, result, f"part {number + 1}, measure {index + 1}")
            for category in {*measure.signs, *twin.signs}:
                result.tally(category).add(measure.signs.get(category, Counter()), twin.signs.get(category, Counter()))


def _compare_notes(measure: MeasureFacts, twin: MeasureFacts, result: Result, where: str) -> None:
    source, decoded = measure.notes(), twin.notes()
    lost, extra = list((source - decoded).elements()), list((decoded - source).elements())
    result.retimed += _pair_retimed(lost, extra)
    if (lost or extra) and len(result.examples) < MOST_EXAMPLES:
        result.examples.append(f"{where}: lost {_shown(lost)}, extra {_shown(extra)}")
    notes = result.tally("notes and rests")
    notes.source += source.total()
    notes.found += source.total() - len(lost)
    notes.extra += len(extra)
    voices = result.tally("voices whole")
    voices.source += len(measure.voices)
    voices.found += sum(voice in twin.voices.values() for voice in measure.voices.values())


def _pair_retimed(lost: list[NoteFact], extra: list[NoteFact]) -> int:
    """Take out of both lists the notes that are there, but at the place and with the length that their written value means."""
    found = 0
    for note in sorted(lost):
        near = next((other for other in extra if _is_retimed(note, other)), None)
        if near is not None:
            lost.remove(note)
            extra.remove(near)
            found += 1
    return found


def _is_retimed(note: NoteFact, other: NoteFact) -> bool:
    alike = note._replace(onset=other.onset, length=other.length) == other
    return alike and abs(note.onset - other.onset) <= NEAR and abs((note.length or 0) - (other.length or 0)) <= NEAR


def _shown(notes: list[NoteFact]) -> str:
    return "; ".join(" ".join(map(str, note)) for note in notes[:3]) or "none"
