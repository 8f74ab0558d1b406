"""Percussion in new bars: its pattern goes on, and its notes keep instrument and notehead. Knows the score model.

The bundled model has learnt hardly any percussion. Where such a part has sounded in each of the latest bars, new bars repeat these, and
the model is shown the other parts alone: shown drums, it writes rests and directions, in the other parts too. When other parts are
harmonised or varied, percussion stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from chordllama.placing.loose_ends import without_loose_ends
from chordllama.score.editing import Bars, map_items, map_notes
from chordllama.score.model import Bar, Chord, Item, Mark, Note, Rest, Row, Score, Spacer, Ticks

_PERIODS = (1, 2, 4)
"""How many bars a pattern may have."""
_LATEST = max(_PERIODS)


@dataclass(frozen=True, slots=True)
class Groove:
    """Percussion parts (from 0) and the bars that they repeat, each with the rows of these parts alone."""

    parts: frozenset[int] = frozenset()
    bars: tuple[Bar, ...] = ()

    @staticmethod
    def of(score: Score, first: int, lengths: Sequence[Ticks]) -> Groove:
        """Return what goes on in new bars of these lengths from `first` (from 0) on.

        Nothing where nothing else sounds, or where the bars differ in length from each other or from the one before them.
        """
        drums = percussion(score)
        latest = score.bars[max(0, first - _LATEST) : first]
        steady = frozenset(part for part in drums if all(_sounds(bar, part) for bar in latest))
        alike = list(takewhile(lambda n: {score.bar_lengths[n]} == {*lengths}, range(first - 1, -1, -1)))
        if not steady or not alike:
            return Groove()
        return Groove(steady, _pattern([_only(score.bars[n], steady) for n in alike[: 2 * _LATEST]][::-1]))


def with_groove(bars: Bars, groove: Groove) -> Bars:
    """Return new bars in which the percussion of a groove goes on."""
    if not groove.parts:
        return bars
    pattern = without_loose_ends(tuple(groove.bars[n % len(groove.bars)] for n in range(len(bars))))
    return tuple(
        replace(bar, rows=tuple(sorted((*bar.rows, *own.rows), key=lambda row: row.place)))
        for bar, own in zip(hidden(Score((), bars), groove.parts).bars, pattern, strict=True)
    )


_DRESS = ("instrument", "notehead")


def dressed_like(bars: Bars, score: Score) -> Bars:
    """Return the bars with each percussion note on the instrument, and with the notehead, that its place last had in the score.

    A model sees neither; without them a part with several instruments would play its first one only.
    """
    worn = {
        (part, note.pitch): tuple(mark for mark in note.marks if mark.name in _DRESS)
        for part in range(len(score.parts))
        for bar in score.bars
        for note in _notes(bar, part)
        if note.unpitched
    }

    def dressed(row: Row) -> Row:
        def dress(note: Note) -> Note:
            marks = worn.get((row.part, note.pitch), ()) if note.unpitched else ()
            return replace(note, marks=(*marks, *note.marks)) if marks else note

        return map_notes(row, dress)

    return tuple(replace(bar, rows=tuple(map(dressed, bar.rows))) for bar in bars) if worn else bars


# ------------------------------------------------------------------------------------------------------ which parts, which bars


def hidden(score: Score, parts: frozenset[int]) -> Score:
    """Return the score in which these parts are silent."""
    bars = (replace(bar, rows=tuple(row for row in bar.rows if row.part not in parts)) for bar in score.bars)
    return replace(score, bars=tuple(bars)) if parts else score


def percussion(score: Score) -> frozenset[int]:
    """Return the parts (from 0) that have notes without a pitch alone; none where nothing else sounds."""
    drums = frozenset(part for part in range(len(score.parts)) if _is_percussion(score, part))
    others = frozenset(range(len(score.parts))) - drums
    return drums if any(_sounds(bar, part) for bar in score.bars for part in others) else frozenset()


def _is_percussion(score: Score, part: int) -> bool:
    notes = [note for bar in score.bars for note in _notes(bar, part)]
    return bool(notes) and all(note.unpitched for note in notes)


def _sounds(bar: Bar, part: int) -> bool:
    return any(True for _ in _notes(bar, part))


def _notes(bar: Bar, part: int) -> Iterator[Note]:
    for row in bar.rows:
        for item in row.items if row.part == part else ():
            yield from item.notes if isinstance(item, Chord) else ()


def _only(bar: Bar, parts: frozenset[int]) -> Bar:
    """What these parts strike in a bar: without directions, which belong to their place, fermatas and syllables."""
    return Bar(tuple(map_items(row, _plain) for row in bar.rows if row.part in parts))


def _plain(item: Item) -> Item | None:
    if isinstance(item, Chord):
        notes = tuple(replace(note, marks=_without_fermata(note.marks)) for note in item.notes)
        return replace(item, lyrics=(), notes=notes)
    if isinstance(item, Rest):
        return replace(item, marks=_without_fermata(item.marks))
    return item if isinstance(item, Spacer) else None


def _without_fermata(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.name != "fermata")


def _pattern(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """The shortest run of latest bars that came twice; else as many of the latest ones as make up a period."""
    for period in _PERIODS:
        if 2 * period <= len(bars) and bars[-period:] == bars[-2 * period : -period]:
            return tuple(bars[-period:])
    return tuple(bars[-max(period for period in _PERIODS if period <= len(bars)) :])
