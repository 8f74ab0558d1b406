"""New bars without loose ends, and dressed as the score before them. Knows only the score model.

What a model opens in new bars it may leave open: a tie that leads to nothing, half a slur, a hairpin without an end. A reader of
MusicXML would complain or draw it to the end of the piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from chordllama.score.model import (
    Bar,
    Chord,
    Direction,
    Item,
    Mark,
    Note,
    Rest,
    Row,
    Score,
    Spacer,
    Ticks,
    said,
)

Address = tuple[int, int, int, int]
"""Bar, row, item, and note of a chord (0 for what is none)."""
Pitch = tuple[str, int | Fraction, int]
Seat = tuple[Pitch, str]
"""A pitch, and the staff where it isn't the voice's own."""

# ------------------------------------------------------------------------------------------------------------ loose ends


def tidy(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars without ties, slurs and hairpins that have only one end. Slurs have the smallest numbers that are free."""
    kept: _Kept = {**_ties(bars), **_slurs(bars), **dict.fromkeys(_wedges(bars))}
    return tuple(_bar(bar, n, kept) for n, bar in enumerate(bars))


_TWO_ENDS = frozenset(["tie", "slur-start", "slur-stop"])
_Kept = dict[tuple[Address, Mark | None], Mark | None]
"""What stays, with what it becomes: ties, ends of slurs, and hairpins (None)."""


def _walk(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, Row, Item]]:
    for b, bar in enumerate(bars):
        for r, row in enumerate(bar.rows):
            for i, item in enumerate(row.items):
                yield (b, r, i, 0), row, item


def _notes(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, Row, Note]]:
    for address, row, item in _walk(bars):
        if isinstance(item, Chord):
            yield from ((place, row, note) for place, note in _of_chord(item, address))


def _of_chord(chord: Chord, address: Address) -> Iterator[tuple[Address, Note]]:
    for n, note in enumerate(chord.notes):
        yield (*address[:3], n), note


def _slurs(bars: tuple[Bar, ...]) -> _Kept:
    """The ends of slurs that have two, with their new numbers."""
    start_of = {stop: start for start, stop in _slur_pairs(bars)}
    starts = set(start_of.values())
    taken: set[tuple[int, str]] = set()
    kept: _Kept = {}
    for address, row, note in _notes(bars):
        for mark in note.marks:
            end = (address, mark)
            if end in starts:
                value = next(value for value in _NUMBERS if (row.part, value) not in taken)
                taken.add((row.part, value))
                kept[end] = replace(mark, value=value)
            elif end in start_of:
                started = kept[start_of[end]]
                assert started is not None, "what begins comes first"
                taken.discard((row.part, started.value))
                kept[end] = replace(mark, value=started.value)
    return kept


_NUMBERS = ("", *map(str, range(2, 100)))


def _slur_pairs(bars: tuple[Bar, ...]) -> Iterator[tuple[tuple[Address, Mark], tuple[Address, Mark]]]:
    opened: dict[tuple[int, str], tuple[Row, tuple[Address, Mark]]] = {}
    for address, row, note in _notes(bars):
        for mark in note.marks:
            if mark.name == "slur-start":
                opened[row.part, mark.value] = (row, (address, mark))
            elif mark.name == "slur-stop" and (start := opened.pop((row.part, mark.value), None)) is not None:
                first, (begin, _) = start
                if _leads(first, begin, row, address):
                    yield start[1], (address, mark)


def _leads(first: Row, begin: Address, last: Row, end: Address) -> bool:
    """Whether what begins in one row ends later: what is read later lies later only within one voice."""
    return first.place == last.place or (begin[0], _moment(first, begin[2])) < (end[0], _moment(last, end[2]))


def _moment(row: Row, item: int) -> Ticks:
    """When an item of a row begins, in ticks after its bar."""
    events = (event for event in row.items[:item] if isinstance(event, Chord | Rest | Spacer))
    return sum(
        0 if isinstance(event, Chord) and event.grace else event.duration.ticks for event in events if event.duration
    )


def _wedges(bars: tuple[Bar, ...]) -> Iterator[tuple[Address, None]]:
    """Where hairpins begin and end that do both."""
    opened: dict[int, tuple[Row, Address]] = {}
    for address, row, item in _walk(bars):
        if not isinstance(item, Direction) or item.name != "wedge":
            continue
        if not item.value.startswith("stop"):
            opened[row.part] = (row, address)
        elif (start := opened.pop(row.part, None)) is not None and _leads(*start, row, address):
            yield start[1], None
            yield address, None


