"""Writes with llama.cpp in this process, several candidates at once, each on its guard's path. Knows nothing of what is written.

One evaluation of the prompt serves all candidates: its sequence is copied in the KV cache, then all are decoded in one batch a
step. What the next call's prompt has in common with this one's is not evaluated again.
"""

from __future__ import annotations

import codecs
import threading
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

from chordllama.errors import ChordLlamaError, ModelError
from chordllama.generate.backend import Guard, Sampling, Timing, Written, timed
from chordllama.generate.llama_runtime import ROOM, Evaluator, Logits, Vocabulary, default_threads, library, load
from chordllama.generate.llama_sampling import Draw, Table


@dataclass(slots=True, eq=False)
class _Candidate:
    """One text being written. `ends` are the numbers of characters after each of `tokens`."""

    number: int
    guard: Guard | None
    draw: Draw
    acceptable: Callable[[int], bool] | None
    decoder: codecs.IncrementalDecoder
    position: int  # of the next token to be evaluated
    pending: list[int] = field(default_factory=list)  # written, not yet evaluated
    tokens: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    text: str = ""
    shown: int = 0  # characters given out
    drawn: int = 0
    finished: bool = False

    @property
    def sequence(self) -> int:
        return self.number + 1

    def show(self, end: int) -> Iterator[Written]:
        if end > self.shown:
            piece, self.shown = self.text[self.shown : end], end
            yield Written(self.number, piece)


