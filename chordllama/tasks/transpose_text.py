"""Transposition of a bar's compact text, word by word: the same as `transpose` does to its score, many times as fast. Knows words, no scores.

A word means the same wherever its row's last octave is the same, and a corpus has few different words: each is parsed, moved and
written once for each octave before it, by the codec's own functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from chordllama.codec.compact import format_line, parse_word
from chordllama.codec.words.events import Sticky, format_chord
from chordllama.codec.words.frames import is_end, is_frame
from chordllama.codec.words.key_words import format_key, parse_key
from chordllama.codec.words.moments import format_direction, format_harmony
from chordllama.codec.words.places import is_place
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.placing.transpose import moved_item, moved_key
from chordllama.score.model import Chord, Direction, duration

_BEFORE = duration("quarter")
_KEY = "key="
_STAYS = "stays"


def transpose_line(line: str, fifths: int) -> str:
    """Return a bar's line, with its key and line break, moved `fifths` along the circle of fifths, as `transpose` and `dump_bar` give it.

    Raises:
        CannotTranspose: as `transpose` does.
    """
    key, _, text = line.rstrip("\n").partition(":")
    text = text.removeprefix(" ")
    if text[:1] in ("'", '"'):
        text = read_map(line)[0].text()
    return format_line(key, " ".join(_words(split_words(text), fifths))) + "\n"


def transpose_key(text: str, fifths: int) -> str:
    """Return a key as a word tells it, moved."""
    return format_key(moved_key(parse_key(text), fifths))


def _words(found: Iterable[str], fifths: int) -> Iterator[str]:
    old: int | None = None
    new: int | None = None
    for word in found:
        if is_place(word):
            old = new = None
            yield word
        elif is_frame(word) or is_end(word):
            yield _frame_word(word, fifths)
        else:
            moved, old, new = _word(word, old, new, fifths)
            yield moved


def _frame_word(word: str, fifths: int) -> str:
    """`key=…` with each of its changes moved; any other as it is."""
    if not word.startswith(_KEY):
        return word
    changes = (change.rpartition("=") for change in word.removeprefix(_KEY).split(";"))
    moved = (
        place + sign + (value if value == _STAYS else transpose_key(value, fifths)) for place, sign, value in changes
    )
    return _KEY + ";".join(moved)


@lru_cache(maxsize=1 << 20)
def _word(word: str, old: int | None, new: int | None, fifths: int) -> tuple[str, int | None, int | None]:
    """Return a row's word moved, and the octave that the next words inherit, before and now; `old` and `new` are those before it."""
    if word[0] in "rs":
        return word, old, new
    before, after = _sticky(old), _sticky(new)
    item = parse_word(word, before)
    moved = moved_item(item, fifths)
    if isinstance(moved, Chord):
        after.duration = None if before.duration is not _BEFORE else _BEFORE
        return format_chord(moved, after), before.octave, after.octave
    return format_direction(moved) if isinstance(moved, Direction) else format_harmony(moved), old, new  # type: ignore[arg-type]


def _sticky(octave: int | None) -> Sticky:
    sticky = Sticky()
    sticky.octave, sticky.duration, sticky.begun = octave, _BEFORE, True
    return sticky
