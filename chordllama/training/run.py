"""A recipe carried out: training, then export. Knows the order of the steps; each is a module of its own."""

from __future__ import annotations

from pathlib import Path

from chordllama.terminal import show_training
from chordllama.training.export import export
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import Recipe

QUANTISATIONS = ("q4_k_m",)


def train_recipe(recipe: Recipe, out: Path, data: Path, *, resume: bool = False) -> list[Path]:
    """Train by `recipe` in the folder `out`, on built corpora below `data`; returns the GGUF files, f16 first.

    With `resume` the run in `out` goes on where it stopped.

    Raises:
        ModelError: a corpus is missing, a run is there already, or an export isn't what was trained.
    """
    with show_training() as step:
        pretrain(recipe, [data / name for name in recipe.data.corpora], out, resume, step)
    return export(out, out, QUANTISATIONS)
