"""The server as a process with a socket: clients that leave, and many at once."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from editor_documents import told
from served import health, served, wait_until

CHORALE = (Path(__file__).parent / "data/chorale.musicxml").read_bytes()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


def ask(address: str, **options: Any) -> httpx.Response:
    return httpx.post(f"{address}/v1/continue", json={"musicxml": CHORALE.decode(), **options}, timeout=60)


def test_bars_come_one_by_one_while_the_model_writes(address: str) -> None:
    id = ask(address, bars=16, stream=True).json()["id"]
    places: list[str] = []
    with httpx.stream("GET", f"{address}/v1/jobs/{id}/events", timeout=60) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        bars = (line for line in answer.iter_lines() if line == "event: bar")
        places.extend(httpx.get(f"{address}/v1/jobs/{id}").json()["status"] for _ in bars)
    assert len(places) == 16
    assert places[0] == "running"


def test_a_client_that_leaves_the_stream_stops_the_work_within_half_a_second(address: str) -> None:
    id = ask(address, bars=256, stream=True).json()["id"]
    with httpx.stream("GET", f"{address}/v1/jobs/{id}/events", timeout=60) as answer:
        next(line for line in answer.iter_lines() if line == "event: bar")
    assert wait_until(lambda: health(address)["running"] == 0, 2) < 0.5
    assert httpx.get(f"{address}/v1/jobs/{id}").json()["status"] == "cancelled"


def test_a_client_that_leaves_before_a_direct_answer_stops_the_work_too(address: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{address}/v1/continue",
            json={"musicxml": CHORALE.decode(), "bars": 256},
            timeout=httpx.Timeout(10, read=0.3),
        )
    assert wait_until(lambda: health(address)["running"] == 0, 2) < 0.5


def test_more_staves_than_the_model_reads_are_refused_with_a_code_of_their_own(address: str) -> None:
    parts = "".join(f" {number}: clef=G2 Part\n" for number in range(1, 151))
    score = told(f"parts:\n{parts}1: time=4/4 {' / '.join(['c516 ds fs g as b c gs f58t g a c54'] * 150)}\n")
    answer = httpx.post(f"{address}/v1/continue", json={"editor": score, "format": "editor"}, timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "prompt_too_long")


def test_a_stream_can_be_taken_up_where_it_broke_off(address: str) -> None:
    id = ask(address, bars=2, stream=True).json()["id"]
    whole = httpx.get(f"{address}/v1/jobs/{id}/events", timeout=60).text
    rest = httpx.get(f"{address}/v1/jobs/{id}/events", headers={"Last-Event-ID": "2"}).text
    assert whole.endswith(rest)
    assert rest.startswith("id: 3\n")
    data = json.loads(rest.split("data: ", 1)[1].split("\n")[0])
    assert data


def test_idle_connections_keep_nobody_out(address: str) -> None:
    """Neither from a new connection, nor from one that is at work; the idlest ones go."""
    place = httpx.URL(address)
    id = ask(address, bars=256, stream=True).json()["id"]
    with httpx.stream("GET", f"{address}/v1/jobs/{id}/events", timeout=60) as answer, ExitStack() as stack:
        lines = answer.iter_lines()
        next(line for line in lines if line == "event: bar")
        for _ in range(300):
            stack.enter_context(closing(socket.create_connection((place.host, place.port or 80), timeout=5)))
        for _ in range(5):
            assert httpx.get(f"{address}/health", timeout=2).status_code == 200
        next(line for line in lines if line == "event: bar")
    wait_until(lambda: health(address)["running"] == 0, 5)


def test_the_last_one_of_many_connections_is_served_and_the_first_one_was_closed(address: str) -> None:
    place = httpx.URL(address)
    with ExitStack() as stack:
        opened = [socket.create_connection((place.host, place.port or 80), timeout=5) for _ in range(70)]
        for one in opened:
            stack.enter_context(closing(one))
        opened[-1].sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert opened[-1].recv(4096).startswith(b"HTTP/1.1 200")
        assert opened[0].recv(1) == b""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_hostile_score_that_kills_the_reader_does_no_harm(address: str) -> None:
    """The readers are children of their own: one that is killed is replaced."""
    assert httpx.post(f"{address}/v1/check", json={"musicxml": CHORALE.decode()}, timeout=60).status_code == 200
    children = [int(found[1]) for path in Path("/proc").glob("[0-9]*/stat") if (found := _child(path, address))]
    assert children
    for child in children:
        os.kill(child, 9)
    assert httpx.post(f"{address}/v1/check", json={"musicxml": CHORALE.decode()}, timeout=60).status_code in (200, 422)
    assert httpx.post(f"{address}/v1/check", json={"musicxml": CHORALE.decode()}, timeout=60).status_code == 200
    assert ask(address, bars=1).status_code == 200


def _child(stat: Path, address: str) -> re.Match[str] | None:
    """The stat of a process whose parent is the server (known by its port in its log) and that multiprocessing has spawned."""
    try:
        command = (stat.parent / "cmdline").read_bytes()
        parent = stat.read_text().rpartition(")")[2].split()[1]
        ours = b"chordllama\0serve" in Path("/proc", parent, "cmdline").read_bytes()
        grandparent = Path("/proc", parent, "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return None
    mine = ours and int(grandparent) == os.getpid() and b"spawn_main" in command and bool(address)
    return re.match(r"(\d+)", stat.read_text()) if mine else None
