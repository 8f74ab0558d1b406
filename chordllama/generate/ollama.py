"""Writes with a model behind Ollama's own interface, whose `raw` leaves the prompt as it is. Knows its words; endpoint.py knows the rest.

Source: https://docs.ollama.com/api
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from functools import cached_property
from typing import Any

from chordllama.errors import EndpointError
from chordllama.generate.endpoint import DEFAULT_CONTEXT, Chunk, EndpointBackend
from chordllama.sampling import Sampling
from chordllama.system.endpoints import Endpoint

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
ALL = {"top_k": 0}
"""Ollama would otherwise draw from the 40 most probable tokens alone."""


PATIENCE = 2.0
"""Seconds in which Ollama says which version it is."""


class OllamaBackend(EndpointBackend):
    """A model that Ollama runs, at an address such as http://127.0.0.1:11434; see `EndpointBackend`.

    `model` is its name there; where Ollama has only one, that needn't be told.
    """

    path = "/api/generate"
    sample = 200

    def __init__(self, url: str, model: str | None = None, api_key: str | None = None, timeout: float = 60.0) -> None:
        super().__init__(url, model or None, api_key, timeout)
        if not model:
            known = [str(each.get("name")) for each in self.endpoint.ask("GET", "/api/tags").get("models") or ()]
            if len(known) != 1:
                self.close()
                named = ": it has " + ", ".join(known) if known else ", e.g. chordllama"
                raise EndpointError(
                    f"{url}: Ollama has to be told which model", hint=f"name one with --model-name{named}"
                )
            self._model = {"model": known[0]}

    @cached_property
    def context(self) -> int:
        """How many tokens Ollama is asked to make room for: what the model was made for, up to `DEFAULT_CONTEXT`."""
        facts = self.endpoint.ask("POST", "/api/show", self._model).get("model_info")
        sizes = [size for name, size in facts.items() if name.endswith(".context_length")] if facts else []
        return min([DEFAULT_CONTEXT, *(size for size in sizes if isinstance(size, int) and size > 0)])

    def _counted(self, text: str) -> int | None:
        """The tokens of a text that Ollama reads; a prompt that is counted need not be read again."""
        asked = {"prompt": text, "raw": True, "stream": False, **self._model}
        asked["options"] = {"num_predict": 1, "num_ctx": self.context}
        count = self.endpoint.ask("POST", self.path, asked).get("prompt_eval_count")
        return count if isinstance(count, int) and count > 0 else None

    def chunks(self, prompt: str, sampling: Sampling, seed: int, tokens: int) -> Generator[Chunk, None, None]:
        """Yield the parts of an answer as they come."""
        asked: dict[str, Any] = {"prompt": prompt, "raw": True, "stream": True, **self._model}
        asked["options"] = ollama_options(sampling) | {"seed": seed, "num_predict": tokens, "num_ctx": self.context}
        with closing(self.endpoint.lines(self.path, asked)) as lines:
            for line in lines:
                ending = (line.get("done_reason") or "stop") if line.get("done") else None
                yield Chunk(str(line.get("response") or ""), ending)


def runs_ollama(url: str, api_key: str | None = None) -> bool:
    """Tell whether it is Ollama that answers at an address, whose /v1/completions puts every prompt into a template."""
    with closing(Endpoint(url, api_key, PATIENCE)) as endpoint:
        return "version" in endpoint.ask("GET", "/api/version")


def ollama_options(sampling: Sampling) -> dict[str, Any]:
    """Return how tokens are drawn, in Ollama's words."""
    options: dict[str, Any] = {name: getattr(sampling, field) for field, name in OPTIONS.items()} | ALL
    return options | ({"stop": list(sampling.stop)} if sampling.stop else {})
