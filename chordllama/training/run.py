"""A recipe carried out: training, then export. Knows the order of the steps; each is a module of its own."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from chordllama.errors import ModelError
from chordllama.system.files import write_atomically
from chordllama.system.terminal import say, show_progress
from chordllama.training.export import export
from chordllama.training.folder import LOG, RUN
from chordllama.training.lora import fine_tune
from chordllama.training.lora_recipe import LoraRecipe, load_lora_recipe
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import Recipe, load_recipe
from chordllama.training.recipe_reader import read_yaml
from chordllama.training.row_folders import corpus_folder
from chordllama.training.step_report import StepReport, TrainingProgress
from chordllama.training.trackers import tracked

QUANTISATIONS = ("q4_k_m",)
PRETRAIN = "pretrain"
LOADERS: Mapping[str, Callable[[Path], Recipe | LoraRecipe]] = {PRETRAIN: load_recipe, "lora": load_lora_recipe}


def load_any_recipe(path: Path) -> Recipe | LoraRecipe:
    """Read a recipe of the kind that it names; without one it is pretrain. Raises ModelError."""
    values = read_yaml(path)
    kind = values.get("kind", PRETRAIN) if isinstance(values, dict) else PRETRAIN
    if kind not in LOADERS:
        raise ModelError(f'{path}: found the kind "{kind}", wanted {" or ".join(LOADERS)}')
    return LOADERS[kind](path)


def carry_out(recipe: Recipe | LoraRecipe, out: Path, data: Path, *, resume: bool = False) -> list[Path]:
    """Train by a recipe of either kind; returns what is there then: GGUF files, or the folder of the merged model.

    With `resume` the run in `out` goes on where it stopped. Of several processes that train together the first alone tells and exports.

    Raises:
        ModelError: a corpus is missing, a run is there already, or an export isn't what was trained.
    """
    first = os.environ.get("RANK", "0") == "0"
    with told(recipe, out) if first else nullcontext(_silent) as step:
        if isinstance(recipe, LoraRecipe):
            found = [fine_tune(recipe, data, out, resume, step, _say if first else _silent)]
        else:
            found = [pretrain(recipe, [corpus_folder(name, data) for name in recipe.data.corpora], out, resume, step)]
    if not first:
        return []
    draw_curve(out)
    if isinstance(recipe, LoraRecipe):
        return found
    return [file.path for file in export(out, out, QUANTISATIONS, lambda text: say("exported", text))]


@contextmanager
def told(recipe: Recipe | LoraRecipe, out: Path) -> Iterator[TrainingProgress]:
    """Give the function that each step's report is told: it shows a line here, and curves where the user looks at them."""
    with show_training() as show, tracked(recipe.name, recipe.as_dict(), out) as track:

        def tell(report: StepReport) -> None:
            show(report)
            track(report)

        yield tell


@contextmanager
def show_training() -> Iterator[TrainingProgress]:
    """Show steps, loss and speed; give the function that each step's report is told. What a validation gives is a line that stays."""
    with show_progress("training", "steps") as display:

        def show(report: StepReport) -> None:
            # where minutes end a run before its steps, there are as many as they will allow
            steps = round(report.step / report.progress) if report.progress else report.steps
            loss = "" if report.loss is None else f"loss {report.loss:.3f}, "
            display(report.step, steps, f"{loss}{report.tokens_per_second:,.0f} tokens/s")
            if report.validation_loss is not None:
                bits = "" if report.bits_per_byte is None else f", {report.bits_per_byte:.4f} bits a byte"
                display.note(f"step {report.step}: held-out loss {report.validation_loss:.4f} nats a token{bits}")

        yield show


def _say(text: str) -> None:
    say("training", text)


def _silent(_: object) -> None:
    return None


# ---------------------------------------------------------------------------------------------------------------- the curve

CURVE = "curve.png"


def draw_curve(run: Path) -> Path:
    """Draw losses by step from `run/log.jsonl` into `run/curve.png`, and return its path."""
    from matplotlib.figure import Figure

    reports = [json.loads(line) for line in (run / LOG).read_text(encoding="utf-8").splitlines()]
    about = json.loads((run / RUN).read_text(encoding="utf-8"))
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(title=str(about["name"]), xlabel="step", ylabel="nats a token")
    for key, label, style in (("loss", "training", "-"), ("validation_loss", "held out", "o-")):
        steps, losses = _points(reports, key)
        axes.plot(steps, losses, style, label=label, linewidth=1, markersize=4)
    axes.legend()
    axes.grid(alpha=0.3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    write_atomically(run / CURVE, picture.getvalue())
    return run / CURVE


def _points(reports: list[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    found = [report for report in reports if report.get(key) is not None]
    return [report["step"] for report in found], [report[key] for report in found]
