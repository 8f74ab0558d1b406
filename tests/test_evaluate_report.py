"""A whole evaluation of two small pieces with the bundled model, and its report in three forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from passages import four

from chordllama.cli import run
from chordllama.evaluate.bits_per_note import asked, scoring
from chordllama.evaluate.evaluation import Evaluation
from chordllama.evaluate.evaluation_report import as_json, as_markdown, cell, picture
from chordllama.evaluate.held_out import HeldOut, Piece
from chordllama.evaluate.intervals import Figure
from chordllama.evaluate.systems import EvaluationReport, EvaluationSettings, Heading
from chordllama.evaluate.timed_writing import human_answer
from chordllama.generate.llama_scoring import mean_cost
from chordllama.generate.models import BUNDLED, open_backend
from chordllama.sampling import Sampling
from chordllama.system.resources import resource

ONE = "c52 d / e42 f / g32 a / c32 d\ne51 / g41 / c41 / c31\nf52 d / a42 f / c42 a3 / f32 d\nc51 / e41 / g31 / c31"
TWO = "e52 d / g42 g / c42 b3 / c32 g2\nc51 / g41 / e41 / c31\nd52 b4 / g42 g / b32 d4 / g22 g\nc51 / g41 / e41 / c31"
PIECES = (Piece("one", "one", four(ONE, shown=2)), Piece("two", "two", four(TWO, shown=2)))


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    steps: list[None] = []
    held_out = HeldOut(PIECES, (four(ONE).score, four(TWO).score), "two pieces")
    evaluation = Evaluation(held_out, EvaluationSettings(1, Sampling(seed=1)), lambda: steps.append(None))
    path = resource(BUNDLED)
    with open_backend(threads=1) as backend, scoring(path, 1) as costs:
        counted = evaluation.counted("5-gram", costs.counted(held_out.training).bits)
        systems = (evaluation.human(), *evaluation.naive(), counted, evaluation.model("mini", backend, costs.bits))
    assert len(steps) == len(systems) * len(PIECES)
    return EvaluationReport("music", held_out.told, {"bars": 2}, evaluation.headings, systems)


def figures(report: EvaluationReport, name: str) -> dict[str, float]:
    return {system.name: system.figures[name].value for system in report.systems if name in system.figures}


def test_all_systems_stand_beside_each_other(report: EvaluationReport) -> None:
    assert [(system.name, system.kind) for system in report.systems] == [
        ("human", "human"),
        ("last two bars", "floor"),
        ("another work", "floor"),
        ("pitches by chance", "floor"),
        ("5-gram", "floor"),
        ("mini", "model"),
    ]
    assert set(figures(report, "valid").values()) == {1.0}
    assert set(figures(report, "unfilled").values()) == {0.0}
    assert set(figures(report, "complete")) == {"mini"}
    assert set(figures(report, "bits-note")) == {"5-gram", "mini"}


def test_the_human_and_the_floors_have_the_values_that_one_computes_by_hand(report: EvaluationReport) -> None:
    """Who copies both bars of the prompt has its pitches; both humans are in C major."""
    assert figures(report, "pitch")["last two bars"] == 0
    assert figures(report, "in-key")["human"] == 1
    assert figures(report, "grade")["pitches by chance"] > figures(report, "grade")["human"]


def test_a_report_holds_every_figure_as_json(report: EvaluationReport) -> None:
    facts = json.loads(as_json(report))
    assert [system["name"] for system in facts["systems"]] == [system.name for system in report.systems]
    figure = facts["systems"][-1]["figures"]["bits-note"]
    assert set(figure) == {"value", "low", "high", "works", "pieces"}
    assert figure["works"] == figure["pieces"] == 2
    assert {measure["name"] for measure in facts["measures"]} >= set(facts["systems"][-1]["figures"])


def test_a_report_is_a_table_with_a_row_for_each_measure(report: EvaluationReport) -> None:
    lines = [line for line in as_markdown(report).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {len(report.systems) + 2}
    assert any(line.startswith("| notes in key, % | 100.0 |") for line in lines)


def test_a_report_is_a_picture(report: EvaluationReport) -> None:
    data = picture(report)
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) > 10_000


def test_a_cell_has_the_value_with_its_interval() -> None:
    assert cell(Figure(0.1234, 0.1, 0.2, 3, 5), Heading("x", "x", 2)) == "0.12 (0.10–0.20)"
    assert cell(Figure(0.5, 0.25, 1.0, 3, 5), Heading("x", "x", 0, share=True)) == "50 (25–100)"
    assert cell(Figure(1, 1, 1, 1, 1), Heading("x", "x", 1)) == "1.0"
    assert cell(None, Heading("x", "x")) == "–"


def test_bits_are_those_of_all_tokens_of_the_answer() -> None:
    """The bits of the whole text less those of the prompt, as `mean_cost` has them, whose first token costs nothing."""
    human, path = PIECES[0].human, resource(BUNDLED)
    with scoring(path, 1) as costs:
        bits = costs.bits(human)
    with open_backend(threads=1) as backend:
        sizes = [backend.count(text) for text in (asked(human), asked(human) + human_answer(human))]
    nats_a_token = [mean_cost(path, [text], 2000) for text in (asked(human), asked(human) + human_answer(human))]
    nats = nats_a_token[1] * sizes[1] - nats_a_token[0] * sizes[0]
    assert bits == pytest.approx(nats / 0.6931472, rel=1e-4)


def test_what_is_longer_than_the_context_has_no_bits() -> None:
    with scoring(resource(BUNDLED), 1) as costs:
        assert costs.bits(four("\n".join([ONE] * 100), shown=2)) is None


def test_a_folder_without_models_and_a_task_that_is_none_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "holds no .gguf file" in capsys.readouterr().err
    assert run(["evaluate", "--task", "dance"]) == 2
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_model_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"not a model")
    assert run(["evaluate", str(path), "-o", str(tmp_path / "out")]) == 4
    assert "is no GGUF file" in capsys.readouterr().err
