"""Training texts: the same bytes for the same recipe, whole works in one split, nothing lost in silence."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.grammar import END
from chordllama.codec.musicxml import write
from chordllama.errors import ModelError
from chordllama.generate.continuation import length_after, read_answer
from chordllama.score import FINAL, Score
from chordllama.tasks.music import lean
from chordllama.training.recipe import DataRecipe
from chordllama.training.texts import build_texts, text, windows

RECIPE = DataRecipe(sources=("tunes",), transpositions=2, validation_share=0.3, maximum_tokens=200)


def long_score(seed: int, bars: int = 16) -> Score:
    """A tune of so many bars, another one for each seed."""
    chance = random.Random(seed)
    rows = "".join(
        f"{n}: {'key=0 time=2/4 ' if n == 1 else ''}{chance.choice('cdefgab')}44 {chance.choice('cdefgab')}\n"
        for n in range(1, bars + 1)
    )
    return loads("parts:\n 1: clef=G2\n" + rows.rstrip() + " end=final\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a source of twelve scores, in folders of its own."""
    for seed in range(12):
        folder = tmp_path / "data" / "tunes" / f"{seed % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"tune{seed}.musicxml").write_bytes(write(long_score(seed)))
    return tmp_path / "data"


def built(recipe: DataRecipe, data: Path, name: str = "texts", seed: int = 1) -> list[dict[str, str]]:
    out = build_texts(recipe, data, data.parent / f"{name}.jsonl", seed)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def report(data: Path, name: str = "texts") -> Any:
    return json.loads((data.parent / f"{name}.report.json").read_text(encoding="utf-8"))


def test_the_same_recipe_and_seed_give_the_same_bytes(data: Path) -> None:
    first = build_texts(RECIPE, data, data.parent / "a.jsonl", 1).read_bytes()
    assert build_texts(RECIPE, data, data.parent / "b.jsonl", 1).read_bytes() == first
    assert build_texts(RECIPE, data, data.parent / "c.jsonl", 2).read_bytes() != first
    assert not list(data.parent.glob("*.part"))


def test_every_text_is_a_prompt_with_its_whole_answer(data: Path) -> None:
    rows = built(RECIPE, data)
    assert rows
    for row in rows:
        opening, _, rest = row["text"].partition("\n-")
        wanted = int(opening.split()[1])
        assert opening.startswith("continue: ")
        assert row["text"].endswith(END)
        assert rest.startswith(f"{wanted}: ")
        assert [int(line.partition(":")[0]) for line in ("-" + rest).splitlines()] == list(range(-wanted, 1))
        assert ("end=final" in rest) is (opening.split()[2] == "close")


def test_a_work_lies_in_one_split_only(data: Path) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for row in built(RECIPE, data):
        splits[row["work"]].add(row["split"])
    assert len(splits) == 12
    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == {"train", "validation"}


def test_works_of_the_validation_split_are_not_transposed(data: Path) -> None:
    keys: dict[str, set[str]] = defaultdict(set)
    for row in built(RECIPE, data):
        keys[row["split"]].add(row["text"].partition(" key=")[2].partition(" ")[0])
    assert keys["validation"] == {"0"}
    assert len(keys["train"]) > 2


def test_a_source_that_is_named_twice_gives_other_keys_and_windows(data: Path) -> None:
    once = [row for row in built(RECIPE, data) if row["split"] == "train"]
    twice = built(DataRecipe(("tunes", "tunes"), 2, 0.3, 200), data, "twice")
    train = [row for row in twice if row["split"] == "train"]
    assert train[: len(once)] == once
    assert train[len(once) :] != once
    assert len({row["text"] for row in train}) > 1.5 * len({row["text"] for row in once})
    assert sum(row["split"] == "validation" for row in twice) == sum(
        row["split"] == "validation" for row in built(RECIPE, data)
    )


def test_scores_that_give_no_text_are_named_and_the_others_stay(data: Path) -> None:
    whole = built(RECIPE, data)
    (data / "tunes" / "broken.musicxml").write_text("<score-partwise><part")
    (data / "tunes" / "other.xml").write_text("<html/>")
    (data / "tunes" / "short.musicxml").write_bytes(write(long_score(0, bars=2)))
    assert built(DataRecipe(("tunes", "tunes"), 2, 0.3, 200), data, "some")[: len(whole)] != []
    left_out = report(data, "some")["left out"]
    assert [line.split(":")[0] for line in left_out] == ["tunes/broken", "tunes/other", "tunes/short"]
    assert built(RECIPE, data, "again") == whole
    assert report(data, "again")["scores"] == 15


def test_a_fault_of_ours_costs_one_score_and_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built(RECIPE, data)
    path = data / "tunes" / "0" / "tune0.musicxml"
    path.unlink()
    path.mkdir()
    rows = built(RECIPE, data, "less")
    assert rows == [row for row in whole if row["work"] != "tunes/tune0"]
    assert report(data, "less")["left out"] == [f"tunes/tune0: IsADirectoryError: [Errno 21] Is a directory: '{path}'"]


def test_no_text_at_all_is_an_error_and_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "data" / "tunes").mkdir(parents=True)
    (tmp_path / "data" / "tunes" / "broken.xml").write_text("<")
    (tmp_path / "texts.jsonl").write_text("old")
    with pytest.raises(ModelError, match="no score"):
        build_texts(RECIPE, tmp_path / "data", tmp_path / "texts.jsonl", 1)
    assert (tmp_path / "texts.jsonl").read_text() == "old"


def test_a_source_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no score in"):
        build_texts(RECIPE, tmp_path, tmp_path / "texts.jsonl", 1)


def test_progress_is_told_score_by_score(data: Path) -> None:
    steps: list[tuple[int, int]] = []
    build_texts(RECIPE, data, data.parent / "texts.jsonl", 1, lambda done, of: steps.append((done, of)))
    assert steps == [(n, 12) for n in range(1, 13)]


def test_windows_keep_to_their_size_and_leave_no_bar_out() -> None:
    score = lean(long_score(3, bars=150))
    found = list(windows(score, 800, random.Random(1)))
    assert len(found) > 2
    assert all(len(window) < 900 for window in found)
    bars = [line.rpartition("time=2/4 ")[2] for window in found for line in window.splitlines() if "44 " in line]
    written = [line.partition(": ")[2].rpartition("time=2/4 ")[2] for line in dumps(score).splitlines()[2:]]
    assert [bar.rpartition(": ")[2] for bar in bars] == written[: len(bars)]
    assert len(bars) > 146


def test_a_text_says_whether_the_music_closes_with_it() -> None:
    score = lean(long_score(4, bars=6))
    closing = text(score, 2)
    assert closing.startswith("continue: 4 close\n")
    assert closing.endswith(f" end=final\n{END}")
    assert text(Score(score.parts, score.bars[:5]), 2).startswith("continue: 3 open\n")
    answer_text = closing[closing.index("\n-4:") + 1 :]
    shown = Score(score.parts, score.bars[:2])
    assert read_answer(answer_text, shown, length_after(shown)) == score.bars[2:]
    assert score.bars[-1].end == FINAL
