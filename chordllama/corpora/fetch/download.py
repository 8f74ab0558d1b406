"""One file over HTTP, resumed where it stopped, and checked. Knows requests and ranges; nothing of what the file holds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import httpx

from chordllama.corpora.fetch.archives import naming
from chordllama.corpora.sources import Download
from chordllama.errors import CorpusError

ATTEMPTS = 5
"""How often a request is made again without a byte more than before."""
SECONDS = 30
LONGEST_PAUSE = 60.0
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)


class DownloadProgress(NamedTuple):
    """Bytes of a file that are here, and of the whole file where the server tells."""

    file: str
    done: int
    total: int | None


Report = Callable[[DownloadProgress], None]


class _Interrupted(Exception):
    """The server stopped, or asked to come again after `pause` seconds."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def open_client() -> httpx.Client:
    """Return a client as `download` wants it. Zenodo refuses requests that don't say who asks."""
    agent = {"User-Agent": f"chordllama/{version('chordllama')}", "Accept-Encoding": "identity"}
    return httpx.Client(headers=agent, timeout=SECONDS, follow_redirects=True)


def download(wanted: Download, folder: Path, client: httpx.Client, report: Report, pause: float = 1.0) -> Path:
    """Fetch the file into `folder`. What is there of it from before is gone on with; a file that is there whole is not fetched again.

    Raises CorpusError where it can't be fetched or isn't what its checksum says, and OSError, naming the file, where the disk
    is full. What has arrived stays for the next time, unless its checksum is wrong.
    """
    target = folder / wanted.file
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    _fetch(wanted.address, part, client, report, pause)
    if wanted.sha256 and (found := digest(part)) != wanted.sha256:
        part.unlink()
        raise CorpusError(
            f"{target.name}: {wanted.address} sent another file",
            cause=f"its sha256 is {found}, wanted {wanted.sha256}",
            hint="try again later, or take a copy at hand with --from DIR",
        )
    return part.rename(target)


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(address: str, part: Path, client: httpx.Client, report: Report, pause: float) -> None:
    """Ask again after each interruption, as long as that brings something."""
    failures = 0
    while True:
        before = _size(part)
        try:
            return _append(address, part, client, report)
        except (httpx.TransportError, _Interrupted) as fault:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= ATTEMPTS:
                raise _unreachable(address, str(fault) or type(fault).__name__) from fault
            asked = fault.pause if isinstance(fault, _Interrupted) else None
            time.sleep(min(asked or pause * 2 ** (failures - 1), LONGEST_PAUSE))
        except httpx.HTTPError as fault:
            raise _unreachable(address, str(fault)) from fault


def _append(address: str, part: Path, client: httpx.Client, report: Report) -> None:
    """Fetch what is missing. A server that knows no ranges, or has another file by now, sends it all: then it begins anew."""
    done, stamp = _size(part), _stamp(part)
    headers = {"Range": f"bytes={done}-", **({"If-Range": stamp} if stamp else {})} if done else {}
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _check_whole(response, part, done)
        _check_status(response, address)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
            part.unlink()
            raise _Interrupted("the server sent another range than it was asked for")
        done = done if resumed else 0
        _keep_stamp(part, response)
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else None
        with naming(part), part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_raw():  # as it comes: a chunk that waits is lost when the line drops
                file.write(chunk)
                done += len(chunk)
                report(DownloadProgress(part.name.removesuffix(".part"), done, total))
    _stamp_of(part).unlink(missing_ok=True)
    return None


def _check_whole(response: httpx.Response, part: Path, done: int) -> None:
    """A range beyond the end: the file is here already, or what is here is none of it."""
    if response.headers.get("Content-Range") != f"bytes */{done}":
        part.unlink()
        raise _Interrupted("what was here is longer than the file")


def _check_status(response: httpx.Response, address: str) -> None:
    if response.status_code in _TRY_AGAIN:
        after = response.headers.get("Retry-After", "")
        raise _Interrupted(f"the server answered {response.status_code}", float(after) if after.isdecimal() else None)
    if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise _unreachable(address, f"the server answered {response.status_code} {response.reason_phrase}")


def _unreachable(address: str, reason: str) -> CorpusError:
    return CorpusError(
        f"{address}: can't be fetched",
        cause=reason,
        hint="the same command goes on where this one stopped; a copy at hand is taken with --from DIR",
    )


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _stamp_of(part: Path) -> Path:
    return part.with_name(part.name + ".stamp")


def _stamp(part: Path) -> str:
    """What the server called this state of the file."""
    path = _stamp_of(part)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _keep_stamp(part: Path, response: httpx.Response) -> None:
    """Keep the server's name for this state of the file; a weak one can't be asked for again."""
    tag = response.headers.get("ETag", "")
    stamp = tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
    with naming(_stamp_of(part)):
        _stamp_of(part).write_text(stamp, encoding="utf-8")
