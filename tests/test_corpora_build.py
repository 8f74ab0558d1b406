"""A build: from a folder of scores to a data set, that a kill does no harm to and a fault ends with a clear word."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_corpus import bytes_of, folder_of, mine, musicxml, rows_of, settings, tokenizer, tune, tunes

from chordllama.cli import run
from chordllama.corpora.build.build_engines import Local
from chordllama.corpora.build.building import Unfinished, build
from chordllama.corpora.build.settings import BuildSettings
from chordllama.corpora.build.shards import BuildFolder, part_of, plan
from chordllama.corpora.build.steps import ShardJob, clean_shard
from chordllama.errors import CorpusError
from chordllama.system import files

ONE = Local(1)
KILLS = 25
POINTS = 5
"""More than so many different points have to be among the kills; on a quiet machine that takes some more of them."""


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tunes(tmp_path_factory.mktemp("scores") / "mine", range(70))


@pytest.fixture(scope="module")
def built(scores: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built")
    build(BuildFolder(out, "music"), settings(out.parent / "tokenizer"), [(mine(), scores)], Local(2))
    return out


def test_rows_carry_what_they_were_made_of(built: Path) -> None:
    rows = rows_of(built / "music")
    assert {row["task"] for row in rows} == {"music"}
    assert {row["instruction"].partition(":")[0] for row in rows} == {"continue", "infill", "harmonise", "vary"}
    assert {(row["source"], row["licence"]) for row in rows} == {("mine", "my own")}
    assert all(int(row["tokens"]) <= 2000 for row in rows)
    assert all(int(row["tokens"]) == len((row["instruction"] + row["input"] + row["output"]).encode()) for row in rows)
    assert len({row["work"] for row in rows}) == 70


def test_the_files_of_a_split_hold_its_rows_alone(built: Path) -> None:
    for path in (built / "music" / "data").glob("*.jsonl"):
        splits = {json.loads(line)["split"] for line in path.read_text().splitlines()}
        assert splits == {path.name.partition("-")[0]}


def test_the_hubs_library_reads_all_three_layouts(built: Path, tmp_path: Path) -> None:
    from datasets import load_dataset
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    rows = rows_of(built / "music")
    for place, name in ((".", "default"), ("parquet", None), (".", "chat")):
        loaded: Any = load_dataset(str(built / "music" / place), name, cache_dir=str(tmp_path))
        assert sum(len(split) for split in loaded.values()) == len(rows)
    chat = loaded["train"][0]["messages"]
    assert [message["role"] for message in chat] == ["system", "user", "assistant"]
    found = {row["work"] for row in load_dataset(str(built / "music"), cache_dir=str(tmp_path))["test"]}
    assert found == {row["work"] for row in rows if row["split"] == "test"}


def test_training_reads_a_built_corpus(built: Path) -> None:
    from chordllama.training.row_folders import read_rows, shards

    found = [row for path in shards([built / "music"], "train") for row in read_rows(path)]
    assert len(found) == sum(row["split"] == "train" for row in rows_of(built / "music"))


def test_fine_tuning_reads_each_row_of_a_built_corpus_once(built: Path) -> None:
    from chordllama.training.packed_rows import _files

    assert sorted(_files(built / "music")) == sorted((built / "music" / "data").glob("*.jsonl"))


def test_the_same_build_again_makes_nothing_anew(built: Path, scores: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (built / ".build").rglob("*.gz")}
    assert before
    build(BuildFolder(built, "music"), settings(built.parent / "tokenizer"), [(mine(), scores)], ONE)
    assert {path: path.stat().st_mtime_ns for path in (built / ".build").rglob("*.gz")} == before


def test_a_build_cut_in_parts_is_the_same(built: Path, scores: Path, tmp_path: Path) -> None:
    place, wanted = BuildFolder(tmp_path, "music"), settings(built.parent / "tokenizer")
    sources = [(mine(), scores)]
    first = build(place, wanted, sources, ONE, (1, 2))
    assert isinstance(first, Unfinished)
    assert (first.step, first.shards) == ("clean", 1)
    second = build(place, wanted, sources, ONE, (2, 2))
    assert isinstance(second, Unfinished)
    assert (second.step, second.shards) == ("rows", 2)
    assert not isinstance(build(place, wanted, sources, ONE, (1, 2)), Unfinished)
    assert bytes_of(tmp_path) == bytes_of(built)


def test_a_part_leaves_alone_what_other_machines_are_writing(built: Path, scores: Path, tmp_path: Path) -> None:
    place, wanted = BuildFolder(tmp_path, "music"), settings(built.parent / "tokenizer")
    folder = place.work / "clean"
    halves = [f".mine-{number:05}.npy.00c0ffee.tmp" for number in range(3)]
    folder_of(folder, dict.fromkeys(halves, b"half"))
    build(place, wanted, [(mine(), scores)], ONE, (1, 2))
    assert sorted(path.name for path in folder.glob("*.tmp")) == halves[1:2]
    build(place, wanted, [(mine(), scores)], ONE)
    assert bytes_of(tmp_path) == bytes_of(built)


def test_a_source_that_is_added_moves_no_work(built: Path, scores: Path, tmp_path: Path) -> None:
    more = tunes(tmp_path / "more", range(100, 140))
    out = tmp_path / "out"
    build(BuildFolder(out, "music"), settings(tmp_path / "tokenizer"), [(mine(), scores), (mine("more"), more)], ONE)
    split = {row["work"]: row["split"] for row in rows_of(out / "music")}
    assert split.items() > {row["work"]: row["split"] for row in rows_of(built / "music")}.items()


def test_what_is_no_more_wanted_goes(scores: Path, tmp_path: Path) -> None:
    place, wanted = BuildFolder(tmp_path / "out", "music"), settings(tmp_path / "tokenizer")
    build(place, replace(wanted, limit=40), [(mine(), scores)], ONE)
    assert len({path.stem.rpartition("-")[2] for path in place.dataset.glob("data/*")}) == 2
    build(place, replace(wanted, limit=20), [(mine(), scores)], ONE)
    assert len({path.stem.rpartition("-")[2] for path in place.dataset.glob("data/*")}) == 1
    assert len({row["work"] for row in rows_of(place.dataset)}) == 20


# Kills


@pytest.mark.slow
def test_killed_at_any_point_it_goes_on_and_ends_the_same(scores: Path, built: Path, tmp_path: Path) -> None:
    command = [sys.executable, __file__, str(scores), str(tmp_path), str(built.parent / "tokenizer")]
    chance = random.Random(25)
    left: list[frozenset[tuple[str, int]]] = []  # the files that each kill left behind, with their sizes
    while len(left) < KILLS or (len(set(left)) <= POINTS and len(left) < 4 * KILLS):
        if (tmp_path / "music" / "manifest.json").exists():
            shutil.rmtree(tmp_path / "music")  # all was finished: begin with one step less
            shutil.rmtree(tmp_path / ".build" / "music" / chance.choice(("rows", "clean")))
        process = subprocess.Popen(command, cwd=Path(__file__).parents[1], start_new_session=True)
        if kill(process, tmp_path, chance.randrange(8), chance.uniform(0, 0.2)):
            left.append(frozenset((str(path), path.stat().st_size) for path in tmp_path.rglob("*") if path.is_file()))
    assert len(set(left)) > POINTS, "the kills came at too few different points"
    subprocess.run(command, cwd=Path(__file__).parents[1], check=True)
    assert bytes_of(tmp_path) == bytes_of(built)


def kill(process: subprocess.Popen[bytes], folder: Path, files: int, seconds: float) -> bool:
    """Kill a build some time after it has made so many more files, half-written ones among them; False if it was done before."""
    wanted = files_in(folder) + files
    while process.poll() is None and files_in(folder) < wanted:
        time.sleep(0.005)
    time.sleep(seconds)
    alive = process.poll() is None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def files_in(folder: Path) -> int:
    """How many files there are below a folder."""
    return sum(len(names) for _, _, names in os.walk(folder))


# Bad input


def failed(folder: Path, tmp_path: Path, **changes: Any) -> CorpusError:
    with pytest.raises(CorpusError) as fault:
        build(
            BuildFolder(tmp_path / "out", "music"),
            settings(tmp_path / "tokenizer"),
            [(replace(mine(), **changes), folder)],
            ONE,
        )
    return fault.value


def test_a_corrupt_archive_is_named_and_the_other_shards_are_finished(scores: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(scores, tmp_path / "mine")
    (folder / "010.mxl").write_bytes((folder / "010.mxl").read_bytes()[:200])
    fault = failed(folder, tmp_path)
    assert str(folder / "010.mxl") in fault.message
    assert "--skip-unreadable" in (fault.hint or "")
    assert len(list((tmp_path / "out" / ".build" / "music" / "clean").glob("*.json"))) == 2


def test_unreadable_files_can_be_skipped_and_are_counted(scores: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(scores, tmp_path / "mine")
    (folder / "010.mxl").write_bytes(b"PK\x03\x04 no archive")
    wanted = replace(settings(tmp_path / "tokenizer"), skip_unreadable=True)
    found = build(BuildFolder(tmp_path / "out", "music"), wanted, [(mine(), folder)], ONE)
    assert not isinstance(found, Unfinished)
    assert found["totals"]["refused"] == {"unreadable": 1}


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert str(tmp_path / "mine") in failed(tmp_path / "mine", tmp_path).message


def test_a_file_that_isnt_the_listed_one_is_named(tmp_path: Path) -> None:
    from chordllama.corpora.sources import load_sources

    source = load_sources()["openscore-quartets"]
    folder = folder_of(tmp_path / "q", {"scores/sq10307350.mxl": musicxml(tune(1))})
    with pytest.raises(CorpusError, match=r"sq10307350\.mxl: is not the file") as fault:
        build(BuildFolder(tmp_path / "out", "music"), settings(tmp_path / "tokenizer"), [(source, folder)], ONE)
    assert "sha256" in (fault.value.cause or "")


def test_a_full_disk_ends_the_build_with_the_files_name(
    scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    job = ShardJob(plan(mine(), scores, None)[0], BuildFolder(tmp_path, "music"), settings(tmp_path / "tokenizer"))
    monkeypatch.setattr(files, "_write_through", full)
    failure = clean_shard(job)
    assert isinstance(getattr(failure, "fault", None), OSError)
    assert "mine-00000.jsonl.gz" in str(failure.fault.filename)  # type: ignore[union-attr]


def test_the_command_builds_what_is_at_hand(scores: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = tmp_path / "cache"
    assert (
        run(
            [
                "corpus",
                "fetch",
                "own-tunes",
                "--from",
                str(scores),
                "--task",
                "music",
                "--licence",
                "CC0-1.0",
                "--cache",
                str(cache),
            ]
        )
        == 0
    )
    name = str(Path(tokenizer(tmp_path / "tokenizer").path).parent)
    arguments = [
        "corpus",
        "build",
        "music",
        "-o",
        str(tmp_path / "out"),
        "--cache",
        str(cache),
        "--source",
        "own-tunes",
    ]
    assert run([*arguments, "--tokenizer", name, "--limit", "3", "--maximum-tokens", "2000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["music"]
    assert told["documents"] == 3
    assert told["rows"] == len(rows_of(tmp_path / "out" / "music"))


@pytest.mark.parametrize("part", ["0/2", "3/2", "1", "a/b"])
def test_a_part_that_there_cant_be_is_wrong_usage(part: str, tmp_path: Path) -> None:
    assert run(["corpus", "build", "music", "-o", str(tmp_path), "--shard", part]) == 2


def test_parts_together_are_all() -> None:
    assert sorted(part_of(range(10), 1, 3) + part_of(range(10), 2, 3) + part_of(range(10), 3, 3)) == list(range(10))


if __name__ == "__main__":
    folder, out, where = map(Path, sys.argv[1:])
    build(BuildFolder(out, "music"), BuildSettings("music", tokenizer(where), 2000), [(mine(), folder)], Local(2))
