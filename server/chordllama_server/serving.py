"""Serving the application with waitress. Knows sockets; knows no routes."""

from __future__ import annotations

import logging
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server

from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.workshop import Workshop

MOST_OF_ONE_ADDRESS, MOST_CONNECTIONS = 64, 192
"""How many connections one address may hold, and all together."""
IDLE_SECONDS = 30
"""A connection that waits for no answer is closed after so long without a byte."""


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection that takes the place of an idle one where there are as many as there may be: so a new one is always served."""

    def __init__(self, server: Any, sock: Any, addr: Any, *args: Any, **named: Any) -> None:
        super().__init__(server, sock, addr, *args, **named)
        open_ones = [one for one in self._map.values() if isinstance(one, Connection) and not one.will_close]
        of_address = [one for one in open_ones if one.addr[0] == addr[0]]
        for most, there in ((MOST_OF_ONE_ADDRESS, of_address), (MOST_CONNECTIONS, open_ones)):
            if len(there) > most:
                idle = [one for one in there if not one.requests and not one.total_outbufs_len]
                min(idle, key=lambda one: one.last_activity).will_close = True  # itself, where all others are at work
                return


def make_server(config: Config, engine: Engine) -> Any:
    """Return a waitress server that listens; `run()` serves until it is closed.

    Look-ahead makes it see that a client has left. The buffers' limits keep it from putting a score into a temporary file.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait, /metrics tells
    sockets: dict[int, Any] = {}
    server = create_server(
        create_app(config, engine, Workshop().start()),
        sockets,
        host=config.host,
        port=config.port,
        threads=config.threads,
        channel_request_lookahead=5,
        connection_limit=MOST_CONNECTIONS + 64,  # beyond it nothing is accepted, not even to take an idle one's place
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 3,
        backlog=256,
        max_request_body_size=2 * config.most_upload_bytes,
        inbuf_overflow=4 * config.most_upload_bytes,
        outbuf_overflow=8 * config.most_upload_bytes,
        ident="chordllama",
    )
    for listening in sockets.values():  # of which a host's name may have several
        if isinstance(listening, BaseWSGIServer):
            listening.channel_class = Connection
    return server


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
