"""Sources come into the cache whole, or not at all; a server of our own does what servers do."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chordllama import cli
from chordllama.corpora.fetch.download import DownloadProgress, Report, download, open_client
from chordllama.corpora.fetch.fetching import fetch, take, take_own
from chordllama.corpora.read.readers import documents
from chordllama.corpora.sources import CorpusSource, Download, load_sources, own_source
from chordllama.errors import CorpusError
from chordllama.system.terminal import show_progress

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "data"
BYTES = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(BYTES).hexdigest()
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data at hand")

Answer = Callable[[BaseHTTPRequestHandler, int], None]
Serve = Callable[[Answer], "Server"]


class Server(ThreadingHTTPServer):
    """Answers the n-th request by `answer`, and keeps the ranges that it was asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.ranges: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.bin"

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was cut is what some tests want."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range"))
        self.server.answer(self, len(self.server.ranges))

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, data: bytes, cut: int | None = None, ranges: bool = True) -> None:
    """The file, or the range that was asked for; with `cut` the connection ends after so many bytes."""
    asked = handler.headers.get("Range") if ranges else None
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    if start >= len(data) and asked:
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{len(data)}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    handler.send_response(206 if asked else 200)
    handler.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()[:8]}"')
    if asked:
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.send_header("Content-Length", str(len(data) - start))
    handler.end_headers()
    handler.wfile.write(data[start:][:cut])
    if cut is not None:
        handler.wfile.flush()
        handler.connection.close()


def get(server: Server, folder: Path, sha256: str | None = SHA256, report: Report = lambda _: None) -> Path:
    with open_client() as client:
        return download(Download(server.address, sha256), folder, client, report, pause=0.01)


# One file


def test_a_file_is_fetched_with_its_progress(serve: Serve, tmp_path: Path) -> None:
    seen: list[DownloadProgress] = []
    path = get(serve(lambda handler, _: send(handler, BYTES)), tmp_path, report=seen.append)
    assert path.read_bytes() == BYTES
    assert seen[-1] == DownloadProgress("file.bin", len(BYTES), len(BYTES))
    assert list(tmp_path.iterdir()) == [path]


