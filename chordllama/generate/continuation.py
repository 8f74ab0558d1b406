"""Writing new bars for a score: under a guard, and into the composer's file. Knows no command line.

The model writes compact text bar by bar; a guard (codec/grammar) accepts only text whose bars are right to the tick. A file is read once and
planned once (`prepare`); tasks/ says which bars a task means and how the model is asked for them, placing/ how they become the score's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

from chordllama.checking.bars import measured_bars
from chordllama.codec.compact import format_line, load_bar
from chordllama.codec.container import read_container
from chordllama.codec.grammar import Rules, Writer
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.codec.splice import replaced, splice
from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.critic.critic import Critic, Remark
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.backend import Backend, StreamEnd, TextPiece, Timing, added
from chordllama.placing.passes import place
from chordllama.sampling import Sampling
from chordllama.score.editing import Bars
from chordllama.score.model import Bar, Score, Ticks, count_noteheads
from chordllama.tasks import music_tasks
from chordllama.tasks.parallels import MOST_DRAWS, parallels_in_last
from chordllama.tasks.plan import Plan, Request, metre_after, sounds
from chordllama.tasks.rounds import Context, Round

MOST_REWINDS = 24
"""How often one bar is begun again before its candidate is given up."""
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


# ------------------------------------------------------------------------------------------------------------------ the guard


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
