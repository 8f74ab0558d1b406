"""The score as frozen values, in the order in which it is written down. Knows no XML, no YAML and no files.

A score is a list of bars; a bar holds one row for each voice that sounds or is seen; a row is a stream of items whose durations
fill the bar exactly. Time is counted in ticks, so that every note value down to a 1024th and every tuplet up to 13 in the time of
anything is an integer; what is finer still is a `Fraction` of a tick, with which Python's integers mix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from chordllama.limits import FINEST, WHOLES_IN_BAR

QUARTER = 2**10 * 3**3 * 5 * 7 * 11 * 13
"""Ticks in a quarter note."""
WHOLE = 4 * QUARTER
LONGEST_BAR = WHOLES_IN_BAR * WHOLE
"""Ticks beyond which no bar goes."""

Ticks = int | Fraction
Alter = int | Fraction
"""Semitones."""

T = TypeVar("T", "Key", "Time")

NOTE_TYPES: dict[str, Fraction] = {
    "maxima": Fraction(8),
    "long": Fraction(4),
    "breve": Fraction(2),
    "whole": Fraction(1),
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "eighth": Fraction(1, 8),
    **{f"{n}{'nd' if n == 32 else 'th'}": Fraction(1, n) for n in (16, 32, 64, 128, 256, 512, 1024)},
}
"""MusicXML's note types and their length in whole notes."""


def ticks(wholes: Fraction) -> Ticks:
    """Return a length in whole notes as ticks: an integer wherever it can be one."""
    exact = wholes * WHOLE
    return exact.numerator if exact.denominator == 1 else exact


def whole_notes(length: Ticks) -> Fraction:
    """Return a length in ticks as a fraction of a whole note."""
    return Fraction(length) / WHOLE


def checked(length: Ticks) -> Ticks:
    """Return a length within a bar, as it is; ValueError if it goes beyond any bar, or is finer than any music."""
    if length > LONGEST_BAR:
        raise ValueError("the bar is longer than any music")
    if not isinstance(length, int) and whole_notes(length).denominator >= FINEST:
        raise ValueError("a length here is too fine a fraction of a whole note for any music")
    return length


@dataclass(frozen=True, slots=True)
class Duration:
    """A note value: type, dots and tuplet ratio; or, where no note value fits, `free`, in whole notes."""

    type: str = ""
    dots: int = 0
    actual: int = 1
    normal: int = 1
    free: Fraction | None = None
    ticks: Ticks = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ticks", ticks(self._whole_notes()))
        if self.free is not None:
            checked(self.ticks)

    def _whole_notes(self) -> Fraction:
        if self.free is not None:
            return self.free
        return NOTE_TYPES[self.type] * (2 - Fraction(1, 2**self.dots)) * Fraction(self.normal, self.actual)

    @property
    def is_tuplet(self) -> bool:
        return self.actual != self.normal


@lru_cache(maxsize=4096)
def duration(type: str, dots: int = 0, actual: int = 1, normal: int = 1) -> Duration:
    """Return the one `Duration` of this note value."""
    return Duration(type, dots, actual, normal)


_PLAIN = {
    value.ticks: value
    for value in (
        duration(type, dots) for dots in (3, 2, 1, 0) for type in NOTE_TYPES if type not in ("maxima", "long")
    )
}


@lru_cache(maxsize=4096)
def duration_of(length: Ticks, actual: int = 1, normal: int = 1) -> Duration:
    """Return the note value that lasts `length` ticks in a tuplet of `actual` in the time of `normal`, else outside of one, else a free one."""
    for notes, instead in ((actual, normal), (1, 1)):
        plain = _PLAIN.get(_as_ticks(length * Fraction(notes, instead)))
        if plain is not None:
            return duration(plain.type, plain.dots, notes, instead)
    return Duration(free=whole_notes(length))


def _as_ticks(length: Fraction) -> Ticks:
    return length.numerator if length.denominator == 1 else length


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What is written at a note or rest: an articulation, a tie, one end of a slur. Names are those of the table of marks."""

    name: str
    value: str = ""


SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""Above C, for each step."""


