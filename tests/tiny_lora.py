"""A fine-tuning run, as small as it can be: its recipe, its rows, and a random base. Knows no tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.random_llama import write_random_llama

RECIPE = """\
kind: lora
name: tiny
base: {base}
seed: 3
data: {{rows: [rows]}}
training:
  steps: 6
  batch_rows: 2
  accumulation: 1
  sequence_length: 128
  learning_rate: 0.01
  warmup: 1
  validate_every: 2
  checkpoint_every: 2
  validation_rows: 4
  threads: 1
"""


def row(number: int, split: str) -> dict[str, Any]:
    pitches = [f"{'cdefgab'[(number + step) % 7]}44" for step in range(6)]
    return {
        "task": "music" if number % 2 else "lyrics",
        "instruction": "continue: 1 open\n",
        "input": f"parts:\n 1: clef=G2\n1: {' '.join(pitches[:3])}\n",
        "output": f"-1: {' '.join(pitches[3:])}\n0:",
        "split": split,
        "source": "second" if number % 3 else "first",
        "licence": "CC0-1.0",
    }


def write_lora(folder: Path) -> Path:
    """Write rows, base and recipe into a folder; returns the recipe's path."""
    (folder / "rows").mkdir()
    for split, count in (("train", 40), ("validation", 6)):
        lines = [json.dumps(row(number, split)) + "\n" for number in range(count)]
        (folder / "rows" / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    texts = [row(n, "train")["input"] + row(n, "train")["output"] for n in range(40)]
    base = write_random_llama(folder / "base", texts, vocabulary=320)
    (folder / "recipe.yaml").write_text(RECIPE.format(base=base), encoding="utf-8")
    return folder / "recipe.yaml"
