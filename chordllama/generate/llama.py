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

from chordllama.errors import ChordLlamaError, ModelError, PromptTooLongError
from chordllama.generate.backend import CandidateEnd, Guard, Stopwatch, Stream, StreamEnd, TextPiece, timed
from chordllama.generate.llama_runtime import Evaluator, Logits, Vocabulary, default_threads, library, load
from chordllama.generate.llama_sampling import Draw, TokenTable, surprisal_of
from chordllama.sampling import Sampling


@dataclass(slots=True, eq=False)
class _Candidate:
    """One text being written. `ends` are the numbers of characters after each of `tokens`, `bits` what each cost the model."""

    number: int
    guard: Guard | None
    draw: Draw
    acceptable: Callable[[int], bool] | None
    decoder: codecs.IncrementalDecoder
    position: int  # of the next token to be evaluated
    pending: list[int] = field(default_factory=list)  # written, not yet evaluated
    tokens: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    bits: list[float] = field(default_factory=list)
    text: str = ""
    refused: set[str] = field(default_factory=set)  # characters that may not come next
    shown: int = 0  # characters given out
    drawn: int = 0
    finished: bool = False
    failure: ChordLlamaError | None = None

    @property
    def sequence(self) -> int:
        return self.number + 1

    def add(self, token: int, piece: str, bits: float) -> None:
        self.text += piece
        self.tokens.append(token)
        self.bits.append(bits)
        self.ends.append(len(self.text))
        self.pending = [token]
        self.refused.clear()
        self.draw.accept(token)
        if self.guard is not None:
            self.guard.feed(piece)

    def finish(self, end: int) -> Iterator[TextPiece]:
        self.finished = True
        yield from self.show(end)

    def show(self, end: int) -> Iterator[TextPiece]:
        """Give out the text up to `end`."""
        if end > self.shown:
            piece, self.shown = self.text[self.shown : end], end
            yield TextPiece(self.number, piece)


