"""Work on all cores, in processes of which each may die alone. Knows no files and no music.

The standard library's pool can't say which job killed a process, and where it is killed itself its processes stay behind. Here each
process has a pipe of its own, whose end tells both.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")
_SPAWN = get_context("spawn")  # a fork would copy threads' locks, e.g. those of the progress bar
SECONDS_TO_END = 2.0
MOST_ON_WINDOWS = 60


@dataclass(frozen=True, slots=True)
class Died:
    """A process ended in the midst of a job; `how` is its exit code, or a signal with a minus."""

    how: int | None

    def __str__(self) -> str:
        if self.how is not None and self.how < 0:
            return f"its process was killed by signal {-self.how}; the memory may not suffice"
        return f"its process ended with status {self.how}"


def processors() -> int:
    """How many processors this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, MOST_ON_WINDOWS) if sys.platform == "win32" else count


def run(work: Callable[[J], R], jobs: Iterable[J], count: int) -> Generator[tuple[J, R | Died], None, None]:
    """What `work`, a function that other processes can import, makes of each job, in the order in which they are done.

    A job whose process died is tried once more at the end, alone. What `work` raises is raised here. Close the iterator to end
    the processes early.
    """
    suspects: list[J] = []
    with contextlib.closing(_run(work, jobs, count)) as results:
        for job, result in results:
            if isinstance(result, Died):
                suspects.append(job)
            else:
                yield job, result
    for job in suspects:
        yield from _run(work, [job], 1)


def _run(work: Callable[[J], R], jobs: Iterable[J], count: int) -> Generator[tuple[J, R | Died], None, None]:
    queue = iter(jobs)
    workers: list[_Worker[J, R]] = []
    try:
        workers.extend(_Worker(work, job) for job in islice(queue, count))
        while workers:
            ready = wait([worker.pipe for worker in workers])
            for worker in [worker for worker in workers if worker.pipe in ready]:
                job, result = worker.job, worker.answer()
                following = list(islice(queue, 1))
                if isinstance(result, Died) or not following:
                    workers.remove(worker)
                    worker.end()
                    workers.extend(_Worker(work, job) for job in following)
                else:
                    worker.give(following[0])
                yield job, result
    finally:
        for worker in workers:
            worker.interrupt()
        for worker in workers:
            worker.end()


class _Worker(Generic[J, R]):
    """A process that works on one job at a time."""

    def __init__(self, work: Callable[[J], R], job: J) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, work), daemon=True)
        with _deaf_to_interruptions():
            self.process.start()
        theirs.close()
        self.give(job)

    def give(self, job: J) -> None:
        """Hand over the next job. Where the process is dead already, `answer` says so."""
        self.job = job
        with contextlib.suppress(OSError):
            self.pipe.send(job)

    def answer(self) -> R | Died:
        """What became of the job. Raises what the work raised."""
        try:
            result, fault = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(SECONDS_TO_END)
            return Died(self.process.exitcode)
        if fault is not None:
            raise fault
        return result  # type: ignore[no-any-return]  # `_serve` sends what `work` gives

    def interrupt(self) -> None:
        """Ask the process to stop in the midst of its job; it still cleans up behind itself."""
        self.process.terminate()

    def end(self) -> None:
        """Wait for the end of the process, which has no more jobs; not for ever."""
        self.pipe.close()
        self.process.join(SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """What a process does: jobs, until the other end of the pipe is closed, be it that the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit)
    with contextlib.suppress(EOFError, OSError):
        while True:
            job = pipe.recv()
            answer: tuple[Any, Exception | None]
            try:
                answer = (work(job), None)
            except Exception as fault:  # whatever it is, the parent shall raise it
                answer = (None, fault)
            pipe.send(answer)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    """As an exception it lets every `finally` do its work, e.g. remove a file that is half written."""
    sys.exit(0)


@contextlib.contextmanager
def _deaf_to_interruptions() -> Iterator[None]:
    """A process that starts meanwhile never hears Ctrl-C, which the terminal sends to all and which is the parent's to act upon."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
