"""Writes bars anew in the middle of songs and looks at what is around them: `python -m benchmarks.around FOLDER … [--each N] [--tasks …]`.

Every byte outside of the measures that were asked for has to be the source's, and over their borders no tie, slur or hairpin may lose an
end that it had. Shares no code with the codec, which puts the bars in. Exit status 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import get_args

from lxml import etree
from lxml.etree import _Element

from benchmarks.files import score_files
from benchmarks.kept import MEASURE, PART
from chordllama.codec.container import read_container
from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Backend, Sampling
from chordllama.generate.continuation import Request, continue_score
from chordllama.generate.models import open_backend
from chordllama.tasks.music import Task

TASKS: tuple[Task, ...] = tuple(task for task in get_args(Task) if task != "continue")
BARS = 2

# ---------------------------------------------------------------------------------------------------------------- bytes


def changed_bytes(old: bytes, new: bytes, first: int, bars: int) -> Iterator[str]:
    """Where a score-partwise file differs from its source outside of `bars` measures from `first` (from 0) on."""
    if PART.sub(b"<part/>", old) != PART.sub(b"<part/>", new):
        yield "the bytes outside of the parts differ"
    for number, pair in enumerate(zip(PART.findall(old), PART.findall(new), strict=True), 1):
        before, after = (_without(part, first, bars) for part in pair)
        if before != after:
            yield f"part {number} differs outside of the new measures"


def _without(part: bytes, first: int, bars: int) -> bytes:
    places = [found.span() for found in MEASURE.finditer(part)]
    return part[: places[first][0]] + part[places[first + bars - 1][1] :]


# ------------------------------------------------------------------------------------------------------------ loose ends


def loose_ends(xml: bytes) -> Counter[str]:
    """Ties, slurs and hairpins with one end only."""
    found: Counter[str] = Counter()
    for part in etree.fromstring(xml).iterfind("part"):
        found["ties"] += _loose_ties(part)
        for kind in ("slur", "wedge"):
            found[f"{kind}s"] += _loose_lines(part, kind)
    return found


def _loose_ties(part: _Element) -> int:
    """Notes at which a tie begins and none of their pitch ends where they do, or the other way round."""
    starts: Counter[tuple[Fraction, str]] = Counter()
    stops: Counter[tuple[Fraction, str]] = Counter()
    for onset, end, note in _notes(part):
        pitch = " ".join(child.text or "" for name in ("pitch", "unpitched") for child in note.iterfind(f"{name}/*"))
        types = {tie.get("type") for tie in note.iterfind("tie")}
        starts.update([(end, pitch)] if "start" in types else [])
        stops.update([(onset, pitch)] if "stop" in types else [])
    return (starts - stops).total() + (stops - starts).total()


def _notes(part: _Element) -> Iterator[tuple[Fraction, Fraction, _Element]]:
    """Each note with the quarters at which it begins and ends."""
    begun, divisions = Fraction(0), Fraction(1)
    for measure in part.iterfind("measure"):
        now = onset = furthest = begun
        for child in measure:
            if child.tag == "attributes" and (told := child.findtext("divisions")):
                divisions = Fraction(told)
            if child.tag not in ("note", "backup", "forward") or child.find("grace") is not None:
                continue
            length = Fraction(child.findtext("duration") or 0) / divisions
            if child.tag == "note":
                onset = onset if child.find("chord") is not None else now
                yield onset, onset + length, child
                now = onset + length
            else:
                now += length if child.tag == "forward" else -length
            furthest = max(furthest, now)
        begun = furthest


def _loose_lines(part: _Element, kind: str) -> int:
    """Ends of lines of a kind that meet no other end of their number, however the ends of one measure are ordered."""
    opened: Counter[str] = Counter()
    loose = 0
    for measure in part.iterfind("measure"):
        change: Counter[str] = Counter()
        for end in measure.iter(kind):
            stops = end.get("type") == "stop"
            change[end.get("number", "1")] += -1 if stops else end.get("type") != "continue"
        for number, count in change.items():
            opened[number] += count
            loose += max(0, -opened[number])
            opened[number] = max(0, opened[number])
    return loose + opened.total()


# --------------------------------------------------------------------------------------------------------------- writing


def judged(data: bytes, name: str, task: Task, backend: Backend, seed: int, first: int) -> dict[str, object]:
    """What is wrong with a score of which bars from `first` (from 1) on are written anew; empty where nothing is."""
    xml = read_container(data, name)
    request = Request(task=task, first=first, bars=BARS, sampling=Sampling(seed=seed))
    (found,) = continue_score(data, name, backend, request)
    if len(found.bars) < BARS:
        return {"failure": str(found.failure)}
    faults: dict[str, object] = {}
    if changed := list(changed_bytes(xml, found.xml, first - 1, BARS)):
        faults["bytes"] = changed
    if loose := loose_ends(found.xml) - loose_ends(xml):
        faults |= loose
    return faults


def main() -> int:
    """Write, look, print; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scores", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=100, help="how many, from all over the folders [%(default)s]")
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    files = score_files(options.scores)
    files = files[:: max(1, len(files) // options.each)]
    total: Counter[str] = Counter()
    with open_backend(None, options.threads) as backend:
        for file in files:
            for task in options.tasks:
                total += _printed(file, task, backend, options.seed)
    print(json.dumps({"scores": len(files), **total}))
    return int(any(total[kind] for kind in ("bytes", "ties", "slurs", "wedges", "crash")))


def _printed(file: Path, task: Task, backend: Backend, seed: int) -> Counter[str]:
    data = file.read_bytes()
    bars = len(MEASURE.findall(PART.findall(read_container(data, file.name))[0]))
    first = 2 + seed * 7919 % max(1, bars - BARS - 1)
    try:
        found = judged(data, file.name, task, backend, seed, first)
    except ChordLlamaError as error:
        found = {"refused": str(error)}
    if found:
        print(json.dumps({"score": file.stem, "task": task, "first": first, **found}), flush=True)
    return Counter({"written": 1, **dict.fromkeys(found, 1)})


if __name__ == "__main__":
    sys.exit(main())
