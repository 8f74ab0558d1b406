"""A process of our own that may die: started, spoken to, killed. Knows pipes and signals; knows no music."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

_SPAWN = get_context("spawn")  # a fork would copy locks that other threads hold
SECONDS_TO_END = 1.0


class Died(Exception):
    """The process ended; its words say how."""


class Child:
    """A process that runs `work(pipe, stop, *arguments)`, where `stop.value` becomes true when its job shall end.

    The process ends when the parent's end of the pipe is closed, be it that the parent was killed.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self.stop = _SPAWN.Value("b", 0, lock=False)
        self._pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_run, args=(work, theirs, self.stop, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.is_alive()

    def send(self, message: Any) -> None:
        """Hand something over. Raises Died."""
        try:
            self._pipe.send(message)
        except OSError as fault:
            raise self._death() from fault

    def receive(self, seconds: float) -> Any:
        """What the child says within so many seconds, None for nothing. Raises Died."""
        try:
            return self._pipe.recv() if self._pipe.poll(seconds) else None
        except (EOFError, OSError) as fault:
            raise self._death() from fault

    def _death(self) -> Died:
        self.process.join(SECONDS_TO_END)
        status = self.process.exitcode
        return Died(f"killed by signal {-status}" if status is not None and status < 0 else f"it ended with {status}")

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        self.process.kill()
        self.process.join(SECONDS_TO_END)


def _run(work: Callable[..., None], pipe: Connection, *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to act upon
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        work(pipe, *arguments)
