"""Holding an answer to its grammar and to the critic: which bars stay, and which are drawn again. Knows rules, judges and texts; knows no model.

A bar that costs something is drawn again while draws are left; then the best one is written once more, and stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from chordllama.codec.grammar import Rules, Writer
from chordllama.critic.critic import Critic
from chordllama.errors import ModelError
from chordllama.sampling import Sampling
from chordllama.score.editing import Bars
from chordllama.score.model import Ticks
from chordllama.tasks import music_tasks
from chordllama.tasks.parallels import MOST_DRAWS, parallels_in_last
from chordllama.tasks.plan import Plan, Request
from chordllama.tasks.rounds import Round

if TYPE_CHECKING:
    from chordllama.generate.continuation import Answer

MOST_REWINDS = 24
"""How often one bar is begun again before its candidate is given up."""


@dataclass(frozen=True, slots=True)
class Care:
    """How often a bar is drawn again for what the critic finds: at most `bar` times, and `each` times the number of bars in all.

    `tokens` is for how many times the tokens of the bars.
    """

    bar: int
    each: float
    tokens: int


CARES = {"fast": Care(0, 0, 1), "usual": Care(8, 2.0, 4), "patient": Care(24, 6.0, 10)}
"""By name. Parallels, which are rare, are drawn again by all of them."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What says how bad a new bar is: parallels, and unless one is fast, the critic. `done` are the new bars of earlier rounds."""

    care: Care
    critic: Critic | None = None
    lengths: tuple[Ticks, ...] = ()
    done: Bars = ()

    @staticmethod
    def of(plan: Plan, request: Request) -> Judge:
        """Return the judge for a plan's bars."""
        if request.care == "fast":
            return Judge(CARES["fast"])
        return Judge(CARES[request.care], music_tasks.critic(plan), plan.placement.lengths)

    def draws(self, round_: Round, sampling: Sampling) -> Draws:
        """Return how often the bars of a round may be drawn again; never where the most probable ones are asked for."""
        if sampling.temperature == 0:
            return Draws()
        parallels = MOST_DRAWS if round_.apart else 0
        return (
            Draws(parallels, self.care.bar, self.care.each * len(round_.rules.bars))
            if self.critic
            else Draws(parallels)
        )

    def cost(self, round_: Round, answer: Answer) -> Callable[[str], BarCost]:
        """Return what says how bad the last bar of an answer is."""

        def cost(text: str) -> BarCost:
            bars = answer.read(text)
            parallels = parallels_in_last(bars, round_.before, round_.apart) if round_.apart else 0
            own = self.done + bars
            other = self.critic.judge_last(own, self.lengths[: len(own)]).cost if self.critic else 0.0
            return BarCost(parallels, other)

        return cost


class BarCost(NamedTuple):
    """How bad a bar is: its parallels, and what else the critic finds; nothing is good."""

    parallels: int = 0
    other: float = 0.0


@dataclass(frozen=True, slots=True)
class Draws:
    """How often bars may be drawn again: each so often for `parallels`, and `bar` times for other costs; for these at most `most` times in all."""

    parallels: int = 0
    bar: int = 0
    most: float = 0.0


NO_DRAWS = Draws()


class BarGuard:
    """A `Guard` that holds an answer to its grammar, draws a bar again for what it costs, and gives it up after too many attempts.

    `done` bars of `wanted` were written before it. `cost` says how bad the last bar of an answer so far is: while draws are left, one that costs
    something is drawn again; then the best one is written once more, and stays.
    """

    def __init__(
        self,
        rules: Rules,
        done: int,
        wanted: int,
        cost: Callable[[str], BarCost] = lambda _: BarCost(),
        draws: Draws = NO_DRAWS,
    ) -> None:
        self._writer = Writer(rules)
        self._done, self._wanted, self._cost, self._draws = done, wanted, cost, draws
        self._rewinds = 0
        self._at = 0
        self._text = ""
        self._bar_start = 0
        self._drawn: list[tuple[float, str]] = []  # what the bars cost that were finished here, and their text
        self._redrawn = 0  # for other costs than parallels
        self._left = draws.most
        self._best = ""  # what has to be written again
        self._is_faulty = False

    @property
    def done(self) -> bool:
        """Whether the last bar is finished."""
        return self._writer.done

    @property
    def kept(self) -> int:
        """How many characters reach up to the end of the last good bar."""
        return self._writer.kept

    @property
    def bars(self) -> int:
        """How many bars are good."""
        return self._writer.bars

    def accepts(self, piece: str) -> bool:
        """Tell whether the text may go on with `piece`: with none after a bar that has to be drawn again."""
        if self._is_faulty:
            return False
        if self._best:
            rest = self._best[len(self._text) - self._bar_start :]
            if not (rest.startswith(piece) or piece.startswith(rest)):
                return False
        return self._writer.accepts(piece)

    def feed(self, piece: str) -> None:
        """Take over `piece`, which was accepted."""
        writer = self._writer
        bar_line, bars = writer.last_bar_line, writer.bars
        writer.feed(piece)
        self._text += piece
        if writer.bars > bars and self._is_to_be_drawn_again():
            self._is_faulty = True
            writer.go_back_to(bar_line)

    def _is_to_be_drawn_again(self) -> bool:
        """Judge the bar that is finished. One that stays begins the next."""
        kept = self._writer.kept
        if not self._best and self._draws != NO_DRAWS:
            cost = self._cost(self._text[:kept])
            self._drawn.append((sum(cost), self._text[self._bar_start : kept]))
            if self._may_draw_again(cost):
                return True
            least, best = min(self._drawn, key=lambda drawn: drawn[0])
            if least < sum(cost):
                self._best = best
                return True
        self._bar_start, self._drawn, self._redrawn, self._best = kept, [], 0, ""
        return False

    def _may_draw_again(self, cost: BarCost) -> bool:
        if cost.parallels and len(self._drawn) - self._redrawn <= self._draws.parallels:
            return True
        if cost.other and self._redrawn < self._draws.bar and self._left >= 1:
            self._redrawn += 1
            self._left -= 1
            return True
        return False

    def rewind(self) -> None:
        """Begin the bar again.

        Raises:
            ModelError: it was begun `MOST_REWINDS` times, those left out in which it was finished.
        """
        self._text = self._text[: self.kept]
        if self._is_faulty:
            self._is_faulty = False
            return
        self._rewinds = self._rewinds + 1 if self.kept == self._at else 1
        self._at = self.kept
        if self._rewinds > MOST_REWINDS:
            raise ModelError(
                f"the model could not finish bar {self._done + self.bars + 1} of {self._wanted}",
                cause=f"none of {MOST_REWINDS} attempts filled its metre",
                hint="try another --seed or a --temperature near 0.9; the bars before it are good",
            )
        self._writer.rewind()
