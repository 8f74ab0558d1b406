"""`python -m benchmarks.ngrams --data DIR --tokenizer DIR`: what held-out answers cost a 5-gram model, in bits a note.

The floor beside a trained model: counts of up to five tokens by the model's own tokenizer, learnt from the training rows in every key that
stays in range, smoothed by interpolated Kneser-Ney (`chordllama/evaluate/ngrams.py`).
Its test rows and its figure are those of `benchmarks.scaling`.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from benchmarks.scaling import test_rows
from chordllama.evaluate.ngrams import NGrams
from chordllama.tasks.music_rows import transposed
from chordllama.tasks.row_texts import MusicRow
from chordllama.training.bits import Cost, bits_a_bar, bits_a_note, interval, notes_in, task_of
from chordllama.training.row_folders import StoredRow, read_rows, shards
from chordllama.training.tokenizer import BOS, EOS, encode, load_tokenizer, token_id


def main(arguments: list[str] | None = None) -> int:
    """Learn, measure and print."""
    options = _options(arguments)
    tokenizer = load_tokenizer(options.tokenizer)
    bos, eos = token_id(tokenizer, BOS), token_id(tokenizer, EOS)
    vocabulary = tokenizer.get_vocab_size()
    texts = _texts(islice(_rows(options.data, "train"), 0, None, options.every), options.keys)
    model = NGrams(([bos, *encode(tokenizer, text), eos] for text in texts), vocabulary)
    found = []
    for row in test_rows([options.data], options.rows):
        prompt = [bos, *encode(tokenizer, row.instruction + row.input)]
        ids = [*prompt, *encode(tokenizer, row.output), eos]
        cost = model.bits(ids, len(prompt))
        bars = row.output.count("\n") - 1
        found.append(Cost(task_of(row), row.work, notes_in(row.output), bars, len(ids) - len(prompt), cost))
    _print(found)
    return 0


def _texts(rows: Iterable[StoredRow], keys: int) -> Iterator[str]:
    for row in rows:
        yield row.text
        moved = (
            transposed(MusicRow(row.instruction, row.input, row.output), n)
            for n in (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6)
        )
        yield from ("".join(found) for found in islice(filter(None, moved), keys - 1))


def _rows(corpus: Path, split: str) -> Iterator[StoredRow]:
    return (row for path in shards([corpus], split) for row in read_rows(path))


def _print(found: list[Cost]) -> None:
    print(f"{'task':12}{'answers':>8}{'bits a note':>13}{'95 % of works':>16}{'bits a bar':>12}")
    for task in ("all", *dict.fromkeys(sorted(cost.task for cost in found))):
        some = [cost for cost in found if task in ("all", cost.task)]
        low, high = interval(some)
        span = f"{low:.2f}–{high:.2f}"
        print(f"{task:12}{len(some):8}{bits_a_note(some):13.3f}{span:>16}{bits_a_bar(some):12.1f}")


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.ngrams", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--data", type=Path, required=True, help="a built corpus")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of a trained model or its tokenizer")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth training row [%(default)s]")
    parser.add_argument("--keys", type=int, default=12, help="keys of each training row [%(default)s]")
    parser.add_argument("--rows", type=int, help="only so many of the test rows")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
