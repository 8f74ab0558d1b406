"""The rows of a measure, from the events of its voices. Knows neither XML nor cursors: measures.py reads those.

Gaps are filled, so that each row lasts as long as its bar; what stands at a moment gets its place in a row; ties, the numbers of
lines and accidentals, which depend on the order in which rows are written, are settled here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from operator import attrgetter, itemgetter

from chordllama.codec.elements.directions import is_change, is_figures
from chordllama.codec.elements.drafts import TIE, EventDraft, NoteDraft
from chordllama.codec.notation import accidentals
from chordllama.codec.notation.engraver import Engraver
from chordllama.codec.notation.line_numbers import Numbers
from chordllama.codec.notation.stems import Seen
from chordllama.codec.notation.ties import Pitch, Ties
from chordllama.codec.words.values import mark_rank
from chordllama.score.model import (
    WHOLE,
    Chord,
    Direction,
    Harmony,
    Item,
    Mark,
    Note,
    Rest,
    Row,
    Spacer,
    Ticks,
    Time,
    VoicePlace,
    checked,
    duration_of,
    said,
)

Placed = tuple[Ticks, Ticks, EventDraft | None]
"""From, to, and the event (None is a gap)."""
Moment = tuple[Ticks, int, Direction | Harmony]
"""What stands at a position on a staff."""
_onset = attrgetter("onset")
_event_of = itemgetter(2)


def place_events(events: list[EventDraft], scale: Ticks) -> list[Placed]:
    """Return the events one after the other, with gaps; what the source rounded is set right."""
    placed: list[Placed] = []
    position: Ticks = 0
    slack: Ticks = 0
    for event in sorted(events, key=_onset):
        content = event.content
        slack += scale if content.rounded else 0
        gap = event.onset - position
        if gap > slack:
            placed.append((position, event.onset, None))
            position = event.onset
        length = content.duration.ticks if content.rounded or event.notes else content.ticks
        length = 0 if content.grace else length
        placed.append((position, position + length, event))
        position += length
    return placed


def without_unused_voices(bars: list[list[Row]]) -> list[list[Row]]:
    """Return the voices of each staff numbered without gaps."""
    used = sorted({(row.staff, row.voice) for rows in bars for row in rows})
    places: dict[tuple[int, int], int] = {}
    for staff, voice in used:
        places[staff, voice] = 1 + sum(other == staff for other, _ in places)
    if all(voice == place for (_, voice), place in places.items()):
        return bars
    return [[replace(row, voice=places[row.staff, row.voice]) for row in rows] for rows in bars]


class RowFinisher:
    """Makes rows of measure drafts, in the order in which they are written: ties, numbers of lines and accidentals depend on it."""

    def __init__(
        self,
        part: int,
        staves: int,
        clefs: dict[int, str],
        lines: set[int],
        unwritten: tuple[str, ...],
    ) -> None:
        self.part = part
        self.staves = staves
        self.shows_accidentals = "accidentals" not in unwritten
        self.lacks_accidentals = False
        self.numbers = Numbers(lines)
        self.ties = Ties()
        self.clefs = dict(clefs)
        self.engraver = Engraver([clefs.get(staff, "") for staff in range(1, staves + 1)], unwritten)
        self.seen: dict[VoicePlace, dict[int, Seen]] = {}
        self.written = 0
        """How many notes of this bar are written."""
        self.whole_rests: Counter[bool] = Counter()

    def rows(
        self,
        streams: dict[VoicePlace, list[Placed]],
        moments: list[Moment],
        length: Ticks,
        fifths: dict[int, int],
        time: Time | None,
    ) -> list[Row]:
        """Return the rows of one measure, given the events of each voice, what stands at a moment, the bar's length, keys and time."""
        filled = {place: _fill(placed, length) for place, placed in streams.items()}
        found = {place: events for place, events in filled.items() if any(map(_event_of, events))}
        for staff in {*range(1, self.staves + 1)} - {staff for staff, _ in found}:
            found[staff, 1] = [(0, length, None)]
        places = sorted(found)
        between = self._moments(moments, found, places, length) if moments else {}
        shown = self._shown(found, places, fifths)
        self.ties.keep(places)
        self.seen = {place: {} for place in places}
        rows = [
            Row(self.part, place[0], place[1], self._items(place, found[place], between.get(place, ()), shown, length))
            for place in places
        ]
        self.numbers.end_bar()
        return self.engraver.departures(list(said(rows)), self.seen, time, length)

    def _moments(
        self,
        moments: list[Moment],
        found: dict[VoicePlace, list[Placed]],
        places: list[VoicePlace],
        length: Ticks,
    ) -> dict[VoicePlace, list[tuple[int, Direction | Harmony]]]:
        """For each row what stands at a moment, by the place of the event before which it is written."""
        between: dict[VoicePlace, list[tuple[int, Direction | Harmony]]] = {place: [] for place in places}
        beginnings = _beginnings(found, places)
        for position, staff, item in sorted(moments, key=lambda moment: (moment[0], is_figures(moment[2]))):
            if isinstance(item, Direction) and item.name == "clef":
                if self.clefs.get(staff) == item.value:
                    continue
                self.clefs[staff] = item.value
            first = next(place for place in places if place[0] == staff)
            place, index = beginnings.get((staff, position), (first, None))
            if position >= length:
                between[first].append((len(found[first]), _beyond(item, position - length, length)))
            elif index is not None:
                between[place].append((index, item))
            else:
                between[place].append(_between(found[place], position, item))
        return between

    def _shown(
        self, found: dict[VoicePlace, list[Placed]], places: list[VoicePlace], fifths: dict[int, int]
    ) -> set[object]:
        """The notes whose accidental the rules show, by their numbers in the order of the rows."""
        notes: list[accidentals.Place] = []
        number = 0
        for order, place in enumerate(places):
            for start, _, event in found[place]:
                for note in event.notes if event is not None else ():
                    number += 1
                    if not note.unpitched:
                        notes.append((start, order, note.line, note.alter, note.tie_stop, number))
        self.written = 0
        return accidentals.shown(notes, fifths)

    def _items(
        self,
        place: VoicePlace,
        events: list[Placed],
        moments: Sequence[tuple[int, Direction | Harmony]],
        shown: set[object],
        length: Ticks,
    ) -> tuple[Item, ...]:
        items: list[Item] = []
        seen = self.seen[place]
        alone = len(events) == 1
        queue = deque(moments)
        for index, placed in enumerate(events):
            while queue and queue[0][0] == index:
                items.append(self._moment(queue.popleft()[1]))
            event = placed[2]
            if event is not None and event.notes:
                seen[len(items)] = event.content
                items.append(self._chord(place, event, shown))
            else:
                items.append(self._silence(place, placed, alone, length))
        items += (self._moment(item) for _, item in queue)
        self.numbers.end_row()
        return tuple(items)

    def _moment(self, item: Direction | Harmony) -> Direction | Harmony:
        return self.numbers.direction(item) if isinstance(item, Direction) else item

    def _silence(self, place: VoicePlace, placed: Placed, alone: bool, length: Ticks) -> Rest | Spacer:
        start, end, event = placed
        self.ties.clear(place)
        if event is None:
            return Spacer(None if alone and end - start == length else duration_of(end - start))
        content = event.content
        cross = [Mark("cross", str(content.staff))] if content.staff != place[0] else []
        marks = self.numbers.marks(event.marks_at(0)) + cross
        if alone and (event.fills_bar or (event.could_fill_bar and end - start == length)):
            if length != WHOLE:
                self.whole_rests[Mark("type", "whole") in marks] += 1
            return Rest(None, _sorted(mark for mark in marks if mark.name != "type"))
        return Rest(content.duration, _sorted(marks))

    def _chord(self, place: VoicePlace, event: EventDraft, shown: set[object]) -> Chord:
        content = event.content
        tied = self.ties.pitches(place)
        notes = tuple([self._note(event, number, place[0], shown, tied) for number in range(len(event.notes))])
        starts = {note.pitch for note in event.notes if note.tie_start}
        if tied or starts:
            self.ties.take(place, starts, bool(content.grace))
        usual = event.notes[0].usual
        if usual is not None and not event.lyrics and len(notes) == 1 and notes[0] is usual.notes[0]:
            return usual
        return Chord(content.duration, notes, content.grace, event.lyrics)

    def _note(self, event: EventDraft, number: int, staff: int, shown: set[object], tied: Set[Pitch]) -> Note:
        note = event.notes[number]
        self.written += 1
        sign = self.written in shown
        meets_tie = note.tie_stop == (bool(tied) and note.pitch in tied)
        if note.usual is not None and sign is note.usual_sign and meets_tie and note.staff == staff:
            return note.usual.notes[0]
        marks = self.numbers.marks(event.marks_at(number)) if note.has_lines else [*note.marks]
        if note.tie_start:
            marks.append(TIE)
        if not meets_tie:
            marks.append(Mark("tie-stop" if note.tie_stop else "no-tie-stop"))
        if note.staff != staff:
            marks.append(Mark("cross", str(note.staff)))
        if (sign or note.accidental is not None) and not note.unpitched:
            marks += self._accidental(note, sign)
        return Note(note.step, note.octave, note.alter, note.unpitched, _sorted(marks))

    def _accidental(self, note: NoteDraft, shown: bool) -> list[Mark]:
        if note.accidental is None:
            if not shown:
                return []
            self.lacks_accidentals = True
            return [Mark("no-accidental")] if self.shows_accidentals else []
        if note.accidental != accidentals.ACCIDENTALS.get(note.alter):
            return [Mark("accidental", note.accidental), *note.enclosed]
        return list(note.enclosed) or ([] if shown else [Mark("courtesy")])


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=mark_rank))


