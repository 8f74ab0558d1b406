"""Beams and stems of one part while its bars go by: what the rules draw, and what a score departs in. Knows no trees.

Reader and writer ask the same rules (beams.py, stems.py): the one for the marks that a source needs, the other for what to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chordllama.codec.notation import beams, stems
from chordllama.codec.notation.beams import Joints, Letters
from chordllama.codec.notation.staves import Staves
from chordllama.codec.notation.stems import Seen, Stems
from chordllama.codec.words.values import mark_rank
from chordllama.score.model import Chord, Item, Mark, Note, Row, Ticks, Time, VoicePlace


@dataclass(slots=True)
class Drawing:
    """What is seen at the notes of one row, by their places in it."""

    beams: Letters = field(default_factory=dict)
    stems: Stems = field(default_factory=dict)


class Engraver:
    """Draws the bars of one part in order; clefs, beams over bar lines and what a bar lacks are kept here.

    `unwritten` is what the source leaves to the program that shows it (see `Score.unwritten`).
    """

    def __init__(self, clefs: Sequence[str], unwritten: Iterable[str]) -> None:
        self._beams = "beams" not in unwritten
        self._stems = "stems" not in unwritten
        self._staves = Staves(clefs)
        self._carried: dict[VoicePlace, int] = {}
        self._lacked: Ticks | None = None
        self._time: Time | None = None
        self._groups = beams.grouping(None)
        self._nominal: Ticks = 0

    def skip(self, rows: Sequence[Row], length: Ticks) -> None:
        """Take on the clefs of a bar that isn't drawn."""
        self._staves.begin_bar(rows, length)
        self._lacked = 0

    def departures(
        self, rows: Sequence[Row], source: Mapping[VoicePlace, Mapping[int, Seen]], time: Time | None, length: Ticks
    ) -> list[Row]:
        """Return the rows of a bar with the marks that say where their source departs from the rules."""
        if not (self._beams or self._stems):
            return list(rows)
        groups, offset = self._begin(rows, time, length)
        carried, self._carried = self._carried, {}
        found = []
        for row in rows:
            place = (row.staff, row.voice)
            seen = source.get(place)
            if not seen:  # without a note there's nothing to beam
                found.append(row)
                continue
            events = beams.events_of(row.items, length)
            joints = beams.implied(events, groups, offset)
            marks: dict[int, list[Mark]] = {}
            if self._beams:
                letters = {index: chord.beams for index, chord in seen.items() if chord.beams}
                joints, marks = beams.departures(events, joints, letters, carried.get(place, 0))
                self._carry(place, letters, joints)
            if self._stems:
                for index, mark in stems.departures(stems.implied(place, events, joints, self._staves), seen).items():
                    marks.setdefault(index, []).append(mark)
            found.append(Row(row.part, row.staff, row.voice, _marked(row.items, marks)) if marks else row)
        return found

    def draw(self, rows: Sequence[Row], time: Time | None, length: Ticks) -> dict[VoicePlace, Drawing]:
        """Return what is seen at the notes of each row of a bar."""
        groups, offset = self._begin(rows, time, length)
        carried, self._carried = self._carried, {}
        found = {}
        for row in rows:
            place = (row.staff, row.voice)
            events = beams.events_of(row.items, length)
            rule = beams.implied(events, groups, offset)
            joints, letters = beams.drawn(events, rule, carried.get(place, 0))
            self._carry(place, letters, joints)
            beamed = stems.implied(place, events, joints, self._staves) if self._stems else []
            found[place] = Drawing(letters if self._beams else {}, stems.drawn(beamed, row.items))
        return found

    def _begin(self, rows: Sequence[Row], time: Time | None, length: Ticks) -> tuple[beams.Grouping, Ticks]:
        """How a bar groups notes, and what it lacks at its beginning."""
        self._staves.begin_bar(rows, length)
        if time is not self._time:
            self._time, self._groups, self._nominal = time, beams.grouping(time), (time.ticks if time else None) or 0
        return self._groups, self._offset(length)

    def _offset(self, length: Ticks) -> Ticks:
        """What a short bar lacks at its beginning: the first one, and one that completes the bar before it."""
        lacks = max(0, self._nominal - length)
        completes = self._lacked is None or lacks + self._lacked == self._nominal
        self._lacked = lacks
        return lacks if completes else 0

    def _carry(self, place: VoicePlace, letters: Letters, joints: Joints) -> None:
        if joints and beams.OVER in joints.values():
            self._carried[place] = beams.carried_over(letters, joints)


def _marked(items: tuple[Item, ...], marks: Mapping[int, list[Mark]]) -> tuple[Item, ...]:
    """Items with some more marks at their first notes."""
    found = list(items)
    for place, more in marks.items():
        chord = found[place]
        assert isinstance(chord, Chord)
        head = chord.notes[0]
        own = tuple(sorted((*head.marks, *more), key=mark_rank))
        first = Note(head.step, head.octave, head.alter, head.unpitched, own)
        found[place] = Chord(chord.duration, (first, *chord.notes[1:]), chord.grace, chord.lyrics)
    return tuple(found)
