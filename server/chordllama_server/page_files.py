"""The built page's files as they are delivered: compressed, and under a name that changes with them, so that a browser asks once.

The files keep their names, which is why the page's version is a folder in their addresses: `index.html` names its files by
`./VERSION/assets/…`, these name each other by where they lie, and so all of them come from there. Source:
https://developer.mozilla.org/docs/Web/HTTP/Guides/Caching#cache_busting
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import brotli
from flask import Request, Response, abort

_INDEX = "index.html"
# suffix -> (media type, whether it gets smaller by compression); the system's own table may have other types for scripts
_KINDS: Mapping[str, tuple[str, bool]] = {
    ".html": ("text/html; charset=utf-8", True),
    ".js": ("text/javascript; charset=utf-8", True),
    ".mjs": ("text/javascript; charset=utf-8", True),
    ".css": ("text/css; charset=utf-8", True),
    ".svg": ("image/svg+xml", True),
    ".txt": ("text/plain; charset=utf-8", True),
    ".musicxml": ("application/vnd.recordare.musicxml+xml", True),
    ".mxl": ("application/vnd.recordare.musicxml", False),
    ".woff2": ("font/woff2", False),
    ".sf3": ("application/octet-stream", False),
}
_ENCODINGS = ("br", "gzip")
_BROTLI_QUALITY = (
    5  # the engraver's 7.3 MB become 2.1 MB in a tenth of a second; 9 saves 3 % more in four times the time
)
_GZIP_LEVEL = 6
_UNCHANGING = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "no-cache"
_VERSIONED = re.compile(r"([0-9a-f]{16})/(.+)")


@dataclass(frozen=True, slots=True)
class Page:
    """A built page: its files by their names, each with its checksum, and its version, which changes with any of them."""

    folder: Path
    checksums: Mapping[str, str]
    version: str

    def answer(self, name: str, request: Request) -> Response:
        """Return a file, for good where its address tells the page's version; 304 where the browser has it, 404 where there is none."""
        found = _VERSIONED.fullmatch(name)
        version, file = (found[1], found[2]) if found else ("", name)
        if file not in self.checksums:
            abort(404)
        media_type, shrinks = _KINDS[Path(file).suffix]
        encoding = request.accept_encodings.best_match(_ENCODINGS) if shrinks else None
        response = Response(self._body(file, encoding), content_type=media_type)
        response.headers["Cache-Control"] = _UNCHANGING if version == self.version else _ASKED_AGAIN
        response.set_etag(f"{self.version if file == _INDEX else self.checksums[file]}-{encoding or 'plain'}")
        if shrinks:
            response.vary.add("Accept-Encoding")
        if encoding:
            response.content_encoding = encoding
        response.make_conditional(request)
        return response

    def index(self, request: Request) -> Response:
        """Return the page itself, which names its files by its version. A browser always asks whether it has changed."""
        return self.answer(_INDEX, request)

    def _body(self, file: str, encoding: str | None) -> bytes:
        version = self.version if file == _INDEX else ""
        return _compressed(self.folder / file, encoding, version) if encoding else _content(self.folder / file, version)


@cache
def built_page(folder: Path) -> Page:
    """Return the page in a folder as it is now."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    checksums = {path.relative_to(folder).as_posix(): _checksum(path.read_bytes()) for path in paths}
    return Page(folder, checksums, _checksum(repr(checksums).encode()))


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _content(path: Path, version: str) -> bytes:
    """A file's bytes; with a version, that of the index, whose files then stand in the version's folder."""
    data = path.read_bytes()
    return data.replace(b'="./', f'="./{version}/'.encode()) if version else data


@cache
def _compressed(path: Path, encoding: str, version: str) -> bytes:
    data = _content(path, version)
    compressed: bytes = (
        brotli.compress(data, quality=_BROTLI_QUALITY)
        if encoding == "br"
        else gzip.compress(data, _GZIP_LEVEL, mtime=0)
    )
    return compressed
