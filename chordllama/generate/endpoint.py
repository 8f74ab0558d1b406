"""Writes with any server that has OpenAI's /v1/completions. Knows how such servers are asked; knows nothing of what is written.

A server draws without a mask. So each piece is tested as it comes; at one that the guard refuses, the request is dropped and a new
one sent, with all that is good behind the prompt and another seed, until the server has drawn what is acceptable: piece by piece
that is the distribution from which a model in this process draws. What can't be otherwise is put behind the prompt at once, such
as the number with which a line begins; and where a server goes on drawing what is refused, the prompt itself tells how such a text
goes on. Servers keep what they have read, so a new request reads the end of its prompt alone.

The candidates are written one after the other, for servers differ in what they do with several requests at a time: some break off
the first.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from random import Random
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Self

from chordllama.errors import ChordLlamaError, EndpointError
from chordllama.generate.backend import CandidateEnd, Guard, Stopwatch, Stream, StreamEnd, TextPiece, timed
from chordllama.sampling import Sampling
from chordllama.system.endpoints import BrokenOffError, Endpoint

DEFAULT_CONTEXT = 4096  # tokens, where a server doesn't say
CHARACTERS_PER_TOKEN = 2  # few, so that an estimate is rather too high
MARGIN = 1.1
"""By how much an estimate is put too high."""
MOST_BROKEN = 3
"""How often a server may break off in a row, without a good piece in between."""
SEEDS = 1 << 31
SEED_STEP = 1009  # between two requests of one candidate; larger than any number of candidates
MOST_REFUSALS = 3
"""How often a server may be refused at one place, before the prompt tells how the text goes on."""
MOST_HELP = 16
"""How many characters in a row the prompt may tell, before the server's model is of no use."""
NO_WORD = string.punctuation + string.whitespace
LONGEST_SUFFIX = 16
"""Characters before a place that are looked for in the prompt."""

