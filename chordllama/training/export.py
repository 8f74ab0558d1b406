"""From a trained Llama to one GGUF file, whole and checked. Knows tensors, tokenizers and llama.cpp; nothing about scores.

Reads a Hugging Face folder (safetensors, config.json, tokenizer.json) of the Llama architecture and writes what llama.cpp's
own converter would write, for our tokenizer too, which that one doesn't know. A file gets its name only after its greedy
tokens have been compared with transformers'.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError
from chordllama.generate.llama_runtime import Evaluator, Vocabulary, library, load
from chordllama.training.folder import BEST, RUN
from chordllama.training.tokenizer import PRE_TOKENIZER, SPACE

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFWriter

    Array = np.ndarray[Any, Any]

AUTHOR = "ChordLlama"
QUANTISATIONS = ("q4_0", "q4_k_m", "q5_k_m", "q6_k", "q8_0")
CHECK_TOKENS = 200

NEAR_TIE = 0.02
"""Standard deviations of a position's logits. Two tokens that transformers rates closer than this may be swapped by rounding
to 16 bits, and no weight is wrong."""

HIGHEST_F16 = 65504.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Greedy tokens of a GGUF beside transformers': how many were compared, equal, and swapped only by rounding."""

    tokens: int
    equal: int
    near_ties: int

    @property
    def holds(self) -> bool:
        """Whether every token is equal, or differs by rounding alone."""
        return self.equal + self.near_ties == self.tokens


def export(run: Path, out: Path, quantisations: Sequence[str] = ("q4_k_m",)) -> list[Path]:
    """Write `<name>-f16.gguf` and one file for each quantisation into the folder `out`; returns them in that order.

    `run` is a training run, whose best weights are taken, or a Hugging Face folder.
    Raises ModelError: no such model, not a Llama, a tokenizer or quantisation we don't know, or greedy tokens that differ
    from transformers'. Then nothing stands under the final names.
    """
    _check_quantisations(quantisations)
    model = _model_folder(run)
    out.mkdir(parents=True, exist_ok=True)
    name = _name(run, model)
    whole = out / f"{name}-f16.gguf"
    with _part(whole) as part:
        _write_gguf(model, name, part)
        _check_agreement(run, part)
    return [
        whole,
        *(_quantise(whole, out / f"{name}-{quantisation}.gguf", quantisation) for quantisation in quantisations),
    ]


def greedy_agreement(run: Path, gguf: Path, prompts: Sequence[str], tokens: int = CHECK_TOKENS) -> Agreement:
    """Compare the greedy tokens after each prompt (`<bos>` is put before it), `tokens` of them in all.

    Where they differ both go on from transformers' token, so that one swap doesn't count for all that follow.
    """
    network = _network(_model_folder(run))
    shares = [len(share) for share in _shares(range(tokens), len(prompts))]
    with _opened(gguf) as (model, vocabulary):
        starts = [vocabulary.prompt(prompt) for prompt in prompts]
        with closing(Evaluator(model, vocabulary.size, max(map(len, starts)) + tokens, 1, 1)) as evaluator:
            pairs = [_compare(network, evaluator, *start) for start in zip(starts, shares, strict=True)]
    return Agreement(tokens, sum(equal for equal, _ in pairs), sum(near for _, near in pairs))


def _check_quantisations(quantisations: Sequence[str]) -> None:
    for quantisation in quantisations:
        if quantisation not in QUANTISATIONS:
            raise ModelError(f'unknown quantisation "{quantisation}"', hint="Known: " + ", ".join(QUANTISATIONS))


def _model_folder(run: Path) -> Path:
    for folder in (run / BEST, run):
        if (folder / "config.json").exists() and any(folder.glob("*.safetensors")):
            return folder
    raise ModelError(f"{run}: holds no trained model", cause="there are no config.json and *.safetensors in it")


def _name(run: Path, model: Path) -> str:
    return str(_about(model).get("name") or run.resolve().name)


