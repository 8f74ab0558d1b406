"""What is asked for, and which bars of a score it means: the one table of tasks. Knows the score; knows no model and no text.

`continue` writes bars after the last one. The others write bars instead of those that are there: `infill` a gap, from what is around it,
`harmonise` all parts but the given ones, `vary` all parts, each row in its old rhythm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chordllama.errors import ChordLlamaError, ScoreError
from chordllama.generate.backend import Sampling
from chordllama.placing.joining import harmonised, refilled, varied
from chordllama.placing.percussion import Groove, hidden, percussion
from chordllama.placing.placement import Join, Placement
from chordllama.score.model import Bar, Barline, Chord, Metre, Score, Ticks
from chordllama.tasks.music import NO_WISHES, Ending, Task, Wishes, has_closed, lean

USUAL_BARS = 8
"""How many bars are added where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    `bars` is how many, None for as many as the task finds: 8 after the last one, the silent bars of a gap, all from `first` on.
    `first` is the first bar that is written anew, counted from 1 (`continue` has none); None for the gap or the beginning. `given` are the
    parts (from 1, or by name) that `harmonise` keeps. `ending` auto closes where the score closed with a plain final bar line, and else leaves it open; it
    belongs to `continue` alone. `wishes` are told to the model, which was trained on rows with and without them; nothing holds it to them.
    """

    bars: int | None = None
    candidates: int = 1
    ending: Literal["auto", "open", "close"] = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    wishes: Wishes = NO_WISHES
    task: Task = "continue"
    first: int | None = None
    given: tuple[int | str, ...] = (1,)


class RequestError(ChordLlamaError, ValueError):
    """The request doesn't fit the score."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written where.

    `score` is lean, as the model is shown it: without percussion that goes on or stays by itself, and without a closing bar line where
    that moves. `length` (ticks) is that of a bar after its last; `given` are parts from 0 that stay; `placement` is the new bars' place.
    """

    task: Task
    score: Score
    placement: Placement
    length: Ticks
    ending: Ending
    wishes: Wishes = NO_WISHES
    given: frozenset[int] = frozenset()
    aside: frozenset[int] = frozenset()

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

    @staticmethod
    def of(score: Score, request: Request) -> Plan:
        """Return the plan for a score.

        Raises:
            RequestError, ScoreError: the score hasn't got what is asked for.
        """
        first, bars = SPANS[request.task](score, request)
        if request.task == "continue":
            return _at_the_end(score, request, bars)
        if not 0 <= first < first + bars <= len(score.bars):
            raise RequestError(
                f"the score doesn't have {_span(first, max(1, bars))}", cause=f"it has {_count(len(score.bars), 'bar')}"
            )
        given = _given_parts(score, request, first, bars) if request.task == "harmonise" else frozenset()
        lengths = score.bar_lengths[first : first + bars]
        groove = Groove.of(score, first, lengths) if request.task == "infill" else Groove()
        aside = percussion(score) - given if request.task != "infill" else frozenset()
        parts = frozenset(range(len(score.parts))) - given - aside
        placement = Placement(score, first, lengths, parts, JOINS[request.task], groove=groove)
        shown = hidden(lean(score), groove.parts | aside)
        return Plan(request.task, shown, placement, length_after(score), "open", request.wishes, given, aside)


JOINS: Mapping[Task, Join] = {"infill": refilled, "harmonise": harmonised, "vary": varied}
"""How a new bar joins the old one in whose place it stands."""


def _at_the_end(score: Score, request: Request, bars: int) -> Plan:
    closed = has_closed(score.bars[-1])
    ending: Ending = request.ending if request.ending != "auto" else ("close" if closed else "open")
    shown = lean(score)
    last = replace(shown.bars[-1], end=Barline()) if closed else shown.bars[-1]
    opened = replace(shown, bars=(*shown.bars[:-1], last))
    length = length_after(score)
    lengths = (length,) * bars
    groove = Groove.of(score, len(score.bars), lengths)
    everything = frozenset(range(len(score.parts)))
    closes = closed or ending == "close"
    placement = Placement(score, len(score.bars), lengths, everything, closes=closes, groove=groove)
    return Plan("continue", hidden(opened, groove.parts), placement, length, ending, request.wishes)


def length_after(score: Score) -> Ticks:
    """The length of a new bar: the time signature's, or in music without one the last bar's."""
    metre = metre_after(score)
    if metre.common is not None and metre.common.ticks is None and not metre.own:
        return score.bar_lengths[-1]
    return metre.length(Bar())


def metre_after(score: Score) -> Metre:
    """The metre in force after a score's last bar."""
    metre = Metre()
    for bar in score.bars:
        metre.apply(bar)
    return metre


