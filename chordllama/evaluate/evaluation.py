"""A whole evaluation of music: human, floors and models on the same held-out pieces. Knows no command line and writes no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chordllama.evaluate import floors, measure_table
from chordllama.evaluate.copying import Melodies
from chordllama.evaluate.grade import Grader
from chordllama.evaluate.held_out import HeldOut, Piece
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.systems import EvaluationSettings, Kind, System, Tally
from chordllama.evaluate.timed_writing import free_answers, free_bars, write, write_freely
from chordllama.generate.backend import Backend
from chordllama.score.model import Score, count_noteheads

Scorer = Callable[[Passage], float | None]
"""The bits that a passage's new bars cost; None where that can't be told."""
OWN = (
    measure_table.BITS_A_NOTE,
    measure_table.BITS_A_BAR,
    measure_table.FREE_ANSWERS,
    measure_table.FREE_BARS,
    measure_table.COMPLETE,
    measure_table.FIRST_BAR,
    measure_table.ALL_BARS,
)
"""What only models have."""


class Evaluation:
    """The measures on some held-out music; `step` is called after each passage."""

    def __init__(
        self, held_out: HeldOut, settings: EvaluationSettings, step: Callable[[], None] = lambda: None
    ) -> None:
        self.held_out, self.settings, self._step = held_out, settings, step
        self.table = (*measure_table.OF_PASSAGES, *measure_table.beside(*_background(held_out.training)))
        self.headings = (*OWN, *(measure.heading for measure in self.table))

    def human(self) -> System:
        """Return the human's own continuations."""
        return self._plain("human", "human", lambda piece: piece.human)

    def naive(self) -> list[System]:
        """Return what anybody could write."""
        table: Mapping[str, floors.Floor] = {
            "last two bars": floors.copy,
            "another work": floors.stranger(self.held_out.pieces),
            "pitches by chance": floors.at_random(self.settings.sampling.seed),
        }
        return [self._plain(name, "floor", floor) for name, floor in table.items()]

    def _plain(self, name: str, kind: Kind, writer: floors.Floor) -> System:
        tally = Tally()
        for piece in self.held_out.pieces:
            passage = writer(piece)
            if passage is not None:
                tally.measure(self.table, piece.work, passage)
            self._step()
        return tally.system(name, kind, self.headings)

    def counted(self, name: str, scorer: Scorer) -> System:
        """Return a floor that writes nothing, but whose bits can be told."""
        tally = Tally()
        for piece in self.held_out.pieces:
            if (bits := scorer(piece.human)) is not None:
                _cost(tally, piece, bits)
            self._step()
        return tally.system(name, "floor", self.headings)

    def model(self, name: str, backend: Backend, scorer: Scorer | None = None) -> System:
        """Return a model's continuations."""
        tally = Tally()
        for piece in self.held_out.pieces:
            self._written(tally, piece, backend)
            if scorer is not None and (bits := scorer(piece.human)) is not None:
                _cost(tally, piece, bits)
            self._step()
        return tally.system(name, "model", self.headings)

    def _written(self, tally: Tally, piece: Piece, backend: Backend) -> None:
        for number in range(self.settings.candidates):
            sampling = replace(self.settings.sampling, seed=self.settings.sampling.seed + number)
            text = write_freely(piece.human, backend, sampling)
            tally.add(measure_table.FREE_ANSWERS, piece.work, free_answers(text, piece.human))
            tally.add(measure_table.FREE_BARS, piece.work, free_bars(text, piece.human))
            written = write(piece.human, backend, sampling)
            bars = len(written.passage.score.bars) - written.passage.shown
            tally.add(measure_table.COMPLETE, piece.work, Ratio(float(bars == written.wanted)))
            tally.add(measure_table.FIRST_BAR, piece.work, None if written.first is None else Ratio(written.first))
            tally.add(measure_table.ALL_BARS, piece.work, Ratio(written.all))
            if bars:
                tally.measure(self.table, piece.work, written.passage)


def _cost(tally: Tally, piece: Piece, bits: float) -> None:
    tally.add(measure_table.BITS_A_NOTE, piece.work, Ratio(bits, written_notes(piece.human)))
    tally.add(measure_table.BITS_A_BAR, piece.work, Ratio(bits, len(piece.human.score.bars) - piece.human.shown))


def written_notes(passage: Passage) -> int:
    """Return the noteheads of the new bars."""
    return count_noteheads(passage.score.bars[passage.shown :])


def _background(training: Sequence[Score]) -> tuple[Grader, Melodies]:
    passages = [Passage(score, 0) for score in training]
    voices = (voice for passage in passages for voice in passage.voices.values())
    return Grader(passage for passage in passages if passage.quartet), Melodies(voices)
