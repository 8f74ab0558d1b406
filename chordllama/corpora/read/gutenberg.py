"""Project Gutenberg's texts: what their headers tell, and what lies between header and licence. Changes nothing in the book itself."""

from __future__ import annotations

import re

_STARTS = (
    re.compile(r"^\*\*\*\s*START OF TH(?:E|IS) PROJECT GUTENBERG.*$", re.MULTILINE | re.IGNORECASE),
    re.compile(r"^\*END\*?\s*THE SMALL PRINT.*$", re.MULTILINE | re.IGNORECASE),
)
_END = re.compile(
    r"^(?:\*\*\*\s*END OF TH(?:E|IS) PROJECT GUTENBERG|End of (?:the )?Project Gutenberg|Ende dieses Projekt Gutenberg).*$",
    re.MULTILINE | re.IGNORECASE,
)
_FIELDS = {"title": "Title", "creator": "Author", "language": "Language"}
_NUMBER = re.compile(r"\[E(?:book|text) #(\d+)\]", re.IGNORECASE)
_LANGUAGES = {"english": "en", "german": "de", "french": "fr", "italian": "it", "spanish": "es", "latin": "la"}
_HEADER = 8000


def is_gutenberg(text: str) -> bool:
    """Tell whether a text has the marks that Project Gutenberg puts around a book."""
    return any(start.search(text) for start in _STARTS)


def body(text: str) -> str:
    """Return the book without the header and the licence around it; all of it where there are none."""
    begin = max((found.end() for start in _STARTS if (found := start.search(text))), default=0)
    end = _END.search(text, begin)
    return text[begin : end.start() if end else len(text)].strip("\n") + "\n"


def facts(text: str) -> dict[str, str]:
    """Title, creator, language and number, as far as the header tells them."""
    header = text[:_HEADER]
    told = {}
    for key, name in _FIELDS.items():
        if found := re.search(rf"^{name}:[ \t]*(\S.*)$", header, re.MULTILINE):
            told[key] = found[1].strip()
    if number := _NUMBER.search(header):
        told["url"] = f"https://www.gutenberg.org/ebooks/{number[1]}"
    if language := told.get("language"):
        told["language"] = _LANGUAGES.get(language.lower(), language.lower())
    return {key: _in_small_letters(value) if value.isupper() else value for key, value in told.items()}


def _in_small_letters(words: str) -> str:
    """BUCH DER LIEDER -> Buch der Lieder: capitals stay only where a word is long or the first."""
    small = [
        word.lower() if len(word) <= 3 and place else word.capitalize() for place, word in enumerate(words.split())
    ]
    return " ".join(small)
