"""How far new bars are from what people write, by genre: `python -m benchmarks.composer --data DIR [--genres hymns …] [--pieces 20] [--care fast usual] [--before CHECKOUT]`.

The last eight bars of pieces that no model here was trained on are taken away and written again with `--ending close`; the human's own stand
beside them. `--before` has another checkout's command line write them, too. Figures come with the middle 95 % of values
when pieces are drawn again. Seconds are those of this machine: compare them within one run.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from chordllama.codec.grammar.grammar_rules import FIFTHS_ABOVE, FIFTHS_BELOW, TENTH
from chordllama.codec.musicxml import read, write
from chordllama.conversion.foreign import Converter
from chordllama.critic.closing import closes_fully, ends_on_tonic
from chordllama.critic.critic import Critic
from chordllama.critic.heard_passage import same_bass, same_harmony
from chordllama.critic.listening import HeardBar, Listener
from chordllama.critic.rules import RULES
from chordllama.errors import ChordLlamaError
from chordllama.evaluate.intervals import Figure, Ratio, figure_of
from chordllama.generate.backend import Backend
from chordllama.generate.continuation import prepare
from chordllama.generate.continuation import write as write_bars
from chordllama.generate.models import open_backend
from chordllama.score.model import Chord, Harmony, Score
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.plan import Request

NEW, SHOWN = 8, 16
"""Bars that are written again, and shown before them at most."""
Measures = dict[str, Ratio]


# ------------------------------------------------------------------------------------------------------------- pieces


def pieces(genre: str, data: Path, most: int) -> Iterator[tuple[str, Score]]:
    """Yield pieces of a genre, chosen by chance but always the same, the bars before the shown ones cut off."""
    for name, xml in _sources(genre, data):
        try:
            score = read(xml, name)
        except ChordLlamaError:
            continue
        if len(score.bars) < NEW + 8 or any(bar.length for bar in score.bars[-NEW:-1]):
            continue
        bars = score.bars
        while bars and not any(isinstance(item, Chord) for row in bars[-1].rows for item in row.items):
            bars = bars[:-1]
        yield name, replace(score, bars=bars)
        most -= 1
        if not most:
            return


def _sources(genre: str, data: Path) -> Iterator[tuple[str, bytes]]:
    if genre == "piano":
        yield from _kern(data / "chopin-first-editions" / "chopin-first-editions.krn.tar.xz")
        return
    folder = data / {"hymns": "openhymnal", "lead sheets": "openewld"}[genre]
    files = sorted(path for path in folder.iterdir() if path.suffix in (".mxl", ".musicxml", ".xml"))
    random.Random(1).shuffle(files)
    yield from ((path.stem, path.read_bytes()) for path in files)


def _kern(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar, Converter() as converter:
        members = sorted((member for member in tar.getmembers() if member.name.endswith(".krn")), key=lambda m: m.name)
        random.Random(1).shuffle(members)
        for member in members:
            file = tar.extractfile(member)
            if file is None or member.size > 60_000:
                continue
            try:
                yield Path(member.name).stem, converter.to_musicxml(file.read(), member.name)
            except ChordLlamaError:
                continue


def cut(score: Score) -> Score:
    """Return the bars that are shown, up to the last eight, without a closing bar line."""
    from chordllama.codec.excerpt import excerpt

    return excerpt(score, max(0, len(score.bars) - NEW - SHOWN), len(score.bars) - NEW)


# ----------------------------------------------------------------------------------------------------------- measures


def measures(before: Score, whole: Score) -> Measures:
    """Return what is found in the bars of a score after those of another, which it begins with; both at concert pitch and lean."""
    listener = Listener(before)
    old = listener.all(before.bars, before.bar_lengths)
    new = listener.all(whole.bars[len(before.bars) :], whole.bar_lengths[len(before.bars) :])
    tonality = listener.tonality(old)
    pairs = list(zip((*old[-1:], *new), new, strict=False))
    notes = [note for bar in new for note in bar.notes]
    chords = [item for bar in new for row in bar.bar.rows for item in row.items if isinstance(item, Chord)]
    spans = [_span(chord) for chord in chords if len(chord.notes) > 1]
    widest = max(
        (_span(item) for bar in before.bars for row in bar.rows for item in row.items if isinstance(item, Chord)),
        default=0,
    )
    low, high = tonality.fifths - FIFTHS_BELOW, tonality.fifths + FIFTHS_ABOVE
    repeated = [
        any(bar.signature == other.signature for m, other in enumerate(new) if m != n and bar.signature)
        for n, bar in enumerate(new)
    ]
    found = {
        "ends on the tonic": _one(ends_on_tonic(new[-1], tonality)),
        "closes fully": _one(closes_fully((*old, *new), tonality)),
        "loops (3 of 8 bars repeat)": _one(sum(repeated) >= 3),
        "bass stays": Ratio(sum(same_bass(*pair) for pair in pairs), len(pairs)),
        "harmony stays": Ratio(sum(same_harmony(*pair) for pair in pairs), len(pairs)),
        "out of key": Ratio(sum(note.pitch % 12 not in tonality.scale for note in notes), max(1, len(notes))),
        "spelled far from the key": Ratio(sum(not low <= note.fifths <= high for note in notes), max(1, len(notes))),
        "notes a bar, beside before": Ratio(_density(new), max(0.1, _density(old))),
    }
    if spans and widest <= TENTH:
        found["chords wider than a tenth"] = _one(max(spans) > TENTH)
    if any(bar.symbols for bar in old):
        held = [
            (note, symbol)
            for bar in new
            for symbol in bar.symbols
            for note in bar.notes
            if symbol.tones and symbol.start <= note.start < symbol.end and note.start % bar.beat == 0
        ]
        symbols = {item for bar in new for row in bar.bar.rows for item in row.items if isinstance(item, Harmony)}
        found["different chord symbols"] = Ratio(len({(s.root, s.kind, s.bass) for s in symbols}))
        if held:
            found["notes on beats in the chord"] = Ratio(sum(n.pitch % 12 in s.tones for n, s in held), len(held))
    critic = Critic(before, len(new), closes=True)
    told = critic.judge(tuple(bar.bar for bar in new), tuple(bar.length for bar in new)).findings
    for rule in RULES:
        found[f"rule: {rule.name}"] = Ratio(len({f.bar for f in told if f.rule == rule.name and f.weight}), len(new))
    return found


def _one(is_so: bool) -> Ratio:
    return Ratio(float(is_so))


def _density(bars: Sequence[HeardBar]) -> float:
    return sum(bar.count for bar in bars) / max(1, len(bars))


def _span(chord: Chord) -> int:
    heights = [int(note.height) for note in chord.notes if not note.unpitched] or [0]
    return max(heights) - min(heights)


# ------------------------------------------------------------------------------------------------------------ writers

Writer = Callable[[bytes], bytes]
"""Writes the last bars of a score again."""


def by_care(backend: Backend, care: str, seed: int) -> Writer:
    """Return what writes with the model at hand."""

    def written(xml: bytes) -> bytes:
        request = Request(bars=NEW, ending="close", care=care)  # type: ignore[arg-type]
        request = replace(request, sampling=replace(request.sampling, seed=seed))
        found = write_bars(prepare(xml, "piece", request), backend).candidates[0]
        if found.failure is not None:
            raise found.failure
        return found.xml

    return written


def by_checkout(checkout: Path, seed: int) -> Writer:
    """Return what writes with another checkout's command line."""

    def written(xml: bytes) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder, "in.musicxml"), Path(folder, "out.musicxml")
            source.write_bytes(xml)
            asked = [
                "continue",
                str(source),
                "-o",
                str(out),
                "--bars",
                str(NEW),
                "--ending",
                "close",
                "--seed",
                str(seed),
            ]
            environment = {**os.environ, "PYTHONPATH": f"{checkout}:{checkout / 'server'}"}
            subprocess.run(
                [sys.executable, "-m", "chordllama", *asked],
                env=environment,
                cwd=folder,
                check=True,
                capture_output=True,
            )
            return out.read_bytes()

    return written


