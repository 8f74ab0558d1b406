"""Tuplet brackets as the note values imply them. Knows only the score model.

Both directions of the compact text walk the same rule: a row whose brackets are the implied ones writes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from chordllama.codec.words.values import NO_BRACKETS, mark_rank
from chordllama.score.model import Chord, Duration, Item, Mark, Note, Rest, Ticks, duration

START = Mark("tuplet-start")
STOP = Mark("tuplet-stop")

Brackets = dict[int, tuple[Mark, ...]]
"""For each item's place in its row, the ends of brackets that it bears."""


@cache
def _unit(value: Duration) -> Ticks:
    """The length of the undotted note type, outside of any tuplet."""
    return duration(value.type).ticks if value.type else 0


def implied_brackets(items: Sequence[Item]) -> Brackets:
    """Return the brackets that the note values imply: one for each run of a ratio, closed when as many notes as it needs are full."""
    found: dict[int, list[Mark]] = {}
    run: list[int] = []
    ratio = (1, 1)
    length: Ticks = 0
    unit: Ticks = 0

    def close() -> None:
        if run:
            found.setdefault(run[0], []).append(START)
            found.setdefault(run[-1], []).append(STOP)
            run.clear()

    for place, item in enumerate(items):
        if not isinstance(item, Chord | Rest) or item.duration is None or (isinstance(item, Chord) and item.grace):
            continue
        value = item.duration
        if not value.is_tuplet or (value.actual, value.normal) != ratio:
            close()
        if not value.is_tuplet:
            continue
        if not run:
            ratio, length, unit = (value.actual, value.normal), 0, _unit(value)
        run.append(place)
        length += value.ticks
        unit = min(unit, _unit(value))
        if length % (unit * value.normal) == 0:
            close()
    close()
    return {place: tuple(sorted(marks, key=mark_rank)) for place, marks in found.items()}


def marks_of(item: Item) -> tuple[Mark, ...]:
    """Return the marks of a rest, or of a chord's first note, which bears its brackets."""
    if isinstance(item, Chord):
        return item.notes[0].marks
    return item.marks if isinstance(item, Rest) else ()


def _with_marks(item: Item, marks: tuple[Mark, ...]) -> Item:
    if isinstance(item, Chord):
        note, *others = item.notes
        first = Note(note.step, note.octave, note.alter, note.unpitched, marks)
        return Chord(item.duration, (first, *others), item.grace, item.lyrics)
    assert isinstance(item, Rest)
    return Rest(item.duration, marks)


def _is_bracket(mark: Mark) -> bool:
    return mark.name in ("tuplet-start", "tuplet-stop")


def has_tuplets(items: Sequence[Item]) -> bool:
    """Tell whether any note or rest of the row is in a tuplet."""
    for item in items:
        if isinstance(item, Chord | Rest):
            value = item.duration
            if value is not None and value.actual != value.normal:
                return True
    return False


def strip_brackets(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the row as it is written: without the brackets that are implied, or with a sign that there are none."""
    written = {
        place: tuple(filter(_is_bracket, marks_of(item)))
        for place, item in enumerate(items)
        if any(map(_is_bracket, marks_of(item)))
    }
    implied = implied_brackets(items)
    if written == implied:
        return tuple(
            _with_marks(item, tuple(mark for mark in marks_of(item) if not _is_bracket(mark)))
            if place in implied
            else item
            for place, item in enumerate(items)
        )
    if not written:
        first = min(implied)
        return tuple(
            _with_marks(item, (NO_BRACKETS, *marks_of(item))) if place == first else item
            for place, item in enumerate(items)
        )
    return items


def add_brackets(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the row as it is meant: with the implied brackets, unless it writes its own or says that there are none."""
    marks = [mark for item in items for mark in marks_of(item)]
    if NO_BRACKETS in marks:
        return tuple(
            _with_marks(item, tuple(mark for mark in marks_of(item) if mark != NO_BRACKETS))
            if NO_BRACKETS in marks_of(item)
            else item
            for item in items
        )
    if any(map(_is_bracket, marks)):
        return items
    implied = implied_brackets(items)
    return tuple(
        _with_marks(item, tuple(sorted((*marks_of(item), *implied[place]), key=mark_rank)))
        if place in implied
        else item
        for place, item in enumerate(items)
    )
