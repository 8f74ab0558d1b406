"""What a run shows besides its log: the curve as a picture, TensorBoard's events, and Weights & Biases where the user has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chordllama.training import trackers
from chordllama.training.run import draw_curve
from chordllama.training.step_report import StepReport
from chordllama.training.trackers import figures, has_wandb, tracked


def report(step: int, held_out: float | None = None) -> StepReport:
    return StepReport(step, 4, step / 4, 3.0 - step / 2 if step else None, 0.001, 100.0, float(step), held_out)


def test_the_curve_is_a_picture_of_both_losses(tmp_path: Path) -> None:
    lines = [
        {"step": step, "loss": 3.0 - step, "validation_loss": 3.1 - step if step % 2 == 0 else None}
        for step in range(3)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "run.json").write_text('{"name": "tiny"}')
    data = draw_curve(tmp_path).read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 5000
    (tmp_path / "log.jsonl").write_text(json.dumps(lines[0]) + "\n")
    assert draw_curve(tmp_path).read_bytes() != data


def test_a_figure_that_a_step_has_not_is_left_out() -> None:
    assert set(figures(report(0))) == {"learning rate", "tokens a second"}
    assert figures(report(2, held_out=1.5))["loss/held out"] == 1.5


def events(folder: Path, label: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read: Any = EventAccumulator(str(folder))
    read.Reload()
    return [(event.step, event.value) for event in read.Scalars(label)]


def test_tensorboard_reads_what_a_run_and_its_second_half_tell(tmp_path: Path) -> None:
    with tracked("tiny", {}, tmp_path) as tell:
        for step in range(4):
            tell(report(step, held_out=1.0 if step == 2 else None))
    with tracked("tiny", {}, tmp_path) as tell:  # goes on after a checkpoint of step 2
        for step in (3, 4):
            tell(report(step))
    assert events(tmp_path / "tensorboard", "loss/training") == [(1, 2.5), (2, 2.0), (3, 1.5), (4, 1.0)]
    assert events(tmp_path / "tensorboard", "loss/held out") == [(2, 1.0)]


def test_weights_and_biases_is_told_only_where_the_user_set_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(trackers, "find_spec", lambda _name: object())
    assert not has_wandb()
    monkeypatch.setenv("WANDB_API_KEY", "key")
    assert has_wandb()
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert not has_wandb()
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("WANDB_MODE", "online")
    (tmp_path / ".netrc").write_text("machine api.wandb.ai login user password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert has_wandb()
    monkeypatch.setattr(trackers, "find_spec", lambda _name: None)
    assert not has_wandb()


def test_weights_and_biases_gets_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: its library writes a folder that can be sent later."""
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    with tracked("tiny", {"seed": 1}, tmp_path) as tell:
        tell(report(1))
    assert list(tmp_path.glob("wandb/offline-run-*/*.wandb"))
