"""The tensors of a Llama as llama.cpp wants them: names, order of a head's rows, types. Knows safetensors; no tokenizer, no file format."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

HIGHEST_F16 = 65504.0

LAYER_TENSORS = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""transformers' name within a layer -> GGUF's."""

WHOLE_TENSORS = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def head_size(config: Mapping[str, Any]) -> int:
    """Width of one attention head."""
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def rope_settings(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Rotary settings as one mapping; transformers 4 kept them in two places."""
    found: Mapping[str, Any] = config.get("rope_parameters") or {
        "rope_theta": config.get("rope_theta", 10_000.0),
        **(config.get("rope_scaling") or {}),
    }
    return found


def tensors(model: Path, config: Mapping[str, Any]) -> Iterator[tuple[str, Array]]:
    """Yield all tensors under their GGUF names, matrices in 16 bits, vectors in 32, in the order of the files."""
    for source, values in _stored_tensors(model):
        if source == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        yield _tensor_name(model, source), _stored_type(source, _permuted(source, values, config))
    factors = _rope_factors(rope_settings(config), head_size(config))
    if factors is not None:
        yield "rope_freqs.weight", factors


def _stored_tensors(model: Path) -> Iterator[tuple[str, Array]]:
    """As 32-bit arrays, read through torch, as numpy has no bfloat16."""
    from safetensors import safe_open

    for path in sorted(model.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  it is no mapping
                yield name, file.get_tensor(name).float().numpy()


def _tensor_name(model: Path, source: str) -> str:
    stem = source.removesuffix(".weight")
    if stem in WHOLE_TENSORS:
        return f"{WHOLE_TENSORS[stem]}.weight"
    layer, _, inner = stem.removeprefix("model.layers.").partition(".")
    if not source.endswith(".weight") or not layer.isdecimal() or inner not in LAYER_TENSORS:
        raise ModelError(f'{model}: the tensor "{source}" has no place in a Llama GGUF')
    return f"blk.{layer}.{LAYER_TENSORS[inner]}.weight"


def _permuted(source: str, values: Array, config: Mapping[str, Any]) -> Array:
    """llama.cpp rotates neighbouring dimensions of a head, transformers its two halves: reorder queries and keys."""
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    key = next((heads[part] for part in source.split(".") if part in heads), None)
    if key is None:
        return values
    rows, columns = values.shape
    count = config[key]
    return values.reshape(count, 2, rows // count // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _stored_type(source: str, values: Array) -> Array:
    import numpy as np

    if values.ndim == 1:
        return values.astype(np.float32)
    if np.abs(values).max(initial=0.0) > HIGHEST_F16 or not np.isfinite(values).all():
        raise ModelError(
            f'the tensor "{source}" does not fit into 16-bit floats', hint="The training may have diverged."
        )
    return values.astype(np.float16)


def _rope_factors(rope: Mapping[str, Any], head: int) -> Array | None:
    """Llama 3.1's stretching of slow rotations, one divisor per pair of dimensions (arXiv:2407.21783); None without it."""
    import numpy as np

    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return None
    if kind != "llama3":
        raise ModelError(
            f'rotary embeddings of the type "{kind}" can\'t be written to GGUF', hint="Known: default, llama3."
        )
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    frequencies = rope["rope_theta"] ** -(np.arange(0, head, 2) / head)
    turns = rope["original_max_position_embeddings"] * frequencies / (2 * math.pi)
    blend = np.clip((turns - low) / (high - low), 0.0, 1.0)
    factors: Array = (1 / ((1 - blend) / rope["factor"] + blend)).astype(np.float32)
    return factors
