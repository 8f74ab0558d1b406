"""What people read on standard error: messages, what was written, and how far work has come. Knows click and rich, no music and no models."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_COLOURS = {
    "error": "red",
    "warning": "yellow",
    "cause": "cyan",
    "hint": "green",
    "done": "green",
    "stopped": "yellow",
    "training": "cyan",
    "exported": "green",
    "report": "cyan",
}


def say(kind: str, text: str) -> None:
    """Print a line that begins with its kind: `warning: …`."""
    colour = False if "NO_COLOR" in os.environ else None  # None: on a terminal only
    click.echo(f"{click.style(f'{kind}:', fg=_COLOURS[kind], bold=True)} {text}", err=True, color=colour)


def say_written(files: Sequence[str], *facts: str) -> None:
    """Print what was written, at a terminal only: `song.musicxml, song.mid: 8 bars, 13–20, 4.1 s`."""
    if sys.stderr.isatty():
        click.echo(f"{', '.join(files)}: {', '.join(facts)}", err=True)


def format_seconds(seconds: float) -> str:
    """Return a length of time for people: `4.1 s`, `1:05 min`, `2:00:10 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


# -------------------------------------------------------------------------------------------------------------- progress

_EVERY = 10.0
_RARELY = 60.0
"""Seconds between two plain lines: a tenth of the time gone, but never less or more than these."""


@contextmanager
def show_progress(verb: str, unit: str) -> Iterator[ProgressDisplay]:
    """Show how far work has come, in `unit` (files, bars, bytes, …): give what is to be called with each step.

    At a terminal it is a bar with time left, count and speed, which goes when the work ends. Elsewhere, in a log say, it is a plain line
    with the same words, the first one after ten seconds.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield ProgressDisplay(verb, unit)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    # names of files may hold what rich takes for markup
    title, text = (TextColumn(shown, markup=False) for shown in ("{task.description}", "{task.fields[text]}"))
    left = TimeRemainingColumn(table_column=Column(min_width=7))  # at a narrow terminal the end of the text goes first
    with Progress(title, BarColumn(bar_width=20), left, text, console=Console(stderr=True), transient=True) as bars:
        yield ProgressDisplay(verb, unit, bars)


class ProgressDisplay:
    """How far work has come: called with each step, it moves a bar, or prints a line if the last one was long ago."""

    def __init__(self, verb: str, unit: str, bars: Progress | None = None, every: float = _EVERY) -> None:
        self._verb, self._unit, self._bars, self._every = verb, unit, bars, every
        self._began = monotonic()
        self._due = self._began + every
        self._tracks: dict[str, _Track] = {}

    def __call__(self, done: float, total: float | None, about: str = "", line: str = "") -> None:
        """Show that `done` of `total` units are done (None where nobody knows how many), and what else is to be said `about` it.

        Where there are several files or steps, each has a bar of its own, called `line`.
        """
        now = monotonic()
        title = f"{self._verb} {line}".strip()
        if title not in self._tracks:
            bar = self._bars.add_task(title, total=None, text="") if self._bars else None
            self._tracks[title] = _Track(now, done, bar)
        began, before, bar = self._tracks[title]
        # what was done before the first step, in an earlier run say, tells nothing of the speed
        speed = (done - before) / (now - began) if now > began else 0.0
        told = (_count(done, total, self._unit), about, f"{_amount(speed, self._unit)}/s" if speed else "")
        text = ", ".join(filter(None, told))
        if self._bars and bar is not None:
            self._bars.update(bar, completed=done, total=total, text=text)
        elif now >= self._due:
            self._due = now + max(self._every, min(_RARELY, (now - self._began) / 10))
            left = f", {format_seconds((total - done) / speed)} left" if total and speed else ""
            click.echo(f"{title}: {text}{left}", err=True)

    def note(self, text: str) -> None:
        """Print a line that stays, above the bars."""
        if self._bars:
            self._bars.console.print(text, highlight=False, markup=False)
        else:
            click.echo(text, err=True)


class _Track(NamedTuple):
    """One line of progress: when its first step came, what was done then, and its bar at a terminal."""

    began: float
    done: float
    bar: TaskID | None


def _count(done: float, total: float | None, unit: str) -> str:
    if total is None:
        return _amount(done, unit)
    if unit != "bytes":
        return f"{done:,}/{total:,} {unit}"
    size, name = _scale(total)
    return f"{done / size:.1f}/{total / size:.1f} {name}"


def _amount(number: float, unit: str) -> str:
    if unit != "bytes":
        return f"{number:,.1f} {unit}" if isinstance(number, float) else f"{number:,} {unit}"
    size, name = _scale(number)
    return f"{number / size:.1f} {name}"


def _scale(number: float) -> tuple[int, str]:
    """Return the largest decimal unit of bytes that is no larger than this many: its size and its name."""
    return next(((size, name) for size, name in _SCALES if number >= size), (1, "B"))


_SCALES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
