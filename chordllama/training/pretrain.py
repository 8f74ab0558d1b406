"""Train a small Llama from scratch on a CPU. Knows texts, rows of tokens and checkpoints; no scores, no GGUF.

A run is a folder, and at any moment it can be stopped and resumed:

    run.json             name, seed, commit, hash of the texts, versions, recipe
    tokenizer/           learnt once from the training texts
    data/                the packed rows and data.json with their counts
    checkpoints/         step-000100/ ...: weights, optimizer, step; the last two
    best/                the weights with the lowest validation loss, a Hugging Face folder
    log.jsonl            one line a step

Everything that isn't in a checkpoint (which rows come next, the learning rate) follows from the recipe and the step.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError
from chordllama.files import write_atomically
from chordllama.training.recipe import HEAD_SIZE, Recipe, TrainingRecipe
from chordllama.training.tokenizer import (
    BOS,
    EOS,
    PAD,
    TOKENIZER_FILE,
    load_tokenizer,
    save_tokenizer,
    token_id,
    train_tokenizer,
)

if TYPE_CHECKING:
    import numpy as np
    import torch
    from tokenizers import Tokenizer

SPLITS = ("train", "validation")
KEPT_CHECKPOINTS = 2
OPEN_ROWS = 64
TOKENIZER_CHARACTERS = 30_000_000
"""More text than this does not make a better tokenizer, only a slower start."""

BEST, CHECKPOINTS, DATA, TOKENIZER, LOG, RUN = "best", "checkpoints", "data", "tokenizer", "log.jsonl", "run.json"
PACKAGES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step gave: losses in nats per token, `bits_per_byte` of the validation texts, speed in tokens a second.

    `progress` runs from 0 to 1. The validation figures stand only where the step was followed by a validation.
    """

    step: int
    steps: int
    progress: float
    loss: float | None
    learning_rate: float
    tokens_per_second: float
    seconds: float
    validation_loss: float | None = None
    bits_per_byte: float | None = None


