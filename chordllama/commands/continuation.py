"""The commands that write new bars: continue, infill, harmonise, vary. What they need is imported inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from chordllama.commands.delivery import Facts, deliver, read, score_suffix, tell, warn, write
from chordllama.commands.options import (
    STANDARD,
    Decorated,
    dialect_option,
    json_option,
    output_option,
    part_names,
    score_output,
    source_argument,
    strict_option,
)
from chordllama.system.terminal import say

if TYPE_CHECKING:
    from chordllama.generate.continuation import Continuation
    from chordllama.generate.plan import Request
    from chordllama.tasks.music import Task


Option = Callable[[Decorated], Decorated]
PERIODS = ("medieval", "renaissance", "baroque", "classical", "romantic", "modern")
"""What the corpora call a composer's time."""
_SAMPLING_OPTIONS: tuple[Option, ...] = (
    click.option(
        "--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True, help="Another seed gives other bars."
    ),
    click.option(
        "--temperature",
        type=click.FloatRange(0, 5),
        default=0.9,
        show_default=True,
        help="Higher is bolder; 0 takes the likeliest.",
    ),
    click.option(
        "--top-p",
        type=click.FloatRange(0, 1, min_open=True),
        default=1.0,
        help="Keep the likeliest choices up to this sum.",
    ),
    click.option(
        "--min-p", type=click.FloatRange(0, 1), default=0.05, help="Drop choices below this share of the likeliest."
    ),
)
_WISHES: tuple[Option, ...] = (
    click.option("--period", type=click.Choice(PERIODS), help="Whose style."),
    click.option("--by", metavar="COMPOSER", help="Whose style, as far as the model knows the composer."),
    click.option(
        "--density", type=click.IntRange(1, 128), metavar="N", help="About how many notes a bar, all parts together."
    ),
)
_FILES: tuple[Option, ...] = (
    click.option(
        "--model", metavar="PATH|URL", help="A .gguf file or an endpoint. [default: the model that comes along]"
    ),
    click.option("--threads", type=click.IntRange(1, 64), help="Processors to use. [default: all but one]"),
    click.option("--midi", "with_midi", is_flag=True, help="Write OUT as MIDI too."),
    click.option("--picture", "with_picture", is_flag=True, help="Write OUT as a picture too."),
    click.option("--picture-format", type=click.Choice(["svg", "png"]), default="svg", show_default=True),
    strict_option,
    json_option,
)
_CANDIDATES = click.option(
    "--candidates",
    type=click.IntRange(1, 16),
    default=1,
    show_default=True,
    help="How many versions; the one that the model finds most probable comes first.",
)
_FROM = click.option("--from", "first", type=click.IntRange(1), metavar="BAR", help="The first bar, counted from 1.")


def _writes(*own: Option) -> Option:
    """A command's own options, between those of all commands that write new bars."""
    all_options: tuple[Option, ...] = (
        source_argument,
        output_option(score_output, "File"),
        *own,
        _CANDIDATES,
        *_SAMPLING_OPTIONS,
        *_WISHES,
        *_FILES,
    )

    def decorated(command: Decorated) -> Decorated:
        for option in reversed(all_options):
            command = option(command)
        return command

    return decorated


@click.command(name="continue")
@_writes(
    click.option("--bars", type=click.IntRange(1, 256), default=8, show_default=True, help="How many bars to write."),
    click.option(
        "--ending",
        type=click.Choice(["auto", "open", "close"]),
        default="auto",
        show_default=True,
        help="Whether the music ends with the new bars; auto: where the score had a final bar line.",
    ),
    dialect_option,
)
def continue_(source: str, output: str, **options: Any) -> int:
    """Write new bars after a score's last one.

    The bars that are there stay as they are. With --candidates the files are OUT-1 (the most probable one), OUT-2 and so on; with --midi and
    --picture, OUT.mid and OUT.svg are written beside OUT.
    """
    return _write(source, output, "continue", **options)


@click.command()
@_writes(_FROM, click.option("--bars", type=click.IntRange(1, 256), help="How many bars are missing. [default: 1]"))
def infill(source: str, output: str, **options: Any) -> int:
    """Write the bars that are missing in the middle of a score.

    Without --from they are the longest run of silent bars. The bars around them stay as they are.
    """
    return _write(source, output, "infill", **options)


@click.command()
@_writes(
    click.option(
        "--keep",
        callback=part_names,
        metavar="PART,...",
        help="Parts that stay, by name or number. [default: the first]",
    ),
    click.option(
        "--add",
        "ensemble",
        type=click.Choice(["piano", "organ", "choir", "strings"]),
        help="Add empty parts below the others, which all stay, and write them.",
    ),
    _FROM,
    click.option("--bars", type=click.IntRange(1, 256), help="How many bars. [default: all to the end]"),
)
def harmonise(source: str, output: str, keep: tuple[int | str, ...], **options: Any) -> int:
    """Write other parts to those that are given.

    The parts of --keep stay as they are; all others are written anew, be they empty or not.
    """
    return _write(source, output, "harmonise", given=keep, **options)


