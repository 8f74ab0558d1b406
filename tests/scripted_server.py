"""A server that answers as a test tells it to, for what the real one seldom does: slow, busy, full queue, another version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from chordllama_server.openapi import offered

from chordllama.codec.editor.schema import check
from chordllama.system.musescore import current_version

Json = dict[str, Any]


@dataclass
class Script:
    """What the server answers. `candidates`: the continuations; a job's bars come one a poll while `going` is set.

    `ranks` are the candidates', where they aren't in their order. `gave_up` is why all of them ended early. `closed` is what every
    request but /health gets, `lost` what polls get.
    """

    candidates: list[Json] = field(default_factory=list)
    ranks: tuple[int, ...] = ()
    refusals: list[tuple[int, Json, dict[str, str]]] = field(default_factory=list)
    queued: int = 0
    version: str = field(default_factory=current_version)
    api: int = 1
    failure: Json | None = None
    gave_up: Json | None = None
    closed: tuple[int, Json] | None = None
    lost: tuple[int, Json] | None = None
    going: Event = field(default_factory=Event)
    orders: list[Json] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    polls: int = 0
    status: str = "ok"

    def __post_init__(self) -> None:
        self.going.set()

    def health(self) -> Json:
        """The answer of /health."""
        return {"status": self.status, "version": self.version, "api": self.api, "model": "scripted"}

    def events(self) -> list[Json]:
        """All that happens in the job."""
        found: list[Json] = [{"event": "queued", "data": {"place": n}} for n in range(self.queued, 0, -1)]
        found.append({"event": "started", "data": {"model": "scripted"}})
        if self.failure:
            return _numbered([*found, {"event": "error", "data": {"error": self.failure}}])
        for bar in range(max((len(each["bars"]) for each in self.candidates), default=0)):
            for number, candidate in enumerate(self.candidates):
                one = {"format": 1, "bars": candidate["bars"][bar : bar + 1], "left_out": {}}
                data = {"candidate": number, "bar": bar + 1, "bars": len(candidate["bars"]), "editor": one}
                found.append({"event": "bar", "data": data})
        ranks = self.ranks or range(1, len(self.candidates) + 1)
        for number, candidate in enumerate(self.candidates):
            data = {"candidate": number, "bars": len(candidate["bars"]), "rank": ranks[number], "editor": candidate}
            data |= {"failure": self.gave_up} if self.gave_up else {}
            found.append({"event": "candidate", "data": data})
        return _numbered([*found, {"event": "done", "data": {"candidates": 1, "warnings": [], "usage": {}}}])

    def job(self, after: int) -> Json:
        """The answer of a poll: one event more than before."""
        told = self.events()[: after + 1] if self.going.is_set() else self.events()[:after]
        return {"id": "job", "events": told[after:], "status": "running"}


def _numbered(events: list[Json]) -> list[Json]:
    return [event | {"id": number} for number, event in enumerate(events, 1)]


@contextmanager
def scripted(script: Script, port: int = 0) -> Iterator[str]:
    """The address of a server that follows the script."""
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    script: Script

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, self.script.health())
        elif self.script.closed:
            self._answer(*self.script.closed)
        elif self.path == "/v1/capabilities":
            self._answer(200, offered())
        elif self.script.lost:
            self._answer(*self.script.lost)
        else:
            self.script.polls += 1
            self._answer(200, self.script.job(int(self.path.rpartition("=")[2])))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith("/cancel"):
            self.script.cancelled.append(self.path)
            self._answer(200, self.script.job(0))
            return
        self.script.orders.append(json.loads(body))
        check(self.script.orders[-1]["editor"], "score")
        if self.script.refusals:
            self._answer(*self.script.refusals.pop(0))
        else:
            self._answer(202, {"id": "job", "events": []})

    def _answer(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
