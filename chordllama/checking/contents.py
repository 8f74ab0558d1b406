"""What a score holds, counted: parts, bars, kinds of signs, what its text leaves out. Knows the score and the table; knows no files.

The fields of `Check` are those of the JSON object that `chordllama check --json` prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from chordllama.checking.bars import (
    IrregularBar,
    MeasuredBar,
    UnevenStaff,
    every_mark,
    irregular_bars,
    measured_bars,
    uneven_staves,
)
from chordllama.codec.musicxml import Reading
from chordllama.codec.report import Report
from chordllama.codec.whitelist import DIRECTION_SIGNS, ELEMENTS, SIGN_BY_NAME
from chordllama.codec.words.frames import BARLINE_CODES, format_time
from chordllama.codec.words.key_words import format_key
from chordllama.codec.words.values import LINES
from chordllama.score.model import (
    Bar,
    Barline,
    Change,
    Chord,
    Direction,
    Harmony,
    Instrument,
    Item,
    Key,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Time,
)

Counts = dict[str, dict[str, int]]
"""How many there are of each name, by group."""
_FIFTHS = "FCGDAEB"
_TONIC = {"major": 1, "minor": 4}
"""Where the tonic of a key without signs stands in the row of fifths."""
_ENDS = ("stop", "continue", "discontinue")
"""How the value of a direction begins that ends a line or goes on with it."""


@dataclass(frozen=True, slots=True)
class PartCheck:
    """A part: `notes` are noteheads, `grace_notes` those among them that take no time; the range is as written, "" without pitches."""

    name: str
    instruments: tuple[str, ...]
    staves: int
    voices: int
    notes: int
    grace_notes: int
    rests: int
    lowest: str
    highest: str


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """A key or time signature: the bar and the part (both from 1; None for all) where it begins."""

    bar: int
    number: str
    part: int | None
    value: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An element that MusicXML doesn't know, with the place of the first."""

    element: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a score holds. `kept` counts signs by the kinds of `--without`, `dropped` elements by the reason, `mended` what was put right."""

    title: str
    creators: tuple[str, ...]
    parts: tuple[PartCheck, ...]
    bars: int
    keys: tuple[SignatureChange, ...]
    times: tuple[SignatureChange, ...]
    irregular_bars: tuple[IrregularBar, ...]
    uneven_staves: tuple[UnevenStaff, ...]
    kept: Counts
    dropped: Counts
    unknown: tuple[Unknown, ...]
    mended: dict[str, int]


def check(reading: Reading) -> Check:
    """Return what the score of a reading holds, and what the reading left out."""
    score, report = reading.score, reading.report
    bars = list(measured_bars(score))
    return Check(
        title=score.title or score.movement,
        creators=tuple(" ".join(name.split()) for _, name in score.creators),
        parts=tuple(_parts(score)),
        bars=len(bars),
        keys=tuple(_signatures(bars, "keys")),
        times=tuple(_signatures(bars, "times")),
        irregular_bars=irregular_bars(bars),
        uneven_staves=uneven_staves(bars),
        kept=_kept(score),
        dropped=_dropped(report),
        unknown=tuple(
            Unknown(tag, count, report.where.get(tag, "in the header")) for tag, count in sorted(report.unknown.items())
        ),
        mended=dict(sorted(report.mended.items())),
    )


# ------------------------------------------------------------------------------------------------------------------- parts


def part_name(part: Part, index: int) -> str:
    """Return the name of a part on one line; `Part 2` where it has none."""
    return " ".join(part.name.split()) or f"Part {index + 1}"


class _PartTally:
    """Counts what the rows of one part hold."""

    def __init__(self, part: Part, bars: int) -> None:
        self.places = {(staff, 1) for staff in range(1, part.staves + 1)}
        self.notes = self.grace_notes = 0
        self.rests = part.staves * bars  # until a row is seen: a staff without one rests
        self.lowest: Note | None = None
        self.highest: Note | None = None

    def add(self, row: Row, is_first_on_staff: bool) -> None:
        """Count a row."""
        self.places.add((row.staff, row.voice))
        self.rests += sum(isinstance(item, Rest) for item in row.items) - is_first_on_staff
        for item in row.items:
            if isinstance(item, Chord):
                self.notes += len(item.notes)
                self.grace_notes += len(item.notes) if item.grace else 0
                self._stretch(item.notes)

    def _stretch(self, notes: Iterable[Note]) -> None:
        for note in notes:
            if not note.unpitched:
                self.lowest = min(self.lowest or note, note, key=attrgetter("height"))
                self.highest = max(self.highest or note, note, key=attrgetter("height"))


def _parts(score: Score) -> Iterator[PartCheck]:
    tallies = [_PartTally(part, len(score.bars)) for part in score.parts]
    for bar in score.bars:
        staves: set[tuple[int, int]] = set()
        for row in bar.rows:
            tallies[row.part].add(row, (row.part, row.staff) not in staves)
            staves.add((row.part, row.staff))
    for index, (part, tally) in enumerate(zip(score.parts, tallies, strict=True)):
        yield PartCheck(
            name=part_name(part, index),
            instruments=tuple(filter(None, map(_instrument, part.instruments))),
            staves=part.staves,
            voices=len(tally.places),
            notes=tally.notes,
            grace_notes=tally.grace_notes,
            rests=tally.rests,
            lowest=format_pitch(tally.lowest) if tally.lowest else "",
            highest=format_pitch(tally.highest) if tally.highest else "",
        )


def _instrument(instrument: Instrument) -> str:
    return " ".join(instrument.name.split()) or (f"MIDI {instrument.program}" if instrument.program else "")


def format_pitch(note: Note) -> str:
    """Return `F#4`, `Bb3`; C4 is the middle one."""
    if isinstance(note.alter, Fraction):
        return f"{note.step}{note.octave}{float(note.alter):+g}"
    return f"{note.step}{_signs(note.alter)}{note.octave}"


def _signs(alter: int) -> str:
    return "#" * alter + "b" * -alter


# -------------------------------------------------------------------------------------------------------------- signatures


def _signatures(bars: list[MeasuredBar], which: str) -> Iterator[SignatureChange]:
    for bar in bars:
        changes: tuple[Change, ...] = getattr(bar.bar, which)
        for change in changes:
            if change.value is not None:
                part = None if change.part is None else change.part + 1
                yield SignatureChange(bar.place, bar.number, part, _signature(change.value))


def _signature(value: Key | Time) -> str:
    if isinstance(value, Key):
        return format_key_name(value)
    return format_time(value).partition(",")[0] if value.beats else "free"


def format_key_name(key: Key) -> str:
    """Return `Bb major` where the mode is told, else what is seen: `2 flats`, `F1 B-1`."""
    if key.alters:
        return format_key(key).replace("+", " ")
    if key.mode in _TONIC:
        alter, step = divmod(_TONIC[key.mode] + key.fifths, len(_FIFTHS))
        return f"{_FIFTHS[step]}{_signs(alter)} {key.mode}"
    sign = "sharp" if key.fifths > 0 else "flat"
    return f"{abs(key.fifths)} {sign}{'s' * (abs(key.fifths) > 1)}" if key.fifths else "no sharps or flats"


# ------------------------------------------------------------------------------------------------------------------- kinds


def _kept(score: Score) -> Counts:
    counted = Counter(sign for bar in score.bars for sign in _bar_signs(bar))
    found: Counts = {}
    for (kind, name), count in sorted(counted.items(), key=lambda sign: (sign[0][0], -sign[1], sign[0][1])):
        found.setdefault(kind, {})[name] = count
    return found


def _bar_signs(bar: Bar) -> Iterator[tuple[str, str]]:
    for barline in (bar.start, bar.end):
        yield from (("bar lines", name) for name in _barline_signs(barline))
    for row in bar.rows:
        for item in row.items:
            yield from _item_signs(item)


def _barline_signs(barline: Barline) -> Iterator[str]:
    if barline.repeat:
        yield "repeat"
    if barline.ending_type == "start":
        yield "ending"
    if barline.style and not barline.repeat:
        yield BARLINE_CODES[barline.style]
    yield from barline.signs


def _item_signs(item: Item) -> Iterator[tuple[str, str]]:
    if isinstance(item, Harmony):
        yield "harmony", item.kind
    elif isinstance(item, Direction):
        sign = DIRECTION_SIGNS[item.name]
        if sign.shape not in LINES or not item.value.startswith(_ENDS):
            yield sign.kind, sign.name
    else:
        if isinstance(item, Chord):
            yield from (("lyrics", f"verse {syllable.verse}") for syllable in item.lyrics)
            yield from [("grace", "with a slash" if item.grace == "slash" else "plain")] * bool(item.grace)
        for mark in every_mark(item):
            kept = SIGN_BY_NAME[mark.name]
            if kept.type != "stop":
                yield kept.kind, kept.name.removesuffix("-start")


def _dropped(report: Report) -> Counts:
    found: Counts = {}
    for tag, count in sorted(report.dropped.items()):
        found.setdefault(ELEMENTS[tag].reason, {})[tag] = count
    return found
