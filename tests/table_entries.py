"""Which entries of the tables a score uses. Knows no tests."""

from __future__ import annotations

from collections.abc import Iterator

from chordllama.codec import whitelist
from chordllama.codec.whitelist import DIRECTION_SIGNS, SIGN_BY_NAME, SIGNS
from chordllama.score.model import NOTE_TYPES, Chord, Direction, Harmony, Item, Mark, Rest, Score, Time

Entry = tuple[str, str]
"""A table's name, or a shape, and one of its entries."""
TABLES = {
    "mark": [sign.name for sign in SIGNS],
    "direction": DIRECTION_SIGNS,
    "dynamics": whitelist.DYNAMICS,
    "wedge": whitelist.WEDGES,
    "bar line": whitelist.BAR_STYLES,
    "edge": whitelist.BAR_STYLES,
    "accidental": whitelist.ACCIDENTALS,
    "notehead": whitelist.NOTEHEADS,
    "fermata": whitelist.FERMATAS,
    "caesura": whitelist.CAESURAS,
    "time": whitelist.TIME_SYMBOLS,
    "group": whitelist.GROUP_SYMBOLS,
    "group barline": whitelist.GROUP_BARLINES,
    "sound": whitelist.SOUND_ATTRIBUTES,
    "harmony": whitelist.HARMONY_KINDS,
    "type": NOTE_TYPES,
}
ENTRIES = {(table, entry) for table, entries in TABLES.items() for entry in entries}


def entries_of(score: Score) -> Iterator[Entry]:
    """The entries of tables that a score uses."""
    for group in score.groups:
        yield from (("group", group.symbol), ("group barline", group.barline))
    for bar in score.bars:
        yield from (("time", change.value.symbol) for change in bar.times if isinstance(change.value, Time))
        for barline in (bar.start, bar.end):
            yield "edge", barline.style
        for row in bar.rows:
            for item in row.items:
                yield from _of_item(item)


def _of_item(item: Item) -> Iterator[Entry]:
    if isinstance(item, Harmony):
        yield "harmony", item.kind
    elif isinstance(item, Direction):
        shape, value = DIRECTION_SIGNS[item.name].shape, item.value
        yield from (
            ("direction", item.name),
            (item.name, value.split(" ")[0]),
            (shape, value.split("=")[0]),
            (shape, value),
        )
    elif isinstance(item, Chord):
        yield "type", item.duration.type
        for note in item.notes:
            yield from _of_marks(note.marks)
    elif isinstance(item, Rest):
        yield from _of_marks(item.marks)


def _of_marks(marks: tuple[Mark, ...]) -> Iterator[Entry]:
    for mark in marks:
        yield from (("mark", mark.name), (SIGN_BY_NAME[mark.name].shape, mark.value))
