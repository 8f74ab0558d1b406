"""A whole training run, as small as it can be: its recipe, its songs, and the run itself. Knows no tests."""

from __future__ import annotations

import json
import random
from pathlib import Path

from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import load_recipe

STEPS = 30

RECIPE = f"""\
name: tiny
licence: CC0-1.0
seed: 7
data:
  corpora: [songs]
tokenizer:
  vocabulary: 512
model:
  layers: 2
  feed_forward: 256
  context: 256
training:
  steps: {STEPS}
  batch_tokens: 512
  micro_batch_tokens: 256
  sequence_length: 64
  learning_rate: 0.01
  warmup: 3
  threads: 1
  validate_every: 10
  validation_tokens: 512
  checkpoint_every: 5
"""


def song(dice: random.Random) -> str:
    """A scale that turns back, in lines: enough of a rule to be learnt in thirty steps."""
    start, text = dice.randrange(7), ["title: Lied", "parts:", " 1: clef=G2 Voice"]
    for bar in range(dice.randrange(4, 20)):
        text += [f"{bar + 1}: " + " ".join("abcdefg"[(start + bar + step) % 7] + "4" for step in range(4))]
    return "\n".join(text) + "\n"


def row(text: str) -> dict[str, str]:
    """A row of a corpus; half of the text is the answer."""
    lines = text.splitlines(keepends=True)
    place = len(lines) // 2
    return {
        "task": "songs",
        "source": "made up",
        "licence": "CC0-1.0",
        "instruction": "",
        "input": "".join(lines[:place]),
        "output": "".join(lines[place:]),
    }


def write_corpus(corpus: Path) -> None:
    dice = random.Random(3)
    songs = [song(dice) for _ in range(120)]
    (corpus / "data").mkdir(parents=True)
    for split, first in (("train", 1), ("validation", 0)):
        rows = [row(text) for index, text in enumerate(songs) if bool(index % 10) == bool(first)]
        path = corpus / "data" / f"{split}-00000-of-00001.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


def write_tiny_run(folder: Path) -> Path:
    """Train in a folder that gets recipe, songs and run; returns the run."""
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    write_corpus(folder / "songs")
    pretrain(load_recipe(folder / "recipe.yaml"), [folder / "songs"], folder / "run")
    return folder / "run"
