"""Makes small Llama models as GGUF files, for tests that need a real one. Knows the GGUF format; knows nothing of music.

Two kinds: one with random weights, whose every token depends on all before it, and one that draws each token from a table given
by the test (a Markov chain), so that a test knows the probabilities exactly.
"""

from __future__ import annotations

import ctypes
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import gguf
import numpy as np

from chordllama.generate.llama_runtime import library

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPECIAL = ("<unk>", "<s>", "</s>")
CHARACTERS = tuple(string.ascii_letters + string.digits + ".,:;-+#=/()[]|!?'\"\näöü♭")
WORDS = ("the", "▁", "▁a", "▁the", "note", "\n- ", "12", "34", "c4", "d4", "q ", "h ")
HEAD = 128  # elements of one attention head
NEVER = -40.0  # the logit of what a table leaves out


def write_random_llama(
    path: Path, *, pieces: Sequence[str] = CHARACTERS + WORDS, hidden: int = 256, layers: int = 2, seed: int = 0
) -> Path:
    """A Llama with random weights whose logits spread enough for its texts to look like something drawn."""
    tokens = _tokens(pieces)
    draw = np.random.default_rng(seed)
    weights = {"token_embd.weight": draw.normal(size=(len(tokens), hidden)), "output_norm.weight": np.ones(hidden)}
    weights["output.weight"] = draw.normal(scale=2.5 / hidden**0.5, size=(len(tokens), hidden))
    for layer in range(layers):
        shapes = _layer_shapes(hidden)
        weights |= {f"blk.{layer}.{name}.weight": _random(draw, shape) for name, shape in shapes.items()}
    return _write(path, tokens, len(pieces), hidden, layers, weights)


def write_table_llama(
    path: Path,
    table: Mapping[str, Mapping[str, float]],
    *,
    pieces: Sequence[str] = CHARACTERS,
    hidden: int = 512,
    context: int = 2048,
) -> Path:
    """A Llama in which `table[piece]` holds the probabilities of what follows `piece`; "</s>" is the end, "<s>" the beginning.

    Each token's embedding is an axis of its own, which no layer changes, so that the output weights are the table's logarithms.
    """
    tokens = _tokens(pieces)
    assert len(tokens) <= hidden, "each token needs an axis of its own"
    place = {token: number for number, token in enumerate(tokens)}
    embedding = np.eye(len(tokens), hidden)
    output = np.full((len(tokens), hidden), NEVER / hidden**0.5)
    for piece, following in table.items():
        for next_piece, probability in following.items():
            output[place[next_piece], place[piece]] = np.log(probability) / hidden**0.5
    weights = {"token_embd.weight": embedding, "output_norm.weight": np.ones(hidden), "output.weight": output}
    weights |= {f"blk.0.{name}.weight": np.zeros(shape) for name, shape in _layer_shapes(hidden).items()}
    return _write(path, tokens, len(pieces), hidden, 1, weights, context)


def quantise(source: Path, target: Path, kind: str = "Q4_K_M") -> Path:
    """`source` quantised by llama.cpp to `kind`, its own name for a file type."""
    llama = library()
    parameters = llama.llama_model_quantize_default_params()
    parameters.ftype, parameters.nthread = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{kind}"), 1
    state = llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    assert state == 0, f"llama.cpp can't quantise {source}"
    return target


def _tokens(pieces: Sequence[str]) -> list[str]:
    return [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]


def _layer_shapes(hidden: int) -> dict[str, tuple[int, ...]]:
    square, narrow, wide = (hidden, hidden), (HEAD, hidden), (hidden, hidden)
    attention = {"attn_q": square, "attn_k": narrow, "attn_v": narrow, "attn_output": square}
    return {
        "attn_norm": (hidden,),
        "ffn_norm": (hidden,),
        **attention,
        "ffn_gate": wide,
        "ffn_up": wide,
        "ffn_down": wide,
    }


def _random(draw: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.ones(shape) if len(shape) == 1 else draw.normal(scale=1.5 / shape[1] ** 0.5, size=shape)


def _write(
    path: Path,
    tokens: list[str],
    pieces: int,
    hidden: int,
    layers: int,
    weights: Mapping[str, NDArray[np.float64]],
    context: int = 2048,
) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    _add_shape(writer, hidden, layers, len(tokens), context)
    _add_tokens(writer, tokens, pieces)
    for name, values in weights.items():
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_shape(writer: gguf.GGUFWriter, hidden: int, layers: int, vocabulary: int, context: int) -> None:
    writer.add_context_length(context)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(hidden // HEAD)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(vocabulary)


def _add_tokens(writer: gguf.GGUFWriter, tokens: list[str], pieces: int) -> None:
    """A SentencePiece vocabulary: unknown, beginning, end, 256 bytes, then the pieces, whose scores prefer the longer ones."""
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * pieces
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_scores([float(len(token)) if number >= 259 else 0.0 for number, token in enumerate(tokens)])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
