"""The application for WSGI servers other than our own (gunicorn): its settings come from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flask import Flask

from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.writer_process import Model


def from_environment(environment: Mapping[str, str] = os.environ) -> Flask:
    """Return an application whose engine runs. It counts as reachable from elsewhere, so that it wants `CHORDLLAMA_API_KEY`.

    `CHORDLLAMA_HOSTS` are its names, parted by commas; `CHORDLLAMA_MODEL`, `CHORDLLAMA_MODEL_NAME`, `CHORDLLAMA_MODEL_KEY`,
    `CHORDLLAMA_WORKERS`, `CHORDLLAMA_QUEUE`, `CHORDLLAMA_RATE` and `CHORDLLAMA_PROXIES` (how many stand before it, whose
    X-Forwarded-For counts) are what `chordllama serve` takes as options.
    """
    hosts = tuple(filter(None, environment.get("CHORDLLAMA_HOSTS", "").split(",")))
    config = Config(
        host=environment.get("CHORDLLAMA_HOST", "0.0.0.0"),  # noqa: S104  # which is why it wants a key
        hosts=hosts,
        api_key=environment.get("CHORDLLAMA_API_KEY"),
        rate=int(environment.get("CHORDLLAMA_RATE", "240")),
        most_held=24,
    )
    model = Model(
        environment.get("CHORDLLAMA_MODEL") or None,
        name=environment.get("CHORDLLAMA_MODEL_NAME") or None,
        api_key=environment.get("CHORDLLAMA_MODEL_KEY") or None,
    )
    workers, queue = (
        int(environment.get(f"CHORDLLAMA_{key}", value)) for key, value in (("WORKERS", "1"), ("QUEUE", "8"))
    )
    app = create_app(config, Engine(model, workers=workers, most_waiting=queue).start())
    return _behind(app, int(environment.get("CHORDLLAMA_PROXIES", "0")))


def _behind(app: Flask, proxies: int) -> Flask:
    if proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_host=0, x_proto=0)  # type: ignore[method-assign]
    return app
