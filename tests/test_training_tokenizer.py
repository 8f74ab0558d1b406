"""The tokenizer: `tokenizers` and llama.cpp give the same ids, and its pieces keep what the rest relies on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chordllama.errors import ModelError
from chordllama.training.gguf_file import add_shape
from chordllama.training.gguf_tokenizer import add_tokenizer
from chordllama.training.recipe import TokenizerRecipe
from chordllama.training.tokenizer import (
    LONGEST_PIECE,
    SPECIAL_TOKENS,
    encode,
    load_tokenizer,
    save_tokenizer,
    token_id,
    train_tokenizer,
)

VOCABULARY = 900


def score_text(dice: random.Random, lines: int) -> str:
    """Lines like those of the compact format, with a title that needs bytes now and then."""
    text = [f"title: {dice.choice(['Lied', 'Frühlingsgruß', 'Ständchen', 'Песня', '月の歌'])}, Op.{dice.randrange(99)}"]
    for line in range(lines):
        notes = " ".join(f"{dice.choice('abcdefg')}{dice.choice(['', 's', 'b'])}{dice.randrange(30)}" for _ in range(6))
        text.append(f"{line}: {notes} / {notes}")
    return "\n".join(text) + "\n"


def texts() -> list[str]:
    dice = random.Random(1)
    return [score_text(dice, 60) for _ in range(60)]


POOLS = (
    [chr(code) for code in range(32)] + ["\x7f", "\x85", "\u2028", "\u2029", "\u00a0", "\u200b", "\ufeff"],
    list(" \n\t\r"),
    list("äöüßÄÖÜéèçñøåÆœ"),
    list("abcdefg#b0123456789_~()'>-*=:.,[]{}\"\\/<|"),
    list("♭♯𝄞𝄢🎵🎹👩‍👧‍👦🇩🇪é́ㅎ월月の歌Песняمرحبا"),
    ["<bos>", "<eos>", "<pad>", "<0x41>", "<0x0A>", "▁", "▁▁", "clef=", " / ", "</s>", "[PAD1]", "<|eot_id|>"],
    [" ", "  ", "   ", "\n\n", "\n \n", " \n", "\n "],
)


def hard_strings() -> list[str]:
    dice = random.Random(2)
    strings = [
        "",
        " ",
        "\n",
        "\x00",
        " " * 300,
        "\n" * 300,
        "a" * 300,
        " leading",
        "trailing ",
        "\ttab\t",
        "\ufffd",
        "\U0010ffff",
    ]
    strings += [chr(code) for code in range(0x180)]
    strings += [chr(dice.choice([dice.randrange(0xD800), dice.randrange(0xE000, 0x110000)])) for _ in range(200)]
    strings += [score_text(dice, dice.randrange(20)) for _ in range(100)]
    for _ in range(600):
        pools = dice.sample(POOLS, dice.randrange(1, len(POOLS)))
        strings.append("".join(dice.choice(dice.choice(pools)) for _ in range(dice.randrange(1, 60))))
    return strings


@pytest.fixture(scope="module", params=[False, True], ids=["word by word", "across spaces"])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return train_tokenizer(texts(), TokenizerRecipe(VOCABULARY, request.param))


def vocabulary_file(tokenizer: Any, folder: Path) -> Path:
    """A GGUF that holds the tokenizer alone, written by the functions that write whole models."""
    from gguf import GGUFWriter

    save_tokenizer(tokenizer, folder)
    config = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 256,
        "intermediate_size": 256,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 64,
        "rms_norm_eps": 1e-6,
        **{f"{name}_token_id": token_id(tokenizer, f"<{name}>") for name in ("bos", "eos", "pad")},
    }
    path = folder / "vocabulary.gguf"
    writer = GGUFWriter(path, "llama")
    add_shape(writer, config)
    add_tokenizer(writer, folder, config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


@pytest.fixture
def llama(tokenizer: Any, tmp_path: Path) -> Iterator[Any]:
    import llama_cpp

    model = llama_cpp.Llama(str(vocabulary_file(tokenizer, tmp_path)), vocab_only=True, verbose=False)
    yield model
    model.close()


def test_llama_cpp_gives_the_same_ids_on_hard_strings(tokenizer: Any, llama: Any) -> None:
    strings = hard_strings()
    assert len(strings) >= 1000
    for text in strings:
        assert llama.tokenize(text.encode(), add_bos=False, special=False) == encode(tokenizer, text), repr(text)


def test_llama_cpp_gives_the_text_back(tokenizer: Any, llama: Any) -> None:
    for text in hard_strings():
        assert llama.detokenize(encode(tokenizer, text)) == text.replace("▁", " ").encode(), repr(text)


def test_llama_cpp_puts_the_beginning_before_a_text(tokenizer: Any, llama: Any) -> None:
    assert llama.tokenize(b"1: c44") == [token_id(tokenizer, "<bos>"), *encode(tokenizer, "1: c44")]
    assert llama.token_eos() == token_id(tokenizer, "<eos>")


def test_the_ids_give_the_text_back(tokenizer: Any) -> None:
    for text in hard_strings():
        assert tokenizer.decode(encode(tokenizer, text), skip_special_tokens=False) == text.replace("▁", " ")


def test_transformers_reads_the_same_tokenizer(tokenizer: Any, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    save_tokenizer(tokenizer, tmp_path)
    fast = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert (fast.bos_token, fast.eos_token, fast.pad_token) == SPECIAL_TOKENS
    for text in hard_strings():
        assert fast(text)["input_ids"] == [fast.bos_token_id, *encode(tokenizer, text)], repr(text)


def test_a_saved_tokenizer_gives_the_same_ids(tokenizer: Any, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path)
    again = load_tokenizer(tmp_path)
    assert all(encode(again, text) == encode(tokenizer, text) for text in hard_strings())


def test_the_vocabulary_is_full_and_begins_with_the_special_tokens(tokenizer: Any) -> None:
    assert tokenizer.get_vocab_size() == VOCABULARY
    assert tuple(tokenizer.id_to_token(index) for index in range(3)) == SPECIAL_TOKENS


def test_a_newline_is_a_token_of_its_own(tokenizer: Any) -> None:
    holding = [piece for piece in tokenizer.get_vocab() if "\n" in piece]
    assert holding == ["\n"]
    assert encode(tokenizer, "\n\n") == [token_id(tokenizer, "\n")] * 2


def test_pieces_stay_within_a_word_unless_the_recipe_lets_them() -> None:
    def crossing(across_spaces: bool) -> list[str]:
        found = train_tokenizer(texts(), TokenizerRecipe(VOCABULARY, across_spaces)).get_vocab()
        return [piece for piece in found if "▁" in piece[1:]]

    assert not crossing(False)
    assert crossing(True)


def test_no_piece_is_longer_than_llama_cpp_python_can_give_back() -> None:
    words = ["ü" * 12, "ü" * 13, "Donaudampfschifffahrtsgesellschaftskapitänspatent"]
    tokenizer = train_tokenizer(["\n".join(words)] * 5, TokenizerRecipe(VOCABULARY, across_spaces=True))
    assert max(len(piece.replace("▁", " ").encode()) for piece in tokenizer.get_vocab()) == LONGEST_PIECE


def test_learning_twice_gives_the_same_tokenizer() -> None:
    recipe = TokenizerRecipe(VOCABULARY)
    assert train_tokenizer(texts(), recipe).to_str() == train_tokenizer(iter(texts()), recipe).to_str()


@pytest.mark.parametrize("nothing", [[], [""], ["\n\n"]])
def test_no_text_makes_no_tokenizer(nothing: list[str]) -> None:
    with pytest.raises(ModelError, match="can't be learnt"):
        train_tokenizer(nothing, TokenizerRecipe(VOCABULARY))


def test_a_broken_tokenizer_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {}}), encoding="utf-8")
    with pytest.raises(ModelError, match="can't be read"):
        load_tokenizer(tmp_path)
