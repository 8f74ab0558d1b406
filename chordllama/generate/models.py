"""Which backend runs a model. Knows where the embedded model lies and what an address looks like."""

from __future__ import annotations

import re
from pathlib import Path

from chordllama.errors import ChordLlamaError, ModelError
from chordllama.generate.backend import Backend
from chordllama.resources import resource

EMBEDDED = "models/chordllama-mini-q4_k_m.gguf"


def open_backend(model: str | None = None, threads: int | None = None) -> Backend:
    """The backend for a GGUF file's path, an endpoint's http(s) address, or (None) the model that comes along.

    Raises:
        ModelError: there is no such file, or it is no model.
    """
    if model is not None and re.match(r"https?://", model):
        from chordllama.generate.endpoint import EndpointBackend

        return EndpointBackend(model)
    from chordllama.generate.llama import LlamaBackend

    return LlamaBackend(Path(model) if model is not None else _embedded(), threads)


def _embedded() -> Path:
    try:
        return resource(EMBEDDED)
    except ChordLlamaError as error:
        raise ModelError(
            "the embedded model is missing",
            cause=error.cause,
            hint="install chordllama again, or name one with --model",
        ) from error