Progress = Callable[[StepReport], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """One split, packed: `ids` has shape (rows, sequence_length + 1); padding is only at a row's end."""

    ids: np.ndarray[Any, Any]
    documents: int
    tokens: int
    bytes: int


def pretrain(recipe: Recipe, texts: Path, out: Path, resume: bool = False, progress: Progress | None = None) -> Path:
    """Train by the recipe on JSON Lines of `{"split": "train" | "validation", "text": str}`; returns `out/best`.

    With `resume` the run in `out` goes on after its last checkpoint, as if it had never stopped; a run that is complete
    is left as it is. `progress` is called after every step.
    Raises ModelError: unreadable texts, a run already in `out`, or one that was started differently.
    """
    _yield_cores()
    _claim(recipe, texts, out, resume)
    tokenizer = _tokenizer(recipe, texts, out)
    rows = {split: _rows(recipe, texts, out, tokenizer, split) for split in SPLITS}
    _Trainer(recipe, out, tokenizer, rows, progress or _silent).run()
    return out / BEST


def _silent(_: StepReport) -> None:
    return None


def _yield_cores() -> None:
    """Let torch's threads sleep while they wait for each other; on cores shared with other programs spinning is many times slower.

    Has to be said before torch is imported for the first time. A wish of the user's own stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


# The run's folder


def _claim(recipe: Recipe, texts: Path, out: Path, resume: bool) -> None:
    """Write run.json, or check that the one that stands there describes the same run."""
    identity = {"recipe": recipe.as_dict(), "texts_sha256": _hash(texts)}
    path = out / RUN
    if path.exists():
        _check_same_run(json.loads(path.read_text(encoding="utf-8")), identity, out, resume)
        return
    out.mkdir(parents=True, exist_ok=True)
    about = {"name": recipe.name, "seed": recipe.seed, "commit": _commit()}
    versions = {package: version(package) for package in PACKAGES}
    _write_json(path, {**about, **identity, "versions": versions})


def _check_same_run(found: dict[str, Any], wanted: dict[str, Any], out: Path, resume: bool) -> None:
    if not resume:
        raise ModelError(
            f"{out}: holds a run already", hint="Go on with --resume, or choose another folder with --out."
        )
    if found.get("texts_sha256") != wanted["texts_sha256"]:
        raise ModelError(f"{out}: the run can't be resumed", cause="the texts have changed since it started")
    if _decisive(found["recipe"]) != _decisive(wanted["recipe"]):
        raise ModelError(f"{out}: the run can't be resumed", cause="the recipe has changed since it started")


def _decisive(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe without what may change between two halves of a run."""
    free = ("threads", "minutes", "compile", "checkpoint_every")
    return {**recipe, "training": {key: value for key, value in recipe["training"].items() if key not in free}}


def _hash(texts: Path) -> str:
    try:
        with texts.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{texts}: the texts can't be read", cause=error.strerror) from error


def _commit() -> str | None:
    """The commit of the source tree this module stands in, None for an installed package."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _write_json(path: Path, value: object) -> None:
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


# Texts, tokenizer, rows


def _texts(path: Path, split: str) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            row = _row(path, number, line)
            if row["split"] == split:
                yield row["text"]


def _row(path: Path, number: int, line: str) -> dict[str, str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ModelError(f"{path}, line {number}: not JSON", cause=str(error)) from error
    if not isinstance(row, dict) or row.get("split") not in SPLITS or not isinstance(row.get("text"), str):
        raise ModelError(f"{path}, line {number}: wanted a split (train, validation) and a text")
    return row


def _tokenizer(recipe: Recipe, texts: Path, out: Path) -> Tokenizer:
    folder = out / TOKENIZER
    if not (folder / TOKENIZER_FILE).exists():
        folder.mkdir(exist_ok=True)
        save_tokenizer(train_tokenizer(_sample(texts), recipe.tokenizer), folder)
    return load_tokenizer(folder)


def _sample(texts: Path) -> Iterator[str]:
    """Every n-th training text, such that about TOKENIZER_CHARACTERS are read."""
    stride = max(1, round(texts.stat().st_size / TOKENIZER_CHARACTERS))
    return islice(_texts(texts, "train"), 0, None, stride)


def _rows(recipe: Recipe, texts: Path, out: Path, tokenizer: Tokenizer, split: str) -> Rows:
    import numpy as np

    folder = out / DATA
    folder.mkdir(exist_ok=True)
    about = folder / f"{split}.json"
    if not about.exists():
        _pack(recipe, texts, folder, tokenizer, split)
    counts = json.loads(about.read_text(encoding="utf-8"))
    shape = (counts.pop("rows"), recipe.training.sequence_length + 1)
    ids = np.memmap(folder / f"{split}.bin", dtype=np.uint16, mode="r", shape=shape)
    return Rows(ids, **counts)


def _pack(recipe: Recipe, texts: Path, folder: Path, tokenizer: Tokenizer, split: str) -> None:
    """Write `<split>.bin` and then, as the sign that it is whole, `<split>.json`."""
    import numpy as np

    length = recipe.training.sequence_length + 1
    pieces, counts = _pieces(_texts(texts, split), tokenizer, length)
    if not pieces:
        raise ModelError(f'{texts}: there is no text for the split "{split}"')
    order = np.random.default_rng([recipe.seed, SPLITS.index(split)]).permutation(len(pieces))
    newline, padding = token_id(tokenizer, "\n"), [token_id(tokenizer, PAD)]
    rows = 0
    part = folder / f"{split}.bin.part"
    with part.open("wb") as file:
        for row in pack_rows((pieces[index].tolist() for index in order), newline, length):
            file.write(np.asarray(row + padding * (length - len(row)), dtype=np.uint16).tobytes())
            rows += 1
    part.replace(folder / f"{split}.bin")
    _write_json(folder / f"{split}.json", {"rows": rows, **counts})


def _pieces(
    texts: Iterator[str], tokenizer: Tokenizer, length: int
) -> tuple[list[np.ndarray[Any, Any]], dict[str, int]]:
    """All documents as `<bos>` text `<eos>`, cut to `length`; and how many documents, tokens and bytes they are."""
    import numpy as np

    bos, eos, newline = (token_id(tokenizer, token) for token in (BOS, EOS, "\n"))
    pieces: list[np.ndarray[Any, Any]] = []
    counts = {"documents": 0, "tokens": 0, "bytes": 0}
    while batch := list(islice(texts, 256)):
        for text, encoding in zip(batch, tokenizer.encode_batch(batch, add_special_tokens=False), strict=True):
            ids = [bos, *encoding.ids, eos]
            pieces.extend(np.asarray(piece, dtype=np.uint16) for piece in cut_at_lines(ids, newline, length))
            counts["documents"] += 1
            counts["tokens"] += len(ids)
            counts["bytes"] += len(text.encode("utf-8"))
    return pieces, counts


def cut_at_lines(ids: list[int], newline: int, length: int) -> list[list[int]]:
    """Cut a document into pieces of at most `length` ids, each beginning at a line's start where a line fits."""
    pieces = []
    while len(ids) > length:
        end = _last_line_end(ids, newline, length) or length
        pieces.append(ids[:end])
        ids = ids[end:]
    return [*pieces, ids]


def _last_line_end(ids: list[int], newline: int, limit: int) -> int:
    """How many ids the lines that fit into `limit` ids have together; 0 where not even one fits."""
    return next((end for end in range(min(limit, len(ids)), 0, -1) if ids[end - 1] == newline), 0)


def pack_rows(pieces: Iterator[list[int]], newline: int, length: int) -> Iterator[list[int]]:
    """Fill rows of at most `length` ids: each piece goes, whole, where it leaves the least room.

    A row that began in the middle of a document would teach to go on without title, parts and key. So a piece is cut, at
    the start of a line, only where it fits nowhere, to fill the row that is given out.
    """
    rows: list[list[int]] = []
    for piece in pieces:
        if len(rows) >= OPEN_ROWS and not any(len(row) + len(piece) <= length for row in rows):
            row = rows.pop(max(range(len(rows)), key=lambda index: len(rows[index])))
            end = _last_line_end(piece, newline, length - len(row))
            yield row + piece[:end]
            piece = piece[end:]
        fitting = [row for row in rows if len(row) + len(piece) <= length]
        if not fitting:
            fitting = [[]]
            rows += fitting
        max(fitting, key=len).extend(piece)
    yield from rows


# What follows from the recipe and the step alone


def learning_rate(training: TrainingRecipe, step: int, progress: float) -> float:
    """The rate of a step (from 1): linear warm-up, then a cosine over `progress` (0 to 1) down to the final share."""
    if step <= training.warmup:
        return training.learning_rate * step / training.warmup
    start = training.warmup / training.steps
    along = min(1.0, max(0.0, (progress - start) / max(1e-9, 1 - start)))
    floor = training.final_learning_rate_share
    return training.learning_rate * (floor + (1 - floor) * (1 + math.cos(math.pi * along)) / 2)


def batch_rows(rows: int, size: int, step: int, seed: int) -> list[int]:
    """The row numbers of a step (from 1): every epoch goes through all rows in an order of its own."""
    import numpy as np

    chosen: list[int] = []
    for position in range((step - 1) * size, step * size):
        epoch, index = divmod(position, rows)
        if not chosen or index == 0:
            order = np.random.default_rng([seed, 2 + epoch]).permutation(rows)
        chosen.append(int(order[index]))
    return chosen


# The loop


class _Trainer:
    """The model, its optimizer and where the run stands. The only mutable thing here."""

    def __init__(
        self, recipe: Recipe, out: Path, tokenizer: Tokenizer, rows: dict[str, Rows], progress: Progress
    ) -> None:
        import torch

        torch.set_num_threads(recipe.training.threads)
        torch.manual_seed(recipe.seed)
        self.recipe, self.training, self.out, self.tokenizer = recipe, recipe.training, out, tokenizer
        self.rows, self.progress = rows, progress
        self.pad = token_id(tokenizer, PAD)
        self.model = _model(recipe, tokenizer)
        self.forward: Any = torch.compile(self.model) if self.training.compile else self.model
        self.optimizer = _optimizer(self.model, self.training)
        self.step, self.seconds, self.best = 0, 0.0, math.inf

    def run(self) -> None:
        self._restore()
        if self.step == 0:
            self._report(None, 0.0, 0.0)
        while self._progress() < 1:
            self._advance()
        self._save()

    def _progress(self) -> float:
        by_steps = self.step / self.training.steps
        by_time = self.seconds / 60 / self.training.minutes if self.training.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def _advance(self) -> None:
        started = time.perf_counter()
        rate = learning_rate(self.training, self.step + 1, self._progress())
        self.step += 1
        loss, tokens = self._update(rate)
        elapsed = time.perf_counter() - started
        self.seconds += elapsed
        self._report(loss, rate, tokens / elapsed)
        if self.step % self.training.checkpoint_every == 0:
            self._save()

    def _update(self, rate: float) -> tuple[float, int]:
        """One optimizer step; the mean loss and the number of tokens it was taken over."""
        import torch

        size = self.training.batch_tokens // self.training.sequence_length
        numbers = batch_rows(len(self.rows["train"].ids), size, self.step, self.recipe.seed)
        batch, tokens = self._batch("train", numbers)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for micro in batch:
            loss = self._loss(micro)
            (loss / tokens).backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return total / tokens, tokens

    def _batch(self, split: str, numbers: list[int]) -> tuple[list[torch.Tensor], int]:
        """The rows in micro-batches, and how many tokens are to be foretold in them."""
        import torch

        ids = self.rows[split].ids[numbers].astype("int64")
        size = self.training.micro_batch_tokens // self.training.sequence_length
        micro = [torch.from_numpy(ids[start : start + size]) for start in range(0, len(ids), size)]
        return micro, int((ids[:, 1:] != self.pad).sum())

    def _loss(self, ids: torch.Tensor) -> torch.Tensor:
        """The summed loss over the rows' tokens, padding left out."""
        import torch

        with _autocast(self.training):
            logits = self.forward(input_ids=ids[:, :-1], use_cache=False).logits
        return torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1), ids[:, 1:].flatten(), ignore_index=self.pad, reduction="sum"
        )

    def _validate(self) -> tuple[float, float]:
        """Loss in nats per token and bits per byte, over rows spread evenly through the validation texts."""
        import torch

        rows = self.rows["validation"]
        wanted = min(len(rows.ids), max(1, self.training.validation_tokens // self.training.sequence_length))
        batch, tokens = self._batch("validation", [index * len(rows.ids) // wanted for index in range(wanted)])
        self.model.eval()
        with torch.no_grad():
            total = math.fsum(float(self._loss(micro)) for micro in batch)
        loss = total / tokens
        return loss, loss / math.log(2) * rows.tokens / rows.bytes

    def _report(self, loss: float | None, rate: float, speed: float) -> None:
        """Validate where it is time to, log, keep the best weights, tell the caller."""
        progress = self._progress()
        report = StepReport(
            self.step, self.training.steps, progress, loss, rate, round(speed, 1), round(self.seconds, 3)
        )
        if self.step % self.training.validate_every == 0 or progress >= 1:
            validation_loss, bits = self._validate()
            report = replace(report, validation_loss=validation_loss, bits_per_byte=bits)
            if validation_loss < self.best:
                self.best = validation_loss
                _save_best(self.model, self.out)
        with (self.out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(report)) + "\n")
        self.progress(report)

    def _save(self) -> None:
        """A checkpoint appears whole, under its final name, or not at all."""
        import torch

        folder = self.out / CHECKPOINTS / f"step-{self.step:06}"
        if folder.exists():
            return
        part = folder.with_name(folder.name + ".part")
        part.mkdir(parents=True)
        _save_weights(self.model, part / "model.safetensors")
        state = {"optimizer": self.optimizer.state_dict(), "random": torch.get_rng_state()}
        torch.save(
            {**state, "step": self.step, "seconds": self.seconds, "best": self.best},
            part / "state.pt",
        )
        part.replace(folder)
        for old in _checkpoints(self.out)[:-KEPT_CHECKPOINTS]:
            shutil.rmtree(old)

    def _restore(self) -> None:
        """Go back to the last checkpoint, or to the beginning; what was logged after it is struck out."""
        import torch
        from safetensors.torch import load_file

        _sweep(self.out)
        saved = _checkpoints(self.out)
        if saved:
            state = torch.load(saved[-1] / "state.pt", weights_only=True)
            weights = load_file(saved[-1] / "model.safetensors")
            self.model.load_state_dict(weights, strict=False)  # the tied output layer is not stored a second time
            self.optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["random"])
            self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        _rewind_log(self.out / LOG, self.step if saved else -1)


def _model(recipe: Recipe, tokenizer: Tokenizer) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = recipe.model
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=shape.hidden_size,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=HEAD_SIZE,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.context,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        tie_word_embeddings=True,
        bos_token_id=token_id(tokenizer, BOS),
        eos_token_id=token_id(tokenizer, EOS),
        pad_token_id=token_id(tokenizer, PAD),
        dtype="float32",
    )
    return LlamaForCausalLM(config)


def _optimizer(model: Any, training: TrainingRecipe) -> torch.optim.AdamW:
    """AdamW; weights decay, the scales of the norms don't."""
    import torch

    parameters = list(model.parameters())
    groups = [
        {"params": [item for item in parameters if item.dim() > 1], "weight_decay": training.weight_decay},
        {"params": [item for item in parameters if item.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=training.learning_rate, betas=(0.9, 0.95), fused=True)


def _autocast(training: TrainingRecipe) -> AbstractContextManager[None]:
    import torch

    wanted = training.precision == "bf16" and multiplies_bf16()
    return torch.autocast("cpu", torch.bfloat16) if wanted else nullcontext()


def multiplies_bf16() -> bool:
    """Whether the processor has instructions for bf16; without them it is three times slower than float32, which is then used."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16"))


def _save_weights(model: Any, path: Path) -> None:
    from safetensors.torch import save_file

    weights = {name: value for name, value in model.state_dict().items() if name != "lm_head.weight"}
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)  # safetensors makes files that only their owner can read


def _save_best(model: Any, out: Path) -> None:
    """The folder appears whole; later only the weights change, and they in one rename."""
    best = out / BEST
    if best.exists():
        part = out / "best.safetensors.part"
        _save_weights(model, part)
        part.replace(best / "model.safetensors")
        return
    folder = out / "best.part"
    shutil.copytree(out / TOKENIZER, folder)
    shutil.copy(out / RUN, folder / RUN)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    _save_weights(model, folder / "model.safetensors")
    folder.replace(best)


def _checkpoints(out: Path) -> list[Path]:
    """The whole ones, oldest first."""
    return sorted(path for path in (out / CHECKPOINTS).glob("step-*") if path.suffix != ".part")


def _sweep(out: Path) -> None:
    """Remove what a killed run left half-written."""
    for part in [*out.glob("*.part"), *out.glob("*/*.part"), *out.glob("**/.*.tmp")]:
        shutil.rmtree(part) if part.is_dir() else part.unlink()


def _rewind_log(log: Path, step: int) -> None:
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
