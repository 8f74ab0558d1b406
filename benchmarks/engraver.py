"""What verovio says of a MusicXML file. Knows verovio; knows nothing of what should stand in the file.

verovio writes its complaints to the process's standard error and may crash on a broken file, so that it runs in a process of
its own: this very file is its program.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Engraving:
    """verovio's errors and warnings, and the number of measures it sees."""

    complaints: tuple[str, ...]
    measures: int


def engrave(path: Path, seconds: float = _SECONDS) -> Engraving:
    """Load an uncompressed MusicXML file, draw it, and make its MIDI file.

    It is drawn as one long system, and only errors count then: how crowded a page gets says nothing of the file.
    """
    try:
        ran = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return Engraving((f"is not done after {seconds:g} s",), 0)
    complaints = ran.stderr.decode(errors="replace").splitlines()
    if ran.returncode:
        complaints.append(f"ended with status {ran.returncode}")
    measures = ran.stdout.decode().strip()
    return Engraving(tuple(filter(None, map(str.strip, complaints))), int(measures) if measures.isdecimal() else 0)


def _engrave_here(path: Path) -> int:
    """The number of measures that verovio sees in a file."""
    import verovio

    verovio.enableLog(verovio.LOG_WARNING)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"breaks": "none"})
    if not toolkit.loadFile(str(path)):
        print("can't be loaded", file=sys.stderr)
        return 0
    toolkit.renderToMIDI()
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit.renderToSVG(1)
    return str(toolkit.getMEI()).count("<measure ")


if __name__ == "__main__":
    print(_engrave_here(Path(sys.argv[1])))
