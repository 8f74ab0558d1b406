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
from chordllama.generate.border_lines import Over
from chordllama.generate.groove import Groove, hidden, percussion
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
    """What is to be written where: `bars` bars from `first` (from 0) on.

    `score` is lean, and without a closing bar line where that moves; `length` is that of a bar after its last; `given` are parts from 0;
    `over` are the lines over the borders of the new bars, by part that the model writes; `groove` is what goes on without it, and
    `aside` are the parts that stay as they are and that it isn't shown.
    """

    task: Task
    score: Score
    first: int
    bars: int
    length: Ticks
    ending: Ending
    closing: bool
    wishes: Wishes = NO_WISHES
    given: frozenset[int] = frozenset()
    over: Mapping[int, Over] = field(default_factory=dict)
    groove: Groove = field(default_factory=Groove)
    aside: frozenset[int] = frozenset()

    @property
    def last(self) -> int:
        """The bar after the new ones."""
        return self.first + self.bars

    @property
    def replaces(self) -> bool:
        """Whether the new bars stand for old ones."""
        return self.task != "continue"

    @property
    def parts(self) -> frozenset[int]:
        """The parts that are written."""
        return frozenset(range(len(self.score.parts))) - self.given - self.aside

    def sounding(self, bar: int) -> frozenset[tuple[int, int]]:
        """The staves (part from 0, staff from 1) that have to sound in a new bar (from 0), since a line leads to or from a note of it."""
        ends = [(0, own.incoming) for own in self.over.values()] + [(1, own.outgoing) for own in self.over.values()]
        borders = (self.first, self.last - 1)
        return frozenset(span.staff for at, lines in ends if bar == borders[at] for span in lines if span.is_of_notes)

    @staticmethod
    def of(score: Score, request: Request) -> Plan:
        """The plan for a score.

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
        plan = Plan(request.task, lean(score), first, bars, length_after(score), "open", False, request.wishes, given)
        plan = plan.with_groove_of(score) if request.task == "infill" else plan.without_percussion_of(score)
        return plan.with_lines_of(score)

    def with_lines_of(self, score: Score) -> Plan:
        """The plan with the lines of its whole score."""
        return replace(self, over=Over.each(score.bars, self.parts - self.groove.parts, self.first, self.last))

    def with_groove_of(self, score: Score) -> Plan:
        """The plan in which percussion goes on with its pattern, and the model isn't shown it."""
        lengths = score.bar_lengths[self.first : self.last] or (self.length,)
        groove = Groove.of(score, self.first, lengths)
        return replace(self, groove=groove, score=hidden(self.score, groove.parts))

    def without_percussion_of(self, score: Score) -> Plan:
        """The plan in which percussion stays as it is, and the model isn't shown it, unless nothing else is given."""
        aside = percussion(score) - self.given
        return replace(self, aside=aside, score=hidden(self.score, aside))


def _at_the_end(score: Score, request: Request, bars: int) -> Plan:
    closed = has_closed(score.bars[-1])
    ending: Ending = request.ending if request.ending != "auto" else ("close" if closed else "open")
    shown = lean(score)
    last = replace(shown.bars[-1], end=Barline()) if closed else shown.bars[-1]
    opened = replace(shown, bars=(*shown.bars[:-1], last))
    closing = closed or ending == "close"
    plan = Plan("continue", opened, len(score.bars), bars, length_after(score), ending, closing, request.wishes)
    return plan.with_groove_of(score).with_lines_of(score)


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
