"""The measures of one part, from XML to rows. Knows cursors, voices and staves; rows.py knows what becomes of them.

Programs number voices as they like and leave gaps. Here a voice belongs to the staff on which it has most of its notes, and its
place there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from lxml.etree import _Element

from chordllama.codec.elements.barlines import format_inner_barline, read_barline
from chordllama.codec.elements.content import child_text, children, decimal, number
from chordllama.codec.elements.directions import (
    read_clef,
    read_direction,
    read_harmony,
    read_sound,
    read_transposition,
)
from chordllama.codec.elements.drafts import EventDraft, Said
from chordllama.codec.elements.figures import read_figures
from chordllama.codec.elements.keys import read_key
from chordllama.codec.elements.lyrics import joined
from chordllama.codec.elements.notes import Known, NoteReader
from chordllama.codec.elements.rows import Moment, Placed, RowFinisher, place_events, without_unused_voices
from chordllama.codec.elements.staff_details import read_lines, read_tuning
from chordllama.codec.notation.line_numbers import Line, Pairs
from chordllama.codec.report import Report
from chordllama.codec.whitelist import HIDDEN, TIME_SYMBOLS
from chordllama.codec.words.frames import is_usual
from chordllama.codec.words.key_words import format_key
from chordllama.codec.words.values import direction_fault
from chordllama.errors import MusicXMLError, ScoreError
from chordllama.limits import MOST_BARS, MOST_BEATS, MOST_DIVISIONS, MOST_NOTES, MOST_STAVES, MOST_VOICES
from chordllama.score.model import (
    LONGEST_BAR,
    NO_BARLINE,
    QUARTER,
    Barline,
    Direction,
    Harmony,
    Key,
    Mark,
    Row,
    Ticks,
    Time,
    Transposition,
    Tuning,
    VoicePlace,
    checked,
)

MOST_DIGITS = 12
Stream = tuple[str, int]
"""A voice of the source; the number tells apart streams that sound at once under one name."""


@dataclass(slots=True)
class MeasureDraft:
    """One `<measure>` of one part, with its events where the source puts them.

    `has_open_rests`: of some rests the bar's length decides what they are; `rounded`: the source rounded an event's duration.
    `lines` are those that are open at its end, with their labels (see `Pairs.still_open`).
    """

    streams: dict[Stream, list[EventDraft]] = field(default_factory=dict)
    ends: dict[Stream, Ticks] = field(default_factory=dict)
    placed: dict[Stream, list[Placed]] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    has_open_rests: bool = False
    rounded: bool = False
    keys: list[tuple[int | None, Key]] = field(default_factory=list)
    times: list[tuple[int | None, Time]] = field(default_factory=list)
    start: Barline = NO_BARLINE
    end: Barline = NO_BARLINE
    extent: Ticks = 0
    bar_rest: Ticks = 0
    number: str = ""
    implicit: bool = False
    lines: Mapping[Line, Line] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartRows:
    """What a part's measures become: the rows of each, and by its bar lines what the source calls the lines that are open there.

    `lacks_accidentals`: an accidental that the rules show isn't written; `whole_rests`: a bar's rest is called a whole rest.
    """

    measures: list[list[Row]]
    open_lines: tuple[Mapping[Line, str], ...]
    lacks_accidentals: bool
    whole_rests: bool


Divisions = int | Fraction
"""How many divisions of a quarter a duration of one quarter has."""


class PartReader:
    """Reads the measures of one part in order; `rows` then gives each measure's rows."""

    def __init__(
        self, index: int, name: str, instruments: list[str], divisions: Divisions, report: Report, known: Known
    ) -> None:
        self.index = index
        self.name = name
        self.report = report
        self.notes = NoteReader(instruments, report, known)
        self.pairs = Pairs()
        self.divisions_after: list[Divisions] = []
        self.begin_divisions(divisions)
        self.staves = 1
        self.staves_after: list[int] = []
        self.first_clefs: dict[int, str] = {}
        self.lines: dict[int, int] = {}
        self.first_lines: dict[int, int] = {}
        self.tunings: dict[int, Tuning] = {}
        self.transposition: Transposition | None = None
        self.measures: list[MeasureDraft] = []
        self.cursor: Ticks = 0
        self.figured: Ticks = 0
        self.figures: list[tuple[Ticks, str]] = []
        self.rests_end = 0
        """The bar (from 0) in which the last rest over several bars has ended."""
        self.late_times: list[tuple[Ticks, int | None, Time]] = []
        self.last: EventDraft | None = None
        self.step: tuple[Ticks, Ticks, int] | None = None

    # ---------------------------------------------------------------------------------------------------- one measure

    def read_measure(self, element: _Element) -> None:
        """Read one `<measure>` (score-partwise) or the `<part>` of one (score-timewise)."""
        self.draft = MeasureDraft(times=self.next_times)
        self.late_times = []
        self.measures.append(self.draft)
        self.cursor, self.last, self.step = 0, None, None
        child = element
        try:
            for child in children(element):
                read = _READERS.get(child.tag)
                if read is not None:
                    read(self, child)
            self._place_figures(1)
        except ScoreError:
            raise
        except ValueError as fault:
            raise self.error(child, str(fault)) from fault
        self.draft.times += [(staff, time) for position, staff, time in self.late_times if not self._is_over(position)]
        self.pairs.end_bar()
        self.divisions_after.append(self.divisions)
        self.staves_after.append(self.staves)
        self.draft.lines = self.pairs.still_open()
        for stream, events in self.draft.streams.items():
            self.draft.placed[stream] = place_events(events, self.scale)

    @property
    def next_times(self) -> list[tuple[int | None, Time]]:
        """The time signatures that stand behind all notes of the last measure, by staff (None: all): they are the next one's."""
        return [(staff, time) for position, staff, time in self.late_times if self._is_over(position)]

    def _is_over(self, position: Ticks) -> bool:
        return position > 0 and position >= max(self.draft.extent, self.draft.bar_rest)

    def error(self, element: _Element, problem: str) -> MusicXMLError:
        """Return an error that says where `element` stands."""
        return MusicXMLError(
            f'part "{self.name}", measure {len(self.measures)}, <{element.tag}> in line {element.sourceline}: {problem}'
        )

    def length(self, element: _Element, text: str | None) -> Ticks | None:
        """Return the ticks that the text of an element's `<duration>` says; None without one."""
        text = (text or "").strip()
        if not text:
            return None
        divisions = int(text) if len(text) < MOST_DIGITS and text.isdecimal() else decimal(text)
        if divisions is None or divisions < 0:
            raise self.error(element, f'"{text[:40]}" is not a duration in divisions')
        length = divisions * self.scale
        return length if isinstance(length, int) else _integer(length)

    def _attributes(self, element: _Element) -> None:
        for child in element:
            read = _ATTRIBUTE_READERS.get(child.tag)
            if read is not None:
                read(self, child)

    def begin_divisions(self, divisions: Divisions) -> None:
        """Read durations as so many divisions of a quarter from here on."""
        self.divisions, self.scale = divisions, _integer(QUARTER / Fraction(divisions))
        self.notes.begin(self.scale)

    def _divisions(self, element: _Element) -> None:
        divisions = read_divisions(element)
        if divisions is None:
            raise self.error(
                element,
                f'"{(element.text or "").strip()[:40]}" is not a number of divisions (above 0, at most {MOST_DIVISIONS})',
            )
        self.begin_divisions(divisions)

    def _staves(self, element: _Element) -> None:
        self.staves = max(self.staves, _within(element.text, "staves", MOST_STAVES))

    def _measure_style(self, element: _Element) -> None:
        for child in element:
            if child.tag in ("multiple-rest", "measure-repeat", "beat-repeat"):
                bars = _within(child.text, "bars", MOST_BARS)
                self.rests_end = max(self.rests_end, len(self.measures) - 1 + bars * (child.tag == "multiple-rest"))

    def _key(self, element: _Element) -> None:
        key = read_key(element)
        staff = number(element.get("number"), 1, MOST_STAVES)
        if key is None:
            self.report.mended["a key signature that says nothing is left out"] += 1
        elif self.cursor == 0:
            self.draft.keys.append((staff, key))
        else:
            self._at(self.cursor, staff or 1, Direction("key", format_key(key)))

    def _time(self, element: _Element) -> None:
        counts = [(child.text or "").replace(" ", "") for child in element.iterfind("beats")]
        units = [number(child.text, 1, 1024) for child in element.iterfind("beat-type")]
        pairs = tuple(
            (_count(count), unit) for count, unit in zip(counts, units, strict=False) if unit and _is_count(count)
        )
        symbol = HIDDEN if element.get("print-object") == "no" else element.get("symbol", "")
        time = Time(pairs, symbol if symbol in (*TIME_SYMBOLS, HIDDEN) else "")
        if (pairs or element.find("senza-misura") is not None) and is_usual(time):
            self.late_times.append((self.cursor, number(element.get("number"), 1, MOST_STAVES), time))
        else:
            self.report.mended["a time signature that makes no bar is left out"] += 1

    def _clef(self, element: _Element) -> None:
        staff = number(element.get("number"), 1, MOST_STAVES) or 1
        clef = read_clef(element)
        if staff not in self.first_clefs and len(self.measures) == 1 and self.cursor == 0:
            self.first_clefs[staff] = clef
        else:
            self._at(self.cursor, staff, Direction("clef", clef))

    def _staff_details(self, element: _Element) -> None:
        staff = number(element.get("number"), 1, MOST_STAVES) or 1
        lines, tuning = read_lines(element), read_tuning(element)
        if tuning is not None:
            self.tunings.setdefault(staff, tuning)
        if lines is None or lines == self.lines.get(staff):
            return
        if len(self.measures) > 1 or self.cursor:
            self._at(self.cursor, staff, Direction("staff-lines", str(lines)))
        else:
            self.first_lines[staff] = lines
        self.lines[staff] = lines

    def _transpose(self, element: _Element) -> None:
        found = read_transposition(element)
        if len(self.measures) == 1 and self.cursor == 0:
            self.transposition = found
        else:
            self._at(self.cursor, 1, Direction("transpose", f"{found.chromatic}/{found.diatonic}/{found.octave}"))

    def _note(self, element: _Element) -> None:
        content, note = said = self.notes.said(element, self.length)
        if content.staff > self.staves:
            self.staves = content.staff
        last = self.last
        if not content.in_chord or last is None or not last.notes:
            self._begin_event(element, said, self.cursor)
        elif note is None:
            self._begin_event(element, said, last.onset)
        else:
            self._add_to_chord(element, said, last)

    def _begin_event(self, element: _Element, said: Said, onset: Ticks) -> None:
        content, note = said
        event = EventDraft(onset, content, [] if note is None else [note])
        if note is not None:
            if note.has_lines:
                self._pair(event, note.marks)
            if content.sings:
                event.lyrics = self.notes.lyrics.read(list(element.iterchildren("lyric")))
        else:
            self._begin_rest(event)
        for value in content.dynamics:
            self._at(onset, content.staff, Direction("dynamics", value))
        if self.figures and not content.grace:
            self._place_figures(content.staff)
        self._join(event)
        self.last = event
        self._advance(content.ticks, event)

    def _begin_rest(self, event: EventDraft) -> None:
        content = event.content
        event.fills_bar, event.could_fill_bar = content.fills_bar, content.could_fill_bar
        if content.could_fill_bar or content.has_value:
            self.draft.has_open_rests = True
        if content.marks:
            self._pair(event, content.marks)

    def _add_to_chord(self, element: _Element, said: Said, head: EventDraft) -> None:
        """Another note of a chord."""
        if said[0].duration is not head.content.duration:
            said = self.notes.read(element, self.length, head.content.duration)
        content, note = said
        assert note is not None
        for value in content.dynamics:
            self._at(head.onset, content.staff, Direction("dynamics", value))
        if len(head.notes) == MOST_NOTES:
            raise ValueError(f"more than {MOST_NOTES} notes in a chord")
        head.notes.append(note)
        if note.has_lines:
            self._pair(head, note.marks)
        if content.sings:
            head.lyrics = joined(head.lyrics, self.notes.lyrics.read(list(element.iterchildren("lyric"))))

    def _pair(self, event: EventDraft, marks: Sequence[Mark]) -> None:
        """Find the other ends of the lines at the last note of an event, or at a rest."""
        self._meet(event.onset, seen=not event.content.hidden)
        event.marks += ((max(0, len(event.notes) - 1), self.pairs.marks(marks)),)

    def _meet(self, position: Ticks, *, seen: bool) -> None:
        """What follows stands at this position."""
        self.pairs.position, self.pairs.seen = position, seen

    def _join(self, event: EventDraft) -> None:
        streams, ends, content = self.draft.streams, self.draft.ends, event.content
        if content.rounded:
            self.draft.rounded = True
        stream, spill, end = (content.voice, 0), 0, event.onset + content.ticks
        while stream in streams:
            late = ends[stream] - event.onset
            if late <= 0 or late <= self._slack(streams[stream]):
                streams[stream].append(event)
                ends[stream] = max(ends[stream], end)
                return
            spill = content.staff if spill == 0 else spill + 8
            stream = (content.voice, spill)
        streams[stream], ends[stream] = [event], end
        if len(ends) > MOST_VOICES:
            raise ValueError(f"more than {MOST_VOICES} voices at once")

    def _slack(self, events: list[EventDraft]) -> Ticks:
        """How much longer than the time that went by a voice may be, as the source may have rounded each of its events."""
        return len(events) * self.scale if events[-1].content.rounded else 0

    def _advance(self, length: Ticks, event: EventDraft | None = None) -> None:
        draft, start, self.step = self.draft, self.cursor, None
        self.cursor = end = checked(start + length)
        if event is not None and start == 0 and (event.fills_bar or event.could_fill_bar):
            draft.bar_rest = max(draft.bar_rest, end)
        elif end > draft.extent:
            draft.extent = end

    def _backup(self, element: _Element) -> None:
        self._place_figures(1)
        length = self.length(element, child_text(element, "duration")) or 0
        self.cursor = checked(max(0, self.cursor - length))
        if self.step and self.step[0] == length and self.step[2] < len(self.draft.moments):
            self.draft.extent = self.step[1]  # a step to where signs stand, and back: nothing lasts so long
        self.step = None

    def _forward(self, element: _Element) -> None:
        self._place_figures(_staff(element))
        length = self.length(element, child_text(element, "duration")) or 0
        step = length, self.draft.extent, len(self.draft.moments)
        self._advance(length)
        self.step = step

    def _direction(self, element: _Element) -> None:
        offset, staff = self._offset(element), _staff(element)
        for direction in read_direction(element):
            self._at(offset, staff, direction)

    def _sound(self, element: _Element) -> None:
        for direction in read_sound(element):
            self._at(self._offset(element), 1, direction)

    def _harmony(self, element: _Element) -> None:
        for harmony in read_harmony(element):
            self._at(self._offset(element), _staff(element), harmony)

    def _figured_bass(self, element: _Element) -> None:
        """Figures stand at the next note; the duration of one says when the next one of that note comes."""
        if figures := read_figures(element):
            self.figures.append((self._offset(element) + self.figured, figures))
        self.figured = checked(self.figured + (self.length(element, child_text(element, "duration")) or 0))

    def _place_figures(self, staff: int) -> None:
        """What they are figures of has been met, on this staff."""
        for position, figures in self.figures:
            self._at(min(position, LONGEST_BAR), staff, Direction("figured-bass", figures))
        self.figures, self.figured = [], 0

    def _offset(self, element: _Element) -> Ticks:
        offset = decimal(child_text(element, "offset")) or 0
        return min(max(0, self.cursor + _integer(offset * self.scale)), LONGEST_BAR) if offset else self.cursor

    def _at(self, position: Ticks, staff: int, item: Direction | Harmony) -> None:
        if isinstance(item, Direction) and (fault := direction_fault(item.name, item.value)):
            self.report.mended[f"left out: {fault}"] += 1
            return
        self._meet(position, seen=True)
        paired = self.pairs.direction(item) if isinstance(item, Direction) else item
        self.draft.moments.append((position, staff, paired))

    def _barline(self, element: _Element) -> None:
        barline = read_barline(element)
        location = element.get("location", "right")
        if location == "left":
            self.draft.start = barline
        elif location == "right":
            self.draft.end = barline
        else:
            if barline.ending_type or barline.signs:
                self.report.mended["endings, segnos, codas and fermatas at a bar line within a bar are left out"] += 1
            if value := format_inner_barline(barline):
                self._at(self.cursor, 1, Direction("barline", value))

    # ------------------------------------------------------------------------------------------------------- the rows

    def rows(
        self, lengths: list[Ticks], keys: list[dict[int, int]], times: list[Time | None], unwritten: tuple[str, ...]
    ) -> PartRows:
        """Return the rows of each measure, given the bars' lengths, the keys (fifths) of the staves, the times, and what isn't written."""
        voices = self.voices()
        finish = RowFinisher(self.index, self.staves, self.first_clefs, self.pairs.started, unwritten)
        found: list[list[Row]] = []
        open_lines: list[Mapping[Line, str]] = []
        for draft, length, key, time in zip(self.measures, lengths, keys, times, strict=False):
            streams = {voices[stream]: placed for stream, placed in draft.placed.items() if stream in voices}
            try:
                found.append(finish.rows(streams, list(self._on_staves(draft.moments)), length, key, time))
            except ValueError as fault:
                raise MusicXMLError(f'part "{self.name}", measure {len(found) + 1}: {fault}') from fault
            open_lines.append(finish.numbers.numbers_in(draft.lines))
        calls_whole = finish.whole_rests[True] > finish.whole_rests[False]
        return PartRows(without_unused_voices(found), tuple(open_lines), finish.lacks_accidentals, calls_whole)

    def _on_staves(self, moments: list[Moment]) -> Iterator[Moment]:
        """What stands at a moment, on the staves that there are: notes and `<staves>` make them, signs don't."""
        for position, staff, item in moments:
            if staff <= self.staves:
                yield position, staff, item
            elif isinstance(item, Direction) and item.name in ("clef", "key", "staff-lines"):
                self.report.mended[f"a {item.name} of staff {staff}, which the part hasn't got, is left out"] += 1
            else:
                self.report.mended[f"a sign on staff {staff}, which the part hasn't got, stands on its last staff"] += 1
                yield position, self.staves, item

    def voices(self) -> dict[Stream, VoicePlace]:
        """Return the staff and the place there (from 1) of each voice of the source that has notes or rests."""
        homes = self._homes()
        order = sorted(homes, key=lambda s: (homes[s], number(s[0], 0, 10**6) or 0, s))
        places: Counter[int] = Counter()
        found = {}
        for stream in order:
            places[homes[stream]] += 1
            if places[homes[stream]] > MOST_VOICES:
                raise MusicXMLError(f'part "{self.name}": more than {MOST_VOICES} voices on one staff')
            found[stream] = (homes[stream], places[homes[stream]])
        return found

    def _homes(self) -> dict[Stream, int]:
        """The staff on which each voice has most of its notes."""
        counts: dict[Stream, Counter[int]] = {}
        for draft in self.measures:
            for stream, events in draft.streams.items():
                tally = counts.setdefault(stream, Counter())
                if self.staves == 1 and tally:
                    continue  # there is but one, and what counts is known
                for event in events:
                    if not event.content.hidden:
                        tally[event.content.staff] += 1000 if event.notes else 1
        return {
            stream: max(tally, key=lambda staff: (tally[staff], -staff)) for stream, tally in counts.items() if tally
        }


