"""`chordllama plugin`: what lies in MuseScore's folders after each command, and what is said."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from chordllama.cli import run
from chordllama.system.musescore import FILES, MUSESCORES, current_version, places, serve_command
from chordllama.system.resources import resource


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "MuseScore3").mkdir()
    (tmp_path / "MuseScore4" / "Plugins").mkdir(parents=True)
    return tmp_path


def test_install_finds_both_and_says_how_to_enable(documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "install", "--documents", str(documents)]) == 0
    said = capsys.readouterr().out
    assert "Plugin Manager" in said
    assert "Home → Plugins" in said
    for number in MUSESCORES:
        folder = documents / f"MuseScore{number}" / "Plugins" / "chordllama"
        assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
        assert [path.name for path in folder.glob("*.qml")] == ["chordllama.qml"], "each .qml there is a plugin"


def test_what_is_installed_knows_its_server_and_the_command_that_starts_it(documents: Path) -> None:
    address = "http://127.0.0.1:9999"
    assert run(["plugin", "install", "--documents", str(documents), "--for", "4", "--server", address]) == 0
    script = (documents / "MuseScore4" / "Plugins" / "chordllama" / "session.js").read_text()
    assert f'var SERVER = "{address}";' in script
    assert f"var COMMAND = {json.dumps(serve_command())};" in script
    assert not (documents / "MuseScore3" / "Plugins").exists()


def test_the_command_runs() -> None:
    words = [*shlex.split(serve_command()), "--help"]
    assert "Usage" in subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_the_version_is_the_packages() -> None:
    plugin = resource("musescore_plugin")
    assert re.findall(r'version: "(.*)"', (plugin / "chordllama.qml").read_text())[0] == current_version()
    assert f'var VERSION = "{current_version()}";' in (plugin / "session.js").read_text()


def test_status_tells_versions(documents: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["plugin", "install", "--documents", str(documents), "--for", "4"])
    manifest = places(documents)[1].plugin / "chordllama.qml"
    capsys.readouterr()
    assert run(["plugin", "status", "--documents", str(documents)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "MuseScore 3: not installed",
        f"MuseScore 4: version {current_version()} in {manifest.parent}",
    ]
    manifest.write_text(manifest.read_text().replace(current_version(), "0.0.9"))
    run(["plugin", "status", "--documents", str(documents), "--json"])
    assert json.loads(capsys.readouterr().out)["places"][1]["version"] == "0.0.9"
    run(["plugin", "status", "--documents", str(documents)])
    assert "version 0.0.9" in capsys.readouterr().out


def test_uninstall_leaves_what_isnt_ours(documents: Path) -> None:
    run(["plugin", "install", "--documents", str(documents)])
    three, four = (place.plugin for place in places(documents))
    (four / "notes.txt").write_text("mine")
    assert run(["plugin", "uninstall", "--documents", str(documents)]) == 0
    assert not three.exists()
    assert [path.name for path in four.iterdir()] == ["notes.txt"]
    assert run(["plugin", "uninstall", "--documents", str(documents)]) == 0


def test_without_any_musescore_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plugin", "install", "--documents", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "no MuseScore was found" in said
    assert "--for 4" in said
    assert run(["plugin", "install", "--documents", str(tmp_path), "--for", "4"]) == 0
    assert places(tmp_path)[1].installed == current_version()
