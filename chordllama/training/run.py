"""A recipe carried out: training, then export. Knows the order of the steps; each is a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from chordllama.errors import ModelError
from chordllama.terminal import say, show_training
from chordllama.training.corpus import corpus_folder
from chordllama.training.export import export
from chordllama.training.lora import fine_tune
from chordllama.training.lora_recipe import LoraRecipe, load_lora_recipe
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import Recipe, load_recipe
from chordllama.training.recipe_reader import read_yaml

QUANTISATIONS = ("q4_k_m",)
PRETRAIN = "pretrain"
LOADERS: Mapping[str, Callable[[Path], Recipe | LoraRecipe]] = {PRETRAIN: load_recipe, "lora": load_lora_recipe}


def load_any_recipe(path: Path) -> Recipe | LoraRecipe:
    """Read a recipe of the kind that it names; without one it is pretrain. Raises ModelError."""
    values = read_yaml(path)
    kind = values.get("kind", PRETRAIN) if isinstance(values, dict) else PRETRAIN
    if kind not in LOADERS:
        raise ModelError(f'{path}: found the kind "{kind}", wanted {" or ".join(LOADERS)}')
    return LOADERS[kind](path)


def carry_out(recipe: Recipe | LoraRecipe, out: Path, data: Path, *, resume: bool = False) -> list[Path]:
    """Train by a recipe of either kind; returns what is there then: GGUF files, or the folder of the merged model."""
    if isinstance(recipe, LoraRecipe):
        with show_training() as step:
            return [fine_tune(recipe, data, out, resume, step, lambda text: say("training", text))]
    return train_recipe(recipe, out, data, resume=resume)


def train_recipe(recipe: Recipe, out: Path, data: Path, *, resume: bool = False) -> list[Path]:
    """Train by `recipe` in the folder `out`, on built corpora below `data`; returns the GGUF files, f16 first.

    With `resume` the run in `out` goes on where it stopped.

    Raises:
        ModelError: a corpus is missing, a run is there already, or an export isn't what was trained.
    """
    with show_training() as step:
        pretrain(recipe, [corpus_folder(name, data) for name in recipe.data.corpora], out, resume, step)
    return [file.path for file in export(out, out, QUANTISATIONS, lambda text: say("exported", text))]
