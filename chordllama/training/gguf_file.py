"""A trained Llama as a GGUF file in 16 bits: what it says of itself, its shape, tokenizer and tensors. Knows the format; runs no model.

It writes what llama.cpp's own converter would write, for our tokenizer too, which that one doesn't know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.training.gguf_tensors import head_size, rope_settings, tensors
from chordllama.training.gguf_tokenizer import add_tokenizer
from chordllama.training.quantisation import file_type
from chordllama.training.trained import ARCHITECTURE, Trained

if TYPE_CHECKING:
    from gguf import GGUFWriter

AUTHOR = "ChordLlama"
RECIPE, DATA_HASH, COMMIT, SOURCES = (f"chordllama.{name}" for name in ("recipe", "data_sha256", "commit", "sources"))
"""Our own keys: the recipe and the sources as JSON, the hash of the rows, the commit of the code."""


def write_gguf(model: Trained, path: Path) -> None:
    """Write the whole file. Raises ModelError for a tokenizer or tensor that has no place in it, OSError where the disk is full."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, ARCHITECTURE)
    try:
        _add_description(writer, model)
        add_shape(writer, model.config)
        add_tokenizer(writer, model.folder, model.config)
        for tensor, values in tensors(model.folder, model.config):
            writer.add_tensor(tensor, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _add_description(writer: GGUFWriter, model: Trained) -> None:
    writer.add_name(model.name)
    writer.add_author(AUTHOR)
    if model.licence:  # nothing is claimed for a model whose recipe says nothing
        writer.add_license(model.licence)
    writer.add_file_type(file_type("f16"))
    if not model.about:
        return
    writer.add_dataset_count(len(model.sources))
    for number, source in enumerate(model.sources):
        writer.add_dataset_name(number, str(source["name"]))
    writer.add_string(SOURCES, json.dumps(list(model.sources), ensure_ascii=False))
    writer.add_string(RECIPE, json.dumps(model.recipe, ensure_ascii=False))
    writer.add_string(DATA_HASH, str(model.about.get("data_sha256", "")))
    writer.add_string(COMMIT, str(model.about.get("commit") or ""))
    if base := model.recipe.get("base"):
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, Path(base).name)


def add_shape(writer: GGUFWriter, config: Mapping[str, Any]) -> None:
    """Add what llama.cpp has to know of the layers."""
    head = head_size(config)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(rope_settings(config)["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
