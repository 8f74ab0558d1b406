"""Files from strangers: each hostile one is refused within a second and 512 MB, and its error names the cause."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hostile_files import FILES, FOLDER, kept, write_all

from chordllama import cli
from chordllama.codec.container import read_container
from chordllama.errors import ContainerError
from chordllama.limits import MOST_BYTES

REFUSED = [name for name, file in FILES.items() if file.refused]
ODD = [name for name, file in FILES.items() if not file.refused]
KEPT = sorted(path.name for path in FOLDER.iterdir())
MOST_SECONDS, MOST_MEGABYTES = 1.0, 512
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process as this needs it")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each file, in a process of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    write_all(folder)
    reader = Path(__file__).with_name("guarded_reader.py")
    done = subprocess.run([sys.executable, str(reader), str(folder)], capture_output=True, text=True, check=True)
    return {found["name"]: found for found in map(json.loads, done.stdout.splitlines())}


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="zlib-ng packs the same bytes in another way")
def test_the_files_that_are_kept_are_those_that_the_script_makes() -> None:
    assert KEPT
    assert {name: FOLDER.joinpath(name).read_bytes() for name in KEPT} == kept()


def test_what_is_kept_is_small() -> None:
    assert sum(FOLDER.joinpath(name).stat().st_size for name in KEPT) < 150_000


@needs_linux
@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_at_once_and_its_error_names_the_cause(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    found = outcomes[name]
    assert found["error"] in ("ContainerError", "MusicXMLError", "CompactError", "ClassicError", "ScoreError"), found
    assert FILES[name].words in found["text"]
    assert found["seconds"] < MOST_SECONDS
    assert found["megabytes"] < MOST_MEGABYTES


@needs_linux
@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_read_at_once_and_a_warning_names_what_was_left_out(
    name: str, outcomes: dict[str, dict[str, Any]]
) -> None:
    found = outcomes[name]
    assert (found["error"], found["goes round"]) == ("", True), found
    assert FILES[name].words in found["text"]
    assert bool(FILES[name].words) == bool(found["text"])
    assert found["seconds"] < MOST_SECONDS


@pytest.mark.parametrize("name", [name for name in KEPT if FILES[name].refused and not name.endswith(".json")])
def test_the_command_line_refuses_it_and_leaves_no_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run([*_command(name), str(FOLDER / name)]) == 3
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert FILES[name].words in said.err
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


def _command(name: str) -> list[str]:
    if name.endswith(".classic"):
        return ["decode", "--dialect", "classic", "-o", "out.musicxml"]
    return ["decode", "-o", "out.musicxml"] if name.endswith(".yaml") else ["encode", "-o", "out.yaml"]


@pytest.mark.parametrize("name", ["zip_with_a_path_upwards.mxl", "zip_with_an_absolute_path.mxl"])
def test_no_path_of_an_archive_is_ever_made(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert cli.run(["encode", str(FOLDER / name), "-o", "out.yaml"]) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [inner / "out.yaml"]
    assert not Path("/tmp/outside.xml").exists()


def test_an_old_file_stays_when_the_new_score_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_text("old")
    done = subprocess.run(
        [sys.executable, "-m", "chordllama", "encode", str(FOLDER / "billion_laughs.musicxml"), "-o", str(old)],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "DOCTYPE declares" in done.stderr
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_a_file_without_end_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["encode", "/dev/zero"]) == 3
    assert f"{MOST_BYTES:,} are allowed" in capsys.readouterr().err


def test_the_largest_file_that_is_unpacked_is_no_larger_than_what_is_read() -> None:
    with pytest.raises(ContainerError, match="are allowed"):
        read_container(b"<" * (MOST_BYTES + 1), "a.musicxml")
