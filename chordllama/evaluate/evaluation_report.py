"""A report as JSON and as Markdown. Knows what an evaluation gives; opens no file and draws nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chordllama.evaluate.intervals import Figure
from chordllama.evaluate.systems import EvaluationReport, Heading, System


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


# --------------------------------------------------------------------------------------------------------------- pictures

COLUMNS = 4
COLOURS = {"human": "#2a6f4e", "floor": "#9a9a9a", "model": "#2b5fa8"}


def picture(report: EvaluationReport) -> bytes:
    """Return a PNG with a panel for each measure: each system's figure with its interval, and the human's interval behind them."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    headings = [h for h in report.headings if any(h.name in system.figures for system in report.systems)]
    rows = -(-len(headings) // COLUMNS)
    height = 0.9 + 0.22 * len(report.systems)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(4.2 * COLUMNS, height * rows), squeeze=False)
    for panel, heading in zip(axes.flat, headings, strict=False):
        _draw(panel, heading, report.systems)
    for panel in list(axes.flat)[len(headings) :]:
        panel.set_axis_off()
    figure.subplots_adjust(
        left=0.1, right=0.99, bottom=0.3 / (height * rows), top=1 - 0.3 / (height * rows), wspace=0.6, hspace=0.35
    )
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    pyplot.close(figure)
    return data.getvalue()


def _draw(panel: Any, heading: Heading, systems: tuple[System, ...]) -> None:
    scale = 100 if heading.share else 1
    for place, system in enumerate(systems):
        figure = system.figures.get(heading.name)
        if figure is None:
            continue
        low, value, high = (number * scale for number in (figure.low, figure.value, figure.high))
        panel.plot([low, high], [place, place], color=COLOURS[system.kind], linewidth=2, alpha=0.6)
        panel.plot([value], [place], "o", color=COLOURS[system.kind], markersize=4)
        if system.kind == "human":
            panel.axvspan(low, high, color=COLOURS["human"], alpha=0.12, linewidth=0)
    panel.set_yticks(range(len(systems)), [system.name for system in systems], fontsize=7)
    panel.set_ylim(len(systems) - 0.5, -0.5)
    panel.tick_params(axis="x", labelsize=7)
    panel.set_title(heading.title + (", %" if heading.share else ""), fontsize=8)
