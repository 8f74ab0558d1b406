"""`python -m benchmarks.speed [--music21-chorales] [FILE or FOLDER ...]`: what encoding and decoding cost beside other readers.

Each program works in a process of its own, and all take turns file by file, so that a busy machine slows them alike. Measured is the
processor's time for one `<measure>` of one part; archives are unpacked before. The ratios are medians over rounds of what was
measured in the same round. Where nothing is named, the chorales are measured, and the songs and quartets of `--data` if it has them.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import platform
import re
import sys
import tempfile
import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.chorales import CACHE, chorales
from benchmarks.files import score_files
from chordllama.codec.container import read_container

LARGEST = 3_000_000
"""Bytes of XML beyond which a file isn't chosen: music21 alone would need minutes for it."""
AGAIN, SHORT = 3, 0.5
"""How often what takes less than so many seconds is done again."""
CHORALES = "chorales"
USUAL = ("openscore-lieder", "openscore-quartets")
"""Folders of `--data` that are measured where nothing is named."""
_MEASURE = re.compile(rb"<measure[\s>]")

Seconds = dict[str, float]
"""What each step of a program took for one file."""
Steps = dict[str, Callable[[Any], Any]]
"""The steps of a program; each takes what the one before it gave, the first a path."""

# ------------------------------------------------------------------------------------------------------------- programs


def _lxml() -> Steps:
    from lxml import etree

    return {"lxml": lambda path: etree.parse(str(path))}


def _chordllama() -> Steps:
    from chordllama.codec.compact import dumps, loads
    from chordllama.codec.musicxml import read, write

    return {"read": lambda path: read(path.read_bytes(), path.name), "dumps": dumps, "loads": loads, "write": write}


def _verovio() -> Steps:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit: Any = verovio.toolkit()
    return {"verovio": lambda path: toolkit.loadData(path.read_text(encoding="utf-8"))}


def _partitura() -> Steps:
    import partitura

    return {"partitura": partitura.load_musicxml}


def _music21() -> Steps:
    from music21 import converter

    return {"music21": lambda path: converter.parse(path, forceSource=True, storePickle=False)}


PROGRAMS: dict[str, Callable[[], Steps]] = {
    "lxml": _lxml,
    "chordllama": _chordllama,
    "verovio": _verovio,
    "partitura": _partitura,
    "music21": _music21,
}
ROWS = ("lxml", "encode", "read", "dumps", "decode", "loads", "write", "verovio", "partitura", "music21")
"""What the table shows: steps, and `encode` and `decode`, which are two steps each."""


def _serve(program: str, connection: Connection) -> None:
    """The life of a program's process: whether it is there, then a path comes in, its seconds or an error's sentence go out."""
    warnings.simplefilter("ignore")
    try:
        steps = PROGRAMS[program]()
    except ImportError as error:
        connection.send(f"{program} is left out: {error}")
        return
    connection.send("")
    while path := connection.recv():
        try:
            connection.send(_measured(steps, path))
        except Exception as error:
            connection.send(f"{program}: {type(error).__name__}: {error}")


def _measured(steps: Steps, path: Path) -> Seconds:
    """What each step took; short ones are done again, as a process that has waited finds its memory cold, and the fastest counts."""
    found = _once(steps, path)
    for _ in range(AGAIN if sum(found.values()) < SHORT else 0):
        found = {name: min(found[name], seconds) for name, seconds in _once(steps, path).items()}
    return found


def _once(steps: Steps, path: Path) -> Seconds:
    found: Seconds = {}
    value: Any = path
    for name, step in steps.items():
        gc.collect()
        start = process_time()
        value = step(value)
        found[name] = process_time() - start
    return found