class LlamaBackend:
    """A GGUF model in this process; see `Backend`.

    A piece that is only part of a character is never written while a guard watches: a character needs a token of its own then.
    `context` is the model's own length unless a shorter one is given; memory is taken as prompts and candidates need it.
    Temperature 0 takes the most probable acceptable token until a guard has to rewind, and draws at temperature 1 after that.
    Raises ModelError when the file is missing, damaged or no model that continues text.
    """

    def __init__(self, path: str | Path, threads: int | None = None, context: int | None = None) -> None:
        self._model = load(Path(path))
        self._llama = library()
        self._vocabulary = Vocabulary(self._model)
        trained = int(self._llama.llama_model_n_ctx_train(self._model))
        if context is not None and not 0 < context <= trained:
            self.close()
            raise ModelError(
                f"a context of {context} tokens can't be had", cause=f"the model was trained with {trained}"
            )
        self._context = context or trained
        self._threads = threads or default_threads()
        self._table = Table(self._vocabulary.size)
        self._evaluator: Evaluator | None = None
        self._busy = threading.Lock()
        self.timing = Timing()
        self.failures: dict[int, ChordLlamaError] = {}

    @property
    def context(self) -> int:
        """How many tokens a prompt and what is written after it can have together."""
        return self._context

    def count(self, text: str) -> int:
        """How many tokens `text` has, the beginning token that a prompt gets left out."""
        return len(self._vocabulary.tokens(text))

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Iterator[Written]:
        """See `Backend.stream`. Raises ModelError when the prompt is empty or fills the context."""
        if self._model is None:
            raise ModelError("the model is closed")
        if not self._busy.acquire(blocking=False):
            raise ModelError("the model is writing already", hint="wait until the other text is written")
        self.timing, self.failures = Timing(), {}
        try:
            yield from timed(self._stream(prompt, sampling, guards), self.timing)
        finally:
            self._busy.release()

    def _stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard]) -> Generator[Written, None, None]:
        tokens = self._vocabulary.prompt(prompt)
        evaluator = self._reserve(len(tokens), max(1, len(guards)), sampling)
        logits = self._read(evaluator, tokens)
        candidates = [self._candidate(n, guard, sampling, tokens) for n, guard in enumerate(guards or (None,))]
        try:
            for candidate in candidates:
                evaluator.fork(candidate.sequence)
            yield from self._write(evaluator, candidates, [logits] * len(candidates), sampling, tokens)
        finally:
            for candidate in candidates:
                candidate.draw.close()
                evaluator.cut(candidate.sequence, 0)

    def _reserve(self, prompt: int, candidates: int, sampling: Sampling) -> Evaluator:
        """An evaluator with room for so many tokens and candidates: the one at hand, or a larger one."""
        if prompt >= self._context:
            cause = f"it has {prompt} tokens, and the model's context holds {self._context}"
            raise ModelError("the prompt is too long", cause=cause, hint="give it fewer bars or parts to read")
        cells = prompt + candidates * (min(sampling.maximum_tokens, self._context - prompt) + 1)
        have = self._evaluator
        if have is not None and have.cells >= cells and have.sequences > candidates:
            return have
        if have is not None:
            self._evaluator = None
            have.close()
            cells = max(cells, have.cells + have.cells // 2 if cells > have.cells else have.cells)
            candidates = max(candidates, have.sequences - 1)
        self._evaluator = Evaluator(
            self._model, self._vocabulary.size, -(-cells // ROOM) * ROOM, candidates + 1, self._threads
        )
        return self._evaluator

    def _read(self, evaluator: Evaluator, tokens: list[int]) -> Logits:
        started = perf_counter()
        logits, self.timing.reused_tokens = evaluator.read(tokens)
        self.timing.prompt_seconds += perf_counter() - started
        self.timing.prompt_tokens = len(tokens)
        return logits

    def _candidate(self, number: int, guard: Guard | None, sampling: Sampling, prompt: list[int]) -> _Candidate:
        draw = Draw(self._table, self._vocabulary.size, sampling, sampling.seed + number, self.timing)
        draw.begin(prompt)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        acceptable = None if guard is None else _question(guard, self._vocabulary.pieces)
        finished = guard is not None and guard.done
        return _Candidate(number, guard, draw, acceptable, decoder, len(prompt), finished=finished)

    def _write(
        self,
        evaluator: Evaluator,
        candidates: list[_Candidate],
        rows: Iterable[Logits],
        sampling: Sampling,
        prompt: list[int],
    ) -> Iterator[Written]:
        """All candidates, a token each a step, until all are finished."""
        live = [candidate for candidate in candidates if not candidate.finished]
        while live:
            for candidate, row in zip(live, rows, strict=False):
                token = candidate.draw.token(row, candidate.acceptable)
                if token is None:
                    yield from self._rewind(evaluator, candidate, sampling, prompt)
                else:
                    yield from self._add(candidate, token, sampling)
            live = [candidate for candidate in live if not candidate.finished]
            if live:
                rows = self._decode(evaluator, live)

    def _decode(self, evaluator: Evaluator, live: list[_Candidate]) -> Logits:
        started = perf_counter()
        rows = evaluator.decode([(c.sequence, c.position, c.pending) for c in live])
        self.timing.decode_seconds += perf_counter() - started
        for candidate in live:
            candidate.position += len(candidate.pending)
        return rows

    def _add(self, candidate: _Candidate, token: int, sampling: Sampling) -> Iterator[Written]:
        """Write `token` and see whether the candidate ends with it."""
        candidate.drawn += 1
        self.timing.written_tokens += 1
        if token in self._vocabulary.ends:
            yield from self._finish(candidate, len(candidate.text))
            return
        piece = self._text(candidate, token)
        before = len(candidate.text)
        candidate.text += piece
        candidate.tokens.append(token)
        candidate.ends.append(len(candidate.text))
        candidate.pending = [token]
        candidate.draw.accept(token)
        if candidate.guard is not None:
            candidate.guard.feed(piece)
        stop = _stop(candidate.text, before, sampling.stop)
        if stop is not None:
            yield from self._finish(candidate, stop)
        elif self._is_full(candidate, sampling):
            yield from self._finish(candidate, len(candidate.text))
        else:
            yield from candidate.show(_settled(candidate.text, sampling.stop))

    def _text(self, candidate: _Candidate, token: int) -> str:
        piece = self._vocabulary.pieces[token]
        if candidate.guard is not None and piece is not None:
            return piece
        return candidate.decoder.decode(self._vocabulary.raw[token])

    def _is_full(self, candidate: _Candidate, sampling: Sampling) -> bool:
        """Whether nothing more may be written: the guard is done, or there is no token left, or no room for one."""
        return (
            (candidate.guard is not None and candidate.guard.done)
            or candidate.drawn >= sampling.maximum_tokens
            or candidate.position + len(candidate.pending) >= self._context
        )

    def _finish(self, candidate: _Candidate, end: int) -> Iterator[Written]:
        candidate.finished = True
        yield from candidate.show(end)

    def _rewind(
        self, evaluator: Evaluator, candidate: _Candidate, sampling: Sampling, prompt: list[int]
    ) -> Iterator[Written]:
        """Nothing may follow: take text, tokens and KV cache back to what the guard keeps.

        The last token that stays is evaluated once more, for its logits are gone. Where the kept text ends within a token, its
        first part is spelled anew.
        """
        guard = candidate.guard
        assert guard is not None, "without a guard every token is acceptable"
        self.timing.rewinds += 1
        try:
            guard.rewind()
        except ChordLlamaError as failure:
            self.failures[candidate.number] = failure
            yield from self._finish(candidate, len(candidate.text))
            return
        whole = bisect_right(candidate.ends, guard.kept)
        self._cut_text(candidate, whole, guard.kept)
        evaluator.cut(candidate.sequence, len(prompt) + whole - 1)
        candidate.position = len(prompt) + whole - 1
        candidate.pending = (prompt[-1:] + candidate.tokens)[whole:]
        candidate.draw.begin(prompt + candidate.tokens)
        candidate.draw.vary()
        candidate.shown = min(candidate.shown, guard.kept)
        candidate.finished = self._is_full(candidate, sampling)
        yield Written(candidate.number, "", candidate.shown)

    def _cut_text(self, candidate: _Candidate, whole: int, kept: int) -> None:
        """Keep `whole` tokens and, of the one after them, the characters up to `kept`."""
        assert kept <= len(candidate.text), "a guard can't keep what isn't written"
        start = candidate.ends[whole - 1] if whole else 0
        rest = self._vocabulary.spell(candidate.text[start:kept])
        del candidate.tokens[whole:], candidate.ends[whole:]
        candidate.text = candidate.text[:kept]
        raw = b""
        candidate.drawn += 1 + len(rest)  # so that a guard that never gives up can't hold us forever
        for token in rest:
            raw += self._vocabulary.raw[token]
            candidate.tokens.append(token)
            candidate.ends.append(start + len(raw.decode("utf-8", "replace")))  # part of a character counts as it whole

    def close(self) -> None:
        """Free the model and its KV cache. May be called twice."""
        evaluator, self._evaluator = getattr(self, "_evaluator", None), None
        if evaluator is not None:
            evaluator.close()
        model, self._model = self._model, None
        if model is not None:
            self._llama.llama_model_free(model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _question(guard: Guard, pieces: list[str | None]) -> Callable[[int], bool]:
    accepts = guard.accepts

    def acceptable(token: int) -> bool:
        piece = pieces[token]
        return piece is not None and accepts(piece)

    return acceptable


def _stop(text: str, before: int, stops: tuple[str, ...]) -> int | None:
    """Where the first stop text begins, if one ends after `before` characters."""
    found = [text.find(stop, max(0, before - len(stop) + 1)) for stop in stops]
    return min((place for place in found if place >= 0), default=None)


def _settled(text: str, stops: tuple[str, ...]) -> int:
    """How many characters can be given out: what may be the beginning of a stop text waits."""
    held = (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size]))
    return len(text) - max(held, default=0)
