"""Source against decoded file, as `musicdiff` counts what an engraver would have to change. Knows musicdiff, music21 and the codec's doors.

musicdiff reads both files with music21, so that what music21 doesn't read isn't compared. Its rate (OMR-NED) is the number of
edited symbols by the number of symbols in both scores. https://gregchapman-dev.github.io/musicdiff
"""

from __future__ import annotations

import multiprocessing
import resource
import warnings
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.errors import ChordLlamaError

SECONDS = 60
"""Of computing, after which a comparison is given up: its time grows steeply with the differences in a run of measures."""


@dataclass
class Edits:
    """What musicdiff finds in one file: symbols edited, by kind; `fault` where nothing could be compared."""

    name: str
    fault: str = ""
    notes: int = 0
    notes_rate: float = 0.0
    all: int = 0
    rate: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)


def bounded_edits(path: Path, name: str, seconds: int = SECONDS) -> Edits:
    """The edits of a file, counted in a process of its own that may compute for so many seconds."""
    here, there = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_send, args=(path, name, seconds, there), daemon=True)
    process.start()
    there.close()
    try:
        return here.recv()  # type: ignore[no-any-return]
    except EOFError:
        return Edits(name, f"not compared within {seconds} s")
    finally:
        process.join()


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__, "musicdiff"])


def _send(path: Path, name: str, seconds: int, there: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
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
            compare(path, twin, found)
        except Exception as fault:  # neither music21 nor musicdiff has an error tree of its own
            found.fault = f"musicdiff can't compare it: {type(fault).__name__}: {fault}"
    return found


def compare(source: Path, decoded: Path, found: Edits) -> None:
    """Count the edits from one file to another."""
    from music21 import converter
    from musicdiff.detaillevel import DetailLevel

    before, after = (converter.parse(path, forceSource=True) for path in (source, decoded))
    operations, found.notes_rate = _operations(before, after, DetailLevel.NotesAndRests)
    found.notes = sum(operation[3] for operation in operations)
    operations, found.rate = _operations(before, after, DetailLevel.AllObjects)
    for operation in operations:
        kind = _kind(operation)
        found.all += operation[3]
        found.kinds[kind] = found.kinds.get(kind, 0) + operation[3]
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
