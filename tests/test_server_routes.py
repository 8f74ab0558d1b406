from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.openapi import document
from chordllama_server.workshop import Workshop
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from chordllama.codec.compact import loads
from chordllama.codec.container import read_container, write_container
from chordllama.codec.editor.schema import check
from chordllama.codec.musicxml import read, write
from chordllama.generate.llama_runtime import CHUNK

DATA = Path(__file__).parent / "data"
CHORALE = (DATA / "chorale.musicxml").read_bytes()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine().start()
    assert engine.wait_until_ready()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[FlaskClient]:
    workshop = Workshop()
    yield create_app(Config(rate=10_000), engine, workshop).test_client()
    workshop.close()


def form(**options: Any) -> dict[str, Any]:
    return {"score": (BytesIO(CHORALE), "chorale.musicxml"), **{key: str(value) for key, value in options.items()}}


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document()["components"]})


def events_of(client: FlaskClient, id: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = client.get(f"/v1/jobs/{id}/events").text.strip().split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(found["event"], json.loads(found["data"])) for found in fields]


def test_the_document_is_openapi() -> None:
    validate(document())


def test_every_route_is_in_the_document_and_the_other_way_round(client: FlaskClient) -> None:
    rules = client.application.url_map.iter_rules()
    served = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in rules
        if not rule.endpoint.startswith("page.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method) for path, item in document()["paths"].items() for method in item if method != "parameters"
    }
    assert served == described


def test_a_score_comes_back_with_its_own_bytes_and_new_bars(client: FlaskClient) -> None:
    answer = client.post("/v1/continue", data=form(bars=2, format="musicxml", ending="open"))
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/vnd.recordare.musicxml+xml"
    assert answer.data.startswith(CHORALE[:2000])
    assert len(read(answer.data).bars) == len(read(CHORALE).bars) + 2


def test_an_mxl_file_goes_in_by_json_and_comes_back_as_one(client: FlaskClient) -> None:
    packed = base64.b64encode(write_container(CHORALE, ".mxl")).decode()
    answer = client.post("/v1/continue", json={"file": packed, "bars": 1, "format": "mxl"})
    assert len(read(read_container(answer.data, "x"), "x").bars) == len(read(CHORALE).bars) + 1


def test_the_accept_header_chooses_where_no_format_is_named(client: FlaskClient) -> None:
    accept = {"Accept": "application/vnd.recordare.musicxml+xml"}
    assert client.post("/v1/continue", data=form(bars=1), headers=accept).mimetype == accept["Accept"]
    assert client.post("/v1/continue", data=form(bars=1)).mimetype == "application/json"


def test_wishes_change_what_is_written(client: FlaskClient) -> None:
    plain, wished = (
        client.post("/v1/continue", data=form(bars=2, **wish)) for wish in ({}, {"chords": "C | H", "density": 3})
    )
    assert plain.status_code == 200
    assert "bar 2 of the chords" in wished.get_json()["error"]["message"]
    wished = client.post("/v1/continue", data=form(bars=2, chords="C | G7", density=3))
    assert wished.get_json()["usage"]["prompt_tokens"] != plain.get_json()["usage"]["prompt_tokens"]


def test_candidates_differ_and_the_same_seed_gives_the_same_bars(client: FlaskClient) -> None:
    first, second = (client.post("/v1/continue", data=form(bars=2, candidates=2, seed=5)).get_json() for _ in range(2))
    assert first["candidates"] == second["candidates"]
    assert first["candidates"][0]["musicxml"] != first["candidates"][1]["musicxml"]
    assert {candidate["rank"] for candidate in first["candidates"]} == {1, 2}


def test_a_job_tells_each_bar_as_a_valid_measure(client: FlaskClient) -> None:
    answer = client.post("/v1/continue", data=form(bars=3, stream="true"))
    assert answer.status_code == 202
    job = answer.get_json()
    assert answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    told = events_of(client, job["id"])
    names = [name for name, _ in told]
    assert [name for name in names if name != "queued"] == ["started", "bar", "bar", "bar", "candidate", "done"]
    for n, (name, data) in enumerate(told, 1):
        assert not list(schema("JobEvent").iter_errors({"id": n, "event": name, "data": data}))
    assert not list(schema("Job").iter_errors(client.get(f"/v1/jobs/{job['id']}").get_json()))
    bars = [data for name, data in told if name == "bar"]
    assert [bar["bar"] for bar in bars] == [1, 2, 3]
    assert ["light-heavy" in bar["musicxml"]["P1"] for bar in bars] == [False, False, True]
    for bar in bars:
        longer = CHORALE.decode()
        for part, measure in bar["musicxml"].items():
            longer = _append(longer, part, measure)
        score = read(longer.encode())
        assert len(score.bars) == len(read(CHORALE).bars) + 1
        assert score.bar_lengths[-1] == score.bar_lengths[1]


