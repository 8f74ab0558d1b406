"""Continuations by models of 2024: part by part, written freely, each bar made to fit. Knows no command line.

Such a model sees one part at a time and knows nothing of bar lengths, so its answer is read measure by measure: one that can't be read
or made to fit its metre is asked for again, with another seed.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, cast

from chordllama.codec.classic import ClassicPart, attributes_after, dump_measures, encode, load_measures, to_musicxml
from chordllama.codec.musicxml import read
from chordllama.codec.omit import omit
from chordllama.codec.report import Report
from chordllama.codec.splice import splice
from chordllama.codec.words.durations import format_whole
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.backend import Backend, Stream, StreamEnd, Timing
from chordllama.generate.continuation import Assignment, BarProgress, Continuations, Draft, Progress, finish
from chordllama.placing.fitting import fit
from chordllama.score.model import Bar, Chord, Item, Note, Part, Row, Score, walk_lengths
from chordllama.tasks.classic_prompt import LONGEST, STOPS, measures_in, prompt
from chordllama.tasks.music_prompts import LEFT_OUT
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.rounds import first_shown

MOST_ATTEMPTS = 8
"""How often a bar is asked for again before its part is given up."""
ROOM = 1.6
"""Tokens kept for a new bar, as a multiple of those of the bars before it."""
SHARE = 0.5
"""The share of the tokens that new bars get, as in the rows of the training data."""
SPARE = 16
"""Tokens in reserve, for a backend that counts some more."""
MOST_COUNTED = 64
"""Bars that a prompt shows at most."""
SEED_STEP = 7919
_NEVER_NEW = frozenset(["tie-stop", "no-tie-stop", "let-ring"])
"""Marks that come from reading a fragment alone: they depend on what stood before it."""


def write_classic(assignment: Assignment, backend: Backend, progress: Progress = lambda _: None) -> Continuations:
    """Write the candidates of an assignment with a model of 2024; its reading's report tells what was mended in new bars.

    Raises:
        ModelError, EndpointError: the backend fails before there is a bar.
    """
    if not MUSIC_TASKS[assignment.request.task].classic:
        raise ModelError("a model of the 2024 format continues scores, and does nothing else")
    work = _Work(assignment, backend)
    drafts = [work.candidate(n, progress) for n in range(assignment.request.candidates)]
    return Continuations(tuple(finish(assignment, draft) for draft in drafts), Timing())


class _Unusable(Exception):
    """A measure can't become a bar; the message says why."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A prompt for so many measures, and how many tokens the answer may have."""

    prompt: str
    measures: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Work:
    """One call of `write_classic`."""

    given: Assignment
    backend: Backend

    def candidate(self, number: int, progress: Progress) -> Draft:
        """Write one candidate: as many bars as every part has."""
        parts: list[tuple[Bar, ...]] = []
        failure: ChordLlamaError | None = None
        wanted = self.given.plan.bars
        told = _Told(progress, number, wanted, len(self.given.reading.score.parts))
        for index in range(len(self.given.reading.score.parts)):
            bars, failure_here = self._part(number, index, wanted, told)
            failure = failure_here or failure
            wanted = len(bars)
            parts.append(bars)
            if not wanted:
                break
        rows = zip(*(bars[:wanted] for bars in parts), strict=True)
        return Draft(tuple(self._bar(tuple(row for bar in bars for row in bar.rows)) for bars in rows), failure)

    def _bar(self, rows: tuple[Row, ...]) -> Bar:
        """Return a new bar, which tells its length where the time signature doesn't."""
        *_, (_, metre) = walk_lengths(self.given.reading.score.bars)
        return Bar(rows, length=None if metre.length(Bar()) == self.given.plan.length else self.given.plan.length)

    def _part(
        self, number: int, index: int, wanted: int, told: _Told
    ) -> tuple[tuple[Bar, ...], ChordLlamaError | None]:
        """Write the new bars of one part of a candidate; return them, and why there are fewer than wanted."""
        bars: tuple[Bar, ...] = ()
        attempts = rounds = 0
        while len(bars) < wanted:
            seed = (self.given.request.sampling.seed + number + SEED_STEP * rounds) % 2**31
            try:
                new, reason = self._round(index, bars, wanted, seed)
            except ChordLlamaError as failure:  # the bars before it are good
                if number == index == rounds == 0:
                    raise
                return bars, failure
            rounds, attempts = rounds + 1, 0 if new else attempts + 1
            bars += new
            told.bars(index * wanted + len(bars))
            if attempts > MOST_ATTEMPTS:
                return bars, _given_up(index, len(bars), wanted, reason)
            self.given.reading.report.mended.update(
                {"a new bar was of no use and was written again": 1} if reason else {}
            )
        return bars, None

    def _round(self, index: int, done: tuple[Bar, ...], wanted: int, seed: int) -> tuple[tuple[Bar, ...], str]:
        """Ask once: the bars that are of use, up to the first that isn't, and why that one isn't ("" if all are)."""
        part = encode(splice(self.given.xml, self.given.reading, done), self.given.name)[index]
        question = _question(part, wanted - len(done), self.backend)
        sampling = replace(self.given.request.sampling, seed=seed, maximum_tokens=question.tokens, stop=STOPS)
        answer = _answer(self.backend.stream(question.prompt, sampling), question.measures)
        texts = measures_in(answer)
        bars: list[Bar] = []
        for n, text in enumerate(texts[: question.measures]):
            try:
                bars += self._bars(index, part, text, may_mend=n + 1 < len(texts))
            except (ScoreError, _Unusable) as fault:
                return tuple(bars), str(fault)
        return tuple(bars[: question.measures]), "" if bars else "the answer has no measure"

    def _bars(self, index: int, part: ClassicPart, text: str, may_mend: bool) -> list[Bar]:
        """Read the bars in a text; the last one of an answer may be cut off, and has to fit as it is."""
        mended = Report()
        measures = load_measures(text, mended)
        if any(measure.first("attributes") for measure in measures):
            raise _Unusable("it changes the attributes")
        if any(not measure.first("note") for measure in measures):
            raise _Unusable("it has neither notes nor rests")
        score = read(to_musicxml((ClassicPart(attributes_after(part, len(part.measures)), measures),)), self.given.name)
        if score.parts[0].staves > self.given.reading.score.parts[index].staves:
            raise _Unusable("it has more staves than its part")
        bars = [self._fitted(score, n, may_mend, mended) for n in range(len(score.bars))]
        self.given.reading.report.mended.update(mended.mended)
        return [_as_new(bar, index, score.parts[0]) for bar in bars]

    def _fitted(self, score: Score, n: int, may_mend: bool, mended: Report) -> Bar:
        length, wanted = score.bar_lengths[n], self.given.plan.length
        fitted = fit(score.bars[n], length, wanted) if may_mend or length == wanted else None
        if fitted is None:
            raise _Unusable(_misfit(format_whole(length), format_whole(wanted)))
        if length < wanted:
            mended.mended["a new bar was too short: rests fill it"] += 1
        elif length > wanted:
            mended.mended["a new bar was too long: it is cut at its bar line"] += 1
        return fitted


