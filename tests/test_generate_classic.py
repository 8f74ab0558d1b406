"""A continuation by models of the 2024 format: small real ones, and a server; what they write is made to fit or refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from musicxml_schema import INSTALLED, faults
from small_scores import small_score
from test_generate_endpoint import ANSWERS, Answer, Recorder, address, chunk, events
from tiny_gguf import CHARACTERS, write_random_llama, write_table_llama

from chordllama.cli import run
from chordllama.codec.classic import dump_measures, encode
from chordllama.codec.musicxml import read, write
from chordllama.codec.report import Report
from chordllama.errors import EndpointError, ModelError, ScoreError
from chordllama.generate.classic_continuation import MOST_ATTEMPTS, write_classic
from chordllama.generate.continuation import BarProgress, Continuation, prepare
from chordllama.generate.endpoint import EndpointBackend
from chordllama.generate.llama import LlamaBackend
from chordllama.sampling import Sampling
from chordllama.score.model import FINAL, Barline, Chord, Rest, Score
from chordllama.tasks.plan import Request

DATA = Path(__file__).parent / "data"
TUNE = (DATA / "two_bars.musicxml").read_bytes()
"""Two bars of 3/4, a key of one sharp, two divisions to a quarter, closed."""


def measure(*notes: str) -> str:
    """A measure of notes, each `step duration type`."""
    lines = []
    for number, note in enumerate(notes):
        step, duration, type = note.split()
        lines += [f"  a{number:02d}_note:", "    pitch:", f"      step: {step}", "      octave: '5'"]
        lines += [f"    duration: '{duration}'", f"    type: {type}"]
    return "- " + "\n".join(lines)[2:] + "\n"


FULL = measure("A 2 quarter", "B 4 half")
OTHER = measure("C 6 half")
SHORT = measure("D 2 quarter", "E 2 quarter")
LONG = measure("F 4 half", "G 4 half")
BROKEN = FULL.replace("'4'\n    type", "four\n    type")
CUT = "- a00_note:\n    pitch:\n      step: A\n"
QUARTERS = measure(*["C 2 quarter"] * 4)
MEASURES = (FULL, OTHER, SHORT, LONG, BROKEN, CUT, QUARTERS)


def backend(folder: Path, following: Mapping[str, float], end: float = 0.0) -> LlamaBackend:
    """A model that answers with these measures, drawn by chance; after each one it ends with a probability of `end`."""
    row = {"\n": following, **{text: {**following, "</s>": end} if end else following for text in MEASURES}}
    return table_backend(folder, row)


def table_backend(folder: Path, table: Mapping[str, Mapping[str, float]]) -> LlamaBackend:
    path = write_table_llama(folder / "table.gguf", table, pieces=CHARACTERS + MEASURES, context=8192)
    return LlamaBackend(path, threads=1)


def written(
    model: LlamaBackend | EndpointBackend, xml: bytes = TUNE, report: Report | None = None, **request: object
) -> list[Continuation]:
    asked = Request(sampling=Sampling(temperature=1.0, seed=5), **{"bars": 4, **request})  # type: ignore[arg-type]
    with model:
        return list(write_classic(prepare(xml, "tune", asked, report), model).candidates)


def new_bars(xml: bytes, continuation: Continuation) -> Score:
    """The score that came back, whose old measures are the very same text."""
    before, after = read(xml), read(continuation.xml)
    kept = xml[: xml.rindex(b"</note>")]
    assert continuation.xml.startswith(kept)
    assert len(after.bars) == len(before.bars) + len(continuation.bars)
    assert set(after.bar_lengths[len(before.bars) :]) <= {before.bar_lengths[-1]}
    return after


def steps(score: Score, bar: int) -> str:
    items = [item for row in score.bars[bar].rows for item in row.items]
    return "".join(
        item.notes[0].step if isinstance(item, Chord) else "r" if isinstance(item, Rest) else "" for item in items
    )


# ---------------------------------------------------------------------------------------------------------- what is written


def test_new_bars_follow_and_the_old_ones_stay(tmp_path: Path) -> None:
    report = Report()
    (found,) = written(backend(tmp_path, {FULL: 0.5, OTHER: 0.5}), report=report)
    after = new_bars(TUNE, found)
    assert found.failure is None
    assert {steps(after, bar) for bar in range(2, 6)} == {"AB", "C"}
    assert not report.warnings()


@pytest.mark.skipif(not INSTALLED, reason="the package musicxml, which holds the schema, is not installed")
def test_what_comes_back_keeps_to_the_schema(tmp_path: Path) -> None:
    (found,) = written(backend(tmp_path, {FULL: 0.4, SHORT: 0.3, LONG: 0.3}))
    assert faults(found.xml) == []


def test_the_same_seed_gives_the_same_bytes_and_candidates_differ(tmp_path: Path) -> None:
    first, again = (written(backend(tmp_path, {FULL: 0.5, OTHER: 0.5}), candidates=2, bars=8) for _ in range(2))
    assert [found.xml for found in first] == [found.xml for found in again]
    assert first[0].xml != first[1].xml


def test_a_short_bar_is_filled_with_rests_and_a_long_one_cut_and_both_are_told(tmp_path: Path) -> None:
    report = Report()
    (found,) = written(backend(tmp_path, {SHORT: 0.5, LONG: 0.5}), report=report, bars=6)
    after = new_bars(TUNE, found)
    assert {steps(after, bar) for bar in range(2, 8)} == {"DEr", "FG"}
    assert sum(report.mended.values()) == 6
    assert {what.partition(":")[0] for what in report.mended} == {"a new bar was too short", "a new bar was too long"}


def test_a_broken_measure_is_asked_for_again_and_told(tmp_path: Path) -> None:
    report = Report()
    (found,) = written(backend(tmp_path, {FULL: 0.5, BROKEN: 0.5}), report=report, bars=6)
    assert found.failure is None
    assert len(new_bars(TUNE, found).bars) == 8
    assert report.mended["a new bar was of no use and was written again"] > 0


def test_an_answer_that_ends_early_is_followed_by_another(tmp_path: Path) -> None:
    (found,) = written(backend(tmp_path, {FULL: 0.5, OTHER: 0.5}, end=0.5), bars=12)
    assert (found.failure, len(found.bars)) == (None, 12)


def test_an_answer_that_breaks_off_loses_only_its_last_measure(tmp_path: Path) -> None:
    model = table_backend(tmp_path, {"\n": {FULL: 1.0}, FULL: {FULL: 0.5, CUT: 0.5}, CUT: {"</s>": 1.0}})
    report = Report()
    (found,) = written(model, report=report, bars=8)
    assert (found.failure, len(found.bars)) == (None, 8)
    assert report.mended["a new bar was of no use and was written again"] > 0


def test_every_part_gets_the_same_number_of_bars(tmp_path: Path) -> None:
    xml = write(small_score("percussion"))
    told: list[BarProgress] = []
    with backend(tmp_path, {QUARTERS: 1.0}) as model:
        (found,) = write_classic(prepare(xml, "song", Request(bars=3)), model, told.append).candidates
    after = read(found.xml)
    assert len(after.bars) == 5
    assert all({row.part for row in bar.rows} == {0, 1} for bar in after.bars[2:])
    assert [step.bar for step in told] == [1, 2, 3]


def test_the_closing_bar_line_moves(tmp_path: Path) -> None:
    (found,) = written(backend(tmp_path, {FULL: 1.0}), bars=2)
    after = read(found.xml)
    assert [bar.end for bar in after.bars[1:]] == [Barline(), Barline(), FINAL]


def test_a_later_question_shows_the_bars_of_the_answer_before(tmp_path: Path) -> None:
    (found,) = written(backend(tmp_path, {FULL: 1.0}, end=0.9), bars=4)
    (part,) = encode(found.xml)
    assert dump_measures(part.measures[2:]) == FULL * 4


# ------------------------------------------------------------------------------------------------------------ what fails


def test_a_model_that_writes_no_such_text_is_given_up(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "random.gguf", layers=1)
    (found,) = written(LlamaBackend(path, threads=1), bars=1)
    assert (found.bars, found.xml) == ((), TUNE)
    assert isinstance(found.failure, ModelError)
    assert str(found.failure).startswith("the model could not write bar 1 of 1 of part 1")
    assert "2024" in str(found.failure.hint)


def test_a_bar_that_is_never_of_use_is_given_up_and_why_is_told(tmp_path: Path) -> None:
    report = Report()
    (found,) = written(backend(tmp_path, {BROKEN: 1.0}), report=report)
    assert 'duration "four" is not a duration' in str(found.failure)
    assert report.mended == {"a new bar was of no use and was written again": MOST_ATTEMPTS}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("- a00", "- attributes:\n    divisions: '4'\n  a00", "it changes the attributes"),
        ("    type: quarter", "    type: quarter\n    staff: '2'", "more staves than its part"),
        ("duration: '2'", "duration: '1'", "lasts 5/8 where its metre asks for 3/4"),
        ("duration: '4'", "duration: '18'", "lasts 5/2 where its metre asks for 3/4"),
        ("duration: '2'", "duration: '0.5'", "lasts 9/16"),
        (FULL, "- a00_backup:\n    duration: '6'\n", "neither notes nor rests"),
    ],
)
def test_what_makes_a_bar_useless_is_told(tmp_path: Path, old: str, new: str, why: str) -> None:
    answer = FULL.replace(old, new)
    table = {"\n": {answer: 1.0}, answer: {"</s>": 1.0}}
    path = write_table_llama(tmp_path / "table.gguf", table, pieces=(*CHARACTERS, answer), context=8192)
    (found,) = written(LlamaBackend(path, threads=1))
    assert why in str(found.failure)


def test_a_score_without_notes_is_an_error_for_people(tmp_path: Path) -> None:
    empty = TUNE.replace(b"<pitch><step>", b"<rest/><!--").replace(b"</octave></pitch>", b"-->")
    with pytest.raises(ScoreError, match="no notes"):
        written(backend(tmp_path, {FULL: 1.0}), empty)


# ---------------------------------------------------------------------------------------------------- endpoint and command


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A server that answers with a fenced text whose last measure is cut off."""
    body = events(chunk("Here it is:\n```yaml\n" + FULL), chunk(OTHER), chunk(SHORT + FULL[:40]), chunk("", "length"))
    monkeypatch.setitem(ANSWERS, "classic", Answer(body))
    with Recorder() as opened:
        thread = threading.Thread(target=opened.serve_forever, args=(0.01,))
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def test_an_endpoint_continues_and_is_asked_with_llama_3s_template(recorder: Recorder) -> None:
    report = Report()
    (found,) = written(EndpointBackend(address(recorder, "classic")), report=report, bars=5)
    after = new_bars(TUNE, found)
    assert [steps(after, bar) for bar in range(2, 7)] == ["AB", "C", "DEr", "AB", "C"]
    asked = [body for path, _, body in recorder.asked if path.endswith("/completions")]
    assert [body["prompt"].count("a00_note") for body in asked] == [2, 5]
    assert asked[0]["prompt"].startswith("<|start_header_id|>system<|end_header_id|>\n\ndivisions: '2'\n")
    assert asked[0]["stop"] == ["<|eot_id|>", "<|end_of_text|>"]
    assert asked[0]["seed"] != asked[1]["seed"]


def test_an_endpoint_that_isnt_there_is_an_error_of_its_own() -> None:
    with pytest.raises(EndpointError, match="no connection"):
        written(EndpointBackend("http://127.0.0.1:9/v1"))


def test_the_command_continues_with_a_classic_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backend(tmp_path, {FULL: 0.5, LONG: 0.5}).close()
    out = tmp_path / "out.musicxml"
    arguments = ["continue", str(DATA / "two_bars.musicxml"), "-o", str(out), "--dialect", "classic", "--bars", "4"]
    assert run([*arguments, "--model", str(tmp_path / "table.gguf"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    (written,) = facts["continuations"]
    assert (written["bars"], written["output"]) == (4, str(out))
    assert any("cut at its bar line" in warning for warning in facts["warnings"])
    assert len(read(out.read_bytes()).bars) == 6


def test_the_command_says_that_no_classic_model_comes_along(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["continue", str(DATA / "two_bars.musicxml"), "--dialect", "classic"]) == 4
    assert "--model" in capsys.readouterr().err
