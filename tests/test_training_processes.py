"""Two processes of `accelerate launch`, which talk through gloo, train to the losses of a single one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tiny_lora import write_lora
from tiny_run import RECIPE, write_corpus

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / "models" / "recipes" / "accelerate"


SCRIPT = """\
import os
import sys
from pathlib import Path
from chordllama.training.lora import fine_tune
from chordllama.training.lora_recipe import LoraRecipe
from chordllama.training.pretrain import pretrain
from chordllama.training.run import load_any_recipe

path, out = map(Path, sys.argv[1:])
recipe = load_any_recipe(path)
Path(f"{out}-process-{os.environ.get('RANK', 'alone')}").touch()
if isinstance(recipe, LoraRecipe):
    fine_tune(recipe, path.parent, out)
else:
    pretrain(recipe, [path.parent / "songs"], out)
"""
Losses = list[tuple[int, float | None, float | None]]


def train(recipe: Path, out: Path, *launcher: str) -> Losses:
    """The losses of a run in processes of its own."""
    (recipe.parent / "train.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, *launcher, str(recipe.parent / "train.py"), str(recipe), str(out)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'server'}", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    took_part = sorted(path.name.rpartition("-")[2] for path in out.parent.glob(f"{out.name}-process-*"))
    assert took_part == (["0", "1"] if launcher else ["alone"])
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["step"], row["loss"], row["validation_loss"]) for row in rows]


def launcher() -> list[str]:
    """Two processes on this machine, at any port that is free."""
    settings = ["--config_file", str(CONFIGS / "cpu.yaml"), "--main_process_port", "0"]
    return ["-m", "accelerate.commands.launch", *settings, "--num_cpu_threads_per_process", "1"]


def assert_alike(two: Losses, one: Losses, tolerance: float) -> None:
    assert [step for step, _, _ in two] == [step for step, _, _ in one]
    for (_, *losses), (_, *wanted) in zip(two, one, strict=True):
        for loss, expected in zip(losses, wanted, strict=True):
            assert loss == (None if expected is None else pytest.approx(expected, rel=tolerance))


@pytest.mark.slow
def test_two_processes_pretrain_to_the_losses_of_one(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    text = RECIPE.replace("steps: 30", "steps: 4").replace("threads: 1", "threads: 1\n  precision: float32")
    recipe.write_text(text.replace("validate_every: 10", "validate_every: 2").replace("every: 5", "every: 2"))
    write_corpus(tmp_path / "songs")
    one = train(recipe, tmp_path / "one")
    two = train(recipe, tmp_path / "two", *launcher())
    assert one[-1][0] == 4
    assert_alike(two, one, 1e-4)


@pytest.mark.slow
def test_two_processes_fine_tune_to_the_losses_of_one(tmp_path: Path) -> None:
    """Half of the rows at a time in each, which are together those of one process."""
    recipe = write_lora(tmp_path)
    text = recipe.read_text().replace("steps: 6", "steps: 2")
    recipe.write_text(text)
    one = train(recipe, tmp_path / "one")
    recipe.write_text(text.replace("batch_rows: 2", "batch_rows: 1"))
    two = train(recipe, tmp_path / "two", *launcher())
    assert one[-1][0] == 2
    assert_alike(two, one, 1e-4)


@pytest.mark.parametrize("name", ["cpu", "ddp", "fsdp"])
def test_accelerate_knows_every_key_of_the_configurations(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    values = YAML(typ="safe", pure=True).load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    loaded = load_config_from_file(str(CONFIGS / f"{name}.yaml"))
    assert loaded.num_processes == 2
    assert str(loaded.distributed_type).endswith(values["distributed_type"])
