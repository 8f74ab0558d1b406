"""What catalogues and the scores' own heads tell about a document: title, composer, poet, years. Knows tables, no music.

The tables are those of OpenScore (scores.tsv, sets.tsv, composers.tsv beside the folder `scores`), PDMX (PDMX.csv) and our
own list of songs (songs.tsv).
"""

from __future__ import annotations

import csv
import html
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from chordllama.codec.container import encoding_of
from chordllama.errors import CorpusError

Facts = dict[str, str]

PERIODS = ((1420, "medieval"), (1600, "renaissance"), (1750, "baroque"), (1820, "classical"), (1910, "romantic"))
"""Until which year of a composer's middle life a period counts; what comes after is modern."""
SUBSET = "subset:no_license_conflict"
PDMX_LICENCES = {"publicdomain": "public domain", "cc-zero": "CC0-1.0"}
_PDMX_FACTS = {"title": ("title", "song_name"), "creator": ("composer_name", "artist_name"), "form": ("genres",)}
_HEAD = 60_000
_ELEMENTS = {
    "set": re.compile(r"<work-title>([^<]+)"),
    "title": re.compile(r"<movement-title>([^<]+)"),
    "creator": re.compile(r'<creator\s+type="composer"\s*>([^<]+)'),
    "poet": re.compile(r'<creator\s+type="(?:lyricist|poet)"\s*>([^<]+)'),
}


def head_of(data: bytes) -> str:
    """Return the beginning of a MusicXML file or archive; "" for what is neither. Unpacks no more than it gives."""
    if data.startswith(b"PK"):
        data = _unpacked_head(data)
    return data[:_HEAD].decode(encoding_of(data[:_HEAD]), errors="replace")


def score_facts(head: str) -> Facts:
    """Return what the head of a MusicXML score tells; a work without movements gives its name as the title."""
    found = {key: pattern.search(head) for key, pattern in _ELEMENTS.items()}
    facts = {key: " ".join(html.unescape(match[1]).split()) for key, match in found.items() if match}
    facts = {key: _name(value) if key in ("creator", "poet") else value for key, value in facts.items() if value}
    if "title" not in facts and "set" in facts:
        facts["title"] = facts.pop("set")
    return facts


def period(born: str, died: str) -> str | None:
    """Return the period of a composer's middle life; None where neither year is known."""
    years = [int(year) for year in (born, died) if year.isdecimal()]
    if not years:
        return None
    middle = (int(born) + 35) if born.isdecimal() else int(died) - 20
    return next((name for last, name in PERIODS if middle <= last), "modern")


@lru_cache(maxsize=16)
def openscore(folder: Path) -> Mapping[str, Facts]:
    """Return a score's number -> its facts, by the tables in `folder`; empty where there are none. `work` is told for sets whose
    scores are movements."""
    if not (folder / "scores.tsv").is_file():
        return {}
    sets = {row["id"]: row for row in _table(folder / "sets.tsv")}
    composers = {row["id"]: row for row in _table(folder / "composers.tsv")}
    return {row["id"]: _openscore_facts(row, sets, composers) for row in _table(folder / "scores.tsv")}


def _openscore_facts(row: Facts, sets: Mapping[str, Facts], composers: Mapping[str, Facts]) -> Facts:
    whole = sets.get(row["set_id"], {})
    composer = composers.get(whole.get("composer_id", ""), {})
    facts = {
        "title": row["name"],
        "creator": composer.get("name", ""),
        "poet": _poet(row.get("lyricist_url") or ""),
        "set": "" if whole.get("path", "").endswith("/_") else whole.get("name", ""),
        "born": composer.get("born", ""),
        "died": composer.get("died", ""),
        "period": period(composer.get("born", ""), composer.get("died", "")) or "",
        "url": row["link"],
        "work": row["set_id"] if "movements" in whole else "",
    }
    return {key: value for key, value in facts.items() if key == "title" or value not in ("", row["name"])}


