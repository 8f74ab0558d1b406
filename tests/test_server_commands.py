from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from chordllama.cli import run


def test_without_a_key_it_listens_to_this_computer_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--host", "0.0.0.0"]) == 2
    assert "--api-key" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "chordllama", "serve", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "is taken" in ended.stderr
    assert "--port" in ended.stderr


def test_a_model_that_is_not_there_is_told_before_the_server_begins(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--port", "0", "--model", "missing.gguf"]) == 4
    assert "missing.gguf can't be read" in capsys.readouterr().err
