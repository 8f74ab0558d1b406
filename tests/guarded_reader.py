"""`python tests/guarded_reader.py FOLDER`: reads each file in a process of its own, and prints a line of JSON for each.

Each may use 512 MB more than the idle interpreter, and ten seconds. Knows no tests; needs Linux.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from chordllama.codec import classic, editor
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.codec.report import Report
from chordllama.errors import ScoreError
from chordllama.score.model import Score

MOST_MEMORY = 512 * 2**20
MOST_SECONDS = 10


def outcome(path: Path) -> dict[str, object]:
    """What becomes of a file: the error's class and text, or the warnings; and the seconds that it took."""
    report = Report()
    began = time.process_time()
    try:
        score = READERS.get(path.suffix, _read_musicxml)(path, report)
    except Exception as fault:
        ours = isinstance(fault, ScoreError)
        return {"seconds": time.process_time() - began, "error": type(fault).__name__, "ours": ours, "text": str(fault)}
    seconds = time.process_time() - began
    text = dumps(score)
    goes_round = loads(text) == score and bool(write(score))
    return {"seconds": seconds, "error": "", "text": "\n".join(report.warnings()), "goes round": goes_round}


def _read_musicxml(path: Path, report: Report) -> Score:
    return read(path.read_bytes(), path.name, report)


def _read_editor(path: Path, _report: Report) -> Score:
    return editor.read(json.loads(path.read_text("utf-8")))


READERS: dict[str, Callable[[Path, Report], Score]] = {
    ".yaml": lambda path, _report: loads(path.read_text("utf-8")),
    ".classic": lambda path, _report: classic.decode(classic.loads(path.read_text("utf-8"))),
    ".json": _read_editor,
}
"""What reads a file of this suffix; all others are MusicXML."""


def _limit() -> None:
    idle = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (idle + MOST_MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS,) * 2)


def main(folder: Path) -> None:
    """One line for each file; that of one that ended its process says how."""
    for path in sorted(folder.iterdir()):
        child = os.fork()
        if not child:
            _limit()
            found = {"name": path.name} | outcome(path)
            print(
                json.dumps(found | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True
            )
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print(
                json.dumps({"name": path.name, "error": f"the process ended with {status}", "text": "", "seconds": 0})
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
