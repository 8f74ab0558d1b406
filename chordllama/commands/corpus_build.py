"""The commands of `chordllama corpus` that make data sets: thin, they parse, call and print."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chordllama.commands.corpus import cache_option, json_option
from chordllama.corpora.documents import TASKS, Task
from chordllama.system.extras import need

if TYPE_CHECKING:
    from chordllama.corpora.build.build_engines import BuildEngine
    from chordllama.corpora.sources import CorpusSource

_PART = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


def _part(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, int]:
    if value is None:
        return (1, 1)
    found = _PART.fullmatch(value)
    if not found or int(found[1]) > int(found[2]):
        raise click.BadParameter(f'"{value}" is not of the form I/N, such as 3/8')
    return int(found[1]), int(found[2])


@click.command()
@click.argument("tasks", metavar="TASK", nargs=-1, required=True, type=click.Choice(TASKS))
@click.option(
    "-o", "--out", metavar="DIR", required=True, type=click.Path(path_type=Path), help="Where the data sets go."
)
@click.option("--from", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Look for sources here, too.")
@click.option(
    "--source", "only", metavar="NAME", multiple=True, help="Take this source only; may be said several times."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Take N documents of each source.")
@click.option(
    "--tokenizer", default="llama-3", metavar="NAME", help="llama-3, a folder, or a name on the hub [llama-3]."
)
@click.option(
    "--maximum-tokens",
    default=3500,
    type=click.IntRange(64),
    metavar="N",
    help="Most tokens that a row may have [3500].",
)
@click.option("--skip-unreadable", is_flag=True, help="Skip files that can't be read, and count them.")
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", help="This machine, or a Ray cluster [local]."
)
@click.option("--address", default="auto", metavar="TEXT", help="With --engine ray: where the cluster is [auto].")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="Processes on this machine [one for each core].")
@click.option("--shard", "part", metavar="I/N", callback=_part, help="Build only part I of N: for Slurm and the like.")
@click.option(
    "--beats-endpoint",
    metavar="URL",
    help="Prose: an OpenAI-compatible server that lists the beats of scenes, e.g. http://127.0.0.1:8080/v1.",
)
@click.option("--beats-model", default="default", metavar="NAME", help="What that server calls the model [default].")
@cache_option
@json_option
def build(tasks: tuple[Task, ...], out: Path, as_json: bool, **options: Any) -> None:
    """Build data sets from the sources at hand: one for each TASK, in a folder of that name.

    An interrupted build goes on where it stopped. With --shard one part is built, and what others still have to do is told; once all are
    done, the command without it (or the last part) describes the whole.
    """
    need("corpora")
    told = {task: build_one(task, out, **options) for task in dict.fromkeys(tasks)}
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for task, totals in told.items():
        click.echo(f"{task}: {_sentence(totals)}")


def _sentence(totals: Mapping[str, Any]) -> str:
    if "unfinished" in totals:
        return f"this part is done; {totals['unfinished']} shards of others are not, at the step {totals['step']}"
    return f"{totals['rows']:,} rows, {totals['tokens']:,} tokens of {totals['documents']:,} documents"


def build_one(
    task: Task,
    out: Path,
    folder: Path | None,
    only: tuple[str, ...],
    cache: Path | None,
    tokenizer: str,
    part: tuple[int, int] = (1, 1),
    engine: str = "local",
    address: str = "auto",
    processes: int | None = None,
    beats_endpoint: str | None = None,
    beats_model: str = "default",
    **wanted: Any,
) -> dict[str, Any]:
    """Build one task's data set of the sources at hand, the `only` ones where some are named; return what is in it."""
    from chordllama.corpora.build.beats import BeatSource
    from chordllama.corpora.build.building import Unfinished
    from chordllama.corpora.build.building import build as build_task
    from chordllama.corpora.build.settings import BuildSettings
    from chordllama.corpora.build.shards import WORK_FOLDER, BuildFolder
    from chordllama.corpora.build.tokens import find_tokenizer
    from chordllama.corpora.fetch.fetching import default_cache
    from chordllama.system.terminal import show_progress

    cache = cache or default_cache()
    sources = _at_hand(task, only, cache, folder)
    if beats_endpoint and task == "prose":
        wanted["endpoint"] = BeatSource(beats_endpoint, beats_model, str(out.absolute() / WORK_FOLDER / "beats"))
    settings = BuildSettings(task, find_tokenizer(tokenizer, cache), **wanted)
    with show_progress(f"{task}:", "shards") as show:

        def report(step: str, done: int, total: int) -> None:
            show(done, total, line=step)

        found = build_task(
            BuildFolder(out.absolute(), task), settings, sources, _engine(engine, address, processes), part, report
        )
    if isinstance(found, Unfinished):
        return {"unfinished": found.shards, "step": found.step}
    return {**found["totals"], "place": str(out / task)}


def _engine(name: str, address: str, processes: int | None) -> BuildEngine:
    from chordllama.corpora.build.build_engines import Local, Ray

    return Ray(address) if name == "ray" else Local(processes)


def _at_hand(task: Task, only: tuple[str, ...], cache: Path, folder: Path | None) -> list[tuple[CorpusSource, Path]]:
    """Return the task's sources that are here, with their folders, in the order of sources.yaml."""
    from chordllama.corpora.sources import find_source, load_sources, place
    from chordllama.errors import CorpusError

    folders = [*([folder] if folder else []), cache]
    known = load_sources() | load_sources(*folders)  # the user's own come last, and so move no work of the others
    wanted = {find_source(name, known).name for name in only}
    sources = [source for source in known.values() if source.task == task and (not wanted or source.name in wanted)]
    found = [(source, path.absolute()) for source in sources if (path := place(source, *folders)) is not None]
    if missing := [
        source.name for source in sources if source.name in wanted and source.name not in {s.name for s, _ in found}
    ]:
        raise CorpusError(f"{missing[0]} is not here", hint=f"chordllama corpus fetch {missing[0]}")
    if not found:
        raise CorpusError(
            f"no source of {task} is here", hint="fetch one, or name a folder that holds some with --from"
        )
    return found
