"""The bundled model behind servers: llama-cpp-python's own, and one that speaks as Ollama does."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from test_generate_endpoint import free_port, wait_for

from chordllama.cli import run
from chordllama.codec.musicxml import read
from chordllama.errors import EndpointError
from chordllama.generate.models import BUNDLED, open_backend
from chordllama.generate.ollama import OllamaBackend
from chordllama.score.model import Chord
from chordllama.system.resources import resource
from chordllama.tasks.music_prompts import instruction
from chordllama.training.modelfile import Setup, format_modelfile, parse_modelfile

CHORALE = Path(__file__).parent / "data" / "chorale.musicxml"
TASKS: Mapping[str, list[str]] = {
    "continue": ["--bars", "4"],
    "infill": ["--from", "5", "--bars", "2"],
    "harmonise": ["--from", "3", "--bars", "3"],
    "vary": ["--from", "3", "--bars", "3"],
}


def write_task(task: str, out: Path, *options: str) -> None:
    """Run a task's command, and see that all bars that were asked for are there, full, and the only new ones."""
    assert run([task, str(CHORALE), "-o", str(out), *TASKS[task], *options]) == 0
    before, after = read(CHORALE.read_bytes()), read(out.read_bytes())
    count, bars = len(before.bars), int(TASKS[task][-1])
    first = count if task == "continue" else int(TASKS[task][1]) - 1
    new = after.bars[first : first + bars]
    assert len(after.bars) == count + bars * (task == "continue")
    assert all(any(isinstance(item, Chord) for row in bar.rows for item in row.items) for bar in new)
    if task == "continue":
        assert all(bar.length is None for bar in new)  # as long as the metre asks
    else:
        assert after.bar_lengths == before.bar_lengths
        assert new != before.bars[first : first + bars]
        assert after.bars[:first] == before.bars[:first]


# --- llama-cpp-python's server


@pytest.fixture(scope="module")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for package in ("fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings"):
        pytest.importorskip(package)
    port, log = free_port(), tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(resource(BUNDLED)), "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            yield wait_for(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()
            process.wait(10)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_done_behind_a_server(llama_server: str, task: str, tmp_path: Path) -> None:
    write_task(task, tmp_path / "out.musicxml", "--model", llama_server)


