"""How the model is asked, task by task: one prompt for as many bars as fit, and what may be written after it. Knows the wording of prompts.

Work that is too long for a context goes in rounds, each of which shows what is written already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chordllama.codec.excerpt import excerpt
from chordllama.codec.grammar import Rules, opening_of
from chordllama.codec.grammar.filling import SHORTEST, Grid
from chordllama.codec.grammar.given import GivenRow, as_it_is, in_its_rhythm
from chordllama.codec.grammar.grammar_rules import (
    CLOSING,
    BarRules,
    PartRules,
    grid_of,
    part_rules,
    steady_staves,
    unheard_part_rules,
)
from chordllama.codec.words.frames import dump_end, dump_frame
from chordllama.generate.backend import Backend
from chordllama.generate.plan import Plan, sounds
from chordllama.generate.voice_leading import independent_parts
from chordllama.score.model import Bar, Part, Score, Ticks
from chordllama.tasks.music import Ending, Task, block, given, header, instruction, numbered, opening, prompt, rhythm

LONGEST_CONTEXT = 2048
"""Tokens that prompt and answer have together at most: what the embedded model was trained on."""
SPARE = 8
"""Tokens that are left over between what is counted and what a backend counts."""
UNCOUNTED = 48
"""Room for what isn't counted: an answer's end, numbers of bars."""
ROOM = 1.6
"""How much longer new bars may be than those before them, when room is kept for them."""
GIVEN_ROOM = 1.25
"""The same for bars of which much is given."""
SHARE = 0.6
"""The share of a context that new bars may have."""
BEFORE = 0.6
"""The share of what is shown around a gap that stands before it."""
OVERLAP = 4
"""Bars of the round before that begin the answer of the next one, where it is a piece of its own."""
MOST_COUNTED = 200
"""Bars that a prompt shows at most."""


@dataclass(frozen=True, slots=True)
class Round:
    """One prompt and what may be written after it. `before` is the score after which the answer stands; `tokens` is the room for it.

    `length` is that of all new bars, where they themselves say none and need not have that of the metre; `apart` are the parts whose
    voices have to keep apart.
    """

    prompt: str
    rules: Rules
    before: Score
    tokens: int
    length: Ticks | None = None
    apart: frozenset[int] = frozenset()


def pose(plan: Plan, done: tuple[Bar, ...], backend: Backend) -> Round:
    """What the model is asked for next, when the bars of `done` are written."""
    posed = _POSED[plan.task](plan, done, backend)
    return replace(posed, apart=independent_parts(plan.score, plan.first, plan.last, posed.rules))


def _round(text: str, rules: Rules, before: Score, each: float, backend: Backend) -> Round:
    """A round whose new bars have about `each` tokens."""
    context = min(backend.context, LONGEST_CONTEXT)
    size = backend.count(text) + SPARE
    fits = context - size >= each * len(rules.bars)
    return Round(text, rules, before, (context if fits else backend.context) - size)


def _sizes(bars: Sequence[Bar], parts: Sequence[Part], backend: Backend) -> list[int]:
    return [backend.count(block("00", bar, parts)) for bar in bars]


def first_shown(sizes: Sequence[int], budget: float) -> int:
    """The first bar of the longest suffix that fits; the last bar is always shown."""
    first, size = len(sizes) - 1, sizes[-1]
    while first > 0 and size + sizes[first - 1] <= budget:
        first -= 1
        size += sizes[first]
    return first


# -------------------------------------------------------------------------------------------------- after the last bar


def _continuation(plan: Plan, done: tuple[Bar, ...], backend: Backend) -> Round:
    wanted = plan.bars - len(done)
    written = replace(plan.score, bars=plan.score.bars[: plan.first] + done)
    most = _most_bars(written.bars, written.parts, backend)
    bars = wanted if wanted <= most else min(most, -(-wanted // 2))
    closes = bars == wanted and plan.ending == "close"
    plain = BarRules(plan.length, grid_of(plan.score, plan.length))
    frames = [replace(plain, sounding=plan.placement.sounding(plan.first + len(done) + n)) for n in range(bars)]
    frames[-1] = replace(frames[-1], tail=CLOSING if closes else "")
    found = _continued(plan, written, tuple(frames), plan.ending if bars == wanted else "open", backend)
    return replace(found, length=plan.length)


def _continued(plan: Plan, written: Score, frames: tuple[BarRules, ...], ending: Ending, backend: Backend) -> Round:
    """The round that asks for bars after a score, each in its frame."""
    bars = len(frames)
    sizes = _sizes(written.bars[-MOST_COUNTED:], written.parts, backend)
    each = _size_of_new(sizes[-16:])
    budget = _context(backend) - int(bars * each) - UNCOUNTED
    budget -= backend.count(opening(written, bars, ending, plan.wishes))
    first = first_shown(sizes, budget) + len(written.bars) - len(sizes)
    text = prompt(written, first, bars, ending, plan.wishes)
    return _round(text, _free_rules(plan, written, frames), written, each, backend)


def _context(backend: Backend) -> int:
    return min(backend.context, LONGEST_CONTEXT)


def _size_of_new(recent: Sequence[int]) -> float:
    return ROOM * sum(recent) / len(recent) + 4


def _most_bars(bars: Sequence[Bar], parts: Sequence[Part], backend: Backend) -> int:
    """How many new bars one answer may have after such bars."""
    return max(1, int(_context(backend) * SHARE / _size_of_new(_sizes(bars[-16:], parts, backend))))


def _free_rules(plan: Plan, written: Score, frames: tuple[BarRules, ...]) -> Rules:
    """The rules for bars of which nothing is given but their frames; the score's other bars show what parts may do."""
    shown = replace(plan.score, bars=plan.score.bars[: plan.first] + plan.score.bars[plan.last :])
    heard = (
        tuple(bar for bar in shown.bars if sounds(bar)) if plan.placement.join else shown.bars
    )  # a score may have more gaps
    return Rules(part_rules(shown), frames, opening_of(written), steady_staves(replace(shown, bars=heard)))


