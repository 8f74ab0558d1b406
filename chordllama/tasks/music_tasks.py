"""The list of tasks for scores. A new task is one more object here; everything that offers tasks reads this list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from chordllama.codec.words.texts import parse_fields, parse_value, split_words
from chordllama.critic.critic import Critic
from chordllama.critic.listening import Listener
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Score
from chordllama.tasks.continue_task import CONTINUE
from chordllama.tasks.density_asked import paces_for
from chordllama.tasks.harmonise_task import HARMONISE
from chordllama.tasks.harmony_asked import chord_spans, written_spans
from chordllama.tasks.infill_task import INFILL
from chordllama.tasks.music_prompts import WISHES, Ending, Wishes
from chordllama.tasks.parallels import independent_parts
from chordllama.tasks.plan import Plan, Request, RequestError, count_of, has_symbols
from chordllama.tasks.rounds import Context, Round
from chordllama.tasks.task import MusicTask
from chordllama.tasks.vary_task import VARY

MUSIC_TASKS: Mapping[str, MusicTask] = MappingProxyType({task.id: task for task in (CONTINUE, INFILL, HARMONISE, VARY)})
"""Id -> task, in the order in which tasks are offered and training rows are made."""


def plan(score: Score, request: Request) -> Plan:
    """Return what a request means in a score.

    Raises:
        RequestError, ScoreError: the score hasn't got what is asked for.
    """
    found = replace(MUSIC_TASKS[request.task].plan(score, request), density=request.density)
    if not request.chords:
        return found
    if len(request.chords) > found.bars:
        raise RequestError(
            f"there are chords for {count_of(len(request.chords), 'bar')}, but {count_of(found.bars, 'bar')} to write",
            hint="ask for as many bars, or name fewer chords",
        )
    symbols = request.chords if has_symbols(score.bars) else ()
    return replace(found, chords=request.chords, placement=replace(found.placement, symbols=symbols))


def pose(plan: Plan, done: Bars, context: Context) -> Round:
    """Return what the model is asked next, when the bars of `done` are written."""
    posed = MUSIC_TASKS[plan.task].pose(plan, done, context)
    apart = independent_parts(plan.score, plan.first, plan.last, posed.rules)
    listener = Listener(plan.score)
    bars = [replace(bar, beat=listener.hear(Bar(), bar.length).beat) for bar in posed.rules.bars]
    if MUSIC_TASKS[plan.task].obeys_symbols:
        spans = written_spans(plan.score, plan.first + len(done), len(bars))
        bars = [replace(bar, harmony=(*bar.harmony, *own)) for bar, own in zip(bars, spans, strict=True)]
    if plan.chords:
        shapes = [listener.hear(Bar(), bar.length) for bar in bars]
        asked = chord_spans(plan.chords, shapes, len(done))
        bars = [replace(bar, harmony=own or bar.harmony) for bar, own in zip(bars, asked, strict=True)]
        parts = tuple(replace(part, harmony=False) for part in posed.rules.parts)
        posed = replace(posed, rules=replace(posed.rules, parts=parts))
    if plan.density is not None:
        paces = paces_for(plan.density, plan.score.bars[: plan.first] or plan.score.bars)
        bars = [replace(bar, pace=paces) for bar in bars]
    return replace(posed, rules=replace(posed.rules, bars=tuple(bars)), apart=apart, done=len(done), wanted=plan.bars)


def critic(plan: Plan) -> Critic:
    """Return the critic for the bars of a plan, which judges them by those before; where there are none, by themselves."""
    before = replace(plan.score, bars=plan.score.bars[: plan.first])
    closes = plan.ending == "close"
    return Critic(before, plan.bars, closes=closes, density=plan.density)


def parse_instruction(line: str) -> tuple[str, int, Ending | None, Wishes]:
    """Return what `instruction` was told when it wrote a line. Raises ValueError for a line that it can't have written."""
    task, _, rest = line.rstrip("\n").partition(": ")
    wanted, *told = split_words(rest)
    ending: Ending | None = "open" if told[:1] == ["open"] else "close" if told[:1] == ["close"] else None
    if task not in MUSIC_TASKS:
        raise ValueError(f'"{task}" is none of {", ".join(MUSIC_TASKS)}')
    wishes = parse_fields(told[1:] if ending else told, WISHES)
    return task, int(wanted), ending, Wishes(**{name: parse_value(value) for name, value in wishes.items()})
