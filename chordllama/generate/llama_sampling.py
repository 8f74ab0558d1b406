"""Draws tokens with llama.cpp's samplers, under a guard's refusals. Knows logits and penalties; knows no model and no text.

Masking is lazy: a token is drawn, and only if it is refused is it struck out and another one drawn. Without truncation (top_p 1,
min_p 0) this equals drawing from the masked distribution; with it, the first draw is from what top_p and min_p leave of the
model's own distribution, and each later one from what they leave of the masked one.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from chordllama.generate.llama_runtime import Logits, library

if TYPE_CHECKING:
    from chordllama.generate.backend import Stopwatch
    from chordllama.sampling import Sampling

DRAWS = 32  # at one position, before the whole vocabulary is asked
ASKED_SHARE = 0.999  # of the probability: the rest of the vocabulary need not be asked once this much is sure


def surprisal_of(token: int, logits: Logits) -> float:
    """-log2 of a token's probability, in bits."""
    most = logits.max()
    return float(most - logits[token] + np.log(np.exp(logits - most).sum())) / math.log(2)


class TokenTable:
    """llama.cpp's token data, allocated once: identity, logit and probability of each token."""

    def __init__(self, size: int) -> None:
        self._llama = library()
        self._fresh = np.zeros((size, 3), np.int32)  # plain numbers: copying them is several times faster than records
        self._fresh[:, 0] = np.arange(size)
        self._data = self._fresh.copy()
        self._logits = self._data.view(np.float32)[:, 1]
        self._pointer = ctypes.cast(self._data.ctypes.data, self._llama.llama_token_data_p)
        self._array = self._llama.llama_token_data_array()
        self._reference = ctypes.byref(self._array)
        self.work = np.zeros(size, np.float32)  # the logits of the position at hand, refused tokens struck out
        self._size = size

    def apply(self, sampler: Any, watch: Stopwatch) -> Any:
        """Run `sampler` over `work`. Gives llama.cpp's array, good until the next call."""
        self._data[:] = self._fresh
        self._logits[:] = self.work
        array = self._array
        array.data, array.size, array.selected, array.sorted = self._pointer, self._size, -1, False
        started = perf_counter()
        self._llama.llama_sampler_apply(sampler, self._reference)
        watch.add(sampling_seconds=perf_counter() - started)
        return array

    def penalise(self, sampler: Any, watch: Stopwatch) -> None:
        """Run `sampler`, which changes logits but not their order, and keep what it made of `work`."""
        self.apply(sampler, watch)
        self.work[:] = self._logits


class Draw:
    """Draws one candidate's tokens with llama.cpp's samplers: penalties, then top_p, min_p, temperature and the die."""

    def __init__(
        self, table: TokenTable, vocabulary_size: int, sampling: Sampling, seed: int, watch: Stopwatch
    ) -> None:
        self._llama = library()
        self._table, self._sampling, self._seed, self._watch = table, sampling, seed, watch
        self._penalties = self._make_penalties(vocabulary_size)
        self._chain = self._make_chain(sampling.temperature)
        self._is_greedy = sampling.temperature == 0

    def _make_penalties(self, vocabulary_size: int) -> Any:
        """None where there is no penalty."""
        sampling = self._sampling
        if not sampling.repetition_window or (sampling.repetition_penalty == 1 and sampling.presence_penalty == 0):
            return None
        return self._llama.llama_sampler_init_penalties(
            vocabulary_size,
            sampling.repetition_window,
            sampling.repetition_penalty,
            0.0,
            sampling.presence_penalty,
        )

    def _make_chain(self, temperature: float) -> Any:
        llama, sampling = self._llama, self._sampling
        chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        if temperature == 0:
            llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
            return chain
        for sampler in (
            llama.llama_sampler_init_top_p(sampling.top_p, 1),
            llama.llama_sampler_init_min_p(sampling.min_p, 1),
            llama.llama_sampler_init_temp(temperature),
            llama.llama_sampler_init_dist(self._seed),
        ):
            llama.llama_sampler_chain_add(chain, sampler)
        return chain

    def token(self, logits: Logits, acceptable: Callable[[int], bool] | None) -> int | None:
        """Return a token that is `acceptable`; None if there is none in the whole vocabulary."""
        table = self._table
        table.work[:] = logits
        if self._penalties is not None:
            table.penalise(self._penalties, self._watch)
        if acceptable is None:
            return self._once()
        for _ in range(min(DRAWS, len(logits))):
            token = self._once()
            if acceptable(token):
                return token
            table.work[token] = float("-inf")
        return self._once() if self._strike_out(acceptable) else None

    def _once(self) -> int:
        array = self._table.apply(self._chain, self._watch)
        token: int = array.data[array.selected].id
        return token

    def _strike_out(self, acceptable: Callable[[int], bool]) -> bool:
        """Strike out all that isn't acceptable, the most probable tokens asked first. False if nothing is left.

        Asking ends when what is acceptable holds so much probability that the rest can't be drawn (top_p), or hardly, and when
        what follows is too improbable beside the best (min_p).
        """
        work = self._table.work
        order = np.argsort(-work, kind="stable")
        order = order[work[order] > -np.inf]
        mass = np.exp(work[order] - work[order[:1]])
        unasked, accepted, least = float(mass.sum()), 0.0, 0.0
        kept: list[int] = []
        share = min(self._sampling.top_p, ASKED_SHARE)
        for token, probability in zip(order.tolist(), mass.tolist(), strict=True):
            unasked -= probability
            if kept and probability < least:
                break
            if acceptable(token):
                least = least or self._sampling.min_p * probability
                kept.append(token)
                accepted += probability
                if accepted >= share * (accepted + unasked):
                    break
        left = work[kept]
        work[:] = -np.inf
        work[kept] = left
        return bool(kept)

    def accept(self, token: int) -> None:
        """Take `token` as written: the penalties count it."""
        if self._penalties is not None:
            self._llama.llama_sampler_accept(self._penalties, token)

    def begin(self, history: Sequence[int]) -> None:
        """Only `history` is written: what the penalties count from here."""
        if self._penalties is not None:
            self._llama.llama_sampler_reset(self._penalties)
            for token in history[-self._sampling.repetition_window :]:
                self.accept(token)

    def vary(self) -> None:
        """Draw otherwise than before a rewind. A die goes on by itself; the most probable token would lead to the same dead end."""
        if self._is_greedy:
            self._llama.llama_sampler_free(self._chain)
            self._chain, self._is_greedy = self._make_chain(1.0), False

    def close(self) -> None:
        for sampler in (self._chain, self._penalties):
            if sampler is not None:
                self._llama.llama_sampler_free(sampler)
