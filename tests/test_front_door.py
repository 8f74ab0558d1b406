"""`import chordllama` is enough: scores, text, checks and new bars, as the README shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import chordllama
from chordllama import ChordLlamaError, Suggestion
from chordllama.codec.musicxml import read

ROOT = Path(__file__).parents[1]
CHORALE = ROOT / "tests" / "data" / "chorale.musicxml"


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    example = re.search(r"<!-- python -->\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    assert len(example[1].strip().splitlines()) <= 24
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "example.py").write_text(example[1])
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("4 parts, 12 bars\nSoprano ")
    assert len(read((tmp_path / "continued.musicxml").read_bytes()).bars) == 16


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, chordllama; print([name for name in ('lxml', 'music21', 'llama_cpp', 'torch', 'click') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_check_is_a_function_whatever_is_loaded() -> None:
    assert chordllama.check(CHORALE).parts[0].name == "Soprano"
    assert callable(chordllama.check)


@pytest.fixture(scope="module")
def suggestions() -> list[Suggestion]:
    with chordllama.open_model(threads=1) as model:
        return [
            chordllama.continue_score(CHORALE, bars=1, model=model)[0],
            chordllama.infill(CHORALE.read_bytes(), first=5, model=model)[0],
            chordllama.harmonise(CHORALE, keep=["Soprano"], first=5, bars=1, model=model)[0],
            chordllama.vary(CHORALE, first=5, bars=1, seed=3, model=model)[0],
        ]


def test_each_task_gives_the_composers_file_with_new_bars(suggestions: list[Suggestion]) -> None:
    before = chordllama.read(CHORALE)
    assert [len(each.bars) for each in suggestions] == [1, 1, 1, 1]
    assert [len(each.score.bars) for each in suggestions] == [13, 12, 12, 12]
    assert all(each.failure is None and each.surprisal is not None for each in suggestions)
    assert all(each.score.bars[:4] == before.bars[:4] for each in suggestions)


def test_a_suggestion_is_saved_plain_or_packed(suggestions: list[Suggestion], tmp_path: Path) -> None:
    for name in ("song.musicxml", "song.mxl"):
        suggestions[0].save(tmp_path / name)
        assert chordllama.read(tmp_path / name) == suggestions[0].score
    assert (tmp_path / "song.mxl").read_bytes().startswith(b"PK")
    assert chordllama.write(suggestions[0].score, tmp_path / "again.mxl").startswith(b"<?xml")


def test_what_is_wrong_is_said_in_words() -> None:
    with pytest.raises(ChordLlamaError, match="the score doesn't have") as caught:
        chordllama.vary(CHORALE, first=40, bars=2)
    assert caught.value.cause == "it has 12 bars"
    with pytest.raises(ChordLlamaError, match="there is no part Oboe"):
        chordllama.harmonise(CHORALE, keep=["Oboe"])
