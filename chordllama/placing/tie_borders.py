"""Ties over the borders of bars that are written anew: the notes that they lead to and come from. Knows the score model.

The bars around stay as they are, so a tie keeps both its ends only where the new bars begin, or end, with its note. What the model wrote
there gives way: of a chord the nearest note, a rest wholly, and a voice that it left out gets one long note.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from chordllama.codec.grammar.grammar_rules import height
from chordllama.codec.words.values import in_order
from chordllama.placing.fitting import rests
from chordllama.score.editing import Bars, Rows, is_event
from chordllama.score.model import (
    NOTE_TYPES,
    Bar,
    Chord,
    Duration,
    Item,
    Mark,
    Note,
    Place,
    Rest,
    Row,
    Spacer,
    Ticks,
    duration,
    duration_of,
)

if TYPE_CHECKING:
    from chordllama.placing.placement import Placement

Tied = Mapping[Place, tuple[Note, ...]]
"""By voice, the notes of which a tie needs its other end."""
_TIE = Mark("tie")
_OF_NOTES = frozenset(["tie", "cross"])
"""Marks that belong to a pitch, not to a place in the chord."""

# -------------------------------------------------------------------------------------------------------- what is tied


def with_ties_in(new: Bars, before: Bars, length: Ticks, parts: Collection[int]) -> Bars:
    """Return the bars, the first one (of `length` ticks) beginning with the notes that the bars `before` tie to it."""
    return (_begun_with(new[0], length, _of(parts, _going_out(before))), *new[1:])


def with_ties_out(new: Bars, at: Placement) -> Bars:
    """Return the bars in the place of old ones, ending with the notes that the bar after them goes on with."""
    last = at.first + len(new)
    begun = _of(at.parts, _going_out(at.before)) if len(new) == 1 else {}
    tied = _of(at.parts, _coming_in(at.score.bars, last))
    return (*new[:-1], _ended_with(new[-1], at.lengths[len(new) - 1], tied, begun))


def _of(parts: Collection[int], tied: Tied) -> Tied:
    return {place: notes for place, notes in tied.items() if place.part in parts and notes}


def _going_out(bars: tuple[Bar, ...]) -> Tied:
    """The notes at the bars' end from which ties go on."""
    edges = {row.place: _edge(row.items[::-1]) for row in bars[-1].rows} if bars else {}
    return {place: tuple(note for note in notes if note.has("tie")) for place, notes in edges.items()}


def _coming_in(bars: tuple[Bar, ...], bar: int) -> Tied:
    """The notes at the beginning of a bar to which ties lead."""
    rows = bars[bar].rows if bar < len(bars) else ()
    out = _going_out(bars[:bar])
    tied = {place: {note.pitch for note in notes} for place, notes in out.items()}
    return {
        row.place: tuple(
            note
            for note in _edge(row.items)
            if note.has("tie-stop") or (note.pitch in tied.get(row.place, ()) and not note.has("no-tie-stop"))
        )
        for row in rows
    }


def _edge(items: Sequence[Item]) -> tuple[Note, ...]:
    """The notes of the first event, none where it is a rest."""
    at = _event(items)
    return item.notes if at is not None and isinstance(item := items[at], Chord) else ()


def _event(items: Sequence[Item]) -> int | None:
    """The place of the first item that takes time."""
    return next((n for n, item in enumerate(items) if is_event(item)), None)


# ------------------------------------------------------------------------------------------------------- at the borders


def _begun_with(bar: Bar, length: Ticks, tied: Tied) -> Bar:
    """The bar, beginning with the notes that are tied to it."""
    rows = Rows(bar)
    for place, notes in tied.items():
        row = rows[place]
        at = _event(row.items)
        if at is not None:
            rows[place] = _sounding(row, at, length, tuple(map(_untied, notes)), ends=False)
    return rows.bar()


