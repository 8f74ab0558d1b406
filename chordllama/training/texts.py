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

    The same recipe, data and seed give the same bytes. A score that can't be read is left out and counted in the last line of
    the file beside it, `out` with the suffix .report.json.

    Raises:
        ModelError: a source is missing or holds no score.
    """
    jobs = [
        Job(source, path, recipe, seed, recipe.sources[:place].count(source))
        for place, source in enumerate(recipe.sources)
        for path in _paths(source, data)
    ]
    part = out.with_name(out.name + ".part")
    failures: list[str] = []
    with part.open("w") as file, ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, (rows, failure) in enumerate(pool.map(_rows_of, jobs, chunksize=4), 1):
            file.writelines(json.dumps(row) + "\n" for row in rows)
            failures += [failure] if failure else []
            if progress:
                progress(done, len(jobs))
    part.replace(out)
    out.with_suffix(".report.json").write_text(json.dumps({"scores": len(jobs), "left out": failures}, indent=1))
    return out


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
    recipe, work = job.recipe, f"{job.source}/{job.path.stem}"
    split = "validation" if _share(work) < recipe.validation_share else "train"
    if split == "validation" and job.repetition:
        return [], None
    try:
        score = lean(read(_musicxml(job.path), job.path.name))
    except ChordLlamaError as error:
        return [], f"{work}: {error}"
    chance = random.Random(f"{job.seed} {work} {job.repetition}")
    budget = recipe.maximum_tokens * CHARACTERS_PER_TOKEN
    variants = _variants(score, recipe.transpositions if split == "train" else 0, chance)
    return [
        {"split": split, "work": work, "text": text}
        for variant in variants
        for text in windows(variant, budget, chance)
    ], None


def _musicxml(path: Path) -> bytes:
    if path.suffix in SUFFIXES:
        return path.read_bytes()
    from chordllama.foreign import to_musicxml

    return to_musicxml(path.read_bytes(), path.name)


def _share(work: str) -> float:
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
    sizes = [sum(len(line) + 1 for line in dump_bar(bar)) + 5 for bar in score.bars]
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
    prompt: Iterable[str] = (block(str(n), bar) for n, bar in enumerate(score.bars[:shown], 1))
    return opening(score, len(new), ending_of(new)) + "".join(prompt) + answer(new)
