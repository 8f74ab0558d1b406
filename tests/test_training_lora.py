"""Fine-tuning: a tiny random Llama of Llama 3's kind, trained, killed, resumed, merged and exported through the real path."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tiny_lora import RECIPE, row, write_lora

from chordllama.cli import run as command
from chordllama.errors import ModelError
from chordllama.tasks.prompt_templates import wording
from chordllama.training.lora import fine_tune
from chordllama.training.lora_recipe import LoraRecipe, load_lora_recipe
from chordllama.training.packed_rows import files_of, read_rows, token_rows

ROOT = Path(__file__).parents[1]
TRAIN = """\
import os, signal, sys
from pathlib import Path
from chordllama.training.lora import fine_tune
from chordllama.training.lora_recipe import load_lora_recipe

folder, out, killed_at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def watch(report):
    if report.step == killed_at:
        os.kill(os.getpid(), signal.SIGKILL)

fine_tune(load_lora_recipe(folder / "recipe.yaml"), folder, out, progress=watch)
"""


def rows_of(recipe: LoraRecipe, folder: Path) -> dict[str, list[dict[str, str]]]:
    return read_rows(recipe.data, files_of(recipe.data, folder), recipe.seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lora(tmp_path_factory.mktemp("lora")).parent


@pytest.fixture(scope="module")
def recipe(folder: Path) -> LoraRecipe:
    return load_lora_recipe(folder / "recipe.yaml")


def run_to(folder: Path, out: Path, killed_at: int) -> int:
    """Train in a process of its own, as the command does, killed at a step (0: never)."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRAIN, str(folder), str(out), str(killed_at)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    assert run_to(folder, folder / "run", 0) == 0
    return folder / "run"


def curve(run: Path) -> list[tuple[int, float | None, float | None]]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["step"], row["loss"], row["validation_loss"]) for row in rows]


