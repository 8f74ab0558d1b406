"""Bits a note against what a model that knows nothing must cost, and notes counted against a score's."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from small_scores import TEXTS, small_score

from chordllama.score.model import Chord
from chordllama.tasks.music_prompts import answer, lean
from chordllama.training.bits import Cost, bits_a_bar, bits_a_character, bits_a_note, costs, interval, notes_in
from chordllama.training.llama_model import new_model
from chordllama.training.recipe import DataRecipe, ModelRecipe, Recipe, TokenizerRecipe, TrainingRecipe
from chordllama.training.row_folders import StoredRow
from chordllama.training.tokenizer import encode, save_tokenizer, train_tokenizer


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_notes_are_counted_in_the_text_as_in_the_score(name: str) -> None:
    score = lean(small_score(name))
    items = [item for bar in score.bars for row in bar.rows for item in row.items]
    assert notes_in(answer(score.bars, score.parts)) == sum(len(i.notes) for i in items if isinstance(i, Chord))


def test_a_model_that_knows_nothing_pays_the_same_for_every_token(tmp_path: Path) -> None:
    texts = [answer(small_score(name).bars, small_score(name).parts) for name in ("chorale", "piano")]
    tokenizer = train_tokenizer(texts, TokenizerRecipe(vocabulary=600))
    save_tokenizer(tokenizer, tmp_path)
    shape = ModelRecipe(layers=1, feed_forward=256, context=512)
    model = new_model(Recipe("none", DataRecipe(("none",)), TrainingRecipe(steps=1), model=shape), tokenizer)
    model.lm_head.weight.data.zero_()
    model.save_pretrained(tmp_path)
    rows = [
        StoredRow("music", "continue: 4 open\n", "parts:\n", text, "small", work)
        for work, text in zip("ab", texts, strict=True)
    ]
    found = {cost.work: cost for cost in costs(tmp_path, rows)}
    for row in rows:
        tokens = len(encode(tokenizer, row.output)) + 1
        assert found[row.work].tokens == tokens
        assert found[row.work].bits == pytest.approx(tokens * math.log2(tokenizer.get_vocab_size()), rel=1e-5)
        assert (found[row.work].task, found[row.work].bars) == ("continue", 4)


def test_figures_are_sums_over_sums_with_intervals_over_works() -> None:
    found = [Cost("continue", "a", 10, 2, 9, 30.0), Cost("infill", "b", 30, 2, 9, 30.0)]
    assert bits_a_note(found) == 1.5
    assert bits_a_bar(found) == 15
    low, high = interval(found)
    assert (low, high) == (1.0, 3.0)


def test_texts_are_counted_in_characters() -> None:
    assert bits_a_character([Cost("Write", "a", 0, 0, 9, 30.0, 20), Cost("Write", "b", 0, 0, 9, 30.0, 10)]) == 2.0
