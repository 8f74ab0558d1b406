"""`infill`: the bars of a gap, from what is around it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from chordllama.codec.compact import dump_bar
from chordllama.codec.excerpt import excerpt
from chordllama.placing.joining import refilled
from chordllama.placing.percussion import Groove
from chordllama.score.editing import Bars
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import Write, answer, header, instruction, numbered
from chordllama.tasks.plan import Plan, Request, RequestError, bar_span, check_metres, count_of, plan_in_place, sounds
from chordllama.tasks.rounds import (
    BEFORE,
    MOST_COUNTED,
    UNCOUNTED,
    Context,
    Round,
    continued,
    first_shown,
    frames,
    free_rules,
    size_of_new,
)
from chordllama.tasks.row_texts import MusicRow, wishes_that_hold
from chordllama.tasks.task import BARS, CHORDS, FIRST, MusicTask


def _plan(score: Score, request: Request) -> Plan:
    """Plan the bars of a gap, which has a bar before and after it."""
    first, bars = _longest_silence(score) if request.first is None else (request.first - 1, request.bars or 1)
    if first < 1 or first + bars >= len(score.bars):
        raise RequestError(
            "a gap has a bar before and after it",
            cause=f"asked for: {bar_span(first, bars)}; the score has {count_of(len(score.bars), 'bar')}",
            hint="what comes after the last bar, `continue` writes",
        )
    check_metres(score, range(first, first + bars))
    groove = Groove.of(score, first, score.bar_lengths[first : first + bars])
    return plan_in_place("infill", score, request, (first, bars), refilled, groove=groove)


def _longest_silence(score: Score) -> tuple[int, int]:
    """Return the longest run of silent bars between others: its first bar (from 0), and how many."""
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


def _pose(plan: Plan, done: Bars, context: Context) -> Round:
    """Ask for what a gap lacks; of one that is too long for one answer, ask for the beginning as a continuation."""
    wanted = plan.bars - len(done)
    score = plan.score
    written = replace(score, bars=score.bars[: plan.first] + done)
    most = context.most_bars(written.bars, score.parts)
    if wanted > most:
        return continued(plan, written, frames(plan, len(done), min(most, -(-wanted // 2))), "open", context)
    after = context.sizes(score.bars[plan.last :][:MOST_COUNTED], score.parts)
    before = context.sizes(written.bars[-MOST_COUNTED:], score.parts)
    each = size_of_new([*before[-8:], *after[:8]])
    asked = instruction("infill", wanted, None, plan.wishes)
    budget = context.usual - int(wanted * each) - context.count(asked + header(written)) - UNCOUNTED
    shown_after = len(after) - first_shown(after[::-1], max(budget * (1 - BEFORE), budget - sum(before)))
    first = first_shown(before, budget - sum(after[:shown_after])) + len(written.bars) - len(before)
    shown = excerpt(written, first, len(written.bars))
    number = len(shown.bars) + wanted + 1
    later = numbered(score.bars[plan.last :][:shown_after], score.parts, number)
    text = asked + header(shown) + numbered(shown.bars, shown.parts) + later
    return context.round(text, free_rules(plan, written, frames(plan, len(done), wanted)), written, each)


def _row(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    bars = len(score.bars)
    wanted = max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.1, 0.6)))))
    first = chance.randint(1, max(1, bars - wanted - 1))
    last = min(first + wanted, bars - 1)
    asked = instruction("infill", last - first, None, wishes_that_hold(score, first, facts, chance))
    before = numbered(score.bars[:first], score.parts, write=write)
    after = numbered(score.bars[last:], score.parts, last + 1, write)
    return MusicRow(asked, header(score) + before + after, answer(score.bars[first:last], score.parts, write))


INFILL = MusicTask(
    id="infill",
    title="Fill a gap",
    description="The bars of a gap, from what is around it",
    help="""Write the bars that are missing in the middle of a score.

    Without --from they are the longest run of silent bars. The bars around them stay as they are.
    """,
    span="gap",
    settings=(
        replace(FIRST, help="The first bar, counted from 1. [default: the longest silence's]"),
        replace(BARS, help="How many bars are missing, from that one on. [default: 1]"),
        CHORDS,
    ),
    plan=_plan,
    pose=_pose,
    row=_row,
    row_size=1.1,
    obeys_symbols=True,
)
