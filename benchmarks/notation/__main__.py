"""`python -m benchmarks.notation [--lean] [--data FOLDER]`: what each choice of the notation costs in tokens of Llama 3's tokenizer.

Every variant says the same: all that the compact text keeps, lyrics left out. Counted are all tokens of a text, its header too,
on the chorales of music21's corpus and on a mixed set (benchmarks/mixed.py).
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.chorales import CACHE, chorales
from benchmarks.mixed import CACHE as MIXED
from benchmarks.mixed import mixed
from benchmarks.notation.variant import BASE, COMBINED, SINGLE, Variant
from benchmarks.notation.writer import write
from benchmarks.tokens import VOCABULARY, WITHOUT, fetch_vocabulary, tokenizer
from chordllama.codec.musicxml import read
from chordllama.codec.omit import omit
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import lean

KINDS = ("chorale", "quartet", "piano", "tune", "song", "orchestra")
Tokenize = Callable[[str], list[int]]


class Piece(NamedTuple):
    """A score with the number of its `<note>` elements; `sets` are the columns it counts for."""

    score: Score
    notes: int
    sets: tuple[str, ...]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    tokenize = tokenizer(fetch_vocabulary(options.vocabulary))
    pieces = _pieces(options)
    notes = Counter({name: sum(piece.notes for piece in pieces if name in piece.sets) for name in _columns()})
    print(f"{len(pieces)} texts; <note> elements: " + ", ".join(f"{name} {count}" for name, count in notes.items()))
    header = {name: count / notes[name] for name, count in _headers(pieces, tokenize).items()}
    base = _costs(pieces, BASE, notes, tokenize)
    _print_head()
    _print_row("the base's header alone", header, {})
    for title, variants in (("one change", SINGLE), ("together", COMBINED)):
        print(f"-- {title}")
        for name, variant in variants.items():
            _print_row(name, _costs(pieces, variant, notes, tokenize), base)
    return int(not pieces)


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.notation", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folders of scores [%(default)s]")
    parser.add_argument("--lean", action="store_true", help="only what the model is shown")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="only every Nth chorale")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument("--mixed-cache", type=Path, default=MIXED, help="and the mixed set [%(default)s]")
    parser.add_argument("--vocabulary", type=Path, default=VOCABULARY, help="GGUF of the tokenizer")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes that export [%(default)s]")
    return parser.parse_args(arguments)


def _columns() -> tuple[str, ...]:
    return ("chorales", "mixed", *KINDS)


def _pieces(options: Namespace) -> list[Piece]:
    files: list[tuple[Path, tuple[str, ...]]] = [
        (path, ("chorales",)) for path in chorales(options.cache, options.jobs)[:: options.sample]
    ]
    some = mixed(options.data, options.mixed_cache, options.cache, options.jobs)
    files += [(path, ("mixed", path.name.partition("-")[0])) for path in some]
    return [_piece(path, sets, options.lean) for path, sets in files]


def _piece(path: Path, sets: tuple[str, ...], as_shown: bool) -> Piece:
    data = path.read_bytes()
    score = read(data, path.name)
    return Piece(lean(score) if as_shown else omit(score, WITHOUT), data.count(b"<note>") + data.count(b"<note "), sets)


def _costs(pieces: list[Piece], variant: Variant, notes: Counter[str], tokenize: Tokenize) -> dict[str, float]:
    spent: Counter[str] = Counter()
    for piece in pieces:
        tokens = len(tokenize(write(piece.score, variant)))
        spent.update(dict.fromkeys(piece.sets, tokens))
    return {name: spent[name] / notes[name] for name in notes if notes[name]}


def _headers(pieces: list[Piece], tokenize: Tokenize) -> Counter[str]:
    spent: Counter[str] = Counter()
    for piece in pieces:
        spent.update(dict.fromkeys(piece.sets, len(tokenize(write(replace(piece.score, bars=()), BASE)))))
    return spent


def _print_head() -> None:
    print(f"{'tokens a <note>':58}" + "".join(f"{name:>10}{'':7}" for name in _columns()[:2]), end="")
    print("".join(f"{name:>10}" for name in KINDS))


def _print_row(name: str, costs: dict[str, float], base: dict[str, float]) -> None:
    cells = [f"{costs[column]:10.3f}" + _difference(costs[column], base.get(column)) for column in _columns()[:2]]
    print(f"{name:58}" + "".join(cells) + "".join(f"{costs.get(kind, 0):10.2f}" for kind in KINDS), flush=True)


def _difference(cost: float, base: float | None) -> str:
    return f"{cost - base:+7.3f}" if base is not None else " " * 7


if __name__ == "__main__":
    sys.exit(main())
