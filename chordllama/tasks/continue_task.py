"""`continue`: new bars after a score's last one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from chordllama.codec.compact import dump_bar
from chordllama.codec.grammar.grammar_rules import CLOSING, BarRules, grid_of
from chordllama.placing.percussion import Groove, hidden
from chordllama.placing.placement import Placement
from chordllama.score.editing import Bars
from chordllama.score.model import Barline, Score
from chordllama.tasks.harmony_asked import with_close
from chordllama.tasks.music_prompts import (
    Ending,
    Write,
    answer,
    ending_of,
    has_closed,
    header,
    instruction,
    lean,
    numbered,
)
from chordllama.tasks.plan import Plan, Request, check_metres, length_after
from chordllama.tasks.rounds import Context, Round, continued
from chordllama.tasks.row_texts import MusicRow, wishes_that_hold
from chordllama.tasks.task import BARS, CHORDS, MusicTask, TaskSetting

USUAL_BARS = 8
"""Bars that are added by default."""


def _plan(score: Score, request: Request) -> Plan:
    check_metres(score, range(len(score.bars), len(score.bars) + 1))
    closed = has_closed(score.bars[-1])
    ending: Ending = request.ending if request.ending != "auto" else ("close" if closed else "open")
    shown = lean(score)
    last = replace(shown.bars[-1], end=Barline()) if closed else shown.bars[-1]
    opened = replace(shown, bars=(*shown.bars[:-1], last))
    length = length_after(score)
    lengths = (length,) * (request.bars or USUAL_BARS)
    groove = Groove.of(score, len(score.bars), lengths)
    everything = frozenset(range(len(score.parts)))
    closes = closed or ending == "close"
    placement = Placement(score, len(score.bars), lengths, everything, closes=closes, groove=groove)
    return Plan("continue", hidden(opened, groove.parts), placement, length, ending, request.wishes)


def _pose(plan: Plan, done: Bars, context: Context) -> Round:
    wanted = plan.bars - len(done)
    written = replace(plan.score, bars=plan.score.bars[: plan.first] + done)
    most = context.most_bars(written.bars, written.parts)
    bars = wanted if wanted <= most else min(most, -(-wanted // 2))
    plain = BarRules(plan.length, grid_of(plan.score, plan.length))
    sounding = [plan.placement.sounding(plan.first + len(done) + n) for n in range(bars)]
    frames = [replace(plain, sounding=staves) for staves in sounding]
    is_last = bars == wanted
    if is_last and plan.ending == "close":
        frames[-1] = replace(frames[-1], tail=CLOSING)
        frames = with_close(frames, written)
    posed = continued(plan, written, tuple(frames), plan.ending if is_last else "open", context)
    return replace(posed, length=plan.length)


def _row(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    bars = len(score.bars)
    shown = min(bars - 1, max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.25, 0.75))))))
    new = score.bars[shown:]
    asked = instruction("continue", len(new), ending_of(new), wishes_that_hold(score, shown, facts, chance))
    before = numbered(score.bars[:shown], score.parts, write=write)
    return MusicRow(asked, header(score) + before, answer(new, score.parts, write))


CONTINUE = MusicTask(
    id="continue",
    title="Continue",
    description="New bars after a score's last one",
    help="""Write new bars after a score's last one.

    The bars that are there stay as they are. With --candidates the files are OUT-1 (the best one), OUT-2 and so on; with --midi and
    --picture, OUT.mid and OUT.svg are written beside OUT.
    """,
    span="after",
    settings=(
        replace(BARS, help="How many bars to write.", default=USUAL_BARS),
        TaskSetting(
            "ending",
            "Ending",
            "Whether the music ends with the new bars; auto: where the score had a final bar line.",
            "string",
            choices=("auto", "open", "close"),
            default="auto",
        ),
        CHORDS,
    ),
    plan=_plan,
    pose=_pose,
    row=_row,
    row_size=1.1,
    classic=True,
)
