"""The small Llama that is trained from scratch: its shape, its optimizer, and what a device can do. Knows no data and no loop."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError
from chordllama.training.memory import FLOAT
from chordllama.training.recipe import HEAD_SIZE, Device, Recipe, TrainingRecipe
from chordllama.training.tokenizer import BOS, EOS, PAD, token_id

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer


def device_for(wanted: Device) -> str:
    """Return the device to train on. Raises ModelError where the machine hasn't the one that is wanted."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, found in there.items() if found)
    if not there[wanted]:
        raise ModelError(f"there is no {wanted} device here", hint="device: auto takes the best that there is")
    return wanted


def least_memory(recipe: Recipe) -> int:
    """Return the bytes that training needs whatever it does: weights, gradients, two moments, and the logits of a micro-batch with theirs."""
    shape = recipe.model
    width, attention = shape.hidden_size, (shape.heads + shape.key_value_heads) * HEAD_SIZE
    layer = 2 * width * attention + 3 * width * shape.feed_forward
    parameters = recipe.tokenizer.vocabulary * width + shape.layers * layer
    logits = recipe.training.micro_batch_tokens * recipe.tokenizer.vocabulary
    return FLOAT * (4 * parameters + 2 * logits)


def new_model(recipe: Recipe, tokenizer: Tokenizer) -> Any:
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
        attention_dropout=shape.dropout,
        bos_token_id=token_id(tokenizer, BOS),
        eos_token_id=token_id(tokenizer, EOS),
        pad_token_id=token_id(tokenizer, PAD),
        dtype="float32",
    )
    return LlamaForCausalLM(config)


def optimizer_for(model: Any, training: TrainingRecipe) -> torch.optim.AdamW:
    """AdamW; weights decay, the scales of the norms don't."""
    import torch

    parameters = list(model.parameters())
    groups = [
        {"params": [item for item in parameters if item.dim() > 1], "weight_decay": training.weight_decay},
        {"params": [item for item in parameters if item.dim() == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=training.learning_rate, betas=(0.9, 0.95), fused=True)


def autocast(training: TrainingRecipe, device: str) -> AbstractContextManager[None]:
    import torch

    wanted = training.precision == "bf16" and (device != "cpu" or multiplies_bf16())
    return torch.autocast(device, torch.bfloat16) if wanted else nullcontext()


def multiplies_bf16() -> bool:
    """Tell whether the processor has instructions for bf16; without them it is three times slower than float32, which is then used."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16"))
