"""What texts are made of: words, repetitions, rhymes, syllables, beats that are told. Knows texts; knows no model.

Read all beside the human's texts on the same rows: a poem repeats lines, and a ballad more than a novel.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from chordllama.evaluate.copying import Runs
from chordllama.evaluate.intervals import Ratio
from chordllama.tasks.lyrics_tasks import LABEL, sections_of
from chordllama.tasks.prompt_templates import BEAT, LANGUAGES
from chordllama.tasks.syllables import syllables

WORDS_IN_SEED = 5
"""Words by which a copied run is looked for; fewer are an idiom."""
WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
VOWELS = "aeiouyáàâäåæéèêëíìîïóòôöøœúùûüý"
ENDING = re.compile(f"[{VOWELS}]+[^{VOWELS}]*$")
SILENT = re.compile(f"([{VOWELS}]+[^{VOWELS}]+)e$")
RHYME_LINES = 3
"""How far back, in lines, a rhyme is looked for."""
STEM = 4
"""Letters by which two forms of a word are taken for the same."""


@dataclass(frozen=True)
class Text:
    """An answer, with the row that asked for it."""

    instruction: str
    given: str
    text: str

    @cached_property
    def words(self) -> list[str]:
        return words_of(self.text)

    @cached_property
    def stanzas(self) -> list[list[str]]:
        """The lines with words, by section."""
        parts = ([line for line in part.splitlines() if line.strip()] for part in sections_of(self.text))
        return [found for part in parts if (found := [line for line in part if not LABEL.fullmatch(line)])]

    @property
    def language(self) -> str | None:
        """The code of the language that the prompt tells."""
        told = re.search(r"^language: (.+)$", self.given, re.MULTILINE)
        return next((code for code, name in LANGUAGES.items() if told and name == told[1]), None)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return WORDS.findall(text.casefold())


def distinct(size: int, text: Text) -> Ratio | None:
    """Different runs of so many words, of all (distinct-n; Li et al. 2016, arXiv 1510.03055)."""
    runs = [tuple(text.words[place : place + size]) for place in range(len(text.words) - size + 1)]
    return Ratio(len(set(runs)) / len(runs)) if runs else None


def repeated_lines(text: Text) -> Ratio | None:
    """Count the lines that stood in the text before."""
    lines = [" ".join(words_of(line)) for stanza in text.stanzas for line in stanza]
    return Ratio(len(lines) - len(set(lines)), len(lines)) if lines else None


# --------------------------------------------------------------------------------------------------- rhyme and syllables


def rhymes(text: Text) -> Ratio | None:
    """Count the lines that rhyme with one of the three before them in their section; a section's first line can't.

    A rhyme is told by its spelling: two different last words with the same letters from their last vowels on.
    """
    found = count = 0
    for stanza in text.stanzas:
        endings = [_ending(line) for line in stanza]
        for place in range(1, len(endings)):
            before = endings[max(0, place - RHYME_LINES) : place]
            found += any(_rhyme(endings[place], other) for other in before)
            count += 1
    return Ratio(found, count) if count else None


def _ending(line: str) -> tuple[str, str]:
    """A line's last word, and its letters from the last vowels on, a silent e left aside; "" where there are none."""
    words = words_of(line)
    word = words[-1] if words else ""
    found = SILENT.search(word) or ENDING.search(word)
    return word, found[0] if found else ""


def _rhyme(one: tuple[str, str], other: tuple[str, str]) -> bool:
    return bool(one[1]) and one[1] == other[1] and one[0] != other[0]


def even_lines(text: Text) -> Ratio | None:
    """Neighbouring lines of a section, or those with one between, whose syllables agree; None for an unknown language."""
    language = text.language
    if language is None:
        return None
    found = count = 0
    for stanza in text.stanzas:
        sizes = [syllables(line, language) for line in stanza]
        if None in sizes:
            return None
        for place in range(1, len(sizes)):
            found += sizes[place] in sizes[max(0, place - 2) : place]
            count += 1
    return Ratio(found, count) if count else None


def fitting_lines(text: Text) -> Ratio | None:
    """Count the lines with the syllables that the prompt wanted; None where it wanted none, or the language is unknown."""
    wanted = [int(line) for line in text.given.splitlines() if line.isdecimal()]
    language = text.language
    if not wanted or language is None or not text.instruction.startswith("Fit"):
        return None
    sizes = [syllables(line, language) for stanza in text.stanzas for line in stanza]
    if None in sizes:
        return None
    return Ratio(sum(one == other for one, other in zip(wanted, sizes, strict=False)), len(wanted))


# --------------------------------------------------------------------------------------------------------- beats and style


def beats_of(given: str) -> list[str]:
    """Return the beats that a prompt for a scene tells."""
    opening = BEAT.partition("{}")[0]
    return [line.removeprefix(opening) for line in given.splitlines() if line.startswith(opening)]


def told_beats(text: Text) -> Ratio | None:
    """Count the beats of which at least half of the words of four letters or more are in the text, in this form or another."""
    beats = [found for beat in beats_of(text.given) if (found := _stems(beat))]
    if not beats:
        return None
    own = _stems(text.text)
    return Ratio(sum(2 * len(beat & own) >= len(beat) for beat in beats), len(beats))


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in words_of(text) if len(word) >= 4}


def trigrams(text: str) -> Counter[str]:
    """Return how often each run of three letters is in a text."""
    plain = " ".join(words_of(text))
    return Counter(plain[place : place + 3] for place in range(len(plain) - 2))


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the cosine of two vectors; 0 where one is empty."""
    sizes = [math.sqrt(sum(value * value for value in vector.values())) for vector in (one, other)]
    if not all(sizes):
        return 0.0
    return sum(value * other.get(key, 0) for key, value in one.items()) / (sizes[0] * sizes[1])


def alike(text: Text, style: Mapping[str, float]) -> Ratio | None:
    """Return the cosine of a text's letters, three at a time, with those of the training set: a likeness of style that needs no model."""
    return Ratio(cosine(trigrams(text.text), style)) if text.words else None


def copied_words(text: Text, runs: Runs) -> Ratio | None:
    """Return the words of the longest run that stands elsewhere too; 0 for fewer than five."""
    return Ratio(runs.longest(text.words)) if text.words else None


def copied_from_prompt(text: Text) -> Ratio | None:
    """Return the same for the prompt."""
    return copied_words(text, Runs([words_of(text.given)], WORDS_IN_SEED))
