"""What people read on standard error: messages, and at a terminal progress. Knows click and rich, no music and no models."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

    from chordllama.corpora.fetch.download import DownloadProgress as FileProgress
    from chordllama.generate.continuation import BarProgress as BarProgress
    from chordllama.training.step_report import StepReport

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


def _progress(verb: str, *columns: str | ProgressColumn, transient: bool = False) -> Progress:
    """rich's progress on standard error, with a bar between `verb` and `columns`, and the time left; silent where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    silent = not sys.stderr.isatty()
    told = (verb, BarColumn(), *columns, TimeRemainingColumn())
    return Progress(*told, console=Console(stderr=True), transient=transient, disable=silent)


def _counted(verb: str, *columns: str, transient: bool = False) -> Progress:
    """A progress that shows how many are done of how many."""
    from rich.progress import MofNCompleteColumn

    return _progress(verb, MofNCompleteColumn(), *columns, transient=transient)


@contextmanager
def show_bars(candidates: int) -> Iterator[Callable[[BarProgress], None]]:
    """Show a line with bars done and seconds left; give the function to call after each bar."""
    with _counted("writing", "bars", transient=True) as progress:
        task = progress.add_task("bars", total=None)
        yield lambda step: progress.update(task, total=step.bars * candidates, advance=1)


@contextmanager
def show_files(verb: str) -> Iterator[Callable[[int, int, int], None]]:
    """Show a line with files done and failed, speed and time left; give the function to call with done, failed and all."""
    with _counted(verb, "files  {task.fields[failed]} failed  {task.fields[speed]} files/s") as progress:
        task = progress.add_task("files", total=None, failed=0, speed="–")

        def show(done: int, failed: int, total: int) -> None:
            speed = progress.tasks[0].speed
            shown = "–" if speed is None else f"{speed:.1f}"
            progress.update(task, completed=done, total=total, failed=failed, speed=shown)

        yield show


@contextmanager
def show_shards(task: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a line for each step of a build with shards done and time left; give the function to call with step, done and all."""
    with _counted("{task.description}") as progress:
        lines: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in lines:
                lines[step] = progress.add_task(f"{task}: {step}", total=total)
            progress.update(lines[step], completed=done, total=total)

        yield show


@contextmanager
def show_download() -> Iterator[Callable[[FileProgress], None]]:
    """Show a bar for each file with bytes, speed and time left; give the function to call as bytes arrive."""
    from rich.progress import DownloadColumn, TransferSpeedColumn

    with _progress("{task.description}", DownloadColumn(), TransferSpeedColumn()) as progress:
        tasks: dict[str, TaskID] = {}

        def show(step: FileProgress) -> None:
            if step.file not in tasks:
                tasks[step.file] = progress.add_task(step.file, total=None)
            progress.update(tasks[step.file], completed=step.done, total=step.total)

        yield show


@contextmanager
def show_evaluation(pieces: int) -> Iterator[Callable[[], None]]:
    """Show a line with pieces measured and time left; give the function to call after each."""
    with _counted("measuring", "pieces") as progress:
        task = progress.add_task("pieces", total=pieces)
        yield lambda: progress.advance(task)


@contextmanager
def show_training() -> Iterator[Callable[[StepReport], None]]:
    """Show a line with steps, loss, speed and time left, or print one now and then where nobody watches."""
    text = "step {task.fields[step]}  loss {task.fields[loss]}  {task.fields[speed]} tokens/s"
    with _progress("training", text) as progress:
        task = progress.add_task("steps", total=1.0, step=0, loss="–", speed="–")

        def show(report: StepReport) -> None:
            loss = "–" if report.loss is None else f"{report.loss:.3f}"
            speed = f"{report.tokens_per_second:,.0f}"
            progress.update(task, completed=report.progress, step=report.step, loss=loss, speed=speed)
            if report.validation_loss is not None:
                progress.console.print(_validation(report), highlight=False)

        yield show


def _validation(report: StepReport) -> str:
    bits = "" if report.bits_per_byte is None else f", {report.bits_per_byte:.4f} bits a byte"
    return f"step {report.step}: held-out loss {report.validation_loss:.4f} nats a token{bits}"
