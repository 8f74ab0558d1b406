"""What a GGUF model makes of texts that are there already: the probability of each token. Knows llama.cpp's door; draws nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chordllama.generate.llama_runtime import Evaluator, Vocabulary, default_threads, library, load

CHUNK = 64
"""Tokens that are evaluated at once; the logits of all of them are held."""


@contextmanager
def opened(gguf: Path) -> Iterator[tuple[Any, Vocabulary]]:
    """llama.cpp's model of a file, and its vocabulary. Raises ModelError."""
    model = load(gguf)
    try:
        yield model, Vocabulary(model)
    finally:
        library().llama_model_free(model)


class Scorer:
    """Asks one model again and again; `cells` is the length of the longest text in tokens."""

    def __init__(self, model: Any, vocabulary: Vocabulary, cells: int, threads: int | None = None) -> None:
        # As many sequences as there are rows of logits to hold; all tokens belong to the first one.
        self._evaluator = Evaluator(model, vocabulary.size, cells, CHUNK, threads or default_threads())

    def logits(self, tokens: Sequence[int]) -> Iterator[NDArray[np.float32]]:
        """Yield the logits after each token, of shape (vocabulary,); each is good until the next chunk is asked for."""
        self._evaluator.cut(0, 0)
        for start in range(0, len(tokens), CHUNK):
            chunk = tokens[start : start + CHUNK]
            yield from self._evaluator.decode([(0, start + n, [token]) for n, token in enumerate(chunk)])

    def next_logits(self, position: int, token: int) -> NDArray[np.float32]:
        """Return the logits after one more token of the text that was asked about last."""
        row: NDArray[np.float32] = self._evaluator.decode([(0, position, [token])])[0]
        return row

    def log_probabilities(self, tokens: Sequence[int]) -> NDArray[np.float64]:
        """Return the natural logarithm of the probability of each token but the first, given all before it."""
        pairs = zip(self.logits(tokens[:-1]), tokens[1:], strict=True)
        return np.array([_log_softmax(row, token) for row, token in pairs])

    def close(self) -> None:
        """Give back the memory."""
        self._evaluator.close()


def _log_softmax(logits: NDArray[np.float32], token: int) -> float:
    values = logits.astype(np.float64)
    highest = values.max()
    return float(values[token] - highest - np.log(np.exp(values - highest).sum()))


def mean_cost(gguf: Path, texts: Sequence[str], maximum_tokens: int) -> float:
    """Nats a token over some texts, each after the beginning that the model expects; about `maximum_tokens` are looked at in all."""
    with opened(gguf) as (model, vocabulary):
        taken, room = [], maximum_tokens
        context = library().llama_model_n_ctx_train(model)
        for text in texts:
            tokens = vocabulary.prompt(text)[: min(room, context)]
            if len(tokens) > 1:
                taken.append(tokens)
                room -= len(tokens)
        with closing(Scorer(model, vocabulary, max(map(len, taken)))) as scorer:
            costs = np.concatenate([scorer.log_probabilities(tokens) for tokens in taken])
    return float(-costs.mean())
