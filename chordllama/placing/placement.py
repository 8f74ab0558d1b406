"""Where new bars stand in a score, and what around them they have to respect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from chordllama.placing.line_borders import Over
from chordllama.placing.percussion import Groove
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Harmony, Score, Ticks

Join = Callable[[Bar, Bar, frozenset[int]], Bar]
"""Makes one bar of an old one and the new one in its place, where the model wrote these parts (from 0); see joining.py."""


@dataclass(frozen=True)
class Placement:
    """The place of `bars` new bars from bar `first` (from 0) on in the composer's whole `score`.

    `parts` (from 0) are written anew; `lengths` are those of the new bars in ticks. Without a `join` they follow the score's last bar,
    else each stands in an old one's place. `closes`: the last one ends with a final bar line. `groove` is the percussion that goes on by
    itself. Bars that aren't `complete` will be followed by others, so that only what comes in over their first border counts.
    `symbols` are chord symbols to be written above them.
    """

    score: Score
    first: int
    lengths: tuple[Ticks, ...]
    parts: frozenset[int]
    join: Join | None = None
    closes: bool = False
    groove: Groove = field(default_factory=Groove)
    complete: bool = True
    symbols: tuple[tuple[Harmony, ...], ...] = ()

    @property
    def bars(self) -> int:
        """How many bars are new."""
        return len(self.lengths)

    @property
    def last(self) -> int:
        """The bar after the new ones."""
        return self.first + self.bars

    @cached_property
    def over(self) -> dict[int, Over]:
        """The lines over the borders of the new bars, by part that the model writes."""
        return Over.each(self.score.bars, self.parts - self.groove.parts, self.first, self.last)

    @property
    def before(self) -> Bars:
        """The composer's bars before the new ones."""
        return self.score.bars[: self.first]

    @property
    def after(self) -> Bars:
        """The composer's bars after the new ones."""
        return self.score.bars[self.last if self.join else self.first :]

    def sounding(self, bar: int) -> frozenset[tuple[int, int]]:
        """Return the staves (part from 0, staff from 1) that must sound in a new bar (from 0), since a line leads to or from a note of it."""
        incoming = [span for own in self.over.values() for span in own.incoming] if bar == self.first else []
        outgoing = [span for own in self.over.values() for span in own.outgoing] if bar == self.last - 1 else []
        return frozenset(span.staff for span in (*incoming, *outgoing) if span.is_of_notes)

    def cut_to(self, bars: int, *, complete: bool) -> Placement:
        """Return the place of the first `bars` of the new bars, of which others may follow."""
        if bars == self.bars or not complete:
            return replace(self, complete=complete) if complete != self.complete else self
        return replace(self, lengths=self.lengths[:bars], complete=complete)
