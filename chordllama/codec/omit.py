"""A score without some kinds of signs. Knows the table of signs and the score model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chordllama.codec.whitelist import DIRECTION_SIGNS, KINDS, SIGN_BY_NAME
from chordllama.errors import ChordLlamaError
from chordllama.score.model import Bar, Chord, Direction, Harmony, Item, Mark, Rest, Row, Score, said


class UnknownKind(ChordLlamaError):
    """A kind of sign that there isn't."""

    exit_code = 2


def omit(score: Score, kinds: Iterable[str]) -> Score:
    """Return the score without the signs of these kinds (see `whitelist.KINDS`).

    Raises:
        UnknownKind: one of them is none.
    """
    left_out = frozenset(kinds)
    if unknown := left_out - set(KINDS):
        raise UnknownKind(
            f"nothing is called {', '.join(sorted(unknown))}", hint=f"what can be left out: {', '.join(KINDS)}"
        )
    return replace(score, bars=tuple(_bar(bar, left_out) for bar in score.bars)) if left_out else score


def _bar(bar: Bar, kinds: frozenset[str]) -> Bar:
    rows = [_row(row, kinds) for row in bar.rows]
    return replace(bar, rows=said(rows))


def _row(row: Row, kinds: frozenset[str]) -> Row:
    return Row(
        row.part, row.staff, row.voice, tuple(_item(item, kinds) for item in row.items if not _is_omitted(item, kinds))
    )


def _is_omitted(item: Item, kinds: frozenset[str]) -> bool:
    if isinstance(item, Direction):
        return DIRECTION_SIGNS[item.name].kind in kinds
    if isinstance(item, Harmony):
        return "harmony" in kinds
    return isinstance(item, Chord) and bool(item.grace) and "grace" in kinds


def _item(item: Item, kinds: frozenset[str]) -> Item:
    if isinstance(item, Chord):
        notes = item.notes
        if any(note.marks for note in notes):
            notes = tuple(replace(note, marks=_marks(note.marks, kinds)) if note.marks else note for note in notes)
        lyrics = () if "lyrics" in kinds else item.lyrics
        return Chord(item.duration, notes, item.grace, lyrics)
    return Rest(item.duration, _marks(item.marks, kinds)) if isinstance(item, Rest) else item


def _marks(marks: tuple[Mark, ...], kinds: frozenset[str]) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if SIGN_BY_NAME[mark.name].kind not in kinds)
