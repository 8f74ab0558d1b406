"""Percussion that goes on with its pattern, for the model that comes along has learnt hardly any. Knows the score model.

Where such a part has sounded in each of the latest bars, new bars repeat these, and the model is shown the other parts alone: with
drums before its eyes it writes rests and signs, in the other parts too. When other parts are harmonised or varied, percussion stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from chordllama.generate.tidy import tidy
from chordllama.score.model import Bar, Chord, Item, Mark, Note, Rest, Score, Spacer, Ticks

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
        """What goes on in new bars of these lengths from `first` (from 0) on.

        Nothing where nothing else sounds, or where the bars differ in length from each other or from the one before them.
        """
        drums = percussion(score)
        latest = score.bars[max(0, first - _LATEST) : first]
        steady = frozenset(part for part in drums if all(_sounds(bar, part) for bar in latest))
        alike = list(takewhile(lambda n: {score.bar_lengths[n]} == {*lengths}, range(first - 1, -1, -1)))
        if not steady or not alike:
            return Groove()
        return Groove(steady, _pattern([_only(score.bars[n], steady) for n in alike[: 2 * _LATEST]][::-1]))

    def added(self, new: tuple[Bar, ...]) -> tuple[Bar, ...]:
        """New bars in which these parts go on."""
        if not self.parts:
            return new
        pattern = tidy(tuple(self.bars[n % len(self.bars)] for n in range(len(new))))
        return tuple(
            replace(bar, rows=tuple(sorted((*bar.rows, *own.rows), key=lambda row: row.place)))
            for bar, own in zip(hidden(Score((), new), self.parts).bars, pattern, strict=True)
        )


def hidden(score: Score, parts: frozenset[int]) -> Score:
    """The score in which these parts are silent."""
    bars = (replace(bar, rows=tuple(row for row in bar.rows if row.part not in parts)) for bar in score.bars)
    return replace(score, bars=tuple(bars)) if parts else score


def percussion(score: Score) -> frozenset[int]:
    """The parts (from 0) that have notes without a pitch alone; none where nothing else sounds."""
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
    """What these parts strike in a bar: without signs, which belong to their place."""
    rows = (
        replace(row, items=tuple(map(_plain, filter(_is_event, row.items)))) for row in bar.rows if row.part in parts
    )
    return Bar(tuple(rows))


def _is_event(item: Item) -> bool:
    return isinstance(item, Chord | Rest | Spacer)


def _plain(item: Item) -> Item:
    """An event without a fermata and without syllables."""
    if isinstance(item, Chord):
        return replace(
            item, lyrics=(), notes=tuple(replace(note, marks=_without_fermata(note.marks)) for note in item.notes)
        )
    return replace(item, marks=_without_fermata(item.marks)) if isinstance(item, Rest) else item


def _without_fermata(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if mark.name != "fermata")


def _pattern(bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """The shortest run of latest bars that came twice; else as many of the latest ones as make up a period."""
    for period in _PERIODS:
        if 2 * period <= len(bars) and bars[-period:] == bars[-2 * period : -period]:
            return tuple(bars[-period:])
    return tuple(bars[-max(period for period in _PERIODS if period <= len(bars)) :])
