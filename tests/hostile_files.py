"""`python tests/hostile_files.py`: writes the hostile corpus to tests/data/hostile. Knows which files there are and what becomes of each.

Only small files are kept there; the others are made anew when they are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hostile_classic import CLASSIC
from hostile_editor import EDITOR
from hostile_texts import TEXTS, TOO_LONG
from hostile_xml import ARCHIVES, CROWDS, LARGE, MARKUP, NUMBERS, ODD, Maker

FOLDER = Path(__file__).parent / "data" / "hostile"
MOST_BYTES = 6_000
"""Of a file that is kept."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file: how it is made, and the words that its error must hold, or, if it is only odd, its warning."""

    make: Maker
    words: str
    refused: bool = True


FILES = {
    name: Hostile(make, words, table is not ODD)
    for table in (ARCHIVES, MARKUP, NUMBERS, CROWDS, TEXTS, CLASSIC, EDITOR, TOO_LONG, LARGE, ODD)
    for name, (make, words) in table.items()
}


def kept() -> dict[str, bytes]:
    """The files that are kept, with what is in them."""
    found = {name: file.make() for name, file in FILES.items() if name not in LARGE | TOO_LONG}
    return {name: data for name, data in found.items() if len(data) <= MOST_BYTES}


def write_all(folder: Path) -> None:
    """Write every file, the large ones, too."""
    for name, file in FILES.items():
        folder.joinpath(name).write_bytes(file.make())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, data in kept().items():
        FOLDER.joinpath(name).write_bytes(data)
