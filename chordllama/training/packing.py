"""From rows of corpora to rows of token ids: transposed, encoded and packed with all cores. Knows tokens and keys; knows no model.

Each split becomes `SPLIT.bin` (unsigned 16-bit ids) and, as the sign that it is whole, `SPLIT.json` with its counts.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from chordllama.errors import ModelError
from chordllama.system.files import write_atomically
from chordllama.tasks.music_rows import transposed
from chordllama.tasks.row_texts import MusicRow
from chordllama.training.recipe import Recipe
from chordllama.training.row_folders import SPLITS, StoredRow, all_rows
from chordllama.training.tokenizer import (
    BOS,
    EOS,
    PAD,
    TOKENIZER_FILE,
    load_tokenizer,
    save_tokenizer,
    token_id,
    train_tokenizer,
)

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

    Ids = np.ndarray[Any, Any]

OPEN_ROWS = 64
TOKENIZER_CHARACTERS = 10_000_000
"""More text than this does not make a better tokenizer, only a slower start."""
BATCH = 64
"""Rows that a process takes at once."""
KEYS = tuple(fifths for fifths in range(-6, 7) if fifths)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """One split: `ids` has shape (rows, sequence_length + 1); padding is only at a row's end."""

    ids: Ids
    documents: int
    tokens: int
    bytes: int


class Batch(NamedTuple):
    """Some rows with the number of the first among all, and what is to be done with them."""

    first: int
    rows: tuple[StoredRow, ...]
    transpositions: int
    repeated: tuple[str, ...]
    seed: int
    tokenizer: Path
    length: int


def learn_tokenizer(recipe: Recipe, corpora: Sequence[Path], folder: Path) -> Tokenizer:
    """Return the tokenizer in `folder`, learnt from the training rows where there is none yet."""
    if not (folder / TOKENIZER_FILE).exists():
        folder.mkdir(exist_ok=True)
        save_tokenizer(train_tokenizer(_sample(corpora), recipe.tokenizer), folder)
    return load_tokenizer(folder)


def _sample(corpora: Sequence[Path]) -> Iterator[str]:
    """Every n-th training text, such that about TOKENIZER_CHARACTERS are read."""
    size = sum(len(row.text) for row in all_rows(corpora, "train"))
    stride = max(1, round(size / TOKENIZER_CHARACTERS))
    return (row.text for row in islice(all_rows(corpora, "train"), 0, None, stride))


def packed(recipe: Recipe, corpora: Sequence[Path], folder: Path, tokenizer: Path, split: str) -> Packed:
    """Return a split in `folder`, packed where it isn't there yet; `tokenizer` is the folder of one.

    The same recipe and rows give the same bytes, however many cores there are.
    """
    import numpy as np

    folder.mkdir(exist_ok=True)
    about = folder / f"{split}.json"
    if not about.exists():
        _pack(recipe, corpora, folder, tokenizer, split)
    counts = json.loads(about.read_text(encoding="utf-8"))
    shape = (counts.pop("rows"), recipe.training.sequence_length + 1)
    return Packed(np.memmap(folder / f"{split}.bin", dtype=np.uint16, mode="r", shape=shape), **counts)


def _pack(recipe: Recipe, corpora: Sequence[Path], folder: Path, tokenizer: Path, split: str) -> None:
    import numpy as np

    length = recipe.training.sequence_length + 1
    pieces, counts = _pieces(_batches(recipe, corpora, tokenizer, split))
    if not pieces:
        raise ModelError(f'{corpora[0]}: there is no text for the split "{split}"')
    order = np.random.default_rng([recipe.seed, SPLITS.index(split)]).permutation(len(pieces))
    loaded = load_tokenizer(tokenizer)
    newline, padding = token_id(loaded, "\n"), token_id(loaded, PAD)
    rows = 0
    part = folder / f"{split}.bin.part"
    with part.open("wb") as file:
        for row in pack_rows((pieces[index].tolist() for index in order), newline, length):
            filled = np.full(length, padding, dtype=np.uint16)
            filled[: len(row)] = row
            file.write(filled.tobytes())
            rows += 1
    part.replace(folder / f"{split}.bin")
    about = json.dumps({"rows": rows, **counts}, indent=2) + "\n"
    write_atomically(folder / f"{split}.json", about.encode())