def _poet(address: str) -> str:
    """https://imslp.org/wiki/Category:Heine,_Heinrich -> Heinrich Heine"""
    return _name(unquote(address.rpartition("Category:")[2]).replace("_", " ")) if "Category:" in address else ""


def _name(words: str) -> str:
    """Bach, Johann Sebastian -> Johann Sebastian Bach"""
    last, comma, first = words.partition(", ")
    return f"{first} {last}" if comma and "," not in first else words


@lru_cache(maxsize=16)
def songs(folder: Path) -> Mapping[str, Facts]:
    """Return a text's file name -> its facts, by songs.tsv in `folder`; empty where there is none."""
    path = folder / "songs.tsv"
    return {row.pop("file"): row for row in _table(path)} if path.is_file() else {}


def _table(path: Path) -> Iterator[Facts]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield {key: value or "" for key, value in row.items() if key}
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise CorpusError(f"{path}: the table can't be read", cause=str(fault)) from fault


@lru_cache(maxsize=2)
def pdmx(folder: Path) -> Mapping[str, int]:
    """Return a score's path -> where its row begins in PDMX.csv, for the rows of the subset that have a score.

    The layout is that of https://zenodo.org/records/15571083: `mxl` is the path of the score ("NA": there is none), SUBSET is
    True where the licence inside the file doesn't contradict the one outside.
    """
    path = folder / "PDMX.csv"
    columns = _pdmx_columns(path)
    rows = _records(path, skip=1)
    wanted = ((offset, _cells(record)) for offset, record in rows)
    place, flag = columns["mxl"], columns[SUBSET]
    return {
        cells[place].removeprefix("./"): offset
        for offset, cells in wanted
        if len(cells) == len(columns) and cells[flag] == "True" and cells[place] not in ("", "NA")
    }


def pdmx_facts(folder: Path, name: str) -> Facts:
    """Return the facts of one score of PDMX, with its `licence`."""
    path = folder / "PDMX.csv"
    _, record = next(_records(path, start=pdmx(folder)[name]))
    row = dict(zip(_pdmx_columns(path), _cells(record), strict=True))
    facts = {key: _first(row, names) for key, names in _PDMX_FACTS.items()}
    licence = row.get("license", "")
    return {key: value for key, value in facts.items() if value} | {"licence": PDMX_LICENCES.get(licence, licence)}


def _first(row: Facts, names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name, "NA") not in ("", "NA")), "")


@lru_cache(maxsize=2)
def _pdmx_columns(path: Path) -> Mapping[str, int]:
    _, record = next(_records(path), (0, b""))
    columns = {name: place for place, name in enumerate(_cells(record))}
    if missing := [name for name in ("mxl", SUBSET, "license") if name not in columns]:
        raise CorpusError(
            f'{path}: the column "{missing[0]}" is missing',
            hint="take PDMX.csv from https://zenodo.org/records/15571083",
        )
    return columns


def _records(path: Path, start: int = 0, skip: int = 0) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each row of a CSV file; a quoted cell may hold line ends."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            offset, record = start, b""
            for line in file:
                record += line
                if record.count(b'"') % 2:
                    continue
                if skip:
                    skip -= 1
                else:
                    yield offset, record
                offset, record = offset + len(record), b""
    except OSError as fault:
        raise CorpusError(f"{path}: can't be read", cause=fault.strerror) from fault


def _cells(record: bytes) -> list[str]:
    return next(csv.reader([record.decode("utf-8", errors="replace").rstrip("\r\n")], strict=False), [])


def _unpacked_head(data: bytes) -> bytes:
    """The first bytes of the first score in an archive; b"" where it can't be unpacked: the codec will say why."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if not name.startswith(("META-INF", "__MACOSX"))]
            score = next(name for name in names if name.lower().endswith((".xml", ".musicxml")))
            with archive.open(score) as file:
                return file.read(_HEAD)
    except (
        zipfile.BadZipFile,
        StopIteration,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
    ):
        return b""