def test_a_connection_that_drops_is_taken_up_again_where_it_stopped(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, number: send(handler, BYTES, cut=300_000 if number < 4 else None))
    assert get(server, tmp_path).read_bytes() == BYTES
    assert server.ranges[0] is None
    assert server.ranges[1:] == ["bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_what_arrived_stays_for_the_next_time(serve: Serve, tmp_path: Path) -> None:
    broken = serve(
        lambda handler, _: (
            send(handler, BYTES[:600_000], cut=0) if handler.headers["Range"] else send(handler, BYTES, cut=500_000)
        )
    )
    with pytest.raises(CorpusError, match="can't be fetched"):
        get(broken, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.bin.part", "file.bin.part.stamp"]
    server = serve(lambda handler, _: send(handler, BYTES))
    assert get(server, tmp_path).read_bytes() == BYTES
    assert server.ranges == ["bytes=500000-"]


def test_a_server_that_knows_no_ranges_sends_it_all(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, number: send(handler, BYTES, cut=300_000 if number == 1 else None, ranges=False))
    assert get(server, tmp_path).read_bytes() == BYTES
    assert server.ranges == [None, "bytes=300000-"]


def test_a_server_that_sends_another_range_is_not_believed(serve: Serve, tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number == 2:
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes 0-{len(BYTES) - 1}/{len(BYTES)}")
            handler.send_header("Content-Length", str(len(BYTES)))
            handler.end_headers()
            handler.wfile.write(BYTES)
        else:
            send(handler, BYTES, cut=300_000 if number == 1 else None)

    assert get(serve(answer), tmp_path).read_bytes() == BYTES


def test_a_file_that_was_whole_already_is_only_checked(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(BYTES)
    server = serve(lambda handler, _: send(handler, BYTES))
    assert get(server, tmp_path).read_bytes() == BYTES
    assert server.ranges == [f"bytes={len(BYTES)}-"]


def test_too_much_from_before_is_thrown_away(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file.bin.part").write_bytes(BYTES + b"more")
    assert get(serve(lambda handler, _: send(handler, BYTES)), tmp_path).read_bytes() == BYTES


def test_another_file_is_named_and_leaves_nothing(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, _: send(handler, b"<html>another file</html>"))
    with pytest.raises(CorpusError, match=r"^file\.bin: http.* sent another file") as found:
        get(server, tmp_path)
    assert SHA256 in str(found.value.cause)
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(serve: Serve, tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler, number: int) -> None:
        if number > 2:
            return send(handler, BYTES)
        handler.send_response(503)
        handler.send_header("Retry-After", "0")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return None

    server = serve(answer)
    assert get(server, tmp_path).read_bytes() == BYTES
    assert len(server.ranges) == 3


def test_a_page_that_isnt_there_is_not_asked_for_again(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, _: handler.send_error(404))
    with pytest.raises(CorpusError, match="can't be fetched") as found:
        get(server, tmp_path)
    assert "404" in str(found.value.cause)
    assert len(server.ranges) == 1


def test_a_server_that_isnt_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_client() as client, pytest.raises(CorpusError, match=r"127\.0\.0\.1:9/x: can't be fetched"):
        download(Download("http://127.0.0.1:9/x", None), tmp_path, client, lambda _: None, pause=0.01)


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self) -> bool:
        return True


def test_a_bar_shows_the_bytes_to_who_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with show_progress("fetching", "bytes") as show:
        show(5_000, None, line="file.bin")
        show(10_000, 20_000, line="file.bin")
    shown = terminal.getvalue()
    assert "file.bin" in shown
    assert "10.0/20.0 kB" in shown


# Whole sources


def packed(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


SCORE = (DATA / "two_bars.musicxml").read_bytes()
ARCHIVE = packed({"R-1/scores/a/1.musicxml": SCORE, "R-1/README.md": b"-", "R-1/scores/b/2.musicxml": SCORE})


def source_at(server: Server, **changes: Any) -> CorpusSource:
    wanted = Download(server.address, None, unpack={"*/scores/*.musicxml": "scores"})
    source = CorpusSource(
        "songs", "Songs", "music", "scores", "CC0-1.0", "x", server.address, "1", "songs", downloads=(wanted,)
    )
    return replace(source, **changes)


def test_a_source_is_fetched_unpacked_and_recorded(serve: Serve, tmp_path: Path) -> None:
    source = source_at(serve(lambda handler, _: send(handler, ARCHIVE)))
    folder = fetch(source, tmp_path)
    assert [document.name for document in documents(source, folder)] == ["scores/1.musicxml", "scores/2.musicxml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["songs", "songs.lock.json"]
    assert json.loads((tmp_path / "songs.lock.json").read_text())["files"] == 2


def test_a_source_that_is_here_is_not_fetched_again(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, _: send(handler, ARCHIVE))
    source = source_at(server)
    assert fetch(source, tmp_path) == fetch(source, tmp_path)
    assert len(server.ranges) == 1


def test_a_newer_revision_takes_the_place_of_the_older(serve: Serve, tmp_path: Path) -> None:
    server = serve(
        lambda handler, number: send(handler, ARCHIVE if number == 1 else packed({"R/scores/3.musicxml": SCORE}))
    )
    fetch(source_at(server), tmp_path)
    folder = fetch(source_at(server, revision="2"), tmp_path)
    assert [path.name for path in (folder / "scores").iterdir()] == ["3.musicxml"]


def test_another_content_than_the_first_time_is_refused(serve: Serve, tmp_path: Path) -> None:
    server = serve(
        lambda handler, number: send(handler, ARCHIVE if number == 1 else packed({"R/scores/3.musicxml": SCORE}))
    )
    folder = fetch(source_at(server), tmp_path)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    with pytest.raises(CorpusError, match="is not what it should be"):
        fetch(source_at(server), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["songs.lock.json"]


def test_a_file_that_changed_in_the_cache_is_noticed(serve: Serve, tmp_path: Path) -> None:
    source = source_at(serve(lambda handler, _: send(handler, ARCHIVE)))
    (fetch(source, tmp_path) / "scores" / "1.musicxml").write_bytes(b"other")
    with pytest.raises(CorpusError, match="is not what it should be"):
        fetch(source, tmp_path)


def test_a_corrupt_archive_is_named_and_leaves_nothing(serve: Serve, tmp_path: Path) -> None:
    source = source_at(serve(lambda handler, _: send(handler, ARCHIVE[:-40])))
    with pytest.raises(CorpusError, match=r"file\.bin: the archive can't be unpacked"):
        fetch(source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_text_in_another_encoding_is_kept_as_utf8(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, _: send(handler, "Röslein\r\n".encode("iso-8859-1")))
    wanted = Download(server.address, None, to="r.de.txt", encoding="iso-8859-1")
    folder = fetch(source_at(server, task="prose", reader="books", downloads=(wanted,)), tmp_path)
    assert (folder / "r.de.txt").read_bytes() == "Röslein\r\n".encode()


def test_a_full_disk_is_told_with_the_file_and_what_is_here_stays(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda handler, _: send(handler, BYTES))
    program = (
        "import resource, sys; from pathlib import Path; resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000));"
        "from chordllama.corpora.fetch.download import *; from chordllama.corpora.sources import Download;"
        "client = open_client(); download(Download(sys.argv[1], None), Path(sys.argv[2]), client, lambda _: None)"
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] != 400_000
    done = subprocess.run([sys.executable, "-c", program, server.address, tmp_path], capture_output=True, text=True)
    assert f"File too large: '{tmp_path}/file.bin.part'" in done.stderr
    assert (tmp_path / "file.bin.part").stat().st_size == 400_000
    assert get(server, tmp_path).read_bytes() == BYTES


def test_a_disk_that_is_full_while_unpacking_leaves_nothing_under_the_final_name(serve: Serve, tmp_path: Path) -> None:
    small = packed({"R/scores/1.musicxml": SCORE, "R/scores/2.musicxml": b" " * 900_000})
    server = serve(lambda handler, _: send(handler, small))
    program = (
        "import resource, sys; from pathlib import Path; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000));"
        "from chordllama.corpora.fetch.fetching import *; from chordllama.corpora.sources import *;"
        "wanted = Download(sys.argv[1], None, unpack={'*/scores/*': 'scores'});"
        "fetch(CorpusSource('s', 's', 'music', 'scores', 'x', 'x', folder='s', downloads=(wanted,)), Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", program, server.address, tmp_path], capture_output=True, text=True)
    assert "2.musicxml" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "s").exists()


# Copies at hand


def test_a_folder_of_ones_own_becomes_a_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, cache = tmp_path / "own", tmp_path / "cache"
    own.mkdir()
    (own / "Ann - River.en.txt").write_text("A river\n")
    (own / "notes.docx").write_bytes(b"-")
    arguments = ["corpus", "fetch", "mine", "--from", str(own), "--cache", str(cache)]
    assert cli.run([*arguments, "--task", "lyrics", "--licence", "my own"]) == 0
    assert capsys.readouterr().out == f"mine: {cache / 'mine'}\n"
    source = load_sources(cache)["mine"]
    (found,) = documents(source, cache / "mine")
    assert (found.licence, found.facts) == ("my own", {"creator": "Ann", "title": "River", "language": "en"})
    assert [path.name for path in (cache / "mine").iterdir()] == ["Ann - River.en.txt"]


def test_a_folder_of_ones_own_may_change(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "1.txt").write_text("one")
    source = own_source("mine", "lyrics", "my own")
    take_own(source, own, tmp_path)
    (own / "2.txt").write_text("two")
    assert len(list(take_own(source, own, tmp_path).iterdir())) == 2


def test_a_folder_of_ones_own_needs_task_and_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["corpus", "fetch", "mine", "--from", str(tmp_path), "--cache", str(tmp_path / "c")]) == 2
    assert "needs --task and --licence" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../mine", ".mine", "a/b", ""])
def test_a_source_can_only_have_a_plain_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="can't be the name of a source"):
        take_own(own_source(name, "lyrics", "my own"), tmp_path, tmp_path)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with pytest.raises(CorpusError, match="own: holds nothing for mine"):
        take_own(own_source("mine", "music", "my own"), tmp_path / "own", tmp_path / "cache")
    assert not (tmp_path / "cache" / "mine").exists()


def test_a_copy_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prose").mkdir()
    with pytest.raises(CorpusError, match=r"die-verwandlung\.de\.txt: is missing"):
        take(load_sources()["gutenberg-prose"], tmp_path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@needs_data
def test_a_copy_at_hand_is_what_the_source_means(tmp_path: Path) -> None:
    folder = take(load_sources()["openscore-quartets"], SHARED, tmp_path)
    assert len(list((folder / "scores").iterdir())) == 114
    assert fetch(load_sources()["openscore-quartets"], tmp_path) == folder


@needs_data
def test_an_archive_laid_out_as_githubs_gives_the_same_files_as_a_copy(serve: Serve, tmp_path: Path) -> None:
    source = load_sources()["openscore-quartets"]
    at_hand = SHARED / "openscore-quartets"
    entries = {f"R-1/data/{path.name}": path.read_bytes() for path in at_hand.glob("*.tsv")}
    entries |= {f"R-1/scores/X,_Y/Z/{path.name}": path.read_bytes() for path in at_hand.glob("scores/*.mxl")}
    archive = packed(entries | {"R-1/scores/X,_Y/sq1.mxl": b"not in the listing", "R-1/LICENSE.txt": b"CC0"})
    server = serve(lambda handler, number: send(handler, archive, cut=5_000_000 if number == 1 else None))
    wanted = replace(source.downloads[0], address=server.address)
    fetched = fetch(replace(source, downloads=(wanted,)), tmp_path / "fetched")
    copied = take(source, SHARED, tmp_path / "copied")
    assert len(server.ranges) == 2
    assert files_of(fetched) == files_of(copied)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@needs_data
def test_a_copy_with_a_wrong_byte_is_refused_by_its_name(tmp_path: Path) -> None:
    source = load_sources()["gutenberg-prose"]
    (tmp_path / "prose").mkdir()
    for path in (SHARED / "prose").iterdir():
        (tmp_path / "prose" / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "prose" / "hard-times.en.txt").open("ab") as file:
        file.write(b"!")
    with pytest.raises(CorpusError, match=r"hard-times\.en\.txt is not what it should be"):
        take(source, tmp_path, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_comes_with_a_package_needs_no_fetching(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["corpus", "fetch", "music21:bach", "--cache", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fetched"]["music21:bach"].endswith("corpus")


def test_an_unknown_name_ends_with_the_code_for_corpora(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["corpus", "fetch", "beatles", "--cache", str(tmp_path)]) == 6
    assert '"beatles" is no source' in capsys.readouterr().err
