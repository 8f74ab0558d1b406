"""The edits that musicdiff counts, as a table by groups of files and a list by kind. Knows no music."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.files import score_files
from benchmarks.round_trip.edit_reasons import FILES, REASONS
from benchmarks.round_trip.edits import SECONDS, Edits, bounded_edits
from benchmarks.round_trip.sixty import SHARED, sixty

SUITE = SHARED / "musicxml-test-suite" / "xmlFiles"
NO_REASON = "no reason is known"
Groups = dict[str, list[Edits]]


def measure(paths: list[Path], *, as_json: bool) -> int:
    """Count, print, and fail at what has no known reason; without paths the sixty scores and the MusicXML test suite."""
    found = _counted(_files(paths) if paths else _chosen())
    if as_json:
        print(json.dumps({group: [asdict(edits) for edits in files] for group, files in found.items()}, indent=1))
    else:
        _print(found)
    return int(any(unexplained(edits) for files in found.values() for edits in files) or not found)


def unexplained(edits: Edits) -> bool:
    """Whether a file's notes were edited, or it wasn't compared, or an edit is of a kind, that no reason is known for."""
    known = edits.name.rpartition("/")[2] in FILES
    return (bool(edits.fault or edits.notes) and not known) or not edits.kinds.keys() <= REASONS.keys()


def _files(paths: list[Path]) -> Iterator[tuple[str, str, Path]]:
    for path in paths:
        for file in score_files([path]):
            yield path.name, file.name, file


def _chosen() -> Iterator[tuple[str, str, Path]]:
    yield from sixty()
    for file in score_files([SUITE]):
        yield "MusicXML test suite", file.name, file


def _counted(files: Iterable[tuple[str, str, Path]]) -> Groups:
    found: Groups = {}
    for group, name, path in files:
        edits = bounded_edits(path, name)
        found.setdefault(group, []).append(edits)
        print(f"{group}: {name}: {edits.fault or f'{edits.notes}, {edits.all} ({edits.rate:.4f})'}", file=sys.stderr)
    return found


def _print(groups: Groups) -> None:
    print(
        f"{'':42}{'files':>7}{'compared':>10}{'edits':>7}{'rate':>9}{'highest':>9}{'all edits':>11}{'rate':>9}{'highest':>9}"
    )
    for group, files in groups.items():
        compared = [edits for edits in files if not edits.fault]
        notes, all_edits = sum(edits.notes for edits in compared), sum(edits.all for edits in compared)
        rates = _rates([edits.notes_rate for edits in compared]), _rates([edits.rate for edits in compared])
        print(f"{group:42}{len(files):7}{len(compared):10}{notes:7}{rates[0]}{all_edits:11}{rates[1]}")
    print(
        f"\nEdits are symbols: first those of notes and rests, then of all objects. At most {SECONDS} s of computing a file."
    )
    _print_files(groups)
    _print_kinds([edits for files in groups.values() for edits in files])


def _rates(rates: list[float]) -> str:
    return f"{sum(rates) / max(1, len(rates)):9.4f}{max(rates, default=0):9.4f}"


def _print_files(groups: Groups) -> None:
    print("\nNot compared, or with edits in notes and rests:")
    for files in groups.values():
        for edits in files:
            if edits.fault or edits.notes:
                print(f"  {edits.name}: {edits.fault or f'{edits.notes} edits in notes and rests'}")
                print(f"    {FILES.get(edits.name.rpartition('/')[2], NO_REASON)}")


def _print_kinds(files: list[Edits]) -> None:
    kinds: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for edits in files:
        kinds.update(edits.kinds)
        examples = {**edits.examples, **examples}
    print("\nEdits by kind, of all objects, with one example each:")
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}: {REASONS.get(kind, NO_REASON)}\n         {' '.join(examples[kind].split())}")
