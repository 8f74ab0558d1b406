"""Folders of scores: what is done, left, kept, refused and gone on with after an interruption."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from filelock import FileLock

from chordllama.codec.compact import dumps
from chordllama.codec.musicxml import read
from chordllama.conversion import folders
from chordllama.conversion.convert import Converted, Decoding, Encoding
from chordllama.conversion.folders import FAILURES, LOCK, FolderInUse, NoScores, Summary, convert_folder, output_names
from chordllama.conversion.manifest import NAME

DATA = Path(__file__).parent / "data"
SCORE = (DATA / "two_bars.musicxml").read_bytes()
LONG = (DATA / "chorale.musicxml").read_bytes()
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A small tree of scores, with files that are none."""
    folder = tmp_path / "scores"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "one.musicxml").write_bytes(SCORE)
    (folder / "deep" / "TWO.XML").write_bytes(SCORE)
    (folder / "deep" / "er" / "three.mxl").write_bytes((DATA / "two_bars.mxl").read_bytes())
    for other in ("read me.txt", ".hidden.xml", "._one.musicxml", "picture.png"):
        (folder / other).write_bytes(b"no score")
    return folder


def encode(source: Path, target: Path, encoding: Encoding | None = None) -> Summary:
    return convert_folder(encoding or Encoding(), source, target, jobs=1)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def counts(summary: Summary) -> tuple[int, int, int, int]:
    return summary.written, summary.unchanged, len(summary.edited), len(summary.failed)


# ---------------------------------------------------------------------------------------------------------- what is written


def test_the_tree_is_mirrored_and_nothing_else_is_written(scores: Path, tmp_path: Path) -> None:
    summary = encode(scores, tmp_path / "out")
    text = dumps(read(SCORE)).encode()
    found = tree(tmp_path / "out")
    assert found.pop(NAME)
    assert found == {"one.yaml": text, "deep/TWO.yaml": text, "deep/er/three.yaml": text}
    assert counts(summary) == (3, 0, 0, 0)
    assert summary.exit_code == 0


def test_text_becomes_scores_that_become_the_same_text(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "text")
    summary = convert_folder(Decoding(), tmp_path / "text", tmp_path / "back", jobs=1)
    assert counts(summary) == (3, 0, 0, 0)
    encode(tmp_path / "back", tmp_path / "again")
    first, second = tree(tmp_path / "text"), tree(tmp_path / "again")
    assert first.pop(NAME) != second.pop(NAME)
    assert first == second


@pytest.mark.parametrize("place", ["scores/out", "scores", "."])
def test_the_target_may_be_inside_the_source_or_around_it(scores: Path, tmp_path: Path, place: str) -> None:
    for _ in range(2):
        summary = encode(scores, tmp_path / place)
        assert summary.files == 3
    assert summary.unchanged == 3


def test_an_empty_folder_is_an_error_that_names_the_suffixes(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    with pytest.raises(NoScores, match="there is no file to encode") as fault:
        encode(tmp_path / "scores", tmp_path / "out")
    assert fault.value.hint is not None
    assert ".mxl" in fault.value.hint
    assert ".mid" in fault.value.hint
    assert fault.value.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["a.xml", "b.mxl"], ["a.yaml", "b.yaml"]),
        (["a.xml", "a.mxl", "b.mxl"], ["a.xml.yaml", "a.mxl.yaml", "b.yaml"]),
        (["A.xml", "a.mxl"], ["A.xml.yaml", "a.mxl.yaml"]),
        (["x/a.xml", "y/a.mxl"], ["x/a.yaml", "y/a.yaml"]),
        (["a.xml", "a.mxl", "a.xml.mxl"], ["a.xml.yaml", "a.mxl.yaml", "a.xml.mxl.yaml"]),
        (["é.xml", "e\u0301.mxl"], ["é.xml.yaml", "e\u0301.mxl.yaml"]),
        (["no. 1.xml"], ["no. 1.yaml"]),
    ],
)
def test_no_two_files_have_one_output(files: list[str], wanted: list[str]) -> None:
    names = output_names(map(Path, files), ".yaml")
    assert [name.as_posix() for name in names.values()] == wanted


def test_two_files_of_one_name_are_both_written(scores: Path, tmp_path: Path) -> None:
    (scores / "one.mxl").write_bytes((DATA / "two_bars.mxl").read_bytes())
    encode(scores, tmp_path / "out")
    assert {"one.musicxml.yaml", "one.mxl.yaml"} <= set(tree(tmp_path / "out"))


