"""A score's continuation: prompt, writing under guard, and the new bars put into the composer's file. Knows no command line.

The model writes compact text bar by bar; a guard (codec/grammar.py) lets only text pass that is right to the tick. Long
continuations are written in rounds, each of which reads the last bars again, so that any number of bars fits any context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chordllama.codec.compact import load_bar
from chordllama.codec.container import read_container
from chordllama.codec.durations import format_whole
from chordllama.codec.grammar import Rules, Writer, opening_of, rules_for
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.codec.rules import steady_staves
from chordllama.codec.splice import splice
from chordllama.codec.texts import split_words
from chordllama.codec.yaml_subset import read_map
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.backend import Backend, Sampling
from chordllama.generate.tidy import like_before, tidy
from chordllama.score import FINAL, Bar, Barline, Chord, Metre, Score, Ticks
from chordllama.tasks.music import NO_WISHES, Ending, Wishes, block, has_closed, lean, opening, prompt

MOST_REWINDS = 24
"""How often one bar is begun anew before its candidate is given up."""
LONGEST_CONTEXT = 2048
"""Tokens that prompt and answer have together at most: what the embedded model was trained on."""
SPARE = 8
"""Tokens that are left over between what is counted and what a backend counts."""
ROOM = 1.6
"""How much longer new bars may be than those before them, when room is kept for them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `ending` auto closes where the score closed with a plain final bar line, and else leaves it open.

    `wishes` are told to the model, which was trained on rows with and without them; nothing holds it to them.
    """

    bars: int = 8
    candidates: int = 1
    ending: Literal["auto", "open", "close"] = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, slots=True)
class Progress:
    """A bar is finished: `bar` of `bars` in `candidate` (from 0). `written` are the candidate's bars so far, not yet tidied."""

    candidate: int
    bar: int
    bars: int
    written: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Continuation:
    """One candidate: the new bars and the whole file. `failure` says why there are fewer bars than were asked for."""

    bars: tuple[Bar, ...]
    xml: bytes
    failure: ChordLlamaError | None = None


def continue_score(
    data: bytes,
    name: str,
    backend: Backend,
    request: Request,
    report: Report | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Continuation]:
    """The candidates for a continuation of a MusicXML file.

    Raises:
        ScoreError: the file is rejected, or holds nothing that could be continued.
        ModelError, EndpointError: the backend fails.
    """
    xml = read_container(data, name)
    return continue_reading(xml, read_with_origin(xml, name, report), name, backend, request, progress)


def continue_reading(
    xml: bytes,
    reading: Reading,
    name: str,
    backend: Backend,
    request: Request,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Continuation]:
    """What `continue_score` does with a file that is read already: `reading` is what `xml` says."""
    check_has_notes(reading.score, name)
    plan = Plan.of(reading.score, request)
    drafts = write_bars(plan, backend, request, progress)
    return [finish(xml, reading, plan, draft) for draft in drafts]


