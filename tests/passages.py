"""Small passages in compact text, for tests of measures. Knows no tests."""

from __future__ import annotations

from chordllama.codec.compact import loads
from chordllama.evaluate.passage import Passage

FOUR = "parts:\n 1: clef=G2\n 2: clef=G2\n 3: clef=F4\n 4: clef=F4\n"
ONE = "parts:\n 1: clef=G2\n"


def passage(bars: str, shown: int = 0, parts: str = ONE) -> Passage:
    """Bars with their numbers, a line each, in 4/4 and C; the first `shown` of them are the prompt."""
    lines = [line.strip() for line in bars.strip().splitlines()]
    texts = [f"{n}: {'key=0 time=4/4 ' if n == 1 else ''}{line}\n" for n, line in enumerate(lines, 1)]
    return Passage(loads(parts + "".join(texts)), shown)


def four(bars: str, shown: int = 0) -> Passage:
    """The same for four voices."""
    return passage(bars, shown, FOUR)
