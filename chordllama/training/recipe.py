"""A training run as one frozen value, read from one YAML file. Knows what a recipe may say, nothing about torch or scores.

The dataclasses below are the table: a key's name, type and default stand there once, and the reader walks them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from chordllama.training.recipe_reader import Rule, build, check, read_yaml

HEAD_SIZE = 128
"""Width of one attention head: on a CPU attention with 128 is 1.7 times as fast as with 64."""

SUPERBLOCK = 256
"""K-quants pack 256 weights of a row together; other row lengths fall back to a larger or a worse type."""

LARGEST_VOCABULARY = 65_536
"""Packed tokens are unsigned 16-bit numbers."""

Precision = Literal["bf16", "float32"]
Device = Literal["auto", "cuda", "mps", "cpu"]


@dataclass(frozen=True, slots=True)
class DataRecipe:
    """Which rows: built corpora (folders below the data folder), and how they are used for training.

    `transpositions`: so many other keys of each row of music. `repeated`: sources whose rows count once more for each time that
    they are named here.
    """

    corpora: tuple[str, ...]
    transpositions: int = 0
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenizerRecipe:
    """How many pieces, and whether one piece may hold several words."""

    vocabulary: int = 4096
    across_spaces: bool = False


@dataclass(frozen=True, slots=True)
class ModelRecipe:
    """The shape of the Llama; `heads` are `HEAD_SIZE` wide, embeddings are tied; `dropout` is that of attention, in training."""

    hidden_size: int = 256
    layers: int = 6
    heads: int = 2
    key_value_heads: int = 1
    feed_forward: int = 1024
    context: int = 2048
    rope_theta: float = 500_000.0
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """How to train. Lengths and sizes are in tokens, `warmup` and `..._every` in steps, `minutes` in wall-clock minutes.

    With `minutes` the run ends at the step limit or when the time is used up, whichever comes first, and the learning
    rate falls in step with that; how far it gets then depends on the machine, so such a run is not repeatable to the bit.
    With `patience` it also ends after so many validations without a lower loss. `device` auto is the best that there is.
    """

    steps: int
    minutes: float | None = None
    batch_tokens: int = 8192
    micro_batch_tokens: int = 4096
    sequence_length: int = 1024
    learning_rate: float = 2e-3
    final_learning_rate_share: float = 0.05
    warmup: int = 100
    weight_decay: float = 0.1
    gradient_clip: float = 1.0
    precision: Precision = "bf16"
    device: Device = "auto"
    threads: int = 2
    compile: bool = False
    validate_every: int = 100
    validation_tokens: int = 32_768
    checkpoint_every: int = 100
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run: everything that decides its outcome but the texts themselves.

    `licence` is what the model may be used under, as SPDX or the Hugging Face hub names it: that of its texts' rights.
    """

    name: str
    data: DataRecipe
    training: TrainingRecipe
    kind: Literal["pretrain"] = "pretrain"
    licence: str = ""
    seed: int = 1
    tokenizer: TokenizerRecipe = field(default_factory=TokenizerRecipe)
    model: ModelRecipe = field(default_factory=ModelRecipe)

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, ready for JSON."""
        values = asdict(self)
        values["data"] |= {"corpora": list(self.data.corpora), "repeated": list(self.data.repeated)}
        return values


RULES: tuple[Rule[Recipe], ...] = (
    (lambda r: bool(r.name) and r.name == Path(r.name).name, "name must be usable as a file name"),
    (lambda r: 0 <= r.seed < 2**32, "seed must be from 0 to 2**32 - 1"),
    (lambda r: r.data.transpositions >= 0, "data.transpositions must be 0 or more"),
    (lambda r: 0 <= r.model.dropout < 1, "model.dropout must be from 0 to below 1"),
    (lambda r: r.training.patience is None or r.training.patience > 0, "training.patience must be above 0"),
    (
        lambda r: 512 <= r.tokenizer.vocabulary <= LARGEST_VOCABULARY,
        f"tokenizer.vocabulary must be from 512 to {LARGEST_VOCABULARY}",
    ),
    (lambda r: _multiple(r.model.hidden_size, SUPERBLOCK), f"model.hidden_size must be a multiple of {SUPERBLOCK}"),
    (lambda r: _multiple(r.model.feed_forward, SUPERBLOCK), f"model.feed_forward must be a multiple of {SUPERBLOCK}"),
    (
        lambda r: _multiple(r.model.heads * HEAD_SIZE, SUPERBLOCK),
        f"model.heads × {HEAD_SIZE} must be a multiple of {SUPERBLOCK}",
    ),
    (
        lambda r: r.model.key_value_heads > 0 and _multiple(r.model.heads, r.model.key_value_heads),
        "model.heads must be a multiple of model.key_value_heads",
    ),
    (lambda r: r.model.layers > 0, "model.layers must be above 0"),
    (lambda r: r.model.rope_theta > 0, "model.rope_theta must be above 0"),
    (
        lambda r: 16 <= r.training.sequence_length <= r.model.context,
        "training.sequence_length must be from 16 to model.context",
    ),
    (lambda r: r.training.steps > 0, "training.steps must be above 0"),
    (lambda r: r.training.minutes is None or r.training.minutes > 0, "training.minutes must be above 0"),
    (
        lambda r: _multiple(r.training.micro_batch_tokens, r.training.sequence_length),
        "training.micro_batch_tokens must be a multiple of training.sequence_length",
    ),
    (
        lambda r: _multiple(r.training.batch_tokens, r.training.micro_batch_tokens),
        "training.batch_tokens must be a multiple of training.micro_batch_tokens",
    ),
    (lambda r: r.training.learning_rate > 0, "training.learning_rate must be above 0"),
    (
        lambda r: 0 <= r.training.final_learning_rate_share <= 1,
        "training.final_learning_rate_share must lie between 0 and 1",
    ),
    (lambda r: r.training.warmup >= 0, "training.warmup must be 0 or more"),
    (lambda r: r.training.weight_decay >= 0, "training.weight_decay must be 0 or more"),
    (lambda r: r.training.gradient_clip > 0, "training.gradient_clip must be above 0"),
    (lambda r: r.training.threads > 0, "training.threads must be above 0"),
    (lambda r: r.training.validate_every > 0, "training.validate_every must be above 0"),
    (lambda r: r.training.validation_tokens > 0, "training.validation_tokens must be above 0"),
    (lambda r: r.training.checkpoint_every > 0, "training.checkpoint_every must be above 0"),
)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe from a YAML file.

    Raises ModelError: the file can't be read, a key is unknown or missing, a value has the wrong type or breaks a rule.
    """
    return check(build(Recipe, read_yaml(path), str(path)), RULES, path)


def _multiple(number: int, unit: int) -> bool:
    return number > 0 and number % unit == 0