@dataclass(slots=True, eq=False)
class _Writer:
    """One call of `stream`: the candidates after one prompt."""

    vocabulary: Vocabulary
    evaluator: Evaluator
    context: int
    prompt: list[int]
    sampling: Sampling
    watch: Stopwatch

    def candidate(self, number: int, guard: Guard | None, table: TokenTable) -> _Candidate:
        draw = Draw(table, self.vocabulary.size, self.sampling, self.sampling.seed + number, self.watch)
        draw.begin(self.prompt)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        refused: set[str] = set()
        acceptable = None if guard is None else _question(guard, self.vocabulary.pieces, refused)
        finished = guard is not None and guard.done
        return _Candidate(
            number, guard, draw, acceptable, decoder, len(self.prompt), refused=refused, finished=finished
        )

    def write(
        self, guards: Sequence[Guard | None], table: TokenTable
    ) -> Generator[TextPiece, None, tuple[CandidateEnd, ...]]:
        """Yield a token for each candidate each step, until all are finished; then their part of the cache is free again."""
        candidates = [self.candidate(number, guard, table) for number, guard in enumerate(guards)]
        try:
            logits = self._read()
            for candidate in candidates:
                self.evaluator.fork(candidate.sequence)
            yield from self._steps(candidates, [logits] * len(candidates))
            return tuple(CandidateEnd(candidate.failure, sum(candidate.bits)) for candidate in candidates)
        finally:
            for candidate in candidates:
                candidate.draw.close()
                self.evaluator.cut(candidate.sequence, 0)

    def _steps(self, candidates: Sequence[_Candidate], rows: Iterable[Logits]) -> Iterator[TextPiece]:
        live = [candidate for candidate in candidates if not candidate.finished]
        while live:
            for candidate, row in zip(live, rows, strict=False):
                token = candidate.draw.token(row, candidate.acceptable)
                yield from self._rewind(candidate) if token is None else self._add(candidate, token, row)
            live = [candidate for candidate in live if not candidate.finished]
            rows = self._decode(live) if live else ()

    def _read(self) -> Logits:
        started = perf_counter()
        logits, reused = self.evaluator.read(self.prompt)
        seconds = perf_counter() - started
        self.watch.add(prompt_seconds=seconds, prompt_tokens=len(self.prompt), reused_tokens=reused)
        return logits

    def _decode(self, live: list[_Candidate]) -> Logits:
        started = perf_counter()
        rows = self.evaluator.decode([(c.sequence, c.position, c.pending) for c in live])
        self.watch.add(decode_seconds=perf_counter() - started)
        for candidate in live:
            candidate.position += len(candidate.pending)
        return rows

    def _add(self, candidate: _Candidate, token: int, logits: Logits) -> Iterator[TextPiece]:
        """Write `token` and see whether the candidate ends with it."""
        candidate.drawn += 1
        self.watch.add(written_tokens=1)
        if token in self.vocabulary.ends:
            yield from candidate.finish(len(candidate.text))
            return
        before = len(candidate.text)
        candidate.add(token, self._text(candidate, token), surprisal_of(token, logits))
        stop = _stop(candidate.text, before, self.sampling.stop)
        if stop is not None:
            yield from candidate.finish(stop)
        elif self._is_full(candidate):
            yield from candidate.finish(len(candidate.text))
        else:
            yield from candidate.show(_settled(candidate.text, self.sampling.stop))

    def _text(self, candidate: _Candidate, token: int) -> str:
        """What `token` adds; without a guard it may be part of a character, which waits for the other part."""
        piece = self.vocabulary.pieces[token]
        if candidate.guard is not None and piece is not None:
            return piece
        return candidate.decoder.decode(self.vocabulary.raw[token])

    def _is_full(self, candidate: _Candidate) -> bool:
        """Whether nothing more may be written: the guard is done, or there is no token left, or no room for one."""
        return (
            (candidate.guard is not None and candidate.guard.done)
            or candidate.drawn >= self.sampling.maximum_tokens
            or candidate.position + len(candidate.pending) >= self.context
        )

    def _rewind(self, candidate: _Candidate) -> Iterator[TextPiece]:
        """Nothing may follow: take the candidate back to what its guard keeps, unless the guard gives up."""
        guard = candidate.guard
        assert guard is not None, "without a guard every token is acceptable"
        self.watch.add(rewinds=1)
        try:
            guard.rewind()
        except ChordLlamaError as failure:
            candidate.failure = failure
            yield from candidate.finish(len(candidate.text))
            return
        self._cut(candidate, guard.kept)
        candidate.draw.begin(self.prompt + candidate.tokens)
        candidate.draw.vary()
        candidate.shown = min(candidate.shown, guard.kept)
        candidate.finished = self._is_full(candidate)
        yield TextPiece(candidate.number, "", candidate.shown)

    def _cut(self, candidate: _Candidate, kept: int) -> None:
        """Take text, tokens and KV cache back to `kept` characters.

        The last token that stays is evaluated once more, for its logits are gone. Where the kept text ends within a token, its
        first part is spelled anew, and costs what the token did.
        """
        assert kept <= len(candidate.text), "a guard can't keep what isn't written"
        whole = bisect_right(candidate.ends, kept)
        start = candidate.ends[whole - 1] if whole else 0
        rest = self.vocabulary.spell(candidate.text[start:kept])
        cut = candidate.bits[whole : whole + 1] if rest else []
        candidate.bits[whole:] = cut + [0.0] * (len(rest) - len(cut))
        del candidate.tokens[whole:], candidate.ends[whole:]
        candidate.text = candidate.text[:kept]
        candidate.refused.clear()
        candidate.tokens += rest
        candidate.ends += [start + end for end in self.vocabulary.ends_of(rest)]
        candidate.drawn += 1 + len(rest)  # so that a guard that never gives up can't hold us forever
        candidate.position = len(self.prompt) + whole - 1
        candidate.pending = (self.prompt[-1:] + candidate.tokens)[whole:]
        self.evaluator.cut(candidate.sequence, candidate.position)


