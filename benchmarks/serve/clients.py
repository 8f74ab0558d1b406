"""Clients of a server: they order, listen, and leave."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from time import monotonic, sleep

import httpx

CHORALE = Path("tests/data/chorale.musicxml").read_text(encoding="utf-8")
_JSON = {"Content-Type": "application/json"}
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the system's would cost each client more than all its requests do."""


def client(number: int) -> httpx.Client:
    """A client with an address of its own, 127.0.x.y, so that no limit for one client is met."""
    address = f"127.0.{1 + number // 250}.{1 + number % 250}"
    return httpx.Client(transport=httpx.HTTPTransport(local_address=address, verify=NO_CERTIFICATES), timeout=60)


def order(bars: int, seed: int) -> bytes:
    """What a job is ordered with; made beforehand, it costs no time of those that ask at once."""
    return json.dumps({"musicxml": CHORALE, "bars": bars, "seed": seed, "stream": True}).encode()


def ask(session: httpx.Client, address: str, asked: bytes) -> httpx.Response:
    """Order a job."""
    return session.post(f"{address}/v1/continue", content=asked, headers=_JSON)


def follow(session: httpx.Client, address: str, id: str, leave_after: int | None = None) -> str:
    """Listen to a job; the last event's name, or "left" after so many bars."""
    last, bars = "", 0
    with session.stream("GET", f"{address}/v1/jobs/{id}/events") as answer:
        if answer.status_code != 200:
            return f"refused {answer.status_code}"
        for line in answer.iter_lines():
            last = line[7:] if line.startswith("event: ") else last
            bars += line == "event: bar"
            if leave_after is not None and bars >= leave_after:
                return "left"
    return last


def ask_health(address: str, seconds: float) -> list[float]:
    """How long /health took each time, in seconds."""
    until, found = monotonic() + seconds, []
    with client(400) as session:
        while monotonic() < until:
            started = monotonic()
            session.get(f"{address}/health")
            found.append(monotonic() - started)
            sleep(0.05)
    return found
