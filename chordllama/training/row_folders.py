"""The rows of built corpora: instruction, input and output, by split. Knows the layout of a corpus folder; knows no tokens and no scores.

A corpus is a folder with `data/SPLIT-*.jsonl` or `.jsonl.gz`, one row of `corpora.document.Row`'s fields on a line.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from chordllama.errors import ModelError
from chordllama.system.resources import resource

SPLITS = ("train", "validation")
FIELDS = ("instruction", "input", "output")


class StoredRow(NamedTuple):
    """One row of a corpus, as far as training needs it."""

    task: str
    instruction: str
    input: str
    output: str
    source: str
    work: str
    licence: str = ""

    @property
    def text(self) -> str:
        """The prompt with its answer."""
        return self.instruction + self.input + self.output


def corpus_folder(name: str, data: Path) -> Path:
    """Return where the rows called `name` lie: below the data folder, else among those bundled with the recipes."""
    own, along = data / name, resource("models/recipes") / "rows" / name
    return along if along.exists() and not own.exists() else own


def shards(corpora: Sequence[Path], split: str) -> list[Path]:
    """Return the files of a split. Raises ModelError where a corpus has none."""
    found: list[Path] = []
    for corpus in corpora:
        own = sorted(path for path in (corpus / "data").glob(f"{split}*") if ".jsonl" in path.suffixes)
        if not own and split != "test":
            hint = "build one with `chordllama corpus build`, and name the folder that holds it with --data"
            raise ModelError(f"{corpus}: holds no rows for {split}", hint=hint)
        found += own
    return found


def sources_of(rows: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the sources and licences of some rows, with the number of rows of each."""
    counted = Counter(rows)
    return [
        {"name": name, "licence": licence, "rows": counted[name, licence]} for name, licence in sorted(counted) if name
    ]


def corpora_hash(corpora: Sequence[Path]) -> str:
    """Return the SHA-256 of all rows for training and validation, packed or not."""
    digest = hashlib.sha256()
    for split in SPLITS:
        for path in shards(corpora, split):
            for line in _lines(path):
                digest.update(line.encode())
    return digest.hexdigest()


def all_rows(corpora: Sequence[Path], split: str) -> Iterator[StoredRow]:
    """Yield the rows of a split, one corpus after the other. Raises ModelError as `read_rows` does."""
    return chain.from_iterable(map(read_rows, shards(corpora, split)))


def read_rows(path: Path) -> Iterator[StoredRow]:
    """Yield the rows of one file. Raises ModelError, naming file and line, for what is none."""
    for number, line in enumerate(_lines(path), 1):
        yield _row(path, number, line)


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: the rows can't be read", cause=str(error)) from error


def _row(path: Path, number: int, line: str) -> StoredRow:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ModelError(f"{path}, line {number}: not JSON", cause=str(error)) from error
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in FIELDS):
        raise ModelError(f"{path}, line {number}: wanted {', '.join(FIELDS)}")
    told = {name: str(row.get(name, "")) for name in StoredRow._fields}
    return StoredRow(**told)
