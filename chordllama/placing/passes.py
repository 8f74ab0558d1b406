"""What happens to new bars between the model and the composer's file, from top to bottom.

The model writes bars by themselves. Each pass makes them a little more the score's own; the order matters, and stands here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from chordllama.placing.asked_symbols import with_symbols
from chordllama.placing.bare_staves import with_whole_staves
from chordllama.placing.concert_pitch import as_written
from chordllama.placing.instruments import on_last_instruments
from chordllama.placing.joining import joined, with_clefs_restored
from chordllama.placing.line_borders import numbered_apart, with_lines
from chordllama.placing.loose_ends import without_loose_ends, without_loose_ties
from chordllama.placing.percussion import dressed_like, with_groove
from chordllama.placing.placement import Placement
from chordllama.placing.tablature import on_strings
from chordllama.placing.tie_borders import with_ties_in, with_ties_out
from chordllama.score.editing import Bars
from chordllama.score.model import FINAL


def _as_written(bars: Bars, at: Placement) -> Bars:
    return as_written(bars, at.score, at.first, in_place=at.join is not None)


def _closed(bars: Bars, at: Placement) -> Bars:
    return without_loose_ends(bars, {part: [span.line for span in own.before] for part, own in at.over.items()})


def _with_next_times(bars: Bars, at: Placement) -> Bars:
    if not at.score.next_times:
        return bars
    own = [replace(bar, length=None) for bar in bars]
    return (replace(own[0], times=at.score.next_times), *own[1:])


def _with_final_bar_line(bars: Bars, at: Placement) -> Bars:
    return (*bars[:-1], replace(bars[-1], end=FINAL)) if at.closes else bars


class Pass(NamedTuple):
    """One change to new bars. `where` says of which placements it is a part: all, those after the last bar, or in place of old bars;
    `whole`: only once all new bars are written."""

    name: str
    change: Callable[[Bars, Placement], Bars]
    where: str = "all"
    whole: bool = False


PASSES = (
    Pass("transposing parts are written as their players read them", _as_written),
    Pass("ties, slurs and hairpins with one end go", _closed),
    Pass("percussion gets its instruments and noteheads", lambda bars, at: dressed_like(bars, at.score)),
    Pass("chord symbols that are asked for stand above", with_symbols),
    Pass("players who have changed instruments stay with the new one", on_last_instruments),
    Pass("notes of tablature get strings and frets", lambda bars, at: on_strings(bars, at.score)),
    Pass("steady percussion goes on with its pattern", lambda bars, at: with_groove(bars, at.groove)),
    Pass(
        "lines get numbers that no line over the borders has", lambda bars, at: numbered_apart(bars, at.first, at.over)
    ),
    Pass("old bars keep their frame and their signs", joined, "in place"),
    Pass("ties lead in from the bar before", lambda bars, at: with_ties_in(bars, at.before, at.lengths[0], at.parts)),
    Pass("ties lead out to the bar after", with_ties_out, "in place", whole=True),
    Pass("ties that lead nowhere go", lambda bars, at: without_loose_ties(bars, at.after[:1]), "in place", whole=True),
    Pass("lines over the borders get both their ends", with_lines),
    Pass("a staff whose voice is written on another one rests", with_whole_staves),
    Pass("the clefs of the bars after are in force again", with_clefs_restored, "in place", whole=True),
    Pass("a time signature behind the old last bar begins the first new one", _with_next_times, "after"),
    Pass("the final bar line moves to the end", _with_final_bar_line, "after", whole=True),
)


def place(placement: Placement, written: Bars, *, complete: bool = True) -> Bars:
    """Return the bars that the model wrote as they stand in the score; unless `complete`, more of them will come."""
    if not written:
        return ()
    at = placement.cut_to(len(written), complete=complete)
    kinds = {"all", "in place" if at.join else "after"}
    bars = written
    for step in PASSES:
        if step.where in kinds and (complete or not step.whole):
            bars = step.change(bars, at)
    return bars
