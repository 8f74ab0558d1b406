"""`python -m benchmarks.tokens [--music21-chorales] [FILE or FOLDER ...]`: how many tokens a note costs, by the Llama 3 tokenizer.

Compared are the compact text (one bar a line, without lyrics), the same elements as minified MusicXML, and the file as it is.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tarfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

from lxml import etree

from benchmarks.chorales import CACHE, chorales
from benchmarks.files import score_files
from chordllama.codec.compact import dumps
from chordllama.codec.container import parse, read_container
from chordllama.codec.musicxml import read
from chordllama.codec.whitelist import ATTRIBUTES, ELEMENTS, Rule, Verdict
from chordllama.tasks.music import lean

PACKAGE = "llama-cpp-python==0.3.36"
MEMBER = "vendor/llama.cpp/models/ggml-vocab-llama-bpe.gguf"
VOCABULARY = CACHE.parent / "llama-3-vocabulary.gguf"
WITHOUT = ("lyrics",)
_DROPPED = Rule(Verdict.DROPPED, "unknown")


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of one file in each form, with its `<note>` elements and bars."""

    name: str
    notes: int
    bars: int
    compact: int
    bars_alone: int
    lean: int
    minified: int
    raw: int


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    vocabulary = fetch_vocabulary(options.vocabulary)
    files = score_files(options.paths) + (chorales(options.cache, options.jobs) if options.music21_chorales else [])
    if options.sample:
        files = random.Random(0).sample(files, min(options.sample, len(files)))
    with ProcessPoolExecutor(options.jobs) as pool:
        costs = list(pool.map(_cost, files, repeat(vocabulary), repeat(not options.text_only), chunksize=4))
    _print(costs)
    if options.words:
        _print_words(files, vocabulary)
    return int(not costs)


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.tokens", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE or FOLDER")
    parser.add_argument(
        "--music21-chorales", action="store_true", help="the four-part Bach chorales of music21's corpus"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument(
        "--vocabulary", type=Path, default=VOCABULARY, help="GGUF of the tokenizer; fetched if it isn't there"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="only N files, chosen by chance (seed 0)")
    parser.add_argument("--text-only", action="store_true", help="don't count the XML, which takes most of the time")
    parser.add_argument("--words", action="store_true", help="print what the tokens are spent on")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes [%(default)s]")
    return parser.parse_args(arguments)


def fetch_vocabulary(path: Path) -> Path:
    """The tokenizer's file; if it isn't there, it is taken out of the source package of llama-cpp-python."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(path.parent),
            PACKAGE,
        ]
        subprocess.run(pip, check=True, stdout=sys.stderr)
        source = next(path.parent.glob(f"{PACKAGE.replace('-', '_').replace('==', '-')}.tar.gz"))
        with tarfile.open(source) as archive:
            member = archive.extractfile(f"{source.name.removesuffix('.tar.gz')}/{MEMBER}")
            assert member is not None
            path.write_bytes(member.read())
        source.unlink()
    return path


@cache
def tokenizer(vocabulary: Path) -> Callable[[str], list[int]]:
    """The Llama 3 tokenizer."""
    from llama_cpp import Llama

    model: Any = Llama(model_path=str(vocabulary), vocab_only=True, verbose=False)
    return lambda text: model.tokenize(text.encode(), add_bos=False, special=False)


def _cost(path: Path, vocabulary: Path, with_xml: bool) -> Cost:
    tokenize = tokenizer(vocabulary)
    data = read_container(path.read_bytes(), path.name)
    score = read(data, path.name)
    root = parse(data, path.name).getroot()
    raw = len(tokenize(data.decode())) if with_xml else 0
    notes = sum(1 for _ in root.iter("note"))
    minified = len(tokenize(_minified(root))) if with_xml else 0
    text = dumps(score, WITHOUT)
    header = text.partition("\n1:\n")[0]
    compact, lean_text = len(tokenize(text)), len(tokenize(dumps(lean(score))))
    return Cost(path.name, notes, len(score.bars), compact, compact - len(tokenize(header)), lean_text, minified, raw)


def _minified(root: etree._Element) -> str:
    """The kept elements and attributes alone, without lyrics and white space."""
    for element in list(root.iter(etree.Element)):
        kept = ELEMENTS.get(str(element.tag), _DROPPED).verdict is Verdict.KEPT and element.tag != "lyric"
        parent = element.getparent()
        if parent is not None and not kept:
            parent.remove(element)
            continue
        element.tail = None
        element.text = (element.text or "").strip() or None
        for name in [
            name for name in element.attrib if ATTRIBUTES.get(str(name), _DROPPED).verdict is not Verdict.KEPT
        ]:
            del element.attrib[name]
    return etree.tostring(root, encoding="unicode")


def _print(costs: list[Cost]) -> None:
    notes, bars = sum(cost.notes for cost in costs), sum(cost.bars for cost in costs)
    print(f"{len(costs)} files, {bars} bars, {notes} <note> elements")
    print(f"{'':34}{'tokens':>12}{'a note':>9}{'a bar':>9}")
    for label, name in (
        ("compact text without lyrics", "compact"),
        ("its bars, without the header", "bars_alone"),
        ("what the model is shown of it", "lean"),
        ("minified MusicXML without lyrics", "minified"),
        ("the MusicXML file", "raw"),
    ):
        total = sum(getattr(cost, name) for cost in costs)
        if total:
            print(f"{label:34}{total:12}{total / notes:9.2f}{total / bars:9.1f}")


def _print_words(files: list[Path], vocabulary: Path) -> None:
    """Where the tokens go."""
    tokenize = tokenizer(vocabulary)
    spent: Counter[str] = Counter()
    for path in files:
        text = dumps(read(path.read_bytes(), path.name), WITHOUT)
        header, _, bars = text.partition("\n1:\n")
        spent["header"] += len(tokenize(header + "\n"))
        for line in f"1:\n{bars}".splitlines(keepends=True):
            spent.update(_spent(line, tokenize))
    total = spent.total()
    print("\nwhat they are spent on (words by themselves):")
    for kind, count in spent.most_common():
        print(f"  {kind:24}{count:10}{count / total:8.1%}")


def _spent(line: str, tokenize: Callable[[str], list[int]]) -> Counter[str]:
    """The tokens of one line of a bar, word by word."""
    key, _, rest = line.partition(":")
    if key.isdecimal():
        return Counter({"bar keys": len(tokenize(line))})
    if not _ROW_KEY.fullmatch(key):
        return Counter({"keys, times, bar lines": len(tokenize(line))})
    spent = Counter({"row keys": len(tokenize(f"{key}:")), "line ends": 1})
    for word in rest.split():
        spent[_kind(word)] += len(tokenize(f" {word}"))
    return spent


_ROW_KEY = re.compile(r" [a-h]\d+(?:_\d+)?")


def _kind(word: str) -> str:
    first = word[0]
    kinds = {"r": "rests", "s": "spacers", "=": "directions"}
    return kinds.get(first, "chord symbols" if first.isupper() else "notes")


if __name__ == "__main__":
    sys.exit(main())
