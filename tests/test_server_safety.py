from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from chordllama_server.app import create_app
from chordllama_server.config import Config, ConfigError
from chordllama_server.engine import Engine
from chordllama_server.workshop import Workshop
from flask.testing import FlaskClient

CHORALE = (Path(__file__).parent / "data/chorale.musicxml").read_bytes()


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def client_for(workshop: Workshop, **settings: object) -> FlaskClient:
    return create_app(Config(**settings), Engine(), workshop).test_client()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "evil@127.0.0.1", "192.168.1.5", ""]
)
def test_a_name_that_was_made_to_lead_here_is_refused(workshop: Workshop, host: str) -> None:
    answer = client_for(workshop).get("/health", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.get_json()["error"]["code"] == "unknown_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:1", "[::1]:8765", "127.0.0.2"])
def test_the_names_of_this_computer_are_taken(workshop: Workshop, host: str) -> None:
    assert client_for(workshop).get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:9999", "https://127.0.0.1.evil.example", "file://"]
)
def test_a_page_of_another_origin_may_send_nothing(workshop: Workshop, origin: str) -> None:
    client = client_for(workshop)
    for method in ("POST", "DELETE", "PUT", "PATCH"):
        answer = client.open("/v1/check", method=method, headers={"Origin": origin})
        assert answer.status_code == 403
        assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_what_the_browser_marks_as_foreign_is_refused(workshop: Workshop, site: str) -> None:
    client = client_for(workshop)
    assert client.post("/v1/check", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/health", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert client.get("/health", headers=link).status_code == 200
    assert client.post("/v1/check", headers=link).status_code == 403


def test_its_own_page_may(workshop: Workshop) -> None:
    own = {"Host": "127.0.0.1:8765", "Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert client_for(workshop).post("/v1/decode", json={"compact": "?"}, headers=own).status_code == 422


def test_no_get_changes_anything(workshop: Workshop) -> None:
    client = client_for(workshop)
    for path in ("/v1/continue", "/v1/encode", "/v1/render"):
        assert client.get(path).status_code == 404 or client.get(path).status_code == 405


def test_every_answer_has_a_strict_policy(workshop: Workshop) -> None:
    client = client_for(workshop)
    for path in ("/", "/health", "/nothing"):
        with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")


def test_listening_to_others_asks_for_a_key() -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "composer.example"):
        with pytest.raises(ConfigError, match="could reach"):
            Config(host=host)
        assert Config(host=host, api_key="k")
    assert Config(host="::1")


def test_with_a_key_nothing_but_health_page_and_document_goes_without(workshop: Workshop) -> None:
    client = client_for(workshop, api_key="secret")
    assert client.get("/v1/models").status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.post("/v1/check").status_code == 401
    assert client.get("/v1/models", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/v1/models", headers={"Authorization": "Bearer secret"}).status_code == 200
    assert client.get("/health").status_code == 200
    assert client.get("/openapi.yaml").status_code == 200


def test_what_is_too_large_is_told_how_much_is_allowed(workshop: Workshop) -> None:
    client = client_for(workshop, most_upload_bytes=3 * 2**20)
    answer = client.post("/v1/check", json={"musicxml": "x" * 2**22})
    assert answer.status_code == 413
    told = answer.get_json()["error"]
    assert told["message"] == "the file is too large"
    assert told["hint"].startswith("at most 3 MB")


def test_a_client_that_asks_too_often_is_told_to_wait(workshop: Workshop) -> None:
    client = client_for(workshop, rate=3)
    answers = [client.post("/v1/jobs/x/cancel") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    other = client.post("/v1/jobs/x/cancel", environ_overrides={"REMOTE_ADDR": "127.0.0.9"})
    assert other.status_code == 404


def test_nothing_of_a_score_reaches_a_disk_or_a_log(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import tempfile

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse, raising=False)
    caplog.set_level(logging.DEBUG)
    large = CHORALE.replace(b"</score-partwise>", b"<!--" + b"secretword " * 100_000 + b"--></score-partwise>")
    client = client_for(workshop)
    head = b'--b\r\nContent-Disposition: form-data; name="score"; filename="large.musicxml"\r\n\r\n'
    body = head + large + b"\r\n--b--\r\n"
    assert client.post("/v1/encode", data=body, content_type="multipart/form-data; boundary=b").status_code == 200
    assert client.post("/v1/decode", json={"compact": "secretword"}).status_code == 422
    assert "secretword" not in caplog.text


def test_a_mistake_of_ours_is_logged_without_its_words(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("secretword")

    monkeypatch.setattr(workshop, "do", fail)
    answer = client_for(workshop).post("/v1/decode", json={"compact": "x"})
    assert answer.status_code == 500
    assert answer.get_json()["error"]["type"] == "server_error"
    assert "ValueError" in caplog.text
    assert "secretword" not in caplog.text + answer.text
