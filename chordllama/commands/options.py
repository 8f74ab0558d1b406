"""Options and arguments that several commands share, and the checks of their values. Knows click and files, no music."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import click

STANDARD = "-"
"""Standard input or output."""
SCORE_SUFFIXES = (".musicxml", ".xml", ".mxl")


def words(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return the words of an option that lists them with commas, each once, in order."""
    return tuple(sorted({word.strip() for word in (value or "").split(",")} - {""}))


def any_output(context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Refuse an output that can't be written: in no folder, a folder for a file, or a file for a folder."""
    is_folder = Path(context.params["source"]).is_dir()
    if value != STANDARD and not Path(value).resolve().parent.is_dir():
        raise click.UsageError(f"{value}: the folder doesn't exist", context)
    if Path(value).is_dir() and not is_folder:
        raise click.UsageError(f"{value}: is a folder", context)
    if is_folder and not Path(value).is_dir() and (value == STANDARD or Path(value).exists()):
        raise click.UsageError("what a folder becomes is another folder: name it with -o", context)
    return value


def score_output(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Refuse an output that can't be written, or whose name isn't that of a score."""
    is_folder = Path(context.params["source"]).is_dir()
    if (
        value != STANDARD
        and not is_folder
        and _is_plain_file(value)
        and PurePath(value).suffix.lower() not in SCORE_SUFFIXES
    ):
        raise click.UsageError(f"{value}: wanted a name that ends in {', '.join(SCORE_SUFFIXES)}", context)
    return any_output(context, parameter, value)


def _is_plain_file(path: str) -> bool:
    return not Path(path).exists() or Path(path).is_file()


Decorated = Callable[..., Any]


def output_option(
    callback: Callable[[click.Context, click.Parameter, str], str], what: str = "File (or folder, as IN)"
) -> Callable[[Decorated], Decorated]:
    """Return the option for what is written, whose value `callback` checks."""
    return click.option(
        "-o",
        "--output",
        default=STANDARD,
        metavar="OUT",
        callback=callback,
        help=f"{what} to write. [default: stdout]",
    )


source_argument = click.argument("source", metavar="IN", is_eager=True)  # before OUT, whose kind depends on it
jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 512), help="Processes that work on a folder. [default: one for each core]"
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object with the result or the error."
)
_DIALECTS = click.Choice(["compact", "classic"])
dialect_option = click.option(
    "--dialect", type=_DIALECTS, default="compact", help="compact, or classic: the format of 2024's Chord Llama."
)
strict_option = click.option("--strict", is_flag=True, help="Refuse a score with elements that MusicXML doesn't know.")
