"""`harmonise`: other parts to those that are given."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from chordllama.codec.compact import dump_bar
from chordllama.codec.grammar import Rules
from chordllama.codec.grammar.given import GivenRow, as_it_is
from chordllama.codec.grammar.grammar_rules import part_rules, steady_staves, unheard_part_rules
from chordllama.errors import ScoreError
from chordllama.placing.joining import harmonised
from chordllama.placing.percussion import percussion
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Chord, Score, Ticks
from chordllama.tasks.ensembles import ENSEMBLES
from chordllama.tasks.music_prompts import Write, given, instruction
from chordllama.tasks.plan import Plan, Request, RequestError, check_metres, plan_in_place, range_asked, sounds
from chordllama.tasks.rounds import Context, Round, piece
from chordllama.tasks.row_texts import (
    NOTHING_ASKED,
    NOTHING_GIVEN,
    MusicRow,
    TeachesNothing,
    own_piece,
    wishes_that_hold,
)
from chordllama.tasks.task import BARS, CHORDS, FIRST, MusicTask, TaskSetting


def _plan(score: Score, request: Request) -> Plan:
    span = first, bars = range_asked(score, request)
    check_metres(score, range(first, first + bars))
    return plan_in_place("harmonise", score, request, span, harmonised, given=_given_parts(score, request, *span))


def _given_parts(score: Score, request: Request, first: int, bars: int) -> frozenset[int]:
    kept = frozenset(_part(score, wanted) for wanted in request.given)
    drums = percussion(score)
    if len(kept | drums) == len(score.parts):
        raise RequestError(
            "all parts are given" if len(kept) == len(score.parts) else "all parts but percussion are given",
            hint="add parts for the voices that are wanted (at the command line with --add), or give fewer parts",
        )
    kept = kept if kept <= drums else kept - drums
    if not any(sounds(bar, kept) for bar in score.bars[first : first + bars]):
        raise ScoreError("what is given has no notes in these bars", hint="name the part that has the melody")
    return kept


def _part(score: Score, wanted: int | str) -> int:
    """Return the part (from 0) that a number (from 1) or a name means, whatever its case."""
    names = [part.name.strip().casefold() for part in score.parts]
    meant = (
        [wanted - 1] if isinstance(wanted, int) else [n for n, name in enumerate(names) if name == wanted.casefold()]
    )
    if len(meant) == 1 and 0 <= meant[0] < len(names):
        return meant[0]
    listed = ", ".join(f"{number} {part.name}".strip() for number, part in enumerate(score.parts, 1))
    raise RequestError(
        f"several parts are called {wanted}" if len(meant) > 1 else f"there is no part {wanted}",
        cause=f"the score has {listed}",
        hint="name parts by their numbers",
    )


def _pose(plan: Plan, done: Bars, context: Context) -> Round:
    def rows(bar: Bar, length: Ticks) -> tuple[GivenRow, ...]:
        return tuple(as_it_is(row, length) for row in bar.rows if row.part in plan.given)

    heard_rules = part_rules(plan.score)
    heard = steady_staves(plan.score, if_short=True)  # who asks for parts to a given one means no silence
    fresh = {part for part in plan.parts if not any(sounds(bar, frozenset([part])) for bar in plan.score.bars)}
    parts = tuple(
        unheard_part_rules(plan.score.parts[n], loudness=any(rule.loudness for rule in heard_rules))
        if n in fresh
        else own
        for n, own in enumerate(heard_rules)
    )
    wanted = {(part, staff) for part in fresh for staff, voices in enumerate(parts[part].voices, 1) if voices}
    steady = frozenset({*(place for place in heard if place[0] not in plan.given), *wanted})
    rules = Rules(parts, (), steady=steady, closed=plan.given)
    return piece(plan, done, given(plan.score, plan.given), rules, rows, context)


def _row(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    part = chance.choice((0, chance.randrange(len(score.parts))))
    asked = instruction("harmonise", len(score.bars), None, wishes_that_hold(score, 0, facts, chance))
    sounding = {
        row.part for bar in score.bars for row in bar.rows if any(isinstance(item, Chord) for item in row.items)
    }
    if sounding <= {part}:
        raise TeachesNothing(NOTHING_ASKED)
    if part not in sounding:
        raise TeachesNothing(NOTHING_GIVEN)
    return own_piece(asked, given(score, frozenset({part})), score, write)


HARMONISE = MusicTask(
    id="harmonise",
    title="Harmonise",
    description="Other parts to those that are given",
    help="""Write other parts to those that are given.

    The parts of --keep stay as they are; all others are written anew, be they empty or not.
    """,
    span="range",
    settings=(
        TaskSetting(
            "given",
            "Parts that stay",
            "Parts that stay, by number (from 1), with commas between them; at the command line by name, too.",
            "parts",
            default="1",
            pattern="^[1-9][0-9]{0,2}(,[1-9][0-9]{0,2}){0,63}$",
            flag="keep",
            metavar="PART,...",
        ),
        TaskSetting(
            "ensemble",
            "Added parts",
            "Add an ensemble's parts below the others, which all stay, and write those.",
            "string",
            choices=tuple(ENSEMBLES),
            flag="add",
            local=True,
        ),
        FIRST,
        replace(BARS, help="How many bars. [default: all to the end]"),
        CHORDS,
    ),
    plan=_plan,
    pose=_pose,
    row=_row,
    row_size=1.95,
    obeys_symbols=True,
    fewest_parts=2,
)
