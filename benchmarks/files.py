"""The score files that a benchmark is given by name or by folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

SUFFIXES = (".mxl", ".musicxml", ".xml")


def score_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves and those in the folders, sorted within each folder."""
    found: list[Path] = []
    for path in paths:
        found += sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES) if path.is_dir() else [path]
    return found
