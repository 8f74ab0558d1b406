"""New bars in the place of old ones: what of the old ones stays. Knows the score model.

Each `Join` takes an old bar, the new one that stands for it, and the parts (from 0) that are written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from chordllama.codec.excerpt import SignaturesInForce
from chordllama.codec.whitelist import SIGNS
from chordllama.codec.words.values import in_order
from chordllama.placing.placement import Placement
from chordllama.score.editing import Bars, Rows, edited, map_items, timed, with_directions
from chordllama.score.model import Bar, Chord, Direction, Harmony, Item, Note, Place, Row

STAYING = frozenset(
    ["words", "rehearsal", "metronome", "sound", "segno", "coda", "key", "transpose", "staff-lines", "barline"]
)
"""Directions of old bars that stay: the model doesn't see them, and they aren't about its notes."""
_OF_PITCHES = frozenset(
    [
        "fingering",
        "pluck",
        "tap",
        "string",
        "fret",
        "harmonic",
        "bend",
        "open-string",
        "thumb-position",
        "hammer-on-start",
        "hammer-on-stop",
        "pull-off-start",
        "pull-off-stop",
        "accidental-mark",
        "non-arpeggiate",
    ]
)
_AT_NOTES = frozenset(["cue", "hidden", "type", "steal-time", "let-ring"])
_OF_MOMENTS = _AT_NOTES | {
    sign.name
    for sign in SIGNS
    if (sign.kind in ("articulations", "ornaments", "technical", "slurs", "beams") or sign.element == "tuplet")
    and sign.name not in _OF_PITCHES
}
"""Signs at a note that are about its moment in the bar, and not about its pitch: they stay where a note gets another pitch."""
_AT_EACH_NOTE = _AT_NOTES | {"arpeggiate"}
"""Those of them that each note of a chord has."""


def joined(bars: Bars, at: Placement) -> Bars:
    """Return the new bars, each joined with the old one that it stands for."""
    assert at.join is not None, "there are old bars"
    old = at.score.bars[at.first : at.first + len(bars)]
    return tuple(at.join(was, new, at.parts) for was, new in zip(old, bars, strict=True))


def refilled(old: Bar, new: Bar, _parts: frozenset[int]) -> Bar:
    """Return the old bar with the new one's rows; the directions that stay stand where they stood, and chord symbols in the place of new ones."""
    rows = new.rows
    if any(isinstance(item, Harmony) for row in old.rows for item in row.items):
        rows = tuple(map_items(row, lambda item: None if isinstance(item, Harmony) else item) for row in rows)
    return _with_staying(replace(old, rows=rows), old.rows, symbols=True)


def harmonised(old: Bar, new: Bar, parts: frozenset[int]) -> Bar:
    """Return the old bar, in which the new one's rows stand for those of some parts."""
    others = [row for row in old.rows if row.part in parts]
    written = [row for row in new.rows if row.part in parts]
    kept = [row for row in old.rows if row.part not in parts]
    return _with_staying(replace(old, rows=tuple(sorted((*kept, *written), key=lambda row: row.place))), others)


def varied(old: Bar, new: Bar, _parts: frozenset[int]) -> Bar:
    """Return the old bar with the new one's pitches in its own rhythm.

    Syllables, directions, beams, brackets of tuplets, slurs, articulations, ornaments and fermatas stay; those that the model wrote go.
    """
    written = {row.place: row for row in new.rows}
    return replace(
        old, rows=tuple(_with_notes(row, written[row.place]) if row.place in written else row for row in old.rows)
    )


def _with_notes(old: Row, new: Row) -> Row:
    """An old row with the pitches of a new one in the same rhythm."""
    chords = (item for item in new.items if isinstance(item, Chord))

    def renewed(item: Item) -> Item:
        return replace(item, notes=_with_signs_of(item.notes, next(chords).notes)) if isinstance(item, Chord) else item

    return replace(old, items=tuple(map(renewed, old.items)))


def _with_signs_of(old: Sequence[Note], new: Sequence[Note]) -> tuple[Note, ...]:
    """The new notes of a chord with the old ones' signs of moments: the first one has them, and each those that stood at each."""
    signs = [[mark for mark in note.marks if mark.name in _OF_MOMENTS] for note in old]
    each = [mark for mark in signs[0] if mark.name in _AT_EACH_NOTE and all(mark in own for own in signs)]
    if len(new) == 1:  # nothing is left to be broken
        each = [mark for mark in each if mark.name != "arpeggiate"]
    first = [mark for own in signs for mark in own if mark.name not in _AT_EACH_NOTE]
    own = [[mark for mark in note.marks if mark.name not in _OF_MOMENTS] for note in new]
    return tuple(
        replace(note, marks=in_order(marks, each, () if n else first))
        for n, (note, marks) in enumerate(zip(new, own, strict=True))
    )


def _with_staying(bar: Bar, old: Iterable[Row], *, symbols: bool = False) -> Bar:
    """The bar with those directions (and chord symbols) of old rows that stay, each in the first row of its staff, or else of its part."""
    rows = Rows(bar)
    for row in old:
        staying = [
            (at, item)
            for at, item in timed(row)
            if (isinstance(item, Direction) and item.name in STAYING) or (symbols and isinstance(item, Harmony))
        ]
        if staying:
            own = [place for place in rows if place.part == row.part]
            there = next(
                (place for place in own if place.staff == row.staff), own[0] if own else Place(row.part, row.staff, 1)
            )
            rows[there] = with_directions(rows[there], staying)
    return rows.bar()


def with_clefs_restored(bars: Bars, at: Placement) -> Bars:
    """Return the bars, the last one ending in the clefs that the old ones ended in, but where the bar after begins with its own."""
    parts = at.score.parts
    before = SignaturesInForce(parts).after(at.before)
    clefs = dict(before.clefs)
    old = before.after(at.score.bars[at.first : at.last]).clefs
    now = SignaturesInForce(parts, clefs=clefs).after(bars).clefs
    begun = {(part, staff): clef for part, own in enumerate(parts) for staff, clef in enumerate(own.clefs, 1)}
    told = {(row.part, row.staff) for bar in at.after[:1] for row in bar.rows if _begins_with_clef(row)}
    wanted = {
        seat: clef
        for seat in {*old, *now} - told
        if (clef := old.get(seat, begun[seat])) != now.get(seat, begun[seat]) and clef
    }

    def end_in_clefs(rows: Rows) -> None:
        for (part, staff), clef in wanted.items():
            row = rows[place := rows.first_of(part, staff)]
            rows[place] = replace(row, items=(*row.items, Direction("clef", clef)))

    return edited(bars, len(bars) - 1, end_in_clefs) if wanted else bars


def _begins_with_clef(row: Row) -> bool:
    signs = takewhile(lambda item: isinstance(item, Direction | Harmony), row.items)
    return any(isinstance(sign, Direction) and sign.name == "clef" for sign in signs)
