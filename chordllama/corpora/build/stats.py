"""What built data sets hold, told in figures: read from their manifests, and shown as tables. Knows manifests; builds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.corpora.build.card import MANIFEST
from chordllama.corpora.build.formats import SPLITS
from chordllama.errors import CorpusError

if TYPE_CHECKING:
    from rich.table import Table

Manifest = Mapping[str, Any]

_SHARES = ("licences", "languages", "kinds")
_COUNTED = {"licences": "rows", "languages": "documents", "kinds": "rows"}


def datasets(folder: Path) -> list[Path]:
    """Return the data sets in a folder: itself, or those of its tasks. Empty where there is none."""
    if (folder / MANIFEST).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []


def load_manifest(dataset: Path) -> Manifest:
    """Return what a build wrote of a data set. Raises CorpusError, naming the file, where it can't be read."""
    path = dataset / MANIFEST
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise CorpusError(f"{path}: can't be read", cause=str(fault), hint="build the data set again") from fault
    if not isinstance(found, dict) or not {"task", "totals", "sources", "shards"} <= found.keys():
        raise CorpusError(f"{path}: is no manifest of a data set", hint="build the data set again")
    return found


def figures(manifest: Manifest) -> dict[str, Any]:
    """Return the rows, tokens, notes, works, languages, licences, duplicates removed and rule counts, of all and of each source."""
    totals = manifest["totals"]
    return {
        "task": manifest["task"],
        "rows": totals["rows"],
        "tokens": totals["tokens"],
        "tokenizer": manifest["settings"]["tokenizer"]["name"],
        "documents read": totals["documents read"],
        "documents": totals["documents"],
        "works": sum(totals["works"].values()),
        **totals["sizes"],
        "duplicates removed": totals["copies"],
        "works joined": totals.get("joined works", 0),
        "splits": {name: totals["splits"][name] | {"works": totals["works"][name]} for name in SPLITS},
        **{name: _told(totals[name]) for name in _SHARES},
        "rules": totals["rules"],
        "left out": totals["refused"],
        "rows left out": totals.get("rows left out", {}),
        "sources": [_source(source) for source in manifest["sources"] if source["documents read"]],
    }


def _told(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts without the one of what isn't known."""
    return {name: count for name, count in counts.items() if name}


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("name", "licence", "documents read", "documents", "rows", "tokens")
    return {key: source[key] for key in keys} | {"duplicates removed": source["copies"], **source["sizes"]}


# ------------------------------------------------------------------------------------------------------------------- tables


def tables(told: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the figures for people, a table for each kind."""
    yield _pairs(f"{told['task']}: what there is", ((key, told[key]) for key in told if isinstance(told[key], int)))
    yield _columns("splits", ["works", "rows", "tokens"], told["splits"])
    for name in _SHARES:
        if told[name]:
            yield _pairs(name, told[name].items(), _COUNTED[name])
    left_out = told["left out"]
    rules = {name: {"times": count, "left out": left_out.get(name, 0)} for name, count in told["rules"].items()}
    yield _columns("rules of cleaning", ["times", "left out"], rules)
    if told["rows left out"]:
        yield _pairs("rules of rows", told["rows left out"].items(), "rows left out")
    sources = {source["name"]: source for source in told["sources"]}
    yield _columns("sources", ["documents", "duplicates removed", "rows", "tokens"], sources)


def _pairs(title: str, pairs: Any, counted: str = "") -> Table:
    table = _table(title, [counted])
    for name, count in pairs:
        table.add_row(str(name), f"{count:,}")
    return table


def _columns(title: str, columns: list[str], rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table(title, columns)
    for name, own in rows.items():
        table.add_row(name, *(f"{own[column]:,}" for column in columns))
    return table


def _table(title: str, columns: list[str]) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table
