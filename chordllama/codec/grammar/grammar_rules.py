"""What new bars of a score may hold, as its own bars show it. Knows the score model; writer.py holds a text to it.

A new bar keeps to the voices, ranges, clefs and tuplets that are there, and to note values that are hardly shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from chordllama.codec.excerpt import SignaturesInForce
from chordllama.codec.grammar.filling import LONGEST_GRID, RATIOS, TRIPLET, Grid, grid_for, shortest_after
from chordllama.codec.grammar.given import GivenRow
from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.grammar.signs import harmonies
from chordllama.codec.notation.staves import middle_line
from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.events import ALTER_CODES
from chordllama.codec.words.moments import format_harmony
from chordllama.errors import ScoreError
from chordllama.score.model import (
    NOTE_TYPES,
    QUARTER,
    SEMITONES,
    Bar,
    Chord,
    Direction,
    Harmony,
    Key,
    Note,
    Part,
    Place,
    Rest,
    Row,
    Score,
    Ticks,
    ticks,
)


class Moment(NamedTuple):
    """Where something stands that is open: bar, ticks from its start, row, and how many events are before it in the row."""

    bar: int
    position: Ticks
    place: Place
    event: int


MOST_VOICES = 3
ROOM = 5
"""Semitones by which a new note may leave the range of its part."""
TENTH = 16
"""Semitones that a large hand spans: what chords have at most, unless the part's own are wider."""
LEAST_RANGE = 12
"""Semitones that a part may use even where it has used fewer."""
OPEN_BARS = 8
"""A slur or hairpin that has been open for longer was forgotten and not meant to go on."""
_BEFORE = -(10**6)
"""The bar of what was open before the new bars."""


Tones = frozenset[int] | None
"""Pitch classes (0 is C); None for all."""
EVERY_FIFTH = (-99, 99)
FIFTHS_BELOW, FIFTHS_ABOVE = 6, 10
"""How far from the key's own place on the line of fifths notes are spelled: F flat and A sharp in C; further out only where the piece was."""


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A harmony from `start` up to `end` (ticks after the bar line): notes that begin there on a `beat`, or in its last beat, are of its `tones`.

    The lowest of them, where they are the bass, is one of `bass`, if that says any.
    """

    start: Ticks
    end: Ticks
    tones: frozenset[int]
    bass: frozenset[int] = frozenset()
    beat: Ticks = QUARTER

    def holds(self, onset: Ticks) -> bool:
        """Tell whether a note that begins at this moment has to belong to it."""
        return self.start <= onset < self.end and (onset % self.beat == 0 or onset >= self.end - self.beat)


@dataclass(frozen=True, slots=True)
class PartRules:
    """What new bars may hold in one part: heights (semitones above C0), percussion places, clefs,
    notes in one chord and how many semitones they may span, the places on the line of fifths that notes are spelled from and to (0 is C), chord symbols, grace notes, voices by staff (0: the staff has been silent, and stays so), the ornaments that it has had,
    whether it may have dynamics and hairpins (where the score, and percussion itself, has had some), the key in fifths, and the chord symbols that it has had."""

    lowest: int
    highest: int
    unpitched: frozenset[tuple[str, int]]
    pitched: bool
    clefs: frozenset[str]
    notes: int
    span: int
    harmony: bool
    graces: bool
    voices: tuple[int, ...]
    ornaments: frozenset[str] = frozenset()
    loudness: bool = True
    fifths: tuple[int, int] = EVERY_FIFTH
    key: int = 0
    own_symbols: frozenset[str] = frozenset()

    @property
    def staves(self) -> int:
        return len(self.voices)

    @property
    def spellings(self) -> Lexicon[int]:
        """The notes of this part as they are spelled with their octave, with their heights."""
        return self.spelled(None)

    @property
    def symbols(self) -> Lexicon[frozenset[int]]:
        """The chord symbols that may be written above this part, with their pitch classes."""
        return harmonies(self.key, self.own_symbols)

    def spelled(self, tones: Tones) -> Lexicon[int]:
        """Return the notes of these pitch classes (None: of all); those of all where the part's range has none of them."""
        return self._within(self.lowest, self.highest, tones)

    def members(self, chord: tuple[str, ...], tones: Tones = None) -> Lexicon[int]:
        """Return the notes that a chord of these may have besides: those with which one hand still reaches all of them."""
        heights = [self.spellings.words[note] for note in chord]
        return self._within(
            max(self.lowest, max(heights) - self.span), min(self.highest, min(heights) + self.span), tones
        )

    def _within(self, lowest: int, highest: int, tones: Tones) -> Lexicon[int]:
        found = _spellings(lowest, highest, self.unpitched, self.pitched, self.fifths, tones)
        return found if found.words else _spellings(lowest, highest, self.unpitched, self.pitched, self.fifths, None)


