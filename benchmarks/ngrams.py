"""`python -m benchmarks.ngrams --data DIR --tokenizer DIR`: what held-out answers cost a 5-gram model, in bits a note.

The floor beside a trained model: counts of up to five tokens by the model's own tokenizer, learnt from the training rows in every key that
stays in range, smoothed by interpolated Kneser-Ney (Chen and Goodman 1999, equation 4.34: one discount for each order, D = n1 / (n1 + 2 n2)).
Its test rows and its figure are those of `benchmarks.scaling`.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scaling import test_rows
from chordllama.tasks.music_rows import MusicRow, transposed
from chordllama.training.bits import Cost, bits_a_bar, bits_a_note, interval, notes_in, task_of
from chordllama.training.corpus import TrainingRow, read_rows, shards
from chordllama.training.tokenizer import BOS, EOS, encode, load_tokenizer, token_id

ORDER = 5
BITS = 12
"""Bits of one token's id: five fit into one number."""
Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


class Order:
    """The n-grams of one length: sorted, with what counts for each, and for each context the sum and the number of followers."""

    def __init__(self, grams: Keys, counts: Counts) -> None:
        self.grams, self.counts = grams, counts
        contexts = grams >> np.uint64(BITS)
        self.contexts, starts = np.unique(contexts, return_index=True)
        self.sums = np.add.reduceat(counts, starts)
        self.followers = np.diff([*starts, len(grams)])
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        self.discount = once / (once + 2 * twice) if once else 0.0

    def probabilities(self, grams: Keys, lower: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of each gram's last token after its others, given that by one token less of context."""
        counts = _found(self.grams, self.counts, grams)
        contexts = grams >> np.uint64(BITS)
        sums = _found(self.contexts, self.sums, contexts)
        followers = _found(self.contexts, self.followers, contexts)
        known = sums > 0
        total = np.maximum(sums, 1)
        own = np.maximum(counts - self.discount, 0) / total
        return np.where(known, own + self.discount * followers / total * lower, lower)


def _found(keys: Keys, values: Counts, wanted: Keys) -> Counts:
    """The value of each wanted key, 0 where there is none."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def grams_of(ids: NDArray[np.uint64], length: int) -> Keys:
    """All runs of `length` ids as numbers, the last id lowest."""
    number = max(0, len(ids) - length + 1)
    keys = np.zeros(number, dtype=np.uint64)
    for place in range(length):
        keys = (keys << np.uint64(BITS)) | ids[place : place + number]
    return keys


def learn(documents: Iterable[list[int]]) -> list[Order]:
    """The orders from 1 to ORDER. A lower one counts the different tokens before its grams, not how often they are."""
    arrays = [np.asarray(ids, dtype=np.uint64) for ids in documents]
    highest = np.concatenate([grams_of(ids, ORDER) for ids in arrays])
    grams, counts = np.unique(highest, return_counts=True)
    orders = [Order(grams, counts)]
    for length in range(ORDER - 1, 0, -1):
        starts = np.concatenate([grams_of(ids[:length], length) for ids in arrays])  # nothing stands before a document
        mask = np.uint64((1 << BITS * length) - 1)
        followed = np.concatenate([grams & mask, np.unique(starts)])
        grams, counts = np.unique(followed, return_counts=True)
        orders.append(Order(grams, counts))
    return orders[::-1]


def bits(orders: list[Order], ids: list[int], first: int, vocabulary: int) -> float:
    """The sum of -log2 p over the ids from number `first` on."""
    array = np.asarray(ids, dtype=np.uint64)
    probability = np.full(len(array) - first, 1 / vocabulary)
    for length, order in enumerate(orders, 1):
        inside = max(first, length - 1)  # ids that have so many before them
        grams = grams_of(array[inside - length + 1 :], length)  # none, where the ids end before
        skipped = inside - first
        probability[skipped:] = order.probabilities(grams, probability[skipped:])
    return float(-np.log2(probability).sum())


def main(arguments: list[str] | None = None) -> int:
    """Learn, measure and print."""
    options = _options(arguments)
    tokenizer = load_tokenizer(options.tokenizer)
    bos, eos = token_id(tokenizer, BOS), token_id(tokenizer, EOS)
    if tokenizer.get_vocab_size() > 1 << BITS:
        raise SystemExit(f"the tokenizer has more than {1 << BITS} pieces")
    texts = _texts(islice(_rows(options.data, "train"), 0, None, options.every), options.keys)
    orders = learn([bos, *encode(tokenizer, text), eos] for text in texts)
    found = []
    for row in test_rows([options.data], options.rows):
        prompt = [bos, *encode(tokenizer, row.instruction + row.input)]
        ids = [*prompt, *encode(tokenizer, row.output), eos]
        cost = bits(orders, ids, len(prompt), tokenizer.get_vocab_size())
        bars = row.output.count("\n") - 1
        found.append(Cost(task_of(row), row.work, notes_in(row.output), bars, len(ids) - len(prompt), cost))
    _print(found)
    return 0


def _texts(rows: Iterable[TrainingRow], keys: int) -> Iterator[str]:
    for row in rows:
        yield row.text
        moved = (
            transposed(MusicRow(row.instruction, row.input, row.output), n)
            for n in (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6)
        )
        yield from ("".join(found) for found in islice(filter(None, moved), keys - 1))


def _rows(corpus: Path, split: str) -> Iterator[TrainingRow]:
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
