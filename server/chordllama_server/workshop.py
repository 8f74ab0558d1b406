"""Conversions, checks and pictures in a child process, where a hostile score can do no harm. Knows no HTTP."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from typing import Any

from chordllama.errors import ChordLlamaError
from chordllama.system.processes import Child, Died
from chordllama_server.problems import Problem, Refusal, problem_of
from chordllama_server.scores import UploadedScore

SECONDS = 60.0
"""Time limit of one conversion."""
_HINT = "check the score in your notation program, and export it again"


class Workshop:
    """One child that does one thing at a time; another one takes its place when it dies or takes too long."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: Child | None = None

    def start(self) -> Workshop:
        """Start the child before there is work for it, which saves the first score a second or two."""
        with self._lock:
            self._child = self._child or Child(work)
        return self

    def do(self, what: str, source: UploadedScore, **options: Any) -> dict[str, Any]:
        """Return the answer of `scores.JOBS[what]`. Raises Refusal."""
        with self._lock:
            child = self._child = self._child if self._child and self._child.alive else Child(work)
            try:
                child.send((what, source, options))
                answer = child.receive(self._seconds)
            except Died as death:
                self._child = None
                raise Refusal(_problem("the score can't be worked on", f"its process died ({death})")) from death
            if answer is None:
                child.kill()
                self._child = None
                raise Refusal(_problem("the score can't be worked on", f"it took more than {self._seconds:g} seconds"))
        if isinstance(answer, Problem):
            raise Refusal(answer)
        return dict(answer)

    def close(self) -> None:
        """End the child."""
        with self._lock:
            if self._child:
                self._child.kill()
            self._child = None


def _problem(message: str, cause: str) -> Problem:
    return Problem(422, "score_error", "work_died", message, cause=cause, hint=_HINT)


def work(pipe: Connection, _stop: Any) -> None:
    """Do jobs in the child, until the pipe is closed."""
    from chordllama_server.scores import JOBS

    while True:
        what, source, options = pipe.recv()
        try:
            answer: Any = JOBS[what](source, **options)
        except ChordLlamaError as error:
            answer = problem_of(error)
        except RecursionError:
            answer = Problem(422, "score_error", "score_rejected", "the score is nested too deeply", hint=_HINT)
        pipe.send(answer)
