"""Likeness by meaning, with a small model of sentences whose vectors are known: `cat` looks along one axis, `dog` along the other."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from chordllama.errors import ModelError
from chordllama.evaluate.embeddings import Embed, alike_in_meaning, direction, open_embeddings
from chordllama.evaluate.text_measures import Text

ROOT_HALF = math.sqrt(0.5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sentences")
    tokenizer = Tokenizer(WordLevel({"cat": 0, "dog": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=vectors)], device="cpu").save(str(folder))
    return folder


@pytest.fixture(scope="module")
def embed(model: Path) -> Embed:
    return open_embeddings(str(model))


def test_each_section_counts_once_however_long_it_is(embed: Embed) -> None:
    """The sections look along (1, 0) and (0, 1), and so both together along the diagonal."""
    assert direction(["cat cat\ncat cat cat\n\ndog\n"], embed) == pytest.approx([ROOT_HALF, ROOT_HALF])


def test_texts_are_as_alike_as_the_angle_between_them_says(embed: Embed) -> None:
    style = direction(["cat", "cat"], embed)
    assert alike_in_meaning(Text("", "", "cat"), style, embed) == pytest.approx((1, 1))
    assert alike_in_meaning(Text("", "", "cat dog"), style, embed) == pytest.approx((ROOT_HALF, 1))
    assert alike_in_meaning(Text("", "", "dog"), style, embed) == pytest.approx((0, 1))
    assert alike_in_meaning(Text("", "", " \n"), style, embed) is None


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="such-model") as caught:
        open_embeddings(str(tmp_path / "such-model"))
    assert "name a folder" in (caught.value.hint or "")
