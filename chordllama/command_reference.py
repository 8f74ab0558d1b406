"""The command line as Markdown: `python -m chordllama.command_reference docs/commands.md` writes the page anew.

Knows how a command looks on a page; click knows the commands.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from chordllama.cli import cli
from chordllama.system.files import write_atomically

_HEAD = """# Commands

Made from the commands themselves; `chordllama COMMAND --help` says the same. IN is a score: MusicXML (`.musicxml`, `.xml`, `.mxl`), or MIDI, ABC,
Humdrum or MEI, which are converted first. OUT is `.musicxml`, `.xml` or `.mxl`. `-` is standard input or output. Bars count from 1, as
`check` lists them beside their printed numbers.

Where IN is a folder (`encode`, `decode`), OUT is one too. What is done already stays, so that the same command goes on after an
interruption; what somebody edited is never overwritten; what failed is listed in `OUT/chordllama-failures.json`.
"""
_EXIT_CODES = """
## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | the system refused, e.g. the disk is full |
| 2 | wrong usage |
| 3 | the score is rejected |
| 4 | the model can't be found, loaded, trained or exported |
| 5 | the endpoint can't be reached or answers wrongly |
| 6 | a source of training data can't be fetched, unpacked or read |
| 130 | interrupted |

An error says what happened, and where it is known, why and what to do: `error:`, `cause:` and `hint:` on standard error, or with `--json` one JSON
object on standard output.
"""


def page() -> str:
    """Return the whole page."""
    return _HEAD + "".join(_commands(cli, "chordllama")) + _EXIT_CODES


def _commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield "\n".join(_command(command, f"{path} {name}")) + "\n"


def _command(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield f"\n## {path}\n"
    yield f"`{' '.join(command.get_usage(context).removeprefix('Usage: ').split())}`\n"
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        yield f"{' '.join(paragraph.split())}\n"
    options = [
        record
        for option in command.params
        if isinstance(option, click.Option) and (record := option.get_help_record(context))
    ]
    if options:
        yield "| option | |\n| --- | --- |"
        yield from (f"| `{_cell(name)}` | {_cell(text)} |" for name, text in options)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write_atomically(Path(sys.argv[1]), page().encode())
