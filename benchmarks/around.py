"""Writes bars anew in the middle of songs and looks at what is around them: `python -m benchmarks.around FOLDER … [--each N] [--tasks …]`.

Every byte outside of the measures that were asked for has to be the source's, and over their borders no tie, slur, hairpin or other line
may lose an end that it had, or its number (benchmarks/lines.py). A variation keeps slurs, articulations, fermatas and other signs at its notes.
To be continued, a score is cut after the bar before. Shares no code with the codec, which puts the bars in. Exit status 1 where a promise is
broken.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from lxml import etree
from lxml.etree import _Element

from benchmarks.files import score_files
from benchmarks.kept import MEASURE, PART, byte_faults
from benchmarks.lines import KINDS, over, paired
from chordllama.codec.container import read_container
from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Backend
from chordllama.generate.continuation import continue_score
from chordllama.generate.models import open_backend
from chordllama.sampling import Sampling
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.plan import Request

TASKS = tuple(MUSIC_TASKS)
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


def loose_ends(old: bytes, new: bytes, first: int, bars: int) -> dict[str, list[str]]:
    """What has one end only in `new`, and had two in `old`: ties, and lines by their kind."""
    before, after = etree.fromstring(old), etree.fromstring(new)
    found: dict[str, list[str]] = defaultdict(list)
    for number, parts in enumerate(zip(before.iterfind("part"), after.iterfind("part"), strict=True), 1):
        loose = [_loose_ties(part) for part in parts]
        found["ties"] += [f"part {number}: {loose[1] - loose[0]}"] if loose[1] > loose[0] else []
    for end in (paired(new).loose - paired(old).loose).elements():
        place = "in" if first <= end.measure < first + bars else "outside of"
        found[end.kind].append(
            f"part {end.part + 1}: {'stop' if end.stops else 'start'} {end.number} {place} the new bars"
        )
    return {kind: places for kind, places in found.items() if places}


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


# ----------------------------------------------------------------------------------------------------------------- signs

_OF_PITCHES = frozenset(["tied", "tuplet", "technical", "accidental-mark", "non-arpeggiate", "arpeggiate"])


def signs(root: _Element) -> Counter[tuple[int, int, Fraction, str]]:
    """The slurs, articulations, ornaments and fermatas of a score-partwise tree by part, measure, moment in it (quarters) and name.

    Moments are rounded, as some sources round their own triplets and the codec doesn't.
    """
    return Counter(
        (
            number,
            measure,
            Fraction(round(12 * moment), 12),
            " ".join([sign.tag, *{sign.get("type")} & {"start", "stop"}]),
        )
        for number, part in enumerate(root.iterfind("part"), 1)
        for measure, moment, note in _moments(part)
        for child in note.iterfind("notations/*")
        for sign in (child if child.tag in ("articulations", "ornaments") else [child])
        if sign.tag not in _OF_PITCHES
    )


def _moments(part: _Element) -> Iterator[tuple[int, Fraction, _Element]]:
    """Each note with its measure (from 1) and its moment there."""
    first: dict[_Element, Fraction] = {}
    numbers = {measure: number for number, measure in enumerate(part.iterfind("measure"), 1)}
    for onset, _, note in _notes(part):
        measure = note.getparent()
        assert measure is not None
        yield numbers[measure], onset - first.setdefault(measure, onset), note


# --------------------------------------------------------------------------------------------------------------- writing


def cut(xml: bytes, bars: int) -> bytes:
    """The score with only so many bars."""

    def shortened(part: re.Match[bytes]) -> bytes:
        ends = [found.end() for found in MEASURE.finditer(part[0])]
        return part[0][: ends[bars - 1]] + part[0][ends[-1] :]

    return PART.sub(shortened, xml)


def judged(whole: bytes, name: str, task: str, backend: Backend, seed: int, first: int) -> dict[str, object]:
    """What is wrong with a score of which bars from `first` (from 1) on are written anew; empty where nothing is."""
    place, xml = (None, cut(whole, first - 1)) if task == "continue" else (first, whole)
    request = Request(task=task, first=place, bars=BARS, sampling=Sampling(seed=seed))
    (found,) = continue_score(xml, name, backend, request)
    if len(found.bars) < BARS:
        return {"failure": str(found.failure)}
    faults: dict[str, object] = {}
    changed = byte_faults(xml, found.xml, BARS) if place is None else changed_bytes(xml, found.xml, first - 1, BARS)
    if places := list(changed):
        faults["bytes"] = places
    if task == "vary":
        before, after = (signs(etree.fromstring(xml)) for xml in (whole, found.xml))
        if moved := sorted([*(before - after).elements(), *(after - before).elements()]):
            faults["signs"] = [
                f"part {part}, measure {n}, quarter {float(at):g}: {sign}" for part, n, at, sign in moved
            ]
    return faults | loose_ends(whole, found.xml, first - 1, BARS)


def main() -> int:
    """Write, look, print; 1 if a promise is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scores", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=100, help="how many, from all over the folders [%(default)s]")
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    parser.add_argument("--first", type=int, help="the first new bar, from 1 [drawn by the seed]")
    parser.add_argument("--lines", action="store_true", help="take the border of bars that most lines cross")
    parser.add_argument("--model", help="a GGUF file or an endpoint's address [the bundled model]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="[half of the processors, of few all but one]")
    options = parser.parse_args()
    files = score_files(options.scores)
    files = files[:: max(1, len(files) // options.each)]
    total: Counter[str] = Counter()
    with open_backend(options.model, options.threads) as backend:
        for file in files:
            xml = read_container(file.read_bytes(), file.name)
            first = options.first or _place(xml, options.seed, crowded=options.lines)
            total["lines over borders"] += over(paired(xml).lines, first - 1, first - 1 + BARS).total()
            for task in options.tasks:
                total += _printed(file, xml, task, backend, options.seed, first)
    print(json.dumps({"scores": len(files), **total}))
    return int(any(total[kind] for kind in ("bytes", "ties", "signs", *KINDS, "crash")))


def _place(xml: bytes, seed: int, *, crowded: bool) -> int:
    """The first new bar (from 1): drawn, or where most lines are cut."""
    bars = len(MEASURE.findall(PART.findall(xml)[0]))
    if not crowded or bars < BARS + 2:
        return 2 + seed * 7919 % max(1, bars - BARS - 1)
    lines = paired(xml).lines
    return 1 + max(range(1, bars - BARS), key=lambda first: over(lines, first, first + BARS).total())


def _printed(file: Path, xml: bytes, task: str, backend: Backend, seed: int, first: int) -> Counter[str]:
    try:
        found = judged(xml, file.name, task, backend, seed, first)
    except ChordLlamaError as error:
        found = {"refused": str(error)}
    except Exception as error:  # what may not happen is counted, too
        found = {"crash": repr(error)}
    if found:
        print(json.dumps({"score": file.stem, "task": task, "first": first, **found}), flush=True)
    return Counter({"written": 1, **dict.fromkeys(found, 1)})


if __name__ == "__main__":
    sys.exit(main())
