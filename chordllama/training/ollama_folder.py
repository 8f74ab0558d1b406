"""A folder that `ollama create` takes: the model, its Modelfile, its card, and a README of three lines. Knows files; runs nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from chordllama.training.export import Exported
from chordllama.training.model_card import model_card
from chordllama.training.modelfile import format_modelfile, setup_of
from chordllama.training.trained import trained

CARD, MODELFILE, README = "MODEL_CARD.md", "Modelfile", "README.md"


def write_ollama_folder(run: Path, files: Sequence[Exported], out: Path) -> Path:
    """Write `<name>-ollama` into the folder `out` with the last of the files; it appears whole, in place of an older one.

    Raises ModelError: no trained model in `run`, or a text that a Modelfile can't hold.
    """
    model, chosen = trained(run), files[-1].path
    texts = {
        MODELFILE: format_modelfile(setup_of(model, chosen.name)),
        CARD: model_card(model, files),
        README: three_lines(model.name),
    }
    folder, part = out / f"{model.name}-ollama", out / f"{model.name}-ollama.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        for name, text in texts.items():
            (part / name).write_text(text, encoding="utf-8")
        _link(chosen, part / chosen.name)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def three_lines(name: str) -> str:
    """Return how the folder gets into Ollama; YOU is the reader's name there."""
    place = f"YOU/{name.lower()}"
    return f"    ollama create {place} -f Modelfile\n    ollama push {place}\n    ollama run {place}\n"


def _link(source: Path, target: Path) -> None:
    """The same file under a second name, or a copy where the file system has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
