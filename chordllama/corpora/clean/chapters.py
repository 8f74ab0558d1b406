"""A book's paragraphs -> its chapters with their headings. Knows how headings are printed in several languages; changes no words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

FEWEST_WORDS = 120
"""What has fewer between two headings is a table of contents, a title or a dedication."""
MOST_FRONT_MATTER = 0.2
"""Of a book's words; when more stand before the first heading, they are a chapter."""
_LONGEST_HEADING = 100
_MOST_LINES = 3

_NUMBER = (
    r"(?:[ivxlc]+|\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|second|third|fourth|fifth|sixth|last"
    r"|eins|zwei|drei|vier|fünf|premier|première|deuxième|troisième|primo|secondo|terzo|primero|segundo)"
)
_ORDINAL = r"(?:ers|zwei|drit|vier|fünf|sechs|sieb|sieben|ach|neun|zehn|elf|zwölf|letz|\w+zehn|\w*[zß]i?g?s)t(?:e[rs]?)"
_LEVELS: tuple[re.Pattern[str], ...] = (
    re.compile(
        rf"(?:book|part|volume|act|adventure|story|buch|teil|band|livre|partie|tome|parte|libro)\s+(?:the\s+)?{_NUMBER}\b[.:]?(?P<title>.*)"
        rf"|{_ORDINAL}\s+(?:buch|teil|band)\b[.:]?(?P<title2>.*)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?:chapter|stave|letter|scene|kapitel|chapitre|capitolo|capítulo|capitulo|hoofdstuk|kapitola)\s+(?:the\s+)?{_NUMBER}\b[.:]?(?P<title>.*)"
        rf"|{_ORDINAL}\s+kapitel\b[.:]?(?P<title2>.*)"
        r"|(?:prologue?|epilogue?|preface|foreword|introduction|conclusion|prolog|epilog|vorwort|nachwort|einleitung|schluß|schluss"
        r"|prefazione|prólogo|epílogo)[.:]?(?P<title3>)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:[ivxlc]+|\d{1,3})\.?|§ ?\d{1,3}", re.IGNORECASE),
)
"""Headings of books and parts, of chapters, and numbers alone."""
_NUMBERED_TITLE = re.compile(r"(?:[IVXLC]+|\d{1,3})[.:] +(?P<title>\S.*)")
_WORDS = re.compile(r"[^\W\d_]+")
_END_OF_SENTENCE = re.compile(r"[.!?,;:…—-][\"'”’»“)]*$|[\"”»]$")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter; its heading is that of its book or part, and its own, or ""."""

    heading: str
    paragraphs: tuple[str, ...]


def split_chapters(paragraphs: Sequence[str]) -> list[Chapter]:
    """Return the chapters between headings, all of the book as one where there is none. Titles and contents are left out."""
    stretches = list(_stretches(paragraphs))
    total = sum(map(_words_in, stretches)) or 1
    return [
        stretch
        for place, stretch in enumerate(stretches)
        if (len(stretches) == 1 or _words_in(stretch) >= FEWEST_WORDS)
        and not (
            place == 0 < len(stretches) - 1 and not stretch.heading and _words_in(stretch) < MOST_FRONT_MATTER * total
        )
    ]


def _words_in(chapter: Chapter) -> int:
    return sum(len(_WORDS.findall(paragraph)) for paragraph in chapter.paragraphs)


def _stretches(paragraphs: Sequence[str]) -> Iterator[Chapter]:
    """What stands between headings. A heading stands under the last one of each level above its own."""
    path: dict[int, str] = {}
    own: list[str] = []
    place = 0
    while place < len(paragraphs):
        level = level_of(paragraphs[place])
        if level is None:
            own.append(paragraphs[place])
            place += 1
            continue
        if own:
            yield Chapter(_heading(path), tuple(own))
        title = list(takewhile(_is_title, paragraphs[place + 1 : place + 2])) if level < 2 else []
        path = {above: heading for above, heading in path.items() if above < level}
        path[level] = " ".join(" ".join([paragraphs[place], *title]).split())
        own, place = [], place + 1 + len(title)
    if own:
        yield Chapter(_heading(path), tuple(own))


def _heading(path: dict[int, str]) -> str:
    return ", ".join(path[level].rstrip(".:") for level in sorted(path))


def level_of(paragraph: str) -> int | None:
    """0 for the heading of a book or part, 1 for a chapter's, 2 for a number alone; None for what is no heading."""
    line = " ".join(paragraph.split())
    if len(line) > _LONGEST_HEADING or len(paragraph.strip().split("\n")) > _MOST_LINES:
        return None
    for level, pattern in enumerate(_LEVELS):
        if found := pattern.fullmatch(line):
            title = next((text for text in found.groupdict().values() if text), "").strip(" .:—–-")
            return level if not title or _is_title(title) or title.isupper() else None
    numbered = _NUMBERED_TITLE.fullmatch(line)
    return 0 if numbered and (numbered["title"].isupper()) else None


def _is_title(paragraph: str) -> bool:
    """A short line that begins with a capital, shouts or has capitals for its names, and ends no sentence."""
    line = " ".join(paragraph.split())
    if not line or len(line) > _LONGEST_HEADING or "\n" in paragraph.strip() or level_of(line) is not None:
        return False
    if line.isupper():
        return not line.endswith((",", ";"))
    words = [word for word in _WORDS.findall(line) if len(word) > 3]
    capitals = sum(word[0].isupper() for word in words)
    return not _END_OF_SENTENCE.search(line) and line[0].isupper() and bool(words) and capitals >= 0.6 * len(words)
