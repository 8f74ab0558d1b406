"""What carries out a fine-tuning run: unsloth on a machine with CUDA, else peft. Knows how each loads and merges; no data.

unsloth has to be imported before trl and transformers, and its own GGUF export is never called: it installs system packages and
clones llama.cpp. Weights are merged in 16 bits and exported by `export`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chordllama.errors import ModelError
from chordllama.training.lora_recipe import LoraRecipe

LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ENGINE_VARIABLE = "CHORDLLAMA_ENGINE"
"""`peft` or `unsloth` in this variable of the environment overrules the choice."""


@dataclass(frozen=True, slots=True)
class TrainingEngine:
    """A way to train: `load` gives model (with its adapter) and tokenizer, `merge` writes base and adapter as one folder."""

    name: str
    why: str
    optimizer: str
    load: Callable[[LoraRecipe], tuple[Any, Any]]
    merge: Callable[[Any, Any, LoraRecipe, Path, Path], None]

    @property
    def on_cpu(self) -> bool:
        """Whether there is no CUDA."""
        import torch

        return not torch.cuda.is_available()


def choose_engine() -> TrainingEngine:
    """unsloth where there is CUDA and it can be imported, else peft; `why` says it. Import nothing of trl before."""
    wish = os.environ.get(ENGINE_VARIABLE)
    if wish == "peft":
        return _peft("asked for")
    import torch

    if wish != "unsloth" and not torch.cuda.is_available():
        return _peft("there is no CUDA")
    for name in ("UNSLOTH_DISABLE_STATISTICS", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("UNSLOTH_AUTO_INSTALL", "0")
    try:
        import unsloth  # noqa: F401
    except Exception as error:  # it raises many kinds, NotImplementedError for a machine it doesn't know
        if wish == "unsloth":
            raise ModelError("unsloth can't be imported", cause=f"{type(error).__name__}: {error}") from error
        return _peft(f"unsloth can't be imported: {type(error).__name__}: {error}")
    return TrainingEngine("unsloth", "there is CUDA", _optimizer(), _load_unsloth, _merge_unsloth)


def _peft(why: str) -> TrainingEngine:
    return TrainingEngine("peft", why, _optimizer(), _load_peft, _merge_peft)


def _optimizer() -> str:
    """AdamW with states of 8 bits where bitsandbytes runs, which needs CUDA."""
    import torch

    if not torch.cuda.is_available():
        return "adamw_torch"
    try:
        import bitsandbytes  # noqa: F401
    except Exception:  # a library that lacks its CUDA part raises what it likes
        return "adamw_torch"
    return "adamw_8bit"


def _load_unsloth(recipe: LoraRecipe) -> tuple[Any, Any]:
    import torch
    from unsloth import FastLanguageModel

    four_bit = recipe.four_bit and torch.cuda.is_available()
    model, tokenizer = FastLanguageModel.from_pretrained(
        model_name=recipe.base,
        max_seq_length=recipe.training.sequence_length,
        dtype=None,
        load_in_4bit=four_bit,
        local_files_only=Path(recipe.base).exists(),
    )
    adapter = recipe.adapter
    model = FastLanguageModel.get_peft_model(
        model,
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=list(LINEAR_LAYERS),
        bias="none",
        use_rslora=adapter.rank_stabilised,
        use_gradient_checkpointing="unsloth" if recipe.training.gradient_checkpointing else False,
        random_state=recipe.seed,
        max_seq_length=recipe.training.sequence_length,
    )
    return model, tokenizer


def _merge_unsloth(model: Any, tokenizer: Any, _recipe: LoraRecipe, _adapter: Path, out: Path) -> None:
    model.save_pretrained_merged(str(out), tokenizer, save_method="merged_16bit")


def _load_peft(recipe: LoraRecipe) -> tuple[Any, Any]:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer

    settings = LoraConfig(
        r=recipe.adapter.rank,
        lora_alpha=recipe.adapter.alpha,
        lora_dropout=recipe.adapter.dropout,
        target_modules=list(LINEAR_LAYERS),
        use_rslora=recipe.adapter.rank_stabilised,
        bias="none",
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(recipe.seed)
    base = load_base(recipe.base, torch.bfloat16 if torch.cuda.is_available() else torch.float32)
    if torch.cuda.is_available():
        base = base.to("cuda")
    return get_peft_model(base, settings), AutoTokenizer.from_pretrained(recipe.base)


def load_base(name: str, dtype: Any) -> Any:
    """Return a base model by its folder or its name on the hub. Raises ModelError where it isn't there or can't be reached."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    loading: Any = AutoModelForCausalLM
    try:
        return loading.from_pretrained(name, dtype=dtype)
    except (OSError, ValueError) as error:
        raise _no_base(name, error) from error


def _no_base(name: str, error: Exception) -> ModelError:
    return ModelError(
        f"the base model {name} can't be loaded",
        cause=str(error).strip().splitlines()[0],
        hint="name a folder, or a model of the Hugging Face hub, which has to be reachable; gated ones need `hf auth login`",
    )


def _merge_peft(_model: Any, tokenizer: Any, recipe: LoraRecipe, adapter: Path, out: Path) -> None:
    """Merged anew from the files, so that what is tested is what was saved."""
    import torch
    from peft import PeftModel

    base = load_base(recipe.base, torch.float32)
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    merged.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
