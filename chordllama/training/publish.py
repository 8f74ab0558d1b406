"""An Ollama folder to where others find it: Ollama's registry and the Hugging Face hub. Knows what goes where; trains and writes nothing.

Everything is planned first, and the plan is what a dry run shows.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chordllama.errors import ModelError
from chordllama.system.hub import address_of, uploading
from chordllama.training.ollama_folder import CARD, MODELFILE

OLLAMA = "ollama"
HUB_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Publication:
    """What would be done: commands for Ollama (none where it isn't installed), and files for the hub by their names there."""

    folder: Path
    repository: str
    commands: Sequence[Sequence[str]]
    files: Mapping[str, Path]

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(path.stat().st_size for path in self.files.values())


def plan(folder: Path, repository: str) -> Publication:
    """Return what publishing an Ollama folder under `repository`, e.g. you/chordllama, means. Raises ModelError where it isn't one."""
    missing = [name for name in (MODELFILE, CARD) if not (folder / name).is_file()]
    models = sorted(folder.glob("*.gguf"))
    if missing or not models:
        raise ModelError(
            f"{folder}: is no folder for Ollama",
            cause=f"there is no {missing[0] if missing else '.gguf file'}",
            hint="make one with `chordllama export RUN --ollama`",
        )
    files = {HUB_CARD: folder / CARD, MODELFILE: folder / MODELFILE, **{path.name: path for path in models}}
    return Publication(folder, repository, _commands(folder, repository), files)


def _commands(folder: Path, repository: str) -> list[list[str]]:
    program = shutil.which(OLLAMA)
    if program is None:
        return []
    name = repository.lower()
    return [[program, "create", name, "-f", str(folder / MODELFILE)], [program, "push", name]]


def publish(publication: Publication, private: bool = False) -> str:
    """Do what was planned; returns the model's address on the hub.

    Raises ModelError where Ollama refuses, EndpointError where the hub can't be reached or refuses.
    """
    for command in publication.commands:
        _run(command)
    return _upload(publication, private)


def _run(command: Sequence[str]) -> None:
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode != 0:
        shown = " ".join([OLLAMA, *command[1:]])
        raise ModelError(f"`{shown}` failed", cause=ended.stderr.strip()[-300:] or f"it ended with {ended.returncode}")


def _upload(publication: Publication, private: bool) -> str:
    from huggingface_hub import CommitOperationAdd

    operations = [CommitOperationAdd(name, str(path)) for name, path in publication.files.items()]
    with uploading(publication.repository, "model", private) as hub:
        hub.create_commit(
            publication.repository, operations, commit_message="Model exported by chordllama", repo_type="model"
        )
    return address_of(publication.repository, "model")
