"""A real browser on a composer's machine, and a page on the internet that tries to use the server."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from served import served

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
NAME = "evil.example"


class _EvilPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>evil</title><body>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as found:
        arguments = ["--no-sandbox", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        browser = found.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def evil(browser: Any) -> Iterator[Any]:
    """A page that came from elsewhere."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EvilPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://{NAME}:{server.server_port}/")
        yield page
        context.close()
        server.shutdown()


def requests(address: str, status: int) -> int:
    """How many requests the server has answered so."""
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    ends = f'status="{status}"}} '
    return sum(
        int(float(line.split()[-1])) for line in lines if line.startswith("chordllama_requests_total") and ends in line
    )


FETCH = """async ([address, mode, method, type]) => {
    const options = {method, mode};
    if (method !== "GET") { options.body = '{"compact": "x"}'; options.headers = {"Content-Type": type}; }
    try { const answer = await fetch(address, options); return [answer.type, answer.status, await answer.text()]; }
    catch (error) { return [error.name]; }
}"""


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("type", ["application/json", "text/plain"])
def test_fetch_from_another_origin_gets_nowhere(address: str, evil: Any, mode: str, type: str) -> None:
    refused, accepted = requests(address, 403), requests(address, 422) + requests(address, 202)
    found = evil.evaluate(FETCH, [f"{address}/v1/decode", mode, "POST", type])
    assert found == ["TypeError"] or found == ["opaque", 0, ""]
    assert requests(address, 422) + requests(address, 202) == accepted
    if mode == "no-cors":
        assert requests(address, 403) > refused, "the request has reached the server and was refused there"


def test_another_origin_can_read_nothing(address: str, evil: Any) -> None:
    for path in ("/health", "/v1/models", "/"):
        for mode in ("cors", "no-cors"):
            assert evil.evaluate(FETCH, [address + path, mode, "GET", ""]) in (["TypeError"], ["opaque", 0, ""])


FORM = """address => {
    const form = document.createElement("form");
    form.action = address; form.method = "post"; form.enctype = "multipart/form-data";
    const field = document.createElement("input"); field.name = "bars"; field.value = "1"; form.append(field);
    document.body.append(form); form.submit();
}"""


def test_a_form_of_another_origin_gets_nowhere(address: str, evil: Any) -> None:
    with evil.expect_navigation() as navigation:
        evil.evaluate(FORM, f"{address}/v1/continue")
    assert navigation.value.status == 403


def test_another_name_for_this_computer_gets_nowhere(address: str, evil: Any) -> None:
    port = address.rpartition(":")[2]
    answer = evil.goto(f"http://{NAME}:{port}/")
    assert answer.status == 421
    found = evil.evaluate(FETCH, [f"http://{NAME}:{port}/v1/decode", "cors", "POST", "application/json"])
    assert found[1] == 421


def test_another_origin_can_not_frame_the_page(address: str, evil: Any) -> None:
    evil.evaluate(
        "address => { const frame = document.createElement('iframe'); frame.src = address; document.body.append(frame) }",
        address,
    )
    evil.wait_for_timeout(500)
    frames = [frame for frame in evil.frames if frame != evil.main_frame]
    assert not any(frame.url.startswith(address) and frame.title() == "ChordLlama" for frame in frames)


def test_the_page_itself_may_use_its_server(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{address}/")
    found = page.evaluate(FETCH, [f"{address}/v1/decode", "cors", "POST", "application/json"])
    assert found[:2] == ["basic", 422]
    page.close()
