"""A way to write a score down, as one frozen value, and the ways that are compared. Knows no scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DYNAMICS, TREMOLOS, DASHES, BAR_LINES = "dynamics", "tremolos", "dashes", "bar lines"
SIGNS = frozenset((DYNAMICS, TREMOLOS, DASHES, BAR_LINES))


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice for each question that a notation has to answer. The defaults are the base that the others are compared with."""

    layout: Literal["lines", "bars", "voices", "parts"] = "bars"
    """A line for each voice of a bar; a bar a line; a voice's bars next to each other within a line; part after part."""
    keys: Literal["long", "short", "letters"] = "letters"
    """How a voice is named where it has to be: `b01_2:`, `b1_2:`; or, by its staff in the score, `c2:`."""
    named: Literal["where needed", "always"] = "where needed"
    second: Literal["name", "overlay"] = "name"
    """How the further voices of a staff begin: with their name, or after ` & ` instead of ` | `."""
    silent: Literal["skip", "rest"] = "skip"
    """A staff without a row: the next one names itself, or a rest is written."""
    numbers: bool = True
    """Whether a line says its bar's number."""
    header: Literal["map", "line"] = "map"
    bars: int = 1
    """How many bars stand in a line."""
    sticks: Literal["bar", "line", "score"] = "bar"
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
    """Common signs that have a shorter form."""
    letters: bool = False
    """Values as letters (`w h q e x`), not as numbers."""


BASE = Variant()
TODAY = replace(BASE, layout="lines", keys="long", named="always", silent="skip")


def _changed(**choices: object) -> Variant:
    return replace(BASE, **choices)  # type: ignore[arg-type]


SINGLE: dict[str, Variant] = {
    "base: a bar a line, cells by place": BASE,
    "a line for each voice, ` a00: …`": TODAY,
    "a line for each voice, ` a: …`": replace(TODAY, keys="letters"),
    "part after part": _changed(layout="parts"),
    "every cell named, ` | b= …`": _changed(named="always"),
    "cells named by part and staff, `b01_2=`": _changed(keys="long"),
    "second voices after ` & `": _changed(second="overlay"),
    "silent staves written as rests": _changed(silent="rest"),
    "no bar numbers": _changed(numbers=False),
    "header: a line for all groups, one for all parts": _changed(header="line"),
    "dynamics as words, `p` for `=p`": _changed(terse=frozenset((DYNAMICS,))),
    "tremolos `/2` for `{tremolo=2}`": _changed(terse=frozenset((TREMOLOS,))),
    "dashes `=-` for `={dashes=start}`": _changed(terse=frozenset((DASHES,))),
    "bar lines by their look, `:|`, `|]`, `[1`": _changed(terse=frozenset((BAR_LINES,))),
    "two bars a line": _changed(bars=2),
    "four bars a line": _changed(bars=4),
    "two bars a line, what sticks sticks on": _changed(bars=2, sticks="line"),
    "four bars a line, what sticks sticks on": _changed(bars=4, sticks="line"),
    "what sticks sticks for the whole score": _changed(sticks="score"),
    "value before pitch": _changed(value_first=True),
    "value as a letter": _changed(letters=True),
    "value always written": _changed(value="always"),
    "octave always written": _changed(octave="always"),
    "octave and value always written": _changed(octave="always", value="always"),
    "octave by ' and , from the nearest": _changed(octave="nearest"),
    "accidentals by key and bar": _changed(by_key=True),
    "accidentals as # and -": _changed(spelling="signs"),
    "accidentals as # and -, by key and bar": _changed(spelling="signs", by_key=True),
    "chords in brackets": _changed(brackets=True),
}
"""The base, and what a single change makes of it."""

BEST = replace(BASE, second="overlay", header="line", terse=SIGNS)
COMBINED: dict[str, Variant] = {
    "A: & voices, short header, shorter signs; one bar": BEST,
    "A, two bars sticking": replace(BEST, bars=2, sticks="line"),
    "A, four bars sticking": replace(BEST, bars=4, sticks="line"),
    "A, four bars sticking, voices' bars side by side": replace(BEST, bars=4, sticks="line", layout="voices"),
    "A, one bar, nearest octave": replace(BEST, octave="nearest"),
    "A, four bars sticking, nearest octave": replace(BEST, bars=4, sticks="line", octave="nearest"),
    "A, one bar, what sticks sticks for the score": replace(BEST, sticks="score"),
    "A, one bar, no bar numbers": replace(BEST, numbers=False),
    "A without shorter signs, one bar": replace(BEST, terse=frozenset()),
    "A without shorter signs, four bars sticking": replace(BEST, terse=frozenset(), bars=4, sticks="line"),
    "A without the short header, four bars sticking": replace(BEST, header="map", bars=4, sticks="line"),
    "A, part after part, four bars sticking": replace(BEST, layout="parts", bars=4, sticks="line"),
}
"""What seems worth having together."""
