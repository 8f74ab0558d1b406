from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from chordllama_server.engine import Engine, forgettable
from chordllama_server.jobs import Job
from chordllama_server.problems import Refusal
from chordllama_server.scores import UploadedScore
from chordllama_server.writer_process import Model, Order

from chordllama.tasks.plan import Request

CHORALE = UploadedScore((Path(__file__).parent / "data/chorale.musicxml").read_bytes(), "chorale.musicxml")
LONG = Order(CHORALE, Request(bars=256))
SHORT = Order(CHORALE, Request(bars=1))


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine().start()
    assert engine.wait_until_ready()
    yield engine
    engine.close()


def begin(engine: Engine, order: Order = LONG, client: str = "me") -> Job:
    """A job that has its first bar."""
    job = engine.submit(order, client, 100)
    until = monotonic() + 30
    while monotonic() < until and not any(event.event == "bar" for event in job.events):
        engine.job(job.id)  # somebody asks, so that it isn't cancelled before
        sleep(0.005)
    assert not job.ended
    return job


def test_a_job_is_cancelled_within_half_a_second(engine: Engine) -> None:
    job = begin(engine)
    started = monotonic()
    engine.cancel(job)
    assert engine.wait(job, 0.5)
    assert monotonic() - started < 0.5
    assert job.status == "cancelled"
    next_job = engine.submit(SHORT, "me", 1)
    assert engine.wait(next_job, 30)
    assert next_job.status == "done"


def test_a_killed_child_fails_its_job_alone_and_the_next_gets_a_new_one(engine: Engine) -> None:
    job = begin(engine)
    waiting = engine.submit(SHORT, "me", 100)
    (child,) = engine.children
    os.kill(child, signal.SIGKILL)
    assert engine.wait(job, 5)
    assert job.status == "failed"
    assert job.problem is not None
    assert job.problem.code == "engine_died"
    assert job.problem.cause == f"its process was killed by signal {int(signal.SIGKILL)}; the memory may not suffice"
    assert engine.wait(waiting, 30)
    assert waiting.status == "done"
    assert engine.children != [child]


def test_a_child_that_dies_between_two_jobs_is_replaced(engine: Engine) -> None:
    os.kill(engine.children[0], signal.SIGKILL)
    job = engine.submit(SHORT, "me", 1)
    assert engine.wait(job, 30)
    assert job.status == "done"


def test_one_job_runs_eight_wait_and_more_are_refused(engine: Engine) -> None:
    running = begin(engine)
    waiting = [engine.submit(LONG, "me", 100) for _ in range(8)]
    assert [job.place for job in waiting] == list(range(1, 9))
    with pytest.raises(Refusal) as refusal:
        engine.submit(LONG, "me", 100)
    assert (refusal.value.problem.status, refusal.value.problem.code) == (503, "queue_full")
    assert refusal.value.problem.retry_after
    engine.cancel(waiting[0])
    assert waiting[0].status == "cancelled"
    assert [job.place for job in waiting[1:]] == list(range(1, 8))
    for job in [*waiting, running]:
        engine.cancel(job)


def test_one_client_may_not_fill_the_queue(engine: Engine) -> None:
    job = begin(engine)
    with pytest.raises(Refusal) as refusal:
        engine.submit(SHORT, "me", 1)
    assert refusal.value.problem.status == 429
    other = engine.submit(SHORT, "another", 1)
    engine.cancel(job)
    assert engine.wait(other, 30)
    assert other.status == "done"


def test_a_job_ends_when_its_last_listener_leaves(engine: Engine) -> None:
    job = begin(engine)
    with engine.listening(job), engine.listening(job):
        pass
    assert engine.wait(job, 0.5)
    assert job.status == "cancelled"


def test_a_job_that_nobody_asks_about_is_cancelled() -> None:
    engine = Engine(unseen=0.2).start()
    try:
        assert engine.wait_until_ready()
        job = begin(engine)
        assert engine.wait(job, 5)
        assert job.status == "cancelled"
    finally:
        engine.close()


def test_a_model_that_is_none_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "wrong.gguf").write_bytes(b"nothing")
    engine = Engine(Model(str(tmp_path / "wrong.gguf"))).start()
    try:
        with pytest.raises(Refusal, match="no GGUF file"):
            engine.wait_until_ready()
    finally:
        engine.close()


def test_children_end_with_their_engine(engine: Engine) -> None:
    (child,) = engine.children
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_of_ended_jobs_only_the_latest_are_kept() -> None:
    jobs = [Job(SHORT, "me") for _ in range(70)]
    now = monotonic()
    for job in jobs:
        job.end(None)
        assert not job.order.source.data, "what came isn't kept"
    assert forgettable(jobs, now) == jobs[5::-1]
    assert forgettable(jobs[:1], now + 1000) == jobs[:1]
    for job in jobs:
        job.bytes = 10_000_000
    assert len(forgettable(jobs, now)) == 64