@pytest.mark.slow
def test_the_loss_falls_and_the_run_tells_what_it_was_made_from(run: Path, recipe: LoraRecipe) -> None:
    validations = [loss for _, _, loss in curve(run) if loss is not None]
    assert validations[-1] < validations[0]
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert about["recipe"] == json.loads(json.dumps(recipe.as_dict()))
    assert about["engine"] == "peft"
    assert about == json.loads((run / "best" / "run.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_curve(folder: Path, run: Path) -> None:
    out = folder / "killed"
    assert run_to(folder, out, 5) == -signal.SIGKILL
    assert not (out / "best").exists()
    broken = out / "checkpoints" / "checkpoint-5"
    broken.mkdir()
    (broken / "trainer_state.json").write_text('{"global_', encoding="utf-8")
    command = [sys.executable, "-c", TRAIN.replace("progress=watch", "resume=True"), str(folder), str(out), "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, check=True)
    assert curve(out) == curve(run)
    weights = [path / "best" / "model.safetensors" for path in (out, run)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not list(out.glob("*.part"))


@pytest.mark.slow
def test_the_merged_model_is_exported_and_checked(run: Path, tmp_path: Path) -> None:
    assert command(["export", str(run), "--quant", "f16,q8_0", "-o", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-f16.gguf", "tiny-q8_0.gguf"]


def test_what_cannot_be_exported_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["export", str(tmp_path)]) == 4
    assert "holds no trained model" in capsys.readouterr().err
    assert command(["export", str(tmp_path), "--quant", "q1"]) == 4
    assert 'unknown quantisation "q1"' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_complete_run_is_left_as_it_is_and_not_overwritten(folder: Path, recipe: LoraRecipe, run: Path) -> None:
    before = (run / "log.jsonl").read_bytes()
    assert fine_tune(recipe, folder, run, resume=True) == run / "best"
    assert (run / "log.jsonl").read_bytes() == before
    with pytest.raises(ModelError, match="holds a run already"):
        fine_tune(recipe, folder, run)
    with pytest.raises(ModelError, match="the recipe has changed"):
        fine_tune(replace(recipe, seed=4), folder, run, resume=True)


def test_the_loss_counts_the_answer_and_its_end_only(folder: Path, recipe: LoraRecipe) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    first = token_rows(recipe, rows_of(recipe, folder)["train"], tokenizer, "train").rows[0]
    written = [token for token, counts in zip(first["input_ids"], first["completion_mask"], strict=True) if counts]
    given = [token for token, counts in zip(first["input_ids"], first["completion_mask"], strict=True) if not counts]
    assert tokenizer.decode(written) == row(0, "train")["output"] + "<|end_of_text|>"
    assert tokenizer.decode(given) == "<|begin_of_text|>" + row(0, "train")["instruction"] + row(0, "train")["input"]


def test_rows_are_chosen_by_task_and_number(folder: Path, recipe: LoraRecipe) -> None:
    files = files_of(recipe.data, folder)
    chosen = read_rows(replace(recipe.data, task="music", maximum_rows=5), files, seed=1)["train"]
    assert [found["task"] for found in chosen] == ["music"] * 5
    of_source = read_rows(replace(recipe.data, sources=("second",)), files, seed=1)["train"]
    assert {found["source"] for found in of_source} == {"second"}
    with pytest.raises(ModelError, match="no row of the split"):
        read_rows(replace(recipe.data, instructions="vary"), files, seed=1)


def test_rows_that_fit_no_sequence_are_refused(folder: Path, recipe: LoraRecipe) -> None:
    from transformers import AutoTokenizer

    short = replace(recipe, training=replace(recipe.training, sequence_length=16))
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    with pytest.raises(ModelError, match=r"longer than training\.sequence_length"):
        token_rows(short, rows_of(recipe, folder)["train"], tokenizer, "train")


def test_missing_and_broken_rows_are_named(tmp_path: Path, recipe: LoraRecipe) -> None:
    with pytest.raises(ModelError, match="no rows in"):
        files_of(recipe.data, tmp_path)
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "train.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    with pytest.raises(ModelError, match="the rows have no instruction, input, output, split"):
        read_rows(recipe.data, files_of(recipe.data, tmp_path), seed=1)
    (tmp_path / "rows" / "train.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="the rows can't be read"):
        read_rows(recipe.data, files_of(recipe.data, tmp_path), seed=1)


def test_a_base_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chordllama.training.lora_engines import load_base

    with pytest.raises(ModelError, match=r"the base model .*/nothing can't be loaded"):
        load_base(str(tmp_path / "nothing"), None)


@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        ("seed: 3", "sede: 3", 'unknown key "sede"'),
        ("steps: 6", "stepz: 6", 'training: unknown key "stepz"'),
        ("kind: lora", "kind: dora", 'kind: found "dora", wanted lora'),
        ("checkpoint_every: 2", "checkpoint_every: 3", "checkpoint_every must be a multiple"),
        ("rows: [rows]", "rows: [rows], task: painting", "wanted music, lyrics or prose or null"),
    ],
)
def test_a_recipe_that_is_wrong_is_refused(tmp_path: Path, found: str, put: str, message: str) -> None:
    text = RECIPE.format(base="x")
    assert found in text
    (tmp_path / "recipe.yaml").write_text(text.replace(found, put), encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_lora_recipe(tmp_path / "recipe.yaml")
    assert message in str(caught.value)


def test_the_prompt_is_instruction_and_input_on_lines_of_their_own() -> None:
    assert wording("continue: 8 open\n", "1: c4\n") == "continue: 8 open\n1: c4\n"
    assert wording("write", "a song") == "write\na song\n"
    assert wording("", "a song") == "a song\n"


RECIPES = sorted((ROOT / "models" / "recipes").glob("llama-*.yaml"))


def test_every_size_of_llama_has_a_recipe_for_each_task() -> None:
    tasks = ("continue", "lyrics", "music", "prose")
    sizes = ("llama-3-8b", "llama-3.1-8b", "llama-3.2-1b", "llama-3.2-3b")
    assert [path.stem for path in RECIPES] == sorted(f"{size}-{task}" for size in sizes for task in tasks)
    assert all(load_lora_recipe(path).name == f"chordllama-{path.stem.removeprefix('llama-')}" for path in RECIPES)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_fine_tuned_llama_stands_under_the_licence_of_its_base(path: Path) -> None:
    version = path.stem.split("-")[1]
    assert load_lora_recipe(path).licence == f"llama{version}"


def test_a_recipe_of_another_kind_is_refused(tmp_path: Path) -> None:
    from chordllama.training.run import load_any_recipe

    (tmp_path / "recipe.yaml").write_text(RECIPE.format(base="x").replace("kind: lora", "kind: dora"), encoding="utf-8")
    with pytest.raises(ModelError, match='found the kind "dora", wanted pretrain or lora'):
        load_any_recipe(tmp_path / "recipe.yaml")


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks by the old name
def test_rows_that_are_packed_together_do_not_see_each_other(folder: Path, recipe: LoraRecipe, tmp_path: Path) -> None:
    """What the trainer itself hands to the model, beside each row alone: trl fears that it differs without flash attention."""
    import torch

    from chordllama.training.lora import _trainer
    from chordllama.training.lora_engines import choose_engine

    engine = choose_engine()
    model, tokenizer = engine.load(recipe)
    rows = {split: token_rows(recipe, found, tokenizer, split) for split, found in rows_of(recipe, folder).items()}
    trainer = _trainer(recipe, engine, model, tokenizer, rows, tmp_path, lambda _: None)
    batch = next(iter(trainer.get_train_dataloader()))
    starts = [*(batch["position_ids"][0] == 0).nonzero().flatten().tolist(), batch["input_ids"].shape[1]]
    assert len(starts) > 4, "several rows"
    given = {name: value for name, value in batch.items() if name != "labels"}
    with torch.inference_mode():
        packed = trainer.model.eval()(**given, use_cache=False).logits[0]
        for start, end in pairwise(starts):
            alone = trainer.model(input_ids=batch["input_ids"][:, start:end], use_cache=False).logits[0]
            torch.testing.assert_close(packed[start:end], alone, rtol=1e-3, atol=1e-3)
        blind = trainer.model(input_ids=batch["input_ids"], use_cache=False).logits[0]
    assert not torch.allclose(packed[starts[1] :], blind[starts[1] :], atol=1e-2), "the comparison can tell"
