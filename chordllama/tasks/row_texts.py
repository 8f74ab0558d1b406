"""Training rows of scores: their three texts, the wishes that hold for them, and the reasons to leave one out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from chordllama.codec.compact import dump_bar
from chordllama.codec.words.frames import format_time
from chordllama.codec.words.key_words import format_key
from chordllama.score.model import Bar, Key, Score, Time
from chordllama.tasks.music_prompts import Wishes, Write, answer, density, header, numbered

__all__ = ["MusicRow", "TeachesNothing", "Write", "dump_bar", "own_piece", "wishes_that_hold"]

WISHED = 0.3
"""The probability with which each wish is told in one half of the rows; in the other half none is."""

NOTHING_ASKED, NOTHING_GIVEN = "nothing-asked", "nothing-given"
RULES: Mapping[str, str] = {
    NOTHING_ASKED: "A row whose answer's notes are all given is left out: no other part sounds, or a rhythm hides no note.",
    NOTHING_GIVEN: "A row of `harmonise` whose given part is silent is left out: nothing could be written to it.",
}
"""Rule -> what it says of the rows that it leaves out."""


class TeachesNothing(Exception):
    """A row that breaks one of `RULES`, whose name `rule` is."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class MusicRow(NamedTuple):
    """One training pair; the three texts follow each other without anything between them."""

    instruction: str
    input: str
    output: str


def own_piece(asked: str, shown: Score, score: Score, write: Write) -> MusicRow:
    """Return the row that asks for all bars of a score to those that are shown of it."""
    return MusicRow(asked, header(score) + numbered(shown.bars, shown.parts), answer(score.bars, score.parts, write))


def wishes_that_hold(score: Score, first: int, facts: Mapping[str, str], chance: random.Random) -> Wishes:
    """Return what is true of the bars from `first` on, each told by chance only."""
    told = chance.random() < 0.5
    names = [name for name in _TRUE if chance.random() < WISHED and told]
    return Wishes(**{name: _TRUE[name](score, first, facts) for name in names})


_TRUE: Mapping[str, Callable[[Score, int, Mapping[str, str]], str]] = {
    "key": lambda score, first, _: _in_force(score.bars[: first + 1], "keys"),
    "time": lambda score, first, _: _in_force(score.bars[: first + 1], "times"),
    "instruments": lambda score, _first, _: ",".join(
        str(part.instruments[0].program) for part in score.parts if part.instruments
    ),
    "density": lambda score, first, _: density(score.bars[first:]),
    "period": lambda _score, _first, facts: facts.get("period", ""),
    "by": lambda _score, _first, facts: facts.get("creator", "")[:40],
}
"""Wish -> its value for a score from a bar on; in the order of `Wishes`."""


def _in_force(bars: Sequence[Bar], kind: str) -> str:
    """Return the last key or time signature of all parts together; "" where there is none."""
    changes = [change for bar in bars for change in getattr(bar, kind) if change.part is None]
    value = changes[-1].value if changes else None
    if isinstance(value, Key):
        return format_key(value) if not value.alters else ""
    return format_time(value) if isinstance(value, Time) else ""
