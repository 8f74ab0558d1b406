"""Held-out music from a built corpus's rows."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from small_corpus import tune

from chordllama.errors import CorpusError
from chordllama.evaluate.held_out_rows import held_out_rows
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.music_rows import rows


def corpus(folder: Path, tunes: dict[str, tuple[str, Score]]) -> Path:
    """Rows of some tunes, each with its split."""
    (folder / "data").mkdir()
    for work, (split, score) in tunes.items():
        with (folder / "data" / f"{split}.jsonl").open("a") as file:
            for row in rows(score, {}, len, 1500, random.Random(work)):
                file.write(json.dumps(row._asdict() | {"task": "music", "work": work, "split": split}) + "\n")
    return folder


def test_pieces_are_the_test_rows_and_their_human_bars_those_of_the_score(tmp_path: Path) -> None:
    scores = {name: tune(seed, bars=12) for seed, name in enumerate(("one", "two", "other"))}
    made = {name: ("train" if name == "other" else "test", score) for name, score in scores.items()}
    found = held_out_rows(corpus(tmp_path, made), 2)
    assert {piece.work for piece in found.pieces} == {"one", "two"}
    assert [piece.work for piece in found.pieces[:2]] == ["one", "two"]
    for piece in found.pieces:
        bars = lean(scores[piece.work]).bars
        shown = piece.human.score.bars
        assert len(shown) == piece.human.shown + 2
        assert tuple(bar.rows for bar in shown) in {
            tuple(bar.rows for bar in bars[n : n + len(shown)]) for n in range(len(bars))
        }


def test_the_training_set_is_the_music_of_the_train_rows(tmp_path: Path) -> None:
    made = {"one": ("test", tune(1, bars=12)), "other": ("train", tune(3, bars=12))}
    found = held_out_rows(corpus(tmp_path, made), 1)
    bars = [bar.rows for score in found.training for bar in score.bars]
    assert bars == [bar.rows for bar in lean(made["other"][1]).bars]


def test_rows_with_too_few_bars_are_left_out_and_none_left_is_an_error(tmp_path: Path) -> None:
    made = {"one": ("test", tune(1, bars=8)), "other": ("train", tune(3, bars=8))}
    with pytest.raises(CorpusError, match="no test rows of `continue` with 9 bars"):
        held_out_rows(corpus(tmp_path, made), 9)
