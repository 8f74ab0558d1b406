"""`python -m benchmarks.round_trip [--music21-chorales] [FILE or FOLDER ...]`: what comes back of real scores.

Each file is encoded, decoded and encoded again; then source and decoded file are compared by a walk over both XML trees. With
--musicdiff, they are compared by musicdiff; without files these are sixty varied scores and the MusicXML test suite.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.chorales import CACHE, chorales
from benchmarks.files import score_files
from benchmarks.round_trip.compare import Result, Tally, round_trip

WORST = 10
EXAMPLES = 3


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and fail if any file raised an exception or isn't stable."""
    options = _options(arguments)
    if options.musicdiff:
        from benchmarks.round_trip.edit_table import measure

        return measure(options.paths, as_json=options.json)
    files = score_files(options.paths)
    if options.music21_chorales:
        files += chorales(options.cache, options.jobs)
    results = list(_results(files, options.jobs))
    if options.json:
        print(json.dumps([_as_json(result) for result in results], indent=1))
    else:
        _print(results)
    return int(any(result.fault or not result.stable for result in results) or not results)


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.round_trip", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE or FOLDER")
    parser.add_argument(
        "--music21-chorales", action="store_true", help="the four-part Bach chorales of music21's corpus"
    )
    parser.add_argument("--musicdiff", action="store_true", help="count the edits that musicdiff finds")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes [%(default)s]")
    parser.add_argument("--json", action="store_true", help="print every file's figures as JSON")
    return parser.parse_args(arguments)


def _results(files: list[Path], jobs: int) -> Iterator[Result]:
    with ProcessPoolExecutor(jobs) as pool:
        for number, result in enumerate(pool.map(round_trip, files, chunksize=4), 1):
            if result.fault or not result.stable:
                print(f"{result.name}: {result.fault or 'encodes differently the second time'}", file=sys.stderr)
            if number % 50 == 0:
                print(f"{number} of {len(files)}", file=sys.stderr, flush=True)
            yield result


def _print(results: list[Result]) -> None:
    whole = sum(not result.fault and not result.lost for result in results)
    print(f"{len(results)} files, {sum(result.measures for result in results)} measures")
    print(
        f"{sum(bool(result.fault) for result in results)} raise an exception, {sum(not r.stable for r in results)} encode differently"
    )
    print(f"{whole} come back with every note, rest, tie and tuplet")
    print(
        f"{sum(result.retimed for result in results)} notes stand where their written value says, not where the source rounded\n"
    )
    total = _total(results)
    print(f"{'category':28}{'source':>10}{'found':>10}{'recall':>9}{'extra':>8}")
    for category, tally in sorted(total.items(), key=lambda pair: (pair[0] != "notes and rests", pair[0])):
        print(f"{category:28}{tally.source:10}{tally.found:10}{tally.recall:9.2%}{tally.extra:8}")
    print(f"\nThe {WORST} worst files (notes lost or extra, signs lost):")
    for result in sorted(results, key=lambda r: (bool(r.fault), r.lost, r.lost_signs), reverse=True)[:WORST]:
        print(f"  {result.name}: {result.fault or f'{result.lost} notes, {result.lost_signs} signs'}")
        for example in result.examples[:EXAMPLES]:
            print(f"    {example}")


def _total(results: list[Result]) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for result in results:
        for category, tally in result.tallies.items():
            total = found.setdefault(category, Tally())
            total.source, total.found, total.extra = (
                total.source + tally.source,
                total.found + tally.found,
                total.extra + tally.extra,
            )
    return found


def _as_json(result: Result) -> dict[str, object]:
    tallies = {category: [t.source, t.found, t.extra] for category, t in sorted(result.tallies.items())}
    return {
        "file": result.name,
        "fault": result.fault,
        "stable": result.stable,
        "measures": result.measures,
        "lost": result.lost,
        "retimed": result.retimed,
        "tallies": tallies,
        "examples": result.examples,
    }


if __name__ == "__main__":
    sys.exit(main())
