"""Tokens are counted as the tokenizer's own library counts them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_corpus import tokenizer

from chordllama.corpora.build.tokens import LLAMA_3, find_tokenizer, load_counter
from chordllama.corpora.fetch.fetching import default_cache
from chordllama.errors import CorpusError

TEXTS = ["", "a", "continue: 8 close\n1: key=1 time=3/4 d58 b4\n", "Grüße — 12345 's  \n\n x"]


def test_a_folder_with_a_tokenizer_counts_by_it(tmp_path: Path) -> None:
    counter = load_counter(tokenizer(tmp_path))
    assert counter.count_all(TEXTS) == [counter.count(text) for text in TEXTS] == [len(text.encode()) for text in TEXTS]


def test_llama_3_counts_by_the_file_of_its_makers(tmp_path: Path) -> None:
    if not (default_cache() / "llama-3.tokenizer.model").exists():
        pytest.skip("needs Llama 3's tokenizer, which the first build fetches")
    counter = load_counter(find_tokenizer(LLAMA_3, default_cache()))
    assert counter.count_all(TEXTS) == [counter.count(text) for text in TEXTS] == [0, 1, 21, 11]


def test_a_tokenizer_that_isnt_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match=r"empty/tokenizer\.json: there is no tokenizer"):
        find_tokenizer(str(tmp_path / "empty"), tmp_path)


def test_a_file_that_is_no_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CorpusError, match="no tokenizer can be read from it"):
        load_counter(find_tokenizer(str(tmp_path), tmp_path))


def test_a_tokenizer_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    found = tokenizer(tmp_path / "a")
    other = tmp_path / "b"
    shutil.copytree(tmp_path / "a", other)
    (tmp_path / "a" / "tokenizer.json").write_text("{}")
    with pytest.raises(CorpusError, match="has changed since"):
        load_counter(found)
