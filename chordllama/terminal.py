"""What people read on standard error: messages, and at a terminal progress. Knows click and rich, no music and no models."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import TaskID

    from chordllama.corpora.download import Progress as FileProgress
    from chordllama.generate.continuation import Progress as BarProgress
    from chordllama.training.report import StepReport

_COLOURS = {
    "error": "red",
    "warning": "yellow",
    "cause": "cyan",
    "hint": "green",
    "done": "green",
    "stopped": "yellow",
    "training": "cyan",
    "exported": "green",
}


def say(kind: str, text: str) -> None:
    """Print a line that begins with its kind: `warning: …`."""
    colour = False if "NO_COLOR" in os.environ else None  # None: on a terminal only
    click.echo(f"{click.style(f'{kind}:', fg=_COLOURS[kind], bold=True)} {text}", err=True, color=colour)


@contextmanager
def show_bars(candidates: int) -> Iterator[Callable[[BarProgress], None]]:
    """A line with bars done and seconds left; gives the function to call after each bar."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("writing"), BarColumn(), MofNCompleteColumn(), TextColumn("bars"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("bars", total=None)
        yield lambda step: progress.update(task, total=step.bars * candidates, advance=1)


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
def show_files(verb: str) -> Iterator[Callable[[int, int, int], None]]:
    """A line with files done and failed, speed and time left; gives the function to call with done, failed and all."""
    if not sys.stderr.isatty():
        yield lambda _done, _failed, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    text = TextColumn("files  {task.fields[failed]} failed  {task.fields[speed]} files/s")
    with Progress(
        TextColumn(verb), BarColumn(), MofNCompleteColumn(), text, TimeRemainingColumn(), console=Console(stderr=True)
    ) as progress:
        task = progress.add_task("files", total=None, failed=0, speed="–")

        def show(done: int, failed: int, total: int) -> None:
            speed = progress.tasks[0].speed
            shown = "–" if speed is None else f"{speed:.1f}"
            progress.update(task, completed=done, total=total, failed=failed, speed=shown)

        yield show


@contextmanager
def show_shards(task: str) -> Iterator[Callable[[str, int, int], None]]:
    """A line for each step of a build with shards done and time left; gives the function to call with step, done and all."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        lines: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in lines:
                lines[step] = bar.add_task(f"{task}: {step}", total=total)
            bar.update(lines[step], completed=done, total=total)

        yield show


@contextmanager
def show_download() -> Iterator[Callable[[FileProgress], None]]:
    """A bar for each file with bytes, speed and time left; gives the function to call as bytes arrive."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(progress: FileProgress) -> None:
            if progress.file not in tasks:
                tasks[progress.file] = bar.add_task(progress.file, total=None)
            bar.update(tasks[progress.file], completed=progress.done, total=progress.total)

        yield show


@contextmanager
def show_evaluation(pieces: int) -> Iterator[Callable[[], None]]:
    """A line with pieces measured and time left; gives the function to call after each."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("measuring"), BarColumn(), MofNCompleteColumn(), TextColumn("pieces"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("pieces", total=pieces)
        yield lambda: progress.advance(task)


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
    bits = "" if report.bits_per_byte is None else f", {report.bits_per_byte:.4f} bits a byte"
    return f"step {report.step}: held-out loss {report.validation_loss:.4f} nats a token{bits}"
