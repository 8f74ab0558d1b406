"""Source against decoded file, as `musicdiff` counts what an engraver would have to change. Knows musicdiff, music21 and the codec's doors.

musicdiff reads both files with music21, so that what music21 doesn't read isn't compared. Its rate (OMR-NED) is the number of
edited symbols by the number of symbols in both scores. https://gregchapman-dev.github.io/musicdiff
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.errors import ChordLlamaError

LIMIT = 60.0
"""Seconds after which a comparison is given up: musicdiff's time grows steeply with the differences of one run of measures."""


@dataclass
class Edits:
    """What musicdiff finds in one file: symbols edited, by kind; `fault` where nothing could be compared."""

    name: str
    fault: str = ""
    notes: int = 0
    notes_rate: float = 0.0
    all: int = 0
    rate: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def bounded_edits(path: Path, name: str, limit: float = LIMIT) -> Edits:
    """The edits of a file, counted in a process of its own that is ended after `limit` seconds."""
    context = multiprocessing.get_context(_START)
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(path, name, there), daemon=True)
    process.start()
    there.close()
    try:
        found = here.recv() if here.poll(limit) else Edits(name, f"not compared within {limit:.0f} s")
    except EOFError:
        found = Edits(name, "the comparison crashed")
    process.kill()
    process.join()
    return found


_START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
multiprocessing.set_forkserver_preload([__name__, "musicdiff"])


def _send(path: Path, name: str, there: Connection) -> None:
    there.send(edits(path, name))


def edits(path: Path, name: str) -> Edits:
    """The edits between a file and what comes back of it."""
    found = Edits(name)
    try:
        decoded = write(loads(dumps(read(path.read_bytes(), path.name))))
    except ChordLlamaError as refusal:
        found.fault = f"refused: {refusal}"
        return found
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twin = Path(folder, "decoded.musicxml")
        twin.write_bytes(decoded)
        try:
            _compare(path, twin, found)
        except Exception as fault:  # neither music21 nor musicdiff has an error tree of its own
            found.fault = f"musicdiff can't compare it: {type(fault).__name__}: {fault}"
    return found


def _compare(source: Path, decoded: Path, found: Edits) -> None:
    from music21 import converter
    from musicdiff import DetailLevel

    before, after = (converter.parse(path, forceSource=True) for path in (source, decoded))
    operations, found.notes_rate = _operations(before, after, DetailLevel.NotesAndRests)
    found.notes = sum(operation[3] for operation in operations)
    operations, found.rate = _operations(before, after, DetailLevel.AllObjects & ~int(os.environ.get("NOBEAM", "0")))
    for operation in operations:
        kind = _kind(operation)
        found.all += operation[3]
        found.kinds[kind] += operation[3]
        found.examples.setdefault(kind, f"{found.name}: {_shown(operation[1])} -> {_shown(operation[2])}")


def _operations(before: Any, after: Any, detail: int) -> tuple[list[Any], float]:
    from musicdiff.annotation import AnnScore
    from musicdiff.comparison import Comparison

    source, decoded = AnnScore(before, detail), AnnScore(after, detail)
    operations, cost = Comparison.annotated_scores_diff(source, decoded)
    return operations, cost / max(1, source.notation_size() + decoded.notation_size())


def _kind(operation: Any) -> str:
    """musicdiff's name of an operation, and of what it edits where that is no note."""
    kind = getattr(operation[1] or operation[2], "kind", "")
    return f"{operation[0]} {kind}".strip()


def _shown(value: Any) -> str:
    text = "nothing" if value is None else value.readable_str()
    return text if len(text) < 120 else f"{text[:120]}…"