# sampling field -> (value that asks for nothing, what servers call it): llama-server and vLLM have different names for one thing,
# and ignore each other's. What asks for nothing is left out, for others refuse names that they don't know; but for repetitions, which
# llama-cpp-python's server and LM Studio penalise where nothing is said: music repeats.
OPTIONAL: Mapping[str, tuple[float | None, tuple[str, ...]]] = {
    "min_p": (0.0, ("min_p",)),
    "presence_penalty": (0.0, ("presence_penalty",)),
    "repetition_penalty": (None, ("repetition_penalty", "repeat_penalty")),
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

    path = "/v1/completions"
    sample = 1000
    """Characters that the server counts before the length of its tokens is known; texts longer than that it always counts."""

    def __init__(self, url: str, model: str | None = None, api_key: str | None = None, timeout: float = 60.0) -> None:
        self.endpoint = Endpoint(url, api_key, timeout)
        self._model = {} if model is None else {"model": model}
        self._can_count, self._counts_only = True, False
        self._characters = self._tokens = 0  # of the texts that the server has counted

    @cached_property
    def context(self) -> int:
        """How many tokens the server takes (llama-server and vLLM say so), else `DEFAULT_CONTEXT`."""
        settings = self.endpoint.ask("GET", "/props").get("default_generation_settings")
        models = self.endpoint.ask("GET", "/v1/models").get("data") if settings is None else None
        named = models[0] if isinstance(models, list) and models and isinstance(models[0], dict) else {}
        size = settings.get("n_ctx") if isinstance(settings, dict) else named.get("max_model_len")
        return size if isinstance(size, int) and size > 0 else DEFAULT_CONTEXT

    def count(self, text: str) -> int:
        """Return how many tokens `text` has, or an estimate that is rather too high.

        A server that can count is asked, until it's known how long its tokens are, and for long texts.
        """
        if self._can_count and (self._characters < self.sample or len(text) > self.sample):
            tokens = self._counted(text)
            self._can_count = tokens is not None
            if tokens is not None:
                self._characters, self._tokens = self._characters + len(text), self._tokens + tokens
                return tokens
        length = self._characters / self._tokens / MARGIN if self._tokens else CHARACTERS_PER_TOKEN
        return math.ceil(len(text) / length)

    def _counted(self, text: str) -> int | None:
        """The tokens of a text by the server's own count: llama-server's and vLLM's, or llama-cpp-python's."""
        question = {"content": text, "prompt": text, "add_special": False, "add_special_tokens": False, **self._model}
        tokens = self.endpoint.ask("POST", "/tokenize", question).get("tokens") if not self._counts_only else None
        if isinstance(tokens, list):
            return len(tokens)
        count = self.endpoint.ask("POST", "/extras/tokenize/count", {"input": text, **self._model}).get("count")
        self._counts_only = isinstance(count, int)
        return count if isinstance(count, int) else None

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        """See `Backend.stream`; bits aren't told, as endpoints differ in whether and how they tell them. Raises EndpointError."""
        watch = Stopwatch()
        ends = yield from timed(self._stream(prompt, sampling, guards, watch), watch)
        yield StreamEnd(tuple(ends), watch.timing)

    def _stream(
        self, prompt: str, sampling: Sampling, guards: Sequence[Guard], watch: Stopwatch
    ) -> Generator[TextPiece, None, list[CandidateEnd]]:
        ends = []
        for number, guard in enumerate(guards):
            failure = yield from _GuardedCandidate(self, number, guard, prompt, sampling, watch).write()
            ends.append(CandidateEnd(failure))
        if not guards:
            for chunk in self.completion(prompt, sampling, sampling.seed, sampling.maximum_tokens, watch):
                if chunk.text:
                    watch.add(written_tokens=1)
                    yield TextPiece(0, chunk.text)
        return ends or [CandidateEnd()]

    def completion(
        self, prompt: str, sampling: Sampling, seed: int, tokens: int, watch: Stopwatch
    ) -> Generator[Chunk, None, None]:
        """Ask once. Ends with the chunk that has an ending, or after `tokens` chunks, whatever the server does."""
        watch.add(requests=1)
        started = perf_counter()
        with closing(self.chunks(prompt, sampling, seed, tokens)) as chunks:
            for number, chunk in enumerate(chunks):
                watch.add(**{"decode_seconds" if number else "prompt_seconds": perf_counter() - started})
                if number >= tokens and chunk.text:
                    return
                yield chunk
                if chunk.ending is not None:
                    return
                started = perf_counter()
        raise self.endpoint.broken_off(self.path)

    def chunks(self, prompt: str, sampling: Sampling, seed: int, tokens: int) -> Generator[Chunk, None, None]:
        """Yield the parts of an answer as they come."""
        asked = {"prompt": prompt, "stream": True, "max_tokens": tokens, "seed": seed}
        with closing(self.endpoint.events(self.path, {**asked, **self._model, **_options(sampling)})) as events:
            for event in events:
                try:
                    choices = event["choices"]
                    if choices:  # else it says how many tokens were used
                        yield Chunk(str(choices[0].get("text") or ""), choices[0].get("finish_reason"))
                except (KeyError, TypeError, AttributeError) as error:
                    raise self.endpoint.not_understood(self.path, json.dumps(event)) from error

    def close(self) -> None:
        """Close the connections. May be called twice."""
        self.endpoint.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _GuardedCandidate:
    """One text, written by as many requests as its guard makes necessary."""

    def __init__(
        self, backend: EndpointBackend, number: int, guard: Guard, prompt: str, sampling: Sampling, watch: Stopwatch
    ) -> None:
        self._backend, self._number, self._guard, self._watch = backend, number, guard, watch
        self._prompt, self._sampling = prompt, sampling
        self._alphabet = sorted(set(prompt).union(string.printable))
        self._text = ""
        self._forced = 0  # characters at the end of the text that the server didn't write
        self._tokens = float(sampling.maximum_tokens)  # still to be written
        self._seed = sampling.seed + number
        self._random = Random(self._seed)
        self._refusals = 0  # at the place at hand
        self._broken = 0  # answers in a row that came to no good end
        self._helped = 0  # characters told by the prompt since the server's last good piece

    def write(self) -> Generator[TextPiece, None, ChordLlamaError | None]:
        """Write until the guard is done or no tokens are left; return the error with which the guard or the server gave up."""
        ending = None
        while not self._guard.done and self._tokens > 0 and ending not in self._endings:
            choices = [character for character in self._alphabet if self._guard.accepts(character)]
            if not choices:
                if failure := (yield from self._rewind()):
                    return failure
            elif self._helped > MOST_HELP:
                return self._useless()
            elif len(choices) == 1 or self._refusals > MOST_REFUSALS:
                yield self._force(choices)
            else:
                try:
                    ending = yield from self._request()
                except EndpointError as failure:
                    self._broken += 1
                    if isinstance(failure, BrokenOffError) and self._broken <= MOST_BROKEN:
                        self._refusals = 0  # nothing was drawn
                    elif self._number or self._guard.kept:
                        return failure  # other candidates, and what the guard keeps, are good
                    else:
                        raise
        return None

    @property
    def _endings(self) -> tuple[str, ...]:
        """The endings that are final: others a guard doesn't want."""
        return ("length", "stop") if self._sampling.stop else ("length",)

    def _force(self, choices: Sequence[str]) -> TextPiece:
        """Write the only character that may come next, or the one that the prompt makes likely."""
        character = choices[0]
        if len(choices) > 1:
            character = _likeliest(self._prompt + self._text, choices, self._random)
            self._helped, self._refusals = self._helped + 1, 0
        self._tokens -= 1 / CHARACTERS_PER_TOKEN
        self._forced += 1
        return self._add(character)

    def _request(self) -> Generator[TextPiece, None, str | None]:
        """Write what the guard accepts of one answer; return the server's ending where it is the answer's own."""
        before, awaited, ending = self._text, self._held_back(), None
        prompt = self._prompt + before.removesuffix(awaited)
        tokens = max(1, int(self._tokens))
        chunks = self._backend.completion(prompt, self._drawn(), self._seed, tokens, self._watch)
        self._seed = (self._seed + SEED_STEP) % SEEDS
        self._refusals += 1  # unless something good comes
        with closing(chunks):
            for chunk in chunks:
                same = min(len(awaited), len(chunk.text))
                piece, ending = chunk.text[same:], chunk.ending
                if chunk.text[:same] != awaited[:same] or (piece and not self._guard.accepts(piece)):
                    return None
                awaited = awaited[same:]
                if piece:
                    self._tokens -= 1
                    self._watch.add(written_tokens=1)
                    self._forced = self._refusals = self._broken = self._helped = 0
                    yield self._add(piece)
                if self._guard.done:
                    break
        # an answer without a letter ends nothing, nor one to a bar that has to be written again, whatever the server says
        is_over = not self._refusals and any(map(self._guard.accepts, self._alphabet))
        return ending if self._guard.done or is_over else None

    def _held_back(self) -> str:
        """The end of what was forced, where a token may begin that reaches beyond it: the server is left to write it."""
        if self._refusals > MOST_REFUSALS // 2:
            return ""
        forced = self._text[len(self._text) - self._forced :]
        return forced[len(forced.rstrip(NO_WORD)) :]

    def _drawn(self) -> Sampling:
        """How tokens are drawn: after a refusal by chance, for the most probable would be refused again."""
        greedy = self._sampling.temperature == 0
        return replace(self._sampling, temperature=1.0) if greedy and self._refusals else self._sampling

    def _add(self, piece: str) -> TextPiece:
        self._guard.feed(piece)
        self._text += piece
        return TextPiece(self._number, piece)

    def _rewind(self) -> Generator[TextPiece, None, ChordLlamaError | None]:
        """Take the text back to what the guard keeps; return the guard's error if it gives up."""
        self._watch.add(rewinds=1)
        self._tokens -= 1  # so that a guard that never gives up can't hold us forever
        self._forced = self._refusals = 0
        try:
            self._guard.rewind()
        except ChordLlamaError as failure:
            return failure
        self._text = self._text[: self._guard.kept]
        yield TextPiece(self._number, "", len(self._text))
        return None

    def _useless(self) -> EndpointError:
        hint = "is it a ChordLlama model, and does its server take prompts as they are, without a template?"
        return self._backend.endpoint.error(self._backend.path, "the model writes nothing that fits", hint=hint)


def _likeliest(text: str, choices: Sequence[str], random: Random) -> str:
    """Draw one of the characters as often as they follow in the text on what stands at its end, as long a piece of it as is known."""
    for size in range(LONGEST_SUFFIX, -1, -1):
        suffix = text[len(text) - size :]
        following = re.findall(f"(?<={re.escape(suffix)})[{re.escape(''.join(choices))}]", text, re.DOTALL)
        if following:
            return str(random.choice(following))
    return random.choice(choices)


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
