"""The measures of one part, from XML to rows. Knows cursors, voices and staves; notes.py and directions.py know what stands in them.

Programs number voices as they like and leave gaps. Here a voice belongs to the staff on which it has most of its notes, and its
place there; gaps are filled, so that each row lasts as long as its bar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from lxml.etree import _Element

from chordllama.codec import accidentals
from chordllama.codec.compact import BARLINE_CODES
from chordllama.codec.directions import (
    read_clef,
    read_direction,
    read_harmony,
    read_key,
    read_sound,
    read_transposition,
)
from chordllama.codec.notes import EventDraft, NoteDraft, NoteReader, child_text, number
from chordllama.codec.report import Report
from chordllama.codec.spanners import Numbers
from chordllama.codec.whitelist import SIGN_BY_NAME
from chordllama.codec.words import mark_rank
from chordllama.errors import MusicXMLError
from chordllama.score import (
    QUARTER,
    Barline,
    Chord,
    Direction,
    Harmony,
    Item,
    Key,
    Mark,
    Note,
    Rest,
    Row,
    Spacer,
    Ticks,
    Time,
    Transposition,
    duration_of,
    goes_without_saying,
)

MOST_DIVISIONS = 1_000_000
LONGEST_BAR = 1024 * QUARTER
Stream = tuple[str, int]
"""A voice of the source; the number tells apart streams that sound at once under one name."""
Placed = tuple[Ticks, Ticks, EventDraft | None]
"""From, to, and the event (None is a gap)."""


@dataclass(slots=True)
class MeasureDraft:
    """One `<measure>` of one part, with its events where the source puts them."""

    streams: dict[Stream, list[EventDraft]] = field(default_factory=dict)
    placed: dict[Stream, list[Placed]] = field(default_factory=dict)
    moments: list[tuple[Ticks, int, Direction | Harmony]] = field(default_factory=list)
    keys: list[tuple[int | None, Key]] = field(default_factory=list)
    times: list[tuple[int | None, Time]] = field(default_factory=list)
    start: Barline = field(default_factory=Barline)
    end: Barline = field(default_factory=Barline)
    extent: Ticks = 0
    bar_rest: Ticks = 0
    number: str = ""
    implicit: bool = False


class PartReader:
    """Reads the measures of one part in order; `rows` then gives each measure's rows."""

    def __init__(self, index: int, name: str, instruments: list[str], report: Report) -> None:
        self.index = index
        self.name = name
        self.report = report
        self.notes = NoteReader(instruments)
        self.divisions = 0
        self.scale: Ticks = QUARTER
        self.staves = 1
        self.first_clefs: dict[int, str] = {}
        self.lines: dict[int, int] = {}
        self.transposition: Transposition | None = None
        self.measures: list[MeasureDraft] = []
        self.cursor: Ticks = 0
        self.last: EventDraft | None = None
        self.shows_accidentals = False

    # ---------------------------------------------------------------------------------------------------- one measure

    def read_measure(self, element: _Element) -> None:
        """Read one `<measure>` (score-partwise) or the `<part>` of one (score-timewise)."""
        self.draft = MeasureDraft()
        self.measures.append(self.draft)
        self.cursor, self.last = 0, None
        for child in element:
            read = _READERS.get(child.tag)
            if read is not None:
                read(self, child)
            if self.cursor > LONGEST_BAR:
                raise self.error(child, "the bar is longer than any music")
        for stream, events in self.draft.streams.items():
            self.draft.placed[stream] = _place(events, self.scale)

    def error(self, element: _Element, problem: str) -> MusicXMLError:
        """An error that says where `element` stands."""
        return MusicXMLError(
            f'part "{self.name}", measure {len(self.measures)}, <{element.tag}> in line {element.sourceline}: {problem}'
        )

    def length(self, element: _Element) -> Ticks | None:
        """The ticks that `<duration>` says; None without one."""
        text = child_text(element, "duration")
        if not text:
            return None
        try:
            divisions: int | Fraction = int(text) if text.isdecimal() else Fraction(text)
        except (ValueError, ZeroDivisionError):
            raise self.error(element, f'"{text[:40]}" is not a duration in divisions') from None
        if not 0 <= divisions <= MOST_DIVISIONS * 1024:
            raise self.error(element, f'"{text[:40]}" is no duration of a note')
        return _integer(divisions * self.scale)

    def _attributes(self, element: _Element) -> None:
        for child in element:
            read = _ATTRIBUTE_READERS.get(child.tag)
            if read is not None:
                read(self, child)

    def _divisions(self, element: _Element) -> None:
        divisions = number(element.text, 1, MOST_DIVISIONS)
        if divisions is None:
            raise self.error(
                element, f'"{(element.text or "").strip()[:40]}" is not a number of divisions (1 to {MOST_DIVISIONS})'
            )
        self.scale = _integer(Fraction(QUARTER, divisions))

    def _staves(self, element: _Element) -> None:
        self.staves = max(self.staves, number(element.text, 1, 8) or 1)

    def _key(self, element: _Element) -> None:
        key = read_key(element)
        staff = number(element.get("number"), 1, 8)
        if key is None:
            self.report.mended["a key signature that isn't on the circle of fifths is left out"] += 1
        elif self.cursor == 0:
            self.draft.keys.append((staff, key))
        else:
            self._at(
                self.cursor, staff or 1, Direction("key", f"{key.fifths},{key.mode}" if key.mode else str(key.fifths))
            )

    def _time(self, element: _Element) -> None:
        counts = [(child.text or "").replace(" ", "") for child in element.iterfind("beats")]
        units = [number(child.text, 1, 1024) for child in element.iterfind("beat-type")]
        pairs = tuple((count, unit) for count, unit in zip(counts, units, strict=False) if unit and _is_count(count))
        if not pairs and element.find("senza-misura") is None:
            return
        symbol = element.get("symbol", "")
        self.draft.times.append(
            (number(element.get("number"), 1, 8), Time(pairs, "" if symbol == "normal" else symbol))
        )

    def _clef(self, element: _Element) -> None:
        staff = number(element.get("number"), 1, 8) or 1
        clef = read_clef(element)
        self.staves = max(self.staves, staff)
        if staff not in self.first_clefs and len(self.measures) == 1 and self.cursor == 0:
            self.first_clefs[staff] = clef
        else:
            self._at(self.cursor, staff, Direction("clef", clef))

    def _staff_details(self, element: _Element) -> None:
        lines = number(element.findtext("staff-lines"), 0, 20)
        if lines is not None:
            self.lines.setdefault(number(element.get("number"), 1, 8) or 1, lines)

    def _transpose(self, element: _Element) -> None:
        found = read_transposition(element)
        if len(self.measures) == 1 and self.cursor == 0:
            self.transposition = found
        else:
            self._at(self.cursor, 1, Direction("transpose", f"{found.chromatic}/{found.diatonic}/{found.octave}"))

    def _note(self, element: _Element) -> None:
        chord = element.find("chord") is not None and self.last is not None and bool(self.last.notes)
        onset = self.last.onset if chord and self.last else self.cursor
        event, voice, dynamics = self.notes.read(element, onset, self.length(element), self.scale)
        self.staves = max(self.staves, event.staff)
        for value in filter(None, dynamics):
            self._at(onset, event.staff, Direction("dynamics", value))
        if event.notes and event.notes[0].accidental:
            self.shows_accidentals = True
        if chord and self.last and event.notes:
            self.last.notes += event.notes
            return
        self._join(voice, event)
        self.last = event
        self._advance(event.ticks, event)

    def _join(self, voice: str, event: EventDraft) -> None:
        stream, spill = (voice, 0), 0
        while (events := self.draft.streams.get(stream)) and _end(events) - event.onset > len(
            events
        ) * self.scale * events[-1].rounded:
            spill = event.staff if spill == 0 else spill + 8
            stream = (voice, spill)
        self.draft.streams.setdefault(stream, []).append(event)

    def _advance(self, length: Ticks, event: EventDraft | None = None) -> None:
        start, self.cursor = self.cursor, self.cursor + length
        if event is not None and start == 0 and (event.fills_bar or event.could_fill_bar):
            self.draft.bar_rest = max(self.draft.bar_rest, self.cursor)
        else:
            self.draft.extent = max(self.draft.extent, self.cursor)

    def _backup(self, element: _Element) -> None:
        self.cursor = max(0, self.cursor - (self.length(element) or 0))

    def _forward(self, element: _Element) -> None:
        self._advance(self.length(element) or 0)

    def _direction(self, element: _Element) -> None:
        offset = self._offset(element)
        staff = number(element.findtext("staff"), 1, 8) or 1
        for direction in read_direction(element):
            self._at(offset, staff, direction)

    def _sound(self, element: _Element) -> None:
        for direction in read_sound(element):
            self._at(self._offset(element), 1, direction)

    def _harmony(self, element: _Element) -> None:
        for harmony in read_harmony(element):
            self._at(self._offset(element), number(element.findtext("staff"), 1, 8) or 1, harmony)

    def _offset(self, element: _Element) -> Ticks:
        text = child_text(element, "offset")
        try:
            offset = Fraction(text) if text else Fraction(0)
        except (ValueError, ZeroDivisionError):
            offset = Fraction(0)
        return min(max(0, self.cursor + _integer(offset * self.scale)), LONGEST_BAR)

    def _at(self, position: Ticks, staff: int, item: Direction | Harmony) -> None:
        self.staves = max(self.staves, staff)
        self.draft.moments.append((position, staff, item))

    def _barline(self, element: _Element) -> None:
        barline = _read_barline(element)
        location = element.get("location", "right")
        if location == "left":
            self.draft.start = barline
        elif location == "right":
            self.draft.end = barline
        elif barline.style:
            self._at(self.cursor, 1, Direction("barline", barline.style))

    # ------------------------------------------------------------------------------------------------------- the rows

    def rows(self, lengths: list[Ticks], keys: list[dict[int, int]]) -> list[list[Row]]:
        """Each measure's rows, given the bars' lengths and the keys (fifths) of the staves."""
        voices = self.voices()
        finish = RowFinisher(self, voices)
        found = [
            finish.rows(draft, length, key) for draft, length, key in zip(self.measures, lengths, keys, strict=False)
        ]
        return _without_unused_voices(found)

    def voices(self) -> dict[Stream, tuple[int, int]]:
        """The staff and the place there (from 1) of each voice of the source that has notes or rests."""
        counts: dict[Stream, Counter[int]] = {}
        for draft in self.measures:
            for stream, events in draft.streams.items():
                tally = counts.setdefault(stream, Counter())
                for event in events:
                    if not event.hidden:
                        tally[event.staff] += 1000 if event.notes else 1
        homes = {
            stream: max(tally, key=lambda staff: (tally[staff], -staff)) for stream, tally in counts.items() if tally
        }
        order = sorted(homes, key=lambda s: (homes[s], number(s[0], 0, 10**6) or 0, s))
        places: Counter[int] = Counter()
        found = {}
        for stream in order:
            places[homes[stream]] += 1
            found[stream] = (homes[stream], places[homes[stream]])
        return found


