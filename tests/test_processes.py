"""Processes that work, die and are interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from chordllama.system.processes import Died, processors, run

needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def double(number: int) -> int:
    return 2 * number


def fragile(job: str) -> str:
    """Do as the job says: end, be killed, fail, or be killed at the first time only."""
    word, _, argument = job.partition(" ")
    if word == "end":
        os._exit(int(argument))
    if word == "fail":
        raise ValueError(argument)
    if word == "die" or (word == "die-once" and not Path(argument).exists()):
        Path(argument or os.devnull).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"{os.getpid()}"


def slow(path: str) -> None:
    """Leave a mark, and another one when interrupted."""
    Path(path).touch()
    try:
        time.sleep(60)
    finally:
        Path(f"{path}-cleaned").touch()


def test_every_job_is_done_once() -> None:
    assert sorted(run(double, range(20), 2)) == [(number, 2 * number) for number in range(20)]


def test_without_jobs_nothing_starts() -> None:
    assert list(run(double, [], 2)) == []
    assert multiprocessing.active_children() == []


def test_no_more_processes_work_than_were_asked_for() -> None:
    workers = {result for _, result in run(fragile, map(str, range(8)), 1)}
    assert len(workers) == 1
    assert str(os.getpid()) not in workers


def test_a_job_that_ends_its_process_costs_no_other() -> None:
    found = dict(run(fragile, ["a", "end 7", "b", "c", "d"], 2))
    assert found.pop("end 7") == Died(7)
    assert set(found) == {"a", "b", "c", "d"}
    assert not any(isinstance(result, Died) for result in found.values())
    assert multiprocessing.active_children() == []


@needs_signals
def test_a_killed_job_is_tried_once_more_and_then_given_up(tmp_path: Path) -> None:
    once = f"die-once {tmp_path / 'mark'}"
    found = dict(run(fragile, ["die", once, "a"], 1))
    assert found["die"] == Died(-9)
    assert "killed by signal 9" in str(found["die"])
    assert isinstance(found[once], str)
    assert isinstance(found["a"], str)


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="loud"):
        list(run(fragile, ["a", "fail loud", "b"], 1))
    assert multiprocessing.active_children() == []


@needs_signals
def test_closing_interrupts_what_is_under_way_and_lets_it_clean_up(tmp_path: Path) -> None:
    marks = [str(tmp_path / name) for name in ("a", "b", "c")]
    running = run(slow, marks, 2)

    def interrupt_when_both_began() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    stop = threading.Thread(target=interrupt_when_both_began)
    stop.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(running)
    stop.join()
    assert time.monotonic() - began < 30
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "a-cleaned", "b-cleaned"}
    assert multiprocessing.active_children() == []


def test_it_works_beside_other_threads() -> None:
    found: list[tuple[int, int | Died]] = []
    thread = threading.Thread(target=lambda: found.extend(run(double, [1, 2], 1)))
    thread.start()
    thread.join()
    assert found == [(1, 2), (2, 4)]


def test_there_is_at_least_one_processor() -> None:
    assert 1 <= processors() <= (60 if sys.platform == "win32" else 10_000)
