"""Words that can be asked letter by letter. Knows no music."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Lexicon(Generic[T]):
    """A fixed set of words with what each means, and for each beginning how many of them begin so."""

    __slots__ = ("_beginnings", "words")

    def __init__(self, words: Mapping[str, T]) -> None:
        self.words = dict(words)
        self._beginnings = Counter(word[:end] for word in self.words for end in range(len(word) + 1))

    def leads(self, beginning: str, but: Iterable[str] = ()) -> bool:
        """Tell whether some word begins so; the words in `but` (each once) don't count."""
        count = self._beginnings.get(beginning, 0)
        if count:
            for word in but:
                count -= word in self.words and word.startswith(beginning)
        return count > 0
