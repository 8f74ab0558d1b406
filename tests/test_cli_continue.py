"""`chordllama continue` as a user runs it: the bundled model, real files, a process of its own where that matters."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from chordllama.cli import run
from chordllama.codec.musicxml import read
from chordllama.errors import ChordLlamaError
from chordllama.system.resources import resource

CHORALE = Path(__file__).parent / "data" / "chorale.musicxml"
MEASURE = re.compile(rb"<measure .*?</measure>", re.DOTALL)
CLOSING = re.compile(rb"\s*<barline location=\"right\">\s*<bar-style>light-heavy</bar-style>\s*</barline>")


def measures(xml: bytes) -> list[bytes]:
    return [CLOSING.sub(b"", measure) for measure in MEASURE.findall(xml)]


def parts(xml: bytes) -> list[list[bytes]]:
    return [measures(part) for part in xml.split(b"<part id=")[1:]]


def test_the_composers_own_bars_come_back_byte_for_byte_and_new_ones_follow(tmp_path: Path) -> None:
    out = tmp_path / "out.musicxml"
    assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "4"]) == 0
    for before, after in zip(parts(CHORALE.read_bytes()), parts(out.read_bytes()), strict=True):
        assert after[: len(before)] == before
        assert len(after) == len(before) + 4


def test_each_new_bar_fills_its_metre(tmp_path: Path) -> None:
    out = tmp_path / "out.musicxml"
    assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "4"]) == 0
    before, after = read(CHORALE.read_bytes()), read(out.read_bytes())
    assert all(bar.length is None for bar in after.bars[len(before.bars) :])
    assert len(after.bars) == len(before.bars) + 4


def test_the_same_seed_writes_the_same_file_and_another_seed_another_one(tmp_path: Path) -> None:
    written = []
    for number, seed in enumerate(("3", "3", "4")):
        out = tmp_path / f"{number}.musicxml"
        assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "2", "--seed", seed]) == 0
        written.append(out.read_bytes())
    assert written[0] == written[1] != written[2]


def test_a_density_can_be_asked_for(tmp_path: Path) -> None:
    written = []
    for number, wishes in enumerate(([], ["--density", "20"])):
        out = tmp_path / f"{number}.musicxml"
        assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "2", *wishes]) == 0
        written.append(out.read_bytes())
    assert written[0] != written[1]


def test_candidates_are_so_many_files_with_midi_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.musicxml"
    arguments = [
        "continue",
        str(CHORALE),
        "-o",
        str(out),
        "--bars",
        "2",
        "--candidates",
        "3",
        "--midi",
        "--picture",
        "--json",
    ]
    assert run(arguments) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"out-{n}.{suffix}" for n in (1, 2, 3) for suffix in ("musicxml", "mid", "svg")}
    assert (tmp_path / "out-1.mid").read_bytes().startswith(b"MThd")
    facts = json.loads(capsys.readouterr().out)
    assert [continuation["bars"] for continuation in facts["continuations"]] == [2, 2, 2]
    costs = [(continuation["faults"], continuation["bits_a_note"]) for continuation in facts["continuations"]]
    assert costs == sorted(costs), "the best one is the first, of those alike the most probable one"
    assert costs[0] < costs[2]


def test_a_pipe_gets_the_score_and_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chordllama", "continue", "-", "--bars", "1"],
        input=CHORALE.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert read(done.stdout).bars
    assert done.stderr == b""


def test_an_archive_comes_back_as_an_archive(tmp_path: Path) -> None:
    out = tmp_path / "out.mxl"
    assert run(["continue", str(CHORALE), "-o", str(out), "--bars", "1"]) == 0
    assert out.read_bytes().startswith(b"PK")
    assert len(read(out.read_bytes()).bars) == len(read(CHORALE.read_bytes()).bars) + 1


EMPTY = b"""<score-partwise><part-list><score-part id="P1"><part-name/></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>
<note><rest measure="yes"/><duration>4</duration></note></measure></part></score-partwise>"""


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (EMPTY, 3, "no notes"),
        (b"", 3, "empty"),
        (CHORALE.read_bytes()[:-4000] if CHORALE.exists() else b"<", 3, "line"),
        (b"PK\x03\x04 no archive", 3, "archive"),
    ],
)
def test_a_score_that_cant_go_on_is_refused_and_nothing_is_written(
    content: bytes, code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in.musicxml", tmp_path / "out.musicxml"
    source.write_bytes(content)
    assert run(["continue", str(source), "-o", str(out)]) == code
    assert not out.exists()
    said = capsys.readouterr().err
    assert said.startswith("error:")
    assert "in.musicxml" in said
    assert words in said


def test_a_missing_model_exits_with_4_and_a_missing_endpoint_with_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.musicxml"
    assert run(["continue", str(CHORALE), "-o", str(out), "--model", str(tmp_path / "no.gguf")]) == 4
    assert run(["continue", str(CHORALE), "-o", str(out), "--model", "http://127.0.0.1:9/v1"]) == 5
    assert not out.exists()
    assert "no.gguf" in capsys.readouterr().err


def test_the_embedded_model_is_small() -> None:
    assert resource("models/chordllama-mini-q4_k_m.gguf").stat().st_size < 15_000_000


def test_a_missing_file_of_the_installation_is_named() -> None:
    with pytest.raises(ChordLlamaError, match="models/no-such-model"):
        resource("models/no-such-model")


@pytest.mark.parametrize(
    ("task", "rewritten"), [("infill", [0, 1, 2, 3]), ("harmonise", [1, 2, 3]), ("vary", [0, 1, 2, 3])]
)
def test_bars_in_the_middle_are_written_anew_and_all_others_stay(
    task: str, rewritten: list[int], tmp_path: Path
) -> None:
    out = tmp_path / "out.musicxml"
    assert run([task, str(CHORALE), "-o", str(out), "--from", "5", "--bars", "2"]) == 0
    all_changed = set()
    for number, pair in enumerate(zip(parts(CHORALE.read_bytes()), parts(out.read_bytes()), strict=True)):
        changed = {place for place, (before, after) in enumerate(zip(*pair, strict=True)) if before != after}
        assert not changed or number in rewritten
        all_changed |= changed
    assert {4} <= all_changed <= {4, 5}  # the sixth has one note in each part, which a variation may keep


def test_parts_to_keep_are_named_by_name_or_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, keep in enumerate(("2,soprano", "Alto,1")):
        out = tmp_path / f"{number}.musicxml"
        assert run(["harmonise", str(CHORALE), "--keep", keep, "-o", str(out), "--bars", "1"]) == 0
    before, *after = [parts(path.read_bytes()) for path in (CHORALE, tmp_path / "0.musicxml", tmp_path / "1.musicxml")]
    assert after[0] == after[1]
    assert after[0][:2] == before[:2]
    assert after[0][2:] != before[2:]


@pytest.mark.parametrize("keep", ["kazoo", "7", "0"])
def test_parts_that_are_not_there_are_answered_by_those_that_are(keep: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["harmonise", str(CHORALE), "--keep", keep]) == 2
    said = capsys.readouterr().err
    assert f"there is no part {keep}" in said
    assert "1 Soprano, 2 Alto, 3 Tenor, 4 Bass" in said


def test_the_critics_report_is_said_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["continue", str(CHORALE), "-o", str(tmp_path / "out.musicxml"), "--bars", "4", "--ending", "close"]
    assert run(arguments) == 0
    assert "report:" not in capsys.readouterr().err
    assert run([*arguments, "--report"]) == 0
    said = capsys.readouterr().err
    assert "report: bar 14: " in said
    assert run([*arguments, "--report", "--json"]) == 0
    assert any(
        line.startswith("bar 14: ") for line in json.loads(capsys.readouterr().out)["continuations"][0]["report"]
    )


def test_a_chord_that_isnt_one_is_refused_where_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["continue", str(CHORALE), "--chords", "C | Am7 Hx | G"]) == 2
    said = capsys.readouterr().err
    assert 'bar 2 of the chords: "Hx" is not a chord symbol' in said
    assert run(["continue", str(CHORALE), "--bars", "2", "--chords", "C | F | G"]) == 2
    assert "chords for 3 bars, but 2 bars to write" in capsys.readouterr().err


def test_a_score_without_a_gap_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["infill", str(CHORALE)]) == 2
    assert "no bars are missing" in capsys.readouterr().err