# ------------------------------------------------------------------------------------------------------------ which bars


def _after_the_last(score: Score, request: Request) -> tuple[int, int]:
    return len(score.bars), request.bars or USUAL_BARS


def _gap(score: Score, request: Request) -> tuple[int, int]:
    """The bars of a gap, which has a bar before and after it."""
    if request.first is None:
        first, bars = _longest_silence(score)
    else:
        first, bars = request.first - 1, request.bars or 1
    if first < 1 or first + bars >= len(score.bars):
        raise RequestError(
            "a gap has a bar before and after it",
            cause=f"asked for: {_span(first, bars)}; the score has {_count(len(score.bars), 'bar')}",
            hint="what comes after the last bar, `continue` writes",
        )
    return first, bars


def _longest_silence(score: Score) -> tuple[int, int]:
    """The longest run of silent bars between others."""
    best, start = (0, 0), None
    for index, bar in enumerate(score.bars):
        if not sounds(bar):
            start = index if start is None else start
        elif start is not None:
            best = max(best, (start, index - start), key=lambda run: run[1] if run[0] else 0)
            start = None
    if not best[0]:
        raise RequestError(
            "no bars are missing",
            cause="in each bar something sounds",
            hint="say from which bar on new ones shall stand",
        )
    return best


def _from_first(score: Score, request: Request) -> tuple[int, int]:
    first = (request.first or 1) - 1
    return first, request.bars or len(score.bars) - first


SPANS: Mapping[Task, Callable[[Score, Request], tuple[int, int]]] = {
    "continue": _after_the_last,
    "infill": _gap,
    "harmonise": _from_first,
    "vary": _from_first,
}
"""For each task the first bar (from 0) that it writes, and how many."""


def sounds(bar: Bar, parts: frozenset[int] | None = None) -> bool:
    """Whether a note sounds in a bar, in one of these parts."""
    return any(isinstance(item, Chord) for row in bar.rows if parts is None or row.part in parts for item in row.items)


def _given_parts(score: Score, request: Request, first: int, bars: int) -> frozenset[int]:
    given = frozenset(_part(score, wanted) for wanted in request.given)
    drums = percussion(score)
    if len(given | drums) == len(score.parts):
        raise RequestError(
            "all parts are given" if len(given) == len(score.parts) else "all parts but percussion are given",
            hint="add parts for the voices that are wanted (at the command line with --add), or give fewer parts",
        )
    given = given if given <= drums else given - drums
    if not any(sounds(bar, given) for bar in score.bars[first : first + bars]):
        raise ScoreError("what is given has no notes in these bars", hint="name the part that has the melody")
    return given


def _part(score: Score, wanted: int | str) -> int:
    """Which part, from 0, a number from 1 or a name means; case doesn't count."""
    names = [part.name.strip().casefold() for part in score.parts]
    found = (
        [wanted - 1] if isinstance(wanted, int) else [n for n, name in enumerate(names) if name == wanted.casefold()]
    )
    if len(found) == 1 and 0 <= found[0] < len(names):
        return found[0]
    listed = ", ".join(f"{number} {part.name}".strip() for number, part in enumerate(score.parts, 1))
    raise RequestError(
        f"several parts are called {wanted}" if len(found) > 1 else f"there is no part {wanted}",
        cause=f"the score has {listed}",
        hint="name parts by their numbers",
    )


def _span(first: int, bars: int) -> str:
    return f"bar {first + 1}" if bars == 1 else f"bars {first + 1} to {first + bars}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
