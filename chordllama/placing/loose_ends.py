"""Loose ends: ties, slurs and hairpins of new bars that lack their other end. Knows the score model.

What a model opens in new bars it may leave open: a tie that leads to nothing, half a slur, a hairpin without an end. A reader of
MusicXML would complain, or draw it to the end of the piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from chordllama.codec.notation.line_numbers import Line
from chordllama.codec.notation.line_spans import apart, spans
from chordllama.score.editing import Bars, map_rows
from chordllama.score.model import Chord, Direction, Item, Mark, Note, Place, Rest, Row, Spacer

_PAIRED = ("slur", "wedge")
"""Lines of which a model writes both ends."""
TIE = Mark("tie")


def without_loose_ends(bars: Bars, before: Mapping[int, Iterable[Line]] = MappingProxyType({})) -> Bars:
    """Return the bars without ties, slurs and hairpins that have only one end in them. Lines have the smallest numbers that are free.

    `before` are the lines, by part, that are open before the bars: what ends them here is a loose end, too.
    """
    parts = sorted({row.part for bar in bars for row in bar.rows})
    whole = {
        (end.bar, end.place, end.item, end.sign)
        for lines in spans(bars, parts, before).values()
        for span in lines
        if span.line[0] in _PAIRED
        for end in span.both_ends
    }

    def loose(end: Mark | Direction, bar: int, place: Place, item: int) -> bool:
        return end.name in _ENDS and (bar, place, item, end) not in whole

    def closed(bar: int, row: Row) -> Row:
        items: list[Item] = []
        for n, item in enumerate(row.items):
            if isinstance(item, Chord):
                notes = [
                    (note, [mark for mark in note.marks if not loose(mark, bar, row.place, n)]) for note in item.notes
                ]
                item = replace(item, notes=tuple([replace(note, marks=tuple(marks)) for note, marks in notes]))
            if not (isinstance(item, Direction) and loose(item, bar, row.place, n)):
                items.append(item)
        return replace(row, items=tuple(items))

    bars = tuple([replace(bar, rows=tuple([closed(n, row) for row in bar.rows])) for n, bar in enumerate(bars)])
    for part in parts:
        bars = apart(bars, part, ())
    return map_rows(without_loose_ties(bars), lambda row: row)


_ENDS = frozenset(["slur-start", "slur-stop", "wedge"])

# ---------------------------------------------------------------------------------------------------------------- ties

_Written = tuple[tuple[str, object, int], str]
"""A pitch, and the staff where it isn't the voice's own: a tie from one staff to the other is lost on readers of MusicXML."""
_Address = tuple[int, Place, int, int]
"""A note: its bar, row, item, and which of the chord's it is."""


@dataclass(slots=True)
class _Voice:
    """The notes of a voice's last chord, whose ties may lead to the next one, and the bar in which the voice was last."""

    bar: int
    notes: list[tuple[_Address, _Written]] = field(default_factory=list)


def without_loose_ties(bars: Bars, after: Bars = ()) -> Bars:
    """Return the bars without ties that lead to nothing when the bars of `after` follow."""
    kept = set(_ties((*bars, *after)))

    def tied(bar: int, row: Row) -> Row:
        items = [
            replace(
                item,
                notes=tuple([_without_tie(note, (bar, row.place, i, n) in kept) for n, note in enumerate(item.notes)]),
            )
            if isinstance(item, Chord)
            else item
            for i, item in enumerate(row.items)
        ]
        return replace(row, items=tuple(items))

    return tuple([replace(bar, rows=tuple([tied(b, row) for row in bar.rows])) for b, bar in enumerate(bars)])


def _without_tie(note: Note, stays: bool) -> Note:
    return note if stays or TIE not in note.marks else replace(note, marks=tuple(m for m in note.marks if m != TIE))


def _ties(bars: Bars) -> Iterator[_Address]:
    """The notes whose ties lead to a note of the same pitch, on the same staff, in the next chord of their voice."""
    voices: dict[Place, _Voice] = {}
    for b, bar in enumerate(bars):
        for row in bar.rows:
            voice = voices.setdefault(row.place, _Voice(b))
            if b > voice.bar + 1:
                voice.notes = []
            voice.bar = b
            for i, item in enumerate(row.items):
                if isinstance(item, Rest | Spacer):
                    voice.notes = []
                elif isinstance(item, Chord) and not item.grace:
                    led_to = {_written(note) for note in item.notes}
                    yield from (address for address, written in voice.notes if written in led_to)
                    voice.notes = [((b, row.place, i, n), _written(note)) for n, note in enumerate(item.notes)]


def _written(note: Note) -> _Written:
    return note.pitch, next((mark.value for mark in note.marks if mark.name == "cross"), "")
