"""The sweep: every outcome is counted where it belongs, and what a file's promises lack is a fault."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.musescore import Judgement, installed, musescore_on
from benchmarks.sweep import STEPS, TASKS, Outcome, Worker, _answer_faults, _beyond_additions, _complaints, main
from chordllama.api import assignment_for
from chordllama.generate.continuation import write
from chordllama.generate.models import open_backend
from chordllama.tasks.music_tasks import MUSIC_TASKS

DATA = Path(__file__).parent / "data"
TWO_BARS = DATA / "two_bars.musicxml"
PIANO = DATA / "musescore3_piano.musicxml"

needs_musescore = pytest.mark.skipif(installed() is None, reason="MuseScore 3 (the program mscore3) is not installed")


@needs_musescore
def test_three_files_are_counted_as_done_and_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, found = tmp_path / "broken.musicxml", tmp_path / "found.json"
    broken.write_text("<score-partwise>")
    assert main([*map(str, (TWO_BARS, PIANO, tmp_path)), "--json", str(found)]) == 0
    facts = json.loads(found.read_text())
    counted = {(Path(fact["file"]).name, fact["step"]): fact["outcome"] for fact in facts}
    assert {counted[broken.name, step] for step in STEPS} == {"refused"}
    assert counted[TWO_BARS.name, "infill"] == "refused"
    assert {counted[TWO_BARS.name, step] for step in STEPS if step != "infill"} == {"done"}
    assert {kind for (name, _), kind in counted.items() if name == PIANO.name} == {"done"}
    assert {(PIANO.name, f"MuseScore, {task}") for task in TASKS} <= counted.keys()
    printed = capsys.readouterr().out
    assert "| continue | 1, 0, 0 | 1, 0, 0 | 0, 1, 0 |" in printed
    assert "1  infill: RequestError: a gap has a bar before and after it" in printed


def test_a_step_that_takes_too_long_is_a_fault_and_the_next_one_is_tried() -> None:
    worker = Worker(0.001, seed=1)
    assert worker.outcome("check", TWO_BARS).words == "no answer after 0.001 s"
    worker = Worker(60, seed=1)
    try:
        assert worker.outcome("check", TWO_BARS).kind == "done"
    finally:
        worker.close()


def test_a_file_in_utf_16_keeps_its_bytes_too() -> None:
    xml = (DATA / "utf16.musicxml").read_bytes()
    assignment = assignment_for(MUSIC_TASKS["continue"], xml, "utf16.musicxml", {"bars": 1})
    with open_backend(None, 1) as backend:
        (written,) = write(assignment, backend).candidates
    assert list(_answer_faults(assignment, written, xml, 1)) == []
    turned = written.xml.decode("utf-16").encode("utf-16-be" if xml.startswith(b"\xff\xfe") else "utf-16-le")
    mark = b"\xfe\xff" if xml.startswith(b"\xff\xfe") else b"\xff\xfe"
    assert list(_answer_faults(assignment, replace(written, xml=mark + turned), xml, 1))


@pytest.mark.parametrize("task", ["continue", "vary"])
@pytest.mark.parametrize(
    ("pattern", "instead", "fault"),
    [
        (rb"<step>F</step>", rb"<step>E</step>", "part 1"),
        (rb"<part-name>", rb"<part-name>x", "outside of the parts"),
        (rb"(?s)<note(?!.*<note).*?</note>", b"", "measure"),
    ],
)
def test_a_planted_fault_is_told(task: str, pattern: bytes, instead: bytes, fault: str) -> None:
    xml = TWO_BARS.read_bytes()
    assignment = assignment_for(
        MUSIC_TASKS[task], xml, TWO_BARS.name, {"bars": 1} | ({} if task == "continue" else {"first": 2})
    )
    with open_backend(None, 1) as backend:
        (written,) = write(assignment, backend).candidates
    assert list(_answer_faults(assignment, written, xml, 1)) == []
    planted = re.sub(pattern, instead, written.xml, count=1)
    assert planted != written.xml
    assert any(fault in told for told in _answer_faults(assignment, replace(written, xml=planted), xml, 1))
    assert list(_answer_faults(assignment, written, xml, 2)) == ["it has 1 new bars instead of 2"]


def test_added_parts_leave_all_else_as_it_is() -> None:
    xml = TWO_BARS.read_bytes()
    added = assignment_for(MUSIC_TASKS["harmonise"], xml, TWO_BARS.name, {"ensemble": "strings"}).xml
    assert added.count(b"<part id") == xml.count(b"<part id") + 3
    assert _beyond_additions(xml, added) == ""
    assert _beyond_additions(xml, added.replace(b"<octave>4", b"<octave>5", 1))


@needs_musescore
@pytest.mark.parametrize(
    ("known", "complains"), [("measure 2 of staff 1 lasts 5/4", False), ("measure 1 of staff 1 lasts 5/4", True)]
)
def test_a_metre_that_musescore_cant_read_is_the_sources(known: str, complains: bool) -> None:
    xml = TWO_BARS.read_bytes()
    part, end = xml.split(b"</part>", 1)
    measure = part[part.rindex(b"<measure") :].rstrip()
    longer = measure.replace(
        b"<note>", measure[measure.index(b"<note>") : measure.index(b"</note>")] + b"</note><note>", 1
    )
    outcome = Outcome("continue", "done", old=xml, new=part + longer + b"</part>" + end)
    found = list(_complaints(outcome, {xml: Judgement((known,)), outcome.new: musescore_on(outcome.new)}))
    assert bool([complaint for complaint in found if "lasts" in complaint]) == complains
