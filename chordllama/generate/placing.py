"""New bars as bars of the score: without loose ends, dressed like it, and in place of old ones with what stays of these. Knows the score model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from chordllama.codec.words.values import OF_CHORDS, mark_rank
from chordllama.generate.border_lines import Over, told_apart, with_lines
from chordllama.generate.border_ties import with_ties_in
from chordllama.generate.borders import bordered
from chordllama.generate.plan import Plan
from chordllama.generate.signs import with_signs_at
from chordllama.generate.tablature import on_strings
from chordllama.generate.tidy import like_before, tidy
from chordllama.score.model import FINAL, Bar, Chord, Direction, Mark, Rest, Row, Score, Ticks, ticks_of
from chordllama.tasks.music import Task

STAYING = frozenset(
    ["words", "rehearsal", "metronome", "sound", "segno", "coda", "key", "transpose", "staff-lines", "barline"]
)
"""Signs of old bars that new ones in their place keep: the model doesn't see them, and they aren't about its notes."""


def placed(plan: Plan, score: Score, written: tuple[Bar, ...], *, goes_on: bool = False) -> tuple[Bar, ...]:
    """The bars that the model wrote as they shall stand in the score; with `goes_on` more of them will come."""
    new = plan.groove.added(on_strings(like_before(tidy(written), score), score))
    if not new:
        return ()
    over = plan.over if goes_on or len(new) == plan.bars else _over(plan, score, len(new))
    new = told_apart(new, plan.first, over)
    if not plan.replaces:
        tied = with_ties_in(new, score.bars, plan.length, plan.parts)
        new = with_lines(tied, plan.first, over, goes_on=goes_on)
        return (*new[:-1], replace(new[-1], end=FINAL if plan.closing and not goes_on else new[-1].end))
    old = score.bars[plan.first : plan.first + len(new)]
    joined = tuple(_JOINED[plan.task](plan, *bars) for bars in zip(old, new, strict=True))
    return bordered(joined, score, plan.first, over, goes_on=goes_on)


def _over(plan: Plan, score: Score, bars: int) -> dict[int, Over]:
    """The lines over the borders, where only so many of the bars were written."""
    return Over.each(score.bars, plan.parts - plan.groove.parts, plan.first, plan.first + bars)


# ------------------------------------------------------------------------------------------------- in the place of old bars


def _refilled(_plan: Plan, old: Bar, new: Bar) -> Bar:
    return replace(old, rows=_with_signs(new.rows, old.rows))


def _harmonised(plan: Plan, old: Bar, new: Bar) -> Bar:
    kept = [row for row in old.rows if row.part not in plan.parts]
    others = [row for row in old.rows if row.part in plan.parts]
    written = _with_signs(tuple(row for row in new.rows if row.part in plan.parts), others)
    return replace(old, rows=tuple(sorted((*kept, *written), key=lambda row: row.place)))


def _varied(_plan: Plan, old: Bar, new: Bar) -> Bar:
    written = {row.place: row for row in new.rows}
    rows = tuple(_with_notes(row, written[row.place]) if row.place in written else row for row in old.rows)
    return replace(old, rows=rows)


_JOINED: Mapping[Task, Callable[[Plan, Bar, Bar], Bar]] = {
    "infill": _refilled,
    "harmonise": _harmonised,
    "vary": _varied,
}


def _with_notes(old: Row, new: Row) -> Row:
    """An old row with the notes of a new one in the same rhythm; syllables and beams stay, and signs that stand at moments."""
    chords = (item for item in new.items if isinstance(item, Chord))
    items = tuple(_with_notes_of(item, next(chords)) if isinstance(item, Chord) else item for item in old.items)
    return replace(old, items=items)


def _with_notes_of(old: Chord, new: Chord) -> Chord:
    beams = tuple(mark for mark in old.notes[0].marks if mark.name in OF_CHORDS and not mark.name.startswith("stem"))
    head, *others = new.notes
    return replace(old, notes=(replace(head, marks=_ordered(head.marks, beams)), *others))


def _ordered(marks: tuple[Mark, ...], more: tuple[Mark, ...]) -> tuple[Mark, ...]:
    return tuple(sorted((*marks, *more), key=mark_rank))


# ------------------------------------------------------------------------------------------------------------------ signs


def _with_signs(new: tuple[Row, ...], old: Iterator[Row] | list[Row] | tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows with those signs of the old ones that stay, each in the first row of its staff, or else of its part."""
    rows = {row.place: row for row in new}
    for row in old:
        signs = list(_staying(row))
        if not signs:
            continue
        own = [place for place in sorted(rows) if place[0] == row.part]
        place = next((place for place in own if place[1] == row.staff), own[0] if own else (row.part, row.staff, 1))
        rows[place] = with_signs_at(rows.get(place, Row(*place, (Rest(),))), signs)
    return tuple(rows[place] for place in sorted(rows))


def _staying(row: Row) -> Iterator[tuple[Ticks, Direction]]:
    """The signs of a row that stay, with their moments."""
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Direction) and item.name in STAYING:
            yield position + item.offset, item
        position += ticks_of(item)
