"""The queue before the model, and the supervised children that hold it. Knows jobs and processes; knows no HTTP.

Each child writes one job at a time. One that dies fails its job alone; the next job gets a new child.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from chordllama.system.processes import Child, Died
from chordllama_server.jobs import Event, Job
from chordllama_server.problems import Problem, Refusal, http_problem
from chordllama_server.writer_process import BEGUN, CANCELLED, Model, Order, work

MOST_WAITING = 8
SECONDS_TO_LOAD = 120.0
SECONDS_TO_STOP = 0.35
"""Seconds after which a child that was asked to stop is killed."""
SECONDS_UNSEEN = 15.0
"""Seconds after which a job that nobody listens to or asks about is cancelled."""
SECONDS_KEPT = 300.0
"""Seconds for which the events of an ended job can still be read."""
MOST_KEPT = 64
MOST_KEPT_BYTES = 64_000_000
"""Ended jobs (and their bytes) that are kept at most: beyond them the oldest are forgotten sooner."""
RETRY_SECONDS = 5
_TICK = 0.05


class Engine:
    """Writes orders, `workers` at a time (one for a model on this computer, more before a pool of endpoints).

    `observe(kind, value)` is told what metrics count.
    """

    def __init__(
        self,
        model: Model | None = None,
        *,
        workers: int = 1,
        most_waiting: int = MOST_WAITING,
        unseen: float = SECONDS_UNSEEN,
    ) -> None:
        self.model = model or Model()
        self.most_waiting = most_waiting
        self.observe: Callable[[str, float], None] = lambda _kind, _value: None
        self._unseen = unseen
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._jobs: dict[str, Job] = {}
        self._closed = False
        self._broken: Problem | None = None
        self._workers = [_Worker(self) for _ in range(workers)]
        self._threads = [threading.Thread(target=worker.run, daemon=True) for worker in self._workers]
        self._threads.append(threading.Thread(target=self._watch, daemon=True))

    # -------------------------------------------------------------------------------------------------- for the routes

    def start(self) -> Engine:
        """Start the children."""
        for thread in self._threads:
            thread.start()
        return self

    def wait_until_ready(self, seconds: float = SECONDS_TO_LOAD) -> bool:
        """Wait for the model. Raises Refusal when it can't be loaded."""
        with self._changed:
            self._changed.wait_for(lambda: self._broken or self.ready, seconds)
            if self._broken:
                raise Refusal(self._broken)
            return self.ready

    @property
    def ready(self) -> bool:
        """Whether a model is loaded."""
        return any(worker.ready for worker in self._workers)

    @property
    def running(self) -> int:
        """How many jobs are being written."""
        return sum(worker.job is not None for worker in self._workers)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def children(self) -> list[int]:
        """The process ids of the children that live."""
        found = [worker.child.process.pid for worker in self._workers if worker.child and worker.child.alive]
        return [pid for pid in found if pid is not None]

    def check_room(self, client: str, most: int) -> None:
        """Raises Refusal: 429 where the client has `most` jobs already, 503 where the queue is full."""
        with self._changed:
            if sum(job.client == client and not job.ended for job in self._jobs.values()) >= most:
                raise Refusal(_busy(429, f"you have {most} jobs already", "wait until one is done", "client_limit"))
            idle = sum(worker.job is None for worker in self._workers)
            if len(self._waiting) >= self.most_waiting + idle:
                raise Refusal(
                    _busy(503, f"{self.most_waiting} jobs wait already", "try again in a moment", "queue_full")
                )

    def submit(self, order: Order, client: str, most: int) -> Job:
        """Put an order into the queue. Raises Refusal as `check_room` does."""
        with self._changed:
            self.check_room(client, most)
            job = Job(order, client)
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._renumber()
            return job

    def job(self, id: str) -> Job | None:
        """Return the job with that id; asking keeps it alive."""
        with self._changed:
            job = self._jobs.get(id)
            if job:
                job.seen = monotonic()
            return job

    def cancel(self, job: Job) -> None:
        """Stop a job. One that waits ends at once, one that is written within half a second."""
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, CANCELLED)
                self._renumber()
            elif not job.ended and job.cancelled_at is None:
                job.cancelled_at = monotonic()
                for worker in self._workers:
                    if worker.job is job and worker.child:
                        worker.child.stop.value = 1

    def forget(self, job: Job) -> None:
        """Cancel a job, and keep nothing of it."""
        self.cancel(job)
        with self._changed:
            self._jobs.pop(job.id, None)

    @contextmanager
    def listening(self, job: Job) -> Iterator[None]:
        """While somebody reads a job's events. When the last one leaves before its end, it is cancelled."""
        with self._changed:
            job.listeners += 1
        try:
            yield
        finally:
            with self._changed:
                job.listeners -= 1
                job.seen = monotonic()
                left = job.listeners == 0 and not job.ended
            if left:
                self.cancel(job)

    def events(self, job: Job, after: int, seconds: float) -> list[Event]:
        """Return the events after that one, as soon as there are any; none after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: len(job.events) > after or job.ended, seconds)
            return job.events[after:]

    def wait(self, job: Job, seconds: float) -> bool:
        """Wait until a job has ended, at most so many seconds; tell whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: job.ended, seconds)

    def close(self) -> None:
        """End the children and fail what waits or runs."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(2)

    # ------------------------------------------------------------------------------------------------- for the workers

    def next_job(self, worker: _Worker) -> Job | None:
        """Return the next job, once there is one; None when the engine is closed or nothing came for a while."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, 0.5)
            if self._closed or not self._waiting:
                return None
            worker.job = job = self._waiting.popleft()
            job.status, job.place = "running", None
            job.add("started", {"model": self.model.shown})
            self._renumber()
            return job

    @property
    def closed(self) -> bool:
        """Whether the engine is closed."""
        return self._closed

    def tell(self, job: Job, event: str, data: dict[str, Any]) -> None:
        """Something happened in a job."""
        with self._changed:
            if event == "bar" and not any(known.event == "bar" for known in job.events):
                self.observe("first_bar_seconds", monotonic() - job.created)
            job.add(event, data)
            self._changed.notify_all()
        if event == "bar":
            self.observe("bars", 1)

    def finish(self, worker: _Worker, job: Job, problem: Problem | None) -> None:
        """Note that a worker has finished a job."""
        with self._changed:
            worker.job = None
            self._end(job, CANCELLED if job.cancelled_at is not None and problem else problem)

    def loaded(self, problem: Problem | None) -> None:
        """Note that a child has loaded the model, or why it can't."""
        with self._changed:
            self._broken = problem
            self._changed.notify_all()

    def _end(self, job: Job, problem: Problem | None) -> None:
        job.end(problem)
        job.seen = monotonic()
        self.observe(f"jobs_{job.status}", 1)
        self._changed.notify_all()

    def _renumber(self) -> None:
        for place, job in enumerate(self._waiting, 1):
            job.move(place)
        self._changed.notify_all()

    # ------------------------------------------------------------------------------------------------------ forgetting

    def _watch(self) -> None:
        """Cancel what nobody asks about any more, and forget what ended long ago."""
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, 0.5)
                now = monotonic()
                jobs = list(self._jobs.values())
                lost = [j for j in jobs if not j.ended and not j.listeners and now - j.seen > self._unseen]
                for job in forgettable([job for job in jobs if job.ended and not job.listeners], now):
                    del self._jobs[job.id]
            for job in lost:
                self.cancel(job)