_READERS: dict[object, Callable[[PartReader, _Element], None]] = {
    "note": PartReader._note,
    "backup": PartReader._backup,
    "forward": PartReader._forward,
    "direction": PartReader._direction,
    "attributes": PartReader._attributes,
    "harmony": PartReader._harmony,
    "barline": PartReader._barline,
    "sound": PartReader._sound,
    "figured-bass": PartReader._figured_bass,
}
_ATTRIBUTE_READERS: dict[object, Callable[[PartReader, _Element], None]] = {
    "divisions": PartReader._divisions,
    "key": PartReader._key,
    "time": PartReader._time,
    "staves": PartReader._staves,
    "measure-style": PartReader._measure_style,
    "clef": PartReader._clef,
    "staff-details": PartReader._staff_details,
    "transpose": PartReader._transpose,
}


def read_divisions(element: _Element) -> Divisions | None:
    """Return how many divisions of a quarter durations count from here on, whole or decimal; None for what can't be one."""
    found = decimal(element.text)
    return _integer(found) if found and 0 < found <= MOST_DIVISIONS else None


def _integer(value: Fraction | int) -> Ticks:
    return value.numerator if value.denominator == 1 else value


def _within(text: str | None, what: str, most: int) -> int:
    """A number of which there is a highest; 1 where it is none."""
    found = number(text, 1, 10**15) or 1
    if found > most:
        raise ValueError(f"{found} {what}, where there are at most {most}")
    return found


def _staff(element: _Element) -> int:
    return number(child_text(element, "staff"), 1, MOST_STAVES) or 1


def _is_count(text: str) -> bool:
    return text.count("+") < MOST_BEATS and all(number(part, 1, 999) for part in text.split("+"))


def _count(text: str) -> str:
    return "+".join(str(number(part, 1, 999)) for part in text.split("+"))