class LlamaBackend:
    """A GGUF model in this process; see `Backend`.

    A piece that is only part of a character is never written while a guard watches: a character needs a token of its own then.
    `context` is the model's own length unless a shorter one is given; memory is taken as prompts and candidates need it.
    `stopped` is asked all the time; when it says yes, a stream ends with `Stopped` within a few milliseconds, whatever it does.
    Temperature 0 takes the most probable acceptable token until a guard has to rewind, and draws at temperature 1 after that.
    Raises ModelError when the file is missing, damaged or no model that continues text.
    """

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        context: int | None = None,
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        self._evaluator: Evaluator | None = None
        self._stopped = stopped
        self._model = load(Path(path))
        self._context = context or self._trained_context()
        if not 0 < self._context <= self._trained_context():
            cause = f"the model was trained with {self._trained_context()}"
            self.close()
            raise ModelError(f"a context of {context} tokens can't be had", cause=cause)
        self._vocabulary = Vocabulary(self._model)
        self._table = TokenTable(self._vocabulary.size)
        self._threads = threads or default_threads()
        self._busy = threading.Lock()

    def _trained_context(self) -> int:
        return int(library().llama_model_n_ctx_train(self._model))

    @property
    def context(self) -> int:
        """How many tokens a prompt and what is written after it can have together."""
        return self._context

    def count(self, text: str) -> int:
        """Return how many tokens `text` has, the beginning token that a prompt gets left out."""
        self._check_open()
        return len(self._vocabulary.tokens(text))

    def _check_open(self) -> None:
        if self._model is None:
            raise ModelError("the model is closed")

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        """See `Backend.stream`. Raises ModelError when the prompt is empty, PromptTooLongError when it fills the context."""
        self._check_open()
        if not self._busy.acquire(blocking=False):
            raise ModelError("the model is writing already", hint="wait until the other text is written")
        watch = Stopwatch()
        try:
            ends = yield from timed(self._stream(prompt, sampling, guards, watch), watch)
            yield StreamEnd(ends, watch.timing)
        finally:
            self._busy.release()

    def _stream(
        self, prompt: str, sampling: Sampling, guards: Sequence[Guard], watch: Stopwatch
    ) -> Generator[TextPiece, None, tuple[CandidateEnd, ...]]:
        tokens = self._vocabulary.prompt(prompt)
        evaluator = self._reserve(len(tokens), max(1, len(guards)), sampling.maximum_tokens)
        writer = _Writer(self._vocabulary, evaluator, self._context, tokens, sampling, watch)
        return (yield from writer.write(guards or (None,), self._table))

    def _reserve(self, prompt: int, candidates: int, tokens: int) -> Evaluator:
        """An evaluator with room for so many tokens and candidates: the one at hand, or a larger one in its place."""
        if prompt >= self._context:
            cause = f"it has {prompt} tokens, and the model's context holds {self._context}"
            raise PromptTooLongError("the prompt is too long", cause=cause, hint="give it fewer bars or parts to read")
        cells = prompt + candidates * (min(tokens, self._context - prompt) + 1)
        sequences = candidates + 1  # the prompt has one
        have = self._evaluator
        if have is not None and have.cells >= cells and have.sequences >= sequences:
            return have
        if have is not None:
            cells, sequences = max(cells + cells // 2, have.cells), max(sequences, have.sequences)
            self._close_evaluator()
        self._evaluator = Evaluator(self._model, self._vocabulary.size, cells, sequences, self._threads, self._stopped)
        return self._evaluator

    def _close_evaluator(self) -> None:
        if self._evaluator is not None:
            self._evaluator.close()
            self._evaluator = None

    def close(self) -> None:
        """Free the model and its KV cache. May be called twice; a stream that is not read to its end then raises ModelError."""
        self._close_evaluator()
        model, self._model = self._model, None
        if model is not None:
            library().llama_model_free(model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _question(guard: Guard, pieces: list[str | None], refused: set[str]) -> Callable[[int], bool]:
    """Whether a token may come next. `refused` gathers first characters that may not, so that no other such piece is tried."""
    accepts = guard.accepts

    def acceptable(token: int) -> bool:
        piece = pieces[token]
        if piece is None or piece[:1] in refused:
            return False
        if accepts(piece):
            return True
        if not accepts(piece[:1]):
            refused.add(piece[:1])
        return False

    return acceptable


def _stop(text: str, before: int, stops: tuple[str, ...]) -> int | None:
    """Where the first stop text begins, if one ends after `before` characters."""
    found = [text.find(stop, max(0, before - len(stop) + 1)) for stop in stops]
    return min((place for place in found if place >= 0), default=None)


def _settled(text: str, stops: tuple[str, ...]) -> int:
    """How many characters can be given out: what may be the beginning of a stop text waits."""
    held = (size for stop in stops for size in range(1, len(stop)) if text.endswith(stop[:size]))
    return len(text) - max(held, default=0)
