"""A report as pictures. Knows matplotlib, which is imported where it is used."""

from __future__ import annotations

import io
from typing import Any

from chordllama.errors import ChordLlamaError
from chordllama.evaluate.systems import EvaluationReport, Heading, System

COLUMNS = 4
COLOURS = {"human": "#2a6f4e", "floor": "#9a9a9a", "model": "#2b5fa8"}


def picture(report: EvaluationReport) -> bytes:
    """Return a PNG with a panel for each measure: each system's figure with its interval, and the human's interval behind them."""
    try:
        import matplotlib
    except ImportError as error:
        raise ChordLlamaError("matplotlib is missing", hint="pip install 'chordllama[evaluate]'") from error

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
