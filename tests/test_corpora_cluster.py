"""A build on several machines: a Ray cluster of two nodes on this one, of which one is killed at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from small_corpus import bytes_of, tokenizer, tunes

from chordllama.cli import run
from chordllama.corpora.build import shards
from chordllama.corpora.build.build_engines import Ray
from chordllama.corpora.build.steps import clean_state
from chordllama.errors import CorpusError

pytest.importorskip("ray", reason="Ray is not installed: pip install 'chordllama[cluster]'")

DOCUMENTS = 2
TUNES = 12
QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 3}
"""How Ray finds out that a node is dead; else it takes half a minute."""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import ray
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": QUICK}
    found: Any = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield found
    finally:
        ray.shutdown()
        found.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # Ray's own
def test_a_node_that_is_killed_at_work_changes_nothing(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setattr(shards, "DOCUMENTS", {"music": DOCUMENTS})
    node = cluster.add_node(num_cpus=1)
    commands = arguments(tmp_path)
    killer = Thread(target=kill_at_work, args=(cluster, node, tmp_path / "ray" / ".build" / "music" / "clean"))
    killer.start()
    assert run([*commands, "-o", str(tmp_path / "ray"), "--engine", "ray", "--address", cluster.address]) == 0
    killer.join()
    wait_until_one_is_dead(ray.nodes)
    assert run([*commands, "-o", str(tmp_path / "local"), "--processes", "2"]) == 0
    assert bytes_of(tmp_path / "ray") == bytes_of(tmp_path / "local")


def arguments(folder: Path) -> list[str]:
    """The command that builds a source of tunes, up to where and by which machines."""
    cache, name = folder / "cache", str(Path(tokenizer(folder / "tokenizer").path).parent)
    fetch = ["corpus", "fetch", "airs", "--from", str(tunes(folder / "airs", range(TUNES)))]
    assert run([*fetch, "--task", "music", "--licence", "CC0-1.0", "--cache", str(cache)]) == 0
    options = ["--source", "airs", "--cache", str(cache), "--tokenizer", name, "--maximum-tokens", "2000"]
    return ["corpus", "build", "music", *options]


def kill_at_work(cluster: Any, node: Any, records: Path) -> None:
    """Kill a node as soon as the first shard is done, of several for each node."""
    while not list(records.glob("*.json")):
        time.sleep(0.01)
    assert len(list(records.glob("*.json"))) < TUNES // DOCUMENTS
    cluster.remove_node(node, allow_graceful=False)


def wait_until_one_is_dead(nodes: Callable[[], list[dict[str, bool]]]) -> None:
    """Wait until Ray has found out: the work may be done before."""
    end = time.monotonic() + 30
    while sorted(found["Alive"] for found in nodes()) != [False, True]:
        assert time.monotonic() < end, "both nodes are alive"
        time.sleep(0.1)


def test_where_there_is_no_cluster_the_error_says_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(CorpusError, match="there is no Ray cluster") as fault:
        list(Ray().run(clean_state, []))
    assert "ray start" in (fault.value.hint or "")
