"""Staves that new bars leave bare, since their voice is written wholly on another one. Knows the score model.

Programs fill a measure voice by voice: where all of a staff's notes stand on another one, nothing fills the staff itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chordllama.codec.notation.staves import staff_of
from chordllama.score.editing import Bars, Rows
from chordllama.score.model import Bar, Chord, Place, Rest, Row, Spacer

if TYPE_CHECKING:
    from chordllama.placing.placement import Placement

Staff = tuple[int, int]
"""A part (from 0) and its staff (from 1)."""


def with_whole_staves(bars: Bars, at: Placement) -> Bars:
    """Return the bars with a rest on each staff whose own notes all stand on another, unless it was so in the old bar there."""
    old = at.score.bars[at.first : at.last] if at.join else ()
    left = [_bare(bar) for bar in old] or [frozenset[Staff]()] * len(bars)
    return tuple(_filled(bar, _bare(bar) - kept) for bar, kept in zip(bars, left, strict=False))


def _bare(bar: Bar) -> frozenset[Staff]:
    """The staves that have rows, but nothing of them in sight."""
    rows = {row.place[:2] for row in bar.rows}
    return frozenset(rows - {(row.part, staff) for row in bar.rows for staff in _seen(row)})


def _seen(row: Row) -> set[int]:
    """The staves on which a row shows something."""
    chords = {staff_of(note, row.staff) for item in row.items if isinstance(item, Chord) for note in item.notes}
    return chords | {row.staff for item in row.items if isinstance(item, Rest)}


def _filled(bar: Bar, bare: frozenset[Staff]) -> Bar:
    if not bare:
        return bar
    rows = Rows(bar)
    taken = {row.place for row in bar.rows}
    written_on = {(row.part, staff) for row in bar.rows for staff in _seen(row)}
    for part, staff in bare:
        voice = 1 + max(place.voice for place in taken if place[:2] == (part, staff))
        rows[Place(part, staff, voice)] = Row(part, staff, voice, (Rest(),))
    for part, staff in written_on - {place[:2] for place in taken}:
        rows[Place(part, staff, 1)] = Row(part, staff, 1, (Spacer(),))  # else it would get a rest among the notes
    return rows.bar()
