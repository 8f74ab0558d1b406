"""Whether an independent program reads what was written, and finds every bar filled. Knows MusicXML through music21."""

from __future__ import annotations

import warnings
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from chordllama.codec.musicxml import write
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage


class Music21Reading(NamedTuple):
    """What music21 makes of a passage: whether it reads the file with all its bars, the new bars, and those of them that aren't full."""

    reads: bool
    bars: int
    unfilled: int


@lru_cache(maxsize=4)  # several measures ask about the same passage
def verdict_on(passage: Passage) -> Music21Reading:
    """Read the passage, written as MusicXML, with music21, and look at the new bars whose length is the time signature's."""
    from music21 import converter

    count = len(passage.score.bars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            score: Any = converter.parseData(write(passage.score).decode(), format="musicxml")
            parts = list(score.parts)
        except Exception:  # whatever it stumbles over, the file isn't read
            return Music21Reading(False, 0, 0)
    measures = [list(part.getElementsByClass("Measure")) for part in parts]
    if not measures or any(len(found) != count for found in measures):
        return Music21Reading(False, 0, 0)
    places = [n for n in range(passage.shown, count) if passage.score.bars[n].length is None]
    unfilled = sum(not all(_is_full(found[place]) for found in measures) for place in places)
    return Music21Reading(True, len(places), unfilled)


def _is_full(measure: Any) -> bool:
    """Whether each voice of a measure that has any notes or rests fills it."""
    wanted = Fraction(measure.barDuration.quarterLength)
    voices = list(measure.voices) or [measure]
    lengths = [sum((Fraction(event.quarterLength) for event in voice.notesAndRests), Fraction(0)) for voice in voices]
    return all(length == wanted for length in lengths if length) and any(lengths)


def valid(passage: Passage) -> Ratio:
    """1 where music21 reads the passage with all its bars."""
    return Ratio(float(verdict_on(passage).reads))


def unfilled_bars(passage: Passage) -> Ratio | None:
    """New bars that aren't full, of all that music21 sees."""
    verdict = verdict_on(passage)
    return Ratio(verdict.unfilled, verdict.bars) if verdict.bars else None