def check_has_notes(score: Score, name: str) -> None:
    """Refuse a score in which there's nothing to go on from."""
    if not any(isinstance(item, Chord) for bar in score.bars for row in bar.rows for item in row.items):
        raise ScoreError(
            f"{name}: the score has no notes", hint="write a bar or two first: the music goes on from there"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written after what: the lean score without a closing bar line, the length of a new bar, the ending."""

    score: Score
    length: Ticks
    ending: Ending
    closing: bool
    wishes: Wishes = NO_WISHES

    @staticmethod
    def of(score: Score, request: Request) -> Plan:
        """The plan for a score."""
        closed = has_closed(score.bars[-1])
        ending: Ending = request.ending if request.ending != "auto" else ("close" if closed else "open")
        shown = lean(score)
        last = replace(shown.bars[-1], end=Barline()) if closed else shown.bars[-1]
        asked = replace(shown, bars=(*shown.bars[:-1], last))
        return Plan(asked, length_after(score), ending, closed or ending == "close", request.wishes)


def length_after(score: Score) -> Ticks:
    """The length of a new bar: the time signature's, or in music without one the last bar's."""
    metre = _metre_after(score)
    if metre.common is not None and metre.common.ticks is None and not metre.own:
        return score.bar_lengths[-1]
    return metre.length(Bar())


def _metre_after(score: Score) -> Metre:
    metre = Metre()
    for bar in score.bars:
        metre.apply(bar)
    return metre


@dataclass(slots=True)
class Draft:
    """The bars of one candidate so far."""

    bars: tuple[Bar, ...] = ()
    failure: ChordLlamaError | None = None


def write_bars(
    plan: Plan, backend: Backend, request: Request, progress: Callable[[Progress], None] = lambda _: None
) -> list[Draft]:
    """The new bars of each candidate, not yet tidied."""
    drafts = [Draft() for _ in range(request.candidates)]
    first = _round(plan, plan.score, request.bars, backend)
    for candidate, bars, failure in _write(
        first, backend, request.sampling, request.candidates, progress, 0, request.bars
    ):
        drafts[candidate] = Draft(bars, failure)
    for candidate, draft in enumerate(drafts):
        while len(draft.bars) < request.bars and draft.failure is None:
            longer = replace(plan.score, bars=plan.score.bars + draft.bars)
            done = len(draft.bars)
            next_round = _round(plan, longer, request.bars - done, backend)
            sampling = replace(request.sampling, seed=(request.sampling.seed + 7919 * done + candidate) % 2**31)
            shifted = _shifted(progress, candidate, draft.bars)
            try:
                for _, bars, failure in _write(next_round, backend, sampling, 1, shifted, done, request.bars):
                    draft.bars, draft.failure = draft.bars + bars, failure
            except ChordLlamaError as failure:  # the bars before it are good
                draft.failure = failure
    return drafts


def _shifted(
    progress: Callable[[Progress], None], candidate: int, before: tuple[Bar, ...]
) -> Callable[[Progress], None]:
    return lambda step: progress(replace(step, candidate=candidate, written=before + step.written))


@dataclass(frozen=True, slots=True)
class Round:
    """One prompt and what may be written after it."""

    prompt: str
    rules: Rules
    score: Score
    tokens: int


def _round(plan: Plan, score: Score, wanted: int, backend: Backend) -> Round:
    context = min(backend.context, LONGEST_CONTEXT)
    sizes = [backend.count(block("00", bar, score.parts)) for bar in score.bars[-200:]]
    recent = sizes[-16:]
    each = ROOM * sum(recent) / len(recent) + 4
    most = max(1, int(context * 0.6 / each))
    bars = wanted if wanted <= most else min(most, -(-wanted // 2))
    ending: Ending = plan.ending if bars == wanted else "open"
    budget = context - int(bars * each) - backend.count(opening(score, bars, ending, plan.wishes)) - 48
    first = first_shown(sizes, budget) + len(score.bars) - len(sizes)
    closes = bars == wanted and plan.ending == "close"
    text = prompt(score, first, bars, ending, plan.wishes)
    rules = replace(
        rules_for(plan.score, bars, plan.length, closes), opening=opening_of(score), steady=steady_staves(plan.score)
    )
    size = backend.count(text) + SPARE
    fits = context - size >= each * bars
    return Round(text, rules, score, (context if fits else backend.context) - size)


def first_shown(sizes: Sequence[int], budget: int) -> int:
    """The first bar of the longest suffix that fits; the last bar is always shown."""
    first, size = len(sizes) - 1, sizes[-1]
    while first > 0 and size + sizes[first - 1] <= budget:
        first -= 1
        size += sizes[first]
    return first


class BarGuard(Writer):
    """A writer that gives a bar up when it was begun too often. `done` bars of `wanted` were written before it."""

    def __init__(self, rules: Rules, done: int, wanted: int) -> None:
        super().__init__(rules)
        self._done, self._wanted = done, wanted
        self._rewinds = 0
        self._at = 0

    def rewind(self) -> None:
        """Begin the bar again.

        Raises:
            ModelError: it was begun `MOST_REWINDS` times.
        """
        self._rewinds = self._rewinds + 1 if self.kept == self._at else 1
        self._at = self.kept
        if self._rewinds > MOST_REWINDS:
            raise ModelError(
                f"the model could not finish bar {self._done + self.bars + 1} of {self._wanted}",
                cause=f"none of {MOST_REWINDS} attempts filled its metre",
                hint="try another --seed or a --temperature near 0.9; the bars before it are good",
            )
        super().rewind()


def _write(
    round_: Round,
    backend: Backend,
    sampling: Sampling,
    candidates: int,
    progress: Callable[[Progress], None],
    done: int,
    bars: int,
) -> Iterator[tuple[int, tuple[Bar, ...], ChordLlamaError | None]]:
    guards = [BarGuard(round_.rules, done, bars) for _ in range(candidates)]
    texts = [""] * candidates
    finished = [0] * candidates
    limited = replace(sampling, maximum_tokens=max(1, round_.tokens))
    for written in backend.stream(round_.prompt, limited, guards):
        n = written.candidate
        if written.rewound_to is not None:
            texts[n] = texts[n][: written.rewound_to]
        texts[n] += written.text
        if finished[n] < guards[n].bars:
            new = read_answer(good_text(texts[n], guards[n]), round_.score, round_.rules.length)
            for number in range(finished[n] + 1, guards[n].bars + 1):
                progress(Progress(n, done + number, bars, new[:number]))
            finished[n] = guards[n].bars
    for n, guard in enumerate(guards):
        new = read_answer(good_text(texts[n], guard), round_.score, round_.rules.length)
        failure = backend.failures.get(n)
        if failure is None and not new:
            failure = ModelError("the model wrote no bar", hint="try another --seed, or a model with a longer context")
        yield n, new, failure


def good_text(text: str, guard: Writer) -> str:
    """The text up to the end of its last finished bar."""
    return text if guard.done else text[: guard.kept]


def read_answer(text: str, score: Score, length: Ticks) -> tuple[Bar, ...]:
    """The bars of `length` ticks in an answer (see tasks/music.py) to a prompt made from `score`.

    Raises:
        CompactError: the text is none.
    """
    metre = _metre_after(score)
    own = [f"length={format_whole(length)}"] if metre.length(Bar()) != length else []
    entries = [entry for entry in (read_map(text) if text else []) if entry.key != "0"]
    return tuple(load_bar(entry, own + split_words(entry.text()), score.parts, metre) for entry in entries)


def finish(xml: bytes, reading: Reading, plan: Plan, draft: Draft) -> Continuation:
    """The candidate that these bars are: without loose ends, closed if that is planned, and spliced into the file."""
    bars = dressed(draft.bars, reading.score)
    if not bars:
        return Continuation((), xml, draft.failure)
    last = replace(bars[-1], end=FINAL if plan.closing else bars[-1].end)
    bars = (*bars[:-1], last)
    return Continuation(bars, splice(xml, reading, bars), draft.failure)


def dressed(bars: tuple[Bar, ...], score: Score) -> tuple[Bar, ...]:
    """New bars without loose ends, and in the dress of the score that they follow."""
    return like_before(tidy(bars, score.bars), score)