def test_a_name_that_is_no_utf_8_is_kept(scores: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    try:
        (scores / f"{name}.xml").write_bytes(SCORE)
        (scores / f"{name}2.xml").write_bytes(b"no score")
    except OSError:
        pytest.skip("this file system wants UTF-8")
    summary = encode(scores, tmp_path / "out")
    assert (tmp_path / "out" / f"{name}.yaml").exists()
    assert counts(summary) == (4, 0, 0, 1)
    assert summary.failed[0].file == "caf\\xe92.xml"
    assert "caf\\\\xe92.xml" in (tmp_path / "out" / FAILURES).read_text(encoding="utf-8")
    assert counts(encode(scores, tmp_path / "out")) == (0, 4, 0, 1)


# ------------------------------------------------------------------------------------------------------ what is done already


def test_what_is_done_is_not_done_again(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.yaml")}
    assert counts(encode(scores, tmp_path / "out")) == (0, 3, 0, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_changed_source_is_encoded_again_and_a_touched_one_is_not(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    (scores / "one.musicxml").write_bytes(LONG)
    (scores / "deep" / "TWO.XML").touch()
    assert counts(encode(scores, tmp_path / "out")) == (1, 2, 0, 0)
    assert (tmp_path / "out" / "one.yaml").read_bytes() == dumps(read(LONG)).encode()


def test_a_changed_option_encodes_all_again(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    assert counts(encode(scores, tmp_path / "out", Encoding(("lyrics",)))) == (3, 0, 0, 0)
    assert "Größe" not in (tmp_path / "out" / "one.yaml").read_text(encoding="utf-8")


def test_changed_code_encodes_all_again(scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode(scores, tmp_path / "out")
    monkeypatch.setattr(folders, "code_checksum", lambda: "another")
    assert counts(encode(scores, tmp_path / "out")) == (3, 0, 0, 0)


def test_a_deleted_output_is_written_again(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    (tmp_path / "out" / "one.yaml").unlink()
    assert counts(encode(scores, tmp_path / "out")) == (1, 2, 0, 0)


def test_an_output_that_somebody_edited_is_kept(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    edited = tmp_path / "out" / "one.yaml"
    edited.write_text("mine")
    summary = encode(scores, tmp_path / "out")
    assert (counts(summary), summary.edited, summary.exit_code) == ((0, 2, 1, 0), ["one.yaml"], 0)
    (scores / "one.musicxml").write_bytes(LONG)
    summary = encode(scores, tmp_path / "out")
    assert counts(summary) == (0, 2, 0, 1)
    assert "changed by somebody" in summary.failed[0].message
    assert edited.read_text() == "mine"
    edited.unlink()
    assert counts(encode(scores, tmp_path / "out")) == (1, 2, 0, 0)


def test_a_file_that_is_not_from_here_is_not_overwritten(scores: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "one.yaml").write_text("another's")
    assert counts(encode(scores, tmp_path / "out")) == (2, 0, 0, 1)
    assert (tmp_path / "out" / "one.yaml").read_text() == "another's"


def test_without_its_manifest_a_folder_is_recognised_by_its_bytes(scores: Path, tmp_path: Path) -> None:
    encode(scores, tmp_path / "out")
    before = tree(tmp_path / "out")
    (tmp_path / "out" / NAME).unlink()
    assert counts(encode(scores, tmp_path / "out")) == (3, 0, 0, 0)
    assert tree(tmp_path / "out") == before


# ------------------------------------------------------------------------------------------------------------- what fails


def test_a_broken_file_fails_alone_and_is_listed(scores: Path, tmp_path: Path) -> None:
    (scores / "deep" / "broken.xml").write_bytes(SCORE[:600])
    (scores / "deep" / "odd.xml").write_bytes(SCORE.replace(b"<rest/>", b"<rest/><glitter/>"))
    summary = encode(scores, tmp_path / "out")
    assert counts(summary) == (4, 0, 0, 1)
    assert summary.exit_code == 3
    assert list(summary.warnings) == [str(Path("deep", "odd.xml"))]
    (listed,) = json.loads((tmp_path / "out" / FAILURES).read_bytes())
    assert listed["file"] == str(Path("deep", "broken.xml"))
    assert "line 1" in listed["message"]
    assert set(listed) == {"file", "message", "cause", "hint"}
    assert encode(scores, tmp_path / "out").warnings == summary.warnings
    (scores / "deep" / "broken.xml").write_bytes(SCORE)
    assert counts(encode(scores, tmp_path / "out")) == (1, 4, 0, 0)
    assert not (tmp_path / "out" / FAILURES).exists()


def test_strictness_is_an_option_like_others(scores: Path, tmp_path: Path) -> None:
    (scores / "odd.xml").write_bytes(SCORE.replace(b"<rest/>", b"<rest/><glitter/>"))
    assert counts(encode(scores, tmp_path / "out")) == (4, 0, 0, 0)
    assert counts(encode(scores, tmp_path / "out", Encoding(strict=True))) == (3, 0, 0, 1)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes are needed")
def test_what_is_no_regular_file_fails(scores: Path, tmp_path: Path) -> None:
    (scores / "dangling.xml").symlink_to("nowhere")
    os.mkfifo(scores / "pipe.xml")
    summary = encode(scores, tmp_path / "out")
    assert [(failure.file, "no regular file" in failure.message) for failure in summary.failed] == [
        ("dangling.xml", True),
        ("pipe.xml", True),
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_must_not_be_read_fails(scores: Path, tmp_path: Path) -> None:
    (scores / "one.musicxml").chmod(0)
    (scores / "deep" / "er").chmod(0)
    if os.access(scores / "one.musicxml", os.R_OK):
        pytest.skip("who runs this may read everything")
    summary = encode(scores, tmp_path / "out")
    (scores / "deep" / "er").chmod(0o700)
    assert counts(summary) == (1, 0, 0, 2)
    assert all("can't be read" in failure.message for failure in summary.failed)


def test_an_output_that_is_a_folder_fails(scores: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "one.yaml").mkdir(parents=True)
    summary = encode(scores, tmp_path / "out")
    assert counts(summary) == (2, 0, 0, 1)
    assert summary.failed[0].cause


@dataclass(frozen=True)
class Spoilt:
    """A conversion that does what its sources say."""

    name: ClassVar[str] = "spoil"
    suffixes: ClassVar[tuple[str, ...]] = (".do",)
    target_suffix: ClassVar[str] = ".done"

    def convert(self, data: bytes, name: str) -> Converted:
        if data == b"die":
            os._exit(9)
        if data == b"full":
            raise OSError(28, "No space left on device")
        if data == b"fault":
            raise KeyError("x")
        return Converted(data, read(SCORE))


def spoil(tmp_path: Path, *words: str) -> Summary:
    (tmp_path / "in").mkdir()
    for number, word in enumerate(words):
        (tmp_path / "in" / f"{number}.do").write_text(word)
    return convert_folder(Spoilt(), tmp_path / "in", tmp_path / "out", jobs=2)


def test_a_file_that_ends_its_process_fails_alone(tmp_path: Path) -> None:
    summary = spoil(tmp_path, "a", "b", "die", "c", "d")
    assert counts(summary) == (4, 0, 0, 1)
    assert (summary.failed[0].file, summary.failed[0].cause) == ("2.do", "its process ended with status 9")


def test_a_fault_of_ours_fails_alone_and_asks_for_a_report(tmp_path: Path) -> None:
    summary = spoil(tmp_path, "a", "fault", "b")
    assert counts(summary) == (2, 0, 0, 1)
    assert summary.failed[0].cause == "KeyError: 'x'"
    assert "report" in (summary.failed[0].hint or "")


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        spoil(tmp_path, "a", "full", *["b"] * 20)


# ---------------------------------------------------------------------------------------------------------- interruptions


MANY = 100
"""Scores, so that some are left whenever the signal comes."""
UNTOLD = 3
"""Files that may be written but not noted: the one that is being noted, whose worker has the next one already, and one of each of the two workers."""


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A tree that takes some seconds."""
    folder = tmp_path / "many"
    for number in range(MANY):
        path = folder / f"{number % 4}" / f"{number:03d}.musicxml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LONG.replace(b"<work-title>", b"<work-title>%d " % number))
    return folder


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], dict[str, bytes]]:
    """What a run that nobody interrupts makes of `many`, run once."""
    found: dict[str, bytes] = {}

    def run(source: Path) -> dict[str, bytes]:
        if not found:
            target = tmp_path_factory.mktemp("undisturbed") / "out"
            encode(source, target)
            found.update(tree(target))
        return found

    return run


def start(source: Path, target: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "chordllama", "encode", str(source), "-o", str(target), "--jobs", "2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def living(group: int) -> list[int]:
    """The processes of a group that are not dead."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


@needs_linux
@pytest.mark.parametrize(
    ("number", "send"),
    [
        (signal.SIGINT, os.kill),
        (signal.SIGINT, os.killpg),
        (signal.SIGTERM, os.kill),
        (signal.SIGKILL, os.kill),
        (signal.SIGKILL, os.killpg),
    ],
    ids=["Ctrl-C", "Ctrl-C in a terminal", "terminated", "killed", "killed with its workers"],
)
def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(
    many: Path,
    tmp_path: Path,
    undisturbed: Callable[[Path], dict[str, bytes]],
    number: signal.Signals,
    send: Callable[[int, int], None],
) -> None:
    target = tmp_path / "out"
    wanted = undisturbed(many)
    child = start(many, target)
    wait_until(lambda: len(list(target.rglob("*.yaml"))) >= 5)
    send(child.pid, number)
    output, errors = child.communicate(timeout=30)
    wait_until(lambda: not living(child.pid))
    finished = tree(target)
    texts = {name: data for name, data in finished.items() if name.endswith(".yaml")}
    assert 5 <= len(texts) < MANY
    assert texts.items() <= wanted.items()
    if number == signal.SIGINT:
        summary = json.loads(output)
        assert (child.returncode, summary["interrupted"]) == (130, True)
        assert len(texts) - UNTOLD <= summary["written"] <= len(texts)
        assert b"the same command goes on" in errors
        assert b"Traceback" not in errors
    (target / "0" / ".000.yaml.0123abcd.tmp").touch()
    again = encode(many, target)
    assert again.written + again.unchanged == MANY
    assert again.unchanged >= len(texts) - UNTOLD
    assert tree(target) == wanted


@needs_linux
def test_a_worker_that_is_killed_costs_nothing(
    many: Path, tmp_path: Path, undisturbed: Callable[[Path], dict[str, bytes]]
) -> None:
    wanted = undisturbed(many)
    child = start(many, tmp_path / "out")
    wait_until(lambda: len(list((tmp_path / "out").rglob("*.yaml"))) >= 5)
    workers = [pid for pid in living(child.pid) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    output, _ = child.communicate(timeout=60)
    assert (child.returncode, json.loads(output)["failed"]) == (0, [])
    shutil.rmtree(many)
    assert tree(tmp_path / "out") == wanted


# --------------------------------------------------------------------------------------------------------------- messages


def test_people_are_told_what_happened(scores: Path, tmp_path: Path) -> None:
    (scores / "broken.xml").write_bytes(b"no score")
    (scores / "odd.xml").write_bytes(SCORE.replace(b"<rest/>", b"<rest/><glitter/>"))
    encode(scores, tmp_path / "out")
    (tmp_path / "out" / "one.yaml").write_text("mine")
    messages = list(encode(scores, tmp_path / "out").messages())
    assert [kind for kind, _ in messages] == ["warning", "warning", "error", "cause", "hint", "done"]
    texts = [text for _, text in messages]
    assert texts[0].startswith("odd.xml: <glitter>")
    assert texts[1].startswith("one.yaml: kept")
    assert texts[2].startswith("broken.xml: ")
    assert "5 files: 0 written, 3 were done already, 1 failed" in texts[-1]


def test_of_many_failures_the_first_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(30):
        (tmp_path / "in" / f"{number:02d}.xml").write_bytes(b"")
    messages = list(encode(tmp_path / "in", tmp_path / "out").messages())
    assert sum(kind == "error" for kind, _ in messages) == 21
    assert any("10 more files failed" in text for _, text in messages)
    assert len(json.loads((tmp_path / "out" / FAILURES).read_bytes())) == 30


def test_progress_is_told_file_by_file(scores: Path, tmp_path: Path) -> None:
    (scores / "broken.xml").write_bytes(b"no score")
    told: list[tuple[int, int, int]] = []
    convert_folder(Encoding(), scores, tmp_path / "out", 1, lambda *numbers: told.append(numbers))
    assert [(done, total) for done, _, total in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[-1] == (4, 1, 4)


def test_two_runs_at_once_keep_out_of_each_others_way(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.musicxml").write_bytes(SCORE)
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / LOCK), pytest.raises(FolderInUse) as fault:
        encode(tmp_path / "in", tmp_path / "out")
    assert "another run" in fault.value.message
    assert fault.value.hint
    assert encode(tmp_path / "in", tmp_path / "out").written == 1
    assert not (tmp_path / "out" / LOCK).exists()
