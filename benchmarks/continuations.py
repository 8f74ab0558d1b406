"""Continues 20 chorales and 20 songs and has independent programs judge the files: `python -m benchmarks.continuations`.

Knows the whole way from a file to its continuation. What the promises are held against (MuseScore, verovio, the bars' filling, the
composer's bytes) shares no code with the codec. Exit status 1 where a promise is broken; seconds are printed, not judged: by the clock, and
of the processors (all threads together), which on a busy machine say more. Threads and sampling are what users get who say nothing.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import NamedTuple

from lxml import etree

from benchmarks import chorales, filling
from benchmarks.kept import byte_faults
from benchmarks.musescore import breaks_the_schema, installed, musescore_on, verovio_on
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read
from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Backend, Timing, added
from chordllama.generate.continuation import BarProgress, Continuation, prepare, write
from chordllama.generate.models import open_backend
from chordllama.sampling import Sampling
from chordllama.system.files import write_atomically
from chordllama.tasks.plan import Request

BARS = 8
MOST_OUTSIDE = 0.15
"""The share of the time that may go by outside the model's runtime."""
SONGS = Path(__file__).parents[1] / "data" / "openscore-lieder" / "scores"
OUT = Path(__file__).parents[1] / "build" / "continuations"
MOST_SHOWN = 20
"""How many faults of one kind in one file are printed."""
_SUFFIXES = (".mxl", ".musicxml", ".xml")

# --------------------------------------------------------------------------------------------------------------- writing


class Took(NamedTuple):
    """Seconds, by the clock and of the processors."""

    clock: float
    processors: float


@dataclass(slots=True)
class Piece:
    """One source and what came of it. `first_bar` and `all_bars` are from the call on, the reading of the score included."""

    kind: str
    source: Path
    timing: Timing = field(default_factory=Timing)
    new_bars: int = 0
    first_bar: Took | None = None
    all_bars: Took = field(default_factory=lambda: Took(0.0, 0.0))
    xml: bytes = b""
    failure: str = ""
    crash: str = ""

    @property
    def name(self) -> str:
        """Kind and file name, for people."""
        return f"{self.kind}/{self.source.stem}"


def continued(kind: str, source: Path, backend: Backend, sampling: Sampling) -> Piece:
    """A piece with `BARS` new bars, or with what came in their way."""
    piece = Piece(kind, source)
    data = source.read_bytes()
    started = Took(perf_counter(), process_time())

    def taken() -> Took:
        return Took(perf_counter() - started.clock, process_time() - started.processors)

    def progress(_: BarProgress) -> None:
        if piece.first_bar is None:
            piece.first_bar = taken()

    try:
        request = Request(bars=BARS, sampling=sampling)
        written = write(prepare(data, source.name, request), backend, progress)
        piece.timing = written.timing
        _take(piece, written.candidates[0])
    except ChordLlamaError as error:
        piece.failure = str(error)
    except Exception:  # whatever it is, it is counted, and the other pieces are tried too
        piece.crash = traceback.format_exc()
    piece.all_bars = taken()
    return piece


def _take(piece: Piece, continuation: Continuation) -> None:
    piece.xml, piece.new_bars = continuation.xml, len(continuation.bars)
    if len(continuation.bars) < BARS:
        piece.failure = str(continuation.failure or f"it has {len(continuation.bars)} bars")


# --------------------------------------------------------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one written file: nothing where all are empty."""

    invalid: tuple[str, ...] = ()
    musescore: tuple[str, ...] = ()
    verovio: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def judged(piece: Piece) -> Verdict:
    """The verdict on a piece's file; a source's own faults don't count."""
    if not piece.xml:
        return Verdict(("no file was written",))
    old = read_container(piece.source.read_bytes(), piece.source.name)
    count = _measures(old)
    invalid = tuple(_validity_faults(piece.xml, count + piece.new_bars))
    if invalid:
        return Verdict(invalid)
    broken = ("the new bars break MusicXML's schema",) if breaks_the_schema(piece.xml, count) else ()
    return Verdict(
        musescore=musescore_on(piece.xml).added_to(musescore_on(old)) + broken,
        verovio=verovio_on(piece.xml).added_to(verovio_on(old)),
        unfilled=tuple(filling.faults(etree.fromstring(piece.xml), count)),
        changed=tuple(byte_faults(old, piece.xml, piece.new_bars)),
    )


def _measures(xml: bytes) -> int:
    return max(len(part.findall("measure")) for part in etree.fromstring(xml).iterfind("part"))


def _validity_faults(xml: bytes, bars: int) -> Iterator[str]:
    """Faults in the eyes of lxml and of our own reader."""
    try:
        counts = (_measures(xml), len(read(xml).bars))
    except (etree.XMLSyntaxError, ChordLlamaError) as error:
        yield str(error)
        return
    if counts != (bars, bars):
        yield f"it has {counts[0]} measures and reads as {counts[1]} bars instead of {bars}"


# -------------------------------------------------------------------------------------------------------------- printing


def _print_seconds(name: str, found: list[Took]) -> None:
    for kind in Took._fields:
        values = [getattr(took, kind) for took in found]
        ninth = quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else max(values, default=0.0)
        told = f"median {median(values or [0.0]):.2f} s   p90 {ninth:.2f} s   max {max(values, default=0.0):.2f} s"
        print(f"  {name:18}{told}   {kind}")


