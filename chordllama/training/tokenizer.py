"""The model's own alphabet of pieces: byte-fallback BPE that llama.cpp reads exactly as `tokenizers` does.

Knows llama.cpp's `sarvam-moe` rules, nothing about scores. Those rules (llama-vocab.cpp): every space becomes `▁`, the text
is split at newlines only, BPE runs over the UTF-8 characters of each stretch, and what has no piece falls back to byte
tokens `<0x..>`. Nothing is put in front, nothing is normalised.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chordllama.errors import ModelError
from chordllama.system.files import write_atomically

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from chordllama.training.recipe import TokenizerRecipe

BOS, EOS, PAD = "<bos>", "<eos>", "<pad>"
SPECIAL_TOKENS = (BOS, EOS, PAD)
BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))
SPACE = "▁"
PRE_TOKENIZER = "sarvam-moe"
"""The value of `tokenizer.ggml.pre` under which llama.cpp follows the rules above."""

LONGEST_PIECE = 24
"""Bytes of a piece as text; llama-cpp-python's detokenizer gives each piece 32."""

ALPHABET = 192
"""Characters with a piece of their own, the most frequent ones; the others are written as bytes."""

PRINTABLE = tuple(chr(code) for code in range(0x21, 0x7F))
TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_SETTINGS_FILE = "tokenizer_config.json"

Merge = tuple[str, str]


def train_tokenizer(texts: Iterable[str], recipe: TokenizerRecipe) -> Tokenizer:
    """Learn at most `recipe.vocabulary` pieces, the special and the byte tokens counted, from the texts.

    Without `across_spaces` a space stands only at a piece's beginning: the merges are learnt word by word. That needs no
    splitting at run time, because a pair with `▁` on its right never becomes a merge.
    Raises ModelError when the texts are empty.
    """
    characters, merges = _learn(texts, recipe)
    if not merges:
        raise ModelError("a tokenizer can't be learnt from these texts", cause="they are empty or never repeat a pair")
    vocabulary, kept = _vocabulary(characters, merges, recipe.vocabulary)
    return _assemble(vocabulary, kept)


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json`, and `tokenizer_config.json` for transformers, into an existing folder."""
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": True,
    }
    write_atomically(folder / TOKENIZER_SETTINGS_FILE, (json.dumps(settings, indent=2) + "\n").encode("utf-8"))
    write_atomically(folder / TOKENIZER_FILE, tokenizer.to_str(pretty=True).encode("utf-8"))


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read the tokenizer of a folder. Raises ModelError when there is none or it is broken."""
    from tokenizers import Tokenizer

    path = folder / TOKENIZER_FILE
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # tokenizers raises bare Exception for a broken file
        raise ModelError(f"{path}: the tokenizer can't be read", cause=str(error)) from error
    return _plain(tokenizer)


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the ids of a text, with nothing added: `<bos>` within the text is five characters, as it is for llama.cpp."""
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """Return the id of a token that every tokenizer of ours has."""
    found: int | None = tokenizer.token_to_id(token)
    if found is None:
        raise ModelError(f"the tokenizer has no token {token!r}", hint="Train it anew.")
    return found


def _learn(texts: Iterable[str], recipe: TokenizerRecipe) -> tuple[list[str], list[Merge]]:
    """The alphabet and the merges in order of learning, some more than are needed, as overlong ones drop out later."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Replace(" ", SPACE)
    splits: list[pre_tokenizers.PreTokenizer] = [pre_tokenizers.Split("\n", "removed")]
    if not recipe.across_spaces:
        splits.append(pre_tokenizers.Split(SPACE, "merged_with_next"))
    learner.pre_tokenizer = pre_tokenizers.Sequence(splits)
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary + 1024,
        min_frequency=2,
        show_progress=False,
        limit_alphabet=ALPHABET,
        initial_alphabet=[*PRINTABLE, SPACE],
        max_token_length=LONGEST_PIECE,
    )
    learner.train_from_iterator(_parts(texts), trainer)
    model = json.loads(learner.to_str())["model"]
    characters = sorted(piece for piece in model["vocab"] if len(piece) == 1)
    return characters, [(left, right) for left, right in model["merges"]]


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """Whole lines: the learner needs memory for each text it is given, and no piece crosses a newline."""
    for text in texts:
        yield from text.split("\n")


def _vocabulary(characters: list[str], merges: list[Merge], size: int) -> tuple[dict[str, int], list[Merge]]:
    """The ids, in the order special, bytes, newline, characters, merged pieces; and the merges that fit."""
    first = [*SPECIAL_TOKENS, *BYTE_TOKENS, "\n", *characters]
    vocabulary = {piece: index for index, piece in enumerate(first)}
    kept: list[Merge] = []
    for left, right in merges:
        piece = left + right
        if left not in vocabulary or right not in vocabulary or _text_size(piece) > LONGEST_PIECE:
            continue
        if piece not in vocabulary and len(vocabulary) >= size:
            break
        vocabulary.setdefault(piece, len(vocabulary))
        kept.append((left, right))
    return vocabulary, kept


def _text_size(piece: str) -> int:
    return len(piece.replace(SPACE, " ").encode("utf-8"))


def _assemble(vocabulary: dict[str, int], merges: list[Merge]) -> Tokenizer:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("\n+"), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, vocabulary[BOS])]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    return _plain(tokenizer)


def _plain(tokenizer: Tokenizer) -> Tokenizer:
    """Special tokens' names within a text are text. The file format has no place for this switch."""
    tokenizer.encode_special_tokens = True
    return tokenizer