def test_the_same_seed_writes_the_same_and_another_one_something_else(llama_server: str, tmp_path: Path) -> None:
    files = []
    for number, seed in enumerate(("1", "1", "2")):
        write_task("continue", tmp_path / f"{number}.musicxml", "--model", f"{llama_server}/v1", "--seed", seed)
        files.append((tmp_path / f"{number}.musicxml").read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_model_can_stand_in_the_environment(
    llama_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHORDLLAMA_MODEL", llama_server.replace("http", "ftp"))
    assert run(["continue", str(CHORALE), "-o", str(tmp_path / "out.musicxml")]) == 4
    monkeypatch.setenv("CHORDLLAMA_MODEL", llama_server)
    monkeypatch.setenv("CHORDLLAMA_MODEL_NAME", "bundled")
    monkeypatch.setenv("CHORDLLAMA_MODEL_KEY", "secret")
    write_task("continue", tmp_path / "out.musicxml")


# --- Ollama


class Ollama:
    """The bundled model, set up by the Modelfile that an export writes, as Ollama serves it."""

    def __init__(self, names: tuple[str, ...] = ("chordllama:latest",)) -> None:
        from llama_cpp import Llama

        self.path = resource(BUNDLED)
        self.names = names
        self.modelfile = format_modelfile(
            Setup(self.path.name, instruction("continue", 8, "open").rstrip(), 2048, "</s>", "")
        )
        self.llama = Llama(str(self.path), n_ctx=2048, n_threads=1, verbose=False)
        self.busy = threading.Lock()
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def described(self, name: str) -> dict[str, Any]:
        """What /api/tags says of a model."""
        details = {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "14M",
            "quantization_level": "Q4_K_M",
        }
        digest = sha256(name.encode()).hexdigest()
        size = self.path.stat().st_size
        return {"name": name, "model": name, "modified_at": now(), "size": size, "digest": digest, "details": details}

    def shown(self) -> dict[str, Any]:
        """What /api/show says of a model."""
        said = parse_modelfile(self.modelfile)
        parameters = [f"{key.split()[1]:<30} {value[0]}" for key, value in said.items() if key.startswith("PARAMETER")]
        return {
            "modelfile": self.modelfile,
            "parameters": "\n".join(parameters),
            "template": said["TEMPLATE"][0],
            "system": said["SYSTEM"][0],
            "details": self.described("")["details"],
            "model_info": {
                "general.architecture": "llama",
                "llama.context_length": int(self.llama.metadata["llama.context_length"]),
            },
            "capabilities": ["completion"],
            "modified_at": now(),
        }

    def templated(self, prompt: str) -> str:
        """What the template makes of a prompt that isn't raw."""
        said = parse_modelfile(self.modelfile)
        assert said["TEMPLATE"][0] == "{{ if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}\n{{ .Response }}"
        return f"{said['SYSTEM'][0]}\n{prompt}\n"

    def pieces(self, prompt: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
        """Pieces of text as the model writes them, each with the reason why it is the last one."""
        chunks = self.llama.create_completion(
            prompt,
            stream=True,
            max_tokens=options.get("num_predict", 128),
            temperature=options.get("temperature", 0.8),
            top_p=options.get("top_p", 0.9),
            min_p=options.get("min_p", 0.0),
            top_k=options.get("top_k", 40),
            seed=options.get("seed", 0),
            repeat_penalty=options.get("repeat_penalty", 1.1),
            stop=options.get("stop"),
        )
        for chunk in chunks:
            assert not isinstance(chunk, str)
            yield chunk["choices"][0]["text"], chunk["choices"][0]["finish_reason"]


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class OllamaHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ollama: Ollama

    def do_GET(self) -> None:
        answers: dict[str, dict[str, Any]] = {
            "/api/version": {"version": "0.12.6"},
            "/api/tags": {"models": [self.ollama.described(name) for name in self.ollama.names]},
        }
        self._say(answers.get(self.path, {"error": "not found"}), 200 if self.path in answers else 404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.ollama.asked.append((self.path, asked))
        name = str(asked.get("model"))
        if f"{name.removesuffix(':latest')}:latest" not in self.ollama.names:
            self._say({"error": f"model '{name}' not found"}, 404)
        elif self.path == "/api/show":
            self._say(self.ollama.shown(), 200)
        elif self.path == "/api/generate":
            self._generate(asked)
        elif self.path == "/v1/completions":
            self._complete(asked)
        else:
            self.send_error(404)

    def _generate(self, asked: dict[str, Any]) -> None:
        prompt = asked["prompt"] if asked.get("raw") else self.ollama.templated(asked["prompt"])
        head = {"model": asked["model"], "created_at": now()}
        texts, ending = [], None
        with self.ollama.busy:
            if asked.get("stream", True):
                self._begin("application/x-ndjson")
            try:
                for text, ending in self.ollama.pieces(prompt, asked["options"]):
                    texts.append(text)
                    if ending is None and asked.get("stream", True):
                        self._chunk(json.dumps({**head, "response": text, "done": False}) + "\n")
            except ConnectionError:  # who asked is gone, and the model stops
                return
        counts = {
            "total_duration": 1,
            "load_duration": 1,
            "prompt_eval_count": len(self.ollama.llama.tokenize(prompt.encode())),
            "prompt_eval_duration": 1,
            "eval_count": len(texts),
            "eval_duration": 1,
        }
        last = {**head, "response": "", "done": True, "done_reason": ending, **counts}
        if asked.get("stream", True):
            self._chunk(json.dumps(last) + "\n")
            self._chunk("")
        else:
            self._say({**last, "response": "".join(texts)}, 200)

    def _complete(self, asked: dict[str, Any]) -> None:
        self._begin("text/event-stream")
        for text, ending in self.ollama.pieces(self.ollama.templated(asked["prompt"]), asked):
            choices = [{"text": text, "index": 0, "finish_reason": ending}]
            facts = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": asked["model"]}
            self._chunk(f"data: {json.dumps({**facts, 'choices': choices})}\n\n")
        self._chunk("data: [DONE]\n\n")
        self._chunk("")

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _say(self, answer: dict[str, Any], status: int) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Tests are silent."""


@contextmanager
def serving(ollama: Ollama) -> Iterator[str]:
    handler = type("Handler", (OllamaHandler,), {"ollama": ollama})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def ollama() -> Iterator[Ollama]:
    opened = Ollama()
    yield opened
    opened.llama.close()


@pytest.fixture
def ollama_address(ollama: Ollama) -> Iterator[str]:
    with serving(ollama) as address:
        yield address


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_done_by_ollama(ollama: Ollama, ollama_address: str, task: str, tmp_path: Path) -> None:
    ollama.asked.clear()
    write_task(task, tmp_path / "out.musicxml", "--model", f"ollama+{ollama_address}", "--model-name", "chordllama")
    bodies = [asked for path, asked in ollama.asked if path == "/api/generate"]
    assert bodies
    assert all(asked["raw"] and asked["model"] == "chordllama" for asked in bodies)
    assert {asked["options"]["num_ctx"] for asked in bodies} == {2048}  # the model's own, not Ollama's 4096


@pytest.mark.parametrize("ending", ["", "/v1", "/v1/completions", "/api/generate"])
def test_ollama_is_known_by_its_answers_and_its_only_model_needs_no_name(
    ollama: Ollama, ollama_address: str, ending: str, tmp_path: Path
) -> None:
    ollama.asked.clear()
    write_task("continue", tmp_path / "out.musicxml", "--model", ollama_address + ending)
    assert "/v1/completions" not in {path for path, _ in ollama.asked}  # which puts each prompt into the template
    assert {asked["model"] for _, asked in ollama.asked} == {"chordllama:latest"}


def test_ollama_counts_the_tokens_that_it_reads(ollama: Ollama, ollama_address: str) -> None:
    text = "-8: c44 d e f / g38 a b c44 d\n" * 4
    with open_backend(ollama_address) as there, open_backend(None, 1) as here:
        for repeated in (text, text * 2, text * 10):
            assert there.count(repeated) == here.count(repeated) + 1  # the token of the beginning
        ollama.asked.clear()
        assert here.count(text) <= there.count(text) <= 1.3 * here.count(text)
        assert not ollama.asked


def test_of_several_models_one_has_to_be_named(ollama: Ollama) -> None:
    ollama.names = ("chordllama:latest", "llama3.2:latest")
    try:
        with serving(ollama) as address, pytest.raises(EndpointError, match="which model") as caught:
            open_backend(address)
    finally:
        ollama.names = ("chordllama:latest",)
    assert "chordllama:latest, llama3.2:latest" in str(caught.value.hint)


def test_a_model_that_ollama_has_not_is_told(ollama_address: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["-o", "-", "--model", ollama_address, "--model-name", "other"]
    assert run(["continue", str(CHORALE), *out]) == 5
    assert "model 'other' not found" in capsys.readouterr().err


def test_other_servers_are_not_taken_for_ollama(llama_server: str) -> None:
    with open_backend(llama_server) as backend:
        assert not isinstance(backend, OllamaBackend)