# ---------------------------------------------------------------------------------------------------------------- a gap


def _infill(plan: Plan, done: tuple[Bar, ...], backend: Backend) -> Round:
    """What a gap lacks. Of one that is too long for an answer, the beginning is asked for as a continuation."""
    wanted = plan.bars - len(done)
    score = plan.score
    written = replace(score, bars=score.bars[: plan.first] + done)
    most = _most_bars(written.bars, score.parts, backend)
    if wanted > most:
        frames = _frames(plan, len(done), min(most, -(-wanted // 2)))
        return _continued(plan, written, frames, "open", backend)
    after = _sizes(score.bars[plan.last :][:MOST_COUNTED], score.parts, backend)
    before = _sizes(written.bars[-MOST_COUNTED:], score.parts, backend)
    each = _size_of_new([*before[-8:], *after[:8]])
    asked = instruction("infill", wanted, None, plan.wishes)
    budget = _context(backend) - int(wanted * each) - backend.count(asked + header(written)) - UNCOUNTED
    shown_after = len(after) - first_shown(after[::-1], max(budget * (1 - BEFORE), budget - sum(before)))
    first = first_shown(before, budget - sum(after[:shown_after])) + len(written.bars) - len(before)
    shown = excerpt(written, first, len(written.bars))
    number = len(shown.bars) + wanted + 1
    later = numbered(score.bars[plan.last :][:shown_after], score.parts, number)
    text = asked + header(shown) + numbered(shown.bars, shown.parts) + later
    return _round(text, _free_rules(plan, written, _frames(plan, len(done), wanted)), written, each, backend)


def _frames(plan: Plan, done: int, bars: int) -> tuple[BarRules, ...]:
    """The frames of the next bars that are written anew: those of the bars that they replace."""
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
    """The rules with the words before and after the rows of a bar."""
    return replace(rules, head=" ".join(dump_frame(bar)), tail=" ".join(dump_end(bar)))


# ---------------------------------------------------------------------------------------------------- a piece of its own


def _harmonise(plan: Plan, done: tuple[Bar, ...], backend: Backend) -> Round:
    def rows(bar: Bar, length: Ticks) -> tuple[GivenRow, ...]:
        return tuple(as_it_is(row, length) for row in bar.rows if row.part in plan.given)

    heard = steady_staves(plan.score)
    parts = part_rules(plan.score)
    fresh = {part for part in plan.parts if not any(sounds(bar, frozenset([part])) for bar in plan.score.bars)}
    parts = tuple(_unheard(plan, n) if n in fresh else own for n, own in enumerate(parts))
    wanted = {(part, staff) for part in fresh for staff, voices in enumerate(parts[part].voices, 1) if voices}
    steady = frozenset({*(place for place in heard if place[0] not in plan.given), *wanted})
    rules = Rules(parts, (), steady=steady, closed=plan.given)
    return _piece(plan, done, given(plan.score, plan.given), rules, rows, backend)


def _unheard(plan: Plan, part: int) -> PartRules:
    return unheard_part_rules(plan.score.parts[part])


def _vary(plan: Plan, done: tuple[Bar, ...], backend: Backend) -> Round:
    def rows(bar: Bar, length: Ticks) -> tuple[GivenRow, ...]:
        return tuple(in_its_rhythm(row, length) for row in bar.rows)

    rules = Rules(part_rules(plan.score), (), closed=plan.parts | plan.aside)
    return _piece(plan, done, rhythm(plan.score), rules, rows, backend)


def _piece(
    plan: Plan,
    done: tuple[Bar, ...],
    shown: Score,
    rules: Rules,
    rows: Callable[[Bar, Ticks], tuple[GivenRow, ...]],
    backend: Backend,
) -> Round:
    """The round that asks for whole bars to those of `shown`. Its answer begins with the latest bars of the round before."""
    start = plan.first + len(done)
    costs = _costs(plan, done, shown, backend)
    budget = _context(backend) - backend.count(instruction(plan.task, plan.bars, None, plan.wishes) + header(shown))
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
    return _round(text, rules, before, each, backend)


def _costs(plan: Plan, done: tuple[Bar, ...], shown: Score, backend: Backend) -> dict[int, tuple[int, float]]:
    """For each bar that the next round may have, its tokens in the prompt and in the answer."""
    start = plan.first + len(done)
    places = range(max(plan.first, start - OVERLAP), min(plan.last, start + MOST_COUNTED))
    staves = sum(part.staves for part in plan.score.parts)
    given_staves = sum(plan.score.parts[part].staves for part in plan.given) or staves
    found = {}
    for n in places:
        told = backend.count(block("00", shown.bars[n], shown.parts))
        old = backend.count(block("00", plan.score.bars[n], plan.score.parts))
        found[n] = (told, GIVEN_ROOM * max(old, told * staves / given_staves) + 4)
    return found


def _window(
    costs: Mapping[int, tuple[int, float]], earliest: int, start: int, last: int, budget: float
) -> tuple[int, int]:
    """The bars of a round: as many new ones from `start` on as fit, and before them some that are written."""
    for overlap in range(min(OVERLAP, start - earliest), -1, -1):
        first = end = start - overlap
        size = 0.0
        while end in costs and end < last and (size + sum(costs[end]) <= budget or end <= start):
            size += sum(costs[end])
            end += 1
        if end == last or end - start >= 2 * overlap:
            return first, end
    return start, start + 1


_POSED: Mapping[Task, Callable[[Plan, tuple[Bar, ...], Backend], Round]] = {
    "continue": _continuation,
    "infill": _infill,
    "harmonise": _harmonise,
    "vary": _vary,
}