def forgettable(ended: list[Job], now: float) -> list[Job]:
    """Return which of the ended jobs, the oldest first, need not be kept."""
    kept, size, found = 0, 0, []
    for job in reversed(ended):
        kept, size = kept + 1, size + job.bytes
        if now - job.seen > SECONDS_KEPT or kept > MOST_KEPT or (size > MOST_KEPT_BYTES and kept > 1):
            found.append(job)
    return found


class _Worker:
    """A thread that hands orders to a child and listens to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.child: Child | None = None
        self.job: Job | None = None
        self.ready = False
        self._begun = False

    def run(self) -> None:
        """Work until the engine is closed."""
        while not self._engine.closed:
            if not self._has_child():
                self._start_child()
            job = self._engine.next_job(self)
            if job is not None:
                self._engine.finish(self, job, self._write(job))
        self.kill()

    def kill(self) -> None:
        """End the child."""
        self.ready = False
        if self.child:
            self.child.kill()

    def _has_child(self) -> bool:
        return self.child is not None and self.child.alive and self.ready

    def _start_child(self) -> Problem | None:
        """Start a child that loads the model; return what went wrong, if anything did."""
        self.kill()
        self._engine.observe("children", 1)
        self.child = Child(work, self._engine.model)
        problem: Problem | None
        try:
            kind, problem = self._first_words(self.child)
        except Died as death:
            kind, problem = "failed", _death(death)
        self.ready = kind == "ready"
        self._engine.loaded(problem)
        return problem

    def _first_words(self, child: Child) -> tuple[str, Problem | None]:
        until = monotonic() + SECONDS_TO_LOAD
        while monotonic() < until and not self._engine.closed:
            words = child.receive(0.2)
            if words is not None:
                return words[0], words[1]
        child.kill()
        cause = f"it took more than {SECONDS_TO_LOAD:g} s"
        return "failed", Problem(500, "model_error", "model_failed", "the model can't be loaded", cause=cause)

    def _write(self, job: Job) -> Problem | None:
        """Let a child write a job; what went wrong. A child that died before it had the order is replaced once."""
        for _ in range(2):
            problem = None if self._has_child() else self._start_child()
            if problem is not None:
                return problem
            assert self.child is not None
            self._begun = False
            try:
                self.child.stop.value = int(job.cancelled_at is not None)
                self.child.send(job.order)
                return self._listen(self.child, job)
            except Died as death:
                self.ready = False
                problem = _death(death)
            if self._begun:
                break
        return problem

    def _listen(self, child: Child, job: Job) -> Problem | None:
        while True:
            words = child.receive(_TICK)
            if words is not None and words[0] == "end":
                problem: Problem | None = words[1]
                return problem
            if words is not None and words[0] == BEGUN:
                self._begun = True
            elif words is not None:
                self._engine.tell(job, words[0], words[1])
            if job.cancelled_at is not None and monotonic() - job.cancelled_at > SECONDS_TO_STOP:
                self.kill()
                return CANCELLED


def _death(death: Died) -> Problem:
    hint = "try again: the next job gets a new one"
    return Problem(500, "model_error", "engine_died", "the process that writes died", cause=str(death), hint=hint)


def _busy(status: int, message: str, hint: str, code: str) -> Problem:
    return http_problem(status, message, hint=hint, code=code, retry_after=RETRY_SECONDS)
