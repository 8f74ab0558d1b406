"""Where a run's curves are shown besides its own log: TensorBoard, and Weights & Biases. Knows reports of steps; knows no trainer."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import Any

from chordllama.training.step_report import StepReport, TrainingProgress

TENSORBOARD = "tensorboard"
WANDB_HOST = "api.wandb.ai"
SHOWN: Mapping[str, str] = {
    "loss": "loss/training",
    "validation_loss": "loss/held out",
    "bits_per_byte": "bits a byte/held out",
    "learning_rate": "learning rate",
    "tokens_per_second": "tokens a second",
}
"""A report's figure -> its name on the charts."""


@contextmanager
def tracked(name: str, recipe: Mapping[str, Any], out: Path) -> Iterator[TrainingProgress]:
    """Gives the function to call with each report: it tells all trackers that are here."""
    with ExitStack() as stack:
        tellers = [stack.enter_context(open_(name, recipe, out)) for found, open_ in TRACKERS if found()]

        def tell(report: StepReport) -> None:
            for one in tellers:
                one(report)

        yield tell


def figures(report: StepReport) -> dict[str, float]:
    """Return what of a report is shown, by the names on the charts."""
    values = {label: getattr(report, field) for field, label in SHOWN.items()}
    return {label: value for label, value in values.items() if value is not None}


def has_tensorboard() -> bool:
    """Tell whether TensorBoard is installed."""
    return find_spec(TENSORBOARD) is not None


@contextmanager
def _tensorboard(_name: str, _recipe: Mapping[str, Any], out: Path) -> Iterator[TrainingProgress]:
    """Events below `out/tensorboard`; what a killed run wrote after its last checkpoint is struck out when it goes on."""
    from torch.utils.tensorboard import SummaryWriter

    writers: list[Any] = []

    def tell(report: StepReport) -> None:
        if not writers:
            writing: Any = SummaryWriter
            writers.append(writing(str(out / TENSORBOARD), purge_step=report.step))
        for label, value in figures(report).items():
            writers[0].add_scalar(label, value, report.step)

    try:
        yield tell
    finally:
        for writer in writers:
            writer.close()


def has_wandb() -> bool:
    """Tell whether Weights & Biases is installed and the user has set it up (a key, or offline) and not switched it off."""
    mode = os.environ.get("WANDB_MODE", "online")
    ready = mode == "offline" or bool(os.environ.get("WANDB_API_KEY")) or _logged_in()
    return mode != "disabled" and ready and find_spec("wandb") is not None


def _logged_in() -> bool:
    try:
        return WANDB_HOST in netrc().hosts
    except (OSError, NetrcParseError):
        return False


@contextmanager
def _wandb(name: str, recipe: Mapping[str, Any], out: Path) -> Iterator[TrainingProgress]:
    """A run that goes on where it was when ours does: its name there follows from the folder."""
    import wandb

    number = hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16]
    run: Any = wandb.init(project="chordllama", name=name, id=number, resume="allow", dir=str(out), config=dict(recipe))
    try:
        yield lambda report: run.log(figures(report), step=report.step)
    finally:
        run.finish()


Tracker = Callable[[str, Mapping[str, Any], Path], Any]
TRACKERS: tuple[tuple[Callable[[], bool], Tracker], ...] = ((has_tensorboard, _tensorboard), (has_wandb, _wandb))
"""Whether a tracker is here, and how it is opened."""
