"""Takes every score through everything: `python -m benchmarks.sweep FOLDER … [--sample N] [--json OUT]`.

Each file is checked, encoded and decoded, continued, filled in, harmonised and varied by the bundled model, and MuseScore reads what was
written. An outcome is *done*, *refused* in words (our own errors), or a *fault*: any other exception, no answer in time, notes lost,
bars that aren't full, a changed byte of the composer's, a complaint of MuseScore. Exit status 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import codecs
import json
import math
import random
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from lxml import etree

from benchmarks import filling
from benchmarks.around import changed_bytes
from benchmarks.files import score_files
from benchmarks.kept import PART, byte_faults
from benchmarks.musescore import NOT_VALID, Judgement, breaks_the_schema, installed, musescore_on_each, without_places
from benchmarks.round_trip.compare import round_trip
from chordllama.api import assignment_for, check, read
from chordllama.codec.container import read_container
from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Backend
from chordllama.generate.continuation import Assignment, Continuation, write
from chordllama.generate.models import open_backend
from chordllama.system.files import write_atomically
from chordllama.system.processes import Child, Died
from chordllama.tasks.music_tasks import MUSIC_TASKS

BARS = 2
TASKS = tuple(MUSIC_TASKS)
STEPS = ("check", "round trip", *TASKS)
MUSESCORE = "MuseScore"
MOST_SHOWN = 5
"""How many faults of one outcome are told."""
_SCORE_PART = re.compile(rb"<score-part\s.*?</score-part\s*>", re.DOTALL)
_NAMES = re.compile(r'(?<=Error: ).*?\.(?:xml|musicxml|mxl): |"[^"]*"|\d+')

# ------------------------------------------------------------------------------------------------- one step with one file


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step: `words` say why it was refused or what is wrong; `old` and `new` are a task's two files as XML."""

    step: str
    kind: Literal["done", "refused", "fault"]
    words: str = ""
    seconds: float = 0.0
    old: bytes = b""
    new: bytes = b""


def outcome_of(step: str, path: Path, backend: Backend, seed: int) -> Outcome:
    """Take one file through one step; whatever is raised becomes an outcome."""
    started = perf_counter()
    try:
        written = _written(step, path, backend, seed) if step in TASKS else None
        outcome = written or _of_faults(step, _codec_faults(step, path))
    except ChordLlamaError as error:
        outcome = Outcome(step, "refused", f"{type(error).__name__}: {error}")
    except Exception as error:  # whatever it is, it is counted, and the other steps are tried too
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome = Outcome(step, "fault", f"{error!r} in {Path(place.filename).name}, line {place.lineno}")
    return replace(outcome, seconds=round(perf_counter() - started, 2))


def _of_faults(step: str, faults: list[str], old: bytes = b"", new: bytes = b"") -> Outcome:
    words = "; ".join(faults[:MOST_SHOWN])
    return Outcome(step, "fault" if faults else "done", words, old=old, new=new)


def _codec_faults(step: str, path: Path) -> list[str]:
    if step == "check":
        check(path)
        return []
    read(path)  # what is refused is told before the benchmark's own walk over the file
    result = round_trip(path)
    faults = [result.fault] if result.fault else []
    faults += [] if result.stable else ["encodes differently the second time"]
    return faults + ([f"{result.lost} notes lost or extra", *result.examples] if result.lost else [])


def _written(task: str, path: Path, backend: Backend, seed: int) -> Outcome:
    data = path.read_bytes()
    score = read(path)
    first = len(score.bars) // 2 + 1
    bars = max(1, min(BARS, len(score.bars) - first))
    settings: dict[str, Any] = {"seed": seed, "bars": bars} | ({} if task == "continue" else {"first": first})
    if task == "harmonise" and len(score.parts) == 1:
        settings["ensemble"] = "piano"
    assignment = assignment_for(MUSIC_TASKS[task], data, path.name, settings)
    (found,) = write(assignment, backend).candidates
    if found.failure:
        raise found.failure
    old = read_container(data, path.name)
    return _of_faults(task, list(_answer_faults(assignment, found, old, bars)), old, found.xml)


