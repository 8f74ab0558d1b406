"""New notes of a tablature staff on strings that can play them: a tablature shows nothing else. Knows the score model.

The model sees no tunings (see tasks/music_prompts.py). A note below the lowest string is raised by octaves: verovio 5 and 6 never end at one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from chordllama.codec.words.values import STRING, in_order
from chordllama.score.editing import Bars
from chordllama.score.model import Chord, Mark, Note, Part, Row, Score

Strings = tuple[int, ...]
"""The heights of the open strings as they are written, string 1 first."""
_ALTERS = {"": 0, "#": 1, "##": 2, "b": -1, "bb": -2}


def on_strings(bars: Bars, score: Score) -> Bars:
    """Return the bars with a string and a fret at each note of a tablature staff whose tuning the score tells."""
    strings = {(n, staff): found for n, part in enumerate(score.parts) for staff, found in _strings(part)}
    if not strings:
        return bars

    def fingered(row: Row) -> Row:
        own = strings.get(row.place[:2])
        items = [
            replace(item, notes=_fingered(item.notes, own)) if own and isinstance(item, Chord) else item
            for item in row.items
        ]
        return replace(row, items=tuple(items))

    return tuple(replace(bar, rows=tuple(map(fingered, bar.rows))) for bar in bars)


def _strings(part: Part) -> Iterator[tuple[int, Strings]]:
    """The tablature staves of a part, from 1, with their strings."""
    moved = part.transposition.chromatic + 12 * part.transposition.octave if part.transposition else 0
    for staff, (clef, tuning) in enumerate(zip(part.clefs, part.tunings, strict=False), 1):
        if clef.startswith("TAB") and tuning is not None:
            yield staff, tuple(_height(string) - moved for string in reversed(tuning.strings))


def _height(string: str) -> int:
    match = STRING.fullmatch(string)
    assert match, "the codec reads no others"
    return int(Note(match[1], int(match[3]), _ALTERS[match[2] or ""]).height)


def _fingered(notes: Sequence[Note], strings: Strings) -> tuple[Note, ...]:
    """A chord's notes, each on a string of its own, the one on which its fret is lowest; one for which none is left stays without."""
    raised = {note.pitch: note for note in (_raised(note, min(strings)) for note in reversed(notes))}
    free = dict(enumerate(strings, 1))
    seats: dict[Note, tuple[int, int]] = {}
    for note in sorted(raised.values(), key=lambda note: note.height, reverse=True):
        frets = {int(note.height) - opened: string for string, opened in free.items() if opened <= note.height}
        if frets:
            seats[note] = min(frets.items())
            del free[frets[min(frets)]]
    return tuple(_on(note, *seats[note]) if note in seats else note for note in reversed(raised.values()))


def _raised(note: Note, lowest: int) -> Note:
    """The note in the lowest octave in which a string reaches it."""
    below = max(0, lowest - int(note.height))
    return replace(note, octave=note.octave + ceil(below / 12))


def _on(note: Note, fret: int, string: int) -> Note:
    return replace(note, marks=in_order(note.marks, (Mark("string", str(string)), Mark("fret", str(fret)))))
