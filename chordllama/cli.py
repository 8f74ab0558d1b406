"""The command line: it parses, calls and prints. Knows options, files and exit codes; knows nothing of music or models.

Exit codes: 0 done, 1 the system refused (disk full), 2 wrong usage, 3 score rejected, 4 model, 5 endpoint, 6 corpus,
130 interrupted.
What a command needs is imported inside it, so that `chordllama --help` starts at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal

import click
from chordllama_server.commands import serve

from chordllama.corpora.commands import corpus
from chordllama.errors import ChordLlamaError
from chordllama.files import read_bounded, write_atomically
from chordllama.limits import MOST_BYTES
from chordllama.terminal import say

if TYPE_CHECKING:
    from chordllama.conversion import Conversion
    from chordllama.generate.continuation import Continuation

STANDARD = "-"
SCORE_SUFFIXES = (".musicxml", ".xml", ".mxl")
EXIT_SYSTEM, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130

Facts = dict[str, Any]


# Callbacks and options that several commands share


def _words(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(sorted({word.strip() for word in (value or "").split(",")} - {""}))


def _any_output(context: click.Context, _parameter: click.Parameter, value: str) -> str:
    is_folder = Path(context.params["source"]).is_dir()
    if value != STANDARD and not Path(value).resolve().parent.is_dir():
        raise click.UsageError(f"{value}: the folder doesn't exist", context)
    if Path(value).is_dir() and not is_folder:
        raise click.UsageError(f"{value}: is a folder", context)
    if is_folder and not Path(value).is_dir() and (value == STANDARD or Path(value).exists()):
        raise click.UsageError("what a folder becomes is another folder: name it with -o", context)
    return value


def _score_output(context: click.Context, parameter: click.Parameter, value: str) -> str:
    is_folder = Path(context.params["source"]).is_dir()
    if (
        value != STANDARD
        and not is_folder
        and _is_plain_file(value)
        and PurePath(value).suffix.lower() not in SCORE_SUFFIXES
    ):
        raise click.UsageError(f"{value}: wanted a name that ends in {', '.join(SCORE_SUFFIXES)}", context)
    return _any_output(context, parameter, value)


def _is_plain_file(path: str) -> bool:
    return not Path(path).exists() or Path(path).is_file()


Decorated = Callable[..., Any]


def _output_option(callback: Callable[[click.Context, click.Parameter, str], str]) -> Callable[[Decorated], Decorated]:
    return click.option(
        "-o",
        "--output",
        default=STANDARD,
        metavar="OUT",
        callback=callback,
        help="File (or folder, as IN) to write. [default: stdout]",
    )


_source_argument = click.argument("source", metavar="IN", is_eager=True)  # before OUT, whose kind depends on it
_jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 512), help="Processes that work on a folder. [default: one for each core]"
)
_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object with the result or the error."
)
_dialects = click.Choice(["compact", "classic"])
_dialect_option = click.option("--dialect", type=_dialects, default="compact", help="classic: the format of 2024.")
_strict_option = click.option("--strict", is_flag=True, help="Refuse a score with elements that MusicXML doesn't know.")


# Commands


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chordllama", message="%(prog)s %(version)s")
def cli() -> None:
    """Continue a score on your own laptop. IN and OUT may be "-" for standard input and output."""


@cli.command()
@_source_argument
@_output_option(_any_output)
@click.option("--without", callback=_words, metavar="WHAT,...", help="Leave these out of the text, e.g. lyrics.")
@click.option("--bars-per-line", type=click.IntRange(1, 16), default=1, show_default=True, help="Bars on one line.")
@_dialect_option
@_jobs_option
@_strict_option
@_json_option
def encode(source: str, output: str, dialect: str, jobs: int | None, as_json: bool, **options: Any) -> int | None:
    """Turn a score, or a folder of scores, into text.

    IN is MusicXML (.musicxml, .xml, .mxl), or MIDI, ABC, Humdrum or MEI, which music21 converts first. Of a folder, what is
    done already stays; so after an interruption the same command goes on.
    """
    from chordllama.conversion import encoding_for

    return _convert(encoding_for(dialect, **options), "text", source, output, jobs, as_json)


@cli.command()
@_source_argument
@_output_option(_score_output)
@_dialect_option
@_jobs_option
@_json_option
def decode(source: str, output: str, dialect: str, jobs: int | None, as_json: bool) -> int | None:
    """Turn text, or a folder of it, into MusicXML scores."""
    from chordllama.conversion import decoding_for

    suffix = SCORE_SUFFIXES[0] if Path(source).is_dir() else _suffix(output)
    return _convert(decoding_for(dialect, suffix), "musicxml", source, output, jobs, as_json)


def _convert(conversion: Conversion, key: str, source: str, output: str, jobs: int | None, as_json: bool) -> int | None:
    """Convert a file or a folder; the exit code is that of a folder."""
    if Path(source).is_dir():
        return _convert_folder(conversion, source, output, jobs, as_json)
    converted = conversion.convert(*_read(source))
    score, warnings = converted.score, _warn(converted.warnings)
    facts = {"parts": len(score.parts), "bars": len(score.bars), "warnings": warnings}
    _tell(_deliver(converted.data, key, output, as_json) | facts, as_json)
    return None


def _convert_folder(conversion: Conversion, source: str, output: str, jobs: int | None, as_json: bool) -> int:
    """Convert a folder, say what became of it, and return the exit code."""
    from chordllama.folders import convert_folder
    from chordllama.terminal import show_files

    with show_files(conversion.name) as progress:
        summary = convert_folder(conversion, Path(source), Path(output), jobs, progress)
    for kind, text in summary.messages():
        say(kind, text)
    _tell(asdict(summary), as_json)
    return EXIT_INTERRUPTED if summary.interrupted else summary.exit_code


@cli.command()
@_source_argument
@_strict_option
@_json_option
def check(source: str, strict: bool, as_json: bool) -> None:
    """Say what a score holds.

    Parts, bars, signs, what its text leaves out, and bars that don't fill their metre. IN is a score or compact text.
    """
    from chordllama.check import check as check_reading
    from chordllama.conversion import read_anything, refuse_unknown
    from chordllama.tables import print_check

    data, name = _read(source)
    reading = read_anything(data, name)
    if strict:
        refuse_unknown(reading.report, name)
    found = check_reading(reading)
    if as_json:
        _tell({"file": name} | asdict(found), as_json)
    else:
        print_check(found, name)


@cli.command(name="continue")
@_source_argument
@_output_option(_score_output)
@click.option("--bars", type=click.IntRange(1, 256), default=8, show_default=True, help="How many bars to write.")
@click.option("--candidates", type=click.IntRange(1, 16), default=1, show_default=True, help="How many continuations.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Another seed gives other bars."
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, 5),
    default=0.9,
    show_default=True,
    help="Higher is bolder; 0 takes the likeliest.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    help="Keep the likeliest choices up to this sum.",
)
@click.option(
    "--min-p", type=click.FloatRange(0, 1), default=0.05, help="Drop choices below this share of the likeliest."
)
@click.option(
    "--ending",
    type=click.Choice(["auto", "open", "close"]),
    default="auto",
    show_default=True,
    help="Whether the music ends with the new bars; auto: where the score had a final bar line.",
)
@click.option("--model", metavar="PATH|URL", help="A .gguf file or an endpoint. [default: the model that comes along]")
@_dialect_option
@click.option("--threads", type=click.IntRange(1, 64), help="Processors to use. [default: all but one]")
@click.option("--midi", "with_midi", is_flag=True, help="Write OUT as MIDI too.")
@click.option("--picture", "with_picture", is_flag=True, help="Write OUT as a picture too.")
@click.option("--picture-format", type=click.Choice(["svg", "png"]), default="svg", show_default=True)
@_strict_option
@_json_option
def continue_(
    source: str,
    output: str,
    bars: int,
    candidates: int,
    ending: Literal["auto", "open", "close"],
    model: str | None,
    dialect: str,
    threads: int | None,
    with_midi: bool,
    with_picture: bool,
    picture_format: str,
    strict: bool,
    as_json: bool,
    **sampling: Any,
) -> int:
    """Write new bars after a score's last one.

    The bars that are there stay as they are. With --candidates the files are OUT-1, OUT-2 and so on; with --midi and
    --picture, OUT.mid and OUT.svg are written beside OUT.
    """
    from chordllama.codec.report import Report
    from chordllama.conversion import read_score, refuse_unknown
    from chordllama.generate.backend import Sampling
    from chordllama.generate.continuation import Request
    from chordllama.generate.models import continuer_for, open_backend
    from chordllama.terminal import show_bars

    if output == STANDARD and (with_midi or with_picture or candidates > 1):
        raise click.UsageError("--midi, --picture and --candidates take their names from OUT: give one with -o")
    continue_score = continuer_for(dialect, model)
    data, name = _read_score(source)
    if strict:
        refuse_unknown(read_score(data, name).report, name)
    report = Report()
    request = Request(bars, candidates, ending, Sampling(**sampling))
    with open_backend(model, threads) as backend, show_bars(bars, candidates) as progress:
        continuations = continue_score(data, name, backend, request, report, progress)
    facts: Facts = {"warnings": _warn(report.warnings()), "seed": request.sampling.seed, "continuations": []}
    pictures = f".{picture_format}" if with_picture else None
    for number, continuation in enumerate(continuations, 1):
        place = _numbered(output, number) if candidates > 1 else output
        facts["continuations"].append(_deliver_continuation(continuation, place, with_midi, pictures, as_json))
    _tell(facts, as_json)
    return _say_failures(continuations)


def _numbered(output: str, number: int) -> str:
    path = PurePath(output)
    return str(path.with_stem(f"{path.stem}-{number}"))


def _deliver_continuation(
    continuation: Continuation, output: str, with_midi: bool, pictures: str | None, as_json: bool
) -> Facts:
    """Write one candidate with what belongs to it; one without a new bar is not written."""
    from chordllama.codec.container import write_container

    facts: Facts = {"bars": len(continuation.bars)}
    if continuation.failure:
        facts["failure"] = str(continuation.failure)
    if not continuation.bars:
        return facts
    facts |= _deliver(write_container(continuation.xml, _suffix(output)), "musicxml", output, as_json)
    if with_midi:
        facts["midi"] = _write_midi(continuation.xml, output)
    if pictures:
        facts["picture"] = _write_picture(continuation.xml, output, pictures)
    return facts


def _say_failures(continuations: Sequence[Continuation]) -> int:
    """Say which candidates have fewer bars than were asked for, and return the exit code."""
    for number, continuation in enumerate(continuations, 1):
        if continuation.failure:
            say("error", f"candidate {number} ends after {len(continuation.bars)} new bars")
            say("cause", str(continuation.failure))
            if continuation.failure.hint:
                say("hint", continuation.failure.hint)
    return next((c.failure.exit_code for c in continuations if c.failure), 0)


@cli.command()
@click.argument("recipe")
@click.option("--out", metavar="DIR", help="Folder of the run. [default: runs/NAME-OF-THE-RECIPE]")
@click.option(
    "--data", metavar="DIR", default="corpora", show_default=True, help="Folder that holds the recipe's sources."
)
@click.option("--resume", is_flag=True, help="Go on with the run in DIR.")
def train(recipe: str, out: str | None, data: str, resume: bool) -> None:
    """Train a model by a recipe.

    RECIPE is a file, or the name of one of the recipes that come along.
    """
    from chordllama.training.recipe import load_recipe
    from chordllama.training.run import train_recipe

    path = _recipe_path(recipe)
    run = Path(out) if out else Path("runs", path.stem)
    for model in train_recipe(load_recipe(path), run, Path(data), resume=resume):
        click.echo(str(model))


cli.add_command(corpus)
cli.add_command(serve)


# Reading and writing


def _read(source: str) -> tuple[bytes, str]:
    if source == STANDARD:
        return sys.stdin.buffer.read(MOST_BYTES + 1), "standard input"
    try:
        return read_bounded(Path(source)), source
    except OSError as fault:
        raise click.UsageError(f"{source}: can't be read: {fault.strerror or fault}") from fault


def _read_score(source: str) -> tuple[bytes, str]:
    """The bytes of a MusicXML file, or what another format becomes as MusicXML."""
    from chordllama.foreign import foreign_format, to_musicxml

    data, name = _read(source)
    return (to_musicxml(data, name) if foreign_format(data, name) else data), name


def _suffix(output: str) -> str:
    suffix = PurePath(output).suffix.lower()
    return suffix if suffix in SCORE_SUFFIXES else SCORE_SUFFIXES[0]


def _recipe_path(recipe: str) -> Path:
    from chordllama.resources import resource

    if Path(recipe).is_file():
        return Path(recipe)
    folder = resource("models/recipes")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if recipe not in known:
        raise click.UsageError(f"{recipe}: neither a file nor one of the recipes {', '.join(known)}")
    return folder / f"{recipe}.yaml"


def _deliver(content: bytes, key: str, output: str, as_json: bool) -> Facts:
    """Write the content where it belongs, and return where that is; with JSON it belongs into the object itself."""
    if output != STANDARD:
        _write(output, content)
        return {"output": output}
    if as_json:
        return {key: content.decode("utf-8")}
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    return {}


def _tell(facts: Facts, as_json: bool) -> None:
    """With JSON, standard output carries one object and nothing else."""
    if as_json:
        # A name that is no UTF-8 holds lone surrogates, for which Python's escape is JSON's too.
        click.echo(json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace"))


def _write(path: str, content: bytes) -> None:
    write_atomically(Path(path), content)


def _write_midi(xml: bytes, output: str) -> str:
    from chordllama.render import midi

    path = str(Path(output).with_suffix(".mid"))
    _write(path, midi(xml))
    return path


def _write_picture(xml: bytes, output: str, suffix: str) -> str:
    from chordllama.render import picture

    path = str(Path(output).with_suffix(suffix))
    _write(path, picture(xml, suffix))
    return path


# What people read on standard error


def _warn(warnings: Sequence[str]) -> list[str]:
    """Say what was left out or mended."""
    for warning in warnings:
        say("warning", warning)
    return list(warnings)


def _fail(error: str, cause: str | None, hint: str | None, code: int, as_json: bool) -> int:
    for kind, text in (("error", error), ("cause", cause), ("hint", hint)):
        if text:
            say(kind, text)
    _tell({"error": {"message": error, "cause": cause, "hint": hint, "exit_code": code}}, as_json)
    return code


def _fail_usage(fault: click.ClickException, as_json: bool) -> int:
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    path = context.command_path if context else "chordllama"
    return _fail(fault.format_message(), None, f"{path} --help", EXIT_USAGE, as_json)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; the one place where errors become words."""
    as_json = "--json" in arguments
    try:
        result = cli.main(list(arguments), prog_name="chordllama", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as fault:
        click.echo(fault.ctx.get_help() if fault.ctx else "", err=True)
        return EXIT_USAGE
    except click.ClickException as fault:
        return _fail_usage(fault, as_json)
    except click.Abort:
        return EXIT_INTERRUPTED
    except ChordLlamaError as fault:
        return _fail(fault.message, fault.cause, fault.hint, fault.exit_code, as_json)
    except OSError as fault:
        place = f"{fault.filename}: " if fault.filename else ""
        return _fail(f"{place}{fault.strerror or fault}", None, None, EXIT_SYSTEM, as_json)
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point of the `chordllama` script."""
    sys.exit(run(sys.argv[1:]))