@click.command()
@_writes(_FROM, click.option("--bars", type=click.IntRange(1, 256), help="How many bars. [default: all to the end]"))
def vary(source: str, output: str, **options: Any) -> int:
    """Give bars other notes in the same rhythm."""
    return _write(source, output, "vary", **options)


def _write(
    source: str,
    output: str,
    task: Task,
    *,
    bars: int | None,
    candidates: int,
    model: str | None,
    threads: int | None,
    with_midi: bool,
    with_picture: bool,
    picture_format: str,
    strict: bool,
    as_json: bool,
    dialect: str = "compact",
    ensemble: str | None = None,
    given: tuple[int | str, ...] = (),
    **asked: Any,
) -> int:
    """Write the bars that a task means, and deliver the files."""
    from chordllama.codec.report import Report
    from chordllama.conversion.convert import read_score, refuse_unknown
    from chordllama.generate.ensembles import with_ensemble
    from chordllama.generate.models import continuer_for, open_backend
    from chordllama.generate.ranking import best_first
    from chordllama.system.terminal import show_bars

    if output == STANDARD and (with_midi or with_picture or candidates > 1):
        raise click.UsageError("--midi, --picture and --candidates take their names from OUT: give one with -o")
    continue_score = continuer_for(dialect, model)
    data, name = _read_score(source)
    if strict:
        refuse_unknown(read_score(data, name).report, name)
    report = Report()
    if ensemble:
        data, own = with_ensemble(data, name, ensemble)
        given = given or own
    request = _request(task, bars, candidates, given=given or (1,), **asked)
    with open_backend(model, threads) as backend, show_bars(candidates) as progress:
        continuations = continue_score(data, name, backend, request, report, progress)
    facts: Facts = {"warnings": warn(report.warnings()), "seed": request.sampling.seed, "continuations": []}
    pictures = f".{picture_format}" if with_picture else None
    ranked = [continuations[number] for number in best_first(continuations)]
    for number, continuation in enumerate(ranked, 1):
        place = _numbered(output, number) if candidates > 1 else output
        facts["continuations"].append(_deliver_continuation(continuation, place, with_midi, pictures, as_json))
    tell(facts, as_json)
    return _say_failures(ranked)


def _request(
    task: Task,
    bars: int | None,
    candidates: int,
    *,
    period: str | None,
    by: str | None,
    density: int | None,
    seed: int,
    temperature: float,
    top_p: float,
    min_p: float,
    **own: Any,
) -> Request:
    from chordllama.generate.backend import Sampling
    from chordllama.generate.plan import Request
    from chordllama.tasks.music import Wishes, nearest_density

    wishes = Wishes(density=nearest_density(density) if density else "", period=period or "", by=by or "")
    sampling = Sampling(seed=seed, temperature=temperature, top_p=top_p, min_p=min_p)
    return Request(bars, candidates, sampling=sampling, wishes=wishes, task=task, **own)


def _numbered(output: str, number: int) -> str:
    path = PurePath(output)
    return str(path.with_stem(f"{path.stem}-{number}"))


def _deliver_continuation(
    continuation: Continuation, output: str, with_midi: bool, pictures: str | None, as_json: bool
) -> Facts:
    """Write one candidate with what belongs to it; one without a new bar is not written."""
    from chordllama.codec.container import write_container

    facts: Facts = {"bars": len(continuation.bars)}
    if continuation.surprisal is not None:
        facts["bits_a_note"] = round(continuation.surprisal, 3)
    if continuation.failure:
        facts["failure"] = str(continuation.failure)
    if not continuation.bars:
        return facts
    facts |= deliver(write_container(continuation.xml, score_suffix(output)), "musicxml", output, as_json)
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


def _read_score(source: str) -> tuple[bytes, str]:
    """The bytes of a MusicXML file, or what another format becomes as MusicXML."""
    from chordllama.conversion.foreign import foreign_format, to_musicxml

    data, name = read(source)
    return (to_musicxml(data, name) if foreign_format(data, name) else data), name


def _write_midi(xml: bytes, output: str) -> str:
    from chordllama.conversion.render import apart

    path = str(Path(output).with_suffix(".mid"))
    write(path, apart("midi", xml))
    return path


def _write_picture(xml: bytes, output: str, suffix: str) -> str:
    from chordllama.conversion.render import apart

    path = str(Path(output).with_suffix(suffix))
    write(path, apart(suffix, xml))
    return path
