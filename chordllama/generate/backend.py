"""What every backend offers, and the values that go in and out. Knows text and tokens; knows no music and no model file.

A backend continues a prompt. It may write several candidates at once, each watched by a guard, which says piece by piece what may
come next and to where the text can be taken back when nothing may.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from chordllama.errors import ChordLlamaError


class SamplingError(ChordLlamaError, ValueError):
    """A sampling value lies outside its range."""

    exit_code = 2


class Stopped(Exception):
    """Somebody asked a backend to stop. No error: nothing failed, and nothing that is caught as one may swallow it."""


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

    `temperature` 0 takes the most probable token. `top_p` keeps the smallest set of tokens with that much probability, `min_p`
    those with at least that share of the most probable one's. `repetition_penalty` (1 is none) and `presence_penalty` (0 is none)
    act on the tokens of the last `repetition_window`, the prompt's end included. `maximum_tokens` counts the tokens drawn for one
    candidate, those that a rewind takes back too. A candidate ends before the first of the `stop` texts.
    """

    temperature: float = 0.9
    top_p: float = 0.95
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    repetition_window: int = 64
    seed: int = 0
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


class Guard(Protocol):
    """Says what one candidate may write. A piece is any part of the text: a token's characters, or a whole line."""

    def accepts(self, piece: str) -> bool:
        """Whether `piece` may come next. Changes nothing."""

    def feed(self, piece: str) -> None:
        """`piece`, which was accepted, is written."""

    @property
    def done(self) -> bool:
        """Whether all is written: the candidate stops here."""

    @property
    def kept(self) -> int:
        """How many characters of this candidate's text reach up to the last good place."""

    def rewind(self) -> None:
        """Forget what was fed after `kept`, for nothing may follow it. A ChordLlamaError raised here ends the candidate."""


class TextPiece(NamedTuple):
    """What a backend wrote for one candidate, in the order of time.

    First the text is cut back to `rewound_to` characters, where that is given, then `text` is added.
    """

    candidate: int
    text: str
    rewound_to: int | None = None


@dataclass(slots=True)
class Timing:
    """Where the seconds of one call of `stream` went, the caller's own between two pieces of text left out.

    `prompt_seconds`, `decode_seconds` and `sampling_seconds` are spent in the model's runtime (for an endpoint: in waiting for it,
    `sampling_seconds` is 0); what else `total_seconds` holds is ours: guards and book-keeping.
    """

    prompt_seconds: float = 0.0
    decode_seconds: float = 0.0
    sampling_seconds: float = 0.0
    total_seconds: float = 0.0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    written_tokens: int = 0
    rewinds: int = 0

    @property
    def outside_seconds(self) -> float:
        """Seconds outside the model's runtime."""
        return max(0.0, self.total_seconds - self.prompt_seconds - self.decode_seconds - self.sampling_seconds)

    @property
    def outside_share(self) -> float:
        """`outside_seconds` as a share of all, 0 to 1."""
        return self.outside_seconds / self.total_seconds if self.total_seconds else 0.0


def timed(pieces: Generator[TextPiece, None, None], timing: Timing) -> Iterator[TextPiece]:
    """`pieces`, with the time that each takes to come added to `timing.total_seconds`."""
    with closing(pieces):
        while True:
            started = perf_counter()
            written = next(pieces, None)
            timing.total_seconds += perf_counter() - started
            if written is None:
                return
            yield written


class Backend(Protocol):
    """Continues prompts. Use it as a context manager, or `close` it; one stream at a time."""

    timing: Timing
    """Of the latest call of `stream`."""
    failures: dict[int, ChordLlamaError]
    """Candidates of the latest call of `stream` that ended because their guard's `rewind` raised, with what it raised."""
    surprisal: dict[int, float]
    """What the text of each candidate of the latest call of `stream` costs the model, in bits (the sum of -log2 p of its tokens, no
    guard and no sampling considered); empty where that can't be asked, and until all is written."""

    @property
    def context(self) -> int:
        """How many tokens a prompt and what is written after it can have together."""

    def count(self, text: str) -> int:
        """How many tokens `text` has (an upper estimate, where the tokenizer can't be asked)."""

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Iterator[TextPiece]:
        """Write one candidate for each guard, or a single free one without guards, and give each piece as it comes.

        A candidate ends when its guard is done, at a stop text, after `maximum_tokens`, when the context is full, when its guard
        refuses to rewind once more (see `failures`), and, only without a guard, where the model ends its text.
        """

    def close(self) -> None:
        """Give back what the backend holds. May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
