"""From scores to training texts: one JSON Lines file of prompts with their answers. Knows sources, keys and windows; no torch.

Each score is cut into windows of as many bars as fit a text; a window's first bars are the prompt, the others the answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from chordllama.codec.compact import dump_bar
from chordllama.codec.musicxml import read
from chordllama.errors import ChordLlamaError, ModelError
from chordllama.excerpt import excerpt
from chordllama.files import write_atomically
from chordllama.score import Score
from chordllama.tasks.music import answer, block, ending_of, lean, opening
from chordllama.training.recipe import DataRecipe
from chordllama.transpose import CannotTranspose, transpose

CHARACTERS_PER_TOKEN = 4
"""A cautious guess, made before there is a tokenizer."""
FEWEST_BARS = 4
SUFFIXES = (".mxl", ".musicxml", ".xml")

Progress = Callable[[int, int], None]


class Job(NamedTuple):
    """One score of one source. A source that is named twice weighs twice; `repetition` then leads to other keys and windows."""

    source: str
    path: Path
    recipe: DataRecipe
    seed: int
    repetition: int


def build_texts(recipe: DataRecipe, data: Path, out: Path, seed: int, progress: Progress | None = None) -> Path:
    """Write `out` (JSON Lines: split, work, text) from the recipe's sources; folders are looked for below `data`.

    The same recipe, data and seed give the same bytes. A score of which there is no text (it can't be read, or is too short or
    too large) is named, with the reason, in the file beside it: `out` with the suffix .report.json.

    Raises:
        ModelError: a source is missing or holds no score, or no score gives a text.
    """
    jobs = [
        Job(source, path, recipe, seed, recipe.sources[:place].count(source))
        for place, source in enumerate(recipe.sources)
        for path in _paths(source, data)
    ]
    part = out.with_name(out.name + ".part")
    failures = _write_rows(jobs, part, progress or (lambda _done, _all: None))
    report = {"scores": len(jobs), "left out": failures}
    write_atomically(out.with_suffix(".report.json"), json.dumps(report, indent=1).encode())
    if not part.stat().st_size:
        raise ModelError(
            "no score of the recipe's sources gives a text", cause=failures[0] if failures else None, hint=_ONE_BY_ONE
        )
    part.replace(out)
    return out


_ONE_BY_ONE = "try `chordllama encode` on one of them"


def _write_rows(jobs: list[Job], path: Path, progress: Progress) -> list[str]:
    """Write the rows of all jobs in their order; return what was left out."""
    failures = []
    with path.open("w", encoding="utf-8", newline="\n") as file, ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, (rows, failure) in enumerate(pool.map(_rows_of, jobs, chunksize=4), 1):
            file.writelines(json.dumps(row) + "\n" for row in rows)
            failures += [failure] if failure else []
            progress(done, len(jobs))
    return failures


def _paths(source: str, data: Path) -> list[Path]:
    kind, _, name = source.partition(":")
    if kind == "music21":
        return _music21_paths(name)
    folder = data / source
    found = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES) if folder.is_dir() else []
    if not found:
        raise ModelError(f"no score in {folder}", hint="name the folder that holds the recipe's sources with --data")
    return found


def _music21_paths(composer: str) -> list[Path]:
    from music21 import corpus

    found = sorted(Path(path) for path in corpus.getComposer(composer))
    if not found:
        raise ModelError(f"music21's corpus has nothing by {composer}")
    return found


def _rows_of(job: Job) -> tuple[list[dict[str, str]], str | None]:
    """The rows of a score, and why there are none, told once where its source is named twice."""
    work = f"{job.source}/{job.path.stem}"
    split = "validation" if share(work) < job.recipe.validation_share else "train"
    if split == "validation" and job.repetition:
        return [], None
    try:
        texts = list(_texts(job, work, job.recipe.transpositions if split == "train" else 0))
    except ChordLlamaError as error:
        return [], None if job.repetition else f"{work}: {error}"
    except Exception as error:  # a fault of ours, or of a library: one score mustn't cost all the others
        return [], None if job.repetition else f"{work}: {type(error).__name__}: {error}"
    failure = None if texts or job.repetition else f"{work}: fewer than {FEWEST_BARS} bars, or too large for a text"
    return [{"split": split, "work": work, "text": text} for text in texts], failure


def _texts(job: Job, work: str, transpositions: int) -> Iterator[str]:
    score = lean(read(_musicxml(job.path), job.path.name))
    chance = random.Random(f"{job.seed} {work} {job.repetition}")
    for variant in _variants(score, transpositions, chance):
        yield from windows(variant, job.recipe.maximum_tokens * CHARACTERS_PER_TOKEN, chance)


def _musicxml(path: Path) -> bytes:
    if path.suffix in SUFFIXES:
        return path.read_bytes()
    from chordllama.foreign import to_musicxml

    return to_musicxml(path.read_bytes(), path.name)


def share(work: str) -> float:
    """A number from 0 to 1 that is always the same for a work."""
    return int.from_bytes(hashlib.sha256(work.encode()).digest()[:6]) / 2**48


def _variants(score: Score, transpositions: int, chance: random.Random) -> Iterator[Score]:
    yield score
    keys = [fifths for fifths in range(-6, 7) if fifths]
    chance.shuffle(keys)
    left = transpositions
    for fifths in keys:
        if not left:
            return
        try:
            yield transpose(score, fifths)
        except CannotTranspose:
            continue
        left -= 1


def windows(score: Score, budget: int, chance: random.Random) -> Iterator[str]:
    """The texts of a score, each of at most about `budget` characters; the first window begins at a bar chosen by chance."""
    sizes = [len(dump_bar(bar, score.parts)) + 5 for bar in score.bars]
    for first, last in _cuts(sizes, budget - 60 * (len(score.parts) + 1), chance):
        if last - first >= FEWEST_BARS:
            shown = chance.randint(max(1, (last - first) // 4), max(1, 3 * (last - first) // 4))
            yield text(excerpt(score, first, last), shown)


def _cuts(sizes: list[int], budget: int, chance: random.Random) -> Iterator[tuple[int, int]]:
    limit = chance.uniform(0.4, 1) * budget
    first, size = 0, 0
    for last, more in enumerate(sizes):
        if size + more > limit and last > first:
            yield first, last
            first, size, limit = last, 0, budget
        size += more
    yield first, len(sizes)


def text(score: Score, shown: int) -> str:
    """Prompt and answer of one window, of which `shown` bars are the prompt."""
    new = score.bars[shown:]
    prompt: Iterable[str] = (block(str(n), bar, score.parts) for n, bar in enumerate(score.bars[:shown], 1))
    return opening(score, len(new), ending_of(new)) + "".join(prompt) + answer(new, score.parts)