@dataclass(slots=True)
class _Voice:
    """The notes of a voice's last chord, whose ties may lead to the next one, and the bar in which the voice was last."""

    bar: int
    notes: list[tuple[Address, Seat]] = field(default_factory=list)


def _ties(bars: tuple[Bar, ...]) -> _Kept:
    """The ties that lead to a note of the same pitch, on the same staff, in the next chord of their voice."""
    voices: dict[tuple[int, int, int], _Voice] = {}
    kept: _Kept = {}
    for address, row, item in _walk(bars):
        voice = voices.setdefault(row.place, _Voice(address[0]))
        if address[0] > voice.bar + 1 or isinstance(item, Rest | Spacer):
            voice.notes = []
        voice.bar = address[0]
        if isinstance(item, Chord) and not item.grace:
            led_to = {_seat(note) for note in item.notes}
            tie = Mark("tie")
            kept |= {(place, tie): tie for place, seat in voice.notes if seat in led_to}
            voice.notes = [(place, _seat(note)) for place, note in _of_chord(item, address)]
    return kept


def without_loose_ties(bars: tuple[Bar, ...], after: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars without ties that lead to nothing, when those of `after` follow."""
    kept = _ties((*bars, *after))

    def still(note: Note, address: Address) -> Note:
        return replace(note, marks=tuple(mark for mark in note.marks if mark.name != "tie" or (address, mark) in kept))

    return tuple(
        replace(bar, rows=tuple(_with_notes(row, (b, r, 0, 0), still) for r, row in enumerate(bar.rows)))
        for b, bar in enumerate(bars)
    )


def _with_notes(row: Row, first: Address, change: Callable[[Note, Address], Note]) -> Row:
    items = (
        replace(item, notes=tuple(change(note, place) for place, note in _of_chord(item, (*first[:2], i, 0))))
        if isinstance(item, Chord)
        else item
        for i, item in enumerate(row.items)
    )
    return replace(row, items=tuple(items))


def _seat(note: Note) -> Seat:
    """Where a note is written: a tie from one staff to the other is lost on readers of MusicXML."""
    return (note.pitch, next((mark.value for mark in note.marks if mark.name == "cross"), ""))


def _bar(bar: Bar, b: int, kept: _Kept) -> Bar:
    rows = [replace(row, items=tuple(_items(row, (b, r, 0, 0), kept))) for r, row in enumerate(bar.rows)]
    return replace(bar, rows=said(rows))


def _items(row: Row, first: Address, kept: _Kept) -> Iterator[Item]:
    for i, item in enumerate(row.items):
        address = (*first[:2], i, 0)
        if isinstance(item, Chord):
            yield replace(item, notes=tuple(_note(note, place, kept) for place, note in _of_chord(item, address)))
        elif not (isinstance(item, Direction) and item.name == "wedge") or (address, None) in kept:
            yield item


def _note(note: Note, address: Address, kept: _Kept) -> Note:
    found = [kept.get((address, mark)) if mark.name in _TWO_ENDS else mark for mark in note.marks]
    return replace(note, marks=tuple(mark for mark in found if mark is not None))


# ------------------------------------------------------------------------------------------------------------ percussion

_DRESS = ("instrument", "notehead")


def like_before(bars: tuple[Bar, ...], score: Score) -> tuple[Bar, ...]:
    """The bars with each percussion note on the instrument, and with the head, that its place last had in the score.

    A model sees neither (see tasks/music.py); without them a part with several instruments would play its first one only.
    """
    worn = {
        (row.part, note.pitch): tuple(mark for mark in note.marks if mark.name in _DRESS)
        for _, row, note in _notes(score.bars)
        if note.unpitched
    }
    return tuple(replace(bar, rows=tuple(_dress(row, worn) for row in bar.rows)) for bar in bars) if worn else bars


def _dress(row: Row, worn: dict[tuple[int, Pitch], tuple[Mark, ...]]) -> Row:
    items = [
        replace(item, notes=tuple(_dress_note(row.part, note, worn) for note in item.notes))
        if isinstance(item, Chord)
        else item
        for item in row.items
    ]
    return replace(row, items=tuple(items))


def _dress_note(part: int, note: Note, worn: dict[tuple[int, Pitch], tuple[Mark, ...]]) -> Note:
    marks = worn.get((part, note.pitch), ()) if note.unpitched else ()
    return replace(note, marks=(*marks, *note.marks)) if marks else note
