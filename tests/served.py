"""`chordllama serve` as a process of its own, for tests that speak to it over a socket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import httpx


@contextmanager
def served(*options: str) -> Iterator[str]:
    """The address of a server that has loaded its model."""
    command = [sys.executable, "-m", "chordllama", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "http://" in line, line + process.stderr.read()
            address = line.split()[3]
            wait_until(lambda: health(address)["status"] == "ok", 60)
            yield address
        finally:
            process.terminate()
            process.communicate(timeout=10)


def health(address: str) -> dict[str, Any]:
    """What /health says."""
    return dict(httpx.get(f"{address}/health").json())


def wait_until(true: Any, seconds: float) -> float:
    """Wait until something is true; returns how long it took. Fails after so many seconds."""
    started = monotonic()
    while not true():
        assert monotonic() - started < seconds, "it did not happen"
        sleep(0.005)
    return monotonic() - started