def _about(model: Path) -> dict[str, Any]:
    """What the run that made a model says of itself; nothing for a model from elsewhere."""
    about = model / RUN
    found: dict[str, Any] = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
    return found


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A name to write under; the file is renamed when all went well and removed when not."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


# Writing


def _write_gguf(model: Path, name: str, path: Path) -> None:
    from gguf import GGUFWriter

    config = _config(model)
    writer = GGUFWriter(path, "llama")
    try:
        _add_description(writer, name, _about(model).get("recipe", {}).get("licence"))
        _add_shape(writer, config)
        _add_tokenizer(writer, model, config)
        for tensor, values in _tensors(model, config):
            writer.add_tensor(tensor, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _config(model: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((model / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != "llama":
        raise ModelError(f"{model}: found a {config.get('model_type')} model, wanted a llama")
    return config


def _add_description(writer: GGUFWriter, name: str, licence: str | None) -> None:
    writer.add_name(name)
    writer.add_author(AUTHOR)
    if licence:  # nothing is claimed for a model whose recipe says nothing
        writer.add_license(licence)
    writer.add_file_type(_file_type("f16"))


def _file_type(quantisation: str) -> int:
    from gguf import LlamaFileType

    return int(LlamaFileType[f"MOSTLY_{quantisation.upper()}"])


def _head_size(config: dict[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _rope(config: dict[str, Any]) -> dict[str, Any]:
    """Rotary settings as one mapping; transformers 4 kept them in two places."""
    return config.get("rope_parameters") or {
        "rope_theta": config.get("rope_theta", 10_000.0),
        **(config.get("rope_scaling") or {}),
    }


def _add_shape(writer: GGUFWriter, config: dict[str, Any]) -> None:
    head = _head_size(config)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(_rope(config)["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


# Tokenizer


def _add_tokenizer(writer: GGUFWriter, model: Path, config: dict[str, Any]) -> None:
    tokenizer = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))
    pieces, kinds = _pieces(tokenizer, config["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_pre_tokenizer(model, tokenizer))
    writer.add_token_list(pieces)
    writer.add_token_types(kinds)
    writer.add_token_merges([_merge(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    for key, add in (
        ("bos_token_id", writer.add_bos_token_id),
        ("eos_token_id", writer.add_eos_token_id),
        ("pad_token_id", writer.add_pad_token_id),
    ):
        _add_special(config.get(key), add)
    if template := _chat_template(model):
        writer.add_chat_template(template)


def _add_special(token: int | list[int] | None, add: Callable[[int], None]) -> None:
    first = token[0] if isinstance(token, list) else token
    if first is not None:
        add(first)


def _merge(merge: str | list[str]) -> str:
    return merge if isinstance(merge, str) else " ".join(merge)


def _pieces(tokenizer: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """The pieces by id and their types; ids that the model has and the tokenizer lacks are filled up as unused."""
    from gguf import TokenType

    added = {item["id"]: item for item in tokenizer["added_tokens"]}
    by_id = {index: piece for piece, index in tokenizer["model"]["vocab"].items()}
    by_id |= {index: item["content"] for index, item in added.items()}
    bytes_are_tokens = tokenizer["model"].get("byte_fallback", False)

    def kind(index: int) -> TokenType:
        if index not in by_id:
            return TokenType.UNUSED
        if index in added:
            return TokenType.CONTROL if added[index]["special"] else TokenType.USER_DEFINED
        return TokenType.BYTE if bytes_are_tokens and _is_byte(by_id[index]) else TokenType.NORMAL

    return [by_id.get(index, f"[PAD{index}]") for index in range(size)], [int(kind(index)) for index in range(size)]


def _is_byte(piece: str) -> bool:
    return len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">")


def _pre_tokenizer(model: Path, tokenizer: dict[str, Any]) -> str:
    """llama.cpp's name for how this tokenizer splits a text."""
    normalizer, splits = tokenizer.get("normalizer") or {}, json.dumps(tokenizer.get("pre_tokenizer"))
    if tokenizer["model"].get("byte_fallback") and normalizer.get("content") == SPACE and '"\\n+"' in splits:
        return PRE_TOKENIZER
    if "ByteLevel" in splits and "\\\\p{N}{1,3}" in splits:
        return "llama-bpe"
    raise ModelError(
        f"{model}: the tokenizer is of a kind that can't be written to GGUF", hint="Known: ours and Llama 3's."
    )


def _chat_template(model: Path) -> str | None:
    path = model / "chat_template.jinja"
    if path.exists():
        return path.read_text(encoding="utf-8")
    settings = model / "tokenizer_config.json"
    found = json.loads(settings.read_text(encoding="utf-8")).get("chat_template") if settings.exists() else None
    return found if isinstance(found, str) else None


# Tensors

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


def _tensors(model: Path, config: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    """All tensors under their GGUF names, matrices in 16 bits, vectors in 32, in the order of the files."""
    for source, values in _stored_tensors(model):
        if source == "lm_head.weight" and config.get("tie_word_embeddings"):
            continue
        yield _tensor_name(model, source), _stored_type(source, _permuted(source, values, config))
    factors = _rope_factors(_rope(config), _head_size(config))
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


def _permuted(source: str, values: Array, config: dict[str, Any]) -> Array:
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


def _rope_factors(rope: dict[str, Any], head: int) -> Array | None:
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


# Quantising


def _quantise(source: Path, target: Path, quantisation: str) -> Path:
    llama = library()
    settings = llama.llama_model_quantize_default_params()
    settings.ftype = _file_type(quantisation)
    settings.nthread = 1
    with _part(target) as part:
        status = llama.llama_model_quantize(os.fsencode(source), os.fsencode(part), ctypes.byref(settings))
        if status != 0:
            raise ModelError(f"{source}: can't be quantised to {quantisation}", cause=f"llama.cpp answered {status}")
    return target


# Checking


def _check_agreement(run: Path, gguf: Path) -> None:
    agreement = greedy_agreement(run, gguf, [""])
    if not agreement.holds:
        raise ModelError(
            f"{run}: the exported file writes other tokens than the trained model",
            cause=f"{agreement.equal} of {agreement.tokens} greedy tokens are equal",
        )


@contextmanager
def _opened(gguf: Path) -> Iterator[tuple[Any, Vocabulary]]:
    model = load(gguf)
    try:
        yield model, Vocabulary(model)
    finally:
        library().llama_model_free(model)


def _shares(items: range, count: int) -> list[range]:
    """Cut into `count` nearly equal parts."""
    return [items[len(items) * index // count : len(items) * (index + 1) // count] for index in range(count)]


def _compare(network: Any, evaluator: Evaluator, prompt: list[int], tokens: int) -> tuple[int, int]:
    """How many of the greedy tokens are equal, and how many differ in a near tie only."""
    equal = near = 0
    found, _ = evaluator.read(prompt)
    for count, (token, wanted) in enumerate(_greedy(network, prompt, tokens)):
        chosen = int(found.argmax())
        equal += chosen == token
        near += chosen != token and bool(wanted[token] - wanted[chosen] < NEAR_TIE * wanted.std())
        if count + 1 < tokens:
            found = evaluator.decode([(0, len(prompt) + count, [token])])[0]
    return equal, near


def _network(model: Path) -> Any:
    """transformers' model, calculating in 32 bits."""
    import torch
    from transformers import LlamaForCausalLM
    from transformers.utils import logging

    quiet: Any = logging.disable_progress_bar
    quiet()
    loading: Any = LlamaForCausalLM
    return loading.from_pretrained(model, dtype=torch.float32, local_files_only=True).eval()


def _greedy(network: Any, ids: list[int], tokens: int) -> Iterator[tuple[int, Array]]:
    """Each greedy token of transformers, and the logits it was taken from."""
    import torch

    for _ in range(tokens):
        with torch.inference_mode():  # without a cache, whose argument has another name in each version of transformers
            answer = network(input_ids=torch.tensor([ids]), use_cache=False)
        logits: Array = answer.logits[0, -1].numpy()
        ids = [*ids, int(logits.argmax())]
        yield ids[-1], logits
