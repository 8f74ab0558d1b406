"""What it is worth to draw several candidates and take the one that the model finds most probable.

python -m benchmarks.ranking [--model FILE] [--bars 4] [--candidates 16] [--of 2,4,8] [--pieces N]

New bars for the held-out chorales of `chordllama evaluate`. Of the candidates of each excerpt, `first of 4` is the first one of each four
that were drawn one after another, `last of 4` the last one, and `all` are those that are taken by chance. Read them beside the human's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from chordllama.evaluate.evaluation import Evaluation
from chordllama.evaluate.evaluation_report import table
from chordllama.evaluate.held_out import Piece, held_out_chorales
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.systems import EvaluationReport, EvaluationSettings, Tally
from chordllama.evaluate.timed_writing import shown, with_bars
from chordllama.generate.backend import Backend
from chordllama.generate.continuation import write_bars
from chordllama.generate.models import open_backend
from chordllama.generate.ranking import best_first
from chordllama.placing.passes import place
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import ending_of
from chordllama.tasks.plan import Request


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a .gguf file [the bundled model]")
    parser.add_argument("--bars", type=int, default=4)
    parser.add_argument("--candidates", type=int, default=16, help="of each excerpt [%(default)s]")
    parser.add_argument("--of", default="2,4,8", help="among how many the first one is taken [%(default)s]")
    parser.add_argument("--pieces", type=int, help="excerpts at most")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.of.split(",")]
    held_out = held_out_chorales(asked.bars, asked.pieces)
    evaluation = Evaluation(held_out, EvaluationSettings(asked.candidates))
    names = ["all", *(f"{place} of {size}" for size in sizes for place in ("first", "last"))]
    tallies = {name: Tally() for name in names}
    with open_backend(asked.model, asked.threads) as backend:
        for number, piece in enumerate(held_out.pieces, 1):
            print(f"{number} of {len(held_out.pieces)}: {piece.name}", file=sys.stderr)
            ranked = list(_by_surprisal(piece, backend, evaluation.settings))
            chosen = {"all": [passage for _, passage in ranked]}
            for size in sizes:
                groups = [
                    sorted(ranked[at : at + size], key=lambda pair: pair[0]) for at in range(0, len(ranked), size)
                ]
                chosen[f"first of {size}"] = [group[0][1] for group in groups]
                chosen[f"last of {size}"] = [group[-1][1] for group in groups]
            for name, passages in chosen.items():
                for passage in passages:
                    tallies[name].measure(evaluation.table, piece.work, passage)
    systems = [evaluation.human()]
    systems += [tally.system(name, "model", evaluation.headings) for name, tally in tallies.items()]
    print(held_out.told + "\n")
    print("\n".join(table(EvaluationReport("music", held_out.told, {}, evaluation.headings, tuple(systems)))))


def _by_surprisal(piece: Piece, backend: Backend, settings: EvaluationSettings) -> Iterator[tuple[int, Passage]]:
    """Each candidate as a passage, in the order in which they were drawn, with its place among all of them."""
    bars = piece.human.score.bars[piece.human.shown :]
    score = shown(piece.human)
    request = Request(len(bars), settings.candidates, ending_of(bars), settings.sampling)
    plan = music_tasks.plan(score, request)
    drafts = write_bars(plan, backend, request).candidates
    places = {number: place for place, number in enumerate(best_first(drafts))}
    for number, draft in enumerate(drafts):
        yield places[number], with_bars(piece.human, place(plan.placement, draft.bars))


if __name__ == "__main__":
    main()
