"""Progress for people at a terminal, on standard error; nothing where there is none. Knows rich, no music and no models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chordllama.generate.continuation import Progress as BarProgress
    from chordllama.training.pretrain import StepReport


@contextmanager
def show_bars(bars: int, candidates: int) -> Iterator[Callable[[BarProgress], None]]:
    """A line with bars done and seconds left; gives the function to call after each bar."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn(), TextColumn("bars"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("bars", total=bars * candidates)
        yield lambda _: progress.advance(task)


@contextmanager
def show_scores() -> Iterator[Callable[[int, int], None]]:
    """A line with scores read so far; gives the function to call with their number and the number of all."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("scores"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("scores", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def show_training() -> Iterator[Callable[[StepReport], None]]:
    """A line with steps, loss, speed and time left, or now and then a printed line where nobody watches."""
    if not sys.stderr.isatty():
        yield _print_validation
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("step {task.fields[step]}  loss {task.fields[loss]}  {task.fields[speed]} tokens/s")
    with Progress(
        TextColumn("training"), BarColumn(), text, TimeRemainingColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("steps", total=1.0, step=0, loss="–", speed="–")

        def show(report: StepReport) -> None:
            loss = "–" if report.loss is None else f"{report.loss:.3f}"
            speed = f"{report.tokens_per_second:,.0f}"
            bar.update(task, completed=report.progress, step=report.step, loss=loss, speed=speed)
            if report.validation_loss is not None:
                bar.console.print(_validation(report))

        yield show


def _print_validation(report: StepReport) -> None:
    if report.validation_loss is not None:
        sys.stderr.write(_validation(report) + "\n")


def _validation(report: StepReport) -> str:
    return (
        f"step {report.step}: held-out loss {report.validation_loss:.4f} nats a token, "
        f"{report.bits_per_byte or 0:.4f} bits a byte"
    )
