"""`python -m benchmarks.learnability [--tokens N]`: which text of the same scores a model learns best, in held-out bits a note.

The same small Llama, with a tokenizer of the same size learnt from each format's own texts, is trained on each format for the same
number of tokens: the same compute, and so fewer notes where a note costs more. A document is 16 bars of a score with what is in
force before them. All formats say the same: pitches as written, values, ties, rests, spacers, clefs, keys, times, lengths of bars
(`--content lean`: also slurs, articulations, dynamics and bar lines, which the 2024 YAML leaves out). The sum of -log2 p over all tokens
of the held-out works' texts, headers too, is divided by their notes and rests; a token sees at most the last `--context` tokens, which
are fewer bars where a bar costs more, and the table says how many. Intervals are bootstrapped over works.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

from benchmarks.chorales import CACHE, chorales
from benchmarks.notation.abc import write_abc
from benchmarks.notation.variant import BASE, FOUR, ROWS
from benchmarks.notation.writer import write as write_variant
from chordllama.codec import classic
from chordllama.codec.compact import dumps
from chordllama.codec.excerpt import excerpt
from chordllama.codec.musicxml import read, write
from chordllama.codec.omit import omit
from chordllama.codec.whitelist import KINDS
from chordllama.score.model import Barline, Chord, Rest, Score
from chordllama.tasks.music_prompts import lean
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import DataRecipe, ModelRecipe, Recipe, TokenizerRecipe, TrainingRecipe
from chordllama.training.step_report import StepReport
from chordllama.training.tokenizer import BOS, EOS, encode, load_tokenizer, token_id

OUT = CACHE.parent / "learnability"
BARS, FEWEST_BARS = 16, 4
HELD_OUT, VALIDATION = 0.06, 0.09
"""Shares of the works: below the first held out, below the second for choosing the best weights, the others to learn from."""
MOST_DOCUMENTS = 4
"""Of one held-out work, so that none outweighs the others."""
FORMATS: dict[str, Callable[[Score], str]] = {
    "compact, one bar a line": dumps,
    "compact, four bars a line": partial(dumps, bars_per_line=4),
    "ABC, interleaved": write_abc,
    "ABC, part after part": partial(write_abc, interleaved=False),
    "2024 YAML": lambda score: classic.dumps(classic.encode(write(score))),
}
MORE: dict[str, Callable[[Score], str]] = {
    "compact, two bars a line": partial(dumps, bars_per_line=2),
    "compact, four, a voice's bars together": partial(write_variant, variant=replace(FOUR, layout="voices")),
    "compact, one, nearest octave": partial(write_variant, variant=replace(BASE, octave="nearest")),
    "compact, one, accidentals by key": partial(write_variant, variant=replace(BASE, by_key=True)),
    "compact, one, value always written": partial(write_variant, variant=replace(BASE, value="always")),
    "compact, a line for each row": partial(write_variant, variant=ROWS),
}
"""Variants of the compact text, with --more."""
WRITERS = {**FORMATS, **MORE}


@dataclass(frozen=True, slots=True)
class Document:
    """One held-out text of a work."""

    work: str
    text: str
    notes: int
    bars: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the held-out documents of one work cost: in bits by the length of the context, and in tokens."""

    notes: int
    bars: int
    tokens: int
    bits: dict[int, float]


