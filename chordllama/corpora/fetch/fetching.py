"""A source's files into the cache: fetched or copied, unpacked, compared with what they should be, and only then put in place.

The cache holds for each source a folder, and beside it FOLDER.lock.json: the checksum of what came first. While something is
being fetched it lies in FOLDER.part; a folder under its final name is always whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import httpx

from chordllama.corpora.fetch.archives import naming, unpack
from chordllama.corpora.fetch.download import Report, digest, download, open_client
from chordllama.corpora.read.readers import READERS, names
from chordllama.corpora.sources import OWN_SUFFIX, CorpusSource, Download, dump_listing, dump_source, listing
from chordllama.errors import CorpusError
from chordllama.system.files import write_atomically

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def default_cache() -> Path:
    """Return where sources are kept if nothing else is said: CHORDLLAMA_CORPORA, or else the system's folder for such data."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("CHORDLLAMA_CORPORA") or user_cache_path("chordllama", appauthor=False) / "corpora")


def fetch(
    source: CorpusSource, cache: Path, report: Report = lambda _: None, client: httpx.Client | None = None
) -> Path:
    """Fetch a source into the cache and return its folder; one that is there already is only compared.

    Raises CorpusError where it can't be fetched or unpacked or isn't what its checksums say, OSError where the disk is full.
    """
    final = cache / source.folder
    if final.is_dir() and _lock(source, cache).get("revision") == source.revision:
        return _compare(source, cache, final)
    if not source.downloads:
        raise CorpusError(f"{source.name} can't be fetched", cause="it has no address", hint="take it with --from DIR")
    part = cache / f"{source.folder}.part"
    part.mkdir(parents=True, exist_ok=True)
    with client or open_client() as opened:
        files = [download(wanted, part, opened, report) for wanted in source.downloads]
    tree = _empty(part / "tree")
    listed = listing(source)
    try:
        for wanted, file in zip(source.downloads, files, strict=True):
            _put(wanted, file, tree, listed)
        return _finish(source, cache, tree, source.address)
    except CorpusError:
        shutil.rmtree(part)  # whatever came is not what was wanted: the next try begins anew
        raise


def take(source: CorpusSource, folder: Path, cache: Path) -> Path:
    """Copy a source that is at hand into the cache, and return its folder there.

    `folder` holds the source's files, or has a folder of its name that does. Raises CorpusError where files are missing or
    aren't what their checksums say.
    """
    at_hand = folder / source.folder if (folder / source.folder).is_dir() else folder
    files = listing(source) or _known_files(source, at_hand)
    tree = _empty(cache / f"{source.folder}.part" / "tree")
    try:
        for name in files:
            _copy(at_hand / name, tree / name)
        return _finish(source, cache, tree, str(at_hand))
    except (CorpusError, OSError):
        shutil.rmtree(tree.parent)
        raise


def take_own(source: CorpusSource, folder: Path, cache: Path) -> Path:
    """Copy a folder of the user's own into the cache, and keep beside it what the source is."""
    if not _NAME.fullmatch(source.name):
        raise CorpusError(f'"{source.name}" can\'t be the name of a source', hint="letters, digits, points and dashes")
    taken = take(source, folder, cache)
    write_atomically(cache / f"{source.name}{OWN_SUFFIX}", dump_source(source).encode())
    return taken


def _put(wanted: Download, file: Path, tree: Path, listed: Mapping[str, str] | None) -> None:
    """Unpack a downloaded archive into the tree, or put a single file there, as UTF-8."""
    if wanted.unpack:
        unpack(file, wanted.unpack, tree, listed)
    elif wanted.encoding == "utf-8":
        _copy(file, tree / wanted.to)
    else:
        text = file.read_bytes().decode(wanted.encoding)
        with naming(tree / wanted.to):
            (tree / wanted.to).write_bytes(text.encode("utf-8"))


def _known_files(source: CorpusSource, folder: Path) -> list[str]:
    """The files in a folder that the source's reader knows, if it finds documents among them."""
    names(source, folder)
    suffixes = READERS[source.reader].suffixes
    found = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _copy(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    if not old.is_file():
        raise CorpusError(f"{old}: is missing", hint="this is no whole copy of the source: fetch it instead")
    with naming(new):
        shutil.copyfile(old, new)


def _finish(source: CorpusSource, cache: Path, tree: Path, origin: str) -> Path:
    """Compare the tree with what it should be, and put it in its place."""
    digests = _digests(tree)
    _check(source, cache, tree, digests, origin)
    final = cache / source.folder
    lock = {"revision": source.revision, "sha256": _sum(digests), "files": len(digests), "origin": origin}
    write_atomically(_lock_path(source, cache), json.dumps(lock, indent=1).encode())
    if final.exists():
        shutil.rmtree(final)
    tree.rename(final)
    shutil.rmtree(cache / f"{source.folder}.part")
    return final


def _check(source: CorpusSource, cache: Path, folder: Path, digests: Mapping[str, str], origin: str) -> None:
    """Raise CorpusError, naming a file, where the files aren't those of the listing, or of the first time from `origin`."""
    if (listed := listing(source)) is not None:
        for name, wanted in listed.items():
            if name not in digests:
                raise CorpusError(f"{source.name}: {name} is missing", cause=f"{folder} has {len(digests):,} files")
            if digests[name] != wanted:
                raise _differs(source, name, digests[name], wanted)
        return
    lock = _lock(source, cache)
    same = lock.get("revision") == source.revision and lock.get("origin") == origin
    if source.is_fetched and same and lock.get("sha256") != _sum(digests):
        raise _differs(source, str(folder), _sum(digests), str(lock.get("sha256")))


def _differs(source: CorpusSource, name: str, found: str, wanted: str) -> CorpusError:
    return CorpusError(
        f"{source.name}: {name} is not what it should be",
        cause=f"its sha256 is {found}, wanted {wanted}",
        hint="nothing was changed; delete what is wrong, and fetch the source again",
    )


def _compare(source: CorpusSource, cache: Path, final: Path) -> Path:
    """A folder that is there already, if it still is what it was."""
    _check(source, cache, final, _digests(final), str(_lock(source, cache).get("origin")))
    return final


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def _sum(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(dump_listing(digests).encode()).hexdigest()


def _lock_path(source: CorpusSource, cache: Path) -> Path:
    return cache / f"{source.folder}.lock.json"


def _lock(source: CorpusSource, cache: Path) -> dict[str, object]:
    """What was recorded when the source came first; {} where it never came."""
    path = _lock_path(source, cache)
    if not path.is_file():
        return {}
    try:
        lock = json.loads(path.read_bytes())
    except ValueError as fault:
        raise CorpusError(f"{path}: can't be read", cause=str(fault), hint="delete it, and fetch again") from fault
    return lock if isinstance(lock, dict) else {}


def _empty(folder: Path) -> Path:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder
