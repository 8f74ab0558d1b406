"""A backend's stream, read to its end: what a reader has then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import StreamEnd, TextPiece, Timing


@dataclass(frozen=True)
class Told:
    """All that a stream gave."""

    pieces: tuple[TextPiece, ...]
    end: StreamEnd

    @property
    def texts(self) -> dict[int, str]:
        written: dict[int, str] = {}
        for candidate, text, rewound_to in self.pieces:
            before = written.get(candidate, "")
            assert rewound_to is None or rewound_to <= len(before)
            written[candidate] = before[:rewound_to] + text
        return written

    @property
    def timing(self) -> Timing:
        return self.end.timing

    @property
    def failures(self) -> dict[int, ChordLlamaError]:
        return {n: ended.failure for n, ended in enumerate(self.end.candidates) if ended.failure}

    @property
    def bits(self) -> dict[int, float | None]:
        return {n: ended.bits for n, ended in enumerate(self.end.candidates)}


def told(stream: Iterable[TextPiece | StreamEnd]) -> Told:
    *pieces, end = stream
    assert isinstance(end, StreamEnd)
    return Told(tuple(piece for piece in pieces if isinstance(piece, TextPiece)), end)


def texts(stream: Iterable[TextPiece | StreamEnd]) -> dict[int, str]:
    return told(stream).texts
