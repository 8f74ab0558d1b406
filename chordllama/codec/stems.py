"""Stems as voices and places on the staff imply them. Knows clefs and beams; what a score departs in is its marks.

A voice alone on its staff has its stems towards the middle line, as its furthest note (of a beam: that of all its notes) wants it,
and down where that is undecided. Voices that meet have them apart: the higher one up, the lower one down, and where they cross,
the first one up. Notes written on another staff have them towards their own one, beams between two staves lie between them,
and grace notes have them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from chordllama.codec.beams import Event, Joints
from chordllama.codec.values import CLEF
from chordllama.codec.whitelist import STEMS
from chordllama.score import Chord, Direction, Item, Mark, Note, Rest, Row, Spacer, Ticks

UP = "up"
DOWN = "down"
_MARKS = {UP: Mark("stem-up"), DOWN: Mark("stem-down")}
_BY_MARK = {mark.name: direction for direction, mark in _MARKS.items()}
_STEPS = {step: number for number, step in enumerate("CDEFGAB")}
_CLEF_LINES = {"G": 4 * 7 + 4, "F": 3 * 7 + 3, "C": 4 * 7}
"""The height of the note on whose line each clef stands."""
_TREBLE = 4 * 7 + 6
_SPANS = {"8": 7, "15": 14, "22": 21}

Stems = dict[int, str]
"""For each place of a note in its row: up, down, none, double, or "" where there's nothing to say."""
Group = list[tuple[int, Chord, str]]
"""The notes under one beam, or a single one: their places in the row, and what the rule says of their stems."""
VoicePlace = tuple[int, int]
"""A staff, and a voice's place there; both from 1."""


def height(note: Note) -> int:
    """A written note in steps above C0."""
    return 7 * note.octave + _STEPS[note.step]


@lru_cache(maxsize=64)
def middle_line(clef: str) -> int:
    """The height of the middle line under a clef (without one, or for percussion, under a treble clef)."""
    match = CLEF.fullmatch(clef)
    if not match or not match[1]:
        return _TREBLE
    sign, line, side, octaves = match.groups()
    shift = _SPANS.get(octaves, 0) * (-1 if side == "_" else 1)
    return _CLEF_LINES[sign] + 2 * (3 - int(line)) + shift


@lru_cache(maxsize=64)
def octave_shift(value: str) -> int:
    """By how many steps notes sound above where they are written, after a direction like `down8`."""
    shift = value.partition(" ")[0]
    type = shift.rstrip("0123456789")
    return _SPANS[shift[len(type) :]] * {"down": 1, "up": -1}.get(type, 0)


def staff_of(note: Note, staff: int) -> int:
    """The staff on which a note of a row is written."""
    return next((int(mark.value) for mark in note.marks if mark.name == "cross"), staff) if note.marks else staff


class Seen(Protocol):
    """What a source says of one chord: the letters of its beams, its stem; "" for nothing."""

    beams: str
    stem: str


# ------------------------------------------------------------------------------------------------------------ the staves


class Span(NamedTuple):
    """What a voice shows on a staff: from, to, and the heights of its lowest and highest note (None: a rest)."""

    voice: VoicePlace
    start: Ticks
    end: Ticks
    heights: tuple[int, int] | None


