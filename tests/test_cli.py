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
from chordllama.commands import delivery, score

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


@pytest.mark.parametrize("command", ["encode", "decode", "check", "continue", "train"])
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
        (["encode", str(DATA)], "name it with -o"),
        (["encode", str(DATA), "-o", str(SCORE)], "name it with -o"),
        (["encode", str(DATA), "-o", "no/such/folder"], "the folder doesn't exist"),
        (["encode", str(DATA), "-o", "x", "--jobs", "0"], "0"),
        (["check", str(DATA)], "can't be read"),
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

    monkeypatch.setattr(delivery, "write", full)
    assert cli.run(["encode", str(SCORE), "-o", "x.yaml"]) == 1
    assert "No space left" in capsys.readouterr().err


def test_an_interruption_is_quiet_and_exits_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_source: str) -> tuple[bytes, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(score, "read", interrupted)
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


@pytest.mark.parametrize(
    "arguments", [["--help"], ["continue", "--help"], ["encode", str(SCORE)], ["check", str(SCORE)]]
)
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


# ----------------------------------------------------------------------------------------------------- check and folders


def test_check_prints_tables_that_are_plain_where_they_are_piped() -> None:
    done = chordllama("check", str(DATA / "check" / "uneven.musicxml"))
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    for line in ("Too much and too little (Nobody)", "2 parts, 5 bars, 27 notes, 1 rest", "glitter"):
        assert line in text
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_check_prints_one_json_object_whose_fields_are_promised() -> None:
    path = DATA / "check" / "uneven.musicxml"
    found = json.loads(chordllama("check", str(path), "--json").stdout)
    assert found == json.loads((DATA / "check" / "uneven.json").read_bytes()) | {"file": str(path)}


def test_check_knows_text_from_scores() -> None:
    text = chordllama("encode", str(SCORE)).stdout
    found, of_text = (
        json.loads(chordllama("check", "-", "--json", given=data).stdout) for data in (SCORE.read_bytes(), text)
    )
    assert found["parts"] == of_text["parts"]
    assert found["file"] == "standard input"


def test_check_refuses_what_encode_refuses(tmp_path: Path) -> None:
    odd = DATA / "check" / "uneven.musicxml"
    assert [chordllama("check", str(odd), *strict).returncode for strict in ([], ["--strict"])] == [0, 3]
    rejected = chordllama("check", "-", "--json", given=b"no score")
    assert rejected.returncode == 3
    assert json.loads(rejected.stdout)["error"]["exit_code"] == 3


@pytest.mark.parametrize("command", ["encode", "decode"])
def test_a_folder_is_converted_file_by_file(tmp_path: Path, command: str) -> None:
    (tmp_path / "in").mkdir()
    score, text = SCORE.read_bytes(), chordllama("encode", str(SCORE)).stdout
    (tmp_path / "in" / "a.mxl").write_bytes(b"no score")
    (tmp_path / "in" / "a.yaml").write_bytes(b"no: score")
    (tmp_path / "in" / "b.xml").write_bytes(score)
    (tmp_path / "in" / "b.yaml").write_bytes(text)
    arguments = [command, str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--jobs", "1"]
    done = chordllama(*arguments)
    assert (done.returncode, done.stdout) == (3, b"")
    assert fact(done, "error").startswith("a.")
    assert fact(done, "done").startswith("2 files: 1 written, 0 were done already, 1 failed")
    again = json.loads(chordllama(*arguments, "--json").stdout)
    assert (again["files"], again["written"], again["unchanged"]) == (2, 0, 1)
    assert set(again["failed"][0]) == {"file", "message", "cause", "hint"}
    assert set(again) == {
        *("output", "files", "written", "unchanged", "edited", "failed", "warnings", "interrupted", "seconds")
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["encode", str(DATA), "--without", "glitter"], "glitter"),
        (["decode", str(DATA / "check")], "there is no file to decode"),
    ],
)
def test_a_folder_that_cannot_be_begun_leaves_nothing(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = chordllama(arguments[0], "-o", str(tmp_path / "out"), *arguments[1:])
    assert done.returncode == 2
    assert words in fact(done, "error")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows names files in Unicode")
def test_json_can_hold_a_name_that_is_no_utf_8() -> None:
    done = chordllama("encode", os.fsdecode(b"caf\xe9.xml"), "--json")
    assert done.returncode == 2
    assert "caf\udce9.xml" in json.loads(done.stdout)["error"]["message"]


def test_a_score_comes_back_through_classic_text_and_mendings_are_told(tmp_path: Path) -> None:
    text = chordllama("encode", str(SCORE), "--dialect", "classic")
    assert (text.returncode, text.stderr) == (0, b"")
    assert text.stdout.startswith(b"divisions: '2'\n")
    broken = text.stdout.replace(b"---\n", b"").replace(b"step: G", b"step G")
    back = chordllama("decode", "-", "--dialect", "classic", "--json", given=broken)
    facts = json.loads(back.stdout)
    assert (back.returncode, facts["parts"], facts["bars"], len(facts["warnings"])) == (0, 1, 2, 2)
    assert facts["musicxml"].count("<note") == 5


def test_classic_text_that_cannot_be_mended_is_refused_with_line_and_column() -> None:
    text = chordllama("encode", str(SCORE), "--dialect", "classic").stdout
    done = chordllama("decode", "-", "--dialect", "classic", given=text.replace(b"step: F", b"step: X"))
    assert done.returncode == 3
    assert fact(done, "error").startswith("line 19, column 7: step")
    assert chordllama("encode", str(SCORE), "--dialect", "classic", "--without", "lyrics").returncode == 2
