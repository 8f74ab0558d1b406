"""What fine-tuning for one style wins on it, and what it costs elsewhere: held-out bits of a model before and after.

python -m benchmarks.styles --before runs/mini/best --after runs/mini-chorales/best --on music:music21:bach --off music --data DIR

A set is TASK or TASK:SOURCE of the built corpora below DIR; --off leaves out what --on takes. Bits a note for music, bits a
character for texts, of the answers, with the middle 95 % when works are drawn again.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from chordllama.training.bits import Cost, bits_a_character, bits_a_note, costs, interval
from chordllama.training.row_folders import StoredRow, all_rows

SPLITS = ("validation", "test")
LONGEST = 3000
"""Characters of a row: longer ones take long, and may not fit the model."""


def held_out(data: Path, task: str, most: int, wanted: Callable[[StoredRow], bool]) -> list[StoredRow]:
    """At most so many held-out rows, each of another work as far as there are some, chosen by chance but always the same."""
    rows = [
        row for split in SPLITS for row in all_rows([data / task], split) if wanted(row) and len(row.text) <= LONGEST
    ]
    random.Random(1).shuffle(rows)
    seen: dict[str, int] = {}
    ranked = []
    for row in rows:
        ranked.append((seen.setdefault(row.work, 0), row))
        seen[row.work] += 1
    return [row for _, row in sorted(ranked, key=lambda pair: pair[0])[:most]]


def figures(folder: Path, rows: Sequence[StoredRow], figure: Callable[[Sequence[Cost]], float]) -> str:
    """A figure with its interval."""
    found = costs(folder, rows)
    low, high = interval(found, figure)
    return f"{figure(found):.3f} ({low:.2f}–{high:.2f})"


def main() -> None:
    """Print a table for the models that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("before", "after", "data"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--on", required=True)
    parser.add_argument("--off", required=True)
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(asked.threads)
    own_task, _, own_source = asked.on.partition(":")
    other_task, _, other_source = asked.off.partition(":")
    sets: dict[str, tuple[str, Callable[[StoredRow], bool]]] = {
        asked.on: (own_task, lambda row: own_source in ("", row.source)),
        f"{asked.off}, others": (
            other_task,
            lambda row: other_source in ("", row.source) and (other_task, row.source) != (own_task, own_source),
        ),
    }
    print("| held-out rows | answers | figure | before | after |\n| --- | --- | --- | --- | --- |")
    for name, (task, wanted) in sets.items():
        rows = held_out(asked.data, task, asked.most, wanted)
        figure = bits_a_note if task == "music" else bits_a_character
        told = [figures(folder, rows, figure) for folder in (asked.before, asked.after)]
        print(f"| {name} | {len(rows)} | {figure.__name__.replace('_', ' ')} | {' | '.join(told)} |", flush=True)


if __name__ == "__main__":
    main()
