"""The front door beside its neighbours: the settings of the tasks, the music of the command line, and what it refuses."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from small_scores import TEXTS

import chordllama
from chordllama import api
from chordllama.cli import run
from chordllama.codec import container
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.task import COMMON

ROOT = Path(__file__).parents[1]
CHORALE = ROOT / "tests" / "data" / "chorale.musicxml"
FUNCTIONS: dict[str, Callable[..., list[chordllama.Suggestion]]] = {
    "continue": chordllama.continue_score,
    "infill": chordllama.infill,
    "harmonise": chordllama.harmonise,
    "vary": chordllama.vary,
}
IN_PYTHON = {"given": "keep", "ensemble": "add"}


@pytest.fixture(scope="module")
def model() -> Iterator[chordllama.Backend]:
    with chordllama.open_model(threads=1) as opened:
        yield opened


def test_importing_it_loads_nothing_and_the_functions_load_no_model() -> None:
    code = (
        "import sys, chordllama\n"
        "print([name for name in sys.modules if name.startswith('chordllama')])\n"
        "chordllama.read\n"
        "heavy = ('llama_cpp', 'music21', 'torch', 'verovio', 'numpy', 'httpx', 'click')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['chordllama']\n[]\n"


def test_the_package_offers_what_the_module_does_and_each_is_documented() -> None:
    assert chordllama.__all__ == api.__all__
    assert set(api.__all__) <= set(dir(chordllama))
    assert all(inspect.getdoc(getattr(chordllama, name)) for name in api.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compose'"):
        chordllama.compose  # noqa: B018
    assert (ROOT / "chordllama" / "py.typed").exists()


def words_of(hint: object) -> tuple[str, ...]:
    """The words that a type allows, None left out."""
    return tuple(word for part in get_args(hint) for word in (get_args(part) or (part,)) if isinstance(word, str))


@pytest.mark.parametrize("task", MUSIC_TASKS.values(), ids=list(MUSIC_TASKS))
def test_each_task_is_a_function_with_its_settings(task: object) -> None:
    assert isinstance(task, type(MUSIC_TASKS["vary"]))
    _, *own, _ = inspect.signature(FUNCTIONS[task.id]).parameters.values()
    assert {parameter.name for parameter in own} == {IN_PYTHON.get(one.name, one.name) for one in task.settings}
    defaults = {one.name: one.default for one in task.settings if one.type != "parts" and one.default is not None}
    assert {one.name: one.default for one in own if one.name in defaults} == defaults
    assert api.WritingOptions.__annotations__.keys() == {*(one.name for one in COMMON), "model", "progress"}
    hints = get_type_hints(FUNCTIONS[task.id])
    choices = {one.name: one.choices for one in task.settings if one.choices}
    assert {name: words_of(hints[IN_PYTHON.get(name, name)]) for name in choices} == choices


@pytest.mark.parametrize(
    ("task", "options", "settings"),
    [
        ("continue", ["--bars", "2", "--density", "12"], {"bars": 2, "density": 12}),
        ("infill", ["--from", "4", "--bars", "2"], {"first": 4, "bars": 2}),
        ("harmonise", ["--keep", "1", "--from", "3", "--bars", "2"], {"keep": [1], "first": 3, "bars": 2}),
        ("harmonise", ["--add", "piano", "--bars", "1"], {"add": "piano", "bars": 1}),
        ("vary", ["--from", "2", "--bars", "1"], {"first": 2, "bars": 1}),
    ],
    ids=["continue", "infill", "harmonise", "added parts", "vary"],
)
def test_it_writes_what_the_command_line_writes(
    task: str, options: list[str], settings: dict[str, object], model: chordllama.Backend, tmp_path: Path
) -> None:
    out = tmp_path / "out.musicxml"
    assert run([task, str(CHORALE), "-o", str(out), "--seed", "5", "--threads", "1", *options]) == 0
    [new] = FUNCTIONS[task](CHORALE, seed=5, model=model, **settings)
    assert new.musicxml == out.read_bytes()
    [again] = FUNCTIONS[task](CHORALE.read_bytes(), seed=5, model=model, **settings)
    assert again == new
    assert new.score.bars[new.first - 1 : new.first - 1 + len(new.bars)]
    assert len(new.bars) == settings["bars"]


def test_candidates_come_with_the_most_probable_one_first_and_cant_be_changed(model: chordllama.Backend) -> None:
    told: list[chordllama.BarProgress] = []
    found = chordllama.continue_score(CHORALE, bars=1, candidates=3, model=model, progress=told.append)
    assert len(found) == len(told) == 3
    assert all((each.surprisal or 0) > 0 for each in found)
    assert len({each.musicxml for each in found}) == 3
    with pytest.raises(FrozenInstanceError):
        found[0].first = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_score_goes_through_text_and_files(name: str, tmp_path: Path) -> None:
    score = chordllama.decode(TEXTS[name])
    assert chordllama.decode(chordllama.encode(score)) == score
    for suffix in (".musicxml", ".mxl"):
        chordllama.write(score, tmp_path / f"score{suffix}")
        assert chordllama.encode(tmp_path / f"score{suffix}") == chordllama.encode(score)
    assert chordllama.check(score).bars == len(score.bars)


def test_a_score_can_be_saved_in_each_format(tmp_path: Path) -> None:
    score = chordllama.read(str(CHORALE))
    for suffix, start in ((".mid", b"MThd"), (".svg", b"<?xml"), (".png", b"\x89PNG"), (".MXL", b"PK")):
        chordllama.write(score, tmp_path / f"score{suffix}")
        assert (tmp_path / f"score{suffix}").read_bytes().startswith(start)
    with pytest.raises(chordllama.ScoreError, match="no suffix of a MusicXML file"):
        chordllama.write(score, tmp_path / "score.pdf")
    assert not (tmp_path / "score.pdf").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bars": 0}, "bars is 0"),
        ({"bars": True}, "bars has to be an integer"),
        ({"bars": "4"}, "bars has to be an integer"),
        ({"candidates": 17}, "candidates is 17"),
        ({"temperature": 9}, "temperature is 9"),
        ({"top_p": 0}, "top_p is 0"),
        ({"care": "much"}, "care is 'much'"),
        ({"ending": "soon"}, "ending is 'soon'"),
        ({"chords": "C | H"}, "H"),
    ],
    ids=str,
)
def test_a_value_outside_its_range_is_refused(
    settings: dict[str, object], words: str, model: chordllama.Backend
) -> None:
    with pytest.raises(chordllama.RequestError, match=re.escape(words)):
        chordllama.continue_score(CHORALE, model=model, **settings)  # type: ignore[arg-type]


def test_an_option_that_isnt_there_and_a_file_that_isnt_there_are_pythons_own_errors(
    model: chordllama.Backend,
) -> None:
    with pytest.raises(TypeError, match="continue has no option 'candidate'"):
        chordllama.continue_score(CHORALE, candidate=2, model=model)  # type: ignore[call-arg]
    with pytest.raises(FileNotFoundError):
        chordllama.read("nowhere.musicxml")
    with pytest.raises(chordllama.ModelError, match=r"nowhere\.gguf"):
        chordllama.continue_score(CHORALE, model="nowhere.gguf")


def test_a_command_parses_its_file_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parsed: list[str] = []
    parse = container.parse

    def counting_parse(xml: bytes, name: str) -> object:
        parsed.append(name)
        return parse(xml, name)

    monkeypatch.setattr("chordllama.codec.musicxml.parse", counting_parse)
    out = tmp_path / "out.musicxml"
    assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "1", "--strict"]) == 0
    assert parsed == [str(CHORALE)]
    assert out.exists()
