"""A whole training run, small: trained, killed, resumed."""

from __future__ import annotations

import gzip
import io
import json
import math
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_run import RECIPE, STEPS, row, write_corpus

from chordllama.errors import ModelError
from chordllama.training.packing import cut_at_lines, pack_rows
from chordllama.training.pretrain import batch_rows, learning_rate, pretrain
from chordllama.training.recipe import Recipe, load_recipe
from chordllama.training.run import show_training
from chordllama.training.step_report import StepReport

KILLED_AT = 17

TRAIN = """\
import os, signal, sys
from pathlib import Path
from chordllama.training import pretrain
from chordllama.training.recipe import load_recipe

folder, out, place = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(report):
    if place == "step" and report.step == {killed_at}:
        kill()
    if place == "checkpoint" and report.step == {killed_at} - 3:
        import torch
        save = torch.save
        def half(state, path):
            save(state, path)
            path.write_bytes(path.read_bytes()[:1000])
            kill()
        torch.save = half

pretrain.pretrain(load_recipe(folder / "recipe.yaml"), [folder / "songs"], out, progress=watch)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    write_corpus(folder / "songs")
    return folder


@pytest.fixture(scope="module")
def recipe(folder: Path) -> Recipe:
    return load_recipe(folder / "recipe.yaml")


@pytest.fixture(scope="module")
def run(folder: Path, recipe: Recipe) -> Path:
    """The run that nothing disturbed."""
    pretrain(recipe, [folder / "songs"], folder / "run")
    return folder / "run"


def log(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(run: Path) -> list[tuple[int, float | None, float | None]]:
    return [(row["step"], row["loss"], row["validation_loss"]) for row in log(run)]


def half_written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".tmp")]


def kill_in_the_middle(folder: Path, out: Path, place: str) -> None:
    command = [sys.executable, "-c", TRAIN.format(killed_at=KILLED_AT), str(folder), str(out), place]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_run_learns(run: Path) -> None:
    rows = log(run)
    assert [row["step"] for row in rows] == list(range(STEPS + 1))
    assert rows[0]["validation_loss"] > 1.5 * rows[-1]["validation_loss"]
    assert all(row["tokens_per_second"] > 0 and row["learning_rate"] > 0 for row in rows[1:])


def test_bits_per_byte_are_the_loss_spread_over_the_text(run: Path) -> None:
    counts = json.loads((run / "data" / "validation.json").read_text(encoding="utf-8"))
    last = log(run)[-1]
    bits = last["validation_loss"] * counts["tokens"] / math.log(2)
    assert math.isclose(last["bits_per_byte"], bits / counts["bytes"])


def test_a_run_tells_what_it_was_made_from(run: Path, recipe: Recipe, folder: Path) -> None:
    about = json.loads((run / "best" / "run.json").read_text(encoding="utf-8"))
    assert about == json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert about["recipe"] == recipe.as_dict()
    assert about["seed"] == 7
    assert len(about["data_sha256"]) == 64
    assert str(folder) not in json.dumps(about)


def test_the_best_weights_can_be_loaded_and_have_the_lowest_validation_loss(run: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(run / "best", local_files_only=True)
    shape = (json.loads((run / "data" / "validation.json").read_text(encoding="utf-8"))["rows"], 65)
    ids = torch.from_numpy(np.fromfile(run / "data" / "validation.bin", np.uint16).reshape(shape).astype("int64"))
    wanted = [index * len(ids) // 8 for index in range(8)]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[wanted, :-1]).logits.float()
    pad = model.config.pad_token_id
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[wanted, 1:].flatten(), ignore_index=pad)
    lowest = min(row["validation_loss"] for row in log(run) if row["validation_loss"])
    assert math.isclose(loss.item(), lowest, rel_tol=1e-3)


def test_two_checkpoints_are_kept_and_nothing_half_written(run: Path) -> None:
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-000025", "step-000030"]
    assert not half_written(run)


@pytest.mark.parametrize("place", ["step", "checkpoint"])
def test_a_killed_run_ends_as_if_nothing_had_happened(folder: Path, recipe: Recipe, run: Path, place: str) -> None:
    out = folder / f"killed at a {place}"
    kill_in_the_middle(folder, out, place)
    assert log(out)[-1]["step"] in (KILLED_AT - 2, KILLED_AT)
    assert bool(half_written(out)) == (place == "checkpoint")
    pretrain(recipe, [folder / "songs"], out, resume=True)
    assert curve(out) == curve(run)
    assert not half_written(out)
    assert (out / "best" / "model.safetensors").read_bytes() == (run / "best" / "model.safetensors").read_bytes()


def test_a_complete_run_is_left_as_it_is(folder: Path, recipe: Recipe, run: Path) -> None:
    reports: list[StepReport] = []
    before = (run / "log.jsonl").read_bytes()
    assert pretrain(recipe, [folder / "songs"], run, resume=True, progress=reports.append) == run / "best"
    assert not reports
    assert (run / "log.jsonl").read_bytes() == before


def test_a_run_is_not_overwritten(folder: Path, recipe: Recipe, run: Path) -> None:
    with pytest.raises(ModelError, match="holds a run already"):
        pretrain(recipe, [folder / "songs"], run)


def test_a_run_is_resumed_with_the_same_recipe_and_texts_only(
    folder: Path, recipe: Recipe, run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="the recipe has changed"):
        pretrain(replace(recipe, seed=8), [folder / "songs"], run, resume=True)
    other = tmp_path / "songs"
    shutil.copytree(folder / "songs", other)
    with next(other.glob("data/train-*")).open("a") as file:
        file.write(json.dumps(row("more\nand more\n")) + "\n")
    with pytest.raises(ModelError, match="the rows have changed"):
        pretrain(recipe, [other], run, resume=True)


def test_a_run_without_progress_stops_after_its_patience_and_keeps_the_best(
    folder: Path, recipe: Recipe, tmp_path: Path
) -> None:
    training = replace(recipe.training, steps=1000, learning_rate=0.5, patience=2, validate_every=2, gradient_clip=1e6)
    reports: list[StepReport] = []
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, progress=reports.append)
    losses = [report.validation_loss for report in reports if report.validation_loss is not None]
    assert reports[-1].step < 1000
    assert reports[-1].progress == 1
    assert min(losses[-2:]) >= min(losses[:-2])
    again: list[StepReport] = []
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, resume=True, progress=again.append)
    assert not again


def test_a_run_ends_when_its_minutes_are_used_up(folder: Path, recipe: Recipe, tmp_path: Path) -> None:
    reports: list[StepReport] = []
    training = replace(recipe.training, steps=100_000, minutes=1 / 60)
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, progress=reports.append)
    assert 1 <= reports[-1].seconds < 10
    assert reports[-1].progress == 1
    assert reports[-1].validation_loss is not None
    assert reports[-1].learning_rate < 0.5 * recipe.training.learning_rate


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: wanted instruction, input, output"),
        ('{"instruction": "", "input": 3, "output": ""}', "line 1: wanted instruction, input, output"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(recipe: Recipe, tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "songs" / "data").mkdir(parents=True)
    for split in ("train", "validation"):
        (tmp_path / "songs" / "data" / f"{split}-0.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=words):
        pretrain(recipe, [tmp_path / "songs"], tmp_path / "run")


def test_a_packed_shard_that_is_cut_off_is_named(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "songs" / "data").mkdir(parents=True)
    for split in ("train", "validation"):
        whole = gzip.compress(json.dumps(row("a\nb\n")).encode())
        (tmp_path / "songs" / "data" / f"{split}-0.jsonl.gz").write_bytes(whole[:-9])
    with pytest.raises(ModelError, match=r"train-0\.jsonl\.gz: the rows can't be read"):
        pretrain(recipe, [tmp_path / "songs"], tmp_path / "run")


def test_a_missing_corpus_is_refused_before_anything_is_written(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no rows"):
        pretrain(recipe, [tmp_path / "none"], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_learning_rate_rises_then_falls_to_its_floor(recipe: Recipe) -> None:
    training = replace(recipe.training, steps=100, warmup=10)
    rates = [learning_rate(training, step, (step - 1) / 100) for step in range(1, 101)]
    assert rates[:10] == sorted(rates[:10])
    assert math.isclose(max(rates), training.learning_rate)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert math.isclose(learning_rate(training, 101, 1.0), training.learning_rate * training.final_learning_rate_share)


def test_every_epoch_goes_through_all_rows_in_another_order() -> None:
    drawn = [row for step in range(1, 7) for row in batch_rows(10, 5, step, seed=1)]
    epochs = [drawn[start : start + 10] for start in (0, 10, 20)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len(batch_rows(3, 8, 1, seed=1)) == 8


def test_a_long_document_is_cut_where_a_line_begins() -> None:
    newline = 0
    ids = [1, 5, 5, newline, 6, 6, 6, newline, 7, 7, 7, 7, 7, 7, 7, 7, newline, 2]
    pieces = cut_at_lines(ids, newline, 6)
    assert pieces == [[1, 5, 5, newline], [6, 6, 6, newline], [7] * 6, [7, 7, newline, 2]]


def runs(row: list[int]) -> list[int]:
    """The numbers of a row, each once where it stands several times in a row."""
    return [row[0], *(right for left, right in pairwise(row) if left != right)]


def test_rows_hold_whole_pieces_and_lose_none() -> None:
    dice = random.Random(4)
    pieces = [[number] * dice.randrange(1, 33) for number in range(1, 1000)]
    rows = list(pack_rows(iter(pieces), 0, 32))
    assert max(map(len, rows)) <= 32
    assert sorted(number for row in rows for number in row) == sorted(number for piece in pieces for number in piece)
    assert sorted(number for row in rows for number in runs(row)) == list(range(1, 1000))
    assert sum(map(len, rows)) > 0.97 * 32 * len(rows)


def test_pieces_that_fit_together_badly_are_cut_at_lines() -> None:
    newline = 0
    pieces = [[number, number, newline] * 7 for number in range(1, 1000)]
    rows = list(pack_rows(iter(pieces), newline, 32))
    assert max(map(len, rows)) <= 32
    assert sum(map(len, rows)) == sum(map(len, pieces))
    assert all(row[-1] == newline and len(row) % 3 == 0 for row in rows)
    assert sum(map(len, rows)) > 0.9 * 32 * len(rows)


@pytest.mark.parametrize("watched", [True, False])
def test_training_tells_how_far_it_is_to_who_watches_and_each_validation_to_all(
    monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    told = io.StringIO()
    monkeypatch.setattr(told, "isatty", lambda: watched)
    monkeypatch.setattr(sys, "stderr", told)
    report = StepReport(40, 1000, 0.08, 2.3456, 1e-3, 12_345.6, 9.0)
    with show_training() as show:
        show(report)
        show(replace(report, validation_loss=2.5, bits_per_byte=0.75))
    # by its minutes it is at 8 %, so that it won't have more than 500 steps
    assert ("40/500 steps, loss 2.346, 12,346 tokens/s" in told.getvalue()) is watched
    assert "step 40: held-out loss 2.5000 nats a token, 0.7500 bits a byte" in told.getvalue()
