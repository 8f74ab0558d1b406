"""The folder of a training run: what it says of itself, checkpoints, the best weights, the log. Knows no loop and no data.

Each of them appears whole, under its final name, or not at all.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chordllama.errors import ChordLlamaError, ModelError
from chordllama.system.files import write_atomically
from chordllama.training.lora_recipe import LoraRecipe
from chordllama.training.recipe import Recipe

BEST, CHECKPOINTS, DATA, TOKENIZER, LOG, RUN = "best", "checkpoints", "data", "tokenizer", "log.jsonl", "run.json"
HELD_OUT = "held-out.jsonl"
"""Some rows that the model isn't trained on, which an export is measured with."""
HELD_OUT_ROWS = 64
PACKAGES = ("torch", "transformers", "tokenizers")
KEPT_CHECKPOINTS = 2
CANNOT_WRITE = ("PytorchStreamWriter", "inline_container", "No space left", "File too large")
"""How torch says that a file can't be written."""


def claim(
    recipe: Recipe | LoraRecipe,
    data_sha256: str,
    out: Path,
    resume: bool,
    packages: Sequence[str] = PACKAGES,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write run.json, with the versions of `packages` and other `facts`, or check that the one there describes the same run.

    Raises ModelError: it describes another one, or the same and is not to be resumed.
    """
    identity = {"recipe": recipe.as_dict(), "data_sha256": data_sha256}
    path = out / RUN
    if path.exists():
        _check_same_run(json.loads(path.read_text(encoding="utf-8")), identity, out, resume)
        return
    out.mkdir(parents=True, exist_ok=True)
    about = {"name": recipe.name, "seed": recipe.seed, "commit": commit(), **facts}
    versions = {package: version(package) for package in packages}
    _write_json(path, {**about, **identity, "versions": versions})


def _check_same_run(found: dict[str, Any], wanted: dict[str, Any], out: Path, resume: bool) -> None:
    if not resume:
        raise ModelError(
            f"{out}: holds a run already", hint="Go on with --resume, or choose another folder with --out."
        )
    if found.get("data_sha256") != wanted["data_sha256"]:
        raise ModelError(f"{out}: the run can't be resumed", cause="the rows have changed since it started")
    if _decisive(found["recipe"]) != _decisive(wanted["recipe"]):
        raise ModelError(f"{out}: the run can't be resumed", cause="the recipe has changed since it started")


def _decisive(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe without what may change between two halves of a run."""
    free = ("threads", "minutes", "compile", "checkpoint_every", "device")
    return {**recipe, "training": {key: value for key, value in recipe["training"].items() if key not in free}}


def commit() -> str | None:
    """Return the commit of the source tree this module stands in, None for an installed package."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _write_json(path: Path, value: object) -> None:
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def save_weights(model: Any, path: Path) -> None:
    """Write the weights; the tied output layer is not stored a second time."""
    from safetensors.torch import save_file

    weights = {name: value for name, value in model.state_dict().items() if name != "lm_head.weight"}
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors makes files that only their owner can read


@contextmanager
def full_disk_named(out: Path) -> Iterator[None]:
    """Raise what torch and safetensors raise where they can't write as an error in words; the half-written file lies under another name."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(words in str(error) for words in CANNOT_WRITE):
            raise
        cause = " ".join(str(error).split())[:300]
        hint = "make room on the disk, and go on with --resume"
        raise ChordLlamaError(f"{out} can't be written", cause=cause, hint=hint) from error


def save_best(model: Any, out: Path) -> None:
    """Keep the weights in `best`. The folder appears whole; later only the weights change, and they in one rename."""
    best = out / BEST
    if best.exists():
        part = out / "best.safetensors.part"
        save_weights(model, part)
        part.replace(best / "model.safetensors")
        return
    folder = out / "best.part"
    shutil.copytree(out / TOKENIZER, folder)
    accompany(out, folder)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    save_weights(model, folder / "model.safetensors")
    folder.replace(best)


def keep_held_out(rows: Sequence[tuple[str, str, str]], out: Path) -> None:
    """Keep some rows of instruction, input and output, evenly chosen, beside the run."""
    chosen = rows[:: max(1, len(rows) // HELD_OUT_ROWS)][:HELD_OUT_ROWS]
    lines = (json.dumps(dict(zip(("instruction", "input", "output"), row, strict=True))) + "\n" for row in chosen)
    write_atomically(out / HELD_OUT, "".join(lines).encode("utf-8"))


def accompany(out: Path, folder: Path) -> None:
    """Copy what belongs to every model of a run into the model's folder: what the run says of itself, and held-out rows."""
    for name in (RUN, HELD_OUT):
        shutil.copy(out / name, folder / name)


def keep_checkpoints(out: Path) -> None:
    """Remove all checkpoints but the last ones."""
    for old in checkpoints(out)[:-KEPT_CHECKPOINTS]:
        shutil.rmtree(old)


def checkpoints(out: Path) -> list[Path]:
    """Return the whole checkpoints, oldest first."""
    return sorted(path for path in (out / CHECKPOINTS).glob("step-*") if path.suffix != ".part")


def sweep(out: Path) -> None:
    """Remove what a killed run left half-written."""
    for part in [*out.glob("*.part"), *out.glob("*/*.part"), *out.glob("**/.*.tmp")]:
        shutil.rmtree(part) if part.is_dir() else part.unlink()


def rewind_log(log: Path, step: int) -> None:
    """Keep the lines up to a step. The last one may be cut off, if the run was killed while writing it."""
    if not log.exists():
        return
    kept = [line for line in log.read_text(encoding="utf-8").splitlines() if _logged_step(line) <= step]
    write_atomically(log, "".join(line + "\n" for line in kept).encode("utf-8"))


def _logged_step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except ValueError:
        return math.inf
