"""The commands train and export: thin, they parse, call and print. What they need is imported inside them."""

from __future__ import annotations

from pathlib import Path

import click

from chordllama.system.extras import need
from chordllama.system.terminal import say


@click.command()
@click.argument("recipe")
@click.option("--out", metavar="DIR", help="Folder of the run. [default: runs/NAME-OF-THE-RECIPE]")
@click.option(
    "--data", metavar="DIR", default="corpora", show_default=True, help="Folder that holds the recipe's sources."
)
@click.option("--resume", is_flag=True, help="Go on with the run in DIR.")
def train(recipe: str, out: str | None, data: str, resume: bool) -> None:
    """Train a model by a recipe.

    RECIPE is a file, or the name of one of the bundled recipes.
    """
    need("train")
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
@click.option("--ollama", is_flag=True, help="Write a folder for `ollama create`, too: model, Modelfile, card, README.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write. [default: RUN]")
def export(run: Path, quant: str, ollama: bool, output: Path | None) -> None:
    """Write a trained model as GGUF files, for llama.cpp.

    RUN is the folder of a run, or a model as the Hugging Face hub has it. The f16 file is always written, and kept only if its
    greedy tokens are those of the trained model; the others only if they lose little on held-out rows.
    """
    need("train")
    from chordllama.training.export import export as write_files

    wanted = [word for word in (part.strip() for part in quant.split(",")) if word not in ("", "f16")]
    files = write_files(run, output or run, wanted, lambda text: say("exported", text))
    for file in files:
        click.echo(str(file.path))
    if ollama:
        from chordllama.training.ollama_folder import write_ollama_folder

        click.echo(str(write_ollama_folder(run, files, output or run)))


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("repository", metavar="REPO")
@click.option("--dry-run/--yes", "dry_run", default=True, help="Only show what would be done, or do it [--dry-run].")
@click.option("--private", is_flag=True, help="Where REPO is new on the hub, nobody else sees it.")
def publish(folder: Path, repository: str, dry_run: bool, private: bool) -> None:
    """Publish a model under REPO, e.g. you/chordllama; without --yes only show what would be done.

    DIR is a folder that `chordllama export RUN --ollama` wrote. It goes to the Hugging Face hub, and to Ollama's registry where Ollama is
    installed. Another hub is named by HF_ENDPOINT, and your token by HF_TOKEN or `hf auth login`.
    """
    from chordllama.system.hub import address_of
    from chordllama.training.publish import OLLAMA, plan
    from chordllama.training.publish import publish as carry_out

    planned = plan(folder, repository)
    for command in planned.commands:
        click.echo(" ".join([OLLAMA, *command[1:]]))
    if not planned.commands:
        say("hint", "Ollama isn't installed here, so that nothing goes to its registry")
    click.echo(f"{folder} -> {address_of(repository, 'model')}")
    for name, path in planned.files.items():
        click.echo(f"  {path.stat().st_size:>14,} bytes  {name}")
    address = None if dry_run else carry_out(planned, private)
    click.echo(f"published: {address}" if address else "nothing was published; --yes does it")


def _recipe_path(recipe: str) -> Path:
    from chordllama.system.resources import resource

    if Path(recipe).is_file():
        return Path(recipe)
    folder = resource("models/recipes")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if recipe not in known:
        raise click.UsageError(f"{recipe}: neither a file nor one of the recipes {', '.join(known)}")
    return folder / f"{recipe}.yaml"
