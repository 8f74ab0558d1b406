"""A command whose extra isn't installed says which one, before it does any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.cli import run
from chordllama.errors import ChordLlamaError
from chordllama.system import extras

COMMANDS = {
    "train": ["train", "quick"],
    "corpora": ["corpus", "build", "music", "-o", "built"],
    "evaluate": ["evaluate"],
    "embeddings": ["evaluate", "--task", "lyrics", "--data", "built", "--embeddings", "some-model"],
    "server": ["serve", "--port", "0"],
}


@pytest.mark.parametrize(("extra", "command"), COMMANDS.items(), ids=COMMANDS)
def test_a_command_names_the_extra_that_it_needs(
    extra: str,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    told = ["click>=8.2", f"click>=8; extra == '{extra}'", f"no-such-package>=1; extra == '{extra}'"]
    monkeypatch.setattr(extras, "requires", lambda _name: told)
    assert run(command) == 1
    error = capsys.readouterr().err
    assert f'the packages of "{extra}" are missing' in error
    assert "cause: no-such-package\n" in error
    assert f"pip install 'chordllama[{extra}]'" in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("extra", ["train", "corpora", "evaluate", "embeddings", "server"])
def test_nothing_is_missing_where_all_is_installed(extra: str) -> None:
    try:
        extras.need(extra)
    except ChordLlamaError as fault:
        pytest.fail(f"the tests need what pyproject.toml's `test` lists: {fault.cause}")
