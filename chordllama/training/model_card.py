"""A model's card: what it is, how it was made, what it may be used for. Knows Markdown and the hub's front matter; measures nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chordllama.tasks.prompt_templates import wording
from chordllama.training.export import Exported
from chordllama.training.folder import LOG
from chordllama.training.licences import licence_text
from chordllama.training.trained import Trained

MEBI = 1 << 20


def model_card(model: Trained, files: Sequence[Exported]) -> str:
    """Return the card as Markdown, with the front matter of the Hugging Face hub."""
    return "\n".join(
        [*_front_matter(model), "", f"# {model.name}", "", *_about(model), *_files(files), *_use(model, files)]
    )


def _front_matter(model: Trained) -> Iterator[str]:
    yield "---"
    if model.licence:
        yield f"license: {model.licence.lower()}"
    if (base := model.recipe.get("base")) and not Path(base).exists():
        yield f"base_model: {base}"
    yield from [
        "pipeline_tag: text-generation",
        "library_name: gguf",
        "tags:",
        "  - chordllama",
        "  - gguf",
        "  - llama.cpp",
    ]
    yield "---"


def _about(model: Trained) -> Iterator[str]:
    base = model.recipe.get("base")
    yield f"A {'Llama fine-tuned' if base else 'small Llama trained from scratch'} with ChordLlama; weights as GGUF, for llama.cpp and Ollama."
    yield ""
    yield "| | |\n| --- | --- |"
    facts = {
        "licence": licence_text(model.licence).replace("\n", " ") or "nothing is claimed",
        "base": Path(base).name if base else "",
        "tokens of context": f"{model.context:,}",
        "held-out loss": _loss(model),
        "rows": ", ".join(map(_source, model.sources)),
        "hash of the rows": str(model.about.get("data_sha256", "")),
        "code": str(model.about.get("commit") or ""),
    }
    yield from (f"| {name} | {value} |" for name, value in facts.items() if value)
    if model.recipe:
        yield f"\nThe recipe:\n\n```json\n{json.dumps(model.recipe, indent=2, ensure_ascii=False)}\n```"
    yield ""


def _source(source: Any) -> str:
    rows = f" ({source['rows']:,} rows, {source.get('licence') or 'licence not told'})" if "rows" in source else ""
    return f"{source['name']}{rows}"


def _loss(model: Trained) -> str:
    """The lowest loss on held-out rows, from the run's log where it is at hand."""
    log = model.folder.parent / LOG
    if not log.exists():
        return ""
    reports = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    losses = [report["validation_loss"] for report in reports if report.get("validation_loss") is not None]
    return f"{min(losses):.4f} nats a token" if losses else ""


def _files(files: Sequence[Exported]) -> Iterator[str]:
    yield "## Files\n\nPerplexity a token on held-out rows, through llama.cpp.\n"
    yield "| file | MiB | perplexity | beside 16 bits |\n| --- | --- | --- | --- |"
    for file in files:
        size, change = file.path.stat().st_size / MEBI, file.perplexity / files[0].perplexity - 1
        yield f"| {file.path.name} | {size:.1f} | {file.perplexity:.3f} | {change:+.2%} |"
    yield ""


def _use(model: Trained, files: Sequence[Exported]) -> Iterator[str]:
    rows = map(json.loads, model.held_out.read_text(encoding="utf-8").splitlines())
    first = next(rows)
    yield "## Use\n"
    yield f"Music: `chordllama continue SCORE -o OUT --model {files[-1].path.name}`. The prompt is an instruction on a line of its own, then what is given:\n"
    yield f"```\n{wording(first['instruction'], first['input'])}```\n"
    yield "What it writes isn't checked by anybody; `chordllama continue` holds music to its metre."
