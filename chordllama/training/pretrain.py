"""Train a small Llama from scratch, on a GPU where there is one. Knows packed rows and the loop; no scores, no GGUF.

A run is a folder, and at any moment it can be stopped and resumed:

    run.json             name, seed, commit, hash of the rows, versions, recipe
    tokenizer/           learnt once from the training rows
    data/                the packed rows with their counts
    checkpoints/         step-000100/ ...: weights, optimizer, step; the last two
    best/                the weights with the lowest validation loss, a Hugging Face folder
    log.jsonl            one line a step

Everything that isn't in a checkpoint (which rows come next, the learning rate) follows from the recipe and the step.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.training.folder import (
    BEST,
    CHECKPOINTS,
    DATA,
    LOG,
    TOKENIZER,
    checkpoints,
    claim,
    full_disk_named,
    keep_checkpoints,
    keep_held_out,
    rewind_log,
    save_best,
    save_weights,
    sweep,
)
from chordllama.training.llama_model import autocast, device_for, least_memory, new_model, optimizer_for
from chordllama.training.memory import check_memory, explained
from chordllama.training.packing import Packed, learn_tokenizer, packed
from chordllama.training.parallel import Processes
from chordllama.training.recipe import Recipe, TrainingRecipe
from chordllama.training.row_folders import SPLITS, all_rows, corpora_hash, sources_of
from chordllama.training.step_report import StepReport, TrainingProgress
from chordllama.training.tokenizer import PAD, load_tokenizer, token_id

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

LESS_MEMORY = "lower training.micro_batch_tokens, or take a smaller model"


def pretrain(
    recipe: Recipe, corpora: Sequence[Path], out: Path, resume: bool = False, progress: TrainingProgress | None = None
) -> Path:
    """Train by the recipe on the rows of built corpora; returns `out/best`.

    With `resume` the run in `out` goes on after its last checkpoint, as if it had never stopped; a run that is complete
    is left as it is. `progress` is called after every step. Processes that `accelerate launch` started share each step's rows, and come to
    the same weights; the first of them writes.
    Raises ModelError: unreadable rows, too little memory, a full disk, a run already in `out`, or one that was started differently.
    """
    yield_cores()
    device = device_for(recipe.training.device)
    check_memory(least_memory(recipe), f"training {recipe.name}", LESS_MEMORY)
    processes = Processes(device == "cpu")
    if processes.first:
        _prepare(recipe, corpora, out, resume)
    processes.wait()
    tokenizer = load_tokenizer(out / TOKENIZER)
    rows = {split: packed(recipe, corpora, out / DATA, out / TOKENIZER, split) for split in SPLITS}
    with explained(f"training {recipe.name}", LESS_MEMORY), full_disk_named(out):
        _Trainer(recipe, out, tokenizer, rows, progress or _silent, processes, device).run()
    processes.leave()
    return out / BEST


def _prepare(recipe: Recipe, corpora: Sequence[Path], out: Path, resume: bool) -> None:
    """What has to be there before the first step, and what a killed run left half-written away."""
    claim(recipe, corpora_hash(corpora), out, resume, facts={"sources": _sources(corpora)})
    keep_held_out([(row.instruction, row.input, row.output) for row in all_rows(corpora, "validation")], out)
    sweep(out)
    learn_tokenizer(recipe, corpora, out / TOKENIZER)
    for split in SPLITS:
        packed(recipe, corpora, out / DATA, out / TOKENIZER, split)


def _sources(corpora: Sequence[Path]) -> list[dict[str, Any]]:
    return sources_of((row.source, row.licence) for row in all_rows(corpora, "train"))


def _silent(_: StepReport) -> None:
    return None


def yield_cores() -> None:
    """Let torch's threads sleep while they wait for each other; on cores shared with other programs spinning is many times slower.

    Has to be said before torch is imported for the first time. A wish of the user's own stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


# What follows from the recipe and the step alone


def learning_rate(training: TrainingRecipe, step: int, progress: float) -> float:
    """Return the rate of a step (from 1): linear warm-up, then a cosine over `progress` (0 to 1) down to the final share."""
    if step <= training.warmup:
        return training.learning_rate * step / training.warmup
    start = training.warmup / training.steps
    along = min(1.0, max(0.0, (progress - start) / max(1e-9, 1 - start)))
    floor = training.final_learning_rate_share
    return training.learning_rate * (floor + (1 - floor) * (1 + math.cos(math.pi * along)) / 2)


