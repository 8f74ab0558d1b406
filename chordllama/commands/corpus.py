"""The commands of `chordllama corpus`: thin, they parse, call and print. What a command needs is imported inside it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chordllama.corpora.documents import TASKS, Task

if TYPE_CHECKING:
    from chordllama.corpora.sources import CorpusSource

_WIDTH = 160
"""Width of a table, in characters, where there is no terminal."""

cache_option = click.option(
    "--cache", metavar="DIR", type=click.Path(path_type=Path), help="Folder that holds fetched sources."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object with the result or the error."
)


@click.group()
def corpus() -> None:
    """Sources of training data: fetch, clean, build."""


@corpus.command(name="list")
@click.option("--from", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Look for copies here, too.")
@cache_option
@json_option
def list_(folder: Path | None, cache: Path | None, as_json: bool) -> None:
    """List the sources, with licence and size, and whether they are here."""
    from chordllama.corpora.fetch.fetching import default_cache
    from chordllama.corpora.sources import load_sources, place

    cache = cache or default_cache()
    folders = [cache, *([folder] if folder else [])]
    found = [(source, place(source, *folders)) for source in load_sources(cache).values()]
    if as_json:
        click.echo(json.dumps({"sources": [_facts(source, path) for source, path in found]}, ensure_ascii=False))
    else:
        _print_table(found)


def _facts(source: CorpusSource, path: Path | None) -> dict[str, Any]:
    keys = ("name", "title", "task", "licence", "credit", "address", "revision", "documents")
    return {key: getattr(source, key) for key in keys} | {"place": str(path) if path else None}


def _print_table(found: Sequence[tuple[CorpusSource, Path | None]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("source", "task", "documents", "licence", "here", "what it is"):
        table.add_column(heading, justify="right" if heading == "documents" else "left", no_wrap=heading == "source")
    for source, path in found:
        count = "–" if source.documents is None else f"{source.documents:,}"
        table.add_row(source.name, source.task, count, source.licence, "yes" if path else "–", source.title)
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table, highlight=False, markup=False)


@corpus.command()
@click.argument("names", metavar="NAME", nargs=-1, required=True)
@click.option(
    "--from",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Copy from this folder, and fetch nothing.",
)
@click.option("--task", type=click.Choice(TASKS), help="With --from: what a folder of your own is for.")
@click.option("--licence", metavar="TEXT", help="With --from: the licence of a folder of your own.")
@click.option("--artist", metavar="TEXT", help="With NAME genius: whose songs to fetch.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="With NAME genius: at most N songs.")
@cache_option
@json_option
def fetch(
    names: tuple[str, ...],
    folder: Path | None,
    task: Task | None,
    licence: str | None,
    artist: str | None,
    limit: int | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """Fetch sources into the cache, or take copies at hand.

    NAME is one of `chordllama corpus list`. With --from it may be a new name for a folder of your own. NAME genius fetches an
    artist's songs with your own access token, which is read from GENIUS_ACCESS_TOKEN or else asked for.
    """
    from chordllama.corpora.fetch.fetching import default_cache

    cache = cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    places = {}
    for name in names:
        if name == "genius":
            places[name] = _fetch_genius(artist, limit, cache)
        else:
            places[name] = _fetch_one(name, folder, task, licence, cache)
    if as_json:
        click.echo(json.dumps({"fetched": {name: str(path) for name, path in places.items()}}, ensure_ascii=False))
    else:
        for name, path in places.items():
            click.echo(f"{name}: {path}")


def _fetch_one(name: str, folder: Path | None, task: Task | None, licence: str | None, cache: Path) -> Path:
    from chordllama.corpora.fetch.fetching import fetch, take, take_own
    from chordllama.corpora.sources import find_source, load_sources, own_source, place
    from chordllama.system.terminal import show_progress

    known = load_sources(cache)
    if folder and name not in load_sources():
        if task is None or licence is None:
            raise click.UsageError(f"{name}: a folder of your own needs --task and --licence")
        return take_own(own_source(name, task, licence), folder, cache)
    source = find_source(name, known)
    if source.reader == "music21" and (here := place(source)):
        return here
    if folder:
        return take(source, folder, cache)
    with show_progress("fetching", "bytes") as show:
        return fetch(source, cache, lambda step: show(step.done, step.total, line=step.file))


def _fetch_genius(artist: str | None, limit: int | None, cache: Path) -> Path:
    from chordllama.corpora.fetch.genius import TOKEN_VARIABLE, fetch_songs, open_genius

    if artist is None:
        raise click.UsageError("genius: name the artist with --artist")
    token = os.environ.get(TOKEN_VARIABLE) or click.prompt("Your Genius access token", hide_input=True, err=True)
    return fetch_songs(
        open_genius(token), artist, cache, lambda place, title: click.echo(f"{place}. {title}", err=True), limit
    )