_READERS: dict[object, Callable[[PartReader, _Element], None]] = {
    "note": PartReader._note,
    "backup": PartReader._backup,
    "forward": PartReader._forward,
    "direction": PartReader._direction,
    "attributes": PartReader._attributes,
    "harmony": PartReader._harmony,
    "barline": PartReader._barline,
    "sound": PartReader._sound,
}
_ATTRIBUTE_READERS: dict[object, Callable[[PartReader, _Element], None]] = {
    "divisions": PartReader._divisions,
    "key": PartReader._key,
    "time": PartReader._time,
    "staves": PartReader._staves,
    "clef": PartReader._clef,
    "staff-details": PartReader._staff_details,
    "transpose": PartReader._transpose,
}


def _integer(value: Fraction | int) -> Ticks:
    return value.numerator if value.denominator == 1 else value


def _is_count(text: str) -> bool:
    return all(part.isdecimal() and 0 < int(part[:9]) < 1000 for part in text.split("+"))


def _end(events: list[EventDraft]) -> Ticks:
    return max(event.onset + event.ticks for event in events)


def _place(events: list[EventDraft], scale: Ticks) -> list[Placed]:
    """The events one after the other, with gaps; what the source rounded is set right."""
    placed: list[Placed] = []
    position: Ticks = 0
    slack: Ticks = 0
    for event in sorted(events, key=lambda event: event.onset):
        slack += scale if event.rounded else 0
        gap = event.onset - position
        if gap > slack:
            placed.append((position, event.onset, None))
            position = event.onset
        length = 0 if event.grace else (event.duration.ticks if event.rounded or event.notes else event.ticks)
        placed.append((position, position + length, event))
        position += length
    return placed


