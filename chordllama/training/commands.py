"""The commands train and export: thin, they parse, call and print. What they need is imported inside them."""

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


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--quant", default="q4_k_m", show_default=True, metavar="KIND,...", help="Quantisations, e.g. q8_0,q4_k_m."
)
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write. [default: RUN]")
def export(run: Path, quant: str, output: Path | None) -> None:
    """Write a trained model as GGUF files, for llama.cpp.

    RUN is the folder of a run, or one as the Hugging Face hub has it. The f16 file is always written, and kept only if its
    greedy tokens are those of the trained model.
    """
    from chordllama.training.export import export as write_files

    wanted = [word for word in (part.strip() for part in quant.split(",")) if word not in ("", "f16")]
    for path in write_files(run, output or run, wanted):
        click.echo(str(path))


def _recipe_path(recipe: str) -> Path:
    from chordllama.resources import resource

    if Path(recipe).is_file():
        return Path(recipe)
    folder = resource("models/recipes")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if recipe not in known:
        raise click.UsageError(f"{recipe}: neither a file nor one of the recipes {', '.join(known)}")
    return folder / f"{recipe}.yaml"
