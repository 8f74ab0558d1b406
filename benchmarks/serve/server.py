"""A server of our own, watched from outside: its address, its memory, its child that writes."""

from __future__ import annotations

import subprocess
import sys
import threading
from time import sleep
from types import TracebackType
from typing import Self

import httpx
import psutil


class Served:
    """`chordllama serve` on a free port."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "chordllama", "serve", "--port", "0", "--rate", "1000000"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        self.address = self._process.stderr.readline().split()[3]
        threading.Thread(target=self._process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        while httpx.get(f"{self.address}/health").json()["status"] != "ok":
            sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def megabytes(self) -> float:
        """Unshared memory of the server and its children."""
        server = psutil.Process(self._process.pid)
        return sum(process.memory_full_info().uss for process in [server, *server.children(recursive=True)]) / 1e6

    def answered_within(self, endpoint: str, seconds: str) -> str:
        """How many of its answers the server itself had begun so soon, by its own clock: what clients wait besides is the way to and fro."""
        counts = [
            float(line.rpartition(" ")[2])
            for bound in (seconds, "+Inf")
            for line in httpx.get(f"{self.address}/metrics").text.splitlines()
            if line.startswith(f'chordllama_request_seconds_bucket{{endpoint="{endpoint}",le="{bound}"}}')
        ]
        return " of ".join(f"{count:.0f}" for count in counts)

    def kill_writer(self) -> None:
        """Kill the child that holds the model."""
        for child in psutil.Process(self._process.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
