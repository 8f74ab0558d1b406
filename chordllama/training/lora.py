"""Fine-tunes a Llama with a low-rank adapter on prompts with answers. Knows trl's trainer and a run's folder; no scores, no GGUF.

A run is a folder, and at any moment it can be stopped and resumed:

    run.json             name, seed, commit, hash of the rows, engine, versions, recipe
    checkpoints/         trl's own, the last and the best
    adapter/             the adapter with the lowest validation loss
    best/                base and adapter merged, a Hugging Face folder in 16 bits
    log.jsonl            one line a step
"""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chordllama.errors import ModelError
from chordllama.training.folder import (
    BEST,
    CHECKPOINTS,
    LOG,
    accompany,
    claim,
    full_disk_named,
    keep_held_out,
    rewind_log,
)
from chordllama.training.llama_model import multiplies_bf16
from chordllama.training.lora_engines import TrainingEngine, choose_engine
from chordllama.training.lora_recipe import LoraRecipe
from chordllama.training.memory import explained
from chordllama.training.packed_rows import TRAIN, VALIDATION, Row, TokenRows, files_of, hash_of, read_rows, token_rows
from chordllama.training.parallel import Processes
from chordllama.training.pretrain import yield_cores
from chordllama.training.row_folders import sources_of
from chordllama.training.step_report import StepReport, TrainingProgress

ADAPTER = "adapter"
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "unsloth", "bitsandbytes")
STATE = "trainer_state.json"
LESS_MEMORY = "lower training.batch_rows (and raise training.accumulation as much), then training.sequence_length"

Say = Callable[[str], None]


def fine_tune(
    recipe: LoraRecipe,
    data: Path,
    out: Path,
    resume: bool = False,
    progress: TrainingProgress | None = None,
    say: Say = lambda _: None,
) -> Path:
    """Train an adapter by the recipe on rows below `data`; returns `out/best`, base and adapter merged.

    With `resume` the run in `out` goes on after its last checkpoint; a run that is complete is left as it is.
    Processes that `accelerate launch` started share each step's rows; the first of them writes.
    Raises ModelError: no rows, no base model, too little memory, a full disk, a run already in `out`, or one that was started differently.
    """
    yield_cores()
    engine = choose_engine()
    say(f"fine-tuning with {engine.name} ({engine.why})")
    processes = Processes(engine.on_cpu)
    files = files_of(recipe.data, data)
    rows = read_rows(recipe.data, files, recipe.seed)
    if processes.first:
        _prepare(recipe, files, rows, engine, out, resume)
    processes.wait()
    if not (out / BEST / "config.json").exists():
        with explained(f"fine-tuning {recipe.base}", LESS_MEMORY), full_disk_named(out):
            _run(recipe, rows, engine, out, progress or (lambda _: None), say)
    processes.wait()
    return out / BEST


def _prepare(
    recipe: LoraRecipe, files: list[Path], rows: dict[str, list[Row]], engine: TrainingEngine, out: Path, resume: bool
) -> None:
    """What has to be there before the first step, and what a killed run left half-written away."""
    sources = sources_of((row.get("source", ""), row.get("licence", "")) for row in rows[TRAIN])
    claim(recipe, hash_of(files), out, resume, _installed(), {"engine": engine.name, "sources": sources})
    keep_held_out([(row["instruction"], row["input"], row["output"]) for row in rows[VALIDATION]], out)
    if (out / BEST / "config.json").exists():
        return
    for folder in (out / CHECKPOINTS).glob("checkpoint-*"):
        if not _is_whole(folder):
            shutil.rmtree(folder)
    last = _last_checkpoint(out)
    rewind_log(out / LOG, _step(last) if last else -1)


def _installed() -> list[str]:
    """Which of the packages that may take part are here; run.json tells their versions."""
    found = []
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            version(package)
            found.append(package)
    return found


def _run(
    recipe: LoraRecipe,
    read: dict[str, list[Row]],
    engine: TrainingEngine,
    out: Path,
    progress: TrainingProgress,
    say: Say,
) -> None:
    import torch

    torch.set_num_threads(recipe.training.threads)
    model, tokenizer = engine.load(recipe)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    rows = {split: token_rows(recipe, found, tokenizer, split) for split, found in read.items()}
    _say_rows(rows, say)
    trainer = _trainer(recipe, engine, model, tokenizer, rows, out, progress)
    last = _last_checkpoint(out)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    _keep(recipe, engine, trainer, tokenizer, out)


def _say_rows(rows: dict[str, TokenRows], say: Say) -> None:
    for split, found in rows.items():
        left_out = f", {found.too_long} too long left out" if found.too_long else ""
        say(f"{len(found.rows)} rows of the split {split}{left_out}")


def _trainer(
    recipe: LoraRecipe,
    engine: TrainingEngine,
    model: Any,
    tokenizer: Any,
    rows: dict[str, TokenRows],
    out: Path,
    progress: TrainingProgress,
) -> Any:
    from trl.trainer.sft_trainer import SFTTrainer

    trainer = SFTTrainer(
        model=model,
        args=_settings(recipe, engine, out),
        train_dataset=rows[TRAIN].dataset(),
        eval_dataset=rows[VALIDATION].dataset(),
        processing_class=tokenizer,
        callbacks=_callbacks(recipe, out, progress),
    )
    from transformers import PrinterCallback, ProgressCallback

    for printing in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(printing)
    return trainer


