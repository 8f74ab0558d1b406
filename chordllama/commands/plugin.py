"""The commands of `chordllama plugin`: thin, they parse, call and print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chordllama.errors import ChordLlamaError

if TYPE_CHECKING:
    from chordllama.system.musescore import PluginFolder

_documents_option = click.option(
    "--documents",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which MuseScore's folders lie. [default: your documents]",
)
_for_option = click.option(
    "--for",
    "musescores",
    multiple=True,
    type=click.Choice(["3", "4"]),
    help="Only for this MuseScore (may be repeated).",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def plugin() -> None:
    """Install the plugin for MuseScore 3 and 4, remove it, or see where it is."""


@plugin.command()
@_documents_option
@_for_option
@click.option("--server", metavar="URL", help="Where the plugin looks for the server. [default: http://127.0.0.1:8765]")
@_json_option
def install(documents: Path | None, musescores: tuple[str, ...], server: str | None, as_json: bool) -> None:
    """Put the plugin into the folders of every MuseScore that is here.

    An older one is replaced. A MuseScore that was never started is left out, unless it is named with --for.
    """
    from chordllama.system.musescore import ENABLING
    from chordllama.system.musescore import install as install_there

    wanted = _wanted(documents, musescores)
    if not wanted:
        raise ChordLlamaError(
            "no MuseScore was found",
            cause=f"there is neither {' nor '.join(str(place.folder.parent) for place in _places(documents))}",
            hint="start MuseScore once, or name it with --for 4",
        )
    found = []
    for place in wanted:
        written = install_there(place, server)
        found.append({"musescore": place.musescore, "files": [str(path) for path in written]})
        if not as_json:
            click.echo(f"MuseScore {place.musescore}: {len(written)} files in {place.plugin}")
            click.echo(f"  start MuseScore again; {ENABLING[place.musescore]}")
    _tell({"installed": found}, as_json)


@plugin.command()
@_documents_option
@_for_option
@_json_option
def uninstall(documents: Path | None, musescores: tuple[str, ...], as_json: bool) -> None:
    """Remove what `plugin install` has put there; files of your own stay."""
    from chordllama.system.musescore import uninstall as uninstall_there

    found = []
    for place in _places(documents, musescores):
        gone = uninstall_there(place)
        found.append({"musescore": place.musescore, "files": [str(path) for path in gone]})
        if not as_json:
            words = f"{len(gone)} files removed from {place.plugin}" if gone else "nothing was installed"
            click.echo(f"MuseScore {place.musescore}: {words}")
    _tell({"removed": found}, as_json)


@plugin.command()
@_documents_option
@_json_option
def status(documents: Path | None, as_json: bool) -> None:
    """Show where the plugin is installed, and in which version."""
    from chordllama.system.musescore import current_version

    found = []
    for place in _places(documents):
        found.append({"musescore": place.musescore, "folder": str(place.plugin), "version": place.installed})
        if not as_json:
            click.echo(f"MuseScore {place.musescore}: {_state(place, current_version())}")
    _tell({"version": current_version(), "places": found}, as_json)


def _state(place: PluginFolder, version: str) -> str:
    if place.installed is None:
        return "not installed" if place.is_there else f"not installed; {place.folder.parent} doesn't exist"
    if place.installed != version:
        return f"version {place.installed or 'unknown'} in {place.plugin}; `chordllama plugin install` brings {version}"
    return f"version {version} in {place.plugin}"


def _places(documents: Path | None, musescores: tuple[str, ...] = ()) -> list[PluginFolder]:
    from chordllama.system.musescore import places

    return [place for place in places(documents) if not musescores or place.musescore in musescores]


def _wanted(documents: Path | None, musescores: tuple[str, ...]) -> list[PluginFolder]:
    return [place for place in _places(documents, musescores) if musescores or place.is_there]


def _tell(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