@pytest.mark.parametrize(
    ("task", "options"), [("infill", {}), ("harmonise", {"given": "1,4"}), ("vary", {"density": 12})]
)
def test_bars_in_the_middle_are_told_with_their_places_and_stand_there(
    client: FlaskClient, task: str, options: dict[str, Any]
) -> None:
    job = client.post(f"/v1/{task}", data=form(first=4, bars=2, stream="true", **options)).get_json()
    assert (job["task"], job["bars"]) == (task, 2)
    told = events_of(client, job["id"])
    for n, (name, data) in enumerate(told, 1):
        assert not list(schema("JobEvent").iter_errors({"id": n, "event": name, "data": data}))
    assert [data["place"] for name, data in told if name == "bar"] == [4, 5]
    (candidate,) = (data for name, data in told if name == "candidate")
    before, after = read(CHORALE), read(candidate["musicxml"].encode())
    assert [n for n, bar in enumerate(after.bars) if bar != before.bars[n]] == [3, 4]


@pytest.mark.parametrize(
    ("task", "options", "staves"),
    [
        ("continue", {"bars": 2}, {0, 1, 2, 3}),
        ("infill", {"first": 5, "bars": 2}, {0, 1, 2, 3}),
        ("harmonise", {"first": 5, "bars": 2, "given": "1,4"}, {1, 2}),
        ("vary", {"first": 5, "bars": 2}, {0, 1, 2, 3}),
    ],
)
def test_an_editor_gets_the_new_bars_of_each_task_as_events(
    client: FlaskClient, task: str, options: dict[str, Any], staves: set[int]
) -> None:
    bars = [
        (n, "time=4/4 " if n == 1 else "time=3/4 " if n == 5 else "", "c44 d e f" if n < 5 else "c44 d e")
        for n in range(1, 8)
    ]
    rows = "".join(f"{n}: {time}{' / '.join([row] * 4)}\n" for n, time, row in bars)
    xml = write(loads("parts:\n" + "".join(f" {n}: clef=G2\n" for n in range(1, 5)) + rows)).decode()
    body: dict[str, Any] = {"musicxml": xml, "format": "editor", "seed": 1} | options
    answer = client.post(f"/v1/{task}", json=body).get_json()
    assert not list(schema("Continued").iter_errors(answer))
    (candidate,) = answer["candidates"]
    assert "musicxml" not in candidate
    check(candidate["editor"], "continuation")
    assert candidate["place"] == options.get("first", 8)
    assert [bar["length"] for bar in candidate["editor"]["bars"]] == [[3, 4], [3, 4]]
    assert {voice["staff"] for bar in candidate["editor"]["bars"] for voice in bar["voices"]} == staves
    job = client.post(f"/v1/{task}", json=body | {"stream": True}).get_json()
    told = events_of(client, job["id"])
    assert [data["editor"] for name, data in told if name == "candidate"] == [candidate["editor"]]
    streamed = [data for name, data in told if name == "bar"]
    assert [data["place"] for data in streamed] == [candidate["place"], candidate["place"] + 1]
    for data in streamed:
        check(data["editor"], "continuation")
        assert data["editor"]["bars"][0]["length"] == [3, 4]


def test_a_melody_gets_parts_that_are_then_written(client: FlaskClient) -> None:
    tune = (DATA / "pickup.musicxml").read_text(encoding="utf-8")
    longer = client.post("/v1/parts", json={"musicxml": tune, "ensemble": "choir"}).get_json()
    assert not list(schema("Longer").iter_errors(longer))
    assert (longer["parts"], longer["given"]) == (4, "1")
    body = {"musicxml": longer["musicxml"], "given": longer["given"], "bars": 2}
    (candidate,) = client.post("/v1/harmonise", json=body).get_json()["candidates"]
    assert {row.part for row in read(candidate["musicxml"].encode()).bars[1].rows} == {0, 1, 2, 3}


def test_what_a_score_has_not_got_is_refused_before_anything_is_written(client: FlaskClient) -> None:
    for task, options in (("infill", {}), ("vary", {"first": 99}), ("harmonise", {"given": "9"})):
        answer = client.post(f"/v1/{task}", data=form(**options))
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "not_in_score")


