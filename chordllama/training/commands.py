"""The command train: thin, it parses, calls and prints. What it needs is imported inside it."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("recipe")
@click.option("--out", metavar="DIR", help="Folder of the run. [default: runs/NAME-OF-THE-RECIPE]")
@click.option(
    "--data", metavar="DIR", default="corpora", show_default=True, help="Folder that holds the recipe's sources."
)
@click.option("--resume", is_flag=True, help="Go on with the run in DIR.")
def train(recipe: str, out: str | None, data: str, resume: bool) -> None:
    """Train a model by a recipe.

    RECIPE is a file, or the name of one of the recipes that come along.
    """
    from chordllama.training.run import carry_out, load_any_recipe

    path = _recipe_path(recipe)
    run = Path(out) if out else Path("runs", path.stem)
    for model in carry_out(load_any_recipe(path), run, Path(data), resume=resume):
        click.echo(str(model))


def _recipe_path(recipe: str) -> Path:
    from chordllama.resources import resource

    if Path(recipe).is_file():
        return Path(recipe)
    folder = resource("models/recipes")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if recipe not in known:
        raise click.UsageError(f"{recipe}: neither a file nor one of the recipes {', '.join(known)}")
    return folder / f"{recipe}.yaml"
