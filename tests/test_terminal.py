"""What people see at a terminal, through a real one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chordllama.system.terminal import ProgressDisplay, format_seconds, say

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
    assert re.search(r"[1-9][0-9]* failed", text.rsplit("done:", 1)[0])
    assert "done:" in text


def test_what_was_written_is_said_at_a_terminal_alone(tmp_path: Path) -> None:
    score, out = str(DATA / "chorale.musicxml"), tmp_path / "new.musicxml"
    text = at_a_terminal("continue", score, "-o", str(out), "--bars", "2", "--midi")
    assert re.search(
        rf"{re.escape(str(out))}, {re.escape(str(out.with_suffix('.mid')))}: 2 bars, 13–14, [0-9.]+ s\r\n$", text
    )
    text = at_a_terminal("vary", score, "-o", str(out), "--from", "3", "--bars", "1", "--candidates", "2")
    assert len(re.findall(r"new-[12]\.musicxml: 1 bar, 3, [0-9.]+ s\r\n", text)) == 2
    encoded = str(tmp_path / "new.yaml")
    assert re.search(r"new\.yaml: 4 parts, 12 bars, [0-9.]+ s", at_a_terminal("encode", score, "-o", encoded))
    assert re.search(r"new\.musicxml: 4 parts, 12 bars, [0-9.]+ s", at_a_terminal("decode", encoded, "-o", str(out)))


def test_neither_a_log_nor_a_program_hears_what_was_written(tmp_path: Path) -> None:
    score, out = str(DATA / "chorale.musicxml"), str(tmp_path / "new.yaml")
    assert at_a_terminal("encode", score, "-o", out, "--json").startswith('{"output"')
    command = [sys.executable, "-m", "chordllama", "encode", score, "-o", out]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""
    assert "new.yaml" not in at_a_terminal("encode", score)


def test_progress_in_a_log_is_plain_lines_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    show = ProgressDisplay("encode", "files", every=0.2)
    for done in range(1, 101):
        show(done, 100, "3 failed")
        time.sleep(0.005)
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 5
    for line in lines:
        assert re.fullmatch(r"encode: [0-9]+/100 files, 3 failed, [0-9.]+ files/s, [0-9.]+ s left", line)


def test_progress_of_bytes_tells_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    show = ProgressDisplay("fetching", "bytes", every=0)
    show(5_000, None, line="a.bin")
    show(10_000_000, 20_000_000, line="b.bin")
    assert capsys.readouterr().err.splitlines() == ["fetching a.bin: 5.0 kB", "fetching b.bin: 10.0/20.0 MB"]


def test_a_short_command_prints_no_progress_in_a_log(tmp_path: Path) -> None:
    shutil.copy(DATA / "chorale.musicxml", tmp_path)
    command = [sys.executable, "-m", "chordllama", "encode", str(tmp_path), "-o", str(tmp_path / "out")]
    said = subprocess.run(command, capture_output=True, check=True).stderr.decode()
    assert said.startswith("done: 1 files")


def test_a_dumb_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    shutil.copy(DATA / "chorale.musicxml", tmp_path)
    text = at_a_terminal("encode", str(tmp_path), "-o", str(tmp_path / "out"), TERM="dumb", NO_COLOR="1")
    assert "\x1b" not in text


@pytest.mark.parametrize(("seconds", "words"), [(4.13, "4.1 s"), (65, "1:05 min"), (7210, "2:00:10 h")])
def test_times_are_for_people(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words


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
