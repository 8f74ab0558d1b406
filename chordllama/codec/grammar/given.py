"""Rows that are given to whoever writes new bars: word for word, or their rhythm alone. Knows rows and their words; writer.py holds a text to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chordllama.codec.compact import dump_item
from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.notation.brackets import has_tuplets, strip_brackets
from chordllama.codec.words.durations import format_duration
from chordllama.codec.words.events import Sticky
from chordllama.score.model import Chord, Duration, Item, Place, Rest, Row, Spacer, Ticks

NO_VALUES: Lexicon[Duration] = Lexicon({})


class GivenWord(NamedTuple):
    """What comes next in a row: the word `text`; or, where there is none, a note or chord of the one value in `values`, or in `graces`.

    `value` is that of a rest, which what follows it need not say.
    """

    text: str = ""
    ticks: Ticks = 0
    is_event: bool = False
    sounds: bool = False
    values: Lexicon[Duration] = NO_VALUES
    graces: Lexicon[Duration] = NO_VALUES
    value: str = ""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row that a new bar must have."""

    place: Place
    words: tuple[GivenWord, ...]


def as_it_is(row: Row, length: Ticks) -> GivenRow:
    """Return a row that has to come word for word, in a bar of `length` ticks."""
    return _given(row, length, keeps_notes=True)


def in_its_rhythm(row: Row, length: Ticks) -> GivenRow:
    """Return a row whose rests, signs and note values have to come, with any notes."""
    return _given(row, length, keeps_notes=False)


def _given(row: Row, length: Ticks, *, keeps_notes: bool) -> GivenRow:
    items = strip_brackets(row.items) if has_tuplets(row.items) else row.items
    sticky = Sticky()
    words = tuple(_word(item, dump_item(item, sticky), length, keeps_notes) for item in items)
    return GivenRow(row.place, words)


def _word(item: Item, text: str, length: Ticks, keeps_notes: bool) -> GivenWord:
    if isinstance(item, Chord):
        if keeps_notes:
            return GivenWord(text, item.ticks, is_event=True, sounds=not item.grace)
        value = Lexicon({format_duration(item.duration): item.duration})
        return GivenWord(graces=value) if item.grace else GivenWord(values=value)
    if isinstance(item, Rest | Spacer):
        own = format_duration(item.duration) if isinstance(item, Rest) and item.duration else ""
        return GivenWord(text, length if item.duration is None else item.duration.ticks, is_event=True, value=own)
    return GivenWord(text)
