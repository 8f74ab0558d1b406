"""The words of a score as they are sung: verses of lines, with marks between the syllables. Knows the score model; knows no files.

A line ends where the voice rests, and where the words have a sign that ends one; a section where the voice is silent for bars. The
marks are those of tasks/syllables.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chordllama.score.editing import timed
from chordllama.score.model import QUARTER, Chord, Place, Row, Score, Syllable, Ticks, walk_lengths
from chordllama.tasks.syllables import ELISION, SYLLABLE, plain, sung_syllables

REST: Ticks = QUARTER // 2
"""A rest of so many ticks ends a line."""
SILENCE: Ticks = 6 * QUARTER
"""One of so many ends a section."""
SHORTEST, LONGEST = 4, 14
"""Syllables of a line: a shorter one goes on after a comma or a short rest, a longer one ends at any comma or capital."""
CAPITALS = 12
"""Of so many words one begins with a capital, where those that begin lines do."""
_STOP = re.compile(r"[.!?;:…][\"'”’»“)]*$")
_SENTENCE = re.compile(r"[.!?][\"'”’»“)]*$")
_PAUSE = re.compile(r"[,–—-][\"'”’»“)]*$")
_NUMBER = re.compile(r"^\s*\(?\d{1,2}[.):]\s*")
_EDGES = re.compile(rf"^[-–—_\s{ELISION}]+(?=\w)|[-_\s{ELISION}]+$")
_FIRST_PERSON = re.compile(r"I(?:\b|['’])")


class Word(NamedTuple):
    """A word with marks between its syllables, and the silence after it in ticks."""

    text: str
    silence: Ticks


def verses_of(score: Score, language_of: Callable[[str], str]) -> dict[str, str]:
    """Return the words of the voice that sings most, by language ("": not known): its verses as lines and sections; {} where nothing is sung.

    Songs are printed with a translation as their second verse. A verse whose language isn't sure has that of the one before.
    """
    voices = _voices(score)
    numbers = sorted({syllable.verse for voice in voices for _, _, syllables in voice for syllable in syllables})
    voice = max(voices, key=_syllables_in, default=[])
    verses = [words for number in numbers if (words := list(_words(voice, number)))]
    languages = [language_of(plain(" ".join(word.text for word in words))) for words in verses]
    last, found = next(filter(None, languages), ""), dict[str, list[str]]()
    for words, language in zip(verses, languages, strict=True):
        last = language or last
        found.setdefault(last, []).append("\n".join(_lines(words, last)) + "\n")
    return {language: "\n".join(texts) for language, texts in found.items()}


Sung = tuple[Ticks, Ticks, tuple[Syllable, ...]]
"""When a note begins and ends, and its syllables."""


def _syllables_in(voice: Sequence[Sung]) -> int:
    return sum(len(syllables) for _, _, syllables in voice)


def _voices(score: Score) -> list[list[Sung]]:
    """The notes of each voice that has words."""
    found: dict[Place, list[Sung]] = {}
    start: Ticks = 0
    for bar, (length, _) in zip(score.bars, walk_lengths(score.bars), strict=True):
        for row in bar.rows:
            found.setdefault(row.place, []).extend(_notes(row, start, length))
        start += length
    return [voice for voice in found.values() if any(syllables for _, _, syllables in voice)]


def _notes(row: Row, start: Ticks, length: Ticks) -> Iterator[Sung]:
    for onset, item in timed(row, length):
        if isinstance(item, Chord) and not (item.grace and not item.lyrics):
            yield start + onset, start + onset + item.ticks, item.lyrics


def _words(voice: Sequence[Sung], verse: int) -> Iterator[Word]:
    """The words of a verse; notes without a syllable of their own go on with the one before."""
    pieces: list[str] = []
    sung_until: Ticks = 0
    for begin, end, syllables in voice:
        own = next((syllable for syllable in syllables if syllable.verse == verse), None)
        if own and pieces and not pieces[-1].endswith(SYLLABLE):
            yield Word("".join(pieces), begin - sung_until)
            pieces = []
        if own and (text := _text(own)):
            pieces.append(text + SYLLABLE * own.hyphen)
        sung_until = end
    if pieces:
        yield Word("".join(pieces).rstrip(SYLLABLE), SILENCE)


def _text(syllable: Syllable) -> str:
    """What is written below a note, without a verse's number and a hyphen of its own; a space within it is no end of a word sung."""
    text = _NUMBER.sub("", syllable.text)
    text = _EDGES.sub("", text) if syllable.hyphen or len(text) > 1 else text.strip()
    return ELISION.join(text.split())


def _lines(words: Sequence[Word], language: str) -> Iterator[str]:
    """Lines, and an empty one between sections."""
    line: list[str] = []
    capitals = _has_capital_lines(words, language)
    for word, after in pairwise([*words, None]):
        assert word is not None
        line.append(word.text)
        if after is None or _ends(" ".join(line), word, after, capitals):
            yield " ".join(line)
            if after is not None and word.silence >= SILENCE:
                yield ""
            line = []


def _has_capital_lines(words: Sequence[Word], language: str) -> bool:
    """Whether the poem's lines begin with capitals: there are some where no sentence begins. German has them everywhere."""
    if language in ("", "de"):
        return False
    inner = sum(_is_capital(after) and not _SENTENCE.search(word.text) for word, after in pairwise(words))
    return inner * CAPITALS >= len(words)


def _is_capital(word: Word) -> bool:
    return word.text.lstrip('"“‘«(')[:1].isupper() and not _FIRST_PERSON.match(word.text)


def _ends(line: str, word: Word, after: Word, capitals: bool) -> bool:
    """Whether a line ends with a word: by silence, by a capital after it, by a sign, or because it is long."""
    size = sung_syllables(line)
    if word.silence >= SILENCE or (size >= LONGEST and (_PAUSE.search(word.text) or word.silence >= REST)):
        return True
    if capitals and size < LONGEST:
        return size >= SHORTEST and _is_capital(after)
    pauses = word.silence >= REST or _PAUSE.search(word.text) or (size >= LONGEST and _is_capital(after))
    return bool(_STOP.search(word.text) or (size >= SHORTEST and pauses))