@dataclass(frozen=True, slots=True)
class Opening:
    """What is open where new bars begin: slurs by part and number, hairpins by part; and the clefs by part and staff."""

    slurs: dict[tuple[int, str], Moment] = field(default_factory=dict)
    wedges: dict[int, Moment] = field(default_factory=dict)
    clefs: dict[tuple[int, int], str] = field(default_factory=dict)


LOUDNESS = frozenset(["dynamics", "wedge"])
"""Directions that say how loud it is."""
CLOSING = "end=final"
"""The word of a closing bar line."""


@dataclass(frozen=True, slots=True)
class BarRules:
    """What one new bar must keep to: its length in ticks, its grid, the words before and after its rows, and the rows that are given.

    `sounding` are staves (part from 0, staff from 1) that sound in it, besides those that are steady; `harmony` is what its notes keep to, `beat` its beat,
    `pace` about how many notes and rests a row has, where that is asked for.
    """

    length: Ticks
    grid: Grid
    head: str = ""
    tail: str = ""
    given: tuple[GivenRow, ...] = ()
    sounding: frozenset[tuple[int, int]] = frozenset()
    harmony: tuple[ChordSpan, ...] = ()
    beat: Ticks = QUARTER
    pace: Mapping[Place, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What new bars must keep to, each of `bars` its own.

    `steady` are the staves (part from 0, staff from 1) that sound in every new bar, `steady_rows` the voices; the parts in `closed` have the given rows alone; `bass` is
    the row that is the lowest.
    """

    parts: tuple[PartRules, ...]
    bars: tuple[BarRules, ...]
    opening: Opening = field(default_factory=Opening)
    steady: frozenset[tuple[int, int]] = frozenset()
    steady_rows: frozenset[Place] = frozenset()
    closed: frozenset[int] = frozenset()
    bass: Place | None = None


FEWEST_STEADY_BARS = 4
"""Bars in which a staff must have sounded without a break before new bars are held to it."""


def steady_staves(score: Score, *, if_short: bool = False) -> frozenset[tuple[int, int]]:
    """Return the staves that sound in every bar of a score.

    Of one that is too short to tell, none, or with `if_short` all that sound in it.
    """
    sounding = list(map(_sounding, score.bars))
    if len(sounding) >= FEWEST_STEADY_BARS:
        return frozenset.intersection(*sounding)
    return frozenset.union(*sounding) if if_short else frozenset()


LATEST = 8
"""The last bars, in all of which a voice has sounded that goes on."""


def steady_rows(bars: Sequence[Bar]) -> frozenset[Place]:
    """Return the voices that sound in each of the latest of some bars; none where these are too few to tell."""
    latest = bars[-LATEST:]
    if len(latest) < FEWEST_STEADY_BARS:
        return frozenset()
    return frozenset.intersection(*(frozenset(row.place for row in bar.rows if _sounds(row)) for bar in latest))


def _sounding(bar: Bar) -> frozenset[tuple[int, int]]:
    return frozenset(row.place[:2] for row in bar.rows if any(isinstance(item, Chord) for item in row.items))


def rules_for(score: Score, bars: int, length: Ticks, closes: bool) -> Rules:
    """Return the rules for `bars` new bars of `length` ticks after a (lean) score: its own staves, voices, ranges and values.

    Raises:
        ScoreError: no note values fill a bar of that length.
    """
    plain = BarRules(length, grid_of(score, length))
    last = replace(plain, tail=CLOSING if closes else "")
    return Rules(part_rules(score), (*[plain] * (bars - 1), last), opening_of(score))


def grid_of(score: Score, length: Ticks) -> Grid:
    """Return the note values that a new bar of `length` ticks may have in a score.

    Raises:
        ScoreError: none fill such a bar.
    """
    grid = grid_for(length, _shortest(score), _ratios(score))
    if grid is None:
        raise ScoreError(
            f"no note values fill a bar of {format_whole(length)}", hint="change the time signature or the bar's length"
        )
    return grid


def part_rules(score: Score) -> tuple[PartRules, ...]:
    """Return what new bars may hold in each part, as the score's own bars show it."""
    return tuple(_part_rules(score, index) for index in range(len(score.parts)))


def _part_rules(score: Score, index: int) -> PartRules:
    rows = [row for bar in score.bars for row in bar.rows if row.part == index]
    items = [item for row in rows for item in row.items]
    notes = [note for item in items if isinstance(item, Chord) for note in item.notes]
    heights = [height(note) for note in notes if not note.unpitched] or [36, 72]
    spare = max(0, LEAST_RANGE - (max(heights) - min(heights)))
    staves = range(1, score.parts[index].staves + 1)
    pitched = any(not note.unpitched for note in notes)
    return PartRules(
        lowest=min(heights) - ROOM - spare // 2,
        highest=max(heights) + ROOM + spare // 2,
        unpitched=frozenset((note.step, note.octave) for note in notes if note.unpitched),
        pitched=pitched,
        clefs=frozenset(
            {*score.parts[index].clefs, *(i.value for i in items if isinstance(i, Direction) and i.name == "clef")}
        ),
        notes=max((len(item.notes) for item in items if isinstance(item, Chord)), default=1),
        span=max([TENTH, *(_span(item) for item in items if isinstance(item, Chord))]),
        graces=any(isinstance(item, Chord) and item.grace for item in items),
        harmony=any(isinstance(item, Harmony) for item in items),
        voices=tuple(
            max((row.voice for row in rows if row.staff == staff and _sounds(row)), default=0) for staff in staves
        ),
        ornaments=frozenset(mark.name for note in notes for mark in note.marks),
        loudness=any(
            isinstance(item, Direction) and item.name in LOUDNESS
            for item in (
                items if not pitched else (item for bar in score.bars for row in bar.rows for item in row.items)
            )
        ),
        fifths=_fifths(score, notes),
        key=next((c.value.fifths for bar in reversed(score.bars) for c in bar.keys if isinstance(c.value, Key)), 0),
        own_symbols=frozenset(
            format_harmony(Harmony(item.root, item.kind, item.bass)) for item in items if isinstance(item, Harmony)
        ),
    )


UNHEARD_RANGE = 12
"""Semitones to both sides of the middle line that a part has which hasn't sounded yet."""
OCTAVE = 12
"""Semitones that any hand spans: what the chords of such a part have at most."""
UNHEARD_NOTES = 4
"""Notes in one chord of such a part, where it has several staves."""


def unheard_part_rules(part: Part, *, loudness: bool = True) -> PartRules:
    """Return what new bars may hold in a part that has no notes yet: what its clefs show. Percussion stays silent."""
    middles = [middle_line(clef) for clef in part.clefs]
    heights = [12 * (middle // 7) + list(SEMITONES.values())[middle % 7] for middle in middles]
    return PartRules(
        lowest=min(heights) - UNHEARD_RANGE,
        highest=max(heights) + UNHEARD_RANGE,
        unpitched=frozenset(),
        pitched=True,
        clefs=frozenset(part.clefs),
        notes=UNHEARD_NOTES if part.staves > 1 else 1,
        span=OCTAVE,
        graces=False,
        harmony=False,
        voices=tuple(int(clef != "percussion") for clef in part.clefs),
        loudness=loudness,
    )


def _fifths(score: Score, notes: Sequence[Note]) -> tuple[int, int]:
    """From where to where on the line of fifths the notes of a part are spelled: around the score's keys, and as far as they were."""
    keys = [change.value.fifths for bar in score.bars for change in bar.keys if isinstance(change.value, Key)] or [0]
    own = [fifths_of(note.step, int(note.alter)) for note in notes if not note.unpitched]
    return min([min(keys) - FIFTHS_BELOW, *own]), max([max(keys) + FIFTHS_ABOVE, *own])


def _span(chord: Chord) -> int:
    heights = [height(note) for note in chord.notes if not note.unpitched] or [0]
    return max(heights) - min(heights)


def _sounds(row: Row) -> bool:
    return row.voice <= MOST_VOICES and any(isinstance(item, Chord) and not item.grace for item in row.items)


def height(note: Note) -> int:
    """Return a written pitch in semitones above C0."""
    return 12 * note.octave + SEMITONES[note.step] + int(note.alter)


def fifths_of(step: str, alter: int) -> int:
    """Return a note's place on the line of fifths: -1 for F, 0 for C, 1 for G, 7 for C sharp."""
    return "FCGDAEB".index(step) - 1 + 7 * alter


@lru_cache(maxsize=4096)
def _spellings(
    lowest: int,
    highest: int,
    unpitched: frozenset[tuple[str, int]],
    pitched: bool,
    fifths: tuple[int, int],
    tones: Tones,
) -> Lexicon[int]:
    heights = {
        f"{step.lower()}{code}{octave}": 12 * octave + semitones + int(alter)
        for step, semitones in SEMITONES.items()
        for alter, code in ALTER_CODES.items()
        if fifths[0] <= fifths_of(step, int(alter)) <= fifths[1]
        and (tones is None or (semitones + int(alter)) % 12 in tones)
        for octave in range(10)
    }
    found = {spelling: value for spelling, value in heights.items() if pitched and lowest <= value <= highest}
    return Lexicon(found | {f"x{step.lower()}{octave}": 12 * octave + SEMITONES[step] for step, octave in unpitched})


# ------------------------------------------------------------------------------------------------------------ note values


def _shortest(score: Score) -> Ticks:
    """The shortest value of new bars: one step below the shortest that is there, its dots included."""
    shown = [
        ticks(NOTE_TYPES[value.type] / 2**value.dots)
        for item in _events(score)
        if (value := item.duration) is not None and value.type
    ]
    return shortest_after(min(shown)) if shown else LONGEST_GRID


def _events(score: Score) -> Iterator[Chord | Rest]:
    for bar in score.bars:
        for row in bar.rows:
            for item in row.items:
                if isinstance(item, Rest) or (isinstance(item, Chord) and not item.grace):
                    yield item


def _ratios(score: Score) -> tuple[tuple[int, int], ...]:
    """Triplets, and those other tuplets that are there."""
    shown = {(item.duration.actual, item.duration.normal) for item in _events(score) if item.duration is not None}
    return tuple(ratio for ratio in RATIOS if ratio == TRIPLET or ratio in shown)


# ---------------------------------------------------------------------------------------------------- what is still open


def opening_of(score: Score) -> Opening:
    """Return what is open at a score's end."""
    opening = Opening(clefs=_clefs(score))
    for bar in score.bars[-OPEN_BARS:]:
        _take(opening, bar)
    return opening


def _clefs(score: Score) -> dict[tuple[int, int], str]:
    first = {(part, staff): clef for part, own in enumerate(score.parts) for staff, clef in enumerate(own.clefs, 1)}
    return first | SignaturesInForce(score.parts).after(score.bars).clefs


def _take(opening: Opening, bar: Bar) -> None:
    for row in bar.rows:
        at = Moment(_BEFORE, 0, row.place, 0)
        for item in row.items:
            if isinstance(item, Chord):
                _take_slurs(opening, item, at)
            elif isinstance(item, Direction) and item.name == "wedge" and " " not in item.value:
                if item.value == "stop":
                    opening.wedges.pop(row.part, None)
                else:
                    opening.wedges[row.part] = at


def _take_slurs(opening: Opening, chord: Chord, at: Moment) -> None:
    for note in chord.notes:
        for mark in note.marks:
            if mark.name == "slur-stop":
                opening.slurs.pop((at.place.part, mark.value), None)
            elif mark.name == "slur-start":
                opening.slurs[at.place.part, mark.value] = at
