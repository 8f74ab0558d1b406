"""Parallel fifths and octaves between independent voices. Knows the score; knows no model.

The bundled model, whose every note is probable, writes parallels in nearly every second bar of a chorale. So each finished bar is
checked, and one with parallels is drawn again (`BarGuard`): what stays is the model's own music, conditioned on
independent voices. The score itself sets the rule: music whose voices double each other isn't held to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chordllama.codec.grammar.grammar_rules import Rules
from chordllama.score.model import Bar, Score, Ticks
from chordllama.score.voices import Voice, count_notes, count_parallels, voices_of

FEWEST_VOICES = 3
"""Voices of single notes that a score must have at least, to be held to the rule."""
NOTES_A_PARALLEL = 100
"""A score that has more than a parallel for so many notes has voices that double each other.

Between Bach's chorales (0.7 for 1,000 notes) and what a model writes whom nobody holds to it (40), so many notes are where one parallel
speaks for neither: exp((0.040 - 0.0007) * 103) = 0.040 / 0.0007, both taken as Poisson's.
"""
NEAR = 32
"""Bars before and after the new ones in which the composer's own voice leading is looked at."""
MOST_DRAWS = 12
"""How often a bar is drawn again for its parallels at most."""


def independent_parts(score: Score, first: int, last: int, rules: Rules) -> frozenset[int]:
    """Return the parts whose voices must stay independent in new bars from `first` up to `last`; none where the score's own don't."""
    single = frozenset(n for n, part in enumerate(rules.parts) if part.pitched and part.notes == 1)
    if sum(sum(rules.parts[part].voices) for part in single) < FEWEST_VOICES:
        return frozenset()
    lengths = score.bar_lengths
    for near in (slice(max(0, first - NEAR), first), slice(last, last + NEAR)):
        voices = _voices(score.bars[near], lengths[near], single)
        if count_parallels(voices).total() * NOTES_A_PARALLEL > count_notes(voices):
            return frozenset()
    return single


def parallels_in_last(bars: Sequence[Bar], before: Score, parts: frozenset[int]) -> int:
    """Count the parallels within the last of some new bars and on the way to it; `before` is the score that the first one follows."""
    both = (*before.bars, *bars)[-2:]
    lengths = replace(before, bars=(*before.bars, *bars)).bar_lengths[-2:]
    border = lengths[0] if len(both) == 2 else 0
    return count_parallels(_voices(both, lengths, parts), border).total()


def _voices(bars: Sequence[Bar], lengths: Sequence[Ticks], parts: frozenset[int]) -> list[Voice]:
    return [voice for place, voice in voices_of(bars, lengths).items() if place.part in parts]
