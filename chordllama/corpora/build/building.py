"""A build from end to end: shards are cleaned, works told apart, rows made, and the whole is described. Knows the steps' order.

Killed at any point and begun again it goes on from the last finished shard. The data set's description is written last: where
it is there, everything is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from chordllama.corpora.build import card, works
from chordllama.corpora.build.build_engines import BuildEngine
from chordllama.corpora.build.settings import FORMATS, BuildSettings
from chordllama.corpora.build.shards import BuildFolder, Shard, ShardRecord, part_of, plan, write_file
from chordllama.corpora.build.steps import (
    CLEAN,
    ROWS,
    ShardFailure,
    ShardJob,
    clean_shard,
    clean_state,
    rows_shard,
    rows_state,
)
from chordllama.corpora.build.task_rows import TASK_ROWS
from chordllama.corpora.build.works import SignatureTable, WorkAssignment
from chordllama.corpora.clean.signatures import KINDS, PERMUTATIONS
from chordllama.corpora.sources import CorpusSource
from chordllama.errors import CorpusError
from chordllama.system.files import leftovers

Report = Callable[[str, int, int], None]
Records = dict[str, ShardRecord]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What other machines have still to do, by step."""

    step: str
    shards: int


def build(
    place: BuildFolder,
    settings: BuildSettings,
    sources: Sequence[tuple[CorpusSource, Path]],
    engine: BuildEngine,
    part: tuple[int, int] = (1, 1),
    report: Report = lambda _step, _done, _all: None,
) -> Mapping[str, Any] | Unfinished:
    """Build one task's data set; return its manifest, or what is left to other machines where this one does a `part` only.

    Raises CorpusError for a task that has no rows yet, and naming the file where one can't be read or isn't what it should be, OSError where the disk is full; all
    shards that are finished stay.
    """
    if place.task not in TASK_ROWS:
        raise CorpusError(
            f"{place.task}: no rows can be made of this task yet", hint=f"there are: {', '.join(TASK_ROWS)}"
        )
    shards = [shard for source, folder in sources for shard in plan(source, folder, settings.limit)]
    _tidy(place, [shard.id for shard in part_of(shards, *part)] if part[1] > 1 else None)
    jobs = [ShardJob(shard, place, settings) for shard in shards]
    cleaned = _carry_out(engine, clean_shard, clean_state, jobs, part, report, CLEAN)
    if isinstance(cleaned, Unfinished):
        return cleaned
    verdicts, counts = judged(place, [cleaned[shard.id] for shard in shards])
    jobs = [_rows_job(job, cleaned[job.shard.id], found) for job, found in zip(jobs, verdicts, strict=True)]
    made = _carry_out(engine, rows_shard, rows_state, jobs, part, report, ROWS)
    if isinstance(made, Unfinished):
        return made
    return _complete(place, settings, [source for source, _ in sources], shards, cleaned, made, counts)


def _carry_out(
    engine: BuildEngine,
    work: Callable[[ShardJob], ShardRecord | ShardFailure],
    state: Callable[[ShardJob], ShardRecord | None],
    jobs: Sequence[ShardJob],
    part: tuple[int, int],
    report: Report,
    step: str,
) -> Records | Unfinished:
    """The records of all jobs, of which this machine does its part."""
    records = _run(engine, work, part_of(jobs, *part), report, step)
    others = [job for job in jobs if job.shard.id not in records]
    found = [record for _, record in engine.run(state, others) if isinstance(record, ShardRecord)] if others else []
    if len(found) < len(others):
        return Unfinished(step, len(others) - len(found))
    return records | {record.shard: record for record in found}


def _run(
    engine: BuildEngine,
    work: Callable[[ShardJob], ShardRecord | ShardFailure],
    jobs: Sequence[ShardJob],
    report: Report,
    step: str,
) -> Records:
    records: Records = {}
    failures: list[ShardFailure] = []
    for _, result in engine.run(work, jobs):
        if isinstance(result, ShardFailure):
            if isinstance(result.fault, OSError):
                raise result.fault  # a full disk is full for all
            failures.append(result)
        else:
            records[result.shard] = result
        report(step, len(records) + len(failures), len(jobs))
    if failures:
        raise _first(failures, len(jobs))
    return records


