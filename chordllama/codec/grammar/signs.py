"""The signs that new bars may have, and how they are spelled. Knows the table; knows no rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.whitelist import DYNAMICS, SIGN_BY_CODE, SIGN_RANK
from chordllama.limits import MOST_STAVES


@dataclass(frozen=True, slots=True)
class MarkRule:
    """A mark's spelling, its place among the marks of a note, and which of the checks it needs: a slur's number or a staff."""

    text: str
    rank: int
    name: str
    value: str = ""


def _mark_rules() -> Iterator[MarkRule]:
    for code in "~'`>-^,*":
        name = SIGN_BY_CODE[code].name
        yield MarkRule(code, SIGN_RANK[name], name)
    for code, number in product("()", ("", "2")):
        name = SIGN_BY_CODE[code].name
        yield MarkRule(code + number, SIGN_RANK[name], name, number)
    for staff in range(1, MOST_STAVES + 1):
        yield MarkRule(f"@{staff}", SIGN_RANK["cross"], "cross", str(staff))
    for name in _NAMED:
        yield MarkRule(f"{{{name}}}", SIGN_RANK[name], name)
    for strokes in "123":
        yield MarkRule(f"={strokes}", SIGN_RANK["tremolo"], "tremolo", strokes)


_NAMED = (
    "let-ring",
    "detached-legato",
    "soft-accent",
    "arpeggiate",
    "trill-mark",
    "turn",
    "inverted-turn",
    "mordent",
    "inverted-mordent",
)
ORNAMENTS = frozenset([*_NAMED, "tremolo"])
"""Marks that a part has only if it has had them."""
MARKS = {rule.text: rule for rule in _mark_rules()}
"""The marks that new notes may have."""
MARKS_BEGINNING = {
    beginning: tuple(rule for text, rule in MARKS.items() if text.startswith(beginning))
    for beginning in {text[:end] for text in MARKS for end in range(1, len(text) + 1)}
}
SLURS = frozenset(["slur-start", "slur-stop"])
SLUR_NUMBERS = ("", "2")
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


@lru_cache(maxsize=1)
def harmonies() -> Lexicon[str]:
    """The chord symbols that may be written: roots, kinds and basses."""
    tones = [step + sign for step in "ABCDEFG" for sign in ("", "#", "b")]
    basses = ["", *(f"/{tone}" for tone in tones)]
    return Lexicon({root + kind + bass: "harmony" for root in tones for kind in _KINDS for bass in basses})