def _given_up(index: int, done: int, wanted: int, reason: str) -> ModelError:
    return ModelError(
        f"the model could not write bar {done + 1} of {wanted} of part {index + 1}",
        cause=f"none of {MOST_ATTEMPTS + 1} attempts is of use, the last one because: {reason}",
        hint="is it a model of the 2024 format? try another --seed or a lower --temperature",
    )


def _misfit(length: str, wanted: str) -> str:
    if length == wanted:
        return "it has values that no note or tuplet has"
    return f"it lasts {length} where its metre asks for {wanted}, and only its writer knows what was meant"


@dataclass(slots=True)
class _Told:
    """Tells the progress of one candidate: a bar is done when as many are written as make one in every part."""

    progress: Progress
    candidate: int
    wanted: int
    parts: int
    done: int = 0

    def bars(self, written: int) -> None:
        """Report that so many bars are written, in all parts together."""
        while self.done < min(written // self.parts, self.wanted):
            self.done += 1
            self.progress(BarProgress(self.candidate, self.done, self.wanted))


def _question(part: ClassicPart, wanted: int, backend: Backend) -> _Question:
    """Return the prompt for as many of the wanted measures as the context has room for."""
    context = min(backend.context, LONGEST)
    sizes = [backend.count(dump_measures((measure,))) for measure in part.measures[-MOST_COUNTED:]]
    recent = sizes[-16:]
    each = ROOM * sum(recent) / len(recent) + 4
    measures = min(wanted, max(1, int(context * SHARE / each)))
    bare = backend.count(prompt(part, len(part.measures)))
    shown = first_shown(sizes, context - int(measures * each) - bare - SPARE)
    text = prompt(part, shown + len(part.measures) - len(sizes))
    left = context - backend.count(text) - SPARE
    room = left if left >= measures * each else backend.context - context + left
    return _Question(text, measures, max(1, min(room, int(2 * measures * each))))


def _answer(pieces: Stream, measures: int) -> str:
    """Return what a model writes until it ends, or until it begins one more measure than was asked for."""
    text = ""
    with closing(cast("Generator[Any, None, None]", pieces)):
        for written in pieces:
            if isinstance(written, StreamEnd):
                break
            text += written.text
            if "a0" in text[-len(written.text) - 4 :] and len(measures_in(text)) > measures:
                break
    return text


def _as_new(bar: Bar, index: int, part: Part) -> Bar:
    """Return a bar of a score of its own as a new one of a part: notes and their signs, no texts."""
    lean = omit(Score((part,), (replace(bar, keys=(), times=()),)), LEFT_OUT).bars[0]
    return replace(lean, rows=tuple(_as_new_row(row, index) for row in lean.rows), number=None)


def _as_new_row(row: Row, index: int) -> Row:
    return replace(row, part=index, items=tuple(map(_as_new_item, row.items)))


def _as_new_item(item: Item) -> Item:
    return replace(item, notes=tuple(map(_as_new_note, item.notes))) if isinstance(item, Chord) else item


def _as_new_note(note: Note) -> Note:
    return replace(note, marks=tuple(mark for mark in note.marks if mark.name not in _NEVER_NEW))
