"""How tokens are drawn, and what holds where nobody says otherwise: the one record of defaults. Knows numbers only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chordllama.errors import ChordLlamaError


class SamplingError(ChordLlamaError, ValueError):
    """A sampling value lies outside its range."""

    exit_code = 2


# field -> (least, greatest, whether the least itself is allowed); a seed leaves room for the candidates' numbers within 32 bits
RANGES: Mapping[str, tuple[float, float, bool]] = {
    "temperature": (0.0, 5.0, True),
    "top_p": (0.0, 1.0, False),
    "min_p": (0.0, 1.0, True),
    "repetition_penalty": (0.0, 10.0, False),
    "presence_penalty": (-10.0, 10.0, True),
    "repetition_window": (0, 1 << 20, True),
    "seed": (0, (1 << 31) - 1, True),
    "maximum_tokens": (1, 1 << 20, True),
}
WHOLE = frozenset({"repetition_window", "seed", "maximum_tokens"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are drawn. The same values, prompt and backend give the same text.

    Its defaults are what everybody gets who says nothing else: command line, server, page, plugin and evaluation.

    `temperature` 0 takes the most probable token. `top_p` keeps the smallest set of tokens with that much probability, `min_p`
    those with at least that share of the most probable one's. `repetition_penalty` (1 is none) and `presence_penalty` (0 is none)
    act on the tokens of the last `repetition_window`, the prompt's end included. `maximum_tokens` counts the tokens drawn for one
    candidate, those that a rewind takes back too. A candidate ends before the first of the `stop` texts.
    """

    temperature: float = 0.9
    top_p: float = 1.0
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    repetition_window: int = 64
    seed: int = 1
    maximum_tokens: int = 2048
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field, limits in RANGES.items():
            _check_range(field, getattr(self, field), *limits)
        if not isinstance(self.stop, tuple) or not all(self.stop):
            raise SamplingError(f"stop has to be a tuple of texts that aren't empty, not {self.stop!r}")


def _check_range(field: str, value: object, least: float, greatest: float, closed: bool) -> None:
    kinds = (int,) if field in WHOLE else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not math.isfinite(value):
        raise SamplingError(f"{field} has to be a {'whole ' if field in WHOLE else ''}number, not {value!r}")
    if value > greatest or value < least or (value == least and not closed):
        start = "from" if closed else "above"
        raise SamplingError(f"{field} is {value}", cause=f"it has to lie {start} {least:g} to {greatest:g}")
