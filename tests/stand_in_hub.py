"""A stand-in for the Hugging Face hub on this machine: the HTTP calls that its library makes to upload a data set. Knows no tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Json = dict[str, Any]


@dataclass
class Hub:
    """What the hub was given. `large`: endings of files that it takes by git LFS; `token`: the only one that may write."""

    token: str
    large: tuple[str, ...] = ()
    repositories: dict[str, Json] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    address: str = ""

    def create(self, asked: Json) -> Json:
        """POST /api/repos/create."""
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        self.repositories[name] = asked
        return {"url": f"{self.address}/datasets/{name}", "name": name}

    def modes(self, asked: Json) -> Json:
        """POST …/preupload/main: how it wants each file."""
        mode = {file["path"]: "lfs" if file["path"].endswith(self.large) else "regular" for file in asked["files"]}
        return {
            "files": [
                {"path": path, "uploadMode": mode[path] if self.large else "regular", "shouldIgnore": False}
                for path in mode
            ]
        }

    def batch(self, asked: Json) -> Json:
        """POST ….git/info/lfs/objects/batch: where to put the large ones."""
        objects = [
            one | {"actions": {"upload": {"href": f"{self.address}/objects/{one['oid']}"}}} for one in asked["objects"]
        ]
        return {"transfer": "basic", "objects": objects}

    def commit(self, lines: list[Json]) -> Json:
        """POST …/commit/main: what the repository holds from now on."""
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.objects[value["oid"]]
            else:  # deletedFile
                self.deleted.append(value["path"])
        repository = min(self.repositories)
        return {"commitUrl": f"{self.address}/datasets/{repository}/commit/1", "commitOid": "1" * 40, "success": True}

    def tree(self) -> list[Json]:
        """GET …/tree/main: what the repository holds."""
        return [{"type": "file", "path": path, "size": len(data), "oid": "0" * 40} for path, data in self.files.items()]


@contextmanager
def hub_at_hand(token: str, large: tuple[str, ...] = ()) -> Iterator[Hub]:
    """A hub that runs, at its `address`."""
    hub = Hub(token, large)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if "/tree/" in path:
            return self._answer(self.hub.tree())
        return self._answer({"id": path.rpartition("/")[2], "sha": "1" * 40, "siblings": self.hub.tree()})

    def do_PUT(self) -> None:
        self.hub.objects[self.path.rpartition("/")[2]] = self._body()
        self._answer({})

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            return self._answer({"error": "Invalid username or password."}, 401)
        lines = [json.loads(line) for line in body.splitlines()]
        calls: dict[str, Callable[[], Json]] = {
            "/repos/create": lambda: self.hub.create(lines[0]),
            "/validate-yaml": lambda: {"errors": [], "warnings": []},
            "/preupload/": lambda: self.hub.modes(lines[0]),
            "/objects/batch": lambda: self.hub.batch(lines[0]),
            "/commit/": lambda: self.hub.commit(lines),
        }
        return self._answer(next(answer for call, answer in calls.items() if call in self.path)())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, told: Any, status: int = 200) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
