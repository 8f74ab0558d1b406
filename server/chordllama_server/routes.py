"""The routes, which the OpenAPI document describes: thin, they read a request, ask the engine or the workshop, and answer."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from flask import Blueprint, Response, jsonify, request, stream_with_context

from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.task import MusicTask, request_for
from chordllama_server.bodies import read_body
from chordllama_server.config import Config
from chordllama_server.engine import RETRY_SECONDS, Engine
from chordllama_server.jobs import Event, Job
from chordllama_server.openapi import offered, schema_names, text
from chordllama_server.page_files import built_page
from chordllama_server.problems import Refusal, http_problem, invalid
from chordllama_server.safety import client_of
from chordllama_server.workshop import Workshop
from chordllama_server.writer_process import Order

MUSICXML, MXL = "application/vnd.recordare.musicxml+xml", "application/vnd.recordare.musicxml"
_ACCEPTED = {MUSICXML: "musicxml", MXL: "mxl"}
_TICK = 0.1
Held = Callable[[], AbstractContextManager[None]]


def hold(most: int) -> Held:
    """Return a door that lets in so many requests that occupy a thread for long; others get 503, so that some threads are always free."""
    free = threading.BoundedSemaphore(most)

    @contextmanager
    def held() -> Iterator[None]:
        if not free.acquire(blocking=False):
            raise Refusal(
                http_problem(503, "the server is busy", hint="try again in a moment", retry_after=RETRY_SECONDS)
            )
        try:
            yield
        finally:
            free.release()

    return held


def client_has_left(environ: dict[str, Any]) -> bool:
    """Tell whether nobody waits for the answer any more, as far as the server that runs us can tell."""
    if asked := environ.get("waitress.client_disconnected"):
        return bool(asked())
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if not isinstance(connection, socket.socket):
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


# --------------------------------------------------------------------------------------------------------------------- jobs


def job_routes(engine: Engine, config: Config, held: Held) -> Blueprint:
    """Return the routes that write new bars, and those of the jobs that do."""
    routes = Blueprint("jobs", __name__)

    def write(task: MusicTask) -> Response:
        engine.check_room(client_of(request), config.jobs_per_client)  # before what came is read, which takes longer
        source, options = read_body(request, *schema_names(task))
        format_ = _format(options)
        order = Order(source, request_for(task, options), format_ == "editor")
        if options["stream"]:
            job = engine.submit(order, client_of(request), config.jobs_per_client)
            answer = jsonify(job.as_json())
            answer.status_code, answer.headers["Location"] = 202, f"/v1/jobs/{job.id}"
            return answer
        with held():
            job = engine.submit(order, client_of(request), config.jobs_per_client)
            return _answer(_finished(engine, job), format_, engine)

    for task in MUSIC_TASKS.values():
        routes.add_url_rule(f"/v1/{task.id}", task.id, partial(write, task), methods=["POST"])

    @routes.get("/v1/jobs/<id>")
    def job(id: str) -> Response:
        return jsonify(_find(engine, id).as_json(_number(request.args.get("after"), "after")))

    @routes.delete("/v1/jobs/<id>")
    def forget(id: str) -> Response:
        engine.forget(_find(engine, id))
        return Response(status=204)

    @routes.post("/v1/jobs/<id>/cancel")
    def cancel(id: str) -> Response:
        job = _find(engine, id)
        engine.cancel(job)
        return jsonify(job.as_json())

    @routes.get("/v1/jobs/<id>/events")
    def events(id: str) -> Response:
        job = _find(engine, id)
        after = _number(request.headers.get("Last-Event-ID"), "Last-Event-ID")
        entered = held()
        entered.__enter__()
        stream = _stream(engine, job, after, config.ping_seconds, entered, request.environ)
        answer = Response(stream_with_context(stream), mimetype="text/event-stream")
        answer.call_on_close(stream.close)
        next(stream)  # so that its `finally` runs, whatever comes
        return answer

    return routes


def _format(options: dict[str, Any]) -> str:
    asked = request.accept_mimetypes.best_match(["application/json", *_ACCEPTED]) if request.accept_mimetypes else None
    chosen: str = options.get("format") or _ACCEPTED.get(asked or "", "json")
    if chosen in ("musicxml", "mxl") and options["candidates"] > 1:
        raise invalid("one file holds one candidate", "candidates", hint="ask for json")
    return chosen


def _find(engine: Engine, id: str) -> Job:
    job = engine.job(id)
    if job is None:
        raise Refusal(http_problem(404, "there is no such job", hint="ended jobs are forgotten after some minutes"))
    return job


def _number(value: str | None, param: str) -> int:
    if value is None:
        return 0
    if not value.isascii() or not value.isdecimal() or int(value[:9]) > 1_000_000 or len(value) > 9:
        raise invalid("a whole number from 0 to 1000000 is wanted", param)
    return int(value)


def _finished(engine: Engine, job: Job) -> Job:
    """Wait until the job has ended, and return it; a client that leaves ends it."""
    with engine.listening(job):
        while not engine.wait(job, _TICK):
            if client_has_left(request.environ):
                engine.cancel(job)
    return job


def _answer(job: Job, format_: str, engine: Engine) -> Response:
    """Return the direct answer of an ended job, of which nothing is kept."""
    engine.forget(job)
    if job.problem:
        raise Refusal(job.problem)
    found: dict[str, list[dict[str, Any]]] = {"candidate": [], "done": []}
    for event in job.events:
        found.get(event.event, []).append(event.data)
    done, candidates = found["done"][0], found["candidate"]
    if format_ in ("musicxml", "mxl"):
        return _file(job, candidates[0], format_)
    facts = {"warnings": done["warnings"], "usage": done["usage"], "candidates": candidates}
    return jsonify({"model": engine.model.shown, "seed": job.order.request.sampling.seed, **facts})


def _file(job: Job, candidate: dict[str, Any], format_: str) -> Response:
    from chordllama.codec.container import write_container

    if failure := candidate.get("failure"):
        raise Refusal(http_problem(500, failure["message"], cause=failure.get("cause"), hint=failure.get("hint")))
    data = write_container(job.files[0], f".{format_}")
    return Response(data, mimetype=MXL if format_ == "mxl" else MUSICXML)


def _stream(
    engine: Engine, job: Job, after: int, ping: float, entered: AbstractContextManager[None], environ: dict[str, Any]
) -> Generator[str, None, None]:
    """Yield a job's events as text, and pings; the first piece is empty."""
    said = monotonic()
    try:
        with engine.listening(job):
            yield ""
            while not client_has_left(environ):
                found = engine.events(job, after, _TICK)
                for event in found:
                    yield format_event(event)
                    after, said = event.id, monotonic()
                if not found and job.ended:
                    return
                if monotonic() - said > ping:
                    yield "event: ping\ndata: {}\n\n"
                    said = monotonic()
    finally:
        entered.__exit__(None, None, None)


