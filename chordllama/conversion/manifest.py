"""What has been converted into a folder: one line for each file, from which a later run sees what is left to do. Knows no music.

A line is added when its file is written. After a crash a file may be there without its line, or the last line be cut off; neither
does harm, as such a file is converted again and found to be the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from chordllama.system.files import write_atomically

NAME = ".chordllama.jsonl"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that has been written: its place and that of its source in their folders, and what it was made of."""

    output: str
    input: str
    output_sha256: str
    input_sha256: str
    settings: str
    warnings: tuple[str, ...] = ()

    def format(self) -> str:
        """Return a line of JSON in ASCII, which holds names in any encoding."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def parse(cls, line: str) -> FileRecord:
        """Return the record that `format` writes. Raises ValueError or TypeError for any other line."""
        fields = json.loads(line)
        return cls(**{**fields, "warnings": tuple(fields["warnings"])})


def sha256(data: bytes) -> str:
    """Return the checksum by which files are compared."""
    return hashlib.sha256(data).hexdigest()


class Manifest:
    """The records of a folder, on disk and by output."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.records = _load(self.path)
        self._file: TextIO | None = None

    def __enter__(self) -> Manifest:
        self._rewrite()
        self._file = self.path.open("a", encoding="ascii", newline="\n")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()
        self._rewrite()

    def add(self, record: FileRecord) -> None:
        """Remember a file that has just been written."""
        assert self._file is not None
        self.records[record.output] = record
        self._file.write(record.format() + "\n")
        self._file.flush()

    def _rewrite(self) -> None:
        """One line for each file, in the order of their names: the same files, the same bytes."""
        lines = [self.records[output].format() + "\n" for output in sorted(self.records)]
        write_atomically(self.path, "".join(lines).encode("ascii"))


def _load(path: Path) -> dict[str, FileRecord]:
    found: dict[str, FileRecord] = {}
    if path.exists():
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a line that a crash cut off
                record = FileRecord.parse(line)
                found[record.output] = record
    return found
