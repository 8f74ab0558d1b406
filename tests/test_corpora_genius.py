"""Songs from Genius, by a stand-in that answers as its API and its pages do."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chordllama import cli
from chordllama.corpora.fetch import genius as genius_module
from chordllama.corpora.fetch.genius import LICENCE, fetch_songs, open_genius
from chordllama.corpora.read.readers import documents
from chordllama.corpora.sources import load_sources
from chordllama.errors import CorpusError

ANN = {
    "id": 7,
    "name": "Ann Owl",
    "api_path": "/artists/7",
    "header_image_url": "",
    "image_url": "",
    "is_meme_verified": False,
    "is_verified": True,
    "url": "https://genius.com/artists/Ann-owl",
}


def song(number: int, title: str, artist: int = 7, state: str = "complete") -> dict[str, Any]:
    return {
        "id": number,
        "title": title,
        "url": f"https://genius.com/song-{number}",
        "primary_artist": {"id": artist, "name": "Ann Owl" if artist == 7 else "Bo"},
        "lyrics_state": state,
        "release_date_components": {"year": 1999, "month": 1, "day": 1},
    }


PAGES = {
    "1": ([song(1, "Hoot"), song(2, "Bo's Song (feat. Ann Owl)", artist=8)], 2),
    "2": ([song(3, "Wood"), song(4, "Humming", state="unreleased"), song(5, "No Words")], None),
}
LYRICS = {
    1: "[Verse 1]<br/>The owl<br/>was white<br/><br/>[Hook]<br/>Hoot",
    3: "The wood",
    5: "",
}


class StandIn(ThreadingHTTPServer):
    """What Genius answers; `asked` keeps the paths."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.broken = False


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        self.server.asked.append(path)
        if self.server.broken and path == "/song-3":
            return self._send(500, b"")
        if path.startswith("/song-"):
            return self._send(200, self._page(int(path.rpartition("-")[2])))
        if path.startswith("/v1/") and self.headers.get("Authorization") != "Bearer my-token":
            return self._send(401, b'{"meta": {"status": 401}}')
        return self._send(200, json.dumps({"response": self._answer(path, query)}).encode())

    def _answer(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        if path == "/api/search/multi":
            hits = [{"index": "artist", "result": ANN}] if "owl" in query["q"][0].lower() else []
            return {"sections": [{"type": "artist", "hits": hits}]}
        if path == "/v1/artists/7":
            return {"artist": ANN}
        songs, following = PAGES[query["page"][0]]
        return {"songs": songs, "next_page": following}

    def _page(self, number: int) -> bytes:
        lyrics = f'<div data-lyrics-container="true">{LYRICS[number]}</div>' if LYRICS[number] else ""
        return f"<html><body>{lyrics}</body></html>".encode()

    def _send(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client(server: StandIn, token: str = "my-token") -> Any:
    root = f"http://127.0.0.1:{server.server_port}/"
    return open_genius(token, (root + "v1/", root + "api/", root))


def fetched(server: StandIn, cache: Path, artist: str = "Ann Owl", limit: int | None = None) -> Path:
    genius = client(server)
    try:
        return fetch_songs(genius, artist, cache, lambda place, title: None, limit)
    finally:
        genius._session.close()


def test_only_songs_of_the_primary_artist_that_have_words_are_kept(stand_in: StandIn, tmp_path: Path) -> None:
    folder = fetched(stand_in, tmp_path)
    source = load_sources(tmp_path)["genius-ann-owl"]
    hoot, wood = documents(source, folder)
    assert hoot.data == b"[Verse 1]\nThe owl\nwas white\n\n[Hook]\nHoot"
    assert hoot.facts == {"title": "Hoot", "creator": "Ann Owl", "year": "1999", "url": "https://genius.com/song-1"}
    assert (wood.facts["title"], wood.licence, wood.task) == ("Wood", LICENCE, "lyrics")


def test_no_page_is_asked_for_that_isnt_needed(stand_in: StandIn, tmp_path: Path) -> None:
    fetched(stand_in, tmp_path, limit=1)
    pages = [path for path in stand_in.asked if path.startswith("/song-")]
    assert pages == ["/song-1"]


def test_an_interrupted_list_goes_on_where_it_stopped(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in.broken = True
    with pytest.raises(CorpusError):
        fetch_songs(client(stand_in), "Nobody", tmp_path, lambda place, title: None)
    assert not (tmp_path / "genius-nobody").exists()
    (tmp_path / "genius-ann-owl.part").mkdir()
    (tmp_path / "genius-ann-owl.part" / "1.txt").write_text("here already")
    stand_in.broken = False
    folder = fetched(stand_in, tmp_path)
    assert (folder / "1.txt").read_text() == "here already"
    assert "/song-1" not in stand_in.asked


def test_another_artist_than_the_one_asked_for_is_not_taken(stand_in: StandIn, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no artist called An Owl") as found:
        fetched(stand_in, tmp_path, "An Owl")
    assert "Ann Owl" in str(found.value.hint)


def test_a_token_that_is_refused_says_so(stand_in: StandIn, tmp_path: Path) -> None:
    genius = client(stand_in, token="wrong")
    with pytest.raises(CorpusError, match="Genius refused the token") as found:
        fetch_songs(genius, "Ann Owl", tmp_path, lambda place, title: None)
    genius._session.close()
    assert "GENIUS_ACCESS_TOKEN" in str(found.value.hint)


def test_a_genius_that_isnt_there_says_so(tmp_path: Path) -> None:
    genius = open_genius("x", ("http://127.0.0.1:9/", "http://127.0.0.1:9/", "http://127.0.0.1:9/"))
    with pytest.raises(CorpusError, match="can't be reached"):
        fetch_songs(genius, "Ann Owl", tmp_path, lambda place, title: None)


def test_the_command_asks_for_the_token_and_for_nothing_else(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    genius = client(stand_in)
    monkeypatch.setenv("GENIUS_ACCESS_TOKEN", "my-token")
    monkeypatch.setattr(genius_module, "open_genius", {"my-token": genius}.get)
    assert cli.run(["corpus", "fetch", "genius", "--artist", "Ann Owl", "--cache", str(tmp_path)]) == 0
    genius._session.close()
    assert capsys.readouterr().out == f"genius: {tmp_path / 'genius-ann-owl'}\n"
    assert cli.run(["corpus", "fetch", "genius", "--cache", str(tmp_path)]) == 2
    assert "name the artist with --artist" in capsys.readouterr().err


def test_no_other_command_loads_the_package(tmp_path: Path) -> None:
    program = (
        "import sys; from chordllama.cli import run; run(['corpus', 'list', '--cache', sys.argv[1]]);"
        "sys.exit('lyricsgenius' in sys.modules or 'music21' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True).returncode == 0
