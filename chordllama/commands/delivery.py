"""What commands read, write and say: files or standard streams, one JSON object, warnings. Knows no music."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath
from time import monotonic
from typing import Any

import click

from chordllama.commands.options import SCORE_SUFFIXES, STANDARD
from chordllama.limits import MOST_BYTES
from chordllama.system.files import read_bounded, write_atomically
from chordllama.system.terminal import format_seconds, say, say_written

EXIT_SYSTEM, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

Facts = dict[str, Any]


def read(source: str) -> tuple[bytes, str]:
    """Return the bytes of a file or of standard input, and the name that messages call it by."""
    if source == STANDARD:
        return sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"
    try:
        return read_bounded(Path(source)), source
    except OSError as fault:
        raise click.UsageError(f"{source}: can't be read: {fault.strerror or fault}") from fault


def score_suffix(output: str) -> str:
    """Return the suffix of a score's file; `.musicxml` where its name has none."""
    suffix = PurePath(output).suffix.lower()
    return suffix if suffix in SCORE_SUFFIXES else SCORE_SUFFIXES[0]


def deliver(content: bytes, key: str, output: str, as_json: bool) -> Facts:
    """Write the content where it belongs, and return where that is; with JSON it belongs into the object itself."""
    if output != STANDARD:
        write(output, content)
        return {"output": output}
    if as_json:
        return {key: content.decode("utf-8")}
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return {}


def tell(facts: Facts, as_json: bool) -> None:
    """Print the facts as one JSON object, where JSON is wanted; nothing else is then printed."""
    if as_json:
        # A name that is no UTF-8 holds lone surrogates, for which Python's escape is JSON's too.
        click.echo(json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def tell_written(facts: Facts, *about: str, began: float, as_json: bool) -> None:
    """Tell who watches at a terminal which files the facts name, and how long it took since `began` (of `monotonic`); with JSON nobody."""
    files = [facts[key] for key in ("output", "midi", "picture") if key in facts]
    if files and not as_json:
        say_written(files, *about, format_seconds(monotonic() - began))


def write(path: str, content: bytes) -> None:
    """Write a file, whole or not at all."""
    write_atomically(Path(path), content)


def warn(warnings: Sequence[str]) -> list[str]:
    """Say what was left out or mended."""
    for warning in warnings:
        say("warning", warning)
    return list(warnings)