def _ended_with(bar: Bar, length: Ticks, tied: Tied, begun: Tied) -> Bar:
    """The bar, ending in notes that are tied on; what it has to begin with stays."""
    rows = Rows(bar)
    for place, notes in tied.items():
        row = rows[place]
        back = _event(row.items[::-1])
        if back is not None:
            row = _with_room(row, len(row.items) - 1 - back, notes, begun.get(place, ()))
            at = len(row.items) - 1 - back
            first = begun.get(place, ()) if at == _event(row.items) else ()
            rows[place] = _sounding(row, at, length, _both(first, notes), ends=True)
    return rows.bar()


def _untied(note: Note) -> Note:
    return replace(note, marks=tuple(mark for mark in note.marks if mark.name == "cross"))


def _both(begun: Sequence[Note], ended: Sequence[Note]) -> tuple[Note, ...]:
    """The notes of an event that has to begin with the first ones, and from which ties go on at the others."""
    pitches = {note.pitch for note in ended}
    tied = (replace(note, marks=(_TIE, *_untied(note).marks)) for note in ended)
    return (*(_untied(note) for note in begun if note.pitch not in pitches), *tied)


def _with_room(row: Row, at: int, notes: Sequence[Note], begun: Sequence[Note]) -> Row:
    """The row; a single event that has to begin with certain notes and to end in others is two, where it can be halved."""
    item = row.items[at]
    if not isinstance(item, Chord) or at != _event(row.items) or {n.pitch for n in notes} <= {n.pitch for n in begun}:
        return row
    if not begun or (half := _half(item.duration)).free is not None:
        return row
    later = replace(item, duration=half, lyrics=(), notes=tuple(replace(note, marks=()) for note in item.notes))
    return replace(row, items=(*row.items[:at], replace(item, duration=half), later, *row.items[at + 1 :]))


def _half(value: Duration) -> Duration:
    return duration_of(Fraction(value.ticks) / 2, value.actual, value.normal)


def _sounding(row: Row, at: int, length: Ticks, notes: tuple[Note, ...], *, ends: bool) -> Row:
    """The row with these notes in its event at a place; a rest becomes a chord, one of the whole bar begins or ends so."""
    item = row.items[at]
    assert isinstance(item, Chord | Rest | Spacer), "it is an event"
    if isinstance(item, Chord):
        found: tuple[Item, ...] = (_holding(item, notes),)
    elif item.duration is not None:
        found = (Chord(item.duration, notes),)
    else:
        found = _instead_of_silence(length, notes, row.voice, ends=ends)
    return replace(row, items=(*row.items[:at], *found, *row.items[at + 1 :]))


def _instead_of_silence(length: Ticks, notes: tuple[Note, ...], voice: int, *, ends: bool) -> tuple[Item, ...]:
    """What fills a bar and begins, or ends, with a chord: this alone where a note value is so long."""
    value = duration_of(length)
    if value.free is not None:
        value = next(value for value in _PLAIN if value.ticks <= length)
    chord, left = Chord(value, notes), length - value.ticks
    if not left:
        return (chord,)
    start, end = (0, left) if ends else (value.ticks, length)
    silence = (Spacer(duration_of(left)),) if voice > 1 else tuple(rests(start, end))
    return (*silence, chord) if ends else (chord, *silence)


_PLAIN = sorted(map(duration, NOTE_TYPES), key=lambda value: value.ticks, reverse=True)


def _holding(chord: Chord, notes: tuple[Note, ...]) -> Chord:
    """The chord with these notes, each in the place of the nearest one that isn't wanted itself, or besides."""
    found = list(chord.notes)
    wanted = {note.pitch for note in notes}
    for note in notes:
        same = [n for n, own in enumerate(found) if own.pitch == note.pitch]
        free = same or [n for n, own in enumerate(found) if own.pitch not in wanted]
        at = min(free, key=lambda n: abs(height(found[n]) - height(note)), default=None)
        if at is None:
            found.append(note)
        else:
            found[at] = replace(
                note, marks=in_order(note.marks, (mark for mark in found[at].marks if mark.name not in _OF_NOTES))
            )
    return replace(chord, notes=tuple(found))