def _read_barline(element: _Element) -> Barline:
    style = child_text(element, "bar-style")
    repeat = element.find("repeat")
    ending = element.find("ending")
    direction = repeat.get("direction", "") if repeat is not None else ""
    ending_type = ending.get("type", "") if ending is not None else ""
    known = ending is not None and ending_type in ("start", "stop", "discontinue")
    return Barline(
        style=style if style in BARLINE_CODES else "",
        repeat=direction if direction in ("forward", "backward") else "",
        times=(number(repeat.get("times"), 1, 99) or 0) if repeat is not None else 0,
        ending=(ending.get("number") or "1") if known and ending is not None else "",
        ending_type=ending_type if known else "",
        signs=tuple(tag for tag in ("segno", "coda", "fermata") if element.find(tag) is not None),
    )


def _without_unused_voices(bars: list[list[Row]]) -> list[list[Row]]:
    """The voices of each staff numbered without gaps."""
    used = sorted({(row.staff, row.voice) for rows in bars for row in rows})
    places: dict[tuple[int, int], int] = {}
    for staff, voice in used:
        places[staff, voice] = 1 + sum(other == staff for other, _ in places)
    if all(voice == place for (_, voice), place in places.items()):
        return bars
    return [[replace(row, voice=places[row.staff, row.voice]) for row in rows] for rows in bars]


