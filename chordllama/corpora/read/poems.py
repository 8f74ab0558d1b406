"""A book of poems, songs or libretti -> its single ones. Knows how such books are printed: blank lines, numerals, headings.

Prefaces, tables of contents, spoken dialogue and notes are left out: what isn't verse is no poem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from chordllama.corpora.read.gutenberg import body

_LONGEST_HEADING = 70
_LONGEST_VERSE = 64
_FEWEST_LINES = 4
_NUMERAL = re.compile(r"(?:No\. ?)?(?:[IVXLC]+|\d+)\.?$")
_MARK = re.compile(r"\[(?:Footnote )?\d+[^\]]*\]|\(Mus\. Not\.\)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_PAGE_NUMBER = re.compile(r"\s\d+$")
_NOTE = re.compile(r"\[Footnote|\* |\[[^\]]{25,}\]$", re.DOTALL)
_LABEL = re.compile(r"\[[^\]]+\]$")
_NO_POEM = ("Produced by", "This etext", "COPYRIGHT")
_KIND = (
    "SONG|CHORUS|DUET|TRIO|QUARTET|QUINTET|SEXTET|SEPTET|RECIT|FINALE|SOLO|SOLI|BALLAD|MADRIGAL|GLEE|ENSEMBLE|AIR|ARIA"
    "|INCANTATION|LEGEND|ROUND|MINUET|GAVOTTE|COUPLETS|BARCAROLLE"
)
_SUNG = re.compile(
    rf"\s*(?:[A-Z]+(?:,? AND|,|\.)? )?(?:{_KIND})(?![a-z])(?![^a-z\n]*[.:]\s{{3,}}\S)(?!.*[a-z] [a-z]+ [a-z])"
)
_SPEAKER = re.compile(r"^\s{0,6}([A-Z][A-Za-z.]*(?:,? (?:and|&|[A-Z])[A-Za-z.]*)*)(?: ?\([^)]*\))?[.:]?\s{3,}(?=\S)")
_SPOKEN = re.compile(r"\s{0,8}[A-Z][A-Za-z. ]*?(?: ?[\[(][^\])]*[\])])?[.:]?\s{1,2}[A-Z]")
_OPERA = re.compile(r"(?:\A|\n{3,})\s*([A-Z][A-Z., '-]+)\n(?=(?:.*\n){0,18}?\s*DRAMATIS PERSON)")


@dataclass(frozen=True, slots=True)
class Poem:
    """One poem. `number` and `set` (the cycle, the opera) are "" where the book has none."""

    title: str
    text: str
    number: str = ""
    set: str = ""


def split_poems(text: str) -> list[Poem]:
    """Return the poems of a book in their order; numbers of operas where it is a book of libretti."""
    book = body(text)
    operas = list(_OPERA.finditer(book))
    return list(_numbers(book, operas) if operas else _poems(book))


def _poems(book: str) -> Iterator[Poem]:
    """Poems are told apart by two blank lines; what stands alone before numbered poems is the name of their cycle."""
    before: list[str] = []
    cycle = ""
    for section in re.split(r"\n(?:[ \t]*\n){2,}", book):
        paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", section) if part.strip()]
        headings = _headings(paragraphs)
        stanzas = paragraphs[len(headings) :]
        if not stanzas:
            before += headings
            continue
        above, before = _names(before), []
        if not _is_verse("\n".join(stanzas)):
            continue
        number = next((_bare(line) for line in headings if _NUMERAL.match(line)), "")
        names = _names(headings) if number else [*above, *_names(headings)]
        cycle = "" if not number else above[-1] if above else cycle
        yield Poem(names[-1] if names else "", _even("\n\n".join(stanzas)), number, cycle)


def _names(headings: list[str]) -> list[str]:
    return [_bare(line) for line in headings if not _NUMERAL.match(line)]


def _numbers(book: str, operas: list[re.Match[str]]) -> Iterator[Poem]:
    """The sung numbers of each opera."""
    ends = [found.start() for found in operas[1:]] + [len(book)]
    for found, end in zip(operas, ends, strict=True):
        for place, (title, text) in enumerate(_sung(book[found.end() : end]), 1):
            yield Poem(title, text, str(place), _bare(found[1]))


def _sung(opera: str) -> Iterator[tuple[str, str]]:
    """Heading and text of each number: from its heading to the next one, or to what is spoken."""
    title, stanzas = "", list[str]()
    for paragraph in (*re.split(r"\n[ \t]*\n", opera), _THE_END):
        heading = _SUNG.match(paragraph)
        if heading or _is_spoken(paragraph):
            if _is_verse("\n".join(stanzas)):
                yield title, _even("\n\n".join(stanzas))
            first, _, paragraph = paragraph.strip("\n").partition("\n")
            title, stanzas = (_bare(first) if heading else ""), []
        if title and paragraph.strip() and not paragraph.strip().startswith(("(", "[")):
            stanzas += [_with_labels(paragraph)]


_THE_END = "It ends."


def _with_labels(paragraph: str) -> str:
    """Singers before their lines -> section labels above them."""
    lines = []
    for line in paragraph.splitlines():
        if found := _SPEAKER.match(line):
            lines += [f"[{found[1].rstrip('.').capitalize()}]"]
            line = line[found.end() :]
        lines += [line.strip()]
    return "\n".join(lines)


def _is_spoken(paragraph: str) -> bool:
    """Dialogue and the like: a name and a sentence after it, or lines that are broken where they are full."""
    lines = [line for line in paragraph.splitlines() if line.strip()]
    if not lines or lines[0].strip().startswith(("(", "[")):
        return False
    broken = len(lines) > 1 and len(lines[0]) > 56 and lines[1].strip()[0].islower()
    return broken or not lines[0].startswith(" ") or (len(lines) == 1 and _SPOKEN.match(lines[0]) is not None)


def _headings(paragraphs: list[str]) -> list[str]:
    """The lines before the first stanza: short paragraphs of one or two lines, not set in like verse."""
    found: list[str] = []
    for paragraph in paragraphs:
        lines = _MARK.sub("", paragraph).strip().splitlines()
        if not lines:
            continue
        if len(lines) > 2 or max(map(len, lines)) > _LONGEST_HEADING or not _is_heading(" ".join(lines), len(lines)):
            break
        found += [" ".join(" ".join(lines).split())]
    return found


def _is_heading(words: str, lines: int) -> bool:
    words = words.strip()
    return (
        bool(_NUMERAL.match(words))
        or words.isupper()
        or (lines == 1 and words[-1] not in ',;:!?-"' and words[0].isupper())
    )


def _is_verse(text: str) -> bool:
    """Short lines that begin with capitals. A table of contents ends its lines with numbers, a title page shouts."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _LABEL.match(line)]
    if len(lines) < _FEWEST_LINES or lines[0].startswith(_NO_POEM):
        return False
    short = sum(len(line) <= _LONGEST_VERSE for line in lines)
    capital = sum(line.lstrip("\"'([_-—»„ ")[:1].isupper() for line in lines)
    printed = sum(bool(_PAGE_NUMBER.search(line)) or line.isupper() for line in lines)
    return short >= 0.9 * len(lines) and capital >= 0.6 * len(lines) and printed <= 0.2 * len(lines)


def _bare(heading: str) -> str:
    """A heading without numbers and marks of notes; capitals as in a sentence's names."""
    words = " ".join(_MARK.sub("", heading).split()).strip(" .")
    if _NUMERAL.match(words):
        return words
    words = re.sub(r"^(?:[IVXLC]+|\d+)\.\s+", "", words)
    return _WORD.sub(lambda word: word[0].capitalize(), words) if words.isupper() else words


def _even(text: str) -> str:
    """Without the margin on the left, and without the editors' notes."""
    kept = [part for part in re.split(r"\n{2,}", text) if not _NOTE.match(part.strip())]
    margin = min(
        (len(line) - len(line.lstrip()) for part in kept for line in part.splitlines() if line.strip()), default=0
    )
    lines = [line[margin:].rstrip() for line in "\n\n".join(kept).splitlines()]
    return "\n".join(lines).strip("\n") + "\n"
