"""A recipe carried out: texts, training, export. Knows the order of the steps; each is a module of its own."""

from __future__ import annotations

from pathlib import Path

from chordllama.terminal import show_scores, show_training
from chordllama.training.export import export
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import Recipe
from chordllama.training.texts import build_texts

QUANTISATIONS = ("q4_k_m",)


def train_recipe(recipe: Recipe, out: Path, data: Path, *, resume: bool = False) -> list[Path]:
    """Train by `recipe` in the folder `out`, on sources below `data`; returns the GGUF files, f16 first.

    With `resume` the run in `out` goes on where it stopped.

    Raises:
        ModelError: a source is missing, a run is there already, or an export isn't what was trained.
    """
    out.mkdir(parents=True, exist_ok=True)
    texts = out / "texts.jsonl"
    if not texts.exists():
        with show_scores() as progress:
            build_texts(recipe.data, data, texts, recipe.seed, progress)
    with show_training() as step:
        pretrain(recipe, texts, out, resume, step)
    return export(out, out, QUANTISATIONS)