def _fill(placed: list[Placed], length: Ticks) -> list[Placed]:
    """The events of a row with every gap, hidden rest and the time after them as one spacer each."""
    found: list[Placed] = []
    if len(placed) == 1 and placed[0][2] is not None and placed[0][2].fills_bar:
        return [(0, length, None if placed[0][2].content.hidden else placed[0][2])]
    for entry in [*placed, (placed[-1][1], length, None)]:
        start, end, event = entry
        if event is not None and not event.content.hidden:
            found.append(entry)
        elif found and found[-1][2] is None:
            found[-1] = (found[-1][0], end, None)
        elif end > start:
            found.append((start, end, None))
    return found


def _beginnings(
    found: dict[VoicePlace, list[Placed]], places: list[VoicePlace]
) -> dict[tuple[int, Ticks], tuple[VoicePlace, int | None]]:
    """By staff and position the first event that begins there, or where the source puts it: its place may be set right."""
    beginnings: dict[tuple[int, Ticks], tuple[VoicePlace, int | None]] = {}
    for place in places:
        for index, (start, _, event) in enumerate(found[place]):
            beginnings.setdefault((place[0], start), (place, index))
            if event is not None:
                beginnings.setdefault((place[0], event.onset), (place, index))
    return beginnings


def _beyond(item: Direction | Harmony, offset: Ticks, length: Ticks) -> Direction | Harmony:
    """What stands after the end of its bar, by at most another bar's length; a change is one for the next bar."""
    if isinstance(item, Direction) and is_change(item):
        return item
    return replace(item, offset=min(offset, length))


def _between(events: list[Placed], position: Ticks, item: Direction | Harmony) -> tuple[int, Direction | Harmony]:
    """The event before which an item is written, and the item with its offset."""
    index = max(0, bisect_right(events, position, key=lambda placed: placed[0]) - 1)
    offset = max(0, position - events[index][0])
    return index, replace(item, offset=checked(offset))
