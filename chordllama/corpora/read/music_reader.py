"""Sources of music -> documents: folders of scores, OpenScore, music21's corpus, PDMX. A score stays the bytes that it is.

Other formats than MusicXML become MusicXML when a document is cleaned, and not before.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from chordllama.codec.container import read_container
from chordllama.conversion.foreign import FORMATS, foreign_format
from chordllama.corpora.documents import Document
from chordllama.corpora.read.catalogues import head_of, openscore, pdmx, pdmx_facts, score_facts
from chordllama.corpora.read.rights import Remarks, UsageRights, judge, remarks_of
from chordllama.corpora.sources import CorpusSource
from chordllama.errors import ChordLlamaError, CorpusError

MUSICXML = (".mxl", ".musicxml", ".xml")
SUFFIXES = MUSICXML + tuple(suffix for format_ in FORMATS for suffix in format_.suffixes)

_SCORE_ID = re.compile(r"[a-z]+(\d+)$")
_MOVEMENT = re.compile(r"(.+?_.+?)_\d+[a-z]?(?:,\d+)*(?:_\w+)?$")
_NUMBERED = re.compile(r"(.+?)[-_ .](?:movement|mvt|no)[-_ .]?\d+$", re.IGNORECASE)
_TUNE = re.compile(rb"^X:", re.MULTILINE)
_ABC_CREATOR = re.compile(r"^C:[ \t]*(\S.*)$", re.MULTILINE)
_HUMDRUM = {"title": "OTL", "creator": "COM", "set": "OPR"}


def score_names(_source: CorpusSource, folder: Path) -> list[str]:
    """Return every score in a folder, by its path within it."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    names = (path.relative_to(folder).as_posix() for path in found)
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))


def read_scores(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return the scores of one file of a folder; movements beside each other in a folder of their own are one work only by name."""
    work = PurePosixPath(name).with_suffix("").as_posix()
    numbered = _NUMBERED.match(work)
    return _documents(source, folder, name, f"{source.name}/{numbered[1] if numbered else work}", {})


def openscore_names(source: CorpusSource, folder: Path) -> list[str]:
    """Return every score of an OpenScore corpus."""
    return [name for name in score_names(source, folder) if name.endswith(".mxl")]


def read_openscore(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return a score with what its catalogue tells; movements that are files of their own belong to one work."""
    stem = PurePosixPath(name).stem
    facts = dict(openscore(folder).get(score_id(stem), {}))
    set_id = facts.pop("work", "")
    movement = _MOVEMENT.match(stem)
    work = f"set{set_id}" if set_id else movement[1] if movement and not openscore(folder) else stem
    return _documents(source, folder, name, f"{source.folder}/{work}", facts)


def score_id(stem: str) -> str:
    """lc6583477 -> 6583477, as the catalogues have it."""
    found = _SCORE_ID.match(stem)
    return found[1] if found else ""


def music21_names(source: CorpusSource, folder: Path) -> list[str]:
    """Return the files of one composer, without those whose use their encoders have bound."""
    return [name for name in _music21_files(source, folder) if not _verdict(folder, name).forbidden]


def left_out(source: CorpusSource, folder: Path) -> dict[str, str]:
    """Return the files that `music21_names` leaves out, with the remark that forbids their use."""
    verdicts = {name: _verdict(folder, name).forbidden for name in _music21_files(source, folder)}
    return {name: remark for name, remark in verdicts.items() if remark}


def read_music21(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return the scores of one file. A folder below the composer's is a work with its movements."""
    path = PurePosixPath(name)
    work = path.parent if len(path.parts) > 2 else path.with_suffix("")
    return _documents(source, folder, name, f"music21/{work.as_posix()}", {}, _verdict(folder, name).licence)


def pdmx_names(_source: CorpusSource, folder: Path) -> list[str]:
    """Return the scores of the subset no_license_conflict that lie in the folder."""
    return sorted(name for name in pdmx(folder) if (folder / name).is_file())


def read_pdmx(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return a score with what PDMX.csv tells, and the licence that its user gave it."""
    facts = pdmx_facts(folder, name)
    licence = facts.pop("licence") or source.licence
    return _documents(source, folder, name, f"pdmx/{PurePosixPath(name).stem}", facts, licence)


def _music21_files(source: CorpusSource, folder: Path) -> list[str]:
    return [f"{source.part}/{name}" for name in score_names(source, folder / source.part)]


@lru_cache(maxsize=20_000)
def _verdict(folder: Path, name: str) -> UsageRights:
    """What the file itself, or else a licence file beside it, says about its use."""
    of_folder = _folder_verdict(folder / PurePosixPath(name).parts[0])
    return of_folder if of_folder.forbidden else judge(_remarks(_bytes(folder / name), name))


@lru_cache(maxsize=64)
def _folder_verdict(folder: Path) -> UsageRights:
    said = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("license*.txt"))]
    return judge(remarks_of("\n".join(said), "file")) if said else UsageRights()


def _remarks(data: bytes, name: str) -> Remarks:
    format_name = foreign_format(data, name)
    if format_name is None:
        try:
            data = read_container(data, name)
        except ChordLlamaError:
            data = b""  # the codec will say what is wrong with it
    return remarks_of(data.decode("utf-8", errors="replace"), format_name or "musicxml")


def _documents(
    source: CorpusSource, folder: Path, name: str, work: str, facts: dict[str, str], licence: str | None = None
) -> list[Document]:
    """The documents of one file: one, or one for each tune of a tune book."""
    data = _bytes(folder / name)
    licence = licence or source.licence
    tunes = _tunes(data, name)
    if len(tunes) > 1:
        return [
            _document(source, tune, f"{name}#{number}", f"{work}#{number}", facts, licence)
            for number, tune in enumerate(tunes, 1)
        ]
    return [_document(source, data, name, work, facts, licence)]


def _document(source: CorpusSource, data: bytes, name: str, work: str, facts: dict[str, str], licence: str) -> Document:
    told = {**source.facts, **_own_facts(data, name), **facts}
    return Document(source.task, source.name, licence, work, name, data, told)


def _own_facts(data: bytes, name: str) -> dict[str, str]:
    """What the file itself tells."""
    format_name = foreign_format(data, name.partition("#")[0])
    if format_name is None:
        return score_facts(head_of(data))
    text = data.decode("utf-8", errors="replace")
    if format_name == "humdrum":
        found = {key: re.search(rf"^!!!{record}:[ \t]*(\S.*)$", text, re.MULTILINE) for key, record in _HUMDRUM.items()}
    elif format_name == "abc":
        found = {"title": re.search(r"^T:[ \t]*(\S.*)$", text, re.MULTILINE), "creator": _ABC_CREATOR.search(text)}
    else:
        return {}
    return {key: match[1].strip() for key, match in found.items() if match}


def _tunes(data: bytes, name: str) -> list[bytes]:
    """The tunes of an ABC file; one for every other file."""
    if foreign_format(data, name) != "abc":
        return [data]
    starts = [found.start() for found in _TUNE.finditer(data)]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)] or [data]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise CorpusError(f"{path}: can't be read", cause=fault.strerror) from fault
