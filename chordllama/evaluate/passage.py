"""Music that was shown and what follows it, as sounding notes voice by voice. Knows the score model; measures nothing.

The human's continuation, a model's and a floor's are passages alike, so that all are measured by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from chordllama.score.model import Place, Score, Ticks
from chordllama.score.voices import Sound, count_notes, voices_of


@dataclass(frozen=True)
class Passage:
    """A score of which the first `shown` bars are the prompt and the others what is measured."""

    score: Score
    shown: int

    @cached_property
    def starts(self) -> tuple[Ticks, ...]:
        """Where each bar begins, and where the last one ends."""
        return tuple(accumulate(self.score.bar_lengths, initial=0))

    @property
    def border(self) -> Ticks:
        """Where the new bars begin."""
        return self.starts[self.shown]

    @cached_property
    def voices(self) -> dict[Place, tuple[Sound, ...]]:
        """All sounds by voice; grace notes and unpitched notes are left out."""
        return voices_of(self.score.bars, self.score.bar_lengths)

    @cached_property
    def old(self) -> dict[Place, tuple[Sound, ...]]:
        """The sounds that begin in the prompt."""
        return {place: tuple(s for s in voice if s.start < self.border) for place, voice in self.voices.items()}

    @cached_property
    def new(self) -> dict[Place, tuple[Sound, ...]]:
        """The sounds that begin in the new bars."""
        return {place: tuple(s for s in voice if s.start >= self.border) for place, voice in self.voices.items()}

    @cached_property
    def quartet(self) -> tuple[tuple[Sound, ...], ...] | None:
        """The voices from top to bottom, if they are four parts of one note at a time; else None."""
        if len(self.score.parts) != 4 or set(self.voices) != {(part, 1, 1) for part in range(4)}:
            return None
        return (
            None
            if any(len(s.pitches) > 1 for voice in self.voices.values() for s in voice)
            else tuple(self.voices.values())
        )

    @property
    def new_notes(self) -> int:
        """The sounding notes of the new bars."""
        return count_notes(self.new.values())
