"""The measures of one part, from rows to XML. Knows how a source writes its part (`Origin`); knows no header and no whole file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, groupby, zip_longest
from math import lcm
from xml.sax.saxutils import quoteattr

from chordllama.codec.elements.barlines import write_barline
from chordllama.codec.elements.directions import (
    ends_line,
    is_change,
    together,
    write_change,
    write_clef,
    write_directions,
    write_harmony,
    write_transposition,
)
from chordllama.codec.elements.figures import write_figures
from chordllama.codec.elements.keys import write_key
from chordllama.codec.elements.lyrics import write_lyric
from chordllama.codec.elements.notations import Open
from chordllama.codec.elements.notes import (
    ENCLOSURES,
    Look,
    Setting,
    accidental_name,
    divided,
    seen_lengths,
    write_chord,
    write_rest,
)
from chordllama.codec.elements.staff_details import write_staff
from chordllama.codec.notation import accidentals
from chordllama.codec.notation.engraver import Drawing, Engraver
from chordllama.codec.notation.line_numbers import Line, OpenLines
from chordllama.codec.notation.staves import staff_of
from chordllama.codec.notation.ties import Ties, tie_stops
from chordllama.codec.whitelist import HIDDEN
from chordllama.codec.words.texts import xml_text
from chordllama.limits import MOST_DIVISIONS
from chordllama.score.model import (
    QUARTER,
    Bar,
    Chord,
    Direction,
    Harmony,
    Item,
    Key,
    Metre,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Ticks,
    Time,
    VoicePlace,
    apply_keys,
    changes_for,
    first_number,
    number_after,
    ticks_of,
)

Moment = Direction | Harmony
Shown = set[object]
"""The (voice's place, item, note) whose accidental the rules show."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How the source wrote one part: what new measures must follow to fit in.

    `divisions` (of a quarter) to write in, of which those at the end are a whole or decimal fraction; `divisions_after`: those in force after
    each bar, and `staves_after` how many staves there are by then; `voices`: the source's name for the voice at a staff and place; `instruments`: their ids;
    `unwritten`: what it leaves to the program (see `Score.unwritten`); `lines`: bar by bar the numbers that it gives to lines that are
    open at the end, each by its kind and its number in the score.
    """

    id: str
    divisions: int
    voices: dict[VoicePlace, str]
    instruments: tuple[str, ...]
    unwritten: tuple[str, ...] = ()
    lines: tuple[Mapping[Line, str], ...] = ()
    divisions_after: tuple[int | Fraction, ...] = ()
    staves_after: tuple[int, ...] = ()


def origin_of(score: Score, index: int) -> Origin:
    """Return how a part of a score without a source is written."""
    places = {(row.staff, row.voice) for bar in score.bars for row in bar.rows if row.part == index}
    stride = max([4, *(voice for _, voice in places)])
    voices = {place: str(stride * (place[0] - 1) + place[1]) for place in places}
    voices |= {(staff, 1): str(stride * (staff - 1) + 1) for staff in range(1, score.parts[index].staves + 1)}
    instruments = tuple(f"P{index + 1}-I{n}" for n in range(1, len(score.parts[index].instruments) + 1))
    return Origin(f"P{index + 1}", divisions_for(score, index), voices, instruments, score.unwritten)


def divisions_for(score: Score, part: int, at_least: int = 1) -> int:
    """Return the smallest number of divisions of a quarter, a multiple of `at_least`, in which every length of a part is a whole number."""
    found = at_least
    seen: set[Ticks] = set()
    for bar, length in zip(score.bars, score.bar_lengths, strict=True):
        seen.add(length)
        for row in bar.rows:
            if row.part == part:
                seen.update(_lengths(row.items))
    for length in seen:
        found = lcm(found, Fraction(length, QUARTER).denominator)
        if found > MOST_DIVISIONS:
            return QUARTER  # then absurd lengths are rounded, by less than any ear can tell
    return found


def _lengths(items: tuple[Item, ...]) -> Iterator[Ticks]:
    for item in items:
        if isinstance(item, Direction | Harmony):
            yield item.offset
        elif item.duration is not None:
            yield item.duration.ticks
            yield from seen_lengths(item)  # else a reader would take it for a length that was rounded


class PartWriter:
    """Writes the measures of one part in order. What goes on over bar lines (ties, words of a verse, keys) is kept here."""

    def __init__(self, parts: tuple[Part, ...], index: int, origin: Origin, *, first: bool = True) -> None:
        self.part = parts[index]
        self.index = index
        self.origin = origin
        self.divisions = origin.divisions
        self.first = first
        self.staves = self.part.staves
        self.expected: int | None = None
        self.ties = Ties()
        self.lines = OpenLines()
        self.hyphens: set[tuple[int, int, int]] = set()
        self.fifths = dict.fromkeys(range(1, self.part.staves + 1), 0)
        self.metre = Metre()
        self.engraver = Engraver(self.part.clefs, origin.unwritten)

    def skip(self, bars: tuple[Bar, ...]) -> None:
        """Take on what goes on over bar lines from bars that are written already."""
        for bar in bars[:-1]:
            self.fifths = apply_keys(self.fifths, bar, self.index)
            self.metre.apply(bar)
            self.engraver.skip(self._own_rows(bar), self.metre.length(bar))
            self._label(bar)
        for bar in bars[-1:]:
            list(self.measure(bar))

    def _own_rows(self, bar: Bar) -> list[Row]:
        return [row for row in bar.rows if row.part == self.index and row.staff <= self.staves]

    def _label(self, bar: Bar) -> str:
        expected = first_number(bar) if self.expected is None else self.expected
        label = bar.number if bar.number is not None else str(expected)
        self.expected = number_after(label, expected)
        return label

    def measure(self, bar: Bar, staves: int | None = None) -> Iterator[str]:
        """Yield the lines of one `<measure>`, in which the part has so many staves (None: all of its own)."""
        self.staves = self.part.staves if staves is None else staves
        self.fifths = apply_keys(self.fifths, bar, self.index)
        self.metre.apply(bar)
        length = self.metre.length(bar)
        label = self._label(bar)
        yield f"<measure number={quoteattr(label)}{' implicit=' + quoteattr('yes') if bar.implicit else ''}>"
        yield from (f"  {line}" for line in write_barline(bar.start, "left", first=self.index == 0))
        yield from (f"  {line}" for line in self._attributes(bar))
        yield from (f"  {line}" for line in self._rows(bar, length))
        yield from (f"  {line}" for line in write_barline(bar.end, "right", first=self.index == 0))
        yield "</measure>"

    def _attributes(self, bar: Bar) -> Iterator[str]:
        lines = self._first_attributes() if self.first else []
        keys = [write_key(key, staff or 0) for staff, key in changes_for(bar.keys, self.index) if isinstance(key, Key)]
        times = [
            _write_time(time, staff or 0)
            for staff, time in changes_for(bar.times, self.index)
            if isinstance(time, Time)
        ]
        several = self.part.staves > 1
        staves = [f"<staves>{self.part.staves}</staves>"] if self.first and several else []
        clefs = [write_clef(clef, n * several) for n, clef in enumerate(self.part.clefs, 1) if clef and self.first]
        details = [
            write_staff(lines, tuning, n * several)
            for n, (lines, tuning) in enumerate(zip_longest(self.part.lines, self.part.tunings), 1)
            if self.first and (tuning or lines not in (None, 5))
        ]
        transposition = write_transposition(self.part.transposition) if self.first and self.part.transposition else []
        self.first = False
        found = [*lines, *chain(*keys), *chain(*times), *staves, *chain(*clefs), *chain(*details), *transposition]
        if found:
            yield "<attributes>"
            yield from (f"  {line}" for line in found)
            yield "</attributes>"

    def _first_attributes(self) -> list[str]:
        return [f"<divisions>{self.divisions}</divisions>"]

    def _rows(self, bar: Bar, length: Ticks) -> Iterator[str]:
        rows = {(row.staff, row.voice): row for row in self._own_rows(bar)}
        drawings = self.engraver.draw(list(rows.values()), self.metre.time(self.index), length)
        for staff in range(1, self.staves + 1):
            if not any(place[0] == staff for place in rows):
                rows[staff, 1] = Row(self.index, staff, 1, (Rest(),))
        places = sorted(rows)
        self.ties.keep(places)
        shown = self._shown(rows, places) if "accidentals" not in self.origin.unwritten else None
        for n, place in enumerate(places):
            if n:
                yield from self._move("backup", length)
            yield from self._row(rows[place], shown, drawings.get(place, Drawing()), length)

    def _shown(self, rows: dict[VoicePlace, Row], places: list[VoicePlace]) -> Shown:
        """The notes whose accidental the rules show."""
        ties = self.ties.copy()
        notes = chain.from_iterable(_places(rows[place], order, ties) for order, place in enumerate(places))
        return accidentals.shown(notes, self.fifths)

    def _row(self, row: Row, shown: Shown | None, drawing: Drawing, length: Ticks) -> Iterator[str]:
        place = (row.staff, row.voice)
        staff = row.staff if self.staves > 1 else 0
        setting = Setting(
            self._voice(place), staff, self.origin.instruments, self.divisions, whole_rests=self.part.whole_rests
        )
        is_open = Open(self.lines, [])
        moments: list[Moment] = []
        for i, item in enumerate(row.items):
            if isinstance(item, Direction | Harmony):
                moments.append(item)
                continue
            moments, figures = _parted(moments)
            late = _late(moments, item, length)
            yield from self._moments(moments[: len(moments) - len(late)], staff)
            yield from self._figures(figures)
            if isinstance(item, Chord):
                stops = tie_stops(self.ties, place, item)
                look = Look(_accidentals(item, shown, place, i), drawing.stems.get(i, ""), drawing.beams.get(i, ""))
                yield from write_chord(item, setting, stops, look, self._lyrics(place, item), is_open)
            elif isinstance(item, Rest):
                self.ties.clear(place)
                yield from write_rest(item, setting, length, is_open)
            elif isinstance(item, Spacer):
                self.ties.clear(place)
                yield from self._gap(item, row.voice == 1, setting, length)
            yield from self._moments(late, staff, ticks_of(item, length))
            moments = []
        moments, figures = _parted(moments)
        yield from self._moments(moments, staff)
        yield from self._figures(figures)

    def _lyrics(self, place: VoicePlace, chord: Chord) -> list[str]:
        return [
            line
            for syllable in chord.lyrics
            for line in write_lyric(
                syllable, self._continues(place, syllable.verse, syllable.hyphen), self._verse_name(syllable.verse)
            )
        ]

    def _verse_name(self, verse: int) -> str:
        return self.part.verses[verse - 1] if verse <= len(self.part.verses) else ""

    def _voice(self, place: VoicePlace) -> str:
        found = self.origin.voices.get(place)
        if found is not None:
            return found
        taken = {int(voice) for voice in self.origin.voices.values() if re.fullmatch(r"[0-9]{1,6}", voice)}
        wanted = 4 * (place[0] - 1) + place[1]
        free = str(wanted if wanted not in taken else max(taken) + 1)
        self.origin.voices[place] = free
        return free

    def _continues(self, place: VoicePlace, verse: int, hyphen: bool) -> bool:
        key = (*place, verse)
        before = key in self.hyphens
        (self.hyphens.add if hyphen else self.hyphens.discard)(key)
        return before

    def _move(self, tag: str, length: Ticks, voice: str = "", staff: int = 0) -> Iterator[str]:
        if length:
            yield f"<{tag}>"
            yield f"  <duration>{divided(length, self.divisions)}</duration>"
            if voice:
                yield f"  <voice>{xml_text(voice)}</voice>"
            if staff:
                yield f"  <staff>{staff}</staff>"
            yield f"</{tag}>"

    def _gap(self, spacer: Spacer, in_first_voice: bool, setting: Setting, length: Ticks) -> Iterator[str]:
        """Time in which nothing is seen. Programs fill what a staff's first voice lacks with rests, unless it has hidden ones."""
        if in_first_voice:
            yield from write_rest(Rest(spacer.duration), setting, length, hidden=True)
        else:
            yield from self._move("forward", ticks_of(spacer, length), setting.voice, setting.staff)

    def _figures(self, figures: list[Direction]) -> Iterator[str]:
        """The figures of one note: each but the last lasts until the next one, and an empty one until a late first one."""
        if figures and (late := divided(figures[0].offset, self.divisions)):
            yield from write_figures("", late)
        for item, following in zip_longest(figures, figures[1:]):
            lasts = divided(following.offset - item.offset, self.divisions) if following else 0
            yield from write_figures(item.value, lasts)

    def _moments(self, moments: list[Moment], staff: int, before: Ticks = 0) -> Iterator[str]:
        """What stands at a moment, written `before` ticks after the place that its offset is counted from."""
        for offset, group in groupby(moments, key=lambda item: item.offset):
            divisions = divided(offset - before, self.divisions) if offset != before else 0
            for item in _written_together(list(group)):
                if isinstance(item, Harmony):
                    yield from write_harmony(item, staff, str(divisions or ""))
                elif is_change(item[0]):
                    yield from self._move("forward" if divisions > 0 else "backup", abs(offset - before))
                    yield from write_change(item[0], staff)
                    yield from self._move("backup" if divisions > 0 else "forward", abs(offset - before))
                else:
                    yield from write_directions(item, staff, str(divisions or ""))


def _parted(moments: list[Moment]) -> tuple[list[Moment], list[Direction]]:
    """What stands at a moment, and the figures of a bass, which stand right before their note."""
    figures = [moment for moment in moments if isinstance(moment, Direction) and moment.name == "figured-bass"]
    return [moment for moment in moments if moment not in figures] if figures else moments, figures


def _late(moments: list[Moment], event: Chord | Rest | Spacer, length: Ticks) -> list[Moment]:
    """What is written after the event in which it stands: the end of a line, which readers that know no offsets take for the last
    note's, and what follows it."""
    ticks = ticks_of(event, length)
    for place, item in enumerate(moments):
        if isinstance(item, Direction) and 0 < item.offset <= ticks and ends_line(item):
            return moments[place:]
    return []


def _written_together(moments: list[Moment]) -> Iterator[Harmony | list[Direction]]:
    """The moments of one place, with the directions that form one in a list."""
    directions: list[Direction] = []
    for item in moments:
        if isinstance(item, Direction) and not is_change(item):
            directions.append(item)
            continue
        yield from together(directions)
        directions = []
        yield item if isinstance(item, Harmony) else [item]
    yield from together(directions)


def _places(row: Row, order: int, ties: Ties) -> Iterator[accidentals.Place]:
    """The pitched notes of a row as the rule for accidentals sees them; `ties` is taken on."""
    place = (row.staff, row.voice)
    position: Ticks = 0
    for i, item in enumerate(row.items):
        if isinstance(item, Chord):
            stops = tie_stops(ties, place, item)
            for n, note in enumerate(item.notes):
                if not note.unpitched:
                    staff = staff_of(note, row.staff)
                    yield (position, order, (staff, note.step, note.octave), note.alter, stops[n], (place, i, n))
            position += item.ticks
        elif isinstance(item, Rest | Spacer):
            ties.clear(place)
            position += item.duration.ticks if item.duration else 0


def _accidentals(chord: Chord, shown: Shown | None, place: VoicePlace, item: int) -> list[str | None]:
    """The names of the accidentals that are seen at the notes of a chord."""
    if shown is None:
        return [None] * len(chord.notes)
    return [_accidental(note, (place, item, number) in shown) for number, note in enumerate(chord.notes)]


def _accidental(note: Note, shown: bool) -> str | None:
    """The name of the accidental that is seen, if one is."""
    found = {mark.name: mark.value for mark in note.marks}
    if "accidental" in found:
        return found["accidental"]
    visible = (shown and "no-accidental" not in found) or not found.keys().isdisjoint(_SHOWING)
    return accidental_name(note.alter) if visible else None


_SHOWING = ("courtesy", *ENCLOSURES)
"""Marks of an accidental that is seen whatever the rules say."""


def _write_time(time: Time, staff: int) -> list[str]:
    symbol = f" symbol={quoteattr(time.symbol)}" if time.symbol not in ("", HIDDEN) else ""
    symbol += ' print-object="no"' if time.symbol == HIDDEN else ""
    lines = [f'<time number="{staff}"{symbol}>' if staff else f"<time{symbol}>"]
    for count, unit in time.beats:
        lines += [f"  <beats>{count}</beats>", f"  <beat-type>{unit}</beat-type>"]
    return [*lines, *([] if time.beats else ["  <senza-misura/>"]), "</time>"]
