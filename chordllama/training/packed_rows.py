"""Rows of prompts with answers as tokens to fine-tune on. Knows `datasets` and the rows' columns; knows no task and no model.

A row is what `chordllama corpus build` writes: task, instruction, input, output, split and more. The loss is taken over the answer
and the end after it, never over the prompt.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chordllama.errors import ModelError
from chordllama.tasks.prompt_templates import wording
from chordllama.training.lora_recipe import LoraRecipe, RowsRecipe
from chordllama.training.row_folders import corpus_folder

COLUMNS = ("instruction", "input", "output", "split")
FORMATS = {".jsonl": "json", ".jsonl.gz": "json", ".parquet": "parquet"}
TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Rows of one split: for each `input_ids` and `completion_mask`, and how many were too long for a sequence."""

    rows: tuple[dict[str, list[int]], ...]
    too_long: int

    def dataset(self) -> Any:
        """Return the rows as `datasets.Dataset`, which trl takes."""
        from datasets import Dataset

        return Dataset.from_list(list(self.rows))


def files_of(recipe: RowsRecipe, data: Path) -> list[Path]:
    """Return the files that a recipe names, in the order of their names. Raises ModelError where there are none."""
    found = [path for place in recipe.rows for path in _files(corpus_folder(place, data))]
    if not found:
        raise ModelError(
            f"no rows in {', '.join(str(data / place) for place in recipe.rows)}",
            cause="there is no .jsonl and no .parquet file",
            hint="build them with `chordllama corpus build`, and name their folder with --data",
        )
    return found


def _files(place: Path) -> list[Path]:
    """A file, or those of a folder: of a built corpus its rows alone, which lie beside it in other layouts too."""
    if place.is_file():
        return [place] if _format(place) else []
    folder = place / "data" if (place / "data").is_dir() else place
    return sorted(path for path in folder.rglob("*") if _format(path))


def _format(path: Path) -> str | None:
    """The name that `datasets` has for such a file, None for others."""
    return next((kind for ending, kind in FORMATS.items() if path.name.endswith(ending)), None)


def hash_of(files: Iterable[Path]) -> str:
    """Return one checksum of the files' bytes, in their order."""
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


Row = dict[str, str]


def read_rows(recipe: RowsRecipe, files: list[Path], seed: int) -> dict[str, list[Row]]:
    """Return the rows that the recipe asks for, by split. Raises ModelError: a file can't be read, or nothing is left of a split."""
    rows: dict[str, list[Row]] = {TRAIN: [], VALIDATION: []}
    for path in files:
        for row in _read(path):
            if row["split"] in rows and _wanted(recipe, row):
                rows[row["split"]].append(row)
    for split, found in rows.items():
        if not found:
            raise ModelError(f'there is no row of the split "{split}" that the recipe asks for', cause=str(files[0]))
    rows[TRAIN] = _share(rows[TRAIN], recipe.maximum_rows, seed)
    return rows


def _share(rows: list[Row], most: int | None, seed: int) -> list[Row]:
    if most is None or len(rows) <= most:
        return rows
    return [rows[index] for index in sorted(random.Random(seed).sample(range(len(rows)), most))]


def _read(path: Path) -> Iterator[Row]:
    """Through `datasets`, whose cache is kept out of it: rows are read once a run."""
    from datasets import load_dataset
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        loaded = load_dataset(_format(path), data_files=str(path), split="train", keep_in_memory=True)
    except Exception as error:  # datasets raises what its readers raise
        raise ModelError(f"{path}: the rows can't be read", cause=" ".join(str(error).split())) from error
    missing = [column for column in COLUMNS if column not in loaded.column_names]
    if missing:
        raise ModelError(f"{path}: the rows have no {', '.join(missing)}", hint=f"Wanted: {', '.join(COLUMNS)}.")
    yield from loaded


def _wanted(recipe: RowsRecipe, row: Row) -> bool:
    of_task = recipe.task is None or row.get("task") == recipe.task
    of_source = recipe.sources is None or row.get("source") in recipe.sources
    return of_task and of_source and (recipe.instructions is None or row["instruction"].startswith(recipe.instructions))


def token_rows(recipe: LoraRecipe, rows: list[Row], tokenizer: Any, split: str) -> TokenRows:
    """Return the rows of a split as tokens; prompt and answer are cut apart where the model will be asked to begin."""
    if split == VALIDATION and len(rows) > recipe.training.validation_rows:
        step = len(rows) / recipe.training.validation_rows
        rows = [rows[int(index * step)] for index in range(recipe.training.validation_rows)]
    encoded = [_encode(row, tokenizer) for row in rows]
    fitting = tuple(row for row in encoded if len(row["input_ids"]) <= recipe.training.sequence_length)
    if not fitting:
        raise ModelError(
            f'all rows of the split "{split}" are longer than training.sequence_length',
            hint="take a larger one",
        )
    return TokenRows(fitting, len(encoded) - len(fitting))


def _encode(row: Row, tokenizer: Any) -> dict[str, list[int]]:
    prompt = tokenizer(wording(row["instruction"], row["input"]), add_special_tokens=False)["input_ids"]
    answer = tokenizer(row["output"], add_special_tokens=False)["input_ids"]
    beginning = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    given, written = [*beginning, *prompt], [*answer, tokenizer.eos_token_id]
    return {"input_ids": given + written, "completion_mask": [0] * len(given) + [1] * len(written)}
