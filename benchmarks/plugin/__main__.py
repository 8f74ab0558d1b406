"""`python -m benchmarks.plugin [NAME…]`: scores continued by mouse and keys in MuseScore's own window; prints one JSON object for each, and a summary.

A composer's way, with a real server and the bundled model: open the score, Plugins → ChordLlama, Continue, Keep, save. What
MuseScore saved must hold the old bars as they were, and full new ones, and be opened by MuseScore without a complaint.
Times are from the click on Continue until the first new bar is drawn in the window, and until all stand in a score.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from benchmarks.musescore import installed
from benchmarks.plugin.editor import GO, KEEP, ONE_SUGGESTION, Editor, editor, has_screen, home
from benchmarks.plugin.judge import faults
from benchmarks.plugin.scores import scores
from benchmarks.serve.server import Served

BARS = 8


def try_score(score: Path, server: str, folder: Path) -> dict[str, Any]:
    """Continue one score; times in seconds, and what is wrong with the result."""
    place = home(folder, server)
    kept = folder / "kept.mscz"
    with editor(place, score) as musescore:
        first, all_ = _continue(musescore, f"{score.stem}-chordllama-1")
        musescore.click(KEEP)
        musescore.wait_for_the_choice_to_end()
        musescore.save(kept)
    found = [*faults(place.exported(score), place.exported(kept), BARS), *place.complaints(kept)]
    return {"score": score.stem, "first_bar": round(first, 2), "all_bars": round(all_, 2), "faults": found}


def _continue(musescore: Editor, title: str) -> tuple[float, float]:
    """Seconds from the click until the first new bar is drawn, and until the score with all of them is seen."""
    musescore.open_plugin()
    musescore.wait_for_button()
    musescore.click(ONE_SUGGESTION)
    started = monotonic()
    musescore.click(GO)
    musescore.wait_for_a_drawn_bar()
    first = monotonic() - started
    musescore.wait_for_title(title)
    return first, monotonic() - started


def main(names: list[str]) -> int:
    """Try all scores, or those that are named; 1 where a result isn't valid."""
    if installed() is None or not has_screen():
        print("MuseScore 3 (mscore3), Xvfb and xdotool are needed", file=sys.stderr)
        return 2
    results = []
    with tempfile.TemporaryDirectory(prefix="chordllama-plugin-") as name, Served() as served:
        for score in scores(Path(name)):
            if names and score.stem not in names:
                continue
            try:
                result = try_score(score, served.address, Path(name) / score.stem)
            except Exception as error:  # a score that fails is counted; the others are tried
                result = {"score": score.stem, "faults": [f"{type(error).__name__}: {error}"[:2000]]}
            results.append(result)
            print(json.dumps(result, ensure_ascii=False), flush=True)
    print(json.dumps(_summary(results)))
    return int(any(result["faults"] for result in results))


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    times = {key: [result[key] for result in results if key in result] for key in ("first_bar", "all_bars")}
    figures = {key: {"median": median(found), "slowest": max(found)} for key, found in times.items() if found}
    return {"scores": len(results), "valid": sum(not result["faults"] for result in results), **figures}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
