"""A report as JSON and as Markdown. Knows what an evaluation gives; opens no file and draws nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from chordllama.evaluate.intervals import Figure
from chordllama.evaluate.systems import EvaluationReport, Heading


def as_json(report: EvaluationReport) -> str:
    """Return all figures by system and measure."""
    facts = asdict(report)
    facts["measures"] = facts.pop("headings")
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def as_markdown(report: EvaluationReport) -> str:
    """Return a table with a row for each measure and a column for each system."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: EvaluationReport) -> Iterator[str]:
    yield f"# Evaluation: {report.task}"
    yield ""
    yield f"{report.told}."
    yield ""
    yield "; ".join(f"{name}: {value}" for name, value in report.settings.items()) + "."
    yield "In brackets: where 95 % of values lie when works are drawn again by chance. Closeness is to be read beside the human's."
    yield ""
    yield from table(report)


def table(report: EvaluationReport) -> Iterator[str]:
    """Yield the table's lines; measures that no system has are left out."""
    yield "| " + " | ".join(["measure", *(system.name for system in report.systems)]) + " |"
    yield "| --- " * (len(report.systems) + 1) + "|"
    for heading in report.headings:
        cells = [cell(system.figures.get(heading.name), heading) for system in report.systems]
        if any(cell != "–" for cell in cells):
            yield "| " + " | ".join([heading.title + (", %" if heading.share else ""), *cells]) + " |"


def cell(figure: Figure | None, heading: Heading) -> str:
    """Return a figure as `0.079 (0.065–0.094)`; a dash where there's nothing."""
    if figure is None:
        return "–"
    scale = 100 if heading.share else 1
    value, low, high = (f"{number * scale:.{heading.digits}f}" for number in (figure.value, figure.low, figure.high))
    return value if low == high == value else f"{value} ({low}–{high})"