class Staves:
    """The staves of one part: their middle lines while the bars go by, and what the voices of a bar show there."""

    def __init__(self, clefs: Sequence[str]) -> None:
        self._clefs = {staff: middle_line(clef) for staff, clef in enumerate(clefs, 1)}
        self._shifts: dict[int, int] = {}
        self._middles: dict[int, list[tuple[Ticks, int]]] = {}
        self._spans: dict[int, list[Span]] = {}
        self.simple = True
        """Whether each voice of this bar is alone on its staff."""

    def begin_bar(self, rows: Sequence[Row], length: Ticks) -> None:
        """Take over clefs and octave shifts; `length` is the bar's."""
        signs = [sign for row in rows for sign in _signs(row, length)]
        self._middles = {}
        for moment, staff, sign in sorted(signs, key=lambda sign: sign[0]):
            middles = self._middles.setdefault(staff, [(0, self._middle(staff))])
            if sign.name == "clef":
                self._clefs[staff] = middle_line(sign.value)
            else:
                self._shifts[staff] = octave_shift(sign.value)
            middles.append((moment, self._middle(staff)))
        staves = [row.staff for row in rows]
        self.simple = len(set(staves)) == len(staves) and (len(self._clefs) == 1 or not any(map(_crosses, rows)))
        self._spans = {}
        if not self.simple:
            for row in rows:
                for staff, span in _spans(row, length):
                    self._spans.setdefault(staff, []).append(span)

    def _middle(self, staff: int) -> int:
        return self._clefs.get(staff, _TREBLE) + self._shifts.get(staff, 0)

    def constant_middle(self, staff: int) -> int | None:
        """The height of a staff's middle line, if that is all there is to know in this bar."""
        return self._middle(staff) if self.simple and not self._middles else None

    def middle(self, staff: int, moment: Ticks) -> int:
        """The height of a staff's middle line at a moment of this bar."""
        middles = self._middles.get(staff)
        if middles is None:
            return self._middle(staff)
        return [middle for start, middle in middles if start <= moment][-1]

    def others(self, staff: int, voice: VoicePlace, start: Ticks, end: Ticks) -> list[Span]:
        """What other voices show there at the same time."""
        return [
            span for span in self._spans.get(staff, ()) if span.start < end and span.end > start and span.voice != voice
        ]


def _signs(row: Row, length: Ticks) -> list[tuple[Ticks, int, Direction]]:
    """The clefs and octave shifts of a row, with their moments and staff."""
    if not any(map(_shifts, row.items)):
        return []
    return [
        (onset + item.offset, row.staff, item)
        for onset, item in _placed(row.items, length)
        if isinstance(item, Direction) and _shifts(item)
    ]


def _shifts(item: Item) -> bool:
    if not isinstance(item, Direction):
        return False
    return item.name == "clef" or (item.name == "octave-shift" and not item.value.startswith("continue"))


def _placed(items: Iterable[Item], length: Ticks) -> Iterator[tuple[Ticks, Item]]:
    """Items with their moments."""
    onset: Ticks = 0
    for item in items:
        yield onset, item
        onset += _ticks(item, length)


def _ticks(item: Item, length: Ticks) -> Ticks:
    if isinstance(item, Chord):
        return item.ticks
    if isinstance(item, Rest | Spacer):
        return item.duration.ticks if item.duration else length
    return 0


def _crosses(row: Row) -> bool:
    return any(
        mark.name == "cross"
        for item in row.items
        if isinstance(item, Chord)
        for note in item.notes
        for mark in note.marks
    )


def _spans(row: Row, length: Ticks) -> Iterator[tuple[int, Span]]:
    place = row.place[1:]
    for onset, item in _placed(row.items, length):
        end = onset + _ticks(item, length)
        if isinstance(item, Rest):
            yield row.staff, Span(place, onset, end, None)
        elif isinstance(item, Chord) and not item.grace and not all(note.has("hidden") for note in item.notes):
            for staff, heights in _by_staff(item.notes, row.staff).items():
                yield staff, Span(place, onset, end, (min(heights), max(heights)))


def _by_staff(notes: Iterable[Note], staff: int) -> dict[int, list[int]]:
    """The heights of notes by the staff on which they are written."""
    found: dict[int, list[int]] = {}
    for note in notes:
        found.setdefault(staff_of(note, staff), []).append(height(note))
    return found


# -------------------------------------------------------------------------------------------------------------- the rule


def implied(place: VoicePlace, events: Iterable[Event], joints: Joints, staves: Staves) -> list[Group]:
    """The stems of a row by the rule, beam by beam."""
    found: list[Group] = []
    waiting: dict[int, list[Event]] = {}
    middle = staves.constant_middle(place[0])
    for event in events:
        index, _, chord, flags = event
        if chord is None:
            continue
        if middle is not None and index not in joints and index not in waiting:
            found.append([(index, chord, _alone(chord, flags, middle))])
            continue
        beamed = waiting.pop(index, None) or []
        beamed.append(event)
        if index in joints:
            waiting[joints[index]] = beamed
        else:
            found.append(_group(place, beamed, staves))
    return found + [_group(place, beamed, staves) for beamed in waiting.values()]


