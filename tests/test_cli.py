"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chordllama import cli
from chordllama.codec.compact import loads
from chordllama.codec.container import read_container

DATA = Path(__file__).parent / "data"
SCORE = DATA / "two_bars.musicxml"
HEAVY = ("torch", "transformers", "llama_cpp", "music21", "verovio", "flask", "httpx", "numpy", "datasets")


def chordllama(*arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as its users do, in a process of its own."""
    return subprocess.run([sys.executable, "-m", "chordllama", *arguments], input=given, capture_output=True)


def modules_after(*arguments: str) -> set[str]:
    """The modules that one command line has loaded when it is done."""
    program = (
        "import sys; from chordllama.cli import run; code = run(sys.argv[1:]);"
        "sys.stderr.write('\\n' + ' '.join(sys.modules)); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.rpartition("\n")[2].split())


def fact(done: subprocess.CompletedProcess[bytes], kind: str) -> str:
    """What follows `kind:` on standard error."""
    lines = done.stderr.decode().splitlines()
    return next(line.removeprefix(f"{kind}: ") for line in lines if line.startswith(f"{kind}: "))


def test_the_version_is_printed() -> None:
    done = chordllama("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"chordllama 0.1.0\n", b"")


@pytest.mark.parametrize("command", ["encode", "decode", "continue", "train"])
def test_each_command_explains_itself(command: str) -> None:
    assert command.encode() in chordllama("--help").stdout
    done = chordllama(command, "--help")
    assert done.returncode == 0
    assert f"Usage: chordllama {command}".encode() in done.stdout


def test_nothing_but_the_name_prints_the_help_and_is_wrong_usage() -> None:
    done = chordllama()
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Usage: chordllama" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sing"], "sing"),
        (["encode"], "IN"),
        (["encode", "--loud", "x"], "--loud"),
        (["encode", "no/such/file.xml"], "no/such/file.xml: can't be read: No such file"),
        (["encode", str(DATA)], "can't be read"),
        (["encode", str(SCORE), "-o", "no/such/folder/x.yaml"], "the folder doesn't exist"),
        (["encode", str(SCORE), "-o", str(DATA)], "is a folder"),
        (["decode", "-", "-o", "song.pdf"], ".musicxml, .xml, .mxl"),
        (["continue", str(SCORE), "--midi"], "-o"),
        (["continue", str(SCORE), "--bars", "0"], "0"),
        (["continue", str(SCORE), "--top-p", "1.5"], "1.5"),
        (["continue", str(SCORE), "--ending", "loud"], "loud"),
        (["train", "no-such-recipe"], "no-such-recipe"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_was_wrong(arguments: list[str], words: str) -> None:
    done = chordllama(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert words in fact(done, "error")
    assert fact(done, "hint").endswith("--help")


def test_a_rejected_score_exits_with_3_and_names_file_cause_and_hint(tmp_path: Path) -> None:
    broken = tmp_path / "broken.musicxml"
    broken.write_bytes(SCORE.read_bytes()[:600])
    done = chordllama("encode", str(broken))
    assert (done.returncode, done.stdout) == (3, b"")
    assert str(broken) in fact(done, "error")
    assert "line 1" in fact(done, "error")
    assert fact(done, "cause")
    assert fact(done, "hint")
    assert b"\x1b" not in done.stderr, "colours belong on a terminal only"


def test_text_that_is_no_utf_8_is_rejected() -> None:
    done = chordllama("decode", "-", given=b"a: b\nc: \xff\n")
    assert done.returncode == 3
    assert "standard input: line 2: byte 0xFF" in fact(done, "error")


def test_with_json_an_error_is_one_json_object_too() -> None:
    done = chordllama("encode", "-", "--json", given=b"no score")
    assert done.returncode == 3
    error = json.loads(done.stdout)["error"]
    assert error["exit_code"] == 3
    assert error["message"] == fact(done, "error")


def test_a_full_disk_exits_with_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_path: str, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "_write", full)
    assert cli.run(["encode", str(SCORE), "-o", "x.yaml"]) == 1
    assert "No space left" in capsys.readouterr().err


def test_an_interruption_is_quiet_and_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_source: str) -> tuple[bytes, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_read", interrupted)
    assert cli.run(["encode", "-"]) == 130
    assert capsys.readouterr().err.strip() == ""


@pytest.mark.skipif(os.name == "nt", reason="a shell with head is needed")
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    many = tmp_path / "many.musicxml"
    measure = SCORE.read_bytes().partition(b'<measure number="2">')[2].partition(b"</measure>")[0]
    more = b'<measure number="3">' + measure.partition(b"<barline")[0] + b"</measure>"
    many.write_bytes(SCORE.read_bytes().replace(b"</part>", more * 20_000 + b"</part>"))
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m chordllama encode '{many}' | head -c 1"], capture_output=True
    )
    assert (len(done.stdout), done.stderr) == (1, b"")


@pytest.mark.parametrize("arguments", [["--help"], ["continue", "--help"], ["encode", str(SCORE)]])
def test_nothing_heavy_is_loaded_before_it_is_needed(arguments: list[str]) -> None:
    loaded = modules_after(*arguments)
    assert "click" in loaded
    assert not loaded & set(HEAVY)


def test_a_score_comes_back_through_text(tmp_path: Path) -> None:
    text = tmp_path / "song.yaml"
    assert chordllama("encode", str(SCORE), "-o", str(text)).returncode == 0
    assert "Two Bars" in text.read_text(encoding="utf-8")
    for suffix in (".musicxml", ".mxl"):
        assert chordllama("decode", str(text), "-o", str(tmp_path / f"song{suffix}")).returncode == 0
    plain = (tmp_path / "song.musicxml").read_bytes()
    assert plain.count(b"<note") == 5
    assert read_container((tmp_path / "song.mxl").read_bytes(), "song.mxl") == plain
    again = chordllama("encode", str(tmp_path / "song.mxl"))
    assert again.stdout == text.read_bytes()


def test_a_hyphen_is_standard_input_and_output() -> None:
    text = chordllama("encode", "-", "-o", "-", given=SCORE.read_bytes())
    assert (text.returncode, text.stderr) == (0, b"")
    xml = chordllama("decode", "-", given=text.stdout)
    assert (xml.returncode, xml.stderr) == (0, b"")
    assert b"<score-partwise" in xml.stdout


def test_lyrics_can_be_left_out() -> None:
    assert "Größe" in chordllama("encode", str(SCORE)).stdout.decode()
    assert "Größe" not in chordllama("encode", str(SCORE), "--without", "lyrics").stdout.decode()


def test_json_holds_the_text_or_the_place_where_it_went(tmp_path: Path) -> None:
    shown = json.loads(chordllama("encode", str(SCORE), "--json").stdout)
    assert shown["text"] == chordllama("encode", str(SCORE)).stdout.decode()
    assert (shown["parts"], shown["bars"], shown["warnings"]) == (1, 2, [])
    written = json.loads(chordllama("encode", str(SCORE), "--json", "-o", str(tmp_path / "x.yaml")).stdout)
    assert written["output"] == str(tmp_path / "x.yaml")


def test_an_unknown_element_is_a_warning_and_with_strict_an_error(tmp_path: Path) -> None:
    odd = tmp_path / "odd.musicxml"
    odd.write_bytes(SCORE.read_bytes().replace(b"<rest/>", b"<rest/><glitter/>"))
    lenient, strict = chordllama("encode", str(odd)), chordllama("encode", str(odd), "--strict")
    assert (lenient.returncode, strict.returncode) == (0, 3)
    assert "glitter" in fact(lenient, "warning")
    assert "glitter" in fact(strict, "cause")
    assert strict.stdout == b""


def test_another_format_is_read_too(tmp_path: Path) -> None:
    tune = tmp_path / "tune.abc"
    tune.write_text("X:1\nT:Tune\nM:3/4\nL:1/4\nK:G\nGAB|d3|]\n")
    done = chordllama("encode", str(tune), "--json")
    assert json.loads(done.stdout)["bars"] == 2


def test_several_bars_on_a_line_say_the_same(tmp_path: Path) -> None:
    texts = [tmp_path / "one.yaml", tmp_path / "four.yaml"]
    for path, number in zip(texts, ("1", "4"), strict=True):
        assert chordllama("encode", str(SCORE), "-o", str(path), "--bars-per-line", number).returncode == 0
    one, four = (path.read_text() for path in texts)
    assert len(four.splitlines()) < len(one.splitlines())
    assert loads(four) == loads(one)
