"""`chordllama train` from scores to a 4-bit model, on the small scores of tests/data."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from small_scores import TEXTS, small_score

from chordllama.cli import run
from chordllama.tasks.music_rows import FEWEST_BARS, rows

RECIPE = """
name: tiny
seed: 1
data: {corpora: [music], transpositions: 4, repeated: [small]}
tokenizer: {vocabulary: 512, across_spaces: true}
model: {hidden_size: 256, layers: 1, heads: 2, key_value_heads: 1, feed_forward: 256, context: 512}
training: {steps: 6, batch_tokens: 1024, micro_batch_tokens: 1024, sequence_length: 256, learning_rate: 0.003, warmup: 2,
  validate_every: 3, validation_tokens: 512, checkpoint_every: 3, threads: 1, precision: float32}
"""


LONG = [name for name in sorted(TEXTS) if len(small_score(name).bars) >= FEWEST_BARS]


def write_corpus(corpus: Path) -> None:
    """Rows of the small scores, as `corpus build` writes them."""
    (corpus / "data").mkdir(parents=True)
    for split, names in (("train", LONG[1:]), ("validation", LONG[:1])):
        found = [
            {"task": "music", "source": "small", **row._asdict()}
            for name in names
            for row in rows(small_score(name), {}, len, 3000, random.Random(name))
        ]
        assert found
        path = corpus / "data" / f"{split}-0.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in found))


def test_one_command_leads_from_scores_to_a_4_bit_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe, out = tmp_path / "tiny.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)
    write_corpus(tmp_path / "music")
    data = str(tmp_path)
    assert run(["train", str(recipe), "--data", data, "--out", str(out)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert [path.name for path in written] == ["tiny-f16.gguf", "tiny-q4_k_m.gguf"]
    assert all(path.read_bytes()[:4] == b"GGUF" for path in written)
    assert json.loads((out / "run.json").read_text())["seed"] == 1
    assert run(["train", str(recipe), "--data", data, "--out", str(out), "--resume"]) == 0


def test_a_corpus_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE)
    assert run(["train", str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 4
    assert str(tmp_path / "music") in capsys.readouterr().err