def _answer_faults(assignment: Assignment, found: Continuation, old: bytes, bars: int) -> Iterator[str]:
    """What of a task's promises its answer breaks; what the source has wrong itself doesn't count."""
    task, first, base = assignment.request.task, assignment.plan.first, assignment.xml
    if len(found.bars) < bars:
        yield f"it has {len(found.bars)} new bars instead of {bars}"
        return
    own, given, answer = map(_in_utf8, (old, base, found.xml))
    if base != old and (changed := _beyond_additions(own, given)):
        yield changed
    yield from byte_faults(given, answer, bars) if task == "continue" else changed_bytes(given, answer, first, bars)
    before, after = etree.fromstring(base), etree.fromstring(found.xml)
    lengths = {} if task == "continue" else filling.lengths(before)  # bars in place stay as long as they were
    new = range(first, first + bars)
    known = set(filling.faults(before, first, lengths))
    for fault in filling.faults(after, first, lengths):
        if fault not in known and int(fault.split()[1]) - 1 in new:
            yield fault


def _in_utf8(xml: bytes) -> bytes:
    """A file in whose bytes tags can be found, with the name of its own encoding."""
    order = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(xml[:2])
    return xml.decode(order).encode() + f"<!--{order}-->".encode() if order else xml


def _beyond_additions(old: bytes, new: bytes) -> str:
    """What differs between a file and the same one with more parts below its own, white space aside; empty where nothing does."""
    own = len(PART.findall(old))
    for pattern in (PART, _SCORE_PART):
        for added in pattern.findall(new)[own:]:
            new = new.replace(added, b"")
    return "" if old.split() == new.split() else "the bytes outside of the added parts differ"


# -------------------------------------------------------------------------------------------------------- one file after another


class Worker:
    """A process with an open model that does the steps, and begins anew where one kills it or isn't done in time."""

    def __init__(self, seconds: float, seed: int) -> None:
        self._seconds, self._seed = seconds, seed
        self._child: Child | None = None

    def outcome(self, step: str, path: Path) -> Outcome:
        """Return what became of a step."""
        child = self._child = self._child or Child(_work_off, self._seed)
        try:
            child.send((step, path))
            outcome: Outcome | None = child.receive(self._seconds)
        except Died as death:
            self.close()
            return Outcome(step, "fault", str(death))
        if outcome is None:
            self.close()
            return Outcome(step, "fault", f"no answer after {self._seconds:g} s", self._seconds)
        return outcome

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
        self._child = None


def _work_off(pipe: Any, _stop: Any, seed: int) -> None:
    with open_backend(None, 1) as backend:
        while True:
            step, path = pipe.recv()
            pipe.send(outcome_of(step, path, backend, seed))


