"""What a score tells, bar by bar, whatever rows and words say it. Knows no tests.

Two scores that tell the same may differ in what MusicXML has no words for: which voice bears a sign, how a gap is divided; and in
what is derived: ends of ties, shown accidentals, numbers of lines, clefs that are in force already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from chordllama.codec.whitelist import DIRECTION_SIGNS, SIGN_BY_NAME
from chordllama.codec.words.values import LINES, NOTE_TYPE, OF_CHORDS
from chordllama.score.model import (
    Bar,
    Chord,
    Direction,
    Duration,
    Harmony,
    Mark,
    Rest,
    Row,
    Score,
    Ticks,
    first_number,
    number_after,
)

_DERIVED = [
    "tie-stop",
    "no-tie-stop",
    "courtesy",
    "parenthesised",
    "bracketed",
    "editorial",
    "no-accidental",
    "accidental",
]
_NOT_TOLD = OF_CHORDS.union(_DERIVED, ["cross", "type", "steal-time"])
"""Marks that are derived, told otherwise, or told of grace notes alone."""
_OF_PARTS = frozenset(["barline", "figured-bass", "sound", "transpose"])
"""Directions that stand at no staff."""
_IN_FORCE = frozenset(["clef", "staff-lines"])
"""Directions that aren't told where they say what is in force already."""

Facts = Counter[object]


def told(score: Score) -> list[Facts]:
    """The facts of each bar, with how often each is told."""
    found = []
    expected = first_number(score.bars[0])
    for bar, length in zip(score.bars, score.bar_lengths, strict=True):
        label = bar.number or str(expected)
        expected = number_after(label, expected)
        facts: Facts = Counter(_frame(bar, label, length))
        for row in bar.rows:
            facts.update(_row(row, length))
        found.append(facts)
    return found


def _frame(bar: Bar, label: str, length: Ticks) -> Iterator[object]:
    yield label, bar.implicit, length, replace(bar.start, top=False), replace(bar.end, top=False)
    yield from (("key", change) for change in bar.keys)
    yield from (("time", change) for change in bar.times)


def _row(row: Row, bar: Ticks) -> Iterator[object]:
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Direction | Harmony):
            yield from _moment(item, row, position)
            continue
        if isinstance(item, Chord):
            yield from ((row.part, position, *fact) for fact in _chord(item, row))
        elif isinstance(item, Rest) and item.duration and item.duration.ticks != bar:
            yield row.part, position, _staff(item.marks, row), item.duration, _marks(item.marks)
        position += item.ticks if isinstance(item, Chord) else item.duration.ticks if item.duration else bar


def _chord(chord: Chord, row: Row) -> Iterator[tuple[object, ...]]:
    for place, note in enumerate(chord.notes):
        seen = _seen(chord.duration, note.marks)
        if not seen[0]:
            seen = _seen(chord.duration, chord.notes[0].marks)  # a note without a type looks like its chord
        length = seen, chord.duration.ticks, chord.grace
        staff, marks = _staff(note.marks, row), _marks(note.marks)
        yield staff, place > 0, note.pitch, note.unpitched, length, marks
    yield from ((chord.grace, syllable) for syllable in chord.lyrics)


def _seen(duration: Duration, marks: tuple[Mark, ...]) -> tuple[object, ...]:
    """Type, dots and ratio as they are seen: what a mark says of them, else the duration's."""
    match = next((NOTE_TYPE.fullmatch(mark.value) for mark in marks if mark.name == "type"), None)
    if not match:
        return duration.type, duration.dots, duration.actual, duration.normal
    type, dots, actual, normal = match.groups()
    return type, len(dots), int(actual or duration.actual), int(normal or duration.normal)


def _staff(marks: tuple[Mark, ...], row: Row) -> int:
    return next((int(mark.value) for mark in marks if mark.name == "cross"), row.staff)


def _marks(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    return tuple(
        Mark(mark.name) if SIGN_BY_NAME[mark.name].shape == "number" else mark
        for mark in marks
        if mark.name not in _NOT_TOLD
    )


def _moment(item: Direction | Harmony, row: Row, position: Ticks) -> Iterator[object]:
    place = row.part, row.staff, position + item.offset
    if isinstance(item, Harmony):
        yield *place, replace(item, offset=0)
    elif item.name in _OF_PARTS:
        yield row.part, position + item.offset, item.name, item.value
    elif item.name not in _IN_FORCE:
        is_line = DIRECTION_SIGNS[item.name].shape in LINES
        yield *place, item.name, item.value.partition(" ")[0] if is_line else item.value
