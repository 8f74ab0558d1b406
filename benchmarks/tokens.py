"""`python -m benchmarks.tokens [--music21-chorales] [--mixed] [FILE or FOLDER ...]`: how many tokens a note costs, by the Llama 3 tokenizer.

One table: the file as it is, its kept elements as minified MusicXML, the 2024 YAML, ABC, and the compact text with one, two and four
bars to a line. Lyrics are left out of all but the file; counted is everything else, headers too, for each `<note>` element.
Where nothing is named, both sets are counted, the mixed one if `--data` has its scores.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tarfile
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

from lxml import etree

from benchmarks.chorales import CACHE, chorales
from benchmarks.files import score_files
from benchmarks.mixed import CACHE as MIXED
from benchmarks.mixed import mixed
from benchmarks.notation.abc import write_abc
from chordllama.codec import classic
from chordllama.codec.compact import NEXT_BAR, dump_header, dumps
from chordllama.codec.container import parse, read_container
from chordllama.codec.musicxml import read
from chordllama.codec.omit import omit
from chordllama.codec.whitelist import ATTRIBUTES, ELEMENTS, NotationRule, Treatment
from chordllama.codec.words.frames import is_end, is_frame
from chordllama.codec.words.places import is_place
from chordllama.codec.words.texts import split_words
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import lean

PACKAGE = "llama-cpp-python==0.3.36"
MEMBER = "vendor/llama.cpp/models/ggml-vocab-llama-bpe.gguf"
VOCABULARY = CACHE.parent / "llama-3-vocabulary.gguf"
WITHOUT = ("lyrics",)
_DROPPED = NotationRule(Treatment.DROPPED, "unknown")


@dataclass(frozen=True, slots=True)
class Source:
    """One file in the shapes from which it is written down."""

    data: bytes
    root: etree._Element
    score: Score


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a file down, and what it keeps of it."""

    name: str
    keeps: str
    write: Callable[[Source], str]
    is_xml: bool = False


_SIGNS = "notes, voices, slurs, articulations, dynamics, words, chord symbols, bar lines"
FORMS = (
    Form("the MusicXML file", "everything", lambda source: source.data.decode(), True),
    Form("minified MusicXML", "the elements and attributes of the table", lambda source: minified(source.root), True),
    Form(
        "2024 YAML, all parts",
        "notes, ties, tuplets, staves, keys, times, clefs, chord symbols; no voices, no other sign, no bar lines",
        lambda source: classic.dumps(classic.encode(source.data)),
        True,
    ),
    Form(
        "ABC, interleaved by bar",
        f"{_SIGNS}; not which staff, not what is hidden",
        lambda source: write_abc(source.score),
    ),
    Form("ABC, part after part", "the same", lambda source: write_abc(source.score, interleaved=False)),
    Form("compact, one bar a line", "all that the table keeps", lambda source: dumps(source.score)),
    Form("compact, two bars a line", "the same", lambda source: dumps(source.score, bars_per_line=2)),
    Form("compact, four bars a line", "the same", lambda source: dumps(source.score, bars_per_line=4)),
    Form("the bars of one a line, without header", "", lambda source: _bars(source.score)),
    Form(
        "what the model is shown", "no texts, names, tempo, technical signs", lambda source: dumps(lean(source.score))
    ),
)
"""The rows of the table."""
NOTE = """ABC is written by benchmarks/notation/abc.py. With xml2abc, on 60 other scores of such kinds: part after part 3.1, interleaved 3.6."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens of one file by form, with its `<note>` elements and bars."""

    notes: int
    bars: int
    tokens: dict[str, int]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    vocabulary = fetch_vocabulary(options.vocabulary)
    sets = {name: files for name, files in _sets(options).items() if files}
    if not sets:
        raise SystemExit("nothing to count: none of what was named holds scores (.musicxml, .xml, .mxl)")
    with ProcessPoolExecutor(options.jobs) as pool:
        costs = {
            name: list(pool.map(_cost, files, repeat(vocabulary), repeat(not options.text_only), chunksize=4))
            for name, files in sets.items()
        }
    _print(costs)
    if options.words:
        _print_words([file for files in sets.values() for file in files], vocabulary)
    return 0