def _first(failures: Sequence[ShardFailure], jobs: int) -> Exception:
    """The first failure in the order of the shards, which says how many there are besides."""
    first = min(failures, key=lambda failure: failure.shard)
    fault = first.fault
    assert isinstance(fault, Exception)
    if len(failures) > 1 and not isinstance(fault, OSError):
        more = f"{len(failures) - 1} more of {jobs} shards failed; the others are finished"
        return CorpusError(fault.message, cause=f"{fault.cause}; {more}" if fault.cause else more, hint=fault.hint)
    return fault


def judged(
    place: BuildFolder, records: Sequence[ShardRecord]
) -> tuple[list[tuple[WorkAssignment, ...]], dict[str, int]]:
    """Return the verdicts on each shard's documents, and what was found in all."""
    names = [work for record in records for work in record.counts["works"]]
    verdicts = works.judge(names, {kind: _table(place, records, number) for number, kind in enumerate(KINDS)})
    ends = iter(verdicts)
    by_shard = [tuple(next(ends) for _ in record.counts["works"]) for record in records]
    return by_shard, works.counts_of(verdicts, names)


def _table(place: BuildFolder, records: Sequence[ShardRecord], kind: int) -> SignatureTable:
    """All signatures of a kind."""
    import numpy as np

    documents, hashes, first = [np.empty(0, np.int64)], [np.empty((0, PERMUTATIONS), np.uint32)], 0
    for record in records:
        rows = np.load(place.work / CLEAN / f"{record.shard}.npy", allow_pickle=False)
        rows = rows[rows[:, 1] == kind]
        documents.append(rows[:, 0].astype(np.int64) + first)
        hashes.append(rows[:, 2:])
        first += len(record.counts["works"])
    return SignatureTable(np.concatenate(documents), np.concatenate(hashes))


def _rows_job(job: ShardJob, record: ShardRecord, verdicts: Sequence[WorkAssignment]) -> ShardJob:
    sha256 = next(digest for name, digest in record.outputs.items() if name.endswith(".jsonl.gz"))
    told = tuple(None if found.copy_of is not None else (found.work, found.split) for found in verdicts)
    return replace(job, clean_sha256=sha256, verdicts=told)


def _complete(
    place: BuildFolder,
    settings: BuildSettings,
    sources: Sequence[CorpusSource],
    shards: Sequence[Shard],
    cleaned: Records,
    made: Records,
    counts: Mapping[str, int],
) -> Mapping[str, Any]:
    """Remove what belongs to no shard, and describe what is there."""
    if not any(made[shard.id].outputs for shard in shards):
        raise CorpusError(f"no document of {', '.join(source.name for source in sources)} gives a row")
    wanted = {place.out / name for record in made.values() for name in record.outputs}
    for path in _data_files(place):
        if path not in wanted:
            path.unlink()
    _tidy(place)
    manifest = card.manifest(settings, sources, [(cleaned[shard.id], made[shard.id]) for shard in shards], counts)
    write_file(place.dataset / "README.md", card.readme(manifest).encode("utf-8", "backslashreplace"))
    write_file(place.dataset / card.MANIFEST, card.dump(manifest))
    return manifest


def _data_files(place: BuildFolder) -> Iterator[Path]:
    from chordllama.corpora.build.formats import FOLDERS

    return chain.from_iterable((place.dataset / FOLDERS[name]).glob("*") for name in FORMATS)


def _tidy(place: BuildFolder, shards: Sequence[str] | None = None) -> None:
    """Remove what killed processes left half written: of some shards only, where other machines may be at work on the others."""
    for folder in (place.dataset, place.work):
        for path, name in leftovers(folder):
            if shards is None or name.partition(".")[0].endswith(tuple(shards)):
                path.unlink(missing_ok=True)
