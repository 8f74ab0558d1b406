"""The commands of `chordllama corpus` that look into documents and data sets, and pass these on: thin, they parse, call and print."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chordllama.commands.corpus import cache_option, json_option
from chordllama.commands.corpus_build import build_one
from chordllama.corpora.documents import TASKS, Task

if TYPE_CHECKING:
    from chordllama.corpora.build.push import Upload
    from chordllama.corpora.clean.explain import Effect, Explanation

STATS_FOLDER = ".stats"
SHOWN_LINES = 12
_WIDTH = 160


@click.command()
@click.argument("what", metavar="NAME|DIR")
@click.option("--from", "folder", metavar="DIR", type=click.Path(path_type=Path), help="The source lies here.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="With NAME: take N documents.")
@click.option("--tokenizer", default="llama-3", metavar="NAME", help="With NAME: as for `corpus build` [llama-3].")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="With NAME: processes [one for each core].")
@cache_option
@json_option
def stats(what: str, as_json: bool, **options: Any) -> None:
    """Show what a built data set holds, or what a source would give: rows, tokens, works, licences, what cleaning did.

    DIR is a data set, or a folder of several. The source NAME is built for this on its own, in the cache.
    """
    from chordllama.corpora.build.stats import datasets, figures, load_manifest

    found = datasets(Path(what)) or datasets(_build_source(what, **options))
    told = [figures(load_manifest(dataset)) for dataset in found]
    if as_json:
        click.echo(json.dumps({own["task"]: own for own in told}, ensure_ascii=False))
    else:
        _print_tables(told)


def _build_source(name: str, folder: Path | None, cache: Path | None, **options: Any) -> Path:
    """Build a data set of one source alone, and return its folder."""
    from chordllama.corpora.fetch.fetching import default_cache
    from chordllama.corpora.sources import find_source, load_sources

    cache = cache or default_cache()
    source = find_source(name, load_sources() | load_sources(*([folder] if folder else []), cache))
    out = cache / STATS_FOLDER / name.replace(":", "-")
    build_one(source.task, out, folder, (name,), cache, skip_unreadable=True, **options)
    return out


def _print_tables(told: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console

    from chordllama.corpora.build.stats import tables

    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    for own in told:
        for table in tables(own):
            console.print(table, highlight=False, markup=False)
            console.print()


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--explain", "explained", is_flag=True, help="Show what each rule did, instead of what became of FILE.")
@click.option("--task", type=click.Choice(TASKS), help="What FILE is for, where its name doesn't tell.")
@json_option
def clean(file: Path, explained: bool, task: Task | None, as_json: bool) -> None:
    """Clean the documents of a file as a build would, and print what becomes of them."""
    from chordllama.corpora.clean.explain import explain, task_of

    if not (task := task or task_of(file)):
        raise click.UsageError(f"{file}: say with --task what it is for")
    found = list(explain(file, task))
    if as_json:
        click.echo(json.dumps({"documents": [asdict(one) for one in found]}, ensure_ascii=False))
        return
    for one in found:
        click.echo("\n".join(_explanation(one)) if explained else _result(one))


def _result(one: Explanation) -> str:
    return "\n".join(one.cleaned.texts) if one.cleaned else f"{one.name}: left out: {one.reason}"


def _explanation(one: Explanation) -> list[str]:
    lines = [one.name, *([f"  put right while reading: {one.mended}"] if one.mended else [])]
    for effect in one.effects:
        lines += [f"  {effect.rule}: {_what(effect)}", *_shown(effect.lines)]
    return [*lines, f"  => {_end(one)}"]


def _what(effect: Effect) -> str:
    if effect.refusal:
        return f"left out: {effect.refusal}. {effect.says}"
    if not effect.times:
        return "nothing to do"
    return f"{'once' if effect.times == 1 else f'{effect.times} times'}. {effect.says}"


def _shown(lines: Sequence[str]) -> list[str]:
    more = [f"      … {len(lines) - SHOWN_LINES} more lines"] if len(lines) > SHOWN_LINES else []
    return [f"      {line}" for line in lines[:SHOWN_LINES]] + more


def _end(one: Explanation) -> str:
    if one.cleaned is None:
        return f"left out by {one.reason}"
    sizes = ", ".join(f"{count:,} {name}" for name, count in one.cleaned.sizes.items())
    return f"kept: {len(one.cleaned.texts)} texts{f', {sizes}' if sizes else ''}"


@click.command()
@click.argument("dataset", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("repository", metavar="REPO")
@click.option("--dry-run/--yes", "dry_run", default=True, help="Only show what would be done, or do it [--dry-run].")
@click.option("--private", is_flag=True, help="Where REPO is new, nobody else sees it.")
@json_option
def push(dataset: Path, repository: str, dry_run: bool, private: bool, as_json: bool) -> None:
    """Upload a built data set to the Hugging Face hub, e.g. to REPO you/chordllama-music; without --yes only show what would go.

    Another hub is named by HF_ENDPOINT, and your token by HF_TOKEN or `hf auth login`.
    """
    from chordllama.corpora.build.push import plan
    from chordllama.corpora.build.push import push as upload

    planned = plan(dataset, repository)
    told = {"files": dict(planned.files), "bytes": planned.size, "repository": repository, "endpoint": planned.endpoint}
    if not as_json:
        click.echo("\n".join(_planned(planned)))
    address = None if dry_run else upload(planned, private)
    if as_json:
        click.echo(json.dumps(told | {"uploaded": address}, ensure_ascii=False))
    else:
        click.echo(f"uploaded: {address}" if address else "nothing was uploaded; --yes does it")


def _planned(upload: Upload) -> list[str]:
    groups: dict[str, list[int]] = {}
    for name, size in upload.files.items():
        groups.setdefault(name.rpartition("/")[0], []).append(size)
    lines = [
        f"  {f'{len(sizes):,} files':>12}  {sum(sizes):>14,} bytes  {name or '.'}" for name, sizes in groups.items()
    ]
    return [f"{upload.dataset} -> {upload.endpoint}/datasets/{upload.repository}", *lines]
