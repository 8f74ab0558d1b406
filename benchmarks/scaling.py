"""`python -m benchmarks.scaling --data DIR`: three sizes of model for the same compute, and what held-out answers cost each, in bits a note.

Trains models/recipes/scaling/*.yaml on the corpora below DIR (on a GPU where there is one), each in a folder of its own, so that it can be
stopped and started again; then sums up -log2 p over the answers of the corpora's test rows. Intervals are bootstrapped over works.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from itertools import islice
from pathlib import Path

from chordllama.system.resources import resource
from chordllama.training.bits import Cost, bits_a_bar, bits_a_note, costs, interval
from chordllama.training.llama_model import device_for
from chordllama.training.pretrain import pretrain
from chordllama.training.recipe import Recipe, load_recipe
from chordllama.training.row_folders import StoredRow, read_rows, shards
from chordllama.training.run import show_training

OUT = Path(__file__).parents[1] / "build" / "scaling"
HEADING = f"{'recipe':14}{'tokens':>10}{'bits a note':>13}{'95 % of works':>16}{'bits a bar':>12}"


def main(arguments: list[str] | None = None) -> int:
    """Train, measure and print."""
    options = _options(arguments)
    print(HEADING, flush=True)
    for path in options.recipes or sorted(resource("models/recipes/scaling").glob("*.yaml")):
        recipe = load_recipe(path)
        print(row(recipe, measured(recipe, options)), flush=True)
    return 0


def _options(arguments: list[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.scaling", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "recipes", nargs="*", type=Path, metavar="RECIPE", help="[default: those of models/recipes/scaling]"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the recipes' corpora")
    parser.add_argument("--rows", type=int, help="only so many of the test rows")
    parser.add_argument("--out", type=Path, default=OUT, help="where the runs are kept [%(default)s]")
    return parser.parse_args(arguments)


def measured(recipe: Recipe, options: Namespace) -> list[Cost]:
    """What the test rows' answers cost after training by the recipe."""
    corpora = [options.data / name for name in recipe.data.corpora]
    with show_training() as step:
        best = pretrain(recipe, corpora, options.out / recipe.name, resume=True, progress=step)
    return costs(best, test_rows(corpora, options.rows), device_for(recipe.training.device))


def test_rows(corpora: list[Path], most: int | None) -> list[StoredRow]:
    """The rows held out for tests."""
    return list(islice((row for path in shards(corpora, "test") for row in read_rows(path)), most))


def row(recipe: Recipe, found: list[Cost]) -> str:
    """A line of the table."""
    low, high = interval(found)
    tokens = recipe.training.steps * recipe.training.batch_tokens
    span = f"{low:.2f}–{high:.2f}"
    return f"{recipe.name:14}{tokens / 1e6:9.0f}M{bits_a_note(found):13.3f}{span:>16}{bits_a_bar(found):12.1f}"


if __name__ == "__main__":
    sys.exit(main())
