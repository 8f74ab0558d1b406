"""Opening models: the backend for a file, an address or the bundled model. Knows where that lies and what an address looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from chordllama.errors import ChordLlamaError, ModelError
from chordllama.generate.backend import Backend
from chordllama.generate.classic_continuation import write_classic
from chordllama.generate.continuation import Assignment, Continuations, Progress, write
from chordllama.system.resources import resource

BUNDLED = "models/chordllama-mini-q4_k_m.gguf"
_ADDRESS = re.compile(r"(?:ollama\+)?https?://")


def open_backend(
    model: str | None = None,
    threads: int | None = None,
    stopped: Callable[[], bool] | None = None,
    name: str | None = None,
    api_key: str | None = None,
) -> Backend:
    """Open the backend for a GGUF file's path, an endpoint's http(s) address, or (None) the bundled model.

    An address that begins with `ollama+` is Ollama's own interface. `stopped` is asked by a model in this process whether it shall
    end its work with `Stopped`; `name` and `api_key` are what an endpoint wants to know.

    Raises:
        ModelError: there is no such file, or it is no model.
    """
    if model is not None and _ADDRESS.match(model):
        from chordllama.generate.endpoint import EndpointBackend
        from chordllama.generate.ollama import OLLAMA, OllamaBackend, runs_ollama

        address = model.removeprefix(OLLAMA)
        if address != model or runs_ollama(address, api_key):
            return OllamaBackend(address, name, api_key)
        return EndpointBackend(address, name, api_key)
    from chordllama.generate.llama import LlamaBackend

    return LlamaBackend(Path(model) if model is not None else _bundled(), threads, stopped=stopped)


def check_model(model: str | None) -> None:
    """Raise ModelError unless `open_backend` takes the model for an address, or there is such a GGUF file; loads nothing."""
    from chordllama.generate.llama_runtime import check_file

    if model is None or not _ADDRESS.match(model):
        check_file(Path(model) if model is not None else _bundled())


def writer_for(dialect: str, model: str | None) -> Callable[[Assignment, Backend, Progress], Continuations]:
    """Return what writes new bars with such a model, of the compact or classic dialect.

    Raises:
        ModelError: no model of that dialect is bundled.
    """
    if dialect == "compact":
        return write
    if model is None:
        raise ModelError("the bundled model writes compact text", hint="name a classic model with --model")
    return write_classic


def _bundled() -> Path:
    try:
        return resource(BUNDLED)
    except ChordLlamaError as error:
        raise ModelError(
            "the bundled model is missing",
            cause=error.cause,
            hint="install chordllama again, or name one with --model",
        ) from error