def batch_rows(rows: int, size: int, step: int, seed: int) -> list[int]:
    """Return the row numbers of a step (from 1): every epoch goes through all rows in an order of its own."""
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
        self,
        recipe: Recipe,
        out: Path,
        tokenizer: Tokenizer,
        rows: dict[str, Packed],
        progress: TrainingProgress,
        processes: Processes,
        device: str,
    ) -> None:
        import torch

        torch.set_num_threads(recipe.training.threads)
        torch.manual_seed(recipe.seed)
        self.recipe, self.training, self.out, self.tokenizer = recipe, recipe.training, out, tokenizer
        self.rows, self.progress, self.processes, self.device = rows, progress, processes, device
        self.pad = token_id(tokenizer, PAD)
        self.model = new_model(recipe, tokenizer).to(self.device)
        self.forward: Any = torch.compile(self.model) if self.training.compile else self.model
        self.optimizer = optimizer_for(self.model, self.training)
        self.step, self.seconds, self.best, self.stale = 0, 0.0, math.inf, 0

    def run(self) -> None:
        self._restore()
        if self.step == 0:
            self._report(None, 0.0, 0.0)
        while self._progress() < 1:
            self._advance()
        self._save()

    def _progress(self) -> float:
        if self.training.patience and self.stale >= self.training.patience:
            return 1.0
        by_steps = self.step / self.training.steps
        by_time = self.seconds / 60 / self.training.minutes if self.training.minutes else 0.0
        return min(1.0, max(by_steps, by_time))

    def _advance(self) -> None:
        started = time.perf_counter()
        rate = learning_rate(self.training, self.step + 1, self._progress())
        self.step += 1
        loss, tokens = self._update(rate)
        elapsed = time.perf_counter() - started
        self.seconds = self.processes.agree(self.seconds + elapsed)
        self._report(loss, rate, tokens / elapsed)
        if self.step % self.training.checkpoint_every == 0:
            self._save()

    def _update(self, rate: float) -> tuple[float, int]:
        """One optimizer step; the mean loss and the number of tokens it was taken over."""
        import torch

        size = self.training.batch_tokens // self.training.sequence_length
        numbers = batch_rows(len(self.rows["train"].ids), size, self.step, self.recipe.seed)
        batch, tokens = self._batch("train", numbers)
        assert batch, "a recipe's batch has a row for each process"
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        total: Any = 0.0
        for micro in batch:
            loss = self._loss(micro)
            (loss / tokens).backward()  # type: ignore[no-untyped-call]
            total = total + loss.detach()
        self.processes.add_up(item.grad for item in self.model.parameters())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return self.processes.total(float(total)) / tokens, tokens

    def _batch(self, split: str, numbers: list[int]) -> tuple[list[torch.Tensor], int]:
        """This process's share of the rows in micro-batches, and how many tokens are to be foretold in all rows."""
        import torch

        rows = self.rows[split].ids[numbers].astype("int64")
        ids = rows[self.processes.share]
        size = self.training.micro_batch_tokens // self.training.sequence_length
        micro = [torch.from_numpy(ids[start : start + size]).to(self.device) for start in range(0, len(ids), size)]
        return micro, int((rows[:, 1:] != self.pad).sum())

    def _loss(self, ids: torch.Tensor) -> torch.Tensor:
        """The summed loss over the rows' tokens, padding left out."""
        import torch

        with autocast(self.training, self.device):
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
            total = self.processes.total(math.fsum(float(self._loss(micro)) for micro in batch))
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
            self.stale += 1
            if validation_loss < self.best:
                self.best, self.stale = validation_loss, 0
                if self.processes.first:
                    save_best(self.model, self.out)
            report = replace(report, progress=self._progress())
        if not self.processes.first:
            return
        with (self.out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(report)) + "\n")
        self.progress(report)

    def _save(self) -> None:
        """Keep where the run stands, so that it can go on from here."""
        import torch

        folder = self.out / CHECKPOINTS / f"step-{self.step:06}"
        if folder.exists() or not self.processes.first:
            return
        part = folder.with_name(folder.name + ".part")
        part.mkdir(parents=True)
        save_weights(self.model, part / "model.safetensors")
        random = torch.cuda.get_rng_state() if self.device == "cuda" else torch.get_rng_state()
        standing = {"step": self.step, "seconds": self.seconds, "best": self.best, "stale": self.stale}
        torch.save({"optimizer": self.optimizer.state_dict(), "random": random, **standing}, part / "state.pt")
        part.replace(folder)
        keep_checkpoints(self.out)

    def _restore(self) -> None:
        """Go back to the last checkpoint, or to the beginning; what was logged after it is struck out."""
        import torch
        from safetensors.torch import load_file

        saved = checkpoints(self.out)
        if saved:
            state = torch.load(saved[-1] / "state.pt", weights_only=True)
            weights = load_file(saved[-1] / "model.safetensors")
            self.model.load_state_dict(weights, strict=False)  # the tied output layer is not stored a second time
            self.optimizer.load_state_dict(state["optimizer"])
            (torch.cuda.set_rng_state if self.device == "cuda" else torch.set_rng_state)(state["random"])
            self.step, self.seconds, self.best, self.stale = (
                state[key] for key in ("step", "seconds", "best", "stale")
            )
        if self.processes.first:
            rewind_log(self.out / LOG, self.step if saved else -1)
