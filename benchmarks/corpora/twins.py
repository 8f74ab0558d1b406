"""What held-out answers cost a trained model, when those works are set aside of which it has learnt a version under another name.

The rows that a model was trained on may have been split by names alone. A built corpus knows better which works are one
(chordllama/corpora/build/works.py): a held-out work whose group holds a work of the training rows has a twin there.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from chordllama.corpora.build.building import judged
from chordllama.corpora.build.shards import BuildFolder, ShardRecord, load_record
from chordllama.corpora.build.steps import CLEAN
from chordllama.corpora.sources import load_sources
from chordllama.training.bits import Cost, bits_a_note, costs, interval
from chordllama.training.llama_model import device_for
from chordllama.training.row_folders import StoredRow, read_rows, shards

FREE = "without a twin"
MOST_NAMED = 20
TASKS = ("continue", "infill", "harmonise", "vary")


def main(arguments: list[str]) -> int:
    """Find the twins, measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.corpora twins")
    parser.add_argument("--built", type=Path, required=True, help="folder of a corpus that `corpus build music` made")
    parser.add_argument("--trained", type=Path, required=True, help="folder of the rows that the model was trained on")
    parser.add_argument("--rows", type=Path, help="folder of the held-out rows [that of --trained]")
    parser.add_argument("--splits", default="test", help="which of these rows [%(default)s]")
    parser.add_argument(
        "--model", type=Path, help="the trained weights, a Hugging Face folder [only the twins are told]"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth held-out row [%(default)s]")
    parser.add_argument("--free", action="store_true", help="measure works without a twin only")
    options = parser.parse_args(arguments)
    groups = groups_of(options.built)
    trained = {groups.get(row.work, row.work) for row in rows_of(options.trained, "train")}
    held_out = [row for split in options.splits.split(",") for row in rows_of(options.rows or options.trained, split)]
    kinds = {row.work: kind_of(groups, row.work, trained) for row in held_out}
    sources = {row.work: row.source for row in held_out}
    print_works(kinds)
    if options.free:
        held_out = [row for row in held_out if kinds[row.work] == FREE]
    if options.model:
        print_bits(costs(options.model, held_out[:: options.every], device_for("auto")), kinds, sources)
    return 0


def groups_of(built: Path) -> dict[str, str]:
    """The name that a source gives a work -> the name of the work that it turned out to be."""
    place = BuildFolder(built, "music")
    records = list(_records(place))
    verdicts, _ = judged(place, records)
    found: dict[str, str] = {}
    for record, own in zip(records, verdicts, strict=True):
        found.update(zip(record.counts["works"], (verdict.work for verdict in own), strict=True))
    return found


def _records(place: BuildFolder) -> Iterator[ShardRecord]:
    """The records of cleaned shards, in the order of their sources."""
    names = sorted(path.stem for path in (place.work / CLEAN).glob("*.json"))
    for source in load_sources():
        for name in names:
            if name.rpartition("-")[0] == source.replace(":", "-") and (found := load_record(place, CLEAN, name)):
                yield found


def rows_of(corpus: Path, split: str) -> Iterator[StoredRow]:
    """The rows of one split."""
    for path in shards([corpus], split):
        yield from read_rows(path)


def kind_of(groups: Mapping[str, str], work: str, trained: set[str]) -> str:
    """Whether a held-out work has a twin among those that the model has learnt from."""
    if work not in groups:
        return "left out by the cleaning"
    return "with a twin" if groups[work] in trained else FREE


def print_works(kinds: Mapping[str, str]) -> None:
    """How many works there are of each kind, and which have twins."""
    for kind in sorted(set(kinds.values())):
        works = sorted(work for work in kinds if kinds[work] == kind)
        named = "" if kind == FREE or len(works) > MOST_NAMED else f": {', '.join(works)}"
        print(f"{len(works)} works {kind}{named}")


def print_bits(found: Sequence[Cost], kinds: Mapping[str, str], sources: Mapping[str, str]) -> None:
    """Bits a note for each kind of work, by task and by source."""
    print("| what | works | bits a note | 95 % of works | mean of the works | notes |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in ("all", *sorted(set(kinds.values()))):
        own = [cost for cost in found if kind in ("all", kinds[cost.work])]
        parts = {task: [cost for cost in own if cost.task == task] for task in TASKS}
        parts |= {source: [cost for cost in own if sources[cost.work] == source] for source in set(sources.values())}
        for name, some in ({"all": own} | parts).items():
            if some:
                print(_row(f"{kind}: {name}", some))


def _row(what: str, some: Sequence[Cost]) -> str:
    works: dict[str, list[Cost]] = {}
    for cost in some:
        works.setdefault(cost.work, []).append(cost)
    low, high = interval(some)
    mean, notes = fmean(map(bits_a_note, works.values())), sum(cost.notes for cost in some)
    return f"| {what} | {len(works)} | {bits_a_note(some):.2f} | {low:.2f}–{high:.2f} | {mean:.2f} | {notes:,} |"
