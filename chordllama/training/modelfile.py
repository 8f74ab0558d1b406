"""What Ollama is told of a model: the Modelfile. Knows its words and how texts are quoted in it; knows no files.

Source: https://docs.ollama.com/modelfile. Ollama itself is never run here: the template is rendered by Go's own library in the tests, and the
prompt tried with llama.cpp's server.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chordllama.errors import ModelError
from chordllama.sampling import Sampling
from chordllama.tasks.music_prompts import instruction
from chordllama.tasks.prompt_templates import OLLAMA_TEMPLATE
from chordllama.training.licences import licence_text
from chordllama.training.trained import Trained

QUOTES = '"""'
BARS = 8


@dataclass(frozen=True, slots=True)
class Setup:
    """What a Modelfile sets: `system` is the instruction that a prompt gets where the user gives none."""

    file: str
    system: str
    context: int
    stop: str
    licence: str


def setup_of(model: Trained, file: str) -> Setup:
    """Return the settings for a model in the GGUF file called `file`."""
    return Setup(file, _system(model), model.context, end_token(model), licence_text(model.licence))


def format_modelfile(setup: Setup) -> str:
    """Return the whole Modelfile. Raises ModelError where a text can't be written in it."""
    drawn = Sampling()
    parameters = {
        "num_ctx": setup.context,
        "stop": json.dumps(setup.stop, ensure_ascii=False),
        "temperature": drawn.temperature,
        "top_p": drawn.top_p,
        "min_p": drawn.min_p,
        "repeat_penalty": drawn.repetition_penalty,  # none: music and verses repeat, and Ollama's own default is 1.1
    }
    lines = [
        f"FROM ./{setup.file}",
        f"TEMPLATE {_quoted(OLLAMA_TEMPLATE)}",
        *([f"SYSTEM {_quoted(setup.system)}"] if setup.system else []),
        *(f"PARAMETER {name} {value}" for name, value in parameters.items()),
        *([f"LICENSE {_quoted(setup.licence)}"] if setup.licence else []),
    ]
    return "\n".join(lines) + "\n"


def parse_modelfile(text: str) -> Mapping[str, list[str]]:
    """Return what stands in a Modelfile that `format_modelfile` wrote, by instruction; for parameters `PARAMETER name`."""
    found: dict[str, list[str]] = {}
    for word, value in _instructions(text):
        name, _, rest = value.partition(" ") if word == "PARAMETER" else ("", "", value)
        found.setdefault(f"{word} {name}".rstrip(), []).append(rest)
    return found


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    while text:
        word, _, rest = text.partition(" ")
        if rest.startswith(QUOTES):
            value, _, text = rest[len(QUOTES) :].partition(f"{QUOTES}\n")
        else:
            value, _, text = rest.partition("\n")
        yield word, value


def _quoted(text: str) -> str:
    if QUOTES in text or text.endswith('"'):
        raise ModelError(
            "a Modelfile can't hold this text", cause=f"it has {QUOTES} in it, or ends with a quotation mark"
        )
    return f"{QUOTES}{text}{QUOTES}"


def _system(model: Trained) -> str:
    """What is asked for where nothing is: eight bars, or the commonest instruction of its held-out rows."""
    rows = map(json.loads, model.held_out.read_text(encoding="utf-8").splitlines())
    asked = Counter(str(row["instruction"]).rstrip() for row in rows)
    if any(line.startswith("continue:") for line in asked):
        return instruction("continue", BARS, "open").rstrip()
    return asked.most_common(1)[0][0] if asked else ""


def end_token(model: Trained) -> str:
    """Return the text of the token that ends an answer."""
    end: Any = model.config["eos_token_id"]
    number = end[0] if isinstance(end, list) else end
    tokenizer = json.loads((model.folder / "tokenizer.json").read_text(encoding="utf-8"))
    return next(str(token["content"]) for token in tokenizer["added_tokens"] if token["id"] == number)