def format_event(event: Event) -> str:
    """Return an event as Server-Sent Events write it."""
    return f"id: {event.id}\nevent: {event.event}\ndata: {json.dumps(event.data)}\n\n"


# ------------------------------------------------------------------------------------------------------------------- scores


def score_routes(workshop: Workshop, held: Held) -> Blueprint:
    """Return the routes that need no model."""
    routes = Blueprint("scores", __name__)

    @routes.post("/v1/encode")
    def encode() -> Response:
        return jsonify(_do("encode", "EncodeRequest", "EncodeForm"))

    @routes.post("/v1/parts")
    def parts() -> Response:
        return jsonify(_do("parts", "PartsRequest", "PartsForm"))

    @routes.post("/v1/decode")
    def decode() -> Response:
        return jsonify(_do("decode", "DecodeRequest", None))

    @routes.post("/v1/edit")
    def edit() -> Response:
        return jsonify(_do("edit", "EditRequest", "EditForm"))

    @routes.post("/v1/check")
    def check() -> Response:
        return jsonify(_do("check", "CheckRequest", "ScoreForm"))

    @routes.post("/v1/render")
    def render() -> Response:
        found = _do("render", "RenderRequest", "RenderForm")
        return jsonify(found) if "pages" in found else Response(found["data"], mimetype=found["media_type"])

    def _do(what: str, json_schema: str, form_schema: str | None) -> dict[str, Any]:
        source, options = read_body(request, json_schema, form_schema)
        with held():
            return workshop.do(what, source, **options)

    return routes


# ------------------------------------------------------------------------------------------------------------------- server


def server_routes(engine: Engine) -> Blueprint:
    """Return the routes that describe the server itself."""
    routes = Blueprint("server", __name__)

    @routes.get("/v1/tasks")
    def tasks() -> Response:
        listed = [
            {"id": task.id, "object": "task", "path": f"/v1/{task.id}", "description": task.description}
            for task in MUSIC_TASKS.values()
        ]
        return jsonify({"object": "list", "data": listed})

    @routes.get("/v1/capabilities")
    def capabilities() -> Response:
        from importlib.metadata import version

        model = {"id": engine.model.shown, "backend": engine.model.backend}
        return jsonify(
            {"object": "capabilities", "api": 1, "version": version("chordllama"), "model": model} | offered()
        )

    @routes.get("/v1/models")
    def models() -> Response:
        model = {"id": engine.model.shown, "object": "model", "owned_by": "chordllama"}
        return jsonify({"object": "list", "data": [model | {"backend": engine.model.backend}]})

    @routes.get("/health")
    def health() -> Response:
        from importlib.metadata import version

        facts = {"status": "ok" if engine.ready else "starting", "version": version("chordllama"), "api": 1}
        counts = {"running": engine.running, "waiting": engine.waiting, "most_waiting": engine.most_waiting}
        return jsonify(facts | {"model": engine.model.shown} | counts)

    @routes.get("/openapi.yaml")
    def openapi() -> Response:
        return Response(text(), mimetype="application/yaml")

    return routes


def page_routes() -> Blueprint:
    """Return the routes of the page: built files beside this one."""
    routes = Blueprint("page", __name__)
    built = built_page(Path(__file__).parent / "page")

    @routes.get("/")
    def index() -> Response:
        return built.index(request)

    @routes.get("/<path:name>")
    def page(name: str) -> Response:
        return built.answer(name, request)

    return routes
