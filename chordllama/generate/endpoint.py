"""Writes with any server that has OpenAI's /v1/completions. Knows HTTP and server-sent events; knows nothing of what is written.

A guard can't mask tokens that a server draws. Instead each whole line is tested as it comes; at a refused one the request is
dropped and a new one sent, with the text up to the guard's last good place behind the prompt, and with another seed. The
candidates are written one after the other, for servers differ in what they do with several requests at a time: some break off
the first.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Self

from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import CandidateEnd, Guard, Stream, StreamEnd, TextPiece, Timing, timed
from chordllama.sampling import Sampling
from chordllama.system.endpoints import BROKEN_OFF, LONGEST_COMPLAINT, Endpoint, words_of

DEFAULT_CONTEXT = 4096  # tokens, where a server doesn't say
CHARACTERS_PER_TOKEN = 2  # few, so that an estimate is rather too high
_PATH = "/v1/completions"
SEEDS = 1 << 31
SEED_STEP = 1009  # between two requests of one candidate; larger than any number of candidates

# sampling field -> (value that asks for nothing, what servers call it): llama-server and vLLM have different names for one thing,
# and ignore each other's. What asks for nothing is left out, for others refuse names that they don't know.
OPTIONAL: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "min_p": (0.0, ("min_p",)),
    "presence_penalty": (0.0, ("presence_penalty",)),
    "repetition_penalty": (1.0, ("repetition_penalty", "repeat_penalty")),
}


class Chunk(NamedTuple):
    """A part of an answer; `ending` is the server's reason where this is the last one ("stop", "length")."""

    text: str
    ending: str | None