def main() -> None:
    """Print a table for each genre."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--genres", nargs="+", default=["hymns", "lead sheets", "piano"])
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--care", nargs="*", default=["fast", "usual"])
    parser.add_argument("--before", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with open_backend(None) as backend:
        writers = {care: by_care(backend, care, asked.seed) for care in asked.care}
        if asked.before:
            writers = {"before": by_checkout(asked.before, asked.seed), **writers}
        for genre in asked.genres:
            report(genre, list(pieces(genre, asked.data, asked.pieces)), writers)


def report(genre: str, chosen: Sequence[tuple[str, Score]], writers: dict[str, Writer]) -> None:
    """Write all pieces of a genre and print its table."""
    found: dict[str, dict[str, list[Measures]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, list[float]] = defaultdict(list)
    for number, (name, score) in enumerate(chosen, 1):
        shown = cut(score)
        before = lean(shown)
        from chordllama.codec.excerpt import excerpt

        human = lean(excerpt(score, max(0, len(score.bars) - NEW - SHOWN), len(score.bars)))
        found["human"][name].append(measures(before, human))
        for writer, written in writers.items():
            started = perf_counter()
            try:
                whole = lean(read(written(write(shown))))
            except (ChordLlamaError, subprocess.CalledProcessError) as error:
                print(f"{name}: {writer}: {error}", file=sys.stderr)
                continue
            seconds[writer].append(perf_counter() - started)
            found[writer][name].append(measures(before, whole))
        print(f"{genre} {number}/{len(chosen)}", file=sys.stderr)
    columns = ["human", *writers]
    print(f"\n| {genre} ({len(chosen)}) | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for measure in dict.fromkeys(m for column in columns for own in found[column].values() for one in own for m in one):
        cells = [_cell(measure, found[column]) for column in columns]
        print(f"| {measure} | {' | '.join(cells)} |")
    times = [f"{sum(seconds[column]) / len(seconds[column]):.2f}" if seconds[column] else "" for column in columns]
    print(f"| seconds | {' | '.join(times)} |", flush=True)


def _cell(measure: str, found: dict[str, list[Measures]]) -> str:
    figure: Figure | None = figure_of(
        {
            name: [one[measure] for one in own if measure in one]
            for name, own in found.items()
            if any(measure in one for one in own)
        }
    )
    return "" if figure is None else f"{figure.value:.2f} ({figure.low:.2f}–{figure.high:.2f})"


if __name__ == "__main__":
    main()