def _append(xml: str, part: str, measure: str) -> str:
    end = xml.index("</part>", xml.index(f'<part id="{part}"'))
    return xml[:end] + measure + xml[end:]


def test_a_job_can_be_polled_from_where_it_was_left(client: FlaskClient) -> None:
    id = client.post("/v1/continue", data=form(bars=1, stream="true")).get_json()["id"]
    events_of(client, id)
    job = client.get(f"/v1/jobs/{id}?after=2").get_json()
    assert job["status"] == "done"
    assert [event["id"] for event in job["events"]] == list(range(3, 3 + len(job["events"])))


def test_a_forgotten_job_is_gone(client: FlaskClient) -> None:
    id = client.post("/v1/continue", data=form(bars=1, stream="true")).get_json()["id"]
    assert client.delete(f"/v1/jobs/{id}").status_code == 204
    answer = client.get(f"/v1/jobs/{id}")
    assert answer.status_code == 404
    assert answer.get_json()["error"]["type"] == "not_found_error"


def test_what_a_prompt_has_in_common_with_the_one_before_is_not_read_again(client: FlaskClient) -> None:
    usages = [client.post("/v1/continue", data=form(bars=2)).get_json()["usage"] for _ in range(2)]
    assert usages[1]["reused_tokens"] >= usages[1]["prompt_tokens"] - CHUNK > 0


def test_text_and_score_turn_into_one_another(client: FlaskClient) -> None:
    encoded = client.post("/v1/encode", data=form()).get_json()
    decoded = client.post("/v1/decode", json={"compact": encoded["compact"]}).get_json()
    assert decoded["bars"] == encoded["bars"] == len(read(CHORALE).bars)
    again = client.post("/v1/encode", json={"musicxml": decoded["musicxml"]}).get_json()
    assert again["compact"] == encoded["compact"]


def test_a_score_in_utf_16_is_given_in_utf_8(client: FlaskClient) -> None:
    data = (DATA / "utf16.musicxml").read_bytes()
    answer = client.post("/v1/encode", data={"score": (BytesIO(data), "utf16.musicxml")}).get_json()
    assert 'encoding="UTF-8"' in answer["musicxml"][:100]
    assert read(answer["musicxml"].encode()) == read(data)


def test_a_score_is_checked_and_drawn_and_played(client: FlaskClient) -> None:
    assert client.post("/v1/check", data=form()).get_json()["bars"] == len(read(CHORALE).bars)
    assert client.post("/v1/render", data=form()).data.startswith(b"<?xml")
    assert client.post("/v1/render", data=form(format="midi")).data.startswith(b"MThd")
    assert client.post("/v1/render", data=form(format="pages")).get_json()["pages"][0].lstrip().startswith("<svg")


def test_an_error_in_a_text_names_its_line(client: FlaskClient) -> None:
    answer = client.post("/v1/decode", json={"compact": "title: x\nparts:\n 1:\n1: q5"})
    assert answer.status_code == 422
    assert answer.get_json()["error"]["line"] >= 1