def _sets(options: Namespace) -> dict[str, list[Path]]:
    """The columns of the table."""
    found = {"files": score_files(options.paths)}
    usual = not (options.paths or options.music21_chorales or options.mixed)
    if usual and not options.data.exists():
        print(f"{options.data} isn't there, so the mixed set isn't counted", file=sys.stderr)
    if usual or options.music21_chorales:
        found["chorales"] = chorales(options.cache, options.jobs)
    if options.mixed or (usual and options.data.exists()):
        found["mixed"] = mixed(options.data, options.mixed_cache, options.cache, options.jobs)
    if options.sample:
        found = {name: random.Random(0).sample(files, min(options.sample, len(files))) for name, files in found.items()}
    return found


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.tokens", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE or FOLDER")
    parser.add_argument(
        "--music21-chorales", action="store_true", help="the four-part Bach chorales of music21's corpus"
    )
    parser.add_argument("--mixed", action="store_true", help="59 scores of six kinds (benchmarks/mixed.py)")
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="the mixed set's folders of scores [%(default)s]"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument("--mixed-cache", type=Path, default=MIXED, help="and the mixed set [%(default)s]")
    parser.add_argument(
        "--vocabulary", type=Path, default=VOCABULARY, help="GGUF of the tokenizer; fetched if it isn't there"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="only N files of each set, chosen by chance (seed 0)")
    parser.add_argument(
        "--text-only", action="store_true", help="don't count XML and YAML, which take most of the time"
    )
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
    root = parse(data, path.name).getroot()
    source = Source(data, root, omit(read(data, path.name), WITHOUT))
    forms = [form for form in FORMS if with_xml or not form.is_xml]
    tokens = {form.name: len(tokenize(form.write(source))) for form in forms}
    return Cost(sum(1 for _ in root.iter("note")), len(source.score.bars), tokens)


def _bars(score: Score) -> str:
    return "\n".join(dumps(score).splitlines()[len(dump_header(score)) :]) + "\n"


def minified(root: etree._Element) -> str:
    """The kept elements and attributes alone, without lyrics and white space."""
    root = deepcopy(root)
    for element in list(root.iter(etree.Element)):
        kept = ELEMENTS.get(str(element.tag), _DROPPED).treatment is Treatment.KEPT and element.tag != "lyric"
        parent = element.getparent()
        if parent is not None and not kept:
            parent.remove(element)
            continue
        element.tail = None
        element.text = (element.text or "").strip() or None
        for name in [
            name for name in element.attrib if ATTRIBUTES.get(str(name), _DROPPED).verdict is not Treatment.KEPT
        ]:
            del element.attrib[name]
    return etree.tostring(root, encoding="unicode")


def _print(costs: dict[str, list[Cost]]) -> None:
    for name, found in costs.items():
        notes, bars = _totals(found)
        print(f"{name}: {len(found)} scores, {bars} bars, {notes} <note> elements")
    heads = "".join(f"{name:>12}: a note{'a bar':>9}" for name in costs)
    print(f"{'tokens':38}{heads}   keeps")
    for form in FORMS:
        if all(form.name in cost.tokens for found in costs.values() for cost in found):
            print(f"{form.name:38}" + "".join(_cell(found, form) for found in costs.values()) + f"   {form.keeps}")
    print(NOTE)


def _totals(costs: list[Cost]) -> tuple[int, int]:
    return sum(cost.notes for cost in costs), sum(cost.bars for cost in costs)


def _cell(costs: list[Cost], form: Form) -> str:
    notes, bars = _totals(costs)
    tokens = sum(cost.tokens[form.name] for cost in costs)
    return f"{tokens / notes:20.2f}{tokens / bars:9.1f}"


def _print_words(files: list[Path], vocabulary: Path) -> None:
    """Where the tokens go."""
    tokenize = tokenizer(vocabulary)
    spent: Counter[str] = Counter()
    for path in files:
        score = omit(read(path.read_bytes(), path.name), WITHOUT)
        header = dump_header(score)
        spent["header"] += len(tokenize("\n".join(header) + "\n"))
        for line in dumps(score).splitlines()[len(header) :]:
            spent.update(_spent(line, tokenize))
    total = spent.total()
    print("\nwhat they are spent on with one bar a line (words by themselves):")
    for kind, count in spent.most_common():
        print(f"  {kind:24}{count:10}{count / total:8.1%}")


def _spent(line: str, tokenize: Callable[[str], list[int]]) -> Counter[str]:
    """The tokens of one bar, word by word."""
    key, _, rest = line.partition(":")
    spent = Counter({"bar keys and line ends": len(tokenize(f"{key}:")) + 1})
    for word in split_words(rest.strip()):
        spent[_kind(word)] += len(tokenize(f" {word}"))
    return spent


def _kind(word: str) -> str:
    if word == NEXT_BAR or is_place(word):
        return "next staff, next voice"
    if is_frame(word) or is_end(word):
        return "keys, times, bar lines"
    first = word[0]
    kinds = {"r": "rests", "s": "spacers", "=": "directions"}
    return kinds.get(first, "chord symbols" if first.isupper() else "notes")


if __name__ == "__main__":
    sys.exit(main())
