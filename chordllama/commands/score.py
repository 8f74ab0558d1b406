"""The commands encode, decode and check. What a command needs is imported inside it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from chordllama.commands.delivery import EXIT_INTERRUPTED, deliver, read, score_suffix, tell, tell_written, warn
from chordllama.commands.options import (
    SCORE_SUFFIXES,
    any_output,
    dialect_option,
    jobs_option,
    json_option,
    output_option,
    score_output,
    source_argument,
    strict_option,
    words,
)
from chordllama.system.terminal import say, show_progress
from chordllama.tasks.plan import count_of

if TYPE_CHECKING:
    from chordllama.conversion.convert import Conversion
    from chordllama.critic.critic import Remark


@click.command()
@source_argument
@output_option(any_output)
@click.option("--without", callback=words, metavar="WHAT,...", help="Leave these out of the text, e.g. lyrics.")
@click.option("--bars-per-line", type=click.IntRange(1, 16), default=1, show_default=True, help="Bars on one line.")
@dialect_option
@jobs_option
@strict_option
@json_option
def encode(source: str, output: str, dialect: str, jobs: int | None, as_json: bool, **options: Any) -> int | None:
    """Turn a score, or a folder of scores, into text.

    IN is MusicXML (.musicxml, .xml, .mxl), or MIDI, ABC, Humdrum or MEI, which music21 converts first. Of a folder, what is
    done already stays; so after an interruption the same command goes on.
    """
    from chordllama.conversion.convert import encoding_for

    return _convert(encoding_for(dialect, **options), "text", source, output, jobs, as_json)


@click.command()
@source_argument
@output_option(score_output)
@dialect_option
@jobs_option
@json_option
def decode(source: str, output: str, dialect: str, jobs: int | None, as_json: bool) -> int | None:
    """Turn text, or a folder of it, into MusicXML scores."""
    from chordllama.conversion.convert import decoding_for

    suffix = SCORE_SUFFIXES[0] if Path(source).is_dir() else score_suffix(output)
    return _convert(decoding_for(dialect, suffix), "musicxml", source, output, jobs, as_json)


def _convert(conversion: Conversion, key: str, source: str, output: str, jobs: int | None, as_json: bool) -> int | None:
    """Convert a file or a folder; the exit code is that of a folder."""
    if Path(source).is_dir():
        return _convert_folder(conversion, source, output, jobs, as_json)
    began = monotonic()
    converted = conversion.convert(*read(source))
    parts, bars = len(converted.score.parts), len(converted.score.bars)
    facts = {"parts": parts, "bars": bars, "warnings": warn(converted.warnings)}
    facts = deliver(converted.data, key, output, as_json) | facts
    tell_written(facts, count_of(parts, "part"), count_of(bars, "bar"), began=began, as_json=as_json)
    tell(facts, as_json)
    return None


def _convert_folder(conversion: Conversion, source: str, output: str, jobs: int | None, as_json: bool) -> int:
    """Convert a folder, say what became of it, and return the exit code."""
    from chordllama.conversion.folders import convert_folder

    with show_progress(conversion.name, "files") as show:

        def progress(done: int, failed: int, total: int) -> None:
            show(done, total, f"{failed:,} failed")

        summary = convert_folder(conversion, Path(source), Path(output), jobs, progress)
    for kind, text in summary.messages():
        say(kind, text)
    tell(asdict(summary), as_json)
    return EXIT_INTERRUPTED if summary.interrupted else summary.exit_code


@click.command()
@source_argument
@click.option("--critic", "with_critic", is_flag=True, help="Say what a listener would of its bars, too.")
@strict_option
@json_option
def check(source: str, with_critic: bool, strict: bool, as_json: bool) -> None:
    """Show what a score holds.

    Parts, bars, signs, what its text leaves out, and bars that don't fill their metre. IN is a score or compact text.
    """
    from chordllama.checking.contents import check as check_reading
    from chordllama.commands.check_tables import print_check
    from chordllama.conversion.convert import read_anything, refuse_unknown

    data, name = read(source)
    reading = read_anything(data, name)
    if strict:
        refuse_unknown(reading.report, name)
    found = check_reading(reading)
    remarks: tuple[Remark, ...] = ()
    if with_critic:
        from chordllama.critic.critic import remarks_on

        remarks = remarks_on(reading.score)
    if as_json:
        heard = {"critic": [asdict(remark) for remark in remarks]} if with_critic else {}
        tell({"file": name} | asdict(found) | heard, as_json)
        return
    print_check(found, name)
    for remark in remarks:
        click.echo(str(remark))
    if with_critic and not remarks:
        click.echo("The critic finds nothing.")
