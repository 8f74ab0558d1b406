"""What people see at a terminal, through a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chordllama.system.terminal import say

DATA = Path(__file__).parent / "data"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


def at_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command prints on a terminal, on standard output and standard error together."""
    ours, theirs = os.openpty()
    setting = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"} | environment
    with subprocess.Popen(
        [sys.executable, "-m", "chordllama", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | setting,
    ):
        os.close(theirs)
        found = b""
        while chunk := _read(ours):
            found += chunk
    os.close(ours)
    return found.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


def test_a_folder_shows_files_failures_and_speed(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "in", ignore=shutil.ignore_patterns("*.json"))
    (tmp_path / "in" / "broken.xml").write_bytes(b"no score")
    text = at_a_terminal("encode", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--jobs", "1")
    assert "encode" in text
    assert "files/s" in text
    assert "1 failed" in text
    assert "done:" in text


def test_a_check_has_lines_and_colours_unless_they_are_not_wanted() -> None:
    path = str(DATA / "pickup.musicxml")
    assert "───" in at_a_terminal("check", path)
    assert "\x1b[1;36m" in at_a_terminal("check", path)
    assert "36m" not in at_a_terminal("check", path, NO_COLOR="1")


def test_messages_have_colours_at_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b[31m" in at_a_terminal("encode", "no-such-file")
    assert "\x1b" not in at_a_terminal("encode", "no-such-file", NO_COLOR="1")
    say("hint", "x")
    assert capsys.readouterr().err == "hint: x\n"