def _settings(recipe: LoraRecipe, engine: TrainingEngine, out: Path) -> Any:
    import torch
    from trl.trainer.sft_config import SFTConfig

    training, cuda = recipe.training, torch.cuda.is_available()
    bf16 = torch.cuda.is_bf16_supported() if cuda else multiplies_bf16()
    return SFTConfig(
        output_dir=str(out / CHECKPOINTS),
        max_steps=training.steps,
        per_device_train_batch_size=training.batch_rows,
        per_device_eval_batch_size=training.batch_rows,
        gradient_accumulation_steps=training.accumulation,
        max_length=training.sequence_length,
        packing=training.packing,
        completion_only_loss=True,
        learning_rate=training.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=training.warmup,
        weight_decay=training.weight_decay,
        max_grad_norm=training.gradient_clip,
        optim=engine.optimizer,
        bf16=bf16,
        fp16=cuda and not bf16,
        use_cpu=not cuda,
        eval_strategy="steps",
        eval_steps=training.validate_every,
        save_strategy="steps",
        save_steps=training.checkpoint_every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=1,
        report_to="none",  # our own log tells the trackers
        seed=recipe.seed,
        data_seed=recipe.seed,
        dataloader_pin_memory=cuda,
        disable_tqdm=True,
        include_num_input_tokens_seen="all",
        **_checkpointing(SFTConfig, training.gradient_checkpointing),
    )


def _checkpointing(settings: type[Any], wanted: bool) -> dict[str, Any]:
    """The setting under its name, which newer versions of transformers have changed."""
    names = {field.name for field in fields(settings)}
    known = ("activation_checkpointing", "gradient_checkpointing")
    return {next(name for name in known if name in names): wanted}


def _callbacks(recipe: LoraRecipe, out: Path, progress: TrainingProgress) -> list[Any]:
    from transformers import EarlyStoppingCallback

    patience = recipe.training.patience
    stopping = [] if patience is None else [EarlyStoppingCallback(early_stopping_patience=patience)]
    return [_log_callback(recipe, out / LOG, progress), *stopping]


def _log_callback(recipe: LoraRecipe, log: Path, progress: TrainingProgress) -> Any:
    """Writes a line for each step, and the validation's for the step it follows."""
    from transformers import TrainerCallback

    class Log(TrainerCallback):
        """Counts tokens and seconds between two lines."""

        def __init__(self) -> None:
            self.started, self.before, self.tokens = time.perf_counter(), time.perf_counter(), 0

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.started = self.before = time.perf_counter()

        def on_log(self, args: Any, state: Any, control: Any, **facts: Any) -> None:  # noqa: ARG002
            logs = facts["logs"]
            if not state.is_world_process_zero or not {"loss", "eval_loss"} & logs.keys():
                return
            report = self._report(state, logs)
            with log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(report)) + "\n")
            progress(report)

        def _report(self, state: Any, logs: dict[str, float]) -> StepReport:
            now, seen = time.perf_counter(), int(state.num_input_tokens_seen)
            speed = (seen - self.tokens) / max(1e-9, now - self.before)
            self.before, self.tokens = now, seen
            return StepReport(
                state.global_step,
                recipe.training.steps,
                min(1.0, state.global_step / recipe.training.steps),
                logs.get("loss"),
                logs.get("learning_rate", 0.0),
                round(speed, 1),
                round(now - self.started, 3),
                logs.get("eval_loss"),
                None,
            )

    return Log()


def _last_checkpoint(out: Path) -> Path | None:
    return max((out / CHECKPOINTS).glob("checkpoint-*"), key=_step, default=None)


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _is_whole(folder: Path) -> bool:
    """trl writes the state last."""
    try:
        return int(json.loads((folder / STATE).read_text(encoding="utf-8"))["global_step"]) == _step(folder)
    except (OSError, ValueError, KeyError):
        return False


def _keep(recipe: LoraRecipe, engine: TrainingEngine, trainer: Any, tokenizer: Any, out: Path) -> None:
    """Adapter and merged weights appear whole, under their final names, or not at all."""
    if not math.isfinite(trainer.state.best_metric or math.inf):
        raise ModelError(f"{out}: the training diverged", hint="lower training.learning_rate")
    adapter = out / f"{ADAPTER}.part"
    if trainer.is_world_process_zero():
        shutil.rmtree(adapter, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.save_model(str(adapter))  # by all processes: under FSDP each holds a part
    if not trainer.is_world_process_zero():
        return
    shutil.rmtree(out / ADAPTER, ignore_errors=True)
    adapter.replace(out / ADAPTER)
    merged = out / f"{BEST}.part"
    shutil.rmtree(merged, ignore_errors=True)
    engine.merge(trainer.model, tokenizer, recipe, out / ADAPTER, merged)
    accompany(out, merged)
    merged.replace(out / BEST)
