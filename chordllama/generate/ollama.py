"""Writes with a model behind Ollama's own interface, whose `raw` leaves the prompt as it is. Knows its words; endpoint.py knows the rest.

Source: https://docs.ollama.com/api
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from time import perf_counter
from typing import Any

from chordllama.errors import EndpointError
from chordllama.generate.backend import Timing
from chordllama.generate.endpoint import DEFAULT_CONTEXT, Chunk, EndpointBackend
from chordllama.sampling import Sampling
from chordllama.system.endpoints import BROKEN_OFF

_PATH = "/api/generate"
OLLAMA = "ollama+"
"""What an address begins with that means this interface."""
# sampling field -> the name that Ollama has for it
OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "min_p": "min_p",
    "repetition_penalty": "repeat_penalty",
    "presence_penalty": "presence_penalty",
    "repetition_window": "repeat_last_n",
}


class OllamaBackend(EndpointBackend):
    """A model that Ollama runs, at an address such as http://127.0.0.1:11434; see `EndpointBackend`. `model` is its name there."""

    def __init__(self, url: str, model: str | None = None, api_key: str | None = None, timeout: float = 60.0) -> None:
        super().__init__(url.removesuffix("/api/generate"), model, api_key, timeout)
        if model is None:
            raise EndpointError(
                f"{url}: Ollama has to be told which model", hint="name one, e.g. --model-name chordllama"
            )

    @property
    def context(self) -> int:
        """How many tokens Ollama is asked to make room for."""
        return DEFAULT_CONTEXT

    def completion(
        self, prompt: str, sampling: Sampling, seed: int, tokens: int, timing: Timing
    ) -> Generator[Chunk, None, None]:
        """One request, as a stream of JSON lines. Ends with the chunk that has an ending, or after `tokens` chunks."""
        endpoint, started = self._endpoint, perf_counter()
        body = {"prompt": prompt, "raw": True, "stream": True, **self._model}
        body["options"] = ollama_options(sampling) | {"seed": seed, "num_predict": tokens, "num_ctx": self.context}
        with endpoint.explained(_PATH), endpoint.client.stream("POST", endpoint.root + _PATH, json=body) as response:
            endpoint.check_status(response, _PATH)
            for number, line in enumerate(filter(None, response.iter_lines())):
                timing.add_wait(perf_counter() - started, first=number == 0)
                chunk = self._line(line)
                timing.written_tokens += bool(chunk.text)
                yield chunk
                if chunk.ending is not None or number >= tokens:
                    return
                started = perf_counter()
        raise self._endpoint.error(_PATH, "the answer broke off", hint=BROKEN_OFF)

    def _line(self, line: str) -> Chunk:
        try:
            answer = json.loads(line)
            if answer.get("error"):
                raise self._endpoint.error(_PATH, "the server gave up", cause=str(answer["error"])[:400])
            ending = (answer.get("done_reason") or "stop") if answer.get("done") else None
            return Chunk(str(answer.get("response") or ""), ending)
        except (ValueError, AttributeError) as error:
            raise self._endpoint.error(_PATH, "the server's answer can't be understood", cause=line[:400]) from error


def ollama_options(sampling: Sampling) -> dict[str, Any]:
    """How tokens are drawn, in Ollama's words."""
    options: dict[str, Any] = {name: getattr(sampling, field) for field, name in OPTIONS.items()}
    return options | ({"stop": list(sampling.stop)} if sampling.stop else {})
