"""Several stateless servers before one endpoint, and Ollama's interface: a small model of a known bar stands behind both."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import served, wait_until
from streams import told
from test_generate_endpoint import free_port
from tiny_gguf import CHARACTERS, write_table_llama

from chordllama.codec.musicxml import read
from chordllama.generate.llama import LlamaBackend
from chordllama.generate.models import open_backend
from chordllama.generate.ollama import OllamaBackend
from chordllama.sampling import Sampling

SCORE = (Path(__file__).parent / "data/two_bars.musicxml").read_bytes()
BAR, END = "-1: c42.", "\n0:\n"
TABLE = {"\n": {BAR: 1.0}, BAR: {END: 1.0}, END: {"</s>": 1.0}}
"""The same dotted half note after any prompt."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table_llama(tmp_path_factory.mktemp("model") / "bar.gguf", TABLE, pieces=(*CHARACTERS, BAR, END))


@pytest.fixture(scope="module")
def endpoint(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """llama-cpp-python's own server."""
    pytest.importorskip("uvicorn")
    port = free_port()
    options = {
        "model": model,
        "interrupt_requests": False,
        "host": "127.0.0.1",
        "port": port,
        "n_threads": 1,
        "n_ctx": 1024,
        "n_batch": 256,
    }
    command = [sys.executable, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]
    with (tmp_path_factory.mktemp("pool") / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(address), 60)
            yield address
        finally:
            process.kill()
            process.wait(10)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/v1/models", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


def ask(address: str, seed: int) -> dict[str, Any]:
    body = {"musicxml": SCORE.decode(), "bars": 1, "seed": seed, "ending": "open"}
    return dict(httpx.post(f"{address}/v1/continue", json=body, timeout=120).json())


@pytest.mark.slow
def test_two_servers_share_one_endpoint(endpoint: str) -> None:
    with (
        served("--model", endpoint, "--workers", "2") as first,
        served("--model", endpoint, "--workers", "2") as second,
    ):
        assert httpx.get(f"{first}/v1/models").json()["data"][0]["backend"] == "openai"
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(ask, [first, second] * 2, range(4)))
    for answer in found:
        assert "candidates" in answer, answer
        (candidate,) = answer["candidates"]
        assert "failure" not in candidate, candidate["failure"]
        assert len(read(candidate["musicxml"].encode()).bars) == len(read(SCORE).bars) + 1


class _Ollama(BaseHTTPRequestHandler):
    """Ollama's /api/generate before a model of ours."""

    backend: LlamaBackend
    asked: list[dict[str, Any]]
    one_at_a_time = threading.Lock()

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(asked)
        self.send_response(200 if asked["model"] == "known" else 404)
        self.end_headers()
        if asked["model"] != "known":
            self.wfile.write(b'{"error": "model not found"}')
            return
        options = asked["options"]
        sampling = Sampling(
            temperature=options["temperature"], seed=options["seed"], maximum_tokens=options["num_predict"]
        )
        with self.one_at_a_time:
            for piece in told(self.backend.stream(asked["prompt"], sampling)).pieces:
                self.wfile.write(json.dumps({"response": piece.text, "done": False}).encode() + b"\n")
        self.wfile.write(b'{"response": "", "done": true, "done_reason": "length"}\n')

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def ollama(model: Path) -> Iterator[str]:
    with LlamaBackend(model, threads=1) as backend:
        handler = type("Handler", (_Ollama,), {"backend": backend, "asked": []})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


def test_ollama_is_asked_for_raw_text(ollama: str) -> None:
    from chordllama.generate.continuation import continue_score
    from chordllama.tasks.plan import Request

    with open_backend(f"ollama+{ollama}", name="known") as backend:
        assert isinstance(backend, OllamaBackend)
        (found,) = continue_score(SCORE, "chorale", backend, Request(bars=1, ending="open"))
    assert found.failure is None
    assert len(found.bars) == 1


def test_ollama_says_what_is_wrong(ollama: str) -> None:
    from chordllama.errors import EndpointError

    with pytest.raises(EndpointError, match="which model"):
        open_backend(f"ollama+{ollama}")
    with (
        open_backend(f"ollama+{ollama}", name="unknown") as backend,
        pytest.raises(EndpointError, match="model not found"),
    ):
        list(backend.stream("1: c4", Sampling()))