def main(arguments: list[str] | None = None) -> int:
    """Train, measure and print."""
    options = _options(arguments)
    chosen = [name for name in (WRITERS if options.more else FORMATS) if options.only in name]
    _print_progress(f"texts of {options.songs} songs and the chorales")
    folder = options.out / f"{options.content}-{options.songs}"
    write_texts(folder, chosen, _scores(options))
    contexts = (options.context, options.context // 4)
    costs = {name: _trained(name, folder, options, contexts) for name in chosen}
    _print(costs, contexts, options)
    return 0


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.learnability", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="where openscore-lieder is [%(default)s]"
    )
    parser.add_argument("--songs", type=int, default=400, help="how many songs, beside the chorales [%(default)s]")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="only every Nth chorale")
    parser.add_argument("--content", choices=("core", "lean"), default="core", help="what the texts say [%(default)s]")
    parser.add_argument("--only", default="", metavar="PART", help="only formats with this in their name")
    parser.add_argument("--more", action="store_true", help="more variants of the compact text")
    parser.add_argument("--tokens", type=int, default=1_000_000, help="training tokens for each format [%(default)s]")
    parser.add_argument("--vocabulary", type=int, default=1024, help="pieces of each tokenizer [%(default)s]")
    parser.add_argument(
        "--context", type=int, default=512, help="tokens of a training row and of a window [%(default)s]"
    )
    parser.add_argument("--layers", type=int, default=2, help="layers of the model, 256 wide [%(default)s]")
    parser.add_argument(
        "--precision", choices=("float32", "bf16"), default="float32", help="bf16 is slow on most CPUs [%(default)s]"
    )
    parser.add_argument("--threads", type=int, default=1, help="[%(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="[%(default)s]")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument("--out", type=Path, default=OUT, help="where texts and runs are kept [%(default)s]")
    return parser.parse_args(arguments)


# ----------------------------------------------------------------------------------------------------------------- texts


def write_texts(folder: Path, chosen: list[str], scores: Iterable[tuple[str, Score]]) -> None:
    """For each format a file of training and validation texts, and one of held-out documents, unless they are there.

    `scores` are the works with their names.
    """
    missing = [name for name in chosen if not _held_out(folder, name).exists()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in missing}
    for work, score in scores:
        for bars in _documents(score, share(work) < HELD_OUT):
            about = {"split": _split(work), "work": work, "notes": notes_of(bars), "bars": len(bars.bars)}
            for name in missing:
                rows[name].append({**about, "instruction": "", "input": "", "output": WRITERS[name](bars)})
    for name, found in rows.items():
        for split in ("train", "validation"):
            _write_lines(
                _corpus(folder, name) / "data" / f"{split}.jsonl", [row for row in found if row["split"] == split]
            )
        _write_lines(_held_out(folder, name), [row for row in found if row["split"] == "held out"])


def _split(work: str) -> str:
    return "held out" if share(work) < HELD_OUT else "validation" if share(work) < VALIDATION else "train"


def share(work: str) -> float:
    """A number from 0 to 1 that is always the same for a work."""
    return int.from_bytes(hashlib.sha256(work.encode()).digest()[:6]) / 2**48


def _corpus(folder: Path, name: str) -> Path:
    return folder / _file_name(name)


def _held_out(folder: Path, name: str) -> Path:
    return folder / f"{_file_name(name)}.held-out.jsonl"


def _file_name(name: str) -> str:
    return name.replace(",", "").replace("'", "").replace(" ", "-").lower()


def _write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _scores(options: Namespace) -> Iterator[tuple[str, Score]]:
    songs = sorted((options.data / "openscore-lieder").rglob("*.mxl"))
    some = [songs[place * len(songs) // options.songs] for place in range(min(options.songs, len(songs)))]
    files = [*zip(repeat("chorales"), chorales(options.cache)[:: options.sample]), *zip(repeat("songs"), some)]
    for source, path in files:
        score = lean(read(path.read_bytes(), path.name))
        yield f"{source}/{path.stem}", core(score) if options.content == "core" else score


def core(score: Score) -> Score:
    """What all formats say: no signs but ties and tuplets, no bar lines."""
    plain = omit(score, KINDS)
    return replace(plain, bars=tuple(replace(bar, start=Barline(), end=Barline()) for bar in plain.bars))


def _documents(score: Score, held_out: bool) -> list[Score]:
    starts = range(0, max(1, len(score.bars) - FEWEST_BARS + 1), BARS)
    found = [excerpt(score, start, start + BARS) for start in starts]
    return found[:MOST_DOCUMENTS] if held_out else found


def notes_of(score: Score) -> int:
    """The notes and rests of a score, a bare bar's rest that goes without saying not counted."""
    items = [item for bar in score.bars for row in bar.rows for item in row.items]
    return sum(len(item.notes) if isinstance(item, Chord) else isinstance(item, Rest) for item in items)


# -------------------------------------------------------------------------------------------------------------- training


def recipe(name: str, options: Namespace) -> Recipe:
    """The same run for every format."""
    batch = 4 * options.context
    steps = max(1, options.tokens // batch)
    training = TrainingRecipe(
        steps=steps,
        batch_tokens=batch,
        micro_batch_tokens=batch,
        sequence_length=options.context,
        learning_rate=3e-3,
        warmup=max(1, steps // 20),
        precision=options.precision,
        threads=options.threads,
        validate_every=max(1, steps // 8),
        checkpoint_every=max(1, steps // 8),
    )
    return Recipe(
        name=_file_name(name),
        data=DataRecipe(corpora=(_file_name(name),)),
        training=training,
        seed=options.seed,
        tokenizer=TokenizerRecipe(vocabulary=options.vocabulary, across_spaces=True),
        model=ModelRecipe(layers=options.layers, feed_forward=512, context=options.context),
    )


def _trained(name: str, folder: Path, options: Namespace, contexts: tuple[int, ...]) -> dict[str, Cost]:
    """What each held-out work costs after training on a format."""
    size = (options.tokens, options.vocabulary, options.context, options.layers, options.seed)
    run = folder / "-".join([_file_name(name), *map(str, size)])
    _print_progress(name)
    best = pretrain(recipe(name, options), [_corpus(folder, name)], run, resume=True, progress=_print_step)
    lines = _held_out(folder, name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return evaluate(best, [Document(row["work"], row["output"], row["notes"], row["bars"]) for row in rows], contexts)


def _print_step(report: StepReport) -> None:
    if report.validation_loss is not None:
        _print_progress(
            f"  step {report.step} of {report.steps}, {report.seconds:.0f} s, "
            f"{report.tokens_per_second:.0f} tokens/s, validation {report.validation_loss:.3f} nats a token"
        )


def _print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------------------ evaluation


def evaluate(folder: Path, documents: list[Document], contexts: tuple[int, ...]) -> dict[str, Cost]:
    """What each work's documents cost under the model of a folder."""
    import transformers
    from transformers import LlamaForCausalLM

    quiet: Any = transformers.utils.logging
    quiet.disable_progress_bar()
    tokenizer = load_tokenizer(folder)
    model: Any = LlamaForCausalLM.from_pretrained(folder)
    model.eval()
    ends = (token_id(tokenizer, BOS), token_id(tokenizer, EOS))
    costs: dict[str, Cost] = {}
    for document in documents:
        ids = [ends[0], *encode(tokenizer, document.text), ends[1]]
        bits = {context: _bits(model, ids, context) for context in contexts}
        cost = Cost(document.notes, document.bars, len(ids) - 1, bits)
        costs[document.work] = _sum(costs[document.work], cost) if document.work in costs else cost
    return costs


def _sum(left: Cost, right: Cost) -> Cost:
    bits = {context: left.bits[context] + right.bits[context] for context in left.bits}
    return Cost(left.notes + right.notes, left.bars + right.bars, left.tokens + right.tokens, bits)


def spans(length: int, context: int) -> Iterator[tuple[int, int, int]]:
    """Windows over ids: (first, end, the first id that is foretold in it). Each id but number 0 is foretold once.

    After the first window an id sees from half the context to all of it.
    """
    foretold = 1
    while foretold < length:
        end = min(length, context + 1 if foretold == 1 else foretold + context // 2)
        yield max(0, end - context - 1), end, foretold
        foretold = end


def _bits(model: Any, ids: list[int], context: int) -> float:
    """The sum of -log2 p over all ids but the first."""
    import torch

    total = 0.0
    with torch.inference_mode():
        for first, end, foretold in spans(len(ids), context):
            window = torch.tensor([ids[first:end]])
            logits = model(input_ids=window[:, :-1], use_cache=False).logits[0, foretold - first - 1 :]
            losses = torch.nn.functional.cross_entropy(logits.float(), window[0, foretold - first :], reduction="sum")
            total += losses.item()
    return total / math.log(2)


def bits_a_note(costs: list[Cost], context: int) -> float:
    """Bits a note over some works together."""
    return sum(cost.bits[context] for cost in costs) / sum(cost.notes for cost in costs)


def interval(values: Callable[[list[int]], float], works: int, rounds: int = 1000) -> tuple[float, float]:
    """The middle 95 % of a figure when works are drawn again by chance; `values` gives it for the works' numbers."""
    chance = random.Random(0)
    found = sorted(values(chance.choices(range(works), k=works)) for _ in range(rounds))
    return found[round(0.025 * rounds)], found[round(0.975 * rounds) - 1]


def _print(costs: dict[str, dict[str, Cost]], contexts: tuple[int, ...], options: Namespace) -> None:
    some = next(iter(costs.values()))
    notes = sum(cost.notes for cost in some.values())
    print(
        f"{len(some)} works held out, {notes} notes and rests, content: {options.content}, {options.tokens} tokens each"
    )
    heads = [f"{context} tokens".rjust(12) + " 95 % of works".rjust(16) for context in contexts]
    print(f"{'bits a note, context of':42}" + "".join(heads) + f"{'more than the first':>26}{'tokens':>9}{'bars':>7}")
    first = list(next(iter(costs.values())).values())
    for name, by_work in costs.items():
        _print_row(name, list(by_work.values()), first, contexts)


def _print_row(name: str, costs: list[Cost], first: list[Cost], contexts: tuple[int, ...]) -> None:
    def bits(context: int, numbers: list[int]) -> float:
        return bits_a_note([costs[n] for n in numbers], context)

    def more(numbers: list[int]) -> float:
        return bits(contexts[0], numbers) - bits_a_note([first[n] for n in numbers], contexts[0])

    works = len(costs)
    cells = [_figure(partial(bits, context), works, 12) for context in contexts] + [_figure(more, works, 10)]
    tokens, notes, bars = (sum(getattr(cost, name) for cost in costs) for name in ("tokens", "notes", "bars"))
    print(f"{name:42}" + "".join(cells) + f"{tokens / notes:9.2f}{contexts[0] * bars / tokens:7.1f}")


def _figure(values: Callable[[list[int]], float], works: int, width: int) -> str:
    low, high = interval(values, works)
    return f"{values(list(range(works))):{width}.3f}  {low:6.3f}–{high:6.3f} "


if __name__ == "__main__":
    sys.exit(main())