def _group(place: VoicePlace, beamed: list[Event], staves: Staves) -> Group:
    index, start, first, flags = beamed[0]
    assert first is not None, "it is what beams are of"
    if len(beamed) == 1:
        if staves.simple or first.grace or flags < 0:
            return [(index, first, _alone(first, flags, staves.middle(place[0], start)))]
        chords, notes = [(index, first)], first.notes
    else:
        chords = [(index, chord) for index, _, chord, _ in beamed if chord]
        notes = tuple([note for _, chord in chords for note in chord.notes])
        if first.grace:
            return [(index, chord, UP) for index, chord in chords]
        if staves.simple:
            direction = _towards_middle(notes, staves.middle(place[0], start))
            return [(index, chord, direction) for index, chord in chords]
    written = _by_staff(notes, place[0])
    if len(written) > 1:
        return [(index, chord, _between(place[0], chord, max(written))) for index, chord in chords]
    ((staff, _),) = written.items()
    if staff == place[0]:
        end = beamed[-1][1] + chords[-1][1].duration.ticks
        direction = _apart(place, notes, staves.others(staff, place, start, end))
    elif len(chords) == 1:
        others = staves.others(place[0], place, start, start + first.ticks)
        direction = _by_rank(place, others) if others else UP if staff > place[0] else DOWN
    else:
        direction = ""
    direction = direction or _towards_middle(notes, staves.middle(staff, start))
    return [(index, chord, direction) for index, chord in chords]


def _alone(chord: Chord, flags: int, middle: int) -> str:
    if chord.grace or flags < 0:
        return UP if flags >= 0 else ""
    return _towards_middle(chord.notes, middle)


def _between(home: int, chord: Chord, lowest: int) -> str:
    """The stem towards a beam that lies between staves."""
    return UP if any(staff_of(note, home) == lowest for note in chord.notes) else DOWN


def _towards_middle(notes: tuple[Note, ...], middle: int) -> str:
    if len(notes) == 1:
        note = notes[0]
        return UP if 7 * note.octave + _STEPS[note.step] < middle else DOWN
    heights = [height(note) for note in notes]
    return UP if min(heights) + max(heights) < 2 * middle else DOWN


def _apart(place: VoicePlace, notes: tuple[Note, ...], others: list[Span]) -> str:
    """The stem of a voice that meets others; "" if it doesn't."""
    if not others:
        return ""
    heights = [height(note) for note in notes]
    heard = [span.heights for span in others if span.heights]
    if heard and min(heights) > max(highest for _, highest in heard):
        return UP
    if heard and max(heights) < min(lowest for lowest, _ in heard):
        return DOWN
    return _by_rank(place, others)


def _by_rank(place: VoicePlace, others: list[Span]) -> str:
    return UP if all(place < span.voice for span in others) else DOWN


# -------------------------------------------------------------------------------------------- what a score departs in


def departures(groups: Iterable[Group], source: Mapping[int, Seen]) -> dict[int, Mark]:
    """The marks that say what the rule doesn't of a source's stems. Under one beam, a mark counts for the notes after it, too."""
    marks: dict[int, Mark] = {}
    for group in groups:
        turned = ""
        for place, _, direction in group:
            found, expected = source[place].stem, turned or direction
            if found == expected:
                continue
            if found in _MARKS:
                marks[place], turned = _MARKS[found], found
            elif found in STEMS and direction:
                marks[place] = Mark("stem", found)
    return marks


def drawn(groups: Iterable[Group]) -> Stems:
    """The stems of a row by the rule and by its notes' marks."""
    found: Stems = {}
    for group in groups:
        turned = ""
        for place, chord, direction in group:
            own = {mark.name: mark.value for mark in chord.notes[0].marks}
            turned = next((_BY_MARK[name] for name in own if name in _BY_MARK), turned)
            found[place] = own.get("stem", turned or direction)
    return found
