"""A whole evaluation of lyrics or prose: human, floors and models on a built corpus's test rows. Knows no command line; writes no file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from chordllama.errors import CorpusError
from chordllama.evaluate import text_measures
from chordllama.evaluate.bits_per_note import Costs
from chordllama.evaluate.copying import Runs
from chordllama.evaluate.embeddings import Embed, alike_in_meaning, direction
from chordllama.evaluate.held_out_rows import PIECES, in_turns, spread
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.ngrams import NGrams
from chordllama.evaluate.systems import EvaluationSettings, Heading, Kind, Measure, System, Tally
from chordllama.evaluate.text_measures import Text
from chordllama.generate.backend import Backend, text_of
from chordllama.training.row_folders import StoredRow, read_rows, shards

TRAINING_ROWS = 5000
"""Rows of the training set that answers are compared with at most, evenly spread."""
EMBEDDED_ROWS = 300
"""Of those, how many are embedded at most: a processor reads some ten a second."""
ROOM = 1.5
"""How many times as many tokens as the human's answer has may be written."""
BYTES = 257
"""What the n-grams of letters tell apart: bytes, and what stands before a text."""
BITS = Heading("bits-character", "bits a character of the human's answers", 3)
LENGTH = Heading("length", "length beside the human's", 2)

OF_TEXTS: tuple[Measure[Text], ...] = (
    Measure(Heading("distinct-1", "different words, of all"), partial(text_measures.distinct, 1)),
    Measure(Heading("distinct-2", "different pairs of words, of all"), partial(text_measures.distinct, 2)),
    Measure(Heading("repeated", "lines that stood before", 1, True), text_measures.repeated_lines),
    Measure(Heading("rhymes", "lines that rhyme", 1, True), text_measures.rhymes),
    Measure(Heading("even", "lines as long in syllables as one of the two before", 1, True), text_measures.even_lines),
    Measure(Heading("fitting", "lines with the syllables that were asked for", 1, True), text_measures.fitting_lines),
    Measure(Heading("beats", "beats that the scene tells", 1, True), text_measures.told_beats),
    Measure(Heading("from-prompt", "longest run of words from the prompt", 1), text_measures.copied_from_prompt),
)
ONLY = {"lyrics": {"beats"}, "prose": {"repeated", "rhymes", "even", "fitting"}}
"""What a task hasn't got."""


@dataclass(frozen=True, slots=True)
class HeldOutTexts:
    """What is measured on, what may have been learnt, and words that say so."""

    pieces: tuple[StoredRow, ...]
    training: tuple[StoredRow, ...]
    told: str


def held_out_texts(corpus: Path, task: str, most: int | None = None) -> HeldOutTexts:
    """Test rows, first one of each work, then the next ones. Raises CorpusError where the corpus has none of the task."""
    works: dict[str, list[StoredRow]] = {}
    for row in _rows(corpus, "test", task):
        works.setdefault(row.work, []).append(row)
    if not works:
        raise CorpusError(f"{corpus}: has no test rows of {task}", hint=f"build one: chordllama corpus build {task}")
    pieces, training = in_turns(works)[: most or PIECES], _rows(corpus, "train", task)
    chosen = spread(training, TRAINING_ROWS)
    told = (
        f"A built corpus: {len(pieces)} test rows of {len({row.work for row in pieces})} of its {len(works)} held-out works; "
        f"{len(chosen)} of its {len(training)} rows for training are the training set"
    )
    return HeldOutTexts(tuple(pieces), tuple(chosen), told)


def _rows(corpus: Path, split: str, task: str) -> list[StoredRow]:
    return [row for path in shards([corpus], split) for row in read_rows(path) if row.task == task]


