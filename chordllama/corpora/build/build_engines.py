"""Where a build's shards are worked on: the cores of this machine, or a Ray cluster. Knows processes; knows nothing of the work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from chordllama.corpora.build.steps import ShardFailure, ShardJob
from chordllama.errors import ChordLlamaError, CorpusError
from chordllama.system.extras import need
from chordllama.system.processes import Died, processors
from chordllama.system.processes import run as run_locally

R = TypeVar("R")
AHEAD = 4
"""Shards that are handed to the cluster for each of its processors, so that none waits."""


class BuildEngine(Protocol):
    """Does the work on all jobs, in any order; what a job gives comes as soon as it is done."""

    def run(
        self, work: Callable[[ShardJob], R], jobs: Iterable[ShardJob]
    ) -> Generator[tuple[ShardJob, R | ShardFailure], None, None]:
        """Yield each job with what became of it."""


class Local:
    """A process for each core."""

    def __init__(self, processes: int | None = None) -> None:
        self.processes = processes or processors()

    def run(
        self, work: Callable[[ShardJob], R], jobs: Iterable[ShardJob]
    ) -> Generator[tuple[ShardJob, R | ShardFailure], None, None]:
        """Yield each job with what became of it."""
        with contextlib.closing(run_locally(work, jobs, self.processes)) as results:
            for job, result in results:
                yield job, _died(job, str(result)) if isinstance(result, Died) else result


class Ray:
    """The processors of a Ray cluster whose machines share the folders. `address`: as `ray.init` takes it; "auto" finds one."""

    def __init__(self, address: str = "auto") -> None:
        self.address = address

    def run(
        self, work: Callable[[ShardJob], R], jobs: Iterable[ShardJob]
    ) -> Generator[tuple[ShardJob, R | ShardFailure], None, None]:
        """Yield each job with what became of it. What a node that died had begun is done again on another one."""
        ray = _connected(self.address)
        remote = ray.remote(num_cpus=1, max_retries=-1)(work)
        queue = iter(jobs)
        running: dict[Any, ShardJob] = {}
        while True:
            for job in _islice(queue, _room(ray, len(running))):
                running[remote.remote(job)] = job
            if not running:
                return
            ready, _ = ray.wait(list(running), num_returns=1)
            for found in ready:
                job = running.pop(found)
                yield job, _answer(ray, found, job)


def _connected(address: str) -> Any:
    need("cluster")
    import ray

    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as fault:
            raise CorpusError(
                f"{address}: there is no Ray cluster",
                cause=" ".join(str(fault).split()),
                hint="start one with `ray start --head`",
            ) from fault
    return ray


def _room(ray: Any, running: int) -> int:
    """How many more jobs the cluster should be given; its size may change while it works."""
    return max(1 if not running else 0, AHEAD * int(ray.cluster_resources().get("CPU", 1)) - running)


def _islice(queue: Iterator[ShardJob], count: int) -> Iterator[ShardJob]:
    for _ in range(count):
        job = next(queue, None)
        if job is None:
            return
        yield job


def _answer(ray: Any, found: Any, job: ShardJob) -> Any:
    try:
        return ray.get(found)
    except ray.exceptions.RayError as fault:
        return _died(job, " ".join(str(fault).split())[:300])


def _died(job: ShardJob, how: str) -> ShardFailure:
    fault: ChordLlamaError = CorpusError(
        f"{job.shard.id}: {how}", cause=f"at work on {', '.join(job.shard.names[:3])}…"
    )
    return ShardFailure(job.shard.id, fault)
