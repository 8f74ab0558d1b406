"""Held-out music from a built corpus: its test rows of the task `continue`. Knows the texts of rows; knows no source of scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeVar

from chordllama.codec.compact import loads
from chordllama.errors import CorpusError
from chordllama.evaluate.held_out import HeldOut, Piece
from chordllama.evaluate.passage import Passage
from chordllama.generate.continuation import read_answer
from chordllama.score.model import Score
from chordllama.tasks.music_tasks import parse_instruction
from chordllama.tasks.plan import length_after
from chordllama.training.row_folders import StoredRow, read_rows, shards

T = TypeVar("T")
PIECES = 60
TRAINING_ROWS = 1000
"""Rows of the training set that new bars are compared with at most, evenly spread."""


def held_out_rows(corpus: Path, bars: int, most: int | None = None) -> HeldOut:
    """Return the pieces of a corpus's test rows, first one of each work, then the next ones; those with fewer than `bars` bars are left out.

    Raises CorpusError where there are none.
    """
    works: dict[str, list[Piece]] = {}
    for row in _of_task(corpus, "test", "continue"):
        if piece := _piece(row, bars, len(works.get(row.work, ()))):
            works.setdefault(row.work, []).append(piece)
    pieces = in_turns(works)[: most or PIECES]
    if not pieces:
        raise CorpusError(f"{corpus}: has no test rows of `continue` with {bars} bars", hint="build a larger corpus")
    training = list(_of_task(corpus, "train", "vary"))
    chosen = spread(training, TRAINING_ROWS)
    told = (
        f"A built corpus: {len(pieces)} test rows of {len({piece.work for piece in pieces})} of its {len(works)} held-out works; "
        f"{len(chosen)} of its {len(training)} excerpts for training are the training set"
    )
    return HeldOut(tuple(pieces), tuple(map(whole, chosen)), told)


def in_turns(works: Mapping[str, Sequence[T]]) -> list[T]:
    """Return the first of each work, then the second of each, and so on."""
    return [piece for turn in zip_longest(*works.values()) for piece in turn if piece is not None]


def spread(items: Sequence[T], most: int) -> Sequence[T]:
    """Return at most so many items at equal distances."""
    return items[:: max(1, -(-len(items) // most))]


def _of_task(corpus: Path, split: str, task: str) -> Iterator[StoredRow]:
    rows: Iterable[StoredRow] = chain.from_iterable(map(read_rows, shards([corpus], split)))
    return (row for row in rows if row.instruction.startswith(f"{task}:"))


def _piece(row: StoredRow, bars: int, number: int) -> Piece | None:
    """The prompt with the first of the human's bars; None where there are too few."""
    if parse_instruction(row.instruction)[1] < bars:
        return None
    score = loads(row.input)
    new = read_answer(row.output, score, length_after(score))[:bars]
    passage = Passage(replace(score, bars=score.bars + new), len(score.bars))
    return Piece(row.work, f"{row.work}, excerpt {number + 1}", passage)


def whole(row: StoredRow) -> Score:
    """Return the music of a `vary` row, whose answer is all of it."""
    header = row.input[: row.input.index("\n1:") + 1]
    lines = row.output.splitlines()[:-1]
    return loads(header + "".join(f"{n}:{line.partition(':')[2]}\n" for n, line in enumerate(lines, 1)))
