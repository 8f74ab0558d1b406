"""Serving the application with waitress. Knows sockets; knows no routes."""

from __future__ import annotations

import logging
from typing import Any

from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.workshop import Workshop


def make_server(config: Config, engine: Engine) -> Any:
    """Return a waitress server that listens; `run()` serves until it is closed.

    Look-ahead makes it see that a client has left. The buffers' limits keep it from putting a score into a temporary file.
    """
    from waitress.server import create_server

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait, /metrics tells
    return create_server(
        create_app(config, engine, Workshop().start()),
        host=config.host,
        port=config.port,
        threads=config.threads,
        channel_request_lookahead=5,
        connection_limit=200,
        backlog=256,
        max_request_body_size=2 * config.most_upload_bytes,
        inbuf_overflow=4 * config.most_upload_bytes,
        outbuf_overflow=8 * config.most_upload_bytes,
        ident="chordllama",
    )


def serve(config: Config, engine: Engine, opened: Any = lambda _: None) -> None:
    """Serve until interrupted. `opened` is told the address when the server listens.

    Raises OSError where the port is taken.
    """
    server = make_server(config, engine)
    try:
        engine.start()
        host, port = server.effective_host, server.effective_port
        opened(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        server.run()
    finally:
        server.close()
        engine.close()
