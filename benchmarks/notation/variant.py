"""A way to write a score down, as one frozen value, and the ways that are compared. Knows no scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DYNAMICS, HAIRPINS, BAR_LINES, DOTS = "dynamics", "hairpins", "bar lines", "dots"


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice for each question that a notation has to answer. The defaults are the compact text as it is."""

    layout: Literal["rows", "bars", "voices", "parts"] = "bars"
    """A line for each row of a bar; a bar a line; a voice's bars next to each other within a line; part after part."""
    keys: Literal["long", "letters"] = "long"
    """How a row's line is named: `b01_2` by staff, part and voice, or `c2` by its staff in the score."""
    places: Literal["steps", "names"] = "steps"
    """What stands between the rows of a bar: a step (`/` next staff, `&` next voice), or always the row's name (`/2.1`)."""
    silent: Literal["skip", "rest"] = "skip"
    """A staff without a row: the next one names itself, or a rest is written."""
    numbers: bool = True
    """Whether a line says its bar's number."""
    header: Literal["lines", "flat", "short"] = "lines"
    """As it is; no headings above creators and groups; also all parts in one line, with no names for its fields."""
    bars: int = 1
    """How many bars stand in a line."""
    sticks: Literal["bar", "line", "score"] = "line"
    """How long a voice's octave and value go on to hold."""
    value_first: bool = False
    value: Literal["sticky", "always"] = "sticky"
    octave: Literal["sticky", "always", "nearest"] = "sticky"
    spelling: Literal["letters", "signs"] = "letters"
    """F sharp as `fs` or as `f#`, B flat as `bb` or as `b-`."""
    by_key: bool = False
    """Whether accidentals are written only where they depart from the key and from the bar so far."""
    brackets: bool = False
    """A chord as `[ceg]4` instead of `c4_e_g`."""
    terse: frozenset[str] = frozenset()
    """Common signs in a shorter form: dynamics and hairpins as bare words, bar lines by their look, a dot as another digit."""
    letters: bool = False
    """Values as letters (`w h q e x`), not as numbers."""


BASE = Variant()
ROWS = replace(BASE, layout="rows")
FOUR = replace(BASE, bars=4)

SINGLE: dict[str, Variant] = {
    "the compact text: a bar a line": BASE,
    "a line for each row, ` a00: …`": ROWS,
    "a line for each row, ` a: …`": replace(ROWS, keys="letters"),
    "part after part": replace(BASE, layout="parts"),
    "every row named, ` /2.1 …`": replace(BASE, places="names"),
    "silent staves written as rests": replace(BASE, silent="rest"),
    "no bar numbers": replace(BASE, numbers=False),
    "header: `composer: …`, `groups: …` without headings": replace(BASE, header="flat"),
    "header: also one line for all parts": replace(BASE, header="short"),
    "two bars a line, each afresh": replace(BASE, bars=2, sticks="bar"),
    "four bars a line, each afresh": replace(BASE, bars=4, sticks="bar"),
    "two bars a line": replace(BASE, bars=2),
    "four bars a line": FOUR,
    "eight bars a line": replace(BASE, bars=8),
    "a bar a line, what sticks sticks for the whole score": replace(BASE, sticks="score"),
    "value before pitch, `8c4`": replace(BASE, value_first=True),
    "value as a letter, `c4e`": replace(BASE, letters=True),
    "value always written": replace(BASE, value="always"),
    "octave always written": replace(BASE, octave="always"),
    "octave and value always written": replace(BASE, octave="always", value="always"),
    "octave by ' and , from the nearest": replace(BASE, octave="nearest"),
    "accidentals by key and bar": replace(BASE, by_key=True),
    "accidentals as # and -": replace(BASE, spelling="signs"),
    "accidentals as # and -, by key and bar": replace(BASE, spelling="signs", by_key=True),
    "chords in brackets, `[ceg]4`": replace(BASE, brackets=True),
    "dynamics as words, `p` for `=p`, `forte` for `=f`": replace(BASE, terse=frozenset((DYNAMICS,))),
    "hairpins as `<`, `>`, `!` for `=<`, `=>`, `=!`": replace(BASE, terse=frozenset((HAIRPINS,))),
    "a dot as a digit, `c440` for `c44.`": replace(BASE, terse=frozenset((DOTS,))),
    "bar lines by their look, `<|`, `|]`, `[1`": replace(BASE, terse=frozenset((BAR_LINES,))),
}
"""The compact text, and what a single change makes of it."""

_SIGNS = replace(BASE, terse=frozenset((DYNAMICS, HAIRPINS, BAR_LINES)))
_SHORT = replace(_SIGNS, header="short")
COMBINED: dict[str, Variant] = {
    "four bars a line, a voice's bars next to each other": replace(FOUR, layout="voices"),
    "four bars a line, nearest octave": replace(FOUR, octave="nearest"),
    "four bars a line, part after part": replace(FOUR, layout="parts"),
    "a bar a line, nearest octave, which sticks for the score": replace(BASE, octave="nearest", sticks="score"),
    "a bar a line, dynamics, hairpins, bar lines": _SIGNS,
    "four bars a line, dynamics, hairpins, bar lines": replace(_SIGNS, bars=4),
    "four bars a line, these and a flat header": replace(_SIGNS, bars=4, header="flat"),
    "four bars a line, these and a short header": replace(_SHORT, bars=4),
    "four bars a line, these and the nearest octave": replace(_SHORT, bars=4, octave="nearest"),
}
"""What seems worth having together."""
