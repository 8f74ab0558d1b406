"""New bars for a score: writing under guard, and the bars put into the composer's file. Knows no command line.

The model writes compact text bar by bar; a guard (codec/grammar) lets only text pass that is right to the tick. plan.py says which
bars a task means, rounds.py how the model is asked for them, placing.py how they become the score's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from chordllama.codec.compact import load_bar
from chordllama.codec.container import read_container
from chordllama.codec.grammar import Rules, Writer
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.codec.splice import replaced, splice
from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.backend import Backend, Sampling
from chordllama.generate.plan import Plan, Request, length_after, metre_after, sounds
from chordllama.generate.rounds import Round, first_shown, pose
from chordllama.generate.voice_leading import MOST_DRAWS, PATIENCE, parallels_in_last
from chordllama.placing.passes import place
from chordllama.score.model import Bar, Score, Ticks, count_noteheads

__all__ = [
    "Answer",
    "BarGuard",
    "BarProgress",
    "Continuation",
    "Draft",
    "Plan",
    "Request",
    "check_has_notes",
    "continue_reading",
    "continue_score",
    "finish",
    "first_shown",
    "length_after",
    "read_answer",
    "write_bars",
]

MOST_REWINDS = 24
"""How often one bar is begun anew before its candidate is given up."""


@dataclass(frozen=True, slots=True)
class BarProgress:
    """A bar is finished: `bar` of `bars` in `candidate` (from 0). `written` are the candidate's bars so far, not yet placed."""

    candidate: int
    bar: int
    bars: int
    written: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Continuation:
    """One candidate: the new bars and the whole file. `failure` says why there are fewer bars than were asked for.

    `surprisal` is what the bars cost the model, in bits a notehead; None where the backend doesn't tell it.
    """

    bars: tuple[Bar, ...]
    xml: bytes
    failure: ChordLlamaError | None = None
    surprisal: float | None = None


def continue_score(
    data: bytes,
    name: str,
    backend: Backend,
    request: Request,
    report: Report | None = None,
    progress: Callable[[BarProgress], None] = lambda _: None,
) -> list[Continuation]:
    """The candidates for new bars of a MusicXML file, after its last one or, by the task, in the place of others.

    Raises:
        ScoreError: the file is rejected, or holds nothing to go on from.
        RequestError: it hasn't got the bars or parts that are asked for.
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
    progress: Callable[[BarProgress], None] = lambda _: None,
) -> list[Continuation]:
    """What `continue_score` does with a file that is read already: `reading` is what `xml` says."""
    check_has_notes(reading.score, name)
    plan = Plan.of(reading.score, request)
    drafts = write_bars(plan, backend, request, progress)
    return [finish(xml, reading, plan, draft) for draft in drafts]


def check_has_notes(score: Score, name: str) -> None:
    """Refuse a score in which there's nothing to go on from."""
    if not any(map(sounds, score.bars)):
        raise ScoreError(
            f"{name}: the score has no notes", hint="write a bar or two first: the music goes on from there"
        )


@dataclass(slots=True)
class Draft:
    """The bars of one candidate so far, and what they cost the model in bits, None where that isn't known."""

    bars: tuple[Bar, ...] = ()
    failure: ChordLlamaError | None = None
    bits: float | None = None

    @property
    def surprisal(self) -> float | None:
        """Bits a notehead."""
        return None if self.bits is None else self.bits / max(1, count_noteheads(self.bars))

    def go_on(self, more: Draft) -> None:
        """Take over what a further round wrote."""
        self.bars, self.failure = self.bars + more.bars, more.failure
        self.bits = None if self.bits is None or more.bits is None else self.bits + more.bits


def write_bars(
    plan: Plan, backend: Backend, request: Request, progress: Callable[[BarProgress], None] = lambda _: None
) -> list[Draft]:
    """The new bars of each candidate, not yet placed."""
    drafts = [Draft() for _ in range(request.candidates)]
    first = pose(plan, (), backend)
    for candidate, draft in _write(first, backend, request.sampling, request.candidates, progress, 0, plan.bars):
        drafts[candidate] = draft
    for candidate, draft in enumerate(drafts):
        while len(draft.bars) < plan.bars and draft.failure is None:
            done = len(draft.bars)
            sampling = replace(request.sampling, seed=(request.sampling.seed + 7919 * done + candidate) % 2**31)
            shifted = _shifted(progress, candidate, draft.bars)
            try:
                next_round = pose(plan, draft.bars, backend)
                for _, more in _write(next_round, backend, sampling, 1, shifted, done, plan.bars):
                    draft.go_on(more)
            except ChordLlamaError as failure:  # the bars before it are good
                draft.failure = failure
    return drafts


def _shifted(
    progress: Callable[[BarProgress], None], candidate: int, before: tuple[Bar, ...]
) -> Callable[[BarProgress], None]:
    return lambda step: progress(replace(step, candidate=candidate, written=before + step.written))


