"""A folder of scores to a folder of compact text, and back, on all cores. Knows paths, names and what is done already; no music.

The tree is mirrored. What was written from the same bytes, by the same code and with the same options is left as it is; so is a file
that somebody changed since, or that isn't from here: it is never overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import Enum
from functools import cache
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

from chordllama.conversion.convert import Conversion, Converted
from chordllama.conversion.manifest import NAME, FileRecord, Manifest, sha256
from chordllama.errors import ChordLlamaError, ScoreError
from chordllama.system.files import leftovers, read_bounded, shown, write_atomically
from chordllama.system.processes import Died, processors, run

FAILURES = "chordllama-failures.json"
LOCK = ".chordllama.lock"
MOST_SHOWN = 20
"""Messages of a kind; the JSON object has all of them."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""No other file could be written either."""

Progress = Callable[[int, int, int], None]
"""Called with the numbers of files that are done, that failed among them, and of all."""


class NoScores(ChordLlamaError):
    """A folder without any file that could be converted."""

    exit_code = 2


class FolderInUse(ChordLlamaError):
    """A folder into which another run is writing."""

    exit_code = 2


class FileState(Enum):
    """What became of a file; EDITED is kept as somebody left it."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    EDITED = "edited"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileFailure:
    """Why a file could not be converted."""

    file: str
    message: str
    cause: str | None = None
    hint: str | None = None

    def messages(self) -> Iterator[tuple[str, str]]:
        """Return a row as system, user and assistant, the line breaks at their edges left out: the template has its own."""
        yield "error", self.message if self.message.startswith(self.file) else f"{self.file}: {self.message}"
        yield from ((kind, text) for kind, text in (("cause", self.cause), ("hint", self.hint)) if text)


@dataclass(frozen=True, slots=True)
class FileJob:
    """One file to convert: its place and that of its output, below their folders; `last` is what was written there before."""

    conversion: Conversion
    source: Path
    target: Path
    file: Path
    output: Path
    settings: str
    last: FileRecord | None


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a job."""

    state: FileState
    record: FileRecord | None = None
    failure: FileFailure | None = None


@dataclass
class Summary:
    """What became of a folder's files."""

    output: str
    files: int
    written: int = 0
    unchanged: int = 0
    edited: list[str] = field(default_factory=list)
    failed: list[FileFailure] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """That of a rejected score where any was."""
        return ScoreError.exit_code if self.failed else 0

    def sort(self) -> None:
        """Put the lists in the order of the files, whichever was done first."""
        self.edited.sort()
        self.failed.sort(key=lambda failure: failure.file)
        self.warnings = dict(sorted(self.warnings.items()))

    def messages(self) -> Iterator[tuple[str, str]]:
        """Return a row as system, user and assistant, the line breaks at their edges left out: the template has its own."""
        for file, warnings in islice(self.warnings.items(), MOST_SHOWN):
            yield "warning", f"{file}: {'; '.join(warnings)}"
        if len(self.warnings) > MOST_SHOWN:
            yield "warning", f"{len(self.warnings) - MOST_SHOWN} more files have warnings: --json lists them"
        for file in self.edited[:MOST_SHOWN]:
            yield "warning", f"{file}: kept as somebody changed it"
        for failure in self.failed[:MOST_SHOWN]:
            yield from failure.messages()
        if len(self.failed) > MOST_SHOWN:
            yield "error", f"{len(self.failed) - MOST_SHOWN} more files failed: {self.output}/{FAILURES} lists all"
        counts = f"{self.written:,} written, {self.unchanged:,} were done already, {len(self.failed):,} failed"
        if self.interrupted:
            yield "stopped", f"of {self.files:,} files {counts}; the same command goes on from here"
        else:
            yield "done", f"{self.files:,} files: {counts} ({self.seconds:.1f} s)"


