"""A fine-tuning run as one frozen value: a base model, rows of prompts with answers, an adapter. Knows nothing of torch.

As in `recipe`, the dataclasses are the table that the reader walks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from chordllama.training.recipe_reader import Rule, build, check, read_yaml

TaskName = Literal["music", "lyrics", "prose"]


@dataclass(frozen=True, slots=True)
class RowsRecipe:
    """Which rows: folders or files below `--data`, optionally of one task, of some sources, and of instructions that begin so.

    `maximum_rows` keeps a share of the training rows, chosen by the seed.
    """

    rows: tuple[str, ...]
    task: TaskName | None = None
    sources: tuple[str, ...] | None = None
    instructions: str | None = None
    maximum_rows: int | None = None


@dataclass(frozen=True, slots=True)
class AdapterRecipe:
    """Low-rank matrices beside all linear layers; `rank_stabilised` scales by alpha / sqrt(rank) (arXiv:2312.03732)."""

    rank: int = 16
    alpha: int = 16
    rank_stabilised: bool = False
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class LoraTrainingRecipe:
    """How to train: a step sees `batch_rows` × `accumulation` packed rows of `sequence_length` tokens.

    `patience` validations in a row without a better loss end the run early. Losses count the answers' tokens only.
    """

    steps: int
    batch_rows: int = 2
    accumulation: int = 4
    sequence_length: int = 2048
    packing: bool = True
    learning_rate: float = 2e-4
    warmup: int = 10
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    gradient_checkpointing: bool = True
    validate_every: int = 50
    validation_rows: int = 128
    checkpoint_every: int = 50
    patience: int | None = None
    threads: int = 2


@dataclass(frozen=True, slots=True)
class LoraRecipe:
    """One fine-tuning run. `base` is a folder or a name on the Hugging Face hub; `four_bit` holds for machines with CUDA.

    `licence` is what the model may be used under, as the hub names it: the base's own, such as llama3.2.
    """

    kind: Literal["lora"]
    name: str
    base: str
    data: RowsRecipe
    training: LoraTrainingRecipe
    licence: str = ""
    seed: int = 1
    four_bit: bool = True
    adapter: AdapterRecipe = field(default_factory=AdapterRecipe)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, ready for JSON."""
        values = asdict(self)
        values["data"] |= {"rows": list(self.data.rows), "sources": self.data.sources and list(self.data.sources)}
        return values


RULES: tuple[Rule[LoraRecipe], ...] = (
    (lambda r: bool(r.name) and r.name == Path(r.name).name, "name must be usable as a file name"),
    (lambda r: bool(r.base), "base must name a model"),
    (lambda r: 0 <= r.seed < 2**32, "seed must be from 0 to 2**32 - 1"),
    (lambda r: r.data.maximum_rows is None or r.data.maximum_rows > 0, "data.maximum_rows must be above 0"),
    (lambda r: r.adapter.rank > 0, "adapter.rank must be above 0"),
    (lambda r: r.adapter.alpha > 0, "adapter.alpha must be above 0"),
    (lambda r: 0 <= r.adapter.dropout < 1, "adapter.dropout must lie between 0 and 1"),
    (lambda r: r.training.steps > 0, "training.steps must be above 0"),
    (lambda r: r.training.batch_rows > 0, "training.batch_rows must be above 0"),
    (lambda r: r.training.accumulation > 0, "training.accumulation must be above 0"),
    (lambda r: r.training.sequence_length >= 16, "training.sequence_length must be 16 or more"),
    (lambda r: r.training.learning_rate > 0, "training.learning_rate must be above 0"),
    (lambda r: r.training.warmup >= 0, "training.warmup must be 0 or more"),
    (lambda r: r.training.weight_decay >= 0, "training.weight_decay must be 0 or more"),
    (lambda r: r.training.gradient_clip > 0, "training.gradient_clip must be above 0"),
    (lambda r: r.training.validate_every > 0, "training.validate_every must be above 0"),
    (lambda r: r.training.validation_rows > 0, "training.validation_rows must be above 0"),
    (
        lambda r: r.training.checkpoint_every % r.training.validate_every == 0,
        "training.checkpoint_every must be a multiple of training.validate_every, so that the best weights are kept",
    ),
    (lambda r: r.training.patience is None or r.training.patience > 0, "training.patience must be above 0"),
    (lambda r: r.training.threads > 0, "training.threads must be above 0"),
)


def load_lora_recipe(path: Path) -> LoraRecipe:
    """Read a recipe of the kind lora. Raises ModelError as `recipe.load_recipe` does."""
    return check(build(LoraRecipe, read_yaml(path), str(path)), RULES, path)
