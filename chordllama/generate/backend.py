"""What every backend offers, and the values that go in and out. Knows text and tokens; knows no music and no model file.

A backend continues a prompt. It may write several candidates at once, each watched by a guard, which says piece by piece what may
come next and to where the text can be taken back when nothing may.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from time import perf_counter
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeVar

from chordllama.errors import ChordLlamaError
from chordllama.sampling import Sampling

R = TypeVar("R")


class Stopped(Exception):
    """Somebody asked a backend to stop. No error: nothing failed, and nothing that is caught as one may swallow it."""


class Guard(Protocol):
    """Says what one candidate may write. A piece is any part of the text: a token's characters, or a whole line."""

    def accepts(self, piece: str) -> bool:
        """Tell whether `piece` may come next. Changes nothing."""

    def feed(self, piece: str) -> None:
        """Take `piece`, which was accepted, as written."""

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


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the seconds of one call of `stream` went, the caller's own between two pieces of text left out.

    `prompt_seconds`, `decode_seconds` and `sampling_seconds` are spent in the model's runtime (for an endpoint: in waiting for it,
    `sampling_seconds` is 0, and `requests` is how often it was asked); what else `total_seconds` holds is ours: guards and book-keeping.
    """

    prompt_seconds: float = 0.0
    decode_seconds: float = 0.0
    sampling_seconds: float = 0.0
    total_seconds: float = 0.0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    written_tokens: int = 0
    rewinds: int = 0
    requests: int = 0

    @property
    def outside_seconds(self) -> float:
        """Seconds outside the model's runtime."""
        return max(0.0, self.total_seconds - self.prompt_seconds - self.decode_seconds - self.sampling_seconds)

    @property
    def outside_share(self) -> float:
        """`outside_seconds` as a share of all, 0 to 1."""
        return self.outside_seconds / self.total_seconds if self.total_seconds else 0.0


class Stopwatch:
    """Adds up a stream's `timing` while it runs."""

    def __init__(self) -> None:
        self.timing = Timing()

    def add(self, **amounts: float) -> None:
        """Add seconds or counts to fields of `timing` by their names."""
        self.timing = replace(
            self.timing, **{name: getattr(self.timing, name) + more for name, more in amounts.items()}
        )


class CandidateEnd(NamedTuple):
    """How one candidate ended.

    `failure` is what its guard's `rewind` raised, if that ended it. `bits` is what its text costs the model (the sum of -log2 p of its
    tokens, no guard and no sampling considered); None where the backend can't tell.
    """

    failure: ChordLlamaError | None = None
    bits: float | None = None


class StreamEnd(NamedTuple):
    """The last item of a stream: how each candidate ended, and where the seconds went."""

    candidates: tuple[CandidateEnd, ...]
    timing: Timing


Stream = Iterator[TextPiece | StreamEnd]
"""Text as it is written, and one `StreamEnd` last."""


def added(timings: Iterable[Timing]) -> Timing:
    """Return several timings as one."""
    parts = list(timings)
    return Timing(**{field.name: sum(getattr(timing, field.name) for timing in parts) for field in fields(Timing)})


def timed(pieces: Generator[TextPiece, None, R], watch: Stopwatch) -> Generator[TextPiece, None, R]:
    """Yield `pieces`, adding the time that each takes to come to the watch's `total_seconds`; return what they return."""
    try:
        while True:
            started = perf_counter()
            try:
                piece = next(pieces)
            except StopIteration as end:
                result: R = end.value
                return result
            finally:
                watch.add(total_seconds=perf_counter() - started)
            yield piece
    finally:
        pieces.close()


def text_of(stream: Stream) -> str:
    """Return the text of a stream of one candidate without a guard."""
    return "".join(piece.text for piece in stream if isinstance(piece, TextPiece))


class Backend(Protocol):
    """Continues prompts. Use it as a context manager, or `close` it; one stream at a time."""

    @property
    def context(self) -> int:
        """How many tokens a prompt and what is written after it can have together."""

    def count(self, text: str) -> int:
        """Return how many tokens `text` has (an upper estimate, where the tokenizer can't be asked)."""

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        """Write one candidate for each guard, or a single free one without guards; yield each piece as it comes, and how all ended.

        A candidate ends when its guard is done, at a stop text, after `maximum_tokens`, when the context is full, when its guard
        refuses to rewind once more, and, only without a guard, where the model ends its text.
        """

    def close(self) -> None:
        """Give back what the backend holds. May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
