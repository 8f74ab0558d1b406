"""Archives -> files in a folder, and never anywhere else. Knows zip and tar, and what a hostile archive may try.

Only entries that a pattern names are looked at; among these, links, devices and paths that lead out of the folder are refused.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from chordllama.errors import CorpusError

MAXIMUM_BYTES = 8_000_000_000
MAXIMUM_ENTRIES = 1_000_000
CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
AS_IT_IS = "*"
"""A folder in an unpacking table that means: the path that the entry has in the archive."""

_CORRUPT = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


class _Entry(NamedTuple):
    name: str
    is_file: bool
    open: Callable[[], IO[bytes] | None]


def unpack(
    archive: Path,
    table: Mapping[str, str],
    folder: Path,
    wanted: Container[str] | None = None,
    maximum_bytes: int = MAXIMUM_BYTES,
) -> None:
    """Unpack the entries that a pattern of `table` names into the folder below `folder` that it maps to.

    `wanted` are the paths that are kept, below `folder`; None: all. Raises CorpusError, naming archive and entry, for a corrupt
    or hostile one, and OSError, naming the file, where the disk is full.
    """
    room = maximum_bytes
    for entry in _entries(archive):
        target = _target(entry.name, table)
        if target is None or (wanted is not None and target not in wanted):
            continue
        _check(entry, archive)
        room = _write(entry, folder / target, archive, room)


def _target(name: str, table: Mapping[str, str]) -> str | None:
    """Where an entry goes, as a path below the folder; None where no pattern names it."""
    for pattern, folder in table.items():
        if fnmatchcase(name, pattern):
            path = PurePosixPath(name) if folder == AS_IT_IS else PurePosixPath(folder, PurePosixPath(name).name)
            return path.as_posix()
    return None


def _check(entry: _Entry, archive: Path) -> None:
    path = PurePosixPath(entry.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise _hostile(archive, f'the entry "{entry.name}" leads out of the folder')
    if not entry.is_file:
        raise _hostile(archive, f'the entry "{entry.name}" is a link or no regular file')


def _entries(archive: Path) -> Iterator[_Entry]:
    """Every entry but folders, one after the other."""
    count = 0
    with _corrupt(archive):
        entries = _zip_entries(archive) if zipfile.is_zipfile(archive) else _tar_entries(archive)
        for entry in entries:
            count += 1
            if count > MAXIMUM_ENTRIES:
                raise _hostile(archive, f"it has more than {MAXIMUM_ENTRIES:,} entries")
            yield entry


def _zip_entries(archive: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if not info.is_dir():
                yield _Entry(info.filename, kind in (0, stat.S_IFREG), partial(opened.open, info))


def _tar_entries(archive: Path) -> Iterator[_Entry]:
    """A tar's entries. A gzip stream is read to its end, as its checksum stands there."""
    with archive.open("rb") as file:
        packed = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        with gzip.GzipFile(fileobj=file) if packed else nullcontext(file) as stream:
            with tarfile.open(fileobj=stream, mode="r|*") as opened:
                for info in opened:
                    if not info.isdir():
                        yield _Entry(info.name, info.isreg(), partial(opened.extractfile, info))
            while stream.read(CHUNK):
                pass


def _write(entry: _Entry, path: Path, archive: Path, room: int) -> int:
    """Write one entry; return how many bytes may still come."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _corrupt(archive):
        data = entry.open()
    assert data is not None
    with data, naming(path), path.open("wb") as file:
        while chunk := _read(data, archive):
            room -= len(chunk)
            if room < 0:
                raise _hostile(archive, "it unpacks to more than is allowed")
            file.write(chunk)
    return room


def _read(data: IO[bytes], archive: Path) -> bytes:
    with _corrupt(archive):
        return data.read(CHUNK)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an OSError that doesn't name its file, such as a full disk, the name of this one."""
    try:
        yield
    except OSError as fault:
        if fault.filename is not None or fault.errno is None:
            raise
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


@contextmanager
def _corrupt(archive: Path) -> Iterator[None]:
    try:
        yield
    except _CORRUPT as fault:
        raise CorpusError(
            f"{archive}: the archive can't be unpacked",
            cause=str(fault) or type(fault).__name__,
            hint="it is corrupt or no archive: fetch it again",
        ) from fault


def _hostile(archive: Path, reason: str) -> CorpusError:
    return CorpusError(f"{archive}: the archive is refused", cause=reason)
