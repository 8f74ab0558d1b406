"""The command evaluate: thin, it parses, calls, prints and writes. What it needs is imported inside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path, PurePath
from time import monotonic
from typing import TYPE_CHECKING

import click

from chordllama.commands.delivery import tell_written
from chordllama.system.extras import need
from chordllama.system.terminal import show_progress

if TYPE_CHECKING:
    from chordllama.evaluate.evaluation import Evaluation
    from chordllama.evaluate.systems import EvaluationReport, EvaluationSettings, System


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--task",
    type=click.Choice(["music", "lyrics", "prose"]),
    default="music",
    show_default=True,
    help="What is measured.",
)
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="A built corpus, whose test rows are used. [default for music: held-out chorales of music21]",
)
@click.option(
    "--bars", type=click.IntRange(1, 64), default=4, show_default=True, help="How many bars of music are continued."
)
@click.option(
    "--candidates", type=click.IntRange(1, 16), default=2, show_default=True, help="Continuations of each piece."
)
@click.option("--pieces", type=click.IntRange(1), metavar="N", help="At most N held-out pieces.")
@click.option(
    "--embeddings",
    metavar="MODEL",
    help="A sentence-transformers model, by folder or hub name (all-MiniLM-L6-v2, say): texts are compared by meaning, too.",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), help="Processors to use. [default: half of them, of few all but one]"
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    default="evaluation",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for report.json, report.md and report.png.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def evaluate(
    models: tuple[Path, ...],
    task: str,
    data: Path | None,
    bars: int,
    candidates: int,
    pieces: int | None,
    embeddings: str | None,
    threads: int | None,
    output: Path,
    as_json: bool,
) -> None:
    """Measure what models write on held-out works, beside the human and naive floors.

    MODEL is a .gguf file, or a folder of them (f16, Q8_0 and Q4_K_M, say); without one it is the bundled model.
    """
    from chordllama.evaluate.systems import EvaluationSettings
    from chordllama.generate.llama_runtime import check_file

    if task != "music" and data is None:
        raise click.UsageError(f"{task}: name a built corpus with --data")
    if task == "music" and embeddings:
        raise click.UsageError("music: --embeddings compares words, as lyrics and prose have them")
    need("evaluate")
    if embeddings:
        need("embeddings")
    files = _files(models)
    for path in files:
        check_file(path)
    began, settings = monotonic(), EvaluationSettings(candidates)
    if task == "music":
        report = _music(files, settings, threads, data, bars, pieces)
    else:
        assert data is not None
        report = _texts(task, files, settings, threads, data, pieces, embeddings)
    names = _deliver(report, output, as_json)
    tell_written({"output": str(output)}, *names, began=began, as_json=as_json)


@contextmanager
def _measuring(pieces: int) -> Iterator[Callable[[], None]]:
    """Show how many pieces are measured; give the function to call after each."""
    done = count(1)
    with show_progress("measuring", "pieces") as show:
        yield lambda: show(next(done), pieces)


def _files(models: tuple[Path, ...]) -> list[Path]:
    """Return the model files, those of a folder in the order of their sizes, largest first."""
    from chordllama.generate.models import BUNDLED
    from chordllama.system.resources import resource

    found: list[Path] = []
    for path in models or (resource(BUNDLED),):
        inside = sorted(path.glob("*.gguf"), key=lambda file: -file.stat().st_size) if path.is_dir() else [path]
        if not inside:
            raise click.UsageError(f"{path}: holds no .gguf file")
        found += inside
    return found


def _music(
    files: list[Path],
    settings: EvaluationSettings,
    threads: int | None,
    data: Path | None,
    bars: int,
    pieces: int | None,
) -> EvaluationReport:
    """Human, floors and models; the n-grams are of the first model's tokens."""
    from chordllama.evaluate.evaluation import Evaluation
    from chordllama.evaluate.held_out import held_out_chorales
    from chordllama.evaluate.held_out_rows import held_out_rows
    from chordllama.evaluate.systems import EvaluationReport

    held_out = held_out_rows(data, bars, pieces) if data else held_out_chorales(bars, pieces)
    with _measuring(len(held_out.pieces) * (len(files) + 5)) as step:
        evaluation = Evaluation(held_out, settings, step)
        systems = [evaluation.human(), *evaluation.naive()]
        for number, path in enumerate(files):
            systems += _music_systems(evaluation, path, threads, with_grams=not number)
    told = {"pieces": len(held_out.pieces), "bars": bars} | settings.told()
    return EvaluationReport("music", held_out.told, told, evaluation.headings, tuple(systems))


def _music_systems(evaluation: Evaluation, path: Path, threads: int | None, with_grams: bool) -> Iterator[System]:
    from chordllama.evaluate.bits_per_note import scoring
    from chordllama.generate.models import open_backend

    with open_backend(str(path), threads) as backend, scoring(path, threads) as costs:
        if with_grams:
            grams = costs.counted(evaluation.held_out.training)
            yield evaluation.counted(f"{grams.grams.order}-gram", grams.bits)
        yield evaluation.model(path.stem, backend, costs.bits)


def _texts(
    task: str,
    files: list[Path],
    settings: EvaluationSettings,
    threads: int | None,
    data: Path,
    pieces: int | None,
    embeddings: str | None,
) -> EvaluationReport:
    """Human, floors and models."""
    from chordllama.evaluate.bits_per_note import scoring
    from chordllama.evaluate.embeddings import open_embeddings
    from chordllama.evaluate.systems import EvaluationReport
    from chordllama.evaluate.text_evaluation import TextEvaluation, held_out_texts
    from chordllama.generate.models import open_backend

    held_out = held_out_texts(data, task, pieces)
    embed = open_embeddings(embeddings) if embeddings else None
    with _measuring(len(held_out.pieces) * (len(files) + 4)) as step:
        evaluation = TextEvaluation(held_out, task, settings, step, embed)
        systems = [evaluation.human(), *evaluation.naive(), evaluation.counted()]
        for path in files:
            with open_backend(str(path), threads) as backend, scoring(path, threads) as costs:
                systems.append(evaluation.model(path.stem, backend, costs))
    told = {"pieces": len(held_out.pieces)} | settings.told()
    if embeddings:
        told |= {"embeddings": PurePath(embeddings).name}
    return EvaluationReport(task, held_out.told, told, evaluation.headings, tuple(systems))


def _deliver(report: EvaluationReport, folder: Path, as_json: bool) -> list[str]:
    """Write the report in its three forms, print it, and return the files' names."""
    from chordllama.evaluate.evaluation_report import as_json as in_json
    from chordllama.evaluate.evaluation_report import as_markdown, picture
    from chordllama.system.files import write_atomically

    folder.mkdir(parents=True, exist_ok=True)
    forms = {
        "report.json": in_json(report).encode(),
        "report.md": as_markdown(report).encode(),
        "report.png": picture(report),
    }
    for name, content in forms.items():
        write_atomically(folder / name, content)
    facts = json.dumps(json.loads(in_json(report)), ensure_ascii=False)
    click.echo(facts if as_json else as_markdown(report), nl=as_json)
    return list(forms)