@contextmanager
def _process(program: str) -> Iterator[Connection | None]:
    """The way to a program's process; None for a program that isn't installed."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(program, there), daemon=True)
    process.start()
    there.close()  # so that a process that dies ends the wait for its answer
    try:
        if absent := here.recv():
            print(absent, file=sys.stderr)
            yield None
        else:
            yield here
            here.send(None)
    finally:
        process.join(timeout=5)


# ------------------------------------------------------------------------------------------------------------ measuring


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    options = _options(arguments)
    sample = _sample(options)
    with tempfile.TemporaryDirectory() as folder:
        files = _unpacked(sample, Path(folder))
        rounds = measure(files, options.rounds)
        if not files:
            raise SystemExit("nothing was measured: none of the files can be read by all programs")
        found = {group: _summary(group, files, rounds) for group in (*dict.fromkeys(files.values()), "all")}
    print(json.dumps({"setting": _setting(), "groups": found}, indent=1)) if options.json else _print(found)
    return 0


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE or FOLDER")
    parser.add_argument(
        "--music21-chorales", action="store_true", help="the four-part Bach chorales of music21's corpus"
    )
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="where the usual folders of scores are [%(default)s]"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the chorales are exported to [%(default)s]")
    parser.add_argument("--sample", type=int, default=6, metavar="N", help="files of each folder [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="times that all is measured [%(default)s]")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def _sample(options: Namespace) -> dict[Path, str]:
    """The files with the names of their groups: at equal distances from each folder."""
    found: dict[Path, str] = {}
    usual = not (options.music21_chorales or options.paths)
    folders = [options.data / name for name in USUAL] if usual else options.paths
    if absent := [str(folder) for folder in folders if not folder.exists()]:
        print(f"not there, and so not measured: {', '.join(absent)}", file=sys.stderr)
    if usual or options.music21_chorales:
        found |= dict.fromkeys(chorales(options.cache, most=options.sample), CHORALES)
    for path in filter(Path.exists, folders):
        fitting = [file for file in score_files([path]) if len(read_container(file.read_bytes(), file.name)) <= LARGEST]
        step = max(1, len(fitting) // options.sample)
        found |= dict.fromkeys(fitting[::step][: options.sample], path.name)
    if not found:
        raise SystemExit(
            "nothing to measure: name files or folders of scores (.musicxml, .xml, .mxl), or --music21-chorales"
        )
    return found


def _unpacked(sample: dict[Path, str], folder: Path) -> dict[Path, str]:
    """The files as plain XML, which every program can open."""
    found = {}
    for number, (path, group) in enumerate(sample.items()):
        plain = folder / f"{number:03d}-{path.stem}.musicxml"
        plain.write_bytes(read_container(path.read_bytes(), path.name))
        found[plain] = group
    return found


def measure(files: dict[Path, str], rounds: int) -> list[dict[Path, Seconds]]:
    """The seconds of each step for each file in each round; a file that a program can't read is taken out of `files`."""
    with ExitStack() as stack:
        processes = list(filter(None, [stack.enter_context(_process(program)) for program in PROGRAMS]))
        found = []
        for number in range(rounds + 1):
            found.append({path: seconds for path in list(files) if (seconds := _turn(path, files, processes))})
            print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return found[1:]  # the first is for the programs' caches and imports


def _turn(path: Path, files: dict[Path, str], processes: list[Connection]) -> Seconds:
    """One file with one program after the other."""
    seconds: Seconds = {}
    for process in processes:
        process.send(path)
        answer = process.recv()
        if isinstance(answer, str):
            print(f"{path.name} is left out: {answer}", file=sys.stderr)
            del files[path]
            return {}
        seconds |= answer
    return seconds | {"encode": seconds["read"] + seconds["dumps"], "decode": seconds["loads"] + seconds["write"]}


# ------------------------------------------------------------------------------------------------------------- printing


def _summary(group: str, files: dict[Path, str], rounds: list[dict[Path, Seconds]]) -> dict[str, Any]:
    """Milliseconds a measure of each row, and its ratio to lxml and to our encoding."""
    chosen = [path for path in files if group in (files[path], "all")]
    measures = sum(len(_MEASURE.findall(path.read_bytes())) for path in chosen)
    rows = [row for row in ROWS if all(row in rounds[0][path] for path in chosen)]
    sums = [{row: sum(found[path][row] for path in chosen) for row in rows} for found in rounds]
    return {
        "files": len(chosen),
        "measures": measures,
        "rows": {
            row: {
                "milliseconds": 1000 * median(found[row] for found in sums) / measures,
                "fastest": 1000 * min(found[row] for found in sums) / measures,
                "to lxml": median(found[row] / found["lxml"] for found in sums),
                "to encode": median(found[row] / found["encode"] for found in sums),
            }
            for row in rows
        },
    }


def _setting() -> dict[str, str]:
    packages = ("lxml", "verovio", "partitura", "music21", "ruamel.yaml")
    there = [package for package in packages if find_spec(package)]
    return {"python": platform.python_version(), **{package: version(package) for package in there}}


def _print(groups: dict[str, dict[str, Any]]) -> None:
    print(", ".join(f"{name} {number}" for name, number in _setting().items()))
    for group, found in groups.items():
        print(f"\n{group}: {found['files']} files, {found['measures']} measures of one part")
        print(f"{'':12}{'ms a measure':>14}{'fastest':>10}{'to lxml':>10}{'to encode':>11}")
        for row, figures in found["rows"].items():
            print(
                f"{row:12}{figures['milliseconds']:14.3f}{figures['fastest']:10.3f}"
                f"{figures['to lxml']:10.2f}{figures['to encode']:11.2f}"
            )


if __name__ == "__main__":
    sys.exit(main())
