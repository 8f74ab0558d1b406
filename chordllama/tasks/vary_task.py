"""`vary`: other notes in the rhythm of bars that are there."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import islice

from chordllama.codec.compact import dump_bar
from chordllama.codec.grammar import Rules
from chordllama.codec.grammar.given import GivenRow, in_its_rhythm
from chordllama.codec.grammar.grammar_rules import part_rules
from chordllama.placing.joining import varied
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Chord, Row, Score, Ticks
from chordllama.tasks.music_prompts import BEAT, Write, instruction, rhythm
from chordllama.tasks.plan import Plan, Request, plan_in_place, range_asked
from chordllama.tasks.rounds import Context, Round, piece
from chordllama.tasks.row_texts import NOTHING_ASKED, MusicRow, TeachesNothing, own_piece, wishes_that_hold
from chordllama.tasks.task import BARS, FIRST, MusicTask


def _plan(score: Score, request: Request) -> Plan:
    return plan_in_place("vary", score, request, range_asked(score, request), varied)


def _pose(plan: Plan, done: Bars, context: Context) -> Round:
    def rows(bar: Bar, length: Ticks) -> tuple[GivenRow, ...]:
        return tuple(in_its_rhythm(row, length) for row in bar.rows)

    rules = Rules(part_rules(plan.score), (), closed=plan.parts | plan.aside)
    return piece(plan, done, rhythm(plan.score), rules, rows, context)


def _row(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    asked = instruction("vary", len(score.bars), None, wishes_that_hold(score, 0, facts, chance))
    if not any(_hides_notes(row) for bar in score.bars for row in bar.rows):
        raise TeachesNothing(NOTHING_ASKED)
    return own_piece(asked, rhythm(score), score, write)


def _hides_notes(row: Row) -> bool:
    """Tell whether a row has notes that its rhythm doesn't show."""
    chords = (item for item in row.items if isinstance(item, Chord))
    return any(chord.notes != BEAT for chord in islice(chords, 1, None))


VARY = MusicTask(
    id="vary",
    title="Vary",
    description="Other notes in the rhythm of bars that are there",
    help="Give bars other notes in the same rhythm. Slurs, articulations, fermatas and all other signs stay.",
    span="range",
    settings=(FIRST, BARS),
    plan=_plan,
    pose=_pose,
    row=_row,
    row_size=2.2,
)
