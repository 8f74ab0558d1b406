"""The signs that new bars may have, and how they are spelled. Knows the table; knows no rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.whitelist import DYNAMICS, SIGN_BY_NAME, SIGN_RANK, SIGNS, WEDGES
from chordllama.codec.words.events import format_mark
from chordllama.codec.words.moments import parse_harmony
from chordllama.limits import MOST_STAVES
from chordllama.score.chord_symbols import tones_of
from chordllama.score.model import Mark


@dataclass(frozen=True, slots=True)
class MarkRule:
    """A mark's spelling, its place among the marks of a note, and which of the checks it needs: a slur's number or a staff."""

    text: str
    rank: int
    name: str
    value: str = ""


def _mark_rules() -> Iterator[MarkRule]:
    """Every mark that new notes may have, with each value that it may have there."""
    for sign in SIGNS:
        for value in _NEW_VALUES.get(sign.shape, ("",)) if sign.new else ():
            yield MarkRule(format_mark(Mark(sign.name, value)), SIGN_RANK[sign.name], sign.name, value)


SLUR_NUMBERS = ("", "2")
_NEW_VALUES = {
    "number": SLUR_NUMBERS,
    "staff": tuple(map(str, range(1, MOST_STAVES + 1))),
    "tremolo": ("1", "2", "3"),
}
"""The values of marks in new bars, by shape; others have none."""
ORNAMENTS = frozenset(sign.name for sign in SIGNS if sign.new == "heard")
"""Marks that a part has only if it has had them."""
PAUSES = frozenset(["breath-mark", "fermata"])
"""Marks that the first note of a chord has for all."""
MARKS = {rule.text: rule for rule in _mark_rules()}
"""The marks that new notes may have."""
MARKS_BEGINNING = {
    beginning: tuple(rule for text, rule in MARKS.items() if text.startswith(beginning))
    for beginning in {text[:end] for text in MARKS for end in range(1, len(text) + 1)}
}
SLURS = frozenset(["slur-start", "slur-stop"])
FERMATA = SIGN_BY_NAME["fermata"].code
WEDGE_STARTS = (f"={WEDGES['crescendo']}", f"={WEDGES['diminuendo']}")
WEDGE_STOP = f"={WEDGES['stop']}"
DYNAMIC_WORDS = Lexicon({f"={name}": "dynamics" for name in DYNAMICS})
_KINDS = (
    "",
    "m",
    "7",
    "m7",
    "maj7",
    "6",
    "m6",
    "9",
    "m9",
    "maj9",
    "mmaj7",
    "m7b5",
    "dim",
    "dim7",
    "+",
    "+7",
    "sus2",
    "sus4",
)
"""The usual chord symbols, without their roots."""


ROOTS_BELOW, ROOTS_ABOVE = 4, 7
"""How far from the key on the line of fifths roots are spelled: A flat to C sharp in C."""
_ROOTS = {
    step + sign: "FCGDAEB".index(step) - 1 + 7 * alter
    for step in "FCGDAEB"
    for sign, alter in (("", 0), ("#", 1), ("b", -1))
}
MOST_OUTSIDE = 1
"""Notes outside of the key that a new chord symbol may have: secondary dominants and borrowed chords have one."""


@lru_cache(maxsize=64)
def harmonies(key: int, own: frozenset[str] = frozenset()) -> Lexicon[frozenset[int]]:
    """Return the chord symbols that may be written in a key (in fifths), with their pitch classes: usual ones near to it, and a piece's own."""
    scale = frozenset((7 * key + step) % 12 for step in (0, 2, 4, 5, 7, 9, 11))
    near = frozenset(name for name, fifths in _ROOTS.items() if key - ROOTS_BELOW <= fifths <= key + ROOTS_ABOVE)
    found = {
        word: tones
        for word, (tones, names) in _all_harmonies().items()
        if word in own or (names <= near and len(tones - scale) <= MOST_OUTSIDE)
    }
    return Lexicon(found)


@lru_cache(maxsize=256)
def within(symbols: Lexicon[frozenset[int]], tones: frozenset[int]) -> Lexicon[frozenset[int]]:
    """Return those of some chord symbols that have no other notes than these pitch classes; all, where none has."""
    found = {word: own for word, own in symbols.words.items() if own <= tones}
    return Lexicon(found) if found else symbols


@lru_cache(maxsize=1)
def _all_harmonies() -> dict[str, tuple[frozenset[int], frozenset[str]]]:
    """The usual chord symbols, with their pitch classes and the names of their roots and basses."""
    found = {}
    for root in _ROOTS:
        for bass in ("", *_ROOTS):
            for kind in _KINDS:
                word = f"{root}{kind}/{bass}" if bass else root + kind
                found[word] = tones_of(parse_harmony(word)), frozenset(filter(None, (root, bass)))
    return found
