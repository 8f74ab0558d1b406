"""`chordllama train`, `export` and `continue` with what the recipe `quick` leaves: from rows to new bars by three commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chordllama.cli import run
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read
from chordllama.training.lora_recipe import LoraRecipe
from chordllama.training.packing import Batch, variants
from chordllama.training.row_folders import StoredRow, read_rows
from chordllama.training.run import load_any_recipe

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "models" / "recipes"
ROWS = RECIPES / "rows" / "quick" / "data"
CHORALE = ROOT / "tests" / "data" / "chorale.musicxml"


def chordllama(*arguments: str) -> str:
    """What the command prints; it has to succeed."""
    ended = subprocess.run(
        [sys.executable, "-m", "chordllama", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_three_commands_lead_from_the_quick_recipe_to_new_bars(tmp_path: Path) -> None:
    out, score = tmp_path / "run", tmp_path / "continued.musicxml"
    written = chordllama("train", "models/recipes/quick.yaml", "--out", str(out)).split()
    assert [Path(path).name for path in written] == ["chordllama-quick-f16.gguf", "chordllama-quick-q4_k_m.gguf"]
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert log[-1]["validation_loss"] < 0.85 * log[0]["validation_loss"]
    assert json.loads((out / "run.json").read_text())["seed"] == 1
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert list((out / "tensorboard").iterdir())
    exported = chordllama("export", str(out), "--quant", "q8_0", "-o", str(tmp_path / "gguf")).split()
    chordllama("continue", str(CHORALE), "-o", str(score), "--bars", "2", "--model", exported[-1])
    assert len(read(read_container(score.read_bytes(), score.name)).bars) == 2 + bars_of(CHORALE)


def bars_of(path: Path) -> int:
    return len(read(read_container(path.read_bytes(), path.name)).bars)


def test_the_rows_that_come_along_are_free_and_of_each_task() -> None:
    paths = sorted(ROWS.glob("*.jsonl"))
    rows = [row for path in paths for row in read_rows(path)]
    assert {row.instruction.split(":")[0] for row in rows} == {"continue", "infill", "harmonise", "vary"}
    facts = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["licence"] for row in facts} == {"public domain"}
    works = {split: {row["work"] for row in facts if row["split"] == split} for split in ("train", "validation")}
    assert not works["train"] & works["validation"]


def test_the_quick_recipe_of_fine_tuning_begins_where_the_other_ends() -> None:
    recipe = load_any_recipe(RECIPES / "quick-lora.yaml")
    assert isinstance(recipe, LoraRecipe)
    assert recipe.base == "runs/quick/best"


def test_the_rows_of_a_repeated_source_come_again_in_other_keys() -> None:
    row = next(row for row in read_rows(ROWS / "train-00000.jsonl") if row.instruction.startswith("continue"))
    texts = {times: list(variants(row, 0, batch_of(row, times))) for times in (0, 1)}
    assert [len(found) for found in texts.values()] == [3, 6]
    assert texts[1][:3] == texts[0]
    assert texts[1][0] == texts[1][3] == row.text
    assert set(texts[1][1:3]) != set(texts[1][4:])


def batch_of(row: StoredRow, times: int) -> Batch:
    return Batch(0, (row,), 2, (row.source,) * times, 1, ROWS, 512)


def test_a_corpus_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text("name: tiny\ndata: {corpora: [music]}\ntraining: {steps: 1}\n")
    assert run(["train", str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 4
    assert str(tmp_path / "music") in capsys.readouterr().err
