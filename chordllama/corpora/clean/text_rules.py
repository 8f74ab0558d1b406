"""The rules that lyrics and prose share: characters, emphasis, language. Knows words; knows no files and no rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chordllama.corpora.clean.cleaning_rules import CleaningRule
from chordllama.corpora.read.languages import language_of
from chordllama.tasks.syllables import SYLLABLE, plain

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc]")
_SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\v]+")
_LINES = re.compile("\r\n?|[\u0085\u2028\u2029]")
_EMPHASIS = re.compile(r"(?<![\w_])_(?=\S)([^_]{1,2000}?)(?<=\S)_(?![\w_])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Writing:
    """A text on its way: `told` is the language that its source tells, `language` the one that it has; `sung`: it has marks of
    syllables (tasks/syllables.py)."""

    text: str
    told: str = ""
    language: str = ""
    sung: bool = False


def on_text(change: Callable[[str], tuple[str, int]]) -> Callable[[Writing], tuple[Writing, int]]:
    """Return a rule for the text alone."""

    def apply(writing: Writing) -> tuple[Writing, int]:
        text, count = change(writing.text)
        return replace(writing, text=text), count

    return apply


def removing(patterns: Iterable[re.Pattern[str]], by: str = "") -> Callable[[Writing], tuple[Writing, int]]:
    """Return a rule that puts `by` where a pattern is found."""
    every = tuple(patterns)

    def change(text: str) -> tuple[str, int]:
        total = 0
        for pattern in every:
            text, count = pattern.subn(by, text)
            total += count
        return text, total

    return on_text(change)


def _characters(writing: Writing) -> tuple[Writing, int]:
    """Only the marks of a sung text may be invisible."""
    text, count = _INVISIBLE.subn("", _LINES.sub("\n", unicodedata.normalize("NFC", writing.text)))
    if not writing.sung:
        count += text.count(SYLLABLE)
        text = text.replace(SYLLABLE, "")
    text, spaces = re.subn("[\u00a0\u2007\u202f]", " ", text)
    return replace(writing, text=text), count + spaces


def _language(writing: Writing) -> tuple[Writing, int]:
    """Counted is where the source tells another language, or none."""
    found = language_of(plain(writing.text)) or writing.told
    return replace(writing, language=found), int(found != writing.told)


def even_spaces(text: str) -> tuple[str, int]:
    """Leave no margin, no space at a line's end, single spaces, and single blank lines; return how many lines change."""
    lines = text.split("\n")
    even = [_SPACES.sub(" ", line).strip() for line in lines]
    changed = sum(one != other for one, other in zip(lines, even, strict=True))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(even)).strip("\n") + "\n", changed


CHARACTERS: CleaningRule[Writing] = CleaningRule(
    "characters", "Invisible characters are left out; what looks the same is written the same (NFC).", _characters
)
EMPHASIS: CleaningRule[Writing] = CleaningRule(
    "emphasis",
    "The underlines around words in italics are left out.",
    on_text(lambda text: _EMPHASIS.subn(r"\1", text)),
)
LANGUAGE: CleaningRule[Writing] = CleaningRule(
    "language", "The language is detected; counted are texts whose source tells another one, or none.", _language
)


def facts_of(writing: Writing) -> dict[str, str]:
    """Return what cleaning has found out about a text."""
    return {"language": writing.language} if writing.language else {}
