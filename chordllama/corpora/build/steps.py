"""The two steps of a build, each for one shard: files -> cleaned documents with signatures, and those -> rows. Knows no engine.

Both are functions of one argument that another process or machine can import. What a shard needs lies below one folder.
"""

from __future__ import annotations

import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from chordllama.corpora.build.formats import WRITERS
from chordllama.corpora.build.settings import BuildSettings, code_version, key_of
from chordllama.corpora.build.shards import BuildFolder, Shard, ShardRecord, finish, finished, input_hash
from chordllama.corpora.build.task_rows import TASK_ROWS, TOO_MANY_TOKENS
from chordllama.corpora.build.tokens import load_counter
from chordllama.corpora.clean.cleaning import UNREADABLE, Cleaned, Result, clean_document
from chordllama.corpora.clean.cleaning_rules import CleaningOutcome
from chordllama.corpora.clean.signatures import KINDS, PERMUTATIONS, MinHashSignature
from chordllama.corpora.documents import Document, Split, TrainingRow
from chordllama.corpora.read.readers import document
from chordllama.errors import ChordLlamaError, ContainerError, CorpusError

CLEAN, ROWS = "clean", "rows"


@dataclass(frozen=True, slots=True)
class ShardJob:
    """A shard and what to do with it. `verdicts` (for rows): work and split of each of its documents, None for a copy."""

    shard: Shard
    place: BuildFolder
    settings: BuildSettings
    clean_sha256: str = ""
    verdicts: tuple[tuple[str, Split] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ShardFailure:
    """A shard that couldn't be made."""

    shard: str
    fault: ChordLlamaError | OSError


def clean_shard(job: ShardJob) -> ShardRecord | ShardFailure:
    """Clean a shard's documents, if that isn't done yet."""
    try:
        inputs, key = _clean_key(job)
        return finished(job.place, CLEAN, job.shard.id, key) or _clean(job, inputs, key)
    except (ChordLlamaError, OSError) as fault:
        return ShardFailure(job.shard.id, fault)


def clean_state(job: ShardJob) -> ShardRecord | None:
    """Return the record of a shard whose documents are cleaned; None where they aren't, or no more."""
    return finished(job.place, CLEAN, job.shard.id, _clean_key(job)[1])


def _clean_key(job: ShardJob) -> tuple[str, str]:
    inputs = input_hash(job.shard)
    return inputs, key_of(inputs, code_version(), job.settings.skip_unreadable)


def _clean(job: ShardJob, inputs: str, key: str) -> ShardRecord:
    results = list(_results(job))
    kept = [result for result in results if result.cleaned]
    lines = "".join(json.dumps(asdict(result.cleaned), ensure_ascii=False) + "\n" for result in kept if result.cleaned)
    folder = job.place.work / CLEAN
    files = {
        folder / f"{job.shard.id}.jsonl.gz": _packed(lines),
        folder / f"{job.shard.id}.npy": _signature_table([result.signatures for result in kept]),
    }
    record = ShardRecord(job.shard.id, inputs, key, {}, _clean_counts(results))
    return finish(job.place, CLEAN, record, files)


def _results(job: ShardJob) -> Iterator[Result]:
    """What became of each of the shard's documents; one that can't be read is an error, or else counted."""
    for item in islice(_documents(job), job.shard.most):
        if isinstance(item, CorpusError):
            yield _unreadable(item)
            continue
        try:
            yield clean_document(item)
        except ContainerError as fault:
            if not job.settings.skip_unreadable:
                raise _named(fault, job.shard.folder / item.name) from fault
            yield _unreadable(fault)


def _documents(job: ShardJob) -> Iterator[Document | CorpusError]:
    for name in job.shard.names:
        try:
            yield from document(job.shard.source, job.shard.folder, name)
        except CorpusError as fault:
            if not job.settings.skip_unreadable:
                raise
            yield fault


def _unreadable(fault: ChordLlamaError) -> Result:
    return Result(None, CleaningOutcome(None, {UNREADABLE: 1}, UNREADABLE, str(fault)), [])


def _named(fault: ChordLlamaError, path: Path) -> CorpusError:
    return CorpusError(
        f"{path}: can't be read",
        cause=str(fault),
        hint="take it out of the folder, or go on without such files with --skip-unreadable",
    )


def _clean_counts(results: Sequence[Result]) -> dict[str, Any]:
    rules: Counter[str] = Counter()
    for result in results:
        rules.update(result.outcome.counts)
    return {
        "documents": len(results),
        "rules": dict(sorted(rules.items())),
        "refused": dict(sorted(Counter(result.outcome.refused_by for result in results if not result.cleaned).items())),
        "works": [result.cleaned.work for result in results if result.cleaned],
    }


def _signature_table(signatures: Sequence[Sequence[MinHashSignature]]) -> bytes:
    """An array with a row for each signature: number of the document in the shard, number of the kind, hashes."""
    import numpy as np

    rows = [
        np.concatenate([np.array([number, KINDS.index(found.kind)], dtype=np.uint32), found.hashes])
        for number, own in enumerate(signatures)
        for found in own
    ]
    table = np.stack(rows) if rows else np.empty((0, PERMUTATIONS + 2), dtype=np.uint32)
    file = io.BytesIO()
    np.save(file, table, allow_pickle=False)
    return file.getvalue()


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode("utf-8", "surrogatepass"), compresslevel=6, mtime=0)