def test_a_broken_score_is_refused_with_the_place_and_what_to_do(client: FlaskClient) -> None:
    broken = {"score": (BytesIO(CHORALE[:500]), "broken.musicxml")}
    error = client.post("/v1/continue", data=broken).get_json()["error"]
    assert error["type"] == "score_error"
    assert error["line"] > 1
    assert error["hint"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"musicxml": "x", "bars": 0}, "bars"),
        ({"musicxml": "x", "temperature": 9}, "temperature"),
        ({"musicxml": "x", "candidates": "two"}, "candidates"),
        ({"file": "!"}, "file"),
        ({"musicxml": "x", "candidates": 2, "format": "mxl"}, "candidates"),
    ],
)
def test_a_wrong_option_is_named(client: FlaskClient, body: dict[str, Any], param: str) -> None:
    answer = client.post("/v1/continue", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["error"]["param"] == param


def test_every_error_of_http_is_json(client: FlaskClient) -> None:
    answers = [
        (client.get("/v1/nothing"), 404),
        (client.put("/v1/check"), 405),
        (client.post("/v1/check", data=b"x", content_type="text/plain"), 415),
        (client.post("/v1/check", data=b"{", content_type="application/json"), 400),
    ]
    for answer, status in answers:
        assert answer.status_code == status
        assert answer.get_json()["error"]["message"]


@pytest.mark.parametrize("key", ["editor", "musicxml", "glitter"])
def test_a_body_that_is_nested_too_deep_is_refused(client: FlaskClient, key: str) -> None:
    body = f'{{"{key}": {"[" * 500}{"]" * 500}}}'
    answer = client.post("/v1/encode", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert "in one another" in answer.get_json()["error"]["message"]


def test_uploads_are_capped(engine: Engine) -> None:
    small = create_app(Config(most_upload_bytes=1000), engine).test_client()
    assert small.post("/v1/check", data=form()).status_code == 413
    assert small.post("/v1/check", json={"musicxml": "x" * 2000}).status_code == 413


def test_health_and_metrics_tell_what_is_going_on(client: FlaskClient) -> None:
    assert client.get("/health").get_json()["status"] == "ok"
    assert client.get("/v1/models").get_json()["data"][0]["id"] == "chordllama-mini"
    assert 'chordllama_jobs_total{status="done"}' in client.get("/metrics").text
    assert [task["path"] for task in client.get("/v1/tasks").get_json()["data"]] == [
        "/v1/continue",
        "/v1/infill",
        "/v1/harmonise",
        "/v1/vary",
    ]


def test_what_the_server_offers_is_what_its_requests_take(client: FlaskClient) -> None:
    offered = client.get("/v1/capabilities").get_json()
    schema("Capabilities").validate(offered)
    assert offered["model"] == {"id": "chordllama-mini", "backend": "llama.cpp"}
    assert [ensemble["title"] for ensemble in offered["ensembles"]] == ["Piano", "Organ", "Choir", "Strings"]
    assert 1 < offered["compared"]["candidates"] <= offered["limits"]["most_candidates"]
    taken = document()["components"]["schemas"]
    for task in offered["tasks"]:
        properties = taken[f"{task['id'].capitalize()}Request"]["properties"]
        settings = {setting["name"]: setting for setting in task["settings"]}
        assert properties.keys() - settings.keys() == {"musicxml", "file", "editor", "name", "stream", "format"}
        assert {name: setting.get("default") for name, setting in settings.items()} == {
            name: properties[name].get("default") for name in settings
        }
        assert all(setting["title"] and setting["description"] for setting in settings.values())
        assert offered["defaults"].items() <= {name: one.get("default") for name, one in settings.items()}.items()


def test_an_edit_changes_its_bar_and_no_other_byte(client: FlaskClient) -> None:
    text = client.post("/v1/encode", data=form()).get_json()["compact"]
    line = next(line for line in text.splitlines() if line.startswith("4: "))
    edited = text.replace(line, line.replace("b44", "a44", 1))
    by_json = client.post("/v1/edit", json={"musicxml": CHORALE.decode(), "compact": edited})
    assert by_json.status_code == 200, by_json.text
    answer = by_json.get_json()
    assert not list(schema("Edited").iter_errors(answer))
    assert client.post("/v1/edit", data=form(compact=edited)).get_json() == answer
    packed = base64.b64encode(write_container(CHORALE, ".mxl")).decode()
    assert client.post("/v1/edit", json={"file": packed, "compact": edited}).get_json() == answer
    assert answer["changed"] == [4]
    before, after = (re.split(r"(?=<measure )|(?<=</measure>)", xml) for xml in (CHORALE.decode(), answer["musicxml"]))
    (place,) = (n for n, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
    assert before[place].startswith('<measure number="3"')  # the fourth after the pickup, of the first part
    assert client.post("/v1/encode", json={"musicxml": answer["musicxml"]}).get_json()["compact"] == edited


@pytest.mark.parametrize(
    ("old", "new", "status", "words"),
    [
        ("\n2: ", "\n2: nonsense ", 422, "line 13"),
        ("\n12: ", "\n13: ", 422, "bar 12 was expected"),
        (" Soprano S.", " Violin", 422, "parts can't be changed"),
        ("title", "\ud800", 400, "half a character"),
    ],
)
def test_an_edit_that_cannot_be_put_in_is_refused_in_words(
    client: FlaskClient, old: str, new: str, status: int, words: str
) -> None:
    text = client.post("/v1/encode", data=form()).get_json()["compact"]
    assert old in text
    answer = client.post("/v1/edit", json={"musicxml": CHORALE.decode(), "compact": text.replace(old, new, 1)})
    assert answer.status_code == status
    assert words in answer.get_json()["error"]["message"]
