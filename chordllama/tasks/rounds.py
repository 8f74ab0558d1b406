"""Rounds: a prompt for as many bars as fit, and the rules for what is written after it. Knows the wording of prompts.

Work that is too long for a context takes several rounds, each of which shows what is written already. Two kinds are shared by the tasks:
bars after those of a score (`continued`), and a piece of its own to given rows (`piece`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chordllama.codec.excerpt import excerpt
from chordllama.codec.grammar import Rules, opening_of
from chordllama.codec.grammar.filling import SHORTEST, Grid
from chordllama.codec.grammar.given import GivenRow
from chordllama.codec.grammar.grammar_rules import BarRules, grid_of, part_rules, steady_rows, steady_staves
from chordllama.codec.words.frames import dump_end, dump_frame
from chordllama.critic.closing import lowest_row
from chordllama.critic.listening import heard_bars
from chordllama.score.model import Bar, Part, Score, Ticks
from chordllama.tasks.music_prompts import Ending, block, header, instruction, numbered, opening, prompt
from chordllama.tasks.plan import Plan, has_symbols, sounds

LONGEST_CONTEXT = 2048
"""Tokens that prompt and answer have together at most: what the bundled model was trained on."""
SPARE = 8
"""Tokens in reserve, for a backend that counts some more."""
UNCOUNTED = 48
"""Tokens kept for what isn't counted: an answer's end, the numbers of bars."""
ROOM = 1.6
"""Tokens kept for a new bar, as a multiple of those of the bars before it."""
GIVEN_ROOM = 1.25
"""The same, for bars of which much is given."""
SHARE = 0.6
"""The share of a context that new bars may have."""
BEFORE = 0.6
"""The share of what is shown around a gap that stands before it."""
OVERLAP = 4
"""Bars of one round that begin the answer of the next, where it is a piece of its own."""
LATEST = 8
"""Bars that tell which row is the bass."""
MOST_COUNTED = 200
"""Bars that a prompt shows at most."""


@dataclass(frozen=True, slots=True)
class Context:
    """A model's context: the `tokens` that prompt and answer can have together, and `count`, which counts those of a text."""

    tokens: int
    count: Callable[[str], int]

    @property
    def usual(self) -> int:
        """The tokens that are used unless bars need more."""
        return min(self.tokens, LONGEST_CONTEXT)

    def sizes(self, bars: Sequence[Bar], parts: Sequence[Part]) -> list[int]:
        """Return the tokens of each bar."""
        return [self.count(block("00", bar, parts)) for bar in bars]

    def most_bars(self, bars: Sequence[Bar], parts: Sequence[Part]) -> int:
        """Return how many new bars one answer may have after such bars."""
        return max(1, int(self.usual * SHARE / size_of_new(self.sizes(bars[-16:], parts))))

    def round(self, text: str, rules: Rules, before: Score, each: float) -> Round:
        """Return a round whose new bars have about `each` tokens."""
        size = self.count(text) + SPARE
        fits = self.usual - size >= each * len(rules.bars)
        return Round(text, rules, before, (self.usual if fits else self.tokens) - size)


@dataclass(frozen=True, slots=True)
class Round:
    """One prompt and what may be written after it. `before` is the score after which the answer stands; `tokens` is the room for it.

    `length` (ticks) is that of all new bars, where they tell none themselves and need not fill the metre; `apart` are the parts whose
    voices must stay independent of each other. `done` bars of the `wanted` ones were written in rounds before this one.
    """

    prompt: str
    rules: Rules
    before: Score
    tokens: int
    length: Ticks | None = None
    apart: frozenset[int] = frozenset()
    done: int = 0
    wanted: int = 0


def first_shown(sizes: Sequence[int], budget: float) -> int:
    """Return the first bar of the longest suffix that fits the budget; the last bar is always shown."""
    first, size = len(sizes) - 1, sizes[-1]
    while first > 0 and size + sizes[first - 1] <= budget:
        first -= 1
        size += sizes[first]
    return first


def continued(plan: Plan, written: Score, frames: tuple[BarRules, ...], ending: Ending, context: Context) -> Round:
    """Return the round that asks for bars after a score, each in its frame."""
    bars = len(frames)
    sizes = context.sizes(written.bars[-MOST_COUNTED:], written.parts)
    each = size_of_new(sizes[-16:])
    budget = context.usual - int(bars * each) - UNCOUNTED
    budget -= context.count(opening(written, bars, ending, plan.wishes))
    first = first_shown(sizes, budget) + len(written.bars) - len(sizes)
    text = prompt(written, first, bars, ending, plan.wishes)
    return context.round(text, free_rules(plan, written, frames), written, each)


def size_of_new(recent: Sequence[int]) -> float:
    """Return the tokens to keep room for in a new bar after such bars."""
    return ROOM * sum(recent) / len(recent) + 4


