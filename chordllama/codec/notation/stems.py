"""Stems as voices and places on the staff imply them. Knows clefs and beams; what a score departs in is its marks.

A voice alone on its staff has its stems towards the middle line, as its furthest note (of a beam: that of all its notes) wants it,
and down where that is undecided. Voices that meet have them apart: the higher one up, the lower one down, and where they cross,
the first one up. Notes written on another staff have them towards their own one, beams between two staves lie between them,
and grace notes have them up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from chordllama.codec.notation.beams import Event, Joints
from chordllama.codec.notation.staves import STEPS, StaffSpan, Staves, height, staff_of
from chordllama.codec.whitelist import STEMS
from chordllama.score.model import Chord, Item, Mark, Note, VoicePlace

UP = "up"
DOWN = "down"
_MARKS = {UP: Mark("stem-up"), DOWN: Mark("stem-down")}
_BY_MARK = {mark.name: direction for direction, mark in _MARKS.items()}

Stems = dict[int, str]
"""For each place of a note in its row: up, down, none, double, or "" where there's nothing to say."""
Group = list[tuple[int, str]]
"""The notes under one beam, or a single one: their places in the row, and what the rule says of their stems."""


class Seen(Protocol):
    """What a source says of one chord: the letters of its beams, its stem; "" for nothing."""

    beams: str
    stem: str


# -------------------------------------------------------------------------------------------------------------- the rule


def implied(place: VoicePlace, events: Iterable[Event], joints: Joints, staves: Staves) -> list[Group]:
    """Return the stems of a row by the rule, beam by beam."""
    found: list[Group] = []
    waiting: dict[int, list[Event]] = {}
    middle = staves.constant_middle(place[0])
    for event in events:
        index, _, chord, flags = event
        if chord is None:
            continue
        if middle is not None and flags == 0 and not chord.grace:
            found.append([(index, _towards(middle, chord.notes))])
            continue
        beamed = waiting.pop(index, None) or []
        beamed.append(event)
        if index in joints:
            waiting[joints[index]] = beamed
        else:
            found.append(_group(place, beamed, staves))
    return found + [_group(place, beamed, staves) for beamed in waiting.values()]


def _untouched(chord: Chord, flags: int) -> str | None:
    """What is said of a stem that doesn't depend on staves and voices."""
    if chord.grace:
        return UP
    return "" if flags < 0 else None


def _group(place: VoicePlace, beamed: list[Event], staves: Staves) -> Group:
    chords = [(index, chord) for index, _, chord, _ in beamed if chord]
    direction = _untouched(chords[0][1], beamed[0][3])
    if direction is None:
        notes = [note for _, chord in chords for note in chord.notes]
        written = {place[0]} if staves.simple else {staff_of(note, place[0]) for note in notes}
        if len(written) > 1:
            return [(index, _between(place[0], chord, max(written))) for index, chord in chords]
        direction = _direction(place, written.pop(), beamed, notes, staves)
    return [(index, direction) for index, _ in chords]


def _between(home: int, chord: Chord, lowest: int) -> str:
    """The stem towards a beam that lies between staves."""
    return UP if any(staff_of(note, home) == lowest for note in chord.notes) else DOWN


def _direction(place: VoicePlace, staff: int, beamed: list[Event], notes: Sequence[Note], staves: Staves) -> str:
    """The stems of notes that are written on one staff, not always their own."""
    start, (_, last, chord, _) = beamed[0][1], beamed[-1]
    others = [] if staves.simple or chord is None else staves.others(place, start, last + chord.duration.ticks)
    if staff == place[0] and others:
        return _apart(place, notes, others)
    if staff != place[0] and len(beamed) == 1:
        return _by_rank(place, others) if others else UP if staff > place[0] else DOWN
    return _towards(staves.middle(staff, start), notes)


def _towards(middle: int, notes: Sequence[Note]) -> str:
    """The stem towards the middle line."""
    if len(notes) == 1:
        note = notes[0]
        return UP if 7 * note.octave + STEPS[note.step] < middle else DOWN
    heights = [height(note) for note in notes]
    return UP if min(heights) + max(heights) < 2 * middle else DOWN


def _apart(place: VoicePlace, notes: Sequence[Note], others: list[StaffSpan]) -> str:
    """The stem of a voice that meets others."""
    heights = [height(note) for note in notes]
    heard = [span.heights for span in others if span.heights]
    if heard and min(heights) > max(highest for _, highest in heard):
        return UP
    if heard and max(heights) < min(lowest for lowest, _ in heard):
        return DOWN
    return _by_rank(place, others)


def _by_rank(place: VoicePlace, others: list[StaffSpan]) -> str:
    return UP if all(place < span.voice for span in others) else DOWN


# -------------------------------------------------------------------------------------------- what a score departs in


def departures(groups: Iterable[Group], source: Mapping[int, Seen]) -> dict[int, Mark]:
    """Return the marks that say what the rule doesn't of a source's stems. Under one beam, a mark counts for the notes after it, too."""
    marks: dict[int, Mark] = {}
    for group in groups:
        turned = ""
        for place, direction in group:
            found, expected = source[place].stem, turned or direction
            if found == expected:
                continue
            if found in _MARKS:
                marks[place], turned = _MARKS[found], found
            elif found in STEMS and direction:
                marks[place] = Mark("stem", found)
    return marks


def drawn(groups: Iterable[Group], items: Sequence[Item]) -> Stems:
    """Return the stems of a row by the rule and by its notes' marks."""
    found: Stems = {}
    for group in groups:
        turned = ""
        for place, direction in group:
            chord = items[place]
            assert isinstance(chord, Chord)
            own = {mark.name: mark.value for mark in chord.notes[0].marks}
            turned = next((_BY_MARK[name] for name in own if name in _BY_MARK), turned)
            found[place] = own.get("stem", turned or direction)
    return found
