"""How the page's files come: compressed, once for good under the page's version, and never anything else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.page_files import built_page
from flask.testing import FlaskClient

PAGE = Path(__file__).parent.parent / "server" / "chordllama_server" / "page"
FILES = sorted(path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file())
ENGRAVER = "verovio/verovio-module.mjs"
MOST_ENGRAVER_BYTES = 2_500_000
_UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Config(), Engine()).test_client()


@pytest.fixture(scope="module")
def version(client: FlaskClient) -> str:
    """The page's version, as the page itself names it."""
    versions = set(re.findall(r'(?:src|href)="\./([^/"]+)/', client.get("/").text))
    assert len(versions) == 1
    return str(versions.pop())


@pytest.mark.parametrize("accepted", ["", "gzip", "gzip, deflate, br, zstd"])
def test_every_file_comes_as_it_was_built_for_good(client: FlaskClient, version: str, accepted: str) -> None:
    for name in set(FILES) - {"index.html"}:
        answer = client.get(f"/{version}/{name}", headers={"Accept-Encoding": accepted})
        assert _UNPACK[answer.headers.get("Content-Encoding")](answer.data) == (PAGE / name).read_bytes(), name
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")])
def test_the_engraver_is_compressed(client: FlaskClient, version: str, accepted: str, encoding: str) -> None:
    answer = client.get(f"/{version}/{ENGRAVER}", headers={"Accept-Encoding": accepted})
    assert answer.headers["Content-Encoding"] == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert len(answer.data) < MOST_ENGRAVER_BYTES


def test_the_page_itself_is_asked_for_each_time_and_sent_where_it_changed(client: FlaskClient, version: str) -> None:
    page = client.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": page.headers["ETag"]}
    assert client.get("/", headers=known).status_code == 304
    assert client.get("/", headers={**known, "Accept-Encoding": "br"}).status_code == 200
    for name in re.findall(r'(?:src|href)="\./([^"]+)"', page.text):
        assert client.get(f"/{name}").status_code == 200, name
    assert client.get("/index.html").data == client.get(f"/{version}/index.html").data == page.data


@pytest.mark.parametrize("folder", ["", "0123456789abcdef/"])
def test_what_does_not_carry_the_page_s_version_is_asked_for_again(client: FlaskClient, folder: str) -> None:
    answer = client.get(f"/{folder}assets/index.js")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert client.get("/assets/index.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_version_changes_with_any_file(tmp_path: Path) -> None:
    versions = set()
    for number, content in enumerate(["a", "b"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "index.html").write_text('<script src="./a.js">')
        (folder / "a.js").write_text(content)
        versions.add(built_page(folder).version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    "name", ["../routes.py", "%2e%2e/routes.py", "assets", "assets/", "assets/none.js", "//etc/passwd"]
)
def test_nothing_else_is_served(client: FlaskClient, version: str, name: str) -> None:
    assert client.get(f"/{name}").status_code in (308, 404)
    assert client.get(f"/{version}/{name}").status_code in (308, 404)