def free_rules(plan: Plan, written: Score, frames: tuple[BarRules, ...]) -> Rules:
    """Return the rules for bars of which nothing is given but their frames; the score's other bars show what parts may do."""
    shown = replace(plan.score, bars=plan.score.bars[: plan.first] + plan.score.bars[plan.last :])
    heard = (
        tuple(bar for bar in shown.bars if sounds(bar)) if plan.placement.join else shown.bars
    )  # a score may have more gaps
    bass = lowest_row(heard_bars(shown)[-LATEST:])
    parts = part_rules(shown)
    if has_symbols(plan.score.bars[plan.first : plan.last]):  # which stay
        parts = tuple(replace(part, harmony=False) for part in parts)
    return Rules(
        parts,
        frames,
        opening_of(written),
        steady_staves(replace(shown, bars=heard)),
        steady_rows([bar for bar in written.bars if sounds(bar)]),
        bass=bass,
    )


def frames(plan: Plan, done: int, bars: int) -> tuple[BarRules, ...]:
    """Return the frames of the next bars that are written anew: those of the bars that they replace."""
    places = range(plan.first + done, plan.first + done + bars)
    lengths = plan.score.bar_lengths
    return tuple(
        _frame(
            plan.score.bars[n],
            BarRules(lengths[n], grid_of(plan.score, lengths[n]), sounding=plan.placement.sounding(n)),
        )
        for n in places
    )


def _frame(bar: Bar, rules: BarRules) -> BarRules:
    """Return the rules with the words before and after the rows of a bar."""
    return replace(rules, head=" ".join(dump_frame(bar)), tail=" ".join(dump_end(bar)))


def piece(
    plan: Plan,
    done: tuple[Bar, ...],
    shown: Score,
    rules: Rules,
    rows: Callable[[Bar, Ticks], tuple[GivenRow, ...]],
    context: Context,
) -> Round:
    """Return the round that asks for whole bars to those of `shown`. Its answer begins with the latest bars of the round before."""
    start = plan.first + len(done)
    costs = _costs(plan, done, shown, context)
    budget = context.usual - context.count(instruction(plan.task, plan.bars, None, plan.wishes) + header(shown))
    first, end = _window(costs, plan.first, start, plan.last, budget - UNCOUNTED)
    old, told = excerpt(plan.score, first, end), excerpt(shown, first, end)
    known = tuple(replace(bar, rows=new.rows) for bar, new in zip(old.bars, done[first - plan.first :], strict=False))
    count = end - first
    beginning = "".join(block(str(n - count), bar, old.parts) for n, bar in enumerate(known))
    text = instruction(plan.task, count, None, plan.wishes) + header(old) + numbered(told.bars, told.parts) + beginning
    free = len(rules.closed) < len(plan.score.parts)
    lengths = plan.score.bar_lengths
    bars = []
    for n in range(start, end):
        grid = grid_of(plan.score, lengths[n]) if free else Grid(SHORTEST)
        sounding = plan.placement.sounding(n) if free else frozenset()
        own = BarRules(lengths[n], grid, given=rows(old.bars[n - first], lengths[n]), sounding=sounding)
        bars.append(_frame(old.bars[n - first], own))
    before = replace(old, bars=known)
    rules = replace(rules, bars=tuple(bars), opening=opening_of(before))
    each = sum(costs[n][1] for n in range(start, end)) / len(bars)
    return context.round(text, rules, before, each)


def _costs(plan: Plan, done: tuple[Bar, ...], shown: Score, context: Context) -> dict[int, tuple[int, float]]:
    """Return, for each bar that the next round may have, its tokens in the prompt and in the answer."""
    start = plan.first + len(done)
    places = range(max(plan.first, start - OVERLAP), min(plan.last, start + MOST_COUNTED))
    staves = sum(part.staves for part in plan.score.parts)
    given_staves = sum(plan.score.parts[part].staves for part in plan.given) or staves
    found = {}
    for n in places:
        told = context.count(block("00", shown.bars[n], shown.parts))
        old = context.count(block("00", plan.score.bars[n], plan.score.parts))
        found[n] = (told, GIVEN_ROOM * max(old, told * staves / given_staves) + 4)
    return found


def _window(
    costs: Mapping[int, tuple[int, float]], earliest: int, start: int, last: int, budget: float
) -> tuple[int, int]:
    """Return the bars of a round: as many new ones from `start` on as fit, and before them some that are written."""
    for overlap in range(min(OVERLAP, start - earliest), -1, -1):
        first = end = start - overlap
        size = 0.0
        while end in costs and end < last and (size + sum(costs[end]) <= budget or end <= start):
            size += sum(costs[end])
            end += 1
        if end == last or end - start >= 2 * overlap:
            return first, end
    return start, start + 1
