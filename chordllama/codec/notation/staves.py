"""The staves of one part while its bars go by: where their middle lines are, and which voices meet there. Knows no stems."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, takewhile
from operator import attrgetter
from typing import NamedTuple

from chordllama.codec.words.values import CLEF
from chordllama.score.editing import timed
from chordllama.score.model import Chord, Direction, Item, Note, Rest, Row, Ticks, VoicePlace, ticks_of

STEPS = {step: number for number, step in enumerate("CDEFGAB")}
_CLEF_LINES = {"G": 4 * 7 + 4, "F": 3 * 7 + 3, "C": 4 * 7}
"""The height of the note on whose line each clef stands."""
_TREBLE = 4 * 7 + 6
_SPANS = {"8": 7, "15": 14, "22": 21}


def height(note: Note) -> int:
    """Return a written note in steps above C0."""
    return 7 * note.octave + STEPS[note.step]


@lru_cache(maxsize=64)
def middle_line(clef: str) -> int:
    """Return the height of the middle line under a clef (without one, or for percussion, under a treble clef)."""
    match = CLEF.fullmatch(clef)
    if not match or not match[1]:
        return _TREBLE
    sign, line, side, octaves = match.groups()
    shift = _SPANS.get(octaves, 0) * (-1 if side == "_" else 1)
    return _CLEF_LINES[sign] + 2 * (3 - int(line)) + shift


@lru_cache(maxsize=64)
def octave_shift(value: str) -> int:
    """Return by how many steps notes sound above where they are written, after a direction like `down8`."""
    shift = value.partition(" ")[0]
    type = shift.rstrip("0123456789")
    return _SPANS[shift[len(type) :]] * {"down": 1, "up": -1}.get(type, 0)


def staff_of(note: Note, staff: int) -> int:
    """Return the staff on which a note of a row is written."""
    return next((int(mark.value) for mark in note.marks if mark.name == "cross"), staff) if note.marks else staff


class StaffSpan(NamedTuple):
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
        self._spans: dict[int, dict[VoicePlace, list[StaffSpan]]] = {}
        self.simple = True
        """Whether each voice of this bar is alone on its staff."""

    def begin_bar(self, rows: Sequence[Row], length: Ticks) -> None:
        """Take over clefs and octave shifts; `length` is the bar's."""
        self._middles, self._spans = {}, {}
        signs = [sign for row in rows for sign in _signs(row, length)]
        if signs:
            self._shift(signs)
        apart = len(rows) == 1 or len({row.staff for row in rows}) == len(rows)
        self.simple = apart and (len(self._clefs) == 1 or not any(map(_crosses, rows)))
        if not self.simple:
            for row in rows:
                for staff, span in _spans(row, length):
                    self._spans.setdefault(staff, {}).setdefault(span.voice, []).append(span)

    def _shift(self, signs: list[tuple[Ticks, int, Direction]]) -> None:
        for moment, staff, sign in sorted(signs, key=lambda sign: sign[0]):
            middles = self._middles.setdefault(staff, [(0, self._middle(staff))])
            if sign.name == "clef":
                self._clefs[staff] = middle_line(sign.value)
            else:
                self._shifts[staff] = octave_shift(sign.value)
            middles.append((moment, self._middle(staff)))

    def _middle(self, staff: int) -> int:
        return self._clefs.get(staff, _TREBLE) + self._shifts.get(staff, 0)

    def constant_middle(self, staff: int) -> int | None:
        """Return the height of a staff's middle line, if that is all there is to know in this bar."""
        return self._middle(staff) if self.simple and not self._middles else None

    def middle(self, staff: int, moment: Ticks) -> int:
        """Return the height of a staff's middle line at a moment of this bar."""
        middles = self._middles.get(staff)
        if middles is None:
            return self._middle(staff)
        return [middle for start, middle in middles if start <= moment][-1]

    def others(self, voice: VoicePlace, start: Ticks, end: Ticks) -> list[StaffSpan]:
        """Return what other voices show on a voice's own staff at the same time."""
        found: list[StaffSpan] = []
        for other, spans in self._spans.get(voice[0], {}).items():
            if other != voice:
                first = bisect_right(spans, start, key=_end)
                found += takewhile(lambda span: span.start < end, islice(spans, first, None))
        return found


_end = attrgetter("end")


def _signs(row: Row, length: Ticks) -> list[tuple[Ticks, int, Direction]]:
    """The clefs and octave shifts of a row, with their moments and staff."""
    if Direction not in map(type, row.items):
        return []
    return [
        (onset, row.staff, item) for onset, item in timed(row, length) if isinstance(item, Direction) and _shifts(item)
    ]


def _shifts(item: Item) -> bool:
    if not isinstance(item, Direction):
        return False
    return item.name == "clef" or (item.name == "octave-shift" and not item.value.startswith("continue"))


def _crosses(row: Row) -> bool:
    return any(
        mark.name == "cross"
        for item in row.items
        if isinstance(item, Chord)
        for note in item.notes
        for mark in note.marks
    )


def _spans(row: Row, length: Ticks) -> Iterator[tuple[int, StaffSpan]]:
    place = (row.staff, row.voice)
    for onset, item in timed(row, length):
        end = onset + ticks_of(item, length)
        if isinstance(item, Rest):
            yield row.staff, StaffSpan(place, onset, end, None)
        elif isinstance(item, Chord) and not item.grace and not all(note.has("hidden") for note in item.notes):
            for staff, heights in _by_staff(item.notes, row.staff).items():
                yield staff, StaffSpan(place, onset, end, (min(heights), max(heights)))


def _by_staff(notes: Iterable[Note], staff: int) -> dict[int, list[int]]:
    """The heights of notes by the staff on which they are written."""
    found: dict[int, list[int]] = {}
    for note in notes:
        found.setdefault(staff_of(note, staff), []).append(height(note))
    return found
