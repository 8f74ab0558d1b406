"""The pieces into which a build is cut, and the records of those that are finished. Knows files, hashes and records; knows no step.

A shard's record is written after its files. So a build that was killed finds by the records what is left to do, and whatever
has no record is made again, byte for byte the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

from chordllama.corpora.build.settings import key_of
from chordllama.corpora.documents import Task
from chordllama.corpora.read.readers import names
from chordllama.corpora.sources import CorpusSource, listing
from chordllama.errors import CorpusError
from chordllama.system.files import write_atomically

T = TypeVar("T")

DOCUMENTS: Mapping[Task, int] = {"music": 32, "lyrics": 32, "prose": 1}
"""About so many go into a shard: a book is as much as many songs."""
WORK_FOLDER = ".build"
_TABLES = ("*.tsv", "*.csv", "license*.txt")


@dataclass(frozen=True, slots=True)
class Shard:
    """Some files of one source. `most`: no more than so many documents of them (None: all)."""

    id: str
    source: CorpusSource
    folder: Path
    names: tuple[str, ...]
    most: int | None = None


def plan(source: CorpusSource, folder: Path, limit: int | None) -> list[Shard]:
    """Return the shards of a source, in order. Raises CorpusError where its folder holds nothing for it."""
    found = names(source, folder)[:limit]
    in_a_file = max(1.0, (source.documents or len(found)) / len(found)) if found and not limit else 1.0
    size = max(1, round(DOCUMENTS[source.task] / in_a_file))
    count = ceil(len(found) / size)
    name = source.name.replace(":", "-")
    shards = []
    for number in range(count):
        own = tuple(found[number * size : (number + 1) * size])
        left = None if limit is None else limit - number * size if number == count - 1 else len(own)
        shards.append(Shard(f"{name}-{number:05d}", source, folder, own, left))
    return shards


def part_of(shards: Sequence[T], index: int, count: int) -> list[T]:
    """Return every `count`-th one, from the `index`-th (from 1) on: what one of many machines does."""
    return list(shards[index - 1 :: count])


def input_hash(shard: Shard) -> str:
    """Return what the shard's documents are made of: its files, the catalogue beside them, and what is said of the source.

    Raises CorpusError where a file is not the one that the source's listing means.
    """
    listed = _listing(shard.source)
    digests = {name: _checked(shard, name, listed) for name in shard.names}
    source = {key: value for key, value in asdict(shard.source).items() if key != "downloads"}
    return key_of(source, digests, _catalogue(shard.folder, shard.source.part), shard.most)


def _listing(source: CorpusSource) -> Mapping[str, str]:
    return {} if source.sha256 is None else _cached_listing(source.folder, source.sha256)


@lru_cache(maxsize=64)
def _cached_listing(folder: str, sha256: str) -> Mapping[str, str]:
    return listing(CorpusSource("", "", "music", "", "", "", folder=folder, sha256=sha256)) or {}


def _checked(shard: Shard, name: str, listed: Mapping[str, str]) -> str:
    path = shard.folder / name
    try:
        found = _digest(path)
    except OSError as fault:
        raise CorpusError(f"{path}: can't be read", cause=fault.strerror) from fault
    if name in listed and listed[name] != found:
        raise CorpusError(
            f"{path}: is not the file that {shard.source.name} means",
            cause=f"its sha256 is {found}, wanted {listed[name]}",
            hint=f"fetch it again: chordllama corpus fetch {shard.source.name}",
        )
    return found


@lru_cache(maxsize=64)
def _catalogue(folder: Path, part: str) -> str:
    """The tables and remarks on rights that lie beside the files, and tell about them."""
    places = (folder, folder / part) if part else (folder,)
    tables = {path for place in places for pattern in _TABLES for path in place.glob(pattern)}
    return key_of({path.name: _digest(path) for path in sorted(tables)})


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------------------------------------------------------ records


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """What is known of a finished shard: what it was made of, the files that it became with their sha256, and counts."""

    shard: str
    inputs: str
    key: str
    outputs: Mapping[str, str]
    counts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuildFolder:
    """Where a build of one task writes: the data set itself, and its work beside it."""

    out: Path
    task: Task

    @property
    def dataset(self) -> Path:
        return self.out / self.task

    @property
    def work(self) -> Path:
        return self.out / WORK_FOLDER / self.task

    def record(self, step: str, shard: str) -> Path:
        """Return the file of a shard's record."""
        return self.work / step / f"{shard}.json"


def finished(place: BuildFolder, step: str, shard: str, key: str) -> ShardRecord | None:
    """Return the record of a shard whose files are all there and were made of the same; None where it has to be made."""
    record = load_record(place, step, shard)
    if record is None or record.key != key:
        return None
    whole = all(_is(place.out / name, sha256) for name, sha256 in record.outputs.items())
    return record if whole else None


def load_record(place: BuildFolder, step: str, shard: str) -> ShardRecord | None:
    """Return what is written down of a shard; None where nothing is, or what a crash left can't be read."""
    try:
        return ShardRecord(**json.loads(place.record(step, shard).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def finish(place: BuildFolder, step: str, record: ShardRecord, files: Mapping[Path, bytes]) -> ShardRecord:
    """Write a shard's files, and then its record."""
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)
    outputs = {path.relative_to(place.out).as_posix(): hashlib.sha256(data).hexdigest() for path, data in files.items()}
    whole = ShardRecord(record.shard, record.inputs, record.key, outputs, record.counts)
    path = place.record(step, record.shard)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, json.dumps(asdict(whole), sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return whole


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. An OSError names it, be it that the disk is full."""
    try:
        write_atomically(path, data)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and _digest(path) == sha256