def _read_by_musescore(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, and one more of each file that was written: what MuseScore has against it and not against its source."""
    written = [outcome for outcome in outcomes if outcome.new]
    xmls = list(dict.fromkeys(xml for outcome in written for xml in (outcome.old, outcome.new)))
    judged = dict(zip(xmls, musescore_on_each(xmls), strict=True)) if xmls else {}
    return [
        *outcomes,
        *(
            _of_faults(f"{MUSESCORE}, {outcome.step}", list(_complaints(outcome, judged)), outcome.old, outcome.new)
            for outcome in written
        ),
    ]


def _complaints(outcome: Outcome, judged: Mapping[bytes, Judgement]) -> Iterator[str]:
    """What MuseScore has against a written file, but what it has against each bar under a time signature that it can't read."""
    source = judged[outcome.old]
    old, new = (etree.fromstring(xml).findall("part") for xml in (outcome.old, outcome.new))
    measures = max(len(part.findall("measure")) for part in old)
    last = rf"measure {measures} of staff \d+" if outcome.step == "continue" else "nothing"
    known = {re.sub(last, "measure", complaint) for complaint in source.complaints if re.match(last, complaint)}
    if len(new) > len(old):  # what holds of all parts holds of added ones
        known |= set(map(_of_any_staff, source.complaints))
    for complaint in judged[outcome.new].added_to(source):
        if not known & {_of_any_staff(complaint), re.sub(r"measure \d+ of staff \d+", "measure", complaint)}:
            yield complaint
    invalid = any(NOT_VALID in complaint for complaint in source.complaints)
    if outcome.step == "continue" and invalid and breaks_the_schema(outcome.new, measures):
        yield "the new bars break MusicXML's schema"


def _of_any_staff(complaint: str) -> str:
    return re.sub(r"of staff \d+", "of any staff", without_places(complaint))


def swept(files: list[Path], worker: Worker) -> Iterator[tuple[Path, list[Outcome]]]:
    """Each file with its outcomes; MuseScore reads the last file's while the next one's are written."""
    before: tuple[Path, Future[list[Outcome]]] | None = None
    with ThreadPoolExecutor(1) as pool:
        for file in files:
            outcomes = [worker.outcome(step, file) for step in STEPS]
            now = file, pool.submit(_read_by_musescore, outcomes)
            if before is not None:
                yield before[0], before[1].result()
            before = now
        if before is not None:
            yield before[0], before[1].result()


# -------------------------------------------------------------------------------------------------------------- command line


def main(arguments: list[str] | None = None) -> int:
    """Sweep, print the table; 1 if there is a fault."""
    options = _options(arguments)
    if installed() is None:
        sys.exit("MuseScore 3 is missing: install the package musescore3")
    files = score_files(options.paths)
    if options.sample is not None:
        files = sorted(random.Random(options.seed).sample(files, min(options.sample, len(files))))
    facts: list[dict[str, Any]] = []
    worker = Worker(options.seconds, options.seed)
    started = perf_counter()
    tried = 0
    try:
        for file, outcomes in swept(files, worker):
            facts += [_fact(file, outcome, options) for outcome in outcomes]
            tried += 1
            if tried % 50 == 0:
                print(f"{tried} of {len(files)}", file=sys.stderr, flush=True)
            if perf_counter() - started > 60 * options.minutes:
                break
    finally:
        worker.close()
        if options.json:
            write_atomically(options.json, json.dumps(facts, indent=1).encode())
    _print_table(facts, options.paths)
    print(f"\n{tried} of {len(files)} files in {(perf_counter() - started) / 60:.1f} minutes")
    return int(any(fact["outcome"] == "fault" for fact in facts))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sweep", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER", help="folders of MusicXML files, or files")
    parser.add_argument("--sample", type=int, metavar="N", help="only N files, drawn by the seed [all]")
    parser.add_argument("--seconds", type=float, default=120, help="that a step may take [%(default)g]")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no further file is tried [none]")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins [%(default)s]")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where every outcome is written, too")
    parser.add_argument("--faulty", type=Path, metavar="FOLDER", help="where files with a fault are kept")
    return parser.parse_args(arguments)


def _fact(file: Path, outcome: Outcome, options: argparse.Namespace) -> dict[str, Any]:
    """An outcome as JSON tells it; a fault is printed at once."""
    fact = {
        "file": str(file),
        "step": outcome.step,
        "outcome": outcome.kind,
        "words": outcome.words,
        "seconds": outcome.seconds,
    }
    if outcome.kind == "fault":
        print(json.dumps(fact, ensure_ascii=False), flush=True)
        if options.faulty and outcome.new:
            options.faulty.mkdir(parents=True, exist_ok=True)
            task = outcome.step.removeprefix(f"{MUSESCORE}, ")
            write_atomically(options.faulty / f"{file.stem}.{task}.musicxml", outcome.new)
    return fact


def _print_table(facts: list[dict[str, Any]], paths: list[Path]) -> None:
    """A table in Markdown, a row for each step, and the reasons for which files were refused."""
    counted = Counter((_place(fact["file"], paths), fact["step"], fact["outcome"]) for fact in facts)
    places = [path for path in dict.fromkeys(paths) if any(place == path for place, _, _ in counted)]
    print(f"\n| done, refused, faults | {' | '.join(path.name for path in places)} |\n|{' --- |' * (len(places) + 1)}")
    for step in (*STEPS, *(f"{MUSESCORE}, {task}" for task in TASKS)):
        cells = (
            ", ".join(str(counted[place, step, kind]) for kind in ("done", "refused", "fault")) for place in places
        )
        print(f"| {step} | {' | '.join(cells)} |")
    refused = [(fact["step"], _NAMES.sub("…", fact["words"])) for fact in facts if fact["outcome"] == "refused"]
    print("\nrefused")
    for (step, words), count in Counter(refused).most_common():
        print(f"{count:5}  {step}: {words}")


def _place(file: str, paths: list[Path]) -> Path:
    return next(path for path in paths if Path(file).is_relative_to(path))


if __name__ == "__main__":
    sys.exit(main())
