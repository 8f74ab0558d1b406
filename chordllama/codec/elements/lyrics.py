"""The `<lyric>` elements of a note, read and written. Knows syllables and verses; knows no notes.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/lyric/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element

from chordllama.codec.elements.content import children
from chordllama.codec.words.texts import xml_text
from chordllama.codec.words.values import VERSE_NAME
from chordllama.limits import MOST_VERSES
from chordllama.score.model import Syllable

ELISION = "‿"
"""Joins two syllables that are sung on one note."""
"""How a verse is called where it has a name (part1verse1, chorus) and no number."""


class LyricReader:
    """Reads the lyrics of one part: verses are counted as they come, where programs name them as they like."""

    def __init__(self) -> None:
        self._verses: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What the source calls the verses, where it isn't their number; nothing where two names stand for one number."""
        found = {verse: name for name, verse in self._verses.items() if VERSE_NAME.fullmatch(name)}
        if any(_number_in(name) != verse for verse, name in found.items()):
            return ()
        return tuple(found.get(verse, "") for verse in range(1, max(found, default=0) + 1))

    def read(self, elements: list[_Element]) -> tuple[Syllable, ...]:
        """Return the syllables of one note, by verse; of two for one verse the first."""
        found: dict[int, Syllable] = {}
        for element in elements:
            verse = self._verse_of(element, found)
            text, hyphen, extend = _read(element)
            if text and verse not in found:
                found[verse] = Syllable(verse, text, hyphen, extend)
        return tuple([found[verse] for verse in sorted(found)])

    def _verse_of(self, element: _Element, taken: Collection[int]) -> int:
        """The verse by its number, or where two of a note have one number, by its name, too."""
        number = element.get("number") or "1"
        named = f"{number}/{element.get('name', '')}"
        verse = self._verses.get(named) or self._verse(number)
        return self._verse(named) if verse in taken else verse

    def _verse(self, number: str) -> int:
        if number not in self._verses:
            if len(self._verses) == MOST_VERSES:
                raise ValueError(f"more than {MOST_VERSES} verses")
            taken = set(self._verses.values())
            wanted = _number_in(number)
            self._verses[number] = wanted if wanted not in taken else min(set(range(1, MOST_VERSES + 1)) - taken)
        return self._verses[number]


def _number_in(name: str) -> int:
    """The verse that a name like `2` or `part1verse2` speaks of."""
    match = re.search(r"(?<![0-9])[1-9][0-9]?$", name)
    return int(match[0]) if match else 1


def joined(syllables: tuple[Syllable, ...], others: tuple[Syllable, ...]) -> tuple[Syllable, ...]:
    """Return the syllables of two notes of a chord, by verse; of two for one verse the first."""
    if not others:
        return syllables
    found = {syllable.verse: syllable for syllable in (*others, *syllables)}
    return tuple(found[verse] for verse in sorted(found))


def _read(element: _Element) -> tuple[str, bool, bool]:
    """The text of a `<lyric>`, whether it ends with a hyphen (as its last syllable does), and whether a line follows."""
    text, hyphen, extend = "", False, None
    for child in children(element):
        tag = child.tag
        if tag == "text":
            text += _text(child)
        elif tag == "elision":
            text += _text(child) or ELISION
        elif tag == "syllabic":
            hyphen = (child.text or "").strip() in ("begin", "middle")
        elif tag == "extend" and extend is None:
            extend = child.get("type") != "stop"
    return text, hyphen, bool(extend)


def _text(element: _Element) -> str:
    """The text of an element, which a comment may part."""
    return "".join(map(str, element.itertext("text", "elision"))) if len(element) else element.text or ""


def write_lyric(syllable: Syllable, continues: bool, name: str = "") -> Iterator[str]:
    """Yield the lines of one `<lyric>`; `continues`: the syllable before it in its verse had a hyphen; `name` is its verse's."""
    yield f"  <lyric number={quoteattr(name or str(syllable.verse))}>"
    texts = syllable.text.split(ELISION)
    texts = texts if all(texts) else [syllable.text]
    for place, text in enumerate(texts, 1):
        if place > 1:
            yield f"    <elision>{ELISION}</elision>"
        syllabic = _SYLLABIC[continues and place == 1, syllable.hyphen and place == len(texts)]
        yield f"    <syllabic>{syllabic}</syllabic>"
        yield f"    <text>{xml_text(text)}</text>"
    if syllable.extend:
        yield "    <extend/>"
    yield "  </lyric>"


_SYLLABIC = {(False, False): "single", (False, True): "begin", (True, True): "middle", (True, False): "end"}
