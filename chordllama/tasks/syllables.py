"""Counts of syllables: as a line is sung, where the text tells, else by libraries. Knows no rows.

In a text that comes from a score a soft hyphen stands between the syllables of a word, and ELISION between words that share a note.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

SYLLABLE = "\u00ad"
ELISION = "‿"
COUNTED = ("de", "en", "it")
"""Languages whose words have in the OpenScore Lieder as many syllables as we say: German 99 of 100, English 98, Italian 96. French
isn't among them (78), for what is mute in speech is sung."""
_CONTRACTED = {"o'er": 1, "e'er": 1, "ne'er": 1, "howe'er": 2, "whate'er": 2, "whene'er": 2, "where'er": 2}
_SIBILANT = re.compile(r"(?:[sxz]|[sc]h|[cgs]e)$")
_VOWEL = re.compile("[aeiouyàáâäèéêëìíîïòóôöùúûüœæ]")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*['’ʼ]?")


def plain(text: str) -> str:
    """Return the text as it is read, without the marks of syllables."""
    return text.replace(SYLLABLE, "").replace(ELISION, " ")


def sung_syllables(line: str) -> int:
    """Count the syllables of a line with marks: each word has one more than marks."""
    return sum(1 + word.count(SYLLABLE) for word in line.split() if any(map(str.isalpha, word)))


def syllables(line: str, language: str) -> int | None:
    """Count the syllables of a line as it is read; None for a language in which that isn't accurate enough (see `COUNTED`)."""
    if language not in COUNTED:
        return None
    return sum(_of_word(word.casefold().replace("’", "'"), language) for word in _WORD.findall(plain(line)))


@lru_cache(maxsize=1 << 16)
def _of_word(word: str, language: str) -> int:
    return _english(word) if language == "en" else _by_hyphenation(word, language)


def _english(word: str) -> int:
    import syllapy

    if word in _CONTRACTED:
        return _CONTRACTED[word]
    base = word.removesuffix("'s")
    return max(1, int(syllapy.count(base))) + (base != word and bool(_SIBILANT.search(base)))


def _by_hyphenation(word: str, language: str) -> int:
    pieces = _hyphenator(language).inserted(word, "\n").split("\n")
    return max(1, sum(bool(_VOWEL.search(piece)) for piece in pieces))


@lru_cache(maxsize=8)
def _hyphenator(language: str) -> Any:
    """Hyphenation that breaks off single letters too, which print avoids and singing doesn't."""
    import pyphen

    return pyphen.Pyphen(lang=pyphen.language_fallback(language), left=1, right=1)
