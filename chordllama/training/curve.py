"""The training curve as a picture, from a run's log. Knows its lines and matplotlib; knows no model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from chordllama.system.files import write_atomically
from chordllama.training.folder import LOG, RUN

CURVE = "curve.png"


def draw_curve(run: Path) -> Path:
    """Draw losses by step from `run/log.jsonl` into `run/curve.png`, and return its path."""
    from matplotlib.figure import Figure

    reports = [json.loads(line) for line in (run / LOG).read_text(encoding="utf-8").splitlines()]
    about = json.loads((run / RUN).read_text(encoding="utf-8"))
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(title=str(about["name"]), xlabel="step", ylabel="nats a token")
    for key, label, style in (("loss", "training", "-"), ("validation_loss", "held out", "o-")):
        steps, losses = _points(reports, key)
        axes.plot(steps, losses, style, label=label, linewidth=1, markersize=4)
    axes.legend()
    axes.grid(alpha=0.3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    write_atomically(run / CURVE, picture.getvalue())
    return run / CURVE


def _points(reports: list[dict[str, Any]], key: str) -> tuple[list[int], list[float]]:
    found = [report for report in reports if report.get(key) is not None]
    return [report["step"] for report in found], [report[key] for report in found]
