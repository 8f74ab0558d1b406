"""Processes of our own that may die alone: each is started, spoken to, timed and ended here. Knows no files and no music.

Three ways to have one:

- `run` works off jobs on all cores. The standard library's pool can't say which job killed a process, and where it is killed itself
  its processes stay behind; here each process has a pipe of its own, whose end tells both.
- `Child` is one such process, for whoever speaks to it himself.
- `ModuleChild` is a fresh Python that runs a module of ours, and nothing of the program that started it: it can be used from any script.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
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


class Died(Exception):
    """A process ended in the midst of its work; `status` is its exit code, a signal with a minus, or None where that isn't known."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Died) and self.status == other.status

    def __hash__(self) -> int:
        return hash(self.status)

    def __str__(self) -> str:
        if self.status is not None and self.status < 0:
            return f"its process was killed by signal {-self.status}; the memory may not suffice"
        return f"its process ended with status {self.status}"


class TooSlow(Exception):
    """A process took longer than it was given, and was killed."""


def processors() -> int:
    """Return how many processors this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(count, MOST_ON_WINDOWS) if sys.platform == "win32" else count


# ----------------------------------------------------------------------------------------------------------------- one child


class Child:
    """A process that runs `work(pipe, stop, *arguments)`, where `stop.value` becomes true when its job shall end.

    The process never hears Ctrl-C, which the terminal sends to all and which is the parent's to act upon. It ends when the parent's
    end of the pipe is closed, be it that the parent was killed.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self.stop = _SPAWN.Value("b", 0, lock=False)
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_run_child, args=(work, theirs, self.stop, *arguments), daemon=True)
        with _deaf_to_interruptions():
            self.process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.is_alive()

    def send(self, message: Any) -> None:
        """Hand something over. Raises Died."""
        try:
            self.pipe.send(message)
        except OSError as fault:
            raise self._death() from fault

    def receive(self, seconds: float | None = None) -> Any:
        """Return what the child says within so many seconds (None: however long it takes), None for nothing. Raises Died."""
        try:
            return self.pipe.recv() if self.pipe.poll(seconds) else None
        except (EOFError, OSError) as fault:
            raise self._death() from fault

    def _death(self) -> Died:
        self.process.join(SECONDS_TO_END)
        return Died(self.process.exitcode)

    def interrupt(self) -> None:
        """Ask the process to stop in the midst of its work; it still cleans up behind itself."""
        self.process.terminate()

    def end(self) -> None:
        """Wait for the end of the process, which has no more work; not for ever."""
        self.pipe.close()
        self.process.join(SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        with contextlib.suppress(OSError):
            self.pipe.close()
        self.process.kill()
        self.process.join(SECONDS_TO_END)


def _run_child(work: Callable[..., None], pipe: Connection, *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        work(pipe, *arguments)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    """As an exception it lets every `finally` do its work, e.g. remove a file that is half written."""
    sys.exit(0)


@contextlib.contextmanager
def _deaf_to_interruptions() -> Iterator[None]:
    """A process that starts meanwhile begins without hearing Ctrl-C; other threads than the main one can't change that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# ------------------------------------------------------------------------------------------------------------- many workers


def run(work: Callable[[J], R], jobs: Iterable[J], count: int) -> Generator[tuple[J, R | Died], None, None]:
    """Yield what `work`, a function that other processes can import, makes of each job, in the order in which they are done.

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
            ready = wait([worker.child.pipe for worker in workers])
            for worker in [worker for worker in workers if worker.child.pipe in ready]:
                job, result = worker.job, worker.answer()
                following = list(islice(queue, 1))
                if isinstance(result, Died) or not following:
                    workers.remove(worker)
                    worker.child.end()
                    workers.extend(_Worker(work, job) for job in following)
                else:
                    worker.give(following[0])
                yield job, result
    finally:
        for worker in workers:
            worker.child.interrupt()
        for worker in workers:
            worker.child.end()


class _Worker(Generic[J, R]):
    """A child that works on one job at a time."""

    def __init__(self, work: Callable[[J], R], job: J) -> None:
        self.child = Child(_work_off, work)
        self.give(job)

    def give(self, job: J) -> None:
        """Hand over the next job. Where the process is dead already, `answer` says so."""
        self.job = job
        with contextlib.suppress(Died):
            self.child.send(job)

    def answer(self) -> R | Died:
        """Return what became of the job. Raises what the work raised."""
        try:
            result, fault = self.child.receive()
        except Died as death:
            return death
        if fault is not None:
            raise fault
        return result  # type: ignore[no-any-return]  # `_work_off` sends what `work` gives


def _work_off(pipe: Connection, _stop: Any, work: Callable[[Any], Any]) -> None:
    while True:
        job = pipe.recv()
        answer: tuple[Any, Exception | None]
        try:
            answer = (work(job), None)
        except Exception as fault:  # whatever it is, the parent shall raise it
            answer = (None, fault)
        pipe.send(answer)


# ------------------------------------------------------------------------------------------------------ a module of our own


class ModuleChild:
    """`python -m module` as a process that answers questions one after the other (its side is `answer_questions`).

    It starts with the first question, and anew after one that killed it. A context manager; `close` ends the process.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ModuleChild:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Any, seconds: float) -> Any:
        """Return the answer to a question. Raises Died, or TooSlow after so many seconds."""
        process = self._process = self._process or self._start()
        slow = threading.Event()

        def stop() -> None:
            slow.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.start()
        try:
            assert process.stdin is not None, "it was asked for"
            assert process.stdout is not None, "it was asked for"
            _send(process.stdin, question)
            return _receive(process.stdout)
        except (OSError, EOFError) as fault:
            self.close()
            raise (TooSlow() if slow.is_set() else Died(process.returncode)) from fault
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: a file in the working directory that is called like a library must not be taken for it.
        command = [sys.executable, "-P", "-m", self._module]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None, "it was asked for"
            with contextlib.suppress(OSError):  # what the dead process was not given
                pipe.close()


_SIZE = struct.Struct(">Q")


def _send(pipe: Any, message: Any) -> None:
    data = pickle.dumps(message)
    pipe.write(_SIZE.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: Any) -> Any:
    head = pipe.read(_SIZE.size)
    data = pipe.read(_SIZE.unpack(head)[0]) if len(head) == _SIZE.size else b""
    if not data:
        raise EOFError
    return pickle.loads(data)  # noqa: S301  # from a process of our own


def answer_questions(answer: Callable[[Any], Any], memory_bytes: int | None = None) -> None:
    """Answer the questions of the parent's `ModuleChild` until it closes the pipe, with at most so much memory where the system can bound it.

    Whatever prints meanwhile, C libraries among it, prints to standard error: standard output is the pipe.
    """
    if memory_bytes is not None:
        with contextlib.suppress(ImportError, ValueError, OSError):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(EOFError), os.fdopen(os.dup(sys.stdout.fileno()), "wb") as pipe:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        while True:
            _send(pipe, answer(_receive(sys.stdin.buffer)))
