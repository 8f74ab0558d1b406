"""Lyrics and prose through the same build as scores: rows, leaks, bad input, a full disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_corpus import folder_of, mine, rows_of, settings, tokenizer
from small_texts import novel, song

from chordllama.corpora.build.build_engines import Local
from chordllama.corpora.build.building import Unfinished, build
from chordllama.corpora.build.shards import BuildFolder
from chordllama.corpora.build.works import split_of
from chordllama.corpora.documents import Task
from chordllama.corpora.sources import load_sources
from chordllama.errors import CorpusError

ONE = Local(1)
ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
HELD_OUT = next(seed for seed in range(1000) if split_of(f"mine/{seed:03}") == "test")
TEXTS: dict[Task, Any] = {"lyrics": song, "prose": novel}


def texts(folder: Path, task: Task, seeds: range) -> Path:
    return folder_of(folder, {f"{seed:03}.txt": TEXTS[task](seed) for seed in seeds})


def built(tmp_path: Path, task: Task, *folders: tuple[str, Path]) -> dict[str, Any]:
    sources = [(mine(name, task), folder) for name, folder in folders]
    found = build(BuildFolder(tmp_path / "out", task), settings(tmp_path / "tokenizer", task), sources, ONE)
    assert not isinstance(found, Unfinished)
    return dict(found)


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("lyrics", {"Write lyrics", "Continue lyrics", "Fit lyrics"}),
        ("prose", {"Write prose", "Continue prose"}),
    ],
)
def test_texts_become_rows_that_carry_what_they_were_made_of(task: Task, kinds: set[str], tmp_path: Path) -> None:
    found = built(tmp_path, task, ("mine", texts(tmp_path / "mine", task, range(5))))
    rows = rows_of(tmp_path / "out" / task)
    assert {row["instruction"].partition(":")[0] for row in rows} == set(found["totals"]["kinds"]) == kinds
    assert {(row["task"], row["source"], row["licence"]) for row in rows} == {(task, "mine", "my own")}
    assert len({row["work"] for row in rows}) == 5
    assert found["totals"]["languages"] == {"en": 5}
    assert all(int(row["tokens"]) == len((row["instruction"] + row["input"] + row["output"]).encode()) for row in rows)
    assert all(int(row["tokens"]) <= 2000 for row in rows)
    card = (tmp_path / "out" / task / "README.md").read_text()
    assert "language:\n  - en\n" in card
    assert "| `language` |" in card


def test_the_hubs_library_reads_texts_as_rows_and_as_chat(tmp_path: Path) -> None:
    from datasets import load_dataset
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    built(tmp_path, "lyrics", ("mine", texts(tmp_path / "mine", "lyrics", range(5))))
    rows = rows_of(tmp_path / "out" / "lyrics")
    for place, name in ((".", "default"), ("parquet", None), (".", "chat")):
        loaded: Any = load_dataset(str(tmp_path / "out" / "lyrics" / place), name, cache_dir=str(tmp_path / "cache"))
        assert sum(len(split) for split in loaded.values()) == len(rows)
    assert [message["role"] for message in loaded["train"][0]["messages"]] == ["system", "user", "assistant"]


@pytest.mark.parametrize("task", ["lyrics", "prose"])
def test_planted_texts_are_found(task: Task, tmp_path: Path) -> None:
    """Of a text that is held out: a copy, one with a page's leftovers and other signs, and half of it in another text."""
    own, other = TEXTS[task](HELD_OUT), TEXTS[task]("other")
    half = own[: len(own) // 2]
    planted = {
        "copy.txt": own,
        "shouted.txt": own.upper().replace(",", " --").replace("[HOOK]", "Hook:").replace("CHAPTER", "Chapter"),
        "half.txt": f"{half}\n\n{other[: len(other) // 3]}",
        "stranger.txt": TEXTS[task]("stranger"),
    }
    folder = texts(tmp_path / "mine", task, range(HELD_OUT, HELD_OUT + 1))
    found = built(tmp_path, task, ("mine", folder), ("leaks", folder_of(tmp_path / "leaks", planted)))
    leaks = {(row["work"], row["split"]) for row in rows_of(tmp_path / "out" / task) if row["source"] == "leaks"}
    assert leaks == {(f"mine/{HELD_OUT:03}", "test"), ("leaks/stranger", split_of("leaks/stranger"))}
    assert found["totals"]["duplicates"] == 2
    assert found["totals"]["joined works"] == 3


# Bad input


@pytest.mark.parametrize("task", ["lyrics", "prose"])
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("picture.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is no text"),
        ("book.epub", b"PK\x03\x04 no archive", "can't be read"),
    ],
)
def test_a_file_that_isnt_what_it_is_called_is_named(
    task: Task, name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    folder = folder_of(texts(tmp_path / "mine", task, range(3)), {name: data})
    if task == "lyrics" and name.endswith(".epub"):
        assert built(tmp_path, task, ("mine", folder))["totals"]["documents"] == 3  # no lyrics are read from such books
        return
    with pytest.raises(CorpusError, match=words) as fault:
        built(tmp_path, task, ("mine", folder))
    assert str(folder / name) in fault.value.message
    finished = len(list((tmp_path / "out" / ".build" / task / "clean").glob("*.json")))
    assert finished == (3 if task == "prose" else 0)  # a book is a shard of its own
    (folder / name).unlink()
    assert built(tmp_path, task, ("mine", folder))["totals"]["documents"] == 3


def test_a_file_that_isnt_what_it_is_called_can_be_skipped(tmp_path: Path) -> None:
    folder = folder_of(texts(tmp_path / "mine", "prose", range(3)), {"b.epub": b"no book", "a.txt": b"\x00\x01"})
    wanted = replace(settings(tmp_path / "tokenizer", "prose"), skip_unreadable=True)
    found = build(BuildFolder(tmp_path / "out", "prose"), wanted, [(mine(task="prose"), folder)], ONE)
    assert not isinstance(found, Unfinished)
    assert found["totals"]["refused"] == {"unreadable": 2}


@pytest.mark.parametrize("task", ["lyrics", "prose"])
def test_an_empty_folder_is_named(task: Task, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(CorpusError, match="holds nothing for mine") as fault:
        built(tmp_path, task, ("mine", tmp_path / "mine"))
    assert str(tmp_path / "mine") in fault.value.message


def test_a_book_that_isnt_the_listed_one_is_named(tmp_path: Path) -> None:
    source = load_sources()["gutenberg-prose"]
    folder = folder_of(tmp_path / "prose", {"effi-briest.de.txt": novel(1)})
    with pytest.raises(CorpusError, match=r"effi-briest\.de\.txt: is not the file that gutenberg-prose means") as fault:
        build(
            BuildFolder(tmp_path / "out", "prose"), settings(tmp_path / "tokenizer", "prose"), [(source, folder)], ONE
        )
    assert "sha256" in (fault.value.cause or "")


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from chordllama.cli import run
sys.exit(run(sys.argv[2:]))
"""


def test_a_full_disk_ends_the_build_with_the_files_name_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """A real limit of the system on a file's size stands for the disk; the third book is larger than it."""
    folder = texts(tmp_path / "mine", "prose", range(2))
    folder_of(folder, {"002.txt": novel(2, chapters=12, paragraphs=25)})
    cache = tmp_path / "cache"
    command = ["corpus", "build", "prose", "-o", str(tmp_path / "out"), "--cache", str(cache), "--processes", "1"]
    take = ["corpus", "fetch", "novels", "--from", str(folder), "--task", "prose", "--licence", "CC0-1.0"]
    tokens = ["--tokenizer", str(Path(tokenizer(tmp_path / "tokenizer").path).parent), "--source", "novels", "--json"]
    assert limited(1 << 30, *take, "--cache", str(cache)).returncode == 0
    full = limited(60_000, *command, *tokens)
    assert full.returncode != 0
    assert "novels-00002" in full.stderr
    assert "Traceback" not in full.stderr
    assert {path.stem for path in (tmp_path / "out").glob(".build/prose/rows/*.json")} == {
        "novels-00000",
        "novels-00001",
    }
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "prose" / "data").glob("*")}
    assert finished
    again = limited(1 << 30, *command, *tokens)
    assert again.returncode == 0
    assert json.loads(again.stdout)["prose"]["documents"] == 3
    assert {path: path.stat().st_mtime_ns for path in finished} == finished


def limited(size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )


# The data at hand


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data at hand")
def test_some_of_the_data_at_hand_becomes_rows_of_both_tasks(tmp_path: Path) -> None:
    for task in ("lyrics", "prose"):
        sources = [
            (source, SHARED / source.folder)
            for source in load_sources().values()
            if source.task == task and (SHARED / source.folder).is_dir()
        ]
        wanted = replace(settings(tmp_path / "tokenizer", task, 14_000), limit=1 if task == "prose" else 12)
        found = build(BuildFolder(tmp_path / "out", task), wanted, sources, ONE)
        assert not isinstance(found, Unfinished)
        assert {source["name"]: source["rows"] > 0 for source in found["sources"]} == {
            source.name: True for source, _ in sources
        }
        rows = rows_of(tmp_path / "out" / task)
        assert not any("Gutenberg" in row["output"] or "\u00ad" in row["output"] for row in rows)
