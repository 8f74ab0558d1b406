"""How many syllables a line has: as it is sung, where the text says so, else by libraries. Knows no rows.

In a text that comes from a score a soft hyphen stands between the syllables of a word, and ELISION between words that share a note.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

SYLLABLE = "\u00ad"
ELISION = "‿"
_VOWEL = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿāēīōūăąęěįőůűαεηιουωаеёиоуыэюя]", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*['’ʼ]?")


def plain(text: str) -> str:
    """The text as it is read."""
    return text.replace(SYLLABLE, "").replace(ELISION, " ")


def sung_syllables(line: str) -> int:
    """The syllables of a line with marks: each word has one more than marks."""
    return sum(1 + word.count(SYLLABLE) for word in line.split() if any(map(str.isalpha, word)))


def syllables(line: str, language: str) -> int | None:
    """The syllables of a line as it is read; None for a language that no library knows."""
    if language != "en" and _hyphenator(language) is None:
        return None
    return sum(_of_word(word.casefold(), language) for word in _WORD.findall(plain(line)))


@lru_cache(maxsize=1 << 16)
def _of_word(word: str, language: str) -> int:
    if language == "en":
        import syllapy

        return max(1, int(syllapy.count(word.replace("’", "'"))))
    hyphenator = _hyphenator(language)
    assert hyphenator is not None
    pieces = hyphenator.inserted(word, "\n").split("\n")
    return max(1, sum(bool(_VOWEL.search(piece)) for piece in pieces))


@lru_cache(maxsize=64)
def _hyphenator(language: str) -> Any:
    """Hyphenation that breaks off single letters too, which print avoids and singing doesn't; None where there is none."""
    import pyphen

    known = pyphen.language_fallback(language)
    return pyphen.Pyphen(lang=known, left=1, right=1) if known else None
