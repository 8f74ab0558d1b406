"""Writing new bars for a score: under a guard, and into the composer's file. Knows no command line.

The model writes compact text bar by bar; a guard (codec/grammar) accepts only text whose bars are right to the tick. A file is read once and
planned once (`prepare`); tasks/ says which bars a task means and how the model is asked for them, placing/ how they become the score's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from chordllama.checking.bars import measured_bars
from chordllama.codec.compact import format_line, load_bar
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.codec.splice import replaced, splice
from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.critic.critic import Remark
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.backend import Backend, StreamEnd, TextPiece, Timing, added
from chordllama.generate.bar_guard import CARES, BarGuard, Judge
from chordllama.placing.passes import place
from chordllama.sampling import Sampling
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Score, Ticks, count_noteheads
from chordllama.tasks import music_tasks
from chordllama.tasks.plan import Plan, Request, metre_after, sounds
from chordllama.tasks.rounds import Context, Round

SEED_STEP = 7919
"""Added to the seed for each bar that is written before a further round."""


# ------------------------------------------------------------------------------------------------------- what goes in and out


@dataclass(frozen=True, slots=True)
class Assignment:
    """A file that was read, and what a request means in it: made once, and handed on."""

    xml: bytes
    name: str
    reading: Reading
    request: Request
    plan: Plan


@dataclass(frozen=True, slots=True)
class BarProgress:
    """A bar is finished: `bar` of `bars` in `candidate` (from 0). `written` are the candidate's bars so far, not yet placed."""

    candidate: int
    bar: int
    bars: int
    written: Bars = ()