def convert_folder(
    conversion: Conversion, source: Path, target: Path, jobs: int | None = None, progress: Progress | None = None
) -> Summary:
    """Convert the files below `source` into `target`, in `jobs` processes (None: one for each core).

    An interruption (Ctrl-C) ends it and leaves what is finished; called again, it goes on from there. Raises NoScores, FolderInUse, and OSError
    where the system refuses every file.
    """
    began = time.monotonic()
    files, unreadable = find_files(conversion, source, target)
    summary = Summary(shown(target), len(files), failed=unreadable)
    outputs = output_names(files, conversion.target_suffix)
    target.mkdir(exist_ok=True)
    with _alone(target), _noting_interruption(summary), Manifest(target) as manifest:
        _remove_leftovers(target, outputs.values())
        waiting = _jobs(conversion, source, target, outputs, manifest)
        with contextlib.closing(run(convert_file, waiting, jobs or processors())) as outcomes:
            for done, (job, outcome) in enumerate(outcomes, 1):
                _take(job, outcome, summary, manifest)
                if progress is not None:
                    progress(done, len(summary.failed), len(files))
        _remove_leftovers(target, outputs.values())  # of a process that was killed while it wrote
    summary.sort()
    _write_failures(target, summary)
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other runs out of the folder: each would take what the other is writing for its own leftovers."""
    try:
        with FileLock(target / LOCK, timeout=0):
            yield
            with contextlib.suppress(OSError):  # Windows keeps a file that is open
                (target / LOCK).unlink()
    except Timeout as fault:
        raise FolderInUse(
            f"{shown(target)}: another run is writing there",
            cause="two at once would undo each other's work",
            hint="wait until it has ended, or choose another folder",
        ) from fault


@contextlib.contextmanager
def _noting_interruption(summary: Summary) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        summary.interrupted = True


def _jobs(
    conversion: Conversion, source: Path, target: Path, outputs: dict[Path, Path], manifest: Manifest
) -> Iterator[FileJob]:
    settings = settings_of(conversion)
    for file, output in outputs.items():
        yield FileJob(conversion, source, target, file, output, settings, manifest.records.get(output.as_posix()))


def _take(job: FileJob, outcome: FileOutcome | Died, summary: Summary, manifest: Manifest) -> None:
    """Note what became of a file."""
    if isinstance(outcome, Died):
        outcome = _failed(job, "can't be converted", str(outcome), "convert it by itself")
    if outcome.failure is not None:
        summary.failed.append(outcome.failure)
    elif outcome.state is FileState.WRITTEN:
        summary.written += 1
    elif outcome.state is FileState.UNCHANGED:
        summary.unchanged += 1
    else:
        summary.edited.append(shown(job.output))
    if outcome.record is not None and outcome.state is FileState.WRITTEN:
        manifest.add(outcome.record)
    if outcome.record is not None and outcome.record.warnings:
        summary.warnings[shown(job.file)] = list(outcome.record.warnings)


def _write_failures(target: Path, summary: Summary) -> None:
    """A list of the failures beside what was written; none where there are none."""
    path = target / FAILURES
    if summary.failed:
        listed = [asdict(failure) for failure in summary.failed]
        write_atomically(path, (json.dumps(listed, ensure_ascii=False, indent=1) + "\n").encode())
    else:
        path.unlink(missing_ok=True)


# -------------------------------------------------------------------------------------------------------- files and names


def find_files(conversion: Conversion, source: Path, target: Path) -> tuple[list[Path], list[FileFailure]]:
    """Return the files below `source` that the conversion takes, in order, and the folders that can't be read.

    Hidden ones are left out, and the target where it is below. Raises NoScores where there is no file.
    """
    faults: list[OSError] = []
    found: list[Path] = []
    own = target.resolve()
    for place, folders, names in os.walk(source, onerror=faults.append):
        folders[:] = [name for name in folders if not name.startswith(".") and Path(place, name).resolve() != own]
        found += [
            Path(place, name).relative_to(source)
            for name in names
            if not name.startswith(".") and name.lower().endswith(conversion.suffixes)
        ]
    if not found and not faults:
        raise NoScores(
            f"{shown(source)}: there is no file to {conversion.name} in this folder",
            hint=f"files are known by their names, which end in {', '.join(conversion.suffixes)}",
        )
    unreadable = [FileFailure(shown(fault.filename), f"can't be read: {fault.strerror}") for fault in faults]
    return sorted(found), unreadable


def output_names(files: Iterable[Path], suffix: str) -> dict[Path, Path]:
    """For each file the name of its output: `song.yaml`; where two would have the same, `song.mxl.yaml` and `song.xml.yaml`."""
    names = {file: file.with_suffix(suffix) for file in files}
    while True:
        counts = Counter(map(_as_some_systems_see_it, names.values()))
        longer = {
            file: file.with_name(file.name + suffix)
            for file, name in names.items()
            if counts[_as_some_systems_see_it(name)] > 1 and name != file.with_name(file.name + suffix)
        }
        if not longer:
            return names
        names |= longer


def _as_some_systems_see_it(name: Path) -> str:
    return unicodedata.normalize("NFC", name.as_posix()).casefold()


def _remove_leftovers(target: Path, outputs: Iterable[Path]) -> None:
    """Clear away what a run that was killed left half written."""
    ours = {target / output for output in outputs} | {target / FAILURES, target / NAME}
    for path, name in leftovers(target):
        if path.with_name(name) in ours:
            path.unlink(missing_ok=True)


# --------------------------------------------------------------------------------------------------------------- one file


def convert_file(job: FileJob) -> FileOutcome:
    """Convert one file, unless that is done. Raises OSError where the system would refuse every other file too."""
    try:
        return _convert(job)
    except ChordLlamaError as fault:
        return _failed(job, fault.message, fault.cause, fault.hint)
    except OSError as fault:
        if fault.errno in _FULL:
            raise
        return _failed(job, "can't be read or written", fault.strerror or str(fault))
    except Exception as fault:  # a fault of ours in one file must not cost the others
        return _failed(
            job, "ChordLlama fails at it", f"{type(fault).__name__}: {fault}", "please report this, with the file"
        )


def _convert(job: FileJob) -> FileOutcome:
    source, target = job.source / job.file, job.target / job.output
    if not source.is_file():
        return _failed(job, "is no regular file, or isn't there any more")
    data = read_bounded(source)
    there = target.read_bytes() if target.exists() else None
    last = job.last if there is not None else None
    is_ours = last is not None and there is not None and sha256(there) == last.output_sha256
    if last is not None and (last.input_sha256, last.settings) == (sha256(data), job.settings):
        return FileOutcome(FileState.UNCHANGED if is_ours else FileState.EDITED, last)
    converted = job.conversion.convert(data, shown(job.file))
    if there not in (None, converted.data) and not is_ours:
        what = f"{shown(job.output)} is there already, and was changed by somebody or isn't from here"
        return _failed(job, what, hint="move it away or delete it, and it is written anew")
    if there != converted.data:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, converted.data)
    return FileOutcome(FileState.WRITTEN, _record(job, data, converted))


def _record(job: FileJob, data: bytes, converted: Converted) -> FileRecord:
    return FileRecord(
        job.output.as_posix(),
        job.file.as_posix(),
        sha256(converted.data),
        sha256(data),
        job.settings,
        converted.warnings,
    )


def _failed(job: FileJob, message: str, cause: str | None = None, hint: str | None = None) -> FileOutcome:
    return FileOutcome(FileState.FAILED, failure=FileFailure(shown(job.file), message, cause, hint))


def settings_of(conversion: Conversion) -> str:
    """Return a checksum of all that an output depends on beside its source: the options, our code, and the library that converts."""
    return sha256(f"{conversion!r} {code_checksum()} music21 {version('music21')}".encode())


@cache
def code_checksum() -> str:
    """Return one for all of the package's modules that a conversion may use."""
    package = Path(__file__).parents[1]
    rooms = ("codec", "conversion", "score")
    modules = [*package.glob("*.py"), *(path for room in rooms for path in package.glob(f"{room}/**/*.py"))]
    return sha256(b"".join(sha256(path.read_bytes()).encode() for path in sorted(modules)))
