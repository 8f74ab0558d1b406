"""How many scores a second become rows, and where the time goes. A sampler looks every two milliseconds of computing which of our
modules is at work: the innermost one on the stack, so that what the codec calls is the codec's."""

from __future__ import annotations

import signal
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from chordllama.corpora.build.settings import BuildSettings
from chordllama.corpora.build.shards import BuildFolder, Shard, ShardRecord, plan
from chordllama.corpora.build.steps import ShardFailure, ShardJob, clean_shard, rows_shard
from chordllama.corpora.build.tokens import find_tokenizer, load_counter
from chordllama.corpora.clean.signatures import minhash
from chordllama.corpora.fetch.fetching import default_cache
from chordllama.corpora.sources import load_sources, place

SOURCES = ("openscore-lieder", "openscore-quartets")
INTERVAL = 0.002
PARTS = {
    "wording of rows": ("/chordllama/tasks/", "/chordllama/codec/excerpt.py"),
    "codec": ("/chordllama/codec/",),
    "tokenizer": ("/build/tokens.py",),
    "MinHash": ("/clean/signatures.py",),
    "rules of cleaning": ("/clean/music_rules.py", "/check/bars.py"),
    "files": ("/build/formats.py", "/build/shards.py", "/corpora/read/"),
}
"""Where a module belongs: the first that fits."""
REST = "all else"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a source's scores took: seconds of computing, and how many samples fell into each part."""

    scores: int
    tokens: int
    seconds: float
    samples: Counter[str]


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.corpora speed")
    parser.add_argument("--from", dest="folder", type=Path, default=Path("../shared/data"), help="[%(default)s]")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth shard [%(default)s]")
    options = parser.parse_args(arguments)
    costs = {name: cost_of(name, options.folder, options.every) for name in SOURCES}
    print(table(costs))
    return 0


def cost_of(name: str, folder: Path, every: int) -> Cost:
    """Clean a source's scores and make their rows, in this process."""
    source = load_sources()[name]
    found = place(source, folder, default_cache())
    assert found is not None, f"{name} is not here"
    settings = BuildSettings("music", find_tokenizer("llama-3", default_cache()), formats=("jsonl",))
    load_counter(settings.tokenizer)
    minhash(["0"])  # what libraries take to load isn't the work
    with tempfile.TemporaryDirectory() as out, sampled() as samples:
        began = time.process_time()
        made = [_made(shard, BuildFolder(Path(out), "music"), settings) for shard in plan(source, found, None)[::every]]
        seconds = time.process_time() - began
    tokens = sum(split["tokens"] for _, record in made for split in record.counts["splits"].values())
    return Cost(sum(count for count, _ in made), tokens, seconds, samples)


def _made(shard: Shard, at: BuildFolder, settings: BuildSettings) -> tuple[int, ShardRecord]:
    """The documents of a shard, and the record of its rows."""
    job = ShardJob(shard, at, settings)
    cleaned = clean_shard(job)
    assert not isinstance(cleaned, ShardFailure), cleaned.fault
    sha256 = next(digest for name, digest in cleaned.outputs.items() if name.endswith(".jsonl.gz"))
    verdicts = tuple((work, "train") for work in cleaned.counts["works"])
    made = rows_shard(replace(job, clean_sha256=sha256, verdicts=verdicts))  # type: ignore[arg-type]
    assert not isinstance(made, ShardFailure), made.fault
    return cleaned.counts["documents"], made


@contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Samples of what is at work, by part."""
    samples: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        samples[part_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def part_of(frame: FrameType | None) -> str:
    """The part that the innermost frame of ours belongs to."""
    while frame is not None:
        name = frame.f_code.co_filename
        for part, places in PARTS.items():
            if any(place in name for place in places):
                return part
        frame = frame.f_back
    return REST


def table(costs: dict[str, Cost]) -> str:
    """The figures in Markdown."""
    heads = ["source", "scores", "tokens", "scores a second", "tokens a second", *PARTS, REST]
    rows = [_row(name, [cost]) for name, cost in costs.items()] + [_row("both", list(costs.values()))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *rows))


def _row(name: str, costs: Sequence[Cost]) -> list[str]:
    scores, tokens = sum(cost.scores for cost in costs), sum(cost.tokens for cost in costs)
    seconds = sum(cost.seconds for cost in costs)
    samples = sum((cost.samples for cost in costs), Counter[str]())
    shares = [f"{samples[part] / samples.total():.1%}" for part in (*PARTS, REST)]
    return [name, f"{scores:,}", f"{tokens:,}", f"{scores / seconds:.1f}", f"{tokens / seconds:,.0f}", *shares]