Progress = Callable[[BarProgress], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """The bars of one candidate, not yet placed, and what they cost the model in bits, None where that isn't known.

    `failure` says why there are fewer bars than were asked for.
    """

    bars: Bars = ()
    failure: ChordLlamaError | None = None
    bits: float | None = None

    @property
    def surprisal(self) -> float | None:
        """Bits a notehead."""
        return None if self.bits is None else self.bits / max(1, count_noteheads(self.bars))

    def followed_by(self, more: Draft) -> Draft:
        """Return the draft with what a further round wrote."""
        bits = None if self.bits is None or more.bits is None else self.bits + more.bits
        return Draft(self.bars + more.bars, more.failure, bits)


@dataclass(frozen=True, slots=True)
class Drafts:
    """All candidates, and where the time of all rounds went."""

    candidates: tuple[Draft, ...]
    timing: Timing


@dataclass(frozen=True, slots=True)
class Continuation:
    """One candidate: the new bars and the whole file. `failure` says why there are fewer bars than were asked for.

    `surprisal` is what the bars cost the model, in bits a notehead; None where the backend doesn't tell it. `report` is what the critic
    finds in them.
    """

    bars: Bars
    xml: bytes
    failure: ChordLlamaError | None = None
    surprisal: float | None = None
    report: tuple[Remark, ...] = ()

    @property
    def faults(self) -> float:
        """How bad the critic finds them."""
        return sum(remark.weight for remark in self.report)


@dataclass(frozen=True, slots=True)
class Continuations:
    """All candidates in the order of their numbers, and where the time of all rounds went."""

    candidates: tuple[Continuation, ...]
    timing: Timing


def prepare(data: bytes, name: str, request: Request, report: Report | None = None) -> Assignment:
    """Read a MusicXML file (.musicxml, .xml or .mxl; `name` is for messages), and find the bars that a request means.

    Raises:
        ScoreError: the file is rejected, or holds nothing to go on from.
        RequestError: it hasn't got the bars or parts that are asked for.
    """
    xml = read_container(data, name)
    return assign(xml, name, read_with_origin(xml, name, report), request)


def assign(xml: bytes, name: str, reading: Reading, request: Request) -> Assignment:
    """Return the assignment for a file that was read already: `reading` is what `xml` says. Raises as `prepare` does."""
    if not any(map(sounds, reading.score.bars)):
        raise ScoreError(
            f"{name}: the score has no notes", hint="write a bar or two first: the music goes on from there"
        )
    return Assignment(xml, name, reading, request, music_tasks.plan(reading.score, request))


def write(assignment: Assignment, backend: Backend, progress: Progress = lambda _: None) -> Continuations:
    """Write the candidates of an assignment: after the last bar or, by its task, in the place of others.

    Raises:
        ModelError, EndpointError: the backend fails before there is a bar.
    """
    drafts = write_bars(assignment.plan, backend, assignment.request, progress)
    return Continuations(tuple(finish(assignment, draft) for draft in drafts.candidates), drafts.timing)


def continue_score(
    data: bytes,
    name: str,
    backend: Backend,
    request: Request,
    report: Report | None = None,
    progress: Progress = lambda _: None,
) -> list[Continuation]:
    """Return the candidates for new bars of a MusicXML file. Raises as `prepare` and `write` do."""
    return list(write(prepare(data, name, request, report), backend, progress).candidates)


def finish(assignment: Assignment, draft: Draft) -> Continuation:
    """Return the candidate that a draft is: its bars placed, and put into the file."""
    plan, xml, reading = assignment.plan, assignment.xml, assignment.reading
    bars = place(plan.placement, draft.bars)
    if not bars:
        return Continuation((), xml, draft.failure)
    in_place = plan.placement.join is not None
    written = replaced(xml, reading, bars, plan.first, plan.parts) if in_place else splice(xml, reading, bars)
    return Continuation(bars, written, draft.failure, draft.surprisal, _report(assignment, draft.bars))


def _report(assignment: Assignment, bars: Bars) -> tuple[Remark, ...]:
    """What the critic finds in new bars that aren't placed yet."""
    plan, score = assignment.plan, assignment.reading.score
    found = music_tasks.critic(plan).judge(bars, plan.placement.lengths[: len(bars)]).findings
    around = replace(score, bars=score.bars[: plan.first] + (score.bars[plan.first :] or tuple(Bar() for _ in bars)))
    numbers = [bar.number for bar in measured_bars(around)]
    return tuple(Remark(numbers[plan.first + finding.bar], finding.words, finding.weight) for finding in found)


# -------------------------------------------------------------------------------------------------------------------- rounds


def write_bars(plan: Plan, backend: Backend, request: Request, progress: Progress = lambda _: None) -> Drafts:
    """Write the new bars of each candidate, in as many rounds as they need."""
    context = Context(backend.context, backend.count)
    judge = Judge.of(plan, request)
    first = _write(music_tasks.pose(plan, (), context), backend, request.sampling, request.candidates, judge, progress)
    timings = [first.timing]
    drafts = []
    for candidate, draft in enumerate(first.candidates):
        while len(draft.bars) < plan.bars and draft.failure is None:
            seed = (request.sampling.seed + SEED_STEP * len(draft.bars) + candidate) % 2**31
            sampling = replace(request.sampling, seed=seed)
            told = _shifted(progress, candidate, draft.bars)
            try:
                further = replace(judge, done=draft.bars)
                more = _write(music_tasks.pose(plan, draft.bars, context), backend, sampling, 1, further, told)
            except ChordLlamaError as failure:  # the bars before it are good
                draft = replace(draft, failure=failure)
            else:
                draft = draft.followed_by(more.candidates[0])
                timings.append(more.timing)
        drafts.append(draft)
    return Drafts(tuple(drafts), added(timings))


def _shifted(progress: Progress, candidate: int, before: Bars = ()) -> Progress:
    """Report the progress of a single candidate as that of `candidate`, whose bars `before` were written earlier."""
    return lambda step: progress(replace(step, candidate=candidate, written=before + step.written))


def _write(
    round_: Round, backend: Backend, sampling: Sampling, candidates: int, judge: Judge, progress: Progress
) -> Drafts:
    """Write the answers to one prompt; a bar is reported as soon as it is good."""
    attempts = [_Attempt(round_, sampling, judge) for _ in range(candidates)]
    limited = replace(sampling, maximum_tokens=max(1, round_.tokens) * judge.care.tokens)
    end = StreamEnd((), Timing())
    for piece in backend.stream(round_.prompt, limited, [attempt.guard for attempt in attempts]):
        if isinstance(piece, StreamEnd):
            end = piece
            continue
        attempt = attempts[piece.candidate]
        for bars in attempt.take(piece):
            progress(BarProgress(piece.candidate, round_.done + len(bars), round_.wanted, bars))
    drafts = []
    timings = [end.timing]
    for candidate, (attempt, ended) in enumerate(zip(attempts, end.candidates, strict=True)):
        draft = Draft(attempt.bars, ended.failure, ended.bits)
        if not draft.bars and draft.failure is None:
            again = _as_it_comes(round_, backend, sampling, candidate, judge, progress)
            draft, timings = again.candidates[0], [*timings, again.timing]
        drafts.append(draft)
    return Drafts(tuple(drafts), added(timings))


def _as_it_comes(
    round_: Round, backend: Backend, sampling: Sampling, candidate: int, judge: Judge, progress: Progress
) -> Drafts:
    """Write a candidate again, taking each bar as it comes: redrawing bars used up its room before one was good."""
    if not round_.apart and judge.care is CARES["fast"]:
        hint = "try another --seed, or a model with a longer context"
        return Drafts((Draft((), ModelError("the model wrote no bar", hint=hint)),), Timing())
    alike = replace(round_, apart=frozenset())
    again = replace(sampling, seed=(sampling.seed + candidate) % 2**31)
    return _write(alike, backend, again, 1, replace(judge, care=CARES["fast"]), _shifted(progress, candidate))


class _Attempt:
    """One candidate's answer while it is written: its text, the guard over it, and the bars in it."""

    def __init__(self, round_: Round, sampling: Sampling, judge: Judge) -> None:
        self._answer = Answer(round_.before, round_.length)
        draws = judge.draws(round_, sampling)
        cost = judge.cost(round_, self._answer)
        self.guard = BarGuard(round_.rules, round_.done, round_.wanted, cost, draws)
        self._text = ""
        self._told = 0

    @property
    def bars(self) -> Bars:
        """The good bars."""
        return self._answer.read(self._text if self.guard.done else self._text[: self.guard.kept])

    def take(self, piece: TextPiece) -> Iterator[Bars]:
        """Take over what a backend wrote; yield the bars up to each one that is new."""
        if piece.rewound_to is not None:
            self._text = self._text[: piece.rewound_to]
        self._text += piece.text
        if self._told < self.guard.bars:
            bars = self.bars
            first, self._told = self._told, self.guard.bars
            yield from (bars[:number] for number in range(first + 1, self._told + 1))


# ----------------------------------------------------------------------------------------------------------------- the answer


def read_answer(text: str, score: Score, length: Ticks | None = None) -> tuple[Bar, ...]:
    """Return the bars in an answer (see tasks/music_prompts.py) to a prompt made from `score`: of `length` ticks, or of their own or the metre's length.

    Raises:
        CompactError: the text is none.
    """
    return Answer(score, length).read(text)


_PLAIN_LINE = re.compile(r"""(-?\d+): ([^'"\n].*)""")


def _as_yaml(line: str) -> str:
    """A line with the quotes that YAML wants: who is held to the grammar writes a bar's words as they are, whatever is in them."""
    return _PLAIN_LINE.sub(lambda found: format_line(found[1], found[2].rstrip()), line)


class Answer:
    """An answer that is read again and again while it grows, a line for each bar; lines that were read before aren't read anew."""

    def __init__(self, score: Score, length: Ticks | None = None) -> None:
        metre = metre_after(score)
        self._parts = score.parts
        self._own = [f"length={format_whole(length)}"] if length is not None and metre.length(Bar()) != length else []
        self._known: list[tuple[str, Bar]] = []
        self._metres = [metre]  # before each known line, and after the last one

    def read(self, text: str) -> tuple[Bar, ...]:
        """Return the bars of the text, see `read_answer`; an error counts lines from the first one that is new."""
        lines = text.splitlines(keepends=True)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1][0], zip(lines, self._known, strict=False)))
        del self._known[same:], self._metres[same + 1 :]
        new = "".join(map(_as_yaml, lines[same:]))
        entries = [entry for entry in (read_map(new) if new else []) if entry.key != "0"]
        for line, entry in zip(lines[same:], entries, strict=False):
            metre = self._metres[-1].copy()
            self._known.append((line, load_bar(entry, self._own + split_words(entry.text()), self._parts, metre)))
            self._metres.append(metre)
        return tuple(bar for _, bar in self._known)
