"""Lyrics and prose: a whole evaluation of a few rows with the bundled model, which has never seen a word."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chordllama.cli import run
from chordllama.evaluate.systems import EvaluationSettings
from chordllama.evaluate.text_evaluation import TextEvaluation, held_out_texts
from chordllama.sampling import Sampling
from chordllama.tasks.lyrics_tasks import continue_prompt
from chordllama.tasks.prose_tasks import scene_prompt

FACTS = {"language": "English"}
SONGS = {
    "one": ("I saw a cat\nupon a mat\n", "it wore a hat\nand that was that\n"),
    "two": ("the night is long\nI sing my song\n", "I know no wrong\nI am so strong\n"),
}
SCENE = scene_prompt(FACTS, ["The storm breaks the mirror."])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "data").mkdir()
    for split in ("train", "test"):
        rows = [("lyrics", work, *continue_prompt(FACTS, first), rest) for work, (first, rest) in SONGS.items()]
        rows.append(("prose", "book", *SCENE, "The storm broke every mirror of the house.\n"))
        names = ("task", "work", "instruction", "input", "output")
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
        (folder / "data" / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_the_human_stands_beside_the_floors(corpus: Path) -> None:
    evaluation = TextEvaluation(held_out_texts(corpus, "lyrics"), "lyrics", EvaluationSettings())
    human, again, other, letters = evaluation.human(), *evaluation.naive(), evaluation.counted()
    assert human.figures["rhymes"].value == 1
    assert human.figures["length"].value == 1
    assert human.figures["from-training"].value == 8  # all words of both: they are the training set too
    assert again.figures["from-prompt"].value > human.figures["from-prompt"].value == 0
    assert other.figures["distinct-1"].value == pytest.approx(human.figures["distinct-1"].value, abs=0.2)
    assert 0 < letters.figures["bits-character"].value < math.log2(257)
    assert "beats" not in {heading.name for heading in evaluation.headings}


def test_the_scene_tells_its_beat(corpus: Path) -> None:
    evaluation = TextEvaluation(held_out_texts(corpus, "prose"), "prose", EvaluationSettings(1, Sampling(seed=1)))
    assert evaluation.human().figures["beats"].value == 1
    assert "rhymes" not in {heading.name for heading in evaluation.headings}


def test_with_a_model_of_sentences_likeness_is_measured_by_meaning_too(corpus: Path) -> None:
    """The only scene has no `cat`, and is the training set, too."""

    def embed(texts: list[str]) -> NDArray[np.float32]:
        return np.array([[1, 0] if "cat" in text else [0, 1] for text in texts], dtype=np.float32)

    held_out = held_out_texts(corpus, "prose")
    evaluation = TextEvaluation(held_out, "prose", EvaluationSettings(), embed=embed)
    assert evaluation.human().figures["meaning"].value == pytest.approx(1)


def test_the_command_writes_a_report(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--task", "lyrics", "--data", str(corpus), "--candidates", "1", "-o", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (tmp_path / "report.md").read_text()
    facts = json.loads((tmp_path / "report.json").read_text())
    assert facts["task"] == "lyrics"
    assert facts["systems"][-1]["figures"]["bits-character"]["value"] > 2
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")


def test_texts_need_a_corpus_that_has_them(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--task", "prose"]) == 2
    assert "name a built corpus with --data" in capsys.readouterr().err
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.jsonl").write_text("")
    (tmp_path / "data" / "test.jsonl").write_text("")
    assert run(["evaluate", "--task", "prose", "--data", str(tmp_path)]) == 6
    assert "has no test rows of prose" in capsys.readouterr().err