class TextEvaluation:
    """The measures on some held-out rows; `step` is called after each. With `embed`, likeness is measured by meaning, too."""

    def __init__(
        self,
        held_out: HeldOutTexts,
        task: str,
        settings: EvaluationSettings,
        step: Callable[[], None] = lambda: None,
        embed: Embed | None = None,
    ) -> None:
        self.held_out, self.settings, self._step = held_out, settings, step
        own = tuple(measure for measure in OF_TEXTS if measure.heading.name not in ONLY[task])
        by_meaning = _in_meaning(held_out.training, embed) if embed else ()
        self.table = (*own, *_beside(held_out.training), *by_meaning)
        self.headings = (BITS, LENGTH, *(measure.heading for measure in self.table))

    def human(self) -> System:
        """Return the human's own answers."""
        return self._plain("human", "human", lambda row: row.output)

    def naive(self) -> list[System]:
        """Return what anybody could write."""
        return [self._plain("the prompt again", "floor", _again), self._plain("another work", "floor", self._stranger)]

    def _stranger(self, row: StoredRow) -> str:
        others = [other for other in self.held_out.pieces if other.work != row.work]
        return others[len(row.output) % len(others)].output if others else ""

    def _plain(self, name: str, kind: Kind, writer: Callable[[StoredRow], str]) -> System:
        tally = Tally()
        for row in self.held_out.pieces:
            self._measure(tally, row, writer(row))
            self._step()
        return tally.system(name, kind, self.headings)

    def _measure(self, tally: Tally, row: StoredRow, answer: str) -> None:
        tally.add(LENGTH, row.work, Ratio(len(answer), len(row.output)))
        if answer.strip():
            tally.measure(self.table, row.work, Text(row.instruction, row.input, answer))

    def counted(self) -> System:
        """Return the bits that n-grams of letters give, which have read the training set's answers."""
        grams = NGrams((_letters(row.output) for row in self.held_out.training), BYTES)
        tally = Tally()
        for row in self.held_out.pieces:
            tally.add(BITS, row.work, Ratio(grams.bits(_letters(row.output), 1), len(row.output)))
            self._step()
        return tally.system(f"{grams.order} letters", "floor", self.headings)

    def model(self, name: str, backend: Backend, costs: Costs | None = None) -> System:
        """Return a model's answers; rows that its context can't hold are left out."""
        tally = Tally()
        for row in self.held_out.pieces:
            room = math.ceil(ROOM * backend.count(row.output))
            if backend.count(row.instruction + row.input) + room < backend.context:
                for number in range(self.settings.candidates):
                    self._measure(tally, row, self._written(row, backend, room, number))
                if costs is not None:
                    tally.add(BITS, row.work, _cost(row, costs))
            self._step()
        return tally.system(name, "model", self.headings)

    def _written(self, row: StoredRow, backend: Backend, room: int, number: int) -> str:
        sampling = self.settings.sampling
        own = replace(sampling, seed=sampling.seed + number, maximum_tokens=room)
        return text_of(backend.stream(row.instruction + row.input, own))


def _cost(row: StoredRow, costs: Costs) -> Ratio | None:
    given = costs.vocabulary.prompt(row.instruction + row.input)
    bits = costs.text_bits([*given, *costs.vocabulary.tokens(row.output)], len(given))
    return None if bits is None else Ratio(bits, len(row.output))


def _again(row: StoredRow) -> str:
    """The prompt's last section or paragraph, as often as the human's answer has room for it."""
    last = row.input.strip("\n").rpartition("\n\n")[2] + "\n\n"
    return (last * (len(row.output) // len(last) + 1))[: len(row.output)]


def _letters(text: str) -> list[int]:
    return [BYTES - 1, *text.encode()]


def _beside(training: Sequence[StoredRow]) -> tuple[Measure[Text], ...]:
    """What is measured beside the training set."""
    runs = Runs((text_measures.words_of(row.output) for row in training), text_measures.WORDS_IN_SEED)
    style: Counter[str] = Counter()
    for row in training:
        style.update(text_measures.trigrams(row.output))
    return (
        Measure(
            Heading("from-training", "longest run of words from the training set", 1),
            lambda text: text_measures.copied_words(text, runs),
        ),
        Measure(
            Heading("style", "cosine of letters by threes with the training set"),
            lambda text: text_measures.alike(text, style),
        ),
    )


def _in_meaning(training: Sequence[StoredRow], embed: Embed) -> tuple[Measure[Text], ...]:
    style = direction((row.output for row in spread(training, EMBEDDED_ROWS)), embed)
    heading = Heading("meaning", "cosine of sentence embeddings with the training set")
    return (Measure(heading, lambda text: alike_in_meaning(text, style, embed)),)
