"""The commands that write new bars: one for each task of the list. What they need is imported inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path, PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from chordllama.commands.delivery import Facts, deliver, read, score_suffix, tell, tell_written, warn, write
from chordllama.commands.options import (
    STANDARD,
    Decorated,
    dialect_option,
    json_option,
    output_option,
    score_output,
    source_argument,
    strict_option,
)
from chordllama.system.terminal import say, show_progress
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.plan import count_of
from chordllama.tasks.task import COMMON, MusicTask, TaskSetting

if TYPE_CHECKING:
    from chordllama.generate.continuation import Continuation

Option = Callable[[Decorated], Decorated]
_FILES: tuple[Option, ...] = (
    click.option(
        "--model",
        metavar="PATH|URL",
        envvar="CHORDLLAMA_MODEL",
        show_envvar=True,
        help="A .gguf file, an endpoint such as http://127.0.0.1:8080, or ollama+http://127.0.0.1:11434. [default: the bundled model]",
    ),
    click.option(
        "--model-name",
        metavar="NAME",
        envvar="CHORDLLAMA_MODEL_NAME",
        show_envvar=True,
        help="What an endpoint calls the model; Ollama has to be told.",
    ),
    click.option(
        "--model-key",
        metavar="KEY",
        envvar="CHORDLLAMA_MODEL_KEY",
        show_envvar=True,
        help="An endpoint's key.",
    ),
    click.option(
        "--threads", type=click.IntRange(1, 64), help="Processors to use. [default: half of them, of few all but one]"
    ),
    click.option("--midi", "with_midi", is_flag=True, help="Write OUT.mid, too."),
    click.option("--picture", "with_picture", is_flag=True, help="Write a picture of the score beside OUT, too."),
    click.option(
        "--picture-format",
        type=click.Choice(["svg", "png"]),
        default="svg",
        show_default=True,
        help="Format of the picture.",
    ),
    click.option("--report", "with_report", is_flag=True, help="Say what the critic finds in the new bars."),
    strict_option,
    json_option,
)


def task_command(task: MusicTask) -> click.Command:
    """Return the command of a task, with its settings as options."""

    def run(source: str, output: str, **options: Any) -> int:
        return _write(task, source, output, **options)

    own = [_option(setting) for setting in task.settings] + ([dialect_option] if task.classic else [])
    options: tuple[Option, ...] = (
        source_argument,
        output_option(score_output, "File"),
        *own,
        *map(_option, COMMON),
        *_FILES,
    )
    command: Decorated = run
    for option in reversed(options):
        command = option(command)
    return click.command(name=task.id, help=task.help)(command)


def _option(setting: TaskSetting) -> Option:
    """Return a setting as an option. Parts have no default here, so that leaving them out can be told from naming the first one."""
    kind: click.ParamType[Any] = click.STRING
    if setting.choices:
        kind = click.Choice(setting.choices)
    elif setting.type == "integer":
        least, most = (None if edge is None else int(edge) for edge in (setting.minimum, setting.maximum))
        kind = click.IntRange(least, most)
    elif setting.type == "number":
        kind = click.FloatRange(setting.minimum, setting.maximum, min_open=setting.above)
    is_parts = setting.type == "parts"
    return click.option(
        f"--{setting.flag or setting.name.replace('_', '-')}",
        setting.name,
        type=kind,
        default=None if is_parts else setting.default,
        show_default=setting.default is not None and not is_parts,
        metavar=setting.metavar or None,
        help=f"{setting.help} [default: {setting.default}]" if is_parts else setting.help,
    )


COMMANDS = tuple(map(task_command, MUSIC_TASKS.values()))


def _write(
    task: MusicTask,
    source: str,
    output: str,
    *,
    model: str | None,
    model_name: str | None,
    model_key: str | None,
    threads: int | None,
    with_midi: bool,
    with_picture: bool,
    picture_format: str,
    with_report: bool,
    strict: bool,
    as_json: bool,
    dialect: str = "compact",
    **settings: Any,
) -> int:
    """Write the bars that a task means, and deliver the files."""
    from chordllama.api import assignment_for
    from chordllama.generate.models import open_backend, writer_for
    from chordllama.generate.ranking import best_first

    if output == STANDARD and (with_midi or with_picture or settings["candidates"] > 1):
        raise click.UsageError("--midi, --picture and --candidates take their names from OUT: give one with -o")
    began, done = monotonic(), count(1)
    write_bars = writer_for(dialect, model)
    assignment = assignment_for(task, *read(source), settings, strict=strict)
    request = assignment.request
    with (
        open_backend(model, threads, name=model_name, api_key=model_key) as backend,
        show_progress("writing", "bars") as show,
    ):
        continuations = write_bars(
            assignment, backend, lambda step: show(next(done), step.bars * request.candidates)
        ).candidates
    warnings = warn(assignment.reading.report.warnings())
    facts: Facts = {"warnings": warnings, "seed": request.sampling.seed, "continuations": []}
    pictures = f".{picture_format}" if with_picture else None
    ranked = [continuations[number] for number in best_first(continuations)]
    for number, continuation in enumerate(ranked, 1):
        place = _numbered(output, number) if len(ranked) > 1 else output
        written = _deliver_continuation(continuation, place, with_midi, pictures, as_json)
        first, bars = assignment.plan.first + 1, written["bars"]
        span = f"{first}–{first + bars - 1}" if bars > 1 else f"{first}"
        tell_written(written, count_of(bars, "bar"), span, began=began, as_json=as_json)
        facts["continuations"].append(written)
        for remark in continuation.report if with_report and not as_json else ():
            say("report", str(remark))
    tell(facts, as_json)
    return _say_failures(ranked)


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
    facts["faults"] = round(continuation.faults, 3)
    facts["report"] = [str(remark) for remark in continuation.report]
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
