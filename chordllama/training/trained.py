"""A trained model as a folder: its weights' place, shape, and what it says of itself. Knows the layout of runs; no tensors and no tokens.

A folder from elsewhere, as the Hugging Face hub has it, is a trained model too, of which less is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chordllama.errors import ModelError
from chordllama.system.resources import resource
from chordllama.training.folder import BEST, HELD_OUT, RUN

ARCHITECTURE = "llama"


@dataclass(frozen=True, slots=True)
class Trained:
    """`folder` holds config.json, tokenizer.json and weights; `about` is its run.json, empty for a model from elsewhere."""

    folder: Path
    name: str
    config: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe as plain values; empty where none is known."""
        found: Mapping[str, Any] = self.about.get("recipe", {})
        return found

    @property
    def licence(self) -> str:
        """What the model may be used under; "" where nothing is known, and then nothing is claimed."""
        return str(self.recipe.get("licence", ""))

    @property
    def sources(self) -> Sequence[Mapping[str, Any]]:
        """The sources of its rows: name, licence, rows. For runs that didn't note them the names of its corpora."""
        noted: Sequence[Mapping[str, Any]] = self.about.get("sources", ())
        data = self.recipe.get("data", {})
        return noted or [{"name": name} for name in [*data.get("corpora", ()), *data.get("rows", ())]]

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together: what was trained, not what the shape would allow."""
        possible = int(self.config["max_position_embeddings"])
        return min(possible, int(self.recipe.get("training", {}).get("sequence_length", possible)))

    @property
    def held_out(self) -> Path:
        """Rows that the model wasn't trained on; for a model from elsewhere the bundled ones."""
        own = self.folder / HELD_OUT
        return own if own.exists() else resource("models/recipes/rows/quick/data/validation-00000.jsonl")


def trained(run: Path) -> Trained:
    """Return the model of a run, its best weights, or of a Hugging Face folder. Raises ModelError: there is none, or it is no Llama."""
    folder = _folder(run)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != ARCHITECTURE:
        raise ModelError(f"{folder}: found a {config.get('model_type')} model, wanted a {ARCHITECTURE}")
    noted = folder / RUN
    about = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
    return Trained(folder, str(about.get("name") or run.resolve().name), config, about)


def _folder(run: Path) -> Path:
    for folder in (run / BEST, run):
        if (folder / "config.json").exists() and any(folder.glob("*.safetensors")):
            return folder
    raise ModelError(f"{run}: holds no trained model", cause="there are no config.json and *.safetensors in it")