class BarGuard(Writer):
    """A writer that draws a bar again for its faults, and gives one up when it was begun too often.

    `done` bars of `wanted` were written before it. `faults` counts those of the last bar of an answer so far.
    """

    def __init__(self, rules: Rules, done: int, wanted: int, faults: Callable[[str], int] = lambda _: 0) -> None:
        super().__init__(rules)
        self._done, self._wanted, self._faults = done, wanted, faults
        self._rewinds = 0
        self._at = 0
        self._text = ""
        self._draws = 0  # of the bar at hand that were thrown away
        self._is_faulty = False

    def accepts(self, piece: str) -> bool:
        """Whether the text may go on with `piece`: with none after a bar that has to be drawn again."""
        return not self._is_faulty and super().accepts(piece)

    def feed(self, piece: str) -> None:
        """`piece`, which `accepts`, is written."""
        good, bars = self.state.good, self.bars
        super().feed(piece)
        self._text += piece
        if self.bars == bars:
            return
        if self._draws < MOST_DRAWS and self._faults(self._text[: self.kept]) > self._draws // PATIENCE:
            self._draws += 1
            self._is_faulty = True
            self._go_back_to(good)
        else:
            self._draws = 0

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
        super().rewind()


def _write(
    round_: Round,
    backend: Backend,
    sampling: Sampling,
    candidates: int,
    progress: Callable[[BarProgress], None],
    done: int,
    bars: int,
) -> Iterator[tuple[int, Draft]]:
    answers = [Answer(round_.before, round_.length) for _ in range(candidates)]
    guards = [BarGuard(round_.rules, done, bars, _faults(round_, sampling, answer)) for answer in answers]
    texts = [""] * candidates
    finished = [0] * candidates
    limited = replace(sampling, maximum_tokens=max(1, round_.tokens))
    for written in backend.stream(round_.prompt, limited, guards):
        n = written.candidate
        if written.rewound_to is not None:
            texts[n] = texts[n][: written.rewound_to]
        texts[n] += written.text
        if finished[n] < guards[n].bars:
            new = answers[n].read(good_text(texts[n], guards[n]))
            for number in range(finished[n] + 1, guards[n].bars + 1):
                progress(BarProgress(n, done + number, bars, new[:number]))
            finished[n] = guards[n].bars
    drafts = [
        Draft(answers[n].read(good_text(texts[n], guard)), backend.failures.get(n), backend.surprisal.get(n))
        for n, guard in enumerate(guards)
    ]
    for n, draft in enumerate(drafts):
        is_bare = not draft.bars and draft.failure is None
        yield n, _as_it_comes(round_, backend, sampling, n, progress, done, bars) if is_bare else draft


def _as_it_comes(
    round_: Round,
    backend: Backend,
    sampling: Sampling,
    candidate: int,
    progress: Callable[[BarProgress], None],
    done: int,
    bars: int,
) -> Draft:
    """The draft of a candidate whose room went into bars that were drawn again, before one was good: now what comes is taken."""
    if not round_.apart:
        hint = "try another --seed, or a model with a longer context"
        return Draft((), ModelError("the model wrote no bar", hint=hint))
    alike = replace(round_, apart=frozenset())
    again = replace(sampling, seed=(sampling.seed + candidate) % 2**31)
    ((_, draft),) = _write(
        alike, backend, again, 1, lambda step: progress(replace(step, candidate=candidate)), done, bars
    )
    return draft


def _faults(round_: Round, sampling: Sampling, answer: Answer) -> Callable[[str], int]:
    """How many faults the last bar of an answer has. Where the most probable bars are asked for, nothing is drawn again."""
    if not round_.apart or sampling.temperature == 0:
        return lambda _: 0
    return lambda text: parallels_in_last(answer.read(text), round_.before, round_.apart)


def good_text(text: str, guard: Writer) -> str:
    """The text up to the end of its last finished bar."""
    return text if guard.done else text[: guard.kept]


def read_answer(text: str, score: Score, length: Ticks | None = None) -> tuple[Bar, ...]:
    """The bars in an answer (see tasks/music.py) to a prompt made from `score`: of `length` ticks, or of the length that they say or the metre.

    Raises:
        CompactError: the text is none.
    """
    return Answer(score, length).read(text)


class Answer:
    """An answer that is read again and again while it grows, a line for each bar: what is known already isn't read anew."""

    def __init__(self, score: Score, length: Ticks | None = None) -> None:
        metre = metre_after(score)
        self._parts = score.parts
        self._own = [f"length={format_whole(length)}"] if length is not None and metre.length(Bar()) != length else []
        self._known: list[tuple[str, Bar]] = []
        self._metres = [metre]  # before each known line, and after the last one

    def read(self, text: str) -> tuple[Bar, ...]:
        """The bars of the text, see `read_answer`; an error counts lines from the first one that is new."""
        lines = text.splitlines(keepends=True)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1][0], zip(lines, self._known, strict=False)))
        del self._known[same:], self._metres[same + 1 :]
        new = "".join(lines[same:])
        entries = [entry for entry in (read_map(new) if new else []) if entry.key != "0"]
        for line, entry in zip(lines[same:], entries, strict=False):
            metre = self._metres[-1].copy()
            self._known.append((line, load_bar(entry, self._own + split_words(entry.text()), self._parts, metre)))
            self._metres.append(metre)
        return tuple(bar for _, bar in self._known)


def finish(xml: bytes, reading: Reading, plan: Plan, draft: Draft) -> Continuation:
    """The candidate that these bars are: placed, and put into the file."""
    bars = place(plan.placement, draft.bars)
    if not bars:
        return Continuation((), xml, draft.failure)
    written = (
        replaced(xml, reading, bars, plan.first, plan.parts) if plan.placement.join else splice(xml, reading, bars)
    )
    return Continuation(bars, written, draft.failure, draft.surprisal)