class EndpointBackend:
    """A model behind an address such as http://127.0.0.1:8080/v1; see `Backend`.

    `model` is the name that the server gives it (many servers have only one and need none), `timeout` the seconds that the server
    may be silent. Servers have defaults of their own for what isn't sent. Raises EndpointError with the address, what went wrong,
    and the server's own words.
    """

    def __init__(self, url: str, model: str | None = None, api_key: str | None = None, timeout: float = 60.0) -> None:
        self._endpoint = Endpoint(url, api_key, timeout)
        self._model = {} if model is None else {"model": model}
        self._can_count = True

    @cached_property
    def context(self) -> int:
        """How many tokens the server takes (llama-server and vLLM say so), else `DEFAULT_CONTEXT`."""
        settings = self._endpoint.ask("GET", "/props").get("default_generation_settings")
        models = self._endpoint.ask("GET", "/v1/models").get("data") if settings is None else None
        named = models[0] if isinstance(models, list) and models and isinstance(models[0], dict) else {}
        size = settings.get("n_ctx") if isinstance(settings, dict) else named.get("max_model_len")
        return size if isinstance(size, int) and size > 0 else DEFAULT_CONTEXT

    def count(self, text: str) -> int:
        """How many tokens `text` has, by the server's /tokenize if it has one, else an estimate that is rather too high."""
        question = {"content": text, "prompt": text, "add_special": False, "add_special_tokens": False, **self._model}
        answer = self._endpoint.ask("POST", "/tokenize", question) if self._can_count else {}
        tokens = answer.get("tokens")
        self._can_count = isinstance(tokens, list)
        return len(tokens) if isinstance(tokens, list) else -(-len(text) // CHARACTERS_PER_TOKEN)

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        """See `Backend.stream`; bits aren't told, as endpoints differ in whether and how they tell them. Raises EndpointError."""
        timing = Timing()
        ends = yield from timed(self._stream(prompt, sampling, guards, timing), timing)
        yield StreamEnd(tuple(ends), timing)

    def _stream(
        self, prompt: str, sampling: Sampling, guards: Sequence[Guard], timing: Timing
    ) -> Generator[TextPiece, None, list[CandidateEnd]]:
        ends = []
        for number, guard in enumerate(guards):
            failure = yield from _GuardedCandidate(self, number, guard, prompt, sampling, timing).write()
            ends.append(CandidateEnd(failure))
        if not guards:
            for chunk in self.completion(prompt, sampling, sampling.seed, sampling.maximum_tokens, timing):
                if chunk.text:
                    yield TextPiece(0, chunk.text)
        return ends or [CandidateEnd()]

    def completion(
        self, prompt: str, sampling: Sampling, seed: int, tokens: int, timing: Timing
    ) -> Generator[Chunk, None, None]:
        """One request. Ends with the chunk that has an ending, or after `tokens` chunks, whatever the server does."""
        from httpx_sse import connect_sse

        endpoint, started = self._endpoint, perf_counter()
        body = {
            "prompt": prompt,
            "stream": True,
            "max_tokens": tokens,
            "seed": seed,
            **self._model,
            **_options(sampling),
        }
        with (
            endpoint.explained(_PATH),
            connect_sse(endpoint.client, "POST", endpoint.root + _PATH, json=body) as source,
        ):
            endpoint.check_status(source.response, _PATH)
            chunks = self._chunks(source.iter_sse())
            for number in range(tokens + 1):
                chunk = next(chunks, None)
                timing.add_wait(perf_counter() - started, first=number == 0)
                if chunk is None:
                    raise self._endpoint.error(_PATH, "the answer broke off", hint=BROKEN_OFF)
                if number == tokens and chunk.text:
                    return
                timing.written_tokens += bool(chunk.text)
                yield chunk
                if chunk.ending is not None:
                    return
                started = perf_counter()

    def _chunks(self, events: Iterator[Any]) -> Iterator[Chunk]:
        for event in events:
            if event.data.strip() == "[DONE]":
                return
            chunk = self._chunk(event.data)
            if chunk is not None:
                yield chunk

    def _chunk(self, data: str) -> Chunk | None:
        """What an event says; None for one that says nothing of the text (how many tokens were used, a sign of life)."""
        if not data:
            return None
        try:
            answer = json.loads(data)
            if answer.get("error"):
                raise self._endpoint.error(_PATH, "the server gave up", cause=words_of(data))
            choices = answer["choices"]
            if not choices:
                return None
            return Chunk(str(choices[0].get("text") or ""), choices[0].get("finish_reason"))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise self._endpoint.error(
                _PATH, "the server's answer can't be understood", cause=data[:LONGEST_COMPLAINT]
            ) from error

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self._endpoint.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _GuardedCandidate:
    """One text, written line by line and by as many requests as its guard makes necessary."""

    def __init__(
        self, backend: EndpointBackend, number: int, guard: Guard, prompt: str, sampling: Sampling, timing: Timing
    ) -> None:
        self._backend, self._number, self._guard, self._timing = backend, number, guard, timing
        self._prompt, self._sampling = prompt, sampling
        self._text = ""
        self._tokens = sampling.maximum_tokens  # still to be asked for
        self._seed = sampling.seed + number

    def write(self) -> Generator[TextPiece, None, ChordLlamaError | None]:
        """Write until the guard is done or no tokens are left; return the error with which the guard gave up."""
        while not self._guard.done and self._tokens > 0:
            ending = yield from self._request()
            if self._guard.done or ending == "length" or (ending == "stop" and self._sampling.stop):
                break
            if failure := (yield from self._rewind()):
                return failure
        return None

    def _request(self) -> Generator[TextPiece, None, str | None]:
        """Write what the guard accepts of one answer; returns the server's ending, None if the guard ended it."""
        rest = ""
        self._tokens -= 1  # so that a server that answers nothing can't hold us forever
        chunks = self._backend.completion(
            self._prompt + self._text, self._sampling, self._seed, self._tokens + 1, self._timing
        )
        with closing(chunks):
            for chunk in chunks:
                self._tokens -= bool(chunk.text)
                pieces, rest = _lines(rest + chunk.text, last=chunk.ending is not None)
                for piece in pieces:
                    if self._guard.done or not self._guard.accepts(piece):
                        return None
                    yield self._add(piece)
                if chunk.ending is not None or self._guard.done:
                    return chunk.ending
        return "length"

    def _add(self, piece: str) -> TextPiece:
        self._guard.feed(piece)
        self._text += piece
        return TextPiece(self._number, piece)

    def _rewind(self) -> Generator[TextPiece, None, ChordLlamaError | None]:
        """Take the text back to what the guard keeps; return the guard's error if it gives up."""
        self._timing.rewinds += 1
        self._seed = (self._seed + SEED_STEP) % SEEDS
        try:
            self._guard.rewind()
        except ChordLlamaError as failure:
            return failure
        self._text = self._text[: self._guard.kept]
        yield TextPiece(self._number, "", len(self._text))
        return None


def _lines(text: str, last: bool) -> tuple[list[str], str]:
    """The whole lines of `text`, and what begins the next one, which is a line too where nothing more comes."""
    *lines, rest = text.split("\n")
    pieces = [line + "\n" for line in lines]
    return (pieces + [rest] * bool(rest), "") if last else (pieces, rest)


def _options(sampling: Sampling) -> dict[str, Any]:
    """The part of a request that says how tokens are drawn."""
    options: dict[str, Any] = {"temperature": sampling.temperature, "top_p": sampling.top_p}
    for field, (nothing, names) in OPTIONAL.items():
        value = getattr(sampling, field)
        if value != nothing:
            options |= dict.fromkeys(names, value)
    if sampling.repetition_penalty != 1:
        options["repeat_last_n"] = sampling.repetition_window
    if sampling.stop:
        options["stop"] = list(sampling.stop)
    return options