# --------------------------------------------------------------------------------------------------------------------- rows


def rows_shard(job: ShardJob) -> ShardRecord | ShardFailure:
    """Make the rows of a shard's cleaned documents, if that isn't done yet."""
    inputs, key = _rows_key(job)
    try:
        return finished(job.place, ROWS, job.shard.id, key) or _make_rows(job, inputs, key)
    except (ChordLlamaError, OSError) as fault:
        return ShardFailure(job.shard.id, fault)


def rows_state(job: ShardJob) -> ShardRecord | None:
    """Return the record of a shard whose rows are made; None where they aren't, or no more."""
    return finished(job.place, ROWS, job.shard.id, _rows_key(job)[1])


def _rows_key(job: ShardJob) -> tuple[str, str]:
    inputs = key_of(job.clean_sha256, job.verdicts)
    return inputs, key_of(inputs, code_version(), replace(job.settings, limit=None).facts())


def _make_rows(job: ShardJob, inputs: str, key: str) -> ShardRecord:
    rows: list[TrainingRow] = []
    kept: list[Cleaned] = []
    left_out: Counter[str] = Counter()
    for cleaned, verdict in zip(read_cleaned(job.place, job.shard.id), job.verdicts, strict=True):
        if verdict:
            own = list(_rows_of(job, cleaned, *verdict, left_out))
            rows += own
            kept += [cleaned] if own else []
    files = {
        job.place.dataset / path: data
        for name in job.settings.formats
        for path, data in WRITERS[name](job.shard.id, rows).items()
    }
    counts = _row_counts(rows, kept, job) | {"rows left out": dict(sorted(left_out.items()))}
    return finish(job.place, ROWS, ShardRecord(job.shard.id, inputs, key, {}, counts), files)


def _rows_of(job: ShardJob, cleaned: Cleaned, work: str, split: Split, left_out: Counter[str]) -> Iterator[TrainingRow]:
    counter = load_counter(job.settings.tokenizer)
    source, task = job.shard.source.name, job.settings.task
    chance = random.Random(f"{job.settings.seed} {source}/{cleaned.name}")
    triples = list(TASK_ROWS[task](cleaned, counter.count, job.settings, chance, left_out))
    counts = counter.count_all(["".join(triple) for triple in triples])
    for triple, tokens in zip(triples, counts, strict=True):
        if tokens <= job.settings.maximum_tokens:
            yield TrainingRow(task, *triple, source, cleaned.licence, work, split, tokens)
        else:
            left_out[TOO_MANY_TOKENS] += 1


def _row_counts(rows: Sequence[TrainingRow], kept: Sequence[Cleaned], job: ShardJob) -> dict[str, Any]:
    sizes: Counter[str] = Counter()
    for cleaned in kept:
        sizes.update(cleaned.sizes)
    splits: dict[str, dict[str, int]] = {}
    for row in rows:
        own = splits.setdefault(row.split, {"rows": 0, "tokens": 0})
        own["rows"] += 1
        own["tokens"] += row.tokens
    return {
        "source": job.shard.source.name,
        "documents": len(kept),
        "copies": sum(verdict is None for verdict in job.verdicts),
        "splits": splits,
        "sizes": dict(sizes),
        "kinds": _count(row.instruction.partition(":")[0] for row in rows),
        "licences": _count(row.licence for row in rows),
        "languages": _count(cleaned.facts.get("language", "") for cleaned in kept),
        "works": sorted({(row.work, row.split) for row in rows}),
    }


def _count(values: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def read_cleaned(place: BuildFolder, shard: str) -> Iterator[Cleaned]:
    """Yield the cleaned documents of a shard, one after the other."""
    with gzip.open(place.work / CLEAN / f"{shard}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as file:
        for line in file:
            fields: Mapping[str, Any] = json.loads(line)
            yield Cleaned(**{**fields, "texts": tuple(fields["texts"])})
