"""The application: routes, safety, metrics and errors put together. Nothing of a score is kept on disk or in a log."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from chordllama.errors import ChordLlamaError
from chordllama_server.bodies import InMemoryRequest
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.metrics import measure
from chordllama_server.openapi import prepare
from chordllama_server.problems import Problem, Refusal, http_problem, problem_of
from chordllama_server.routes import hold, job_routes, page_routes, score_routes, server_routes
from chordllama_server.safety import protect
from chordllama_server.workshop import Workshop

_log = logging.getLogger("chordllama_server")


class App(Flask):
    """Flask, with uploads that stay in memory."""

    request_class = InMemoryRequest


def create_app(config: Config, engine: Engine, workshop: Workshop | None = None) -> Flask:
    """Return the WSGI application in front of an engine, which the caller starts and closes."""
    prepare()
    app = App("chordllama_server", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.most_upload_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    measure(app, engine)
    protect(app, config)
    _explain(app, config)
    held = hold(config.most_held)
    for routes in (
        job_routes(engine, config, held),
        score_routes(workshop or Workshop(), held),
        server_routes(engine),
        page_routes(),
    ):
        app.register_blueprint(routes)
    return app


def _explain(app: Flask, config: Config) -> None:
    """Answer every error as JSON."""

    @app.errorhandler(Refusal)
    def _refused(refusal: Refusal) -> Response:
        return answer_for(refusal.problem)

    @app.errorhandler(ChordLlamaError)
    def _failed(error: ChordLlamaError) -> Response:
        return answer_for(problem_of(error))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        message, hint = _words(error, config)
        answer = answer_for(http_problem(error.code or 500, message, hint=hint))
        for name, value in error.get_headers():
            if name == "Allow":
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def _broken(error: Exception) -> Response:
        # The error's own words may hold a score, so the log gets its kind and place alone.
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        places = " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames))
        _log.error("%s in %s", type(error).__name__, places)
        return answer_for(http_problem(500, "the server made a mistake", hint="the server's log says where"))


def _words(error: HTTPException, config: Config) -> tuple[str, str | None]:
    """Return what is said of an HTTP error, and what to do."""
    if error.code == 413:
        return (
            "the file is too large",
            f"at most {config.most_upload_bytes // 2**20} MB can be sent; a packed score (.mxl) is smaller",
        )
    return error.description or error.name, None


def answer_for(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    answer = jsonify({"error": problem.as_json()})
    answer.status_code = problem.status
    if problem.retry_after:
        answer.headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
