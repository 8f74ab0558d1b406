"""What can't be trained, exported or run ends in words and an exit code, and leaves no model under its final name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_gguf import write_random_llama
from tiny_lora import write_lora
from tiny_run import RECIPE, write_corpus

from chordllama.cli import run

ROOT = Path(__file__).parents[1]
CHORALE = ROOT / "tests" / "data" / "chorale.musicxml"


def train(folder: Path, recipe: str) -> tuple[int, list[Path]]:
    """The exit code of training by a recipe, and what lies in the folder of the run then."""
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    code = run(["train", str(folder / "recipe.yaml"), "--data", str(folder), "--out", str(folder / "run")])
    return code, list((folder / "run").rglob("*"))


def test_a_wrong_key_is_named_beside_the_right_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, RECIPE.replace("steps:", "stepz:")) == (4, [])
    told = capsys.readouterr().err
    assert 'training: unknown key "stepz"' in told
    assert "Allowed keys: steps, minutes" in told


def test_a_model_that_no_memory_holds_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(tmp_path / "songs")
    large = RECIPE.replace("layers: 2", "layers: 1000\n  hidden_size: 262144").replace(
        "256\n  context", "262144\n  context"
    )
    assert train(tmp_path, large) == (4, [])
    told = capsys.readouterr().err
    assert "too little memory for training tiny" in told
    assert "GiB at least" in told
    assert "hint: lower training.micro_batch_tokens" in told


def in_a_process(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", code, *arguments]
    known = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'server'}", "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(words, cwd=ROOT, env=known, check=False, capture_output=True, text=True)


FULL_DISK = """\
import resource, sys
from chordllama.cli import run
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
sys.exit(run(["train", *sys.argv[1:]]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files, which stands in for a full disk")
@pytest.mark.slow
def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(tmp_path: Path) -> None:
    write_corpus(tmp_path / "songs")
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("steps: 30", "steps: 2"), encoding="utf-8")
    words = [str(tmp_path / "recipe.yaml"), "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    ended = in_a_process(FULL_DISK, *words)
    assert ended.returncode == 1, ended.stderr
    assert f"error: {tmp_path / 'run'} can't be written" in ended.stderr
    assert "--resume" in ended.stderr
    assert not (tmp_path / "run" / "best").exists()
    assert run(["train", *words, "--resume"]) == 0
    assert not list((tmp_path / "run").rglob("*.part"))


TRAIN = "import sys; from chordllama.cli import run; sys.exit(run(['train', *sys.argv[1:]]))"


@pytest.mark.slow
def test_a_hub_that_cannot_be_asked_is_said(tmp_path: Path) -> None:
    recipe = write_lora(tmp_path)
    lines = recipe.read_text(encoding="utf-8").splitlines(keepends=True)
    lines = ["base: nobody/nothing\n" if line.startswith("base:") else line for line in lines]
    recipe.write_text("".join(lines), encoding="utf-8")
    words = [str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    ended = in_a_process(TRAIN, *words, HF_HUB_OFFLINE="1")
    assert ended.returncode == 4, ended.stderr
    assert "error: the base model nobody/nothing can't be loaded" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "run" / "best").exists()


@pytest.mark.parametrize("damage", ["cut off", "another architecture", "no GGUF"])
def test_a_model_file_that_is_none_of_ours_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    whole = write_random_llama(tmp_path / "model.gguf").read_bytes()
    damaged = {
        "cut off": whole[: len(whole) // 2],
        "another architecture": whole.replace(b"llama", b"lamma"),
        "no GGUF": b"PK\3\4" + whole,
    }
    (tmp_path / "model.gguf").write_bytes(damaged[damage])
    out = tmp_path / "out.musicxml"
    assert run(["continue", str(CHORALE), "-o", str(out), "--model", str(tmp_path / "model.gguf")]) == 4
    told = capsys.readouterr().err
    assert str(tmp_path / "model.gguf") in told
    words = {"cut off": "cut off or damaged", "another architecture": "lamma", "no GGUF": "is no GGUF file"}
    assert words[damage] in told
    assert not out.exists()
