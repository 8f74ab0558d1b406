"""A tokenizer's lists in a GGUF file: pieces, types, merges, and llama.cpp's name for how a text is split. Knows `tokenizer.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError
from chordllama.tasks.prompt_templates import CHAT_TEMPLATE
from chordllama.training.tokenizer import PRE_TOKENIZER, SPACE

if TYPE_CHECKING:
    from gguf import GGUFWriter


def add_tokenizer(writer: GGUFWriter, model: Path, config: Mapping[str, Any]) -> None:
    """Add all that llama.cpp needs to cut texts as the model's tokenizer does, and the template of the training's prompts.

    A base model's own chat template is left behind: with its tools it would overrule the prompts that this model was trained on.
    """
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
    writer.add_chat_template(CHAT_TEMPLATE)


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
