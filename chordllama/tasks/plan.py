"""Requests, and plans: the bars of a score that a request means. Knows the score; knows no model and no text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chordllama.codec.words.frames import format_time
from chordllama.errors import ChordLlamaError, ScoreError
from chordllama.placing.percussion import Groove, hidden, percussion
from chordllama.placing.placement import Join, Placement
from chordllama.sampling import Sampling
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Chord, Harmony, Metre, Score, Ticks
from chordllama.tasks.music_prompts import NO_WISHES, Ending, Wishes, lean


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of the model: a task with its settings.

    `bars` is how many, None for as many as the task finds: 8 after the last one, the silent bars of a gap, all from `first` on.
    `first` is the first bar that is written anew, counted from 1 (`continue` has none); None for the gap or the beginning. `given` are the
    parts (from 1, or by name) that `harmonise` keeps. `ending` auto closes where the score closed with a plain final bar line, and else leaves it open; it
    belongs to `continue` alone. `care` is how often bars may be drawn again for what the critic finds. `chords` are what the notes
    of the first new bars keep to; `density` is about how many notes a bar has, all parts together. `wishes` are told to the model, which was trained on rows with and without them; nothing holds it to them.
    """

    bars: int | None = None
    candidates: int = 1
    ending: Literal["auto", "open", "close"] = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    wishes: Wishes = NO_WISHES
    task: str = "continue"
    first: int | None = None
    given: tuple[int | str, ...] = (1,)
    care: Literal["fast", "usual", "patient"] = "usual"
    chords: ChordChart = ()
    density: int | None = None


ChordChart = tuple[tuple[Harmony, ...], ...]
"""The chord symbols of some bars, evenly over each; a bar without one goes on with the last."""


class RequestError(ChordLlamaError, ValueError):
    """The request doesn't fit the score, or a setting lies outside its range."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The bars that a request means, and the score as the model is shown it.

    `score` is lean: without percussion that goes on or stays by itself, and without a closing bar line where
    that moves. `length` (ticks) is that of a bar after its last; `given` are parts from 0 that stay; `placement` is the new bars' place; `chords` are
    what their notes keep to, `density` is how many there are in a bar.
    """

    task: str
    score: Score
    placement: Placement
    length: Ticks
    ending: Ending
    wishes: Wishes = NO_WISHES
    given: frozenset[int] = frozenset()
    aside: frozenset[int] = frozenset()
    chords: ChordChart = ()
    density: int | None = None

    @property
    def first(self) -> int:
        """The first new bar, from 0."""
        return self.placement.first

    @property
    def bars(self) -> int:
        """How many bars are new."""
        return self.placement.bars

    @property
    def last(self) -> int:
        """The bar after the new ones."""
        return self.placement.last

    @property
    def parts(self) -> frozenset[int]:
        """The parts that are written, from 0."""
        return self.placement.parts


def plan_in_place(
    task: str,
    score: Score,
    request: Request,
    span: tuple[int, int],
    join: Join,
    *,
    given: frozenset[int] = frozenset(),
    groove: Groove | None = None,
) -> Plan:
    """Return the plan for bars in the place of old ones: `span` is the first one (from 0), and how many.

    Percussion goes on by itself where the task has a `groove`; else it stays as it is, unless nothing else is given.
    """
    first, bars = span
    aside = percussion(score) - given if groove is None else frozenset()
    groove = groove or Groove()
    parts = frozenset(range(len(score.parts))) - given - aside
    placement = Placement(score, first, score.bar_lengths[first : first + bars], parts, join, groove=groove)
    shown = hidden(lean(score), groove.parts | aside)
    return Plan(task, shown, placement, length_after(score), "open", request.wishes, given, aside)


def range_asked(score: Score, request: Request) -> tuple[int, int]:
    """Return the first bar (from 0) that is asked for, and how many: without an answer all to the end.

    Raises:
        RequestError: the score hasn't got them.
    """
    first = (request.first or 1) - 1
    bars = request.bars or len(score.bars) - first
    if not 0 <= first < first + bars <= len(score.bars):
        raise RequestError(
            f"the score doesn't have {bar_span(first, max(1, bars))}",
            cause=f"it has {count_of(len(score.bars), 'bar')}",
        )
    return first, bars


def length_after(score: Score) -> Ticks:
    """Return the length of a new bar after the last one: the time signature's, or in music without one the last bar's."""
    metre = metre_after(score)
    metre.apply(Bar(times=score.next_times))
    if metre.common is not None and metre.common.ticks is None and not metre.own:
        return score.bar_lengths[-1]
    return metre.length(Bar())


def check_metres(score: Score, bars: range) -> None:
    """Raise ScoreError where parts have bars of different lengths at once (4/4 beside 3/4); a bar behind the last one is a new one."""
    metre = Metre()
    for n, bar in enumerate((*score.bars, Bar(times=score.next_times))):
        metre.apply(bar)
        if n not in bars:
            continue
        times = {part: metre.time(part) for part in range(len(score.parts))}
        lengths = {time.ticks: part for part, time in times.items() if time is not None and time.ticks is not None}
        if len(lengths) > 1:
            named = [
                f"{format_time(time)} in {score.parts[part].name.strip() or f'part {part + 1}'}"
                for part in sorted(lengths.values())
                if (time := times[part]) is not None
            ]
            raise ScoreError(
                f"parts have bars of different lengths {'after the last bar' if n == len(score.bars) else f'in bar {n + 1}'}",
                cause=" and ".join(named),
                hint="new bars have one length in all parts: give the parts one time signature there",
            )


def metre_after(score: Score) -> Metre:
    """Return the metre in force after a score's last bar."""
    metre = Metre()
    for bar in score.bars:
        metre.apply(bar)
    return metre


def sounds(bar: Bar, parts: frozenset[int] | None = None) -> bool:
    """Tell whether a note sounds in a bar, in one of these parts."""
    return any(isinstance(item, Chord) for row in bar.rows if parts is None or row.part in parts for item in row.items)


def has_symbols(bars: Bars) -> bool:
    """Tell whether a chord symbol stands in one of some bars."""
    return any(isinstance(item, Harmony) for bar in bars for row in bar.rows for item in row.items)


def bar_span(first: int, bars: int) -> str:
    """Return the words for some bars, the first one counted from 0."""
    return f"bar {first + 1}" if bars == 1 else f"bars {first + 1} to {first + bars}"


def count_of(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
