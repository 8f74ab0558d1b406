"""What a model learns best: the sums behind the table, with a model that knows nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from small_scores import small_score

from benchmarks.learnability import (
    WRITERS,
    Cost,
    Document,
    bits_a_note,
    core,
    evaluate,
    interval,
    notes_of,
    spans,
    write_texts,
)
from chordllama.codec.compact import dumps, loads
from chordllama.training.recipe import TokenizerRecipe
from chordllama.training.tokenizer import encode, save_tokenizer, train_tokenizer


@pytest.mark.parametrize("length", [2, 8, 9, 10, 13, 40])
def test_every_token_but_the_first_is_foretold_once(length: int) -> None:
    found = list(spans(length, context=8))
    assert [at for _, end, first in found for at in range(first, end)] == list(range(1, length))
    assert all(end - begin <= 9 for begin, end, _ in found)
    assert all(first - begin >= 4 for begin, _, first in found[1:])


def test_bits_a_note_weigh_works_by_their_notes() -> None:
    costs = [Cost(10, 1, 30, {8: 20.0}), Cost(30, 2, 50, {8: 100.0})]
    assert bits_a_note(costs, 8) == 3.0


def test_an_interval_of_equal_works_is_a_point() -> None:
    assert interval(lambda numbers: float(len(numbers)), 5) == (5.0, 5.0)
    low, high = interval(lambda numbers: sum(numbers) / len(numbers), 11)
    assert 2 < low < 5 < high < 8


def test_notes_and_rests_count_but_spacers_do_not() -> None:
    score = loads("parts:\n 1: clef=G2\n1: time=3/4 c44_e r s4\n2: f58g/ f42.\n")
    assert notes_of(score) == 5


def test_the_core_has_no_signs_but_ties() -> None:
    text = "parts:\n 1: clef=G2\n1: time=2/4 =p c44'~ d5(\n2: e42) end=final\n"
    assert dumps(core(loads(text))) == "parts:\n 1: clef=G2\n1: time=2/4 c44~ d5\n2: e42\n"


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_format_writes_the_core(name: str) -> None:
    assert WRITERS[name](core(small_score("piano")))


def ignorant_model(folder: Path, texts: list[str]) -> Any:
    """A model whose weights are all zero, so that every piece is as likely as every other; returns its tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = train_tokenizer(texts, TokenizerRecipe(vocabulary=600))
    save_tokenizer(tokenizer, folder)
    sizes: dict[str, Any] = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model: Any = LlamaForCausalLM(LlamaConfig(vocab_size=tokenizer.get_vocab_size(), **sizes))
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    model.save_pretrained(folder)
    return tokenizer


def test_a_model_that_knows_nothing_pays_the_same_for_every_token(tmp_path: Path) -> None:
    texts = [dumps(small_score(name)) for name in ("chorale", "piano")]
    tokenizer = ignorant_model(tmp_path, texts)
    documents = [Document("one", texts[0], 50, 4), Document("two", texts[1], 30, 4), Document("one", texts[1], 30, 4)]
    costs = evaluate(tmp_path, documents, (16, 64))
    first, second = (len(encode(tokenizer, text)) + 1 for text in texts)
    assert (costs["one"].tokens, costs["two"].tokens) == (first + second, second)
    for context in (16, 64):
        expected = (first + second) * math.log2(tokenizer.get_vocab_size())
        assert costs["one"].bits[context] == pytest.approx(expected, rel=1e-5)


def test_texts_are_split_by_work_and_written_once(tmp_path: Path) -> None:
    name = "compact, one bar a line"
    scores = [(f"songs/{number}", small_score("chorale")) for number in range(60)]
    write_texts(tmp_path, [name], iter(scores))
    corpus = tmp_path / "compact-one-bar-a-line"
    learnt = [row for split in ("train", "validation") for row in lines(corpus / "data" / f"{split}.jsonl")]
    kept = lines(tmp_path / "compact-one-bar-a-line.held-out.jsonl")
    assert {row["split"] for row in learnt} == {"train", "validation"}
    assert kept
    assert not {row["work"] for row in learnt} & {row["work"] for row in kept}
    again = iter(scores)
    write_texts(tmp_path, [name], again)
    assert next(again)[0] == "songs/0"


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