def _batches(recipe: Recipe, corpora: Sequence[Path], tokenizer: Path, split: str) -> Iterator[Batch]:
    transpositions = recipe.data.transpositions if split == "train" else 0
    repeated = recipe.data.repeated if split == "train" else ()
    rows, first = all_rows(corpora, split), 0
    length = recipe.training.sequence_length + 1
    while taken := tuple(islice(rows, BATCH)):
        yield Batch(first, taken, transpositions, repeated, recipe.seed, tokenizer, length)
        first += len(taken)


def _pieces(batches: Iterable[Batch]) -> tuple[list[Ids], dict[str, int]]:
    """All documents as `<bos>` text `<eos>`, cut to length; and how many documents, tokens and bytes they are."""
    import numpy as np

    pieces: list[Ids] = []
    counts = {"documents": 0, "tokens": 0, "bytes": 0}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for ids, sizes, more in pool.map(encode_batch, batches):
            pieces += np.split(ids, np.cumsum(sizes)[:-1]) if len(sizes) else []
            counts = {key: counts[key] + more[key] for key in counts}
    return pieces, counts


def encode_batch(batch: Batch) -> tuple[Ids, list[int], dict[str, int]]:
    """Return the ids of a batch's pieces one after the other, the pieces' lengths, and the counts."""
    import numpy as np

    tokenizer = _loaded(batch.tokenizer)
    bos, eos, newline = (token_id(tokenizer, token) for token in (BOS, EOS, "\n"))
    texts = [text for n, row in enumerate(batch.rows, batch.first) for text in variants(row, n, batch)]
    pieces: list[list[int]] = []
    tokens = 0
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
        ids = [bos, *encoding.ids, eos]
        tokens += len(ids)
        pieces += cut_at_lines(ids, newline, batch.length)
    counts = {"documents": len(texts), "tokens": tokens, "bytes": sum(len(text.encode()) for text in texts)}
    flat = np.fromiter(chain.from_iterable(pieces), dtype=np.uint16)
    return flat, [len(piece) for piece in pieces], counts


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Tokenizer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # each process has its own work
    return load_tokenizer(folder)


def variants(row: StoredRow, number: int, batch: Batch) -> Iterator[str]:
    """Yield a row's text, and for music as many transposed ones as are wanted and can be; all of it again where its source is repeated.

    A repetition leads to other keys.
    """
    chance = random.Random(f"{batch.seed} {number}")
    for _ in range(1 + batch.repeated.count(row.source)):
        yield row.text
        if row.task == "music" and batch.transpositions:
            keys = list(KEYS)
            chance.shuffle(keys)
            music = MusicRow(row.instruction, row.input, row.output)
            moved = (transposed(music, fifths) for fifths in keys)
            yield from ("".join(found) for found in islice(filter(None, moved), batch.transpositions))


def cut_at_lines(ids: list[int], newline: int, length: int) -> list[list[int]]:
    """Cut a document into pieces of at most `length` ids, each beginning at a line's start where a line fits."""
    pieces = []
    while len(ids) > length:
        end = _last_line_end(ids, newline, length) or length
        pieces.append(ids[:end])
        ids = ids[end:]
    return [*pieces, ids]


def _last_line_end(ids: Sequence[int], newline: int, limit: int) -> int:
    """How many ids the lines that fit into `limit` ids have together; 0 where not even one fits."""
    return next((end for end in range(min(limit, len(ids)), 0, -1) if ids[end - 1] == newline), 0)


def pack_rows(pieces: Iterable[list[int]], newline: int, length: int) -> Iterator[list[int]]:
    """Fill rows of at most `length` ids: each piece goes, whole, where it leaves the least room.

    A row that began in the middle of a document would teach to go on without title, parts and key. So a piece is cut, at
    the start of a line, only where it fits nowhere, to fill the row that is given out.
    """
    rows: list[list[int]] = []
    for piece in pieces:
        if len(rows) >= OPEN_ROWS and not any(len(row) + len(piece) <= length for row in rows):
            row = rows.pop(max(range(len(rows)), key=lambda index: len(rows[index])))
            end = _last_line_end(piece, newline, length - len(row))
            yield row + piece[:end]
            piece = piece[end:]
        fitting = [row for row in rows if len(row) + len(piece) <= length]
        if not fitting:
            fitting = [[]]
            rows += fitting
        max(fitting, key=len).extend(piece)
    yield from rows