@dataclass(frozen=True, slots=True)
class Note:
    """One notehead: a written pitch (`step` A–G, `alter` in semitones, `octave` as in MusicXML) or a place on a percussion staff."""

    step: str
    octave: int
    alter: int | Fraction = 0
    unpitched: bool = False
    marks: tuple[Mark, ...] = ()

    @property
    def pitch(self) -> tuple[str, int | Fraction, int]:
        return (self.step, self.alter, self.octave)

    @property
    def height(self) -> int | Fraction:
        """The written pitch in semitones above C0; 12 more is its MIDI number."""
        return 12 * self.octave + SEMITONES[self.step] + self.alter

    def has(self, name: str) -> bool:
        return bool(self.marks) and any(mark.name == name for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Syllable:
    """One syllable of a verse (counted from 1). `hyphen`: the word goes on; `extend`: a line follows."""

    verse: int
    text: str
    hyphen: bool = False
    extend: bool = False


@dataclass(frozen=True, slots=True)
class Chord:
    """One note, or several that sound as one event. Grace notes take no time."""

    duration: Duration
    notes: tuple[Note, ...]
    grace: str = ""
    lyrics: tuple[Syllable, ...] = ()

    @property
    def ticks(self) -> Ticks:
        return 0 if self.grace else self.duration.ticks


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest that is seen. Without a duration it fills the bar."""

    duration: Duration | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Spacer:
    """Time in which nothing is seen: a hidden rest or a gap. Without a duration it fills the bar."""

    duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class Direction:
    """What stands at a moment and not at a note: a dynamic, words, a tempo, a new clef. `offset`: ticks after its place in the row."""

    name: str
    value: str = ""
    offset: Ticks = 0


@dataclass(frozen=True, slots=True)
class Tone:
    """A root or a bass."""

    step: str
    alter: int = 0


@dataclass(frozen=True, slots=True)
class Degree:
    """A changed degree of a chord symbol: `type` is add, alter or subtract."""

    value: int
    alter: int
    type: str


@dataclass(frozen=True, slots=True)
class Harmony:
    """A chord symbol. `text` is what is printed for its kind; None leaves that to the program that prints it."""

    root: Tone
    kind: str = "major"
    bass: Tone | None = None
    degrees: tuple[Degree, ...] = ()
    text: str | None = None
    offset: Ticks = 0


Event = Chord | Rest | Spacer
Item = Chord | Rest | Spacer | Direction | Harmony


def ticks_of(item: Item, bar: Ticks = 0) -> Ticks:
    """Return how long an item of a row lasts: a rest that fills its bar as long as that, a sign no time."""
    if isinstance(item, Chord):
        return item.ticks
    if isinstance(item, Rest | Spacer):
        return item.duration.ticks if item.duration else bar
    return 0


class Place(NamedTuple):
    """Where a row stands: its part (from 0), staff (from 1) and voice (from 1 within its staff)."""

    part: int
    staff: int
    voice: int


VoicePlace = tuple[int, int]
"""Where a row stands in its part: staff and voice, from 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one voice writes in one bar. `part` counts from 0, `staff` from 1, `voice` from 1 within its staff."""

    part: int
    staff: int
    voice: int
    items: tuple[Item, ...]

    @property
    def place(self) -> Place:
        return Place(self.part, self.staff, self.voice)


def said(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return a bar's rows but for what goes without saying: the bare bar's rest of a staff that has no other row."""
    if not any(row.items == _BARE for row in rows):
        return tuple(rows)
    counts = Counter((row.part, row.staff) for row in rows)
    return tuple(row for row in rows if row.items != _BARE or counts[row.part, row.staff] > 1)


_BARE = (Rest(),)


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature: sharps (positive) or flats (negative) on the circle of fifths, and the mode where it's told.

    `alters`: the steps that are altered and by how many semitones, where that isn't on the circle of fifths.
    """

    fifths: int
    mode: str = ""
    alters: tuple[tuple[str, Alter], ...] = ()


@dataclass(frozen=True, slots=True)
class Time:
    """A time signature: (beats, beat type) pairs, "3+2" allowed as beats; none at all is senza misura. `symbol`: common, cut, …, or
    hidden."""

    beats: tuple[tuple[str, int], ...]
    symbol: str = ""

    @property
    def ticks(self) -> Ticks | None:
        """The nominal length of a bar; None where there's no measure."""
        return _ticks_of(self.beats) if self.beats else None


@lru_cache(maxsize=1024)
def _ticks_of(beats: tuple[tuple[str, int], ...]) -> Ticks:
    return ticks(sum((Fraction(sum(map(int, count.split("+"))), unit) for count, unit in beats), Fraction(0)))


COMMON_TIME = Time((("4", 4),))


@dataclass(frozen=True, slots=True)
class Change:
    """A new key or time at a bar line: for one part, for one of its staves, or (both None) for all that aren't named.

    Without a value, a part that stays out of a change which is for all.
    """

    value: Key | Time | None
    part: int | None = None
    staff: int | None = None


def changes_for(changes: tuple[Change, ...], part: int) -> list[tuple[int | None, Key | Time]]:
    """Return what of a bar's changes is for this part: (staff or None, new value)."""
    own = [change for change in changes if change.part == part]
    found = own or [change for change in changes if change.part is None]
    return [(change.staff, change.value) for change in found if change.value is not None]


def combine(parts: Sequence[tuple[int, list[tuple[int | None, T]]]]) -> tuple[Change, ...]:
    """Return the changes of a bar from each part's staves and what it changes: (staff or None, value).

    The commonest goes for all, and then come the exceptions.
    """
    if not any(changes for _, changes in parts):
        return ()
    own = [_collapse(staves, changes) for staves, changes in parts]
    simple = Counter(changes[0][1] for changes in own if len(changes) == 1 and changes[0][0] is None)
    common = simple.most_common(1)[0] if simple else None
    value = common[0] if common and 2 * common[1] > len(parts) else None
    found = [Change(value)] if value is not None else []
    for part, changes in enumerate(own):
        if changes == [(None, value)]:
            continue
        if not changes and value is not None:
            found.append(Change(None, part))
        found += [Change(change, part, staff) for staff, change in changes]
    return tuple(found)


def _collapse(staves: int, changes: list[tuple[int | None, T]]) -> list[tuple[int | None, T]]:
    """A change written staff by staff as one, where all say the same."""
    values = {value for _, value in changes}
    named = {staff for staff, _ in changes}
    if len(values) == 1 and (None in named or named >= set(range(1, staves + 1))):
        return [(None, values.pop())]
    return sorted(dict(changes).items(), key=lambda change: change[0] or 0)


@dataclass(frozen=True, slots=True)
class Barline:
    """What stands at a bar's left or right edge. `style` is MusicXML's bar-style ("" is what a bar line is when nothing is said).

    `top`: the ending is written in the first part alone; `label`: what is printed for its number, where that is more than the number.
    """

    style: str = ""
    repeat: str = ""
    times: int = 0
    ending: str = ""
    ending_type: str = ""
    signs: tuple[str, ...] = ()
    top: bool = False
    label: str = ""

    def __bool__(self) -> bool:
        return self is not NO_BARLINE and self != NO_BARLINE


NO_BARLINE = Barline()
FINAL = Barline(style="light-heavy")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of all parts. `length` (ticks) where it isn't the time signature's; `number` where it isn't the one that follows."""

    rows: tuple[Row, ...] = ()
    keys: tuple[Change, ...] = ()
    times: tuple[Change, ...] = ()
    start: Barline = NO_BARLINE
    end: Barline = NO_BARLINE
    length: Ticks | None = None
    number: str | None = None
    implicit: bool = False


def count_noteheads(bars: Iterable[Bar]) -> int:
    """Return how many noteheads some bars have, grace notes too."""
    return sum([len(item.notes) for bar in bars for row in bar.rows for item in row.items if isinstance(item, Chord)])


def first_number(bar: Bar) -> int:
    """Return the number that goes without saying for a score's first bar: 0 for a pickup, or another one that its time signature doesn't fill."""
    return 1 if bar.length is None else 0


def number_after(number: str, expected: int) -> int:
    """Return the number that goes without saying after a bar's `number`, where `expected` went without saying for that bar.

    Only the digits it begins with count; a bar called otherwise (X1) isn't counted at all.
    """
    digits = re.match(r"[0-9]{1,6}(?![0-9])", number)
    is_counted = not number or number[0].isdecimal()
    return int(digits[0]) + 1 if digits else expected + is_counted


@dataclass(frozen=True, slots=True)
class Transposition:
    """From written to sounding pitch: semitones, diatonic steps and octaves, as in MusicXML."""

    chromatic: int
    diatonic: int = 0
    octave: int = 0


DRUM_CHANNEL = 10
"""The MIDI channel (from 1) on which keys are percussion sounds."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What plays: `program` is the MIDI program 1–128, `unpitched` the MIDI key + 1 of a percussion sound, 0 where not told."""

    name: str = ""
    program: int = 0
    unpitched: int = 0
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The open strings of a tablature staff, the lowest line's first (`E2`, `Bb3`), and the fret of its capo."""

    strings: tuple[str, ...]
    capo: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A musical part as the score begins: its names, its staves with their clefs (top first), its instruments.

    `tunings` go staff by staff, `verses` are the names that the source gives its verses, `whole_rests`: it calls a rest that fills
    the bar a whole rest, however long the bar is.
    """

    name: str = ""
    abbreviation: str = ""
    clefs: tuple[str, ...] = ("",)
    lines: tuple[int, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    transposition: Transposition | None = None
    tunings: tuple[Tuning | None, ...] = ()
    verses: tuple[str, ...] = ()
    whole_rests: bool = False

    @property
    def staves(self) -> int:
        return len(self.clefs)


@dataclass(frozen=True, slots=True)
class Group:
    """Parts `first` to `last` joined at the left edge; `symbol` is brace, bracket, line, square or none."""

    first: int
    last: int
    symbol: str = ""
    barline: str = ""
    name: str = ""
    abbreviation: str = ""


@dataclass(frozen=True)
class Score:
    """A whole score.

    `unwritten` is what the program that shows it shall draw by its own rules (see `whitelist.UNWRITTEN`); `next_times` are time
    signatures told behind the last bar's notes: those of the bar that will come next.
    """

    parts: tuple[Part, ...]
    bars: tuple[Bar, ...]
    title: str = ""
    movement: str = ""
    creators: tuple[tuple[str, str], ...] = ()
    groups: tuple[Group, ...] = ()
    unwritten: tuple[str, ...] = ()
    next_times: tuple[Change, ...] = ()

    @cached_property
    def bar_lengths(self) -> tuple[Ticks, ...]:
        """The length of each bar in ticks."""
        return tuple(length for length, _ in walk_lengths(self.bars))


class Metre:
    """The time signature in force in each part while the bars go by."""

    def __init__(self) -> None:
        self.common: Time | None = None
        self.own: dict[int, Time] = {}

    def copy(self) -> Metre:
        """Another one with the same time signatures."""
        twin = Metre()
        twin.common, twin.own = self.common, dict(self.own)
        return twin

    def apply(self, bar: Bar) -> None:
        """Take over the changes at this bar's start."""
        stays = {change.part for change in bar.times if change.value is None}
        for change in bar.times:
            if isinstance(change.value, Time):
                self._take(change.value, change.part, stays)

    def _take(self, time: Time, part: int | None, stays: set[int | None]) -> None:
        if part is not None:
            self.own[part] = time
            return
        self.own = {part: kept for part, kept in self.own.items() if part in stays}
        self.own.update(
            {part: self.common for part in stays if part is not None and self.common and part not in self.own}
        )
        self.common = time

    def time(self, part: int) -> Time | None:
        """Return the time signature of a part."""
        return self.own.get(part) or self.common

    def length(self, bar: Bar) -> Ticks:
        """Return the length of `bar`, after `apply`: its own, or that of the longest time signature."""
        if bar.length is not None:
            return bar.length
        nominal = [time.ticks for time in (self.common, *self.own.values()) if time is not None]
        return max((length for length in nominal if length is not None), default=COMMON_TIME.ticks or 0)


def walk_lengths(bars: tuple[Bar, ...]) -> Iterator[tuple[Ticks, Metre]]:
    """Yield the length of each bar in ticks, with the metre in force."""
    metre = Metre()
    for bar in bars:
        metre.apply(bar)
        yield metre.length(bar), metre


def apply_keys(fifths: dict[int, int], bar: Bar, part: int) -> dict[int, int]:
    """Return the key of each staff of a part after the changes of a bar."""
    found = dict(fifths)
    for staff, key in changes_for(bar.keys, part):
        if isinstance(key, Key):
            found.update(dict.fromkeys([staff] if staff else found, key.fifths))
    return found
