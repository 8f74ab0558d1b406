"""Files that appear whole or not at all. Knows paths and bytes; knows nothing of what the bytes mean."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


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
    finally:
        temporary.unlink(missing_ok=True)


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
