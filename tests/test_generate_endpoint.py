"""An OpenAI-compatible endpoint: a real one (llama-cpp-python's server with a small model), and broken ones."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from streams import texts, told
from tiny_gguf import write_table_llama

from chordllama.errors import ChordLlamaError, EndpointError
from chordllama.generate.endpoint import DEFAULT_CONTEXT, MOST_REFUSALS, EndpointBackend
from chordllama.sampling import Sampling

# any letter, then any other or the line's end: short lines of a, b and x; ! ends the text
LETTERS = {"a": 0.35, "b": 0.35, "x": 0.05, "\n": 0.25}
TABLE = {**dict.fromkeys(("<s>", "a", "b", "x", "\n"), LETTERS), "!": {"a": 0.5, "</s>": 0.5}}
KEY = "a-key-for-tests"
START = 30.0  # seconds that the server may take to start


class GaveUpError(ChordLlamaError):
    """What the guard below raises."""


@dataclass
class Lines:
    """Wants `size` lines without x, each after `label`; keeps a whole number of bars of `bar` lines. Nothing follows on `dead`."""

    size: int
    tries: int = 100
    bar: int = 1
    label: str = ""
    dead: str = "?"
    letters: str = "ab!\n"
    text: str = ""

    def accepts(self, piece: str) -> bool:
        after = self.text + piece
        *lines, last = after.split("\n")
        good = all(line.startswith(self.label) for line in lines) and last[: len(self.label)] == self.label[: len(last)]
        written = "".join(line.removeprefix(self.label) for line in lines) + last[len(self.label) :]
        return good and set(written) <= set(self.letters) and not self.text.endswith(self.dead) and not self.done

    def feed(self, piece: str) -> None:
        assert self.accepts(piece)
        self.text += piece

    @property
    def done(self) -> bool:
        return self.text.count("\n") >= self.size

    @property
    def kept(self) -> int:
        lines = self.text.splitlines(keepends=True)
        whole = self.text.count("\n") // self.bar * self.bar
        return len("".join(lines[:whole]))

    def rewind(self) -> None:
        self.tries -= 1
        if self.tries < 0:
            raise GaveUpError("tried too often")
        self.text = self.text[: self.kept]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """llama-cpp-python's own server, in a process of its own."""
    for package in ("fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings"):
        pytest.importorskip(package)
    folder, port = tmp_path_factory.mktemp("endpoint"), free_port()
    model = write_table_llama(folder / "lines.gguf", TABLE, pieces=("a", "b", "x", "!", "\n"))
    options = {
        "model": model,
        "host": "127.0.0.1",
        "port": port,
        "api_key": KEY,
        "n_threads": 1,
        "n_ctx": 1024,
        "n_batch": 64,
    }
    command = [sys.executable, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield wait_for(f"http://127.0.0.1:{port}", process, folder / "log")
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{url}/v1/models", timeout=1)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError(f"the server doesn't start: {log.read_text()[-2000:]}")


@pytest.fixture
def endpoint(server: str) -> Iterator[EndpointBackend]:
    with EndpointBackend(f"{server}/v1", api_key=KEY, timeout=20) as opened:
        yield opened


# --- a real server


def test_a_free_text_comes_piece_by_piece(endpoint: EndpointBackend) -> None:
    all_told = told(endpoint.stream("a\n", Sampling(maximum_tokens=30, seed=3)))
    assert len(all_told.pieces) > 5
    text = all_told.texts[0]
    assert 20 <= len(text) <= 30
    assert set(text) <= set("abx\n")
    assert all_told.timing.written_tokens == len(all_told.pieces)
    assert all_told.timing.prompt_seconds > 0
    assert all_told.timing.decode_seconds > 0


def test_a_free_text_ends_where_the_model_ends_it(endpoint: EndpointBackend) -> None:
    lengths = {len(texts(endpoint.stream("!", Sampling(seed=seed, maximum_tokens=4))).get(0, "")) for seed in range(6)}
    assert lengths == {0, 4}


def test_the_same_seed_gives_the_same_text_and_another_seed_another(endpoint: EndpointBackend) -> None:
    first, again, other = (texts(endpoint.stream("a", Sampling(seed=seed, maximum_tokens=40))) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_what_a_guard_refuses_is_drawn_again(endpoint: EndpointBackend) -> None:
    guards = [Lines(8), Lines(12, bar=3, dead="ab")]
    all_told = told(endpoint.stream("a\n", Sampling(seed=1, temperature=1, min_p=0), guards))
    assert all_told.texts == {0: guards[0].text, 1: guards[1].text}
    assert [guard.text.count("\n") for guard in guards] == [8, 12]
    assert guards[0].text != guards[1].text[: len(guards[0].text)]
    rewinds = [piece for piece in all_told.pieces if piece.rewound_to is not None]
    assert len(rewinds) == all_told.timing.rewinds > 0
    assert all_told.timing.requests > 2 + len(rewinds)  # after an x
    assert not any("x" in piece.text for piece in all_told.pieces)


def test_what_cannot_be_otherwise_needs_no_server_that_writes_it(endpoint: EndpointBackend) -> None:
    guard = Lines(3, label="-8: ")
    told(endpoint.stream("a\n", Sampling(seed=3), [guard]))
    assert guard.done
    assert guard.text.count("-8: ") == 3


def test_a_model_that_ends_its_text_too_early_is_asked_to_go_on(endpoint: EndpointBackend) -> None:
    guard = Lines(30)
    told(endpoint.stream("!", Sampling(seed=2), [guard]))
    assert guard.done


def test_the_most_probable_text_goes_on_where_it_is_refused(endpoint: EndpointBackend) -> None:
    guard = Lines(2, letters="b\n")
    told(endpoint.stream("bb\n", Sampling(temperature=0), [guard]))
    assert guard.done


def test_a_guard_that_gives_up_ends_its_candidate_alone(endpoint: EndpointBackend) -> None:
    stuck, good = Lines(10**6, tries=2, dead="b"), Lines(2)
    all_told = told(endpoint.stream("a\n", Sampling(seed=2, temperature=1, min_p=0), [stuck, good]))
    written = all_told.texts
    assert list(all_told.failures) == [0]
    assert isinstance(all_told.failures[0], GaveUpError)
    assert good.done
    assert written[1] == good.text


def test_a_guarded_text_ends_after_the_greatest_number_of_tokens(endpoint: EndpointBackend) -> None:
    guard = Lines(10**6, tries=10**6)
    all_told = told(endpoint.stream("a\n", Sampling(maximum_tokens=50), [guard]))
    assert not guard.done
    assert all_told.timing.written_tokens <= 50


def test_a_stop_text_is_left_to_the_server(endpoint: EndpointBackend) -> None:
    guard = Lines(10**6)
    all_told = told(endpoint.stream("a\n", Sampling(stop=("x",), seed=4, maximum_tokens=400), [guard]))
    assert 0 < len(guard.text) < 200
    assert all_told.timing.requests == 1


def test_a_server_counts_until_the_length_of_its_tokens_is_known(endpoint: EndpointBackend) -> None:
    assert [endpoint.count(text) for text in ("a", "ab", "abab")] == [2, 3, 5]  # each with a token of the beginning
    assert endpoint.count("ab" * 400) == 801
    assert endpoint.count("ba" * 200) == 401
    assert 400 < endpoint.count("ab" * 200) < 450  # by estimate
    assert endpoint.count("ab" * 600) == 1201
    assert endpoint.context == DEFAULT_CONTEXT


def test_a_wrong_key_is_told_with_the_servers_words(server: str) -> None:
    with EndpointBackend(server, api_key="wrong") as backend, pytest.raises(EndpointError) as caught:
        list(backend.stream("a", Sampling()))
    assert f"{server}/v1/completions" in caught.value.message
    assert str(caught.value.cause).startswith("401 Unauthorized: Invalid API key")
    assert "key" in str(caught.value.hint)
    assert "wrong" not in str(caught.value)


def test_a_server_that_breaks_off_at_a_long_prompt_is_explained(endpoint: EndpointBackend) -> None:
    with pytest.raises(EndpointError, match="the answer broke off") as caught:
        list(endpoint.stream("ab" * 1000, Sampling()))
    assert "too long for its context" in str(caught.value.hint)


# --- broken servers, and what is sent


@dataclass
class Answer:
    """What a broken server says; `cut` promises more than it gives, `silent` seconds pass before it says anything.

    After `lasts` answers it has only errors.
    """

    body: str
    status: int = 200
    kind: str = "text/event-stream"
    cut: bool = False
    silent: float = 0.0
    lasts: int = 1 << 30


def events(*chunks: Any, done: bool = True) -> str:
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join(lines) + "data: [DONE]\n\n" * done


def chunk(text: str, ending: str | None = None) -> dict[str, Any]:
    return {"choices": [{"text": text, "finish_reason": ending}]}


BAD_JSON = '{"error": {"message": "the model is\\nnot loaded", "type": "x"}}'
ANSWERS: Mapping[str, Answer] = {
    "good": Answer(": hello\n\n" + events(chunk("a"), {"choices": [], "usage": {}}, chunk("b\n"), chunk("", "stop"))),
    "worn-out": Answer(events(chunk("ab\n"), chunk("", "stop")), lasts=2),
    "long": Answer(events(*[chunk("a")] * 50, chunk("", "length"))),
    "missing": Answer('{"detail": "no such model"}', 404, "application/json"),
    "busy": Answer("slow down", 429, "text/plain"),
    "failed": Answer(BAD_JSON, 500, "application/json"),
    "empty": Answer("", 503),
    "moved": Answer("", 302),
    "page": Answer("<html>welcome</html>", 200, "text/html"),
    "plain": Answer('{"choices": []}', 200, "application/json"),
    "broken": Answer(events(chunk("a"), '{"choices": [')),
    "strange": Answer(events(chunk("a"), {"completion": "b"})),
    "list": Answer(events([1, 2])),
    "gave-up": Answer(events(chunk("a"), {"error": {"message": "out of memory"}})),
    "unfinished": Answer(events(chunk("a"))),
    "cut": Answer(events(chunk("a"), done=False), cut=True),
    "silent": Answer("", silent=1.5),
}
EXTRAS: Mapping[str, Mapping[str, Any]] = {
    "llama-server/tokenize": {"tokens": [1, 2, 3]},
    "llama-server/props": {"default_generation_settings": {"n_ctx": 2048}},
    "vllm/tokenize": {"count": 3, "max_model_len": 1024, "tokens": [1, 2, 3]},
    "vllm/v1/models": {"data": [{"id": "m", "max_model_len": 1024}]},
}


class Recorder(ThreadingHTTPServer):
    """Answers by the path's first part, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Replier)
        self.asked: list[tuple[str, dict[str, str], Any]] = []


class Replier(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        self.server.asked.append((self.path, dict(self.headers), json.loads(self.rfile.read(size) or "{}")))
        self.reply()

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), {}))
        self.reply()

    def reply(self) -> None:
        path = self.path.removeprefix("/")
        answer = ANSWERS.get(path.removesuffix("/v1/completions"), Answer("", 404))
        if path in EXTRAS:
            answer = Answer(json.dumps(EXTRAS[path]), 200, "application/json")
        time.sleep(answer.silent)
        body = answer.body.encode()
        asked = sum(each == self.path for each, *_ in self.server.asked)
        self.send_response(answer.status if asked <= answer.lasts else 500)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body) + 100 * answer.cut))
        self.end_headers()
        with suppress(ConnectionError):  # who has waited too long is gone
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Tests are silent."""


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder() as opened:
        thread = threading.Thread(target=opened.serve_forever, args=(0.01,))
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def address(recorder: Recorder, path: str) -> str:
    return f"http://127.0.0.1:{recorder.server_port}/{path}"


@pytest.mark.parametrize(
    ("path", "message", "cause", "hint"),
    [
        ("missing", "the server refused", "404 Not Found: no such model", "model's name"),
        ("busy", "the server refused", "429 Too Many Requests: slow down", "wait"),
        ("failed", "the server refused", "500 Internal Server Error: the model is not loaded", "its log"),
        ("empty", "the server refused", "503 Service Unavailable", "its log"),
        ("moved", "the server refused", "302 Found", None),
        ("page", "doesn't stream", "text/html", "check the address"),
        ("plain", "doesn't stream", "application/json", "check the address"),
        ("broken", "can't be understood", '{"choices": [', None),
        ("strange", "can't be understood", '{"completion": "b"}', None),
        ("list", "can't be understood", "[1, 2]", None),
        ("gave-up", "the server gave up", "out of memory", None),
        ("unfinished", "the answer broke off", None, "another program"),
        ("cut", "the answer broke off", "closed", "log"),
        ("silent", "the server is silent", "0.3 s", "timeout"),
    ],
)
def test_a_broken_answer_is_explained(
    recorder: Recorder, path: str, message: str, cause: str | None, hint: str | None
) -> None:
    with EndpointBackend(address(recorder, path), timeout=0.3) as backend, pytest.raises(EndpointError) as caught:
        list(backend.stream("a", Sampling()))
    error = caught.value
    assert error.message.startswith(address(recorder, path) + "/v1/completions: ")
    assert message in error.message
    assert (cause or "") in str(error.cause)
    assert (error.cause is None) == (cause is None)
    assert (hint or "") in str(error.hint)


def test_every_broken_answer_is_tested() -> None:
    mark = test_a_broken_answer_is_explained.pytestmark[0]  # type: ignore[attr-defined]
    assert {case[0] for case in mark.args[1]} | {"good", "long", "worn-out"} == set(ANSWERS)


def test_no_connection_is_explained() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with EndpointBackend(url) as backend, pytest.raises(EndpointError, match="there is no connection") as caught:
        list(backend.stream("a", Sampling()))
    assert url in caught.value.message
    assert "running" in str(caught.value.hint)
    with EndpointBackend(url) as backend:
        assert (backend.count("abcd"), backend.context) == (2, DEFAULT_CONTEXT)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://host/v1", "http://", "http://[::1", "file:///etc/passwd"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(EndpointError, match="is no address"):
        EndpointBackend(url)


def test_a_password_in_the_address_is_sent_but_never_shown(recorder: Recorder) -> None:
    url = address(recorder, "missing").replace("//", "//user:hidden@")
    with EndpointBackend(url) as backend, pytest.raises(EndpointError) as caught:
        list(backend.stream("a", Sampling()))
    assert "hidden" not in str(caught.value)
    assert recorder.asked[-1][1]["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("key", ["ключ", "a\nb", "a\x00"])
def test_a_key_that_is_none_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(EndpointError, match="the key") as caught:
        EndpointBackend("http://127.0.0.1:1", api_key=key)
    assert key not in repr(caught.value)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/v1/completions", "/v1/completions?a=b#c"])
def test_an_address_may_end_before_or_after_its_version(recorder: Recorder, ending: str) -> None:
    with EndpointBackend(address(recorder, "good") + ending) as backend:
        assert texts(backend.stream("a", Sampling())) == {0: "ab\n"}


def test_only_what_asks_for_something_is_sent(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "good")) as backend:
        list(backend.stream("the prompt", Sampling(seed=9, maximum_tokens=5)))
    path, headers, body = recorder.asked[-1]
    assert path == "/good/v1/completions"
    assert body == {
        "prompt": "the prompt",
        "stream": True,
        "max_tokens": 5,
        "seed": 9,
        "temperature": 0.9,
        "top_p": 1.0,
        "min_p": 0.05,
        "repetition_penalty": 1.0,  # servers have one of their own, which music is the worse for
        "repeat_penalty": 1.0,
    }
    assert "Authorization" not in headers


def test_what_is_asked_for_is_sent_by_the_names_that_servers_know(recorder: Recorder) -> None:
    sampling = Sampling(
        temperature=0.5, min_p=0.1, repetition_penalty=1.1, presence_penalty=0.2, repetition_window=32, stop=("end",)
    )
    with EndpointBackend(address(recorder, "good"), model="a-model", api_key="secret\n") as backend:
        list(backend.stream("p", sampling))
    _, headers, body = recorder.asked[-1]
    assert headers["Authorization"] == "Bearer secret"
    expected = {"model": "a-model", "temperature": 0.5, "min_p": 0.1, "presence_penalty": 0.2, "stop": ["end"]}
    expected |= {"repetition_penalty": 1.1, "repeat_penalty": 1.1, "repeat_last_n": 32}
    assert body.items() >= expected.items()


def test_a_new_request_continues_what_is_good_with_another_seed(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "good")) as backend:
        guard = Lines(3)
        assert texts(backend.stream("p:", Sampling(seed=7, maximum_tokens=20), [guard])) == {0: "ab\n" * 3}
    bodies = [body for _, _, body in recorder.asked[-3:]]
    assert [body["prompt"] for body in bodies] == ["p:", "p:ab\n", "p:ab\nab\n"]
    assert len({body["seed"] for body in bodies}) == 3
    assert [body["max_tokens"] for body in bodies] == [20, 18, 16]


def test_what_is_forced_stands_behind_the_prompt_but_for_where_a_token_may_reach_beyond_it(recorder: Recorder) -> None:
    before = len(recorder.asked)
    with EndpointBackend(address(recorder, "good")) as backend:
        assert texts(backend.stream("p:", Sampling(), [Lines(1, label="-8: ")])) == {0: "-8: ab\n"}
    prompts = [body["prompt"] for _, _, body in recorder.asked[before:]]
    assert prompts == ["p:-8", "p:-8", "p:-8: "]  # the server says "a", where ": " has to come


def test_where_the_server_is_refused_again_and_again_the_prompt_tells_what_comes(recorder: Recorder) -> None:
    before = len(recorder.asked)
    with EndpointBackend(address(recorder, "good")) as backend:
        told(backend.stream("12 12 1", Sampling(), [Lines(1, letters="23\n")]))
    asked = [body["prompt"] for _, _, body in recorder.asked[before:]]
    assert asked[: MOST_REFUSALS + 2] == ["12 12 1"] * (MOST_REFUSALS + 1) + ["12 12 12"]


def test_a_model_that_writes_nothing_that_fits_is_told(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "good")) as backend:
        told_all = told(backend.stream("12 12 1", Sampling(), [Lines(10**6, letters="23 ")]))
    (failure,) = told_all.failures.values()
    assert isinstance(failure, EndpointError)
    assert "writes nothing that fits" in failure.message
    assert "ChordLlama model" in str(failure.hint)


def test_a_server_that_breaks_off_later_leaves_what_is_good(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "worn-out")) as backend:
        all_told = told(backend.stream("p", Sampling(), [Lines(10)]))
    assert all_told.texts == {0: "ab\nab\n"}
    assert isinstance(all_told.failures[0], EndpointError)
    assert "500" in str(all_told.failures[0].cause)


def test_each_candidate_has_a_seed_of_its_own(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "good")) as backend:
        list(backend.stream("p", Sampling(seed=7), [Lines(1), Lines(1), Lines(1)]))
    assert [body["seed"] for _, _, body in recorder.asked[-3:]] == [7, 8, 9]


def test_a_server_that_writes_more_than_asked_for_is_left(recorder: Recorder) -> None:
    with EndpointBackend(address(recorder, "long")) as backend:
        assert texts(backend.stream("p", Sampling(maximum_tokens=10))) == {0: "a" * 10}


@pytest.mark.parametrize(("server", "context"), [("llama-server", 2048), ("vllm", 1024)])
def test_servers_that_can_count_and_know_their_context_are_asked(recorder: Recorder, server: str, context: int) -> None:
    with EndpointBackend(address(recorder, server)) as backend:
        assert backend.count("abcdefghij") == 3
        assert backend.context == context