class RowFinisher:
    """Makes rows of measure drafts, in the order in which they are written: ties, numbers of lines and accidentals depend on it."""

    def __init__(self, part: PartReader, voices: dict[Stream, tuple[int, int]]) -> None:
        self.part = part
        self.voices = voices
        self.numbers = Numbers()
        self.ties = Ties()
        self.clefs = dict(part.first_clefs)

    def rows(self, draft: MeasureDraft, length: Ticks, fifths: dict[int, int]) -> list[Row]:
        """The rows of one measure."""
        streams = sorted(
            (self.voices[stream], placed) for stream, placed in draft.placed.items() if stream in self.voices
        )
        filled = {place: _fill(placed, length) for place, placed in streams}
        found = {place: events for place, events in filled.items() if any(event is not None for _, _, event in events)}
        for staff in range(1, self.part.staves + 1):
            if not any(place[0] == staff for place in found):
                found[staff, 1] = [(0, length, None)]
        places = sorted(found)
        moments = self._moments(draft, found, places, length)
        shown = self._shown(found, places, fifths)
        self.ties.keep(places)
        rows = [
            Row(self.part.index, place[0], place[1], self._items(place, found[place], moments[place], shown, length))
            for place in places
        ]
        self.numbers.end_bar()
        return [row for row in rows if not goes_without_saying(row, rows)]

    def _moments(
        self,
        draft: MeasureDraft,
        found: dict[tuple[int, int], list[Placed]],
        places: list[tuple[int, int]],
        length: Ticks,
    ) -> dict[tuple[int, int], list[tuple[int, Direction | Harmony]]]:
        """For each row what stands at a moment, by the place of the event before which it is written."""
        moments: dict[tuple[int, int], list[tuple[int, Direction | Harmony]]] = {place: [] for place in places}
        for position, staff, item in sorted(draft.moments, key=lambda moment: moment[0]):
            if isinstance(item, Direction) and item.name == "clef":
                if self.clefs.get(staff) == item.value:
                    continue
                self.clefs[staff] = item.value
            rows = [place for place in places if place[0] == staff]
            exact = [place for place in rows if any(start == position for start, _, _ in found[place])]
            if position == length:
                moments[rows[0]].append((len(found[rows[0]]), item))
            elif exact:
                events = found[exact[0]]
                moments[exact[0]].append((next(i for i, event in enumerate(events) if event[0] == position), item))
            else:
                moments[rows[0]].append(_between(found[rows[0]], position, item))
        return moments

    def _shown(
        self, found: dict[tuple[int, int], list[Placed]], places: list[tuple[int, int]], fifths: dict[int, int]
    ) -> set[object]:
        notes = [
            accidentals.Place(start, order, note.staff, note.step, note.octave, note.alter, note.tie_stop, id(note))
            for order, place in enumerate(places)
            for start, _, event in found[place]
            if event is not None
            for note in event.notes
            if not note.unpitched
        ]
        return accidentals.shown(notes, fifths)

    def _items(
        self,
        place: tuple[int, int],
        events: list[Placed],
        moments: list[tuple[int, Direction | Harmony]],
        shown: set[object],
        length: Ticks,
    ) -> tuple[Item, ...]:
        items: list[Item] = []
        queue = iter(moments)
        moment = next(queue, None)
        for index in range(len(events) + 1):
            while moment is not None and moment[0] == index:
                items.append(self._numbered(moment[1]))
                moment = next(queue, None)
            if index < len(events):
                items.append(self._event(place, events[index], len(events) == 1, shown, length))
        return tuple(items)

    def _numbered(self, item: Direction | Harmony) -> Direction | Harmony:
        if (
            not isinstance(item, Direction)
            or " " not in item.value
            or item.name in ("words", "rehearsal", "other-direction", "dynamics")
        ):
            return item
        type, _, line = item.value.rpartition(" ")
        end = (
            "stop"
            if type.startswith("stop")
            else "start"
            if not type.startswith("con") and type != "change"
            else "continue"
        )
        mine = self.numbers.renumber(item.name, end, line)
        return replace(item, value=f"{type} {mine}".strip())

    def _event(self, place: tuple[int, int], placed: Placed, alone: bool, shown: set[object], length: Ticks) -> Item:
        start, end, event = placed
        if event is None:
            self.ties.clear(place)
            return Spacer(None if alone and end - start == length else duration_of(end - start))
        if event.notes:
            return self._chord(place, event, shown)
        self.ties.clear(place)
        marks = self._marks(event.marks) + ([Mark("cross", str(event.staff))] if event.staff != place[0] else [])
        if alone and (event.fills_bar or (event.could_fill_bar and end - start == length)):
            return Rest(None, _sorted(mark for mark in marks if mark.name != "type"))
        return Rest(event.duration, _sorted(marks))

    def _chord(self, place: tuple[int, int], event: EventDraft, shown: set[object]) -> Chord:
        implied = [self.ties.implied(place, note.pitch) for note in event.notes]
        notes = tuple(
            self._note(note, place[0], id(note) in shown, tied) for note, tied in zip(event.notes, implied, strict=True)
        )
        self.ties.take(place, notes, bool(event.grace))
        return Chord(event.duration, notes, event.grace, tuple(sorted(event.lyrics, key=lambda s: s.verse)))

    def _note(self, note: NoteDraft, staff: int, shown: bool, tied: bool) -> Note:
        marks = self._marks(note.marks)
        if note.tie_start:
            marks.append(Mark("tie"))
        if note.tie_stop != tied:
            marks.append(Mark("tie-stop" if note.tie_stop else "no-tie-stop"))
        if note.staff != staff:
            marks.append(Mark("cross", str(note.staff)))
        if not note.unpitched:
            marks += self._accidental(note, shown)
        return Note(note.step, note.octave, note.alter, note.unpitched, _sorted(marks))

    def _accidental(self, note: NoteDraft, shown: bool) -> list[Mark]:
        if note.accidental is None:
            return [Mark("no-accidental")] if shown and self.part.shows_accidentals else []
        if note.accidental != accidentals.ACCIDENTALS.get(note.alter):
            return [Mark("accidental", note.accidental), *([Mark("parenthesised")] if note.parenthesised else [])]
        if note.parenthesised:
            return [Mark("parenthesised")]
        return [] if shown else [Mark("courtesy")]

    def _marks(self, marks: list[Mark]) -> list[Mark]:
        return [self._renumbered(mark) for mark in marks]

    def _renumbered(self, mark: Mark) -> Mark:
        sign = SIGN_BY_NAME[mark.name]
        if sign.shape != "number":
            return mark
        return Mark(mark.name, self.numbers.renumber(sign.element, sign.type, mark.value))


