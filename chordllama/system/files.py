"""Files that appear whole or not at all. Knows paths and bytes; knows nothing of what the bytes mean."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from chordllama.limits import MOST_BYTES

_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}\.tmp", re.DOTALL)


def read_bounded(path: Path) -> bytes:
    """Return the bytes of a file; of one that is too large for a score one byte more than is allowed, by which it is known."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file beside `path` and rename it, so that no reader and no crash ever sees half of it.

    A link is followed, an existing file keeps its mode, and what is no regular file (a pipe, /dev/null) is written to
    directly. Raises OSError; then the old file is as it was.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        _write_through(temporary, data)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as fault:
        fault.filename = str(path)  # the temporary name would tell nobody anything
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def leftovers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the temporary files below a folder that killed processes left behind, each with the name of the file that it would have become."""
    for path, _, names in os.walk(folder):
        for name in names:
            if match := _TEMPORARY.fullmatch(name):
                yield Path(path, name), match[1]


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed: bytes that are no UTF-8 as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