def _print_times(title: str, pieces: list[Piece]) -> None:
    finished = [piece for piece in pieces if piece.new_bars == BARS]
    total = added(piece.timing for piece in pieces)
    print(f"\n{title} ({len(finished)} of {len(pieces)} with all {BARS} bars)")
    _print_seconds("to the first bar", [piece.first_bar for piece in pieces if piece.first_bar is not None])
    _print_seconds(f"all {BARS} bars", [piece.all_bars for piece in finished])
    print(f"  tokens            {total.written_tokens} written, {total.prompt_tokens} read, {total.rewinds} rewinds")
    if total.total_seconds:
        writing = total.decode_seconds + total.sampling_seconds + total.outside_seconds
        print(f"  speed             {total.written_tokens / writing:.0f} tokens/s while writing")
        print(f"  outside llama.cpp {total.outside_share:.1%} of the time")


def _print_piece(piece: Piece) -> None:
    first = "-" if piece.first_bar is None else f"{piece.first_bar.clock:.2f}"
    print(
        f"{piece.name:32} {piece.new_bars} bars, first {first} s, all {piece.all_bars.clock:.2f} s, "
        f"{piece.timing.written_tokens} tokens, {piece.timing.rewinds} rewinds"
        f"{'  FAILED: ' + piece.failure if piece.failure else ''}"
        f"{'  CRASHED: ' + piece.crash.splitlines()[-1] if piece.crash else ''}",
        flush=True,
    )


def _print_promises(pieces: list[Piece], verdicts: list[Verdict]) -> int:
    """Print what the files are held against, and give the number of promises that are broken."""
    outside = added(piece.timing for piece in pieces).outside_share
    invalid = sum(bool(verdict.invalid) for verdict in verdicts)
    rows = (
        ("valid files", f"{len(pieces) - invalid} of {len(pieces)}", bool(invalid)),
        *_row("crashes", [piece.crash for piece in pieces if piece.crash]),
        *_row(f"fewer than {BARS} bars", [piece.failure for piece in pieces if piece.failure]),
        *_row("complaints of MuseScore", [line for verdict in verdicts for line in verdict.musescore]),
        *_row("complaints of verovio", [line for verdict in verdicts for line in verdict.verovio]),
        *_row("bars that aren't full", [line for verdict in verdicts for line in verdict.unfilled]),
        *_row("changes to old bytes", [line for verdict in verdicts for line in verdict.changed]),
        ("outside llama.cpp", f"{outside:.1%}", outside >= MOST_OUTSIDE),
    )
    print()
    for name, value, broken in rows:
        print(f"{name:24} {value:>10}{'   BROKEN' if broken else ''}")
    return sum(broken for *_, broken in rows)


def _row(name: str, faults: list[str]) -> list[tuple[str, str, bool]]:
    return [(name, str(len(faults)), bool(faults))]


def _print_faults(piece: Piece, verdict: Verdict) -> None:
    for name in Verdict.__dataclass_fields__:
        for fault in getattr(verdict, name)[:MOST_SHOWN]:
            print(f"{piece.name}: {name}: {fault}", flush=True)


# --------------------------------------------------------------------------------------------------------- command line


def main(arguments: list[str] | None = None) -> int:
    """Continue, judge, print; 1 if a promise is broken."""
    options = _options(arguments)
    if installed() is None:
        sys.exit("MuseScore 3 is missing: install the package musescore3")
    sources = [*_sources("chorales", options), *_sources("songs", options)]
    started = perf_counter()
    with open_backend(options.model, options.threads) as backend:
        print(f"model opened in {perf_counter() - started:.2f} s")
        pieces = [_written(kind, source, backend, options) for kind, source in sources]
    for crash in dict.fromkeys(piece.crash for piece in pieces if piece.crash):
        print(crash, file=sys.stderr)
    with ThreadPoolExecutor(options.threads) as pool:
        verdicts = list(pool.map(judged, pieces))
    for piece, verdict in zip(pieces, verdicts, strict=True):
        _print_faults(piece, verdict)
    for kind in ("chorales", "songs"):
        _print_times(kind, [piece for piece in pieces if piece.kind == kind])
    return int(_print_promises(pieces, verdicts) > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.continuations", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--chorales", type=Path, help="a folder of chorales [music21's, exported once]")
    parser.add_argument("--songs", type=Path, default=SONGS, help="a folder of songs [%(default)s]")
    parser.add_argument("--each", type=int, default=20, help="how many of both [%(default)s]")
    parser.add_argument("--model", help="a GGUF file or an endpoint's address [the bundled model]")
    parser.add_argument("--threads", type=int, help="[half of the processors, of few all but one]")
    parser.add_argument("--seed", type=int, default=1, help="where chance begins [%(default)s]")
    parser.add_argument("--out", type=Path, default=OUT, help="where the written files go [%(default)s]")
    return parser.parse_args(arguments)


def _sources(kind: str, options: argparse.Namespace) -> list[tuple[str, Path]]:
    """Files from all over the folder, the same each time."""
    folder = getattr(options, kind)
    if folder is None:
        files = chorales.chorales(most=2 * options.each)  # of which some haven't four parts
    else:
        files = sorted(path for path in folder.glob("*") if path.suffix in _SUFFIXES)
    if len(files) < options.each:
        sys.exit(f"{folder} has {len(files)} scores; corpora/README.md says where they come from")
    return [(kind, files[n * len(files) // options.each]) for n in range(options.each)]


def _written(kind: str, source: Path, backend: Backend, options: argparse.Namespace) -> Piece:
    piece = continued(kind, source, backend, Sampling(seed=options.seed))
    if piece.xml:
        folder = options.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{source.stem}.musicxml", piece.xml)
    _print_piece(piece)
    return piece


if __name__ == "__main__":
    sys.exit(main())