def _sorted(marks: object) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=mark_rank))  # type: ignore[call-overload]


def _fill(placed: list[Placed], length: Ticks) -> list[Placed]:
    """The events of a row with every gap, hidden rest and the time after them as one spacer each."""
    found: list[Placed] = []
    if len(placed) == 1 and placed[0][2] is not None and placed[0][2].fills_bar:
        return [(0, length, None if placed[0][2].hidden else placed[0][2])]
    for start, end, event in [*placed, (placed[-1][1], length, None)]:
        hidden = event is None or event.hidden
        if hidden and found and found[-1][2] is None:
            found[-1] = (found[-1][0], end, None)
        elif hidden and end > start:
            found.append((start, end, None))
        elif not hidden:
            found.append((start, end, event))
    return found


def _between(events: list[Placed], position: Ticks, item: Direction | Harmony) -> tuple[int, Direction | Harmony]:
    index = max((i for i, (start, _, _) in enumerate(events) if start <= position), default=0)
    return index, replace(item, offset=position - events[index][0])


class Ties:
    """Which notes the ties of each voice lead to: those of the same pitch in the very next chord."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], set[tuple[str, int | Fraction, int]]] = {}

    def copy(self) -> Ties:
        """The same ties, to look ahead with."""
        twin = Ties()
        twin._open = dict(self._open)
        return twin

    def keep(self, places: list[tuple[int, int]]) -> None:
        """A bar begins: a voice that has no row in it ends its ties."""
        self._open = {place: pitches for place, pitches in self._open.items() if place in places}

    def implied(self, place: tuple[int, int], pitch: tuple[str, int | Fraction, int]) -> bool:
        """Whether a tie leads to this pitch."""
        return pitch in self._open.get(place, ())

    def take(self, place: tuple[int, int], notes: tuple[Note, ...], grace: bool) -> None:
        """A chord went by."""
        tied = {note.pitch for note in notes if note.has("tie")}
        self._open[place] = self._open.get(place, set()) | tied if grace else tied

    def clear(self, place: tuple[int, int]) -> None:
        """A rest or gap went by."""
        self._open.pop(place, None)
