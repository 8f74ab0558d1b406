"""Whether an exported file is what was trained: its greedy tokens, and its perplexity on held-out rows. Writes nothing.

The first compares with transformers, the second with the 16-bit file, which the first has found good.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chordllama.errors import ModelError
from chordllama.generate.llama_scoring import Scorer, mean_cost, opened
from chordllama.tasks.prompt_templates import wording
from chordllama.training.memory import check_memory, weights_in_memory
from chordllama.training.quantisation import BOUNDS
from chordllama.training.trained import Trained

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

CHECK_TOKENS = 200
PERPLEXITY_TOKENS = 8192

NEAR_TIE = 0.02
"""Standard deviations of a position's logits. Two tokens that transformers rates closer than this may be swapped by rounding
to 16 bits, and no weight is wrong."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Greedy tokens of a GGUF beside transformers': how many were compared, equal, and swapped only by rounding."""

    tokens: int
    equal: int
    near_ties: int

    @property
    def holds(self) -> bool:
        """Whether every token is equal, or differs by rounding alone."""
        return self.equal + self.near_ties == self.tokens


def check_agreement(model: Trained, gguf: Path) -> Agreement:
    """Compare greedy tokens. Raises ModelError where they differ by more than rounding."""
    agreement = greedy_agreement(model, gguf, [""])
    if not agreement.holds:
        raise ModelError(
            f"{model.folder}: the exported file writes other tokens than the trained model",
            cause=f"{agreement.equal} of {agreement.tokens} greedy tokens are equal",
        )
    return agreement


def greedy_agreement(model: Trained, gguf: Path, prompts: Sequence[str], tokens: int = CHECK_TOKENS) -> Agreement:
    """Compare the greedy tokens after each prompt (`<bos>` is put before it), `tokens` of them in all.

    The file writes, and transformers is asked once what it would have written at each place after the same tokens, so that one swap
    doesn't count for all that follow.
    """
    shares = [len(share) for share in _shares(range(tokens), len(prompts))]
    network = _network(model)
    with opened(gguf) as (loaded, vocabulary):
        starts = [vocabulary.prompt(prompt) for prompt in prompts]
        with closing(Scorer(loaded, vocabulary, max(map(len, starts)) + tokens)) as scorer:
            written = [_greedy(scorer, start, share) for start, share in zip(starts, shares, strict=True)]
    pairs = [_compare(network, start, ids) for start, ids in zip(starts, written, strict=True)]
    return Agreement(tokens, sum(equal for equal, _ in pairs), sum(near for _, near in pairs))


def _shares(items: range, count: int) -> list[range]:
    """Cut into `count` nearly equal parts."""
    return [items[len(items) * index // count : len(items) * (index + 1) // count] for index in range(count)]


def _greedy(scorer: Scorer, prompt: list[int], tokens: int) -> list[int]:
    """What the file writes after a prompt, its likeliest token each time."""
    *_, last = scorer.logits(prompt)
    written = [int(last.argmax())]
    while len(written) < tokens:
        written.append(int(scorer.next_logits(len(prompt) + len(written) - 1, written[-1]).argmax()))
    return written


def _compare(network: Any, prompt: list[int], written: list[int]) -> tuple[int, int]:
    """How many of the tokens are transformers' own, and how many differ in a near tie only."""
    import torch

    with torch.inference_mode():
        answer = network(input_ids=torch.tensor([[*prompt, *written[:-1]]]), use_cache=False)
    logits: Array = answer.logits[0, len(prompt) - 1 :].numpy()
    best = logits.argmax(axis=1)
    places = range(len(written))
    equal = sum(int(best[n]) == written[n] for n in places)
    gaps = [logits[n].max() - logits[n][written[n]] for n in places]
    near = sum(int(best[n]) != written[n] and gaps[n] < NEAR_TIE * logits[n].std() for n in places)
    return equal, near


def _network(model: Trained) -> Any:
    """transformers' model, calculating in 32 bits. Raises ModelError where the memory is too small for it."""
    import torch
    from transformers import LlamaForCausalLM
    from transformers.utils import logging

    check_memory(weights_in_memory(model.folder), f"comparing the file with {model.folder}")
    quiet: Any = logging.disable_progress_bar
    quiet()
    loading: Any = LlamaForCausalLM
    return loading.from_pretrained(model.folder, dtype=torch.float32, local_files_only=True).eval()


def held_out_texts(path: Path) -> list[str]:
    """Prompt and answer of each held-out row, as the model was trained to see them."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [wording(row["instruction"], row["input"]) + row["output"] for row in rows]


def perplexity(model: Trained, gguf: Path) -> float:
    """Perplexity a token of a file on the model's held-out rows."""
    return math.exp(mean_cost(gguf, held_out_texts(model.held_out), PERPLEXITY_TOKENS))


def check_perplexity(found: float, whole: float, quantisation: str, name: str) -> None:
    """Raise ModelError where a quantisation's perplexity lies above that of the 16-bit file by more than its bound."""
    bound = BOUNDS[quantisation]
    if not found <= whole * (1 + bound):
        raise ModelError(
            f"{name}: {quantisation} loses too much",
            cause=f"perplexity {found:.3f} on held-out rows, {found / whole - 1:+.1%} beside 16 bits; allowed are {bound:+.1%}",
            hint="take a kind with more bits, such as q8_0",
        )
