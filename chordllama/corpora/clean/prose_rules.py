"""The rules by which novels are cleaned: from a printed book's lines to its chapters. Knows texts; knows no files and no rows.

A cleaned book has a paragraph on each line with a blank line between them, `# ` before the heading of a chapter, and BREAK between
scenes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from chordllama.corpora.clean.chapters import Chapter, split_chapters
from chordllama.corpora.clean.cleaning_rules import CleaningRule, DocumentRefused
from chordllama.corpora.clean.text_rules import CHARACTERS, EMPHASIS, LANGUAGE, Writing, on_text, removing
from chordllama.corpora.read import gutenberg
from chordllama.tasks.prose_tasks import BREAK, HEADING

FEWEST_WORDS = 300
_WORDS = re.compile(r"[^\W\d_]+")
_PARAGRAPH = re.compile(r"\n(?:[ \t]*\n)+")
_CREDIT = re.compile(
    r"(?:Produced by|This e-?(?:book|text) was (?:prepared|produced|created)|Transcribed (?:from|by)|E-?text prepared by|Scanned by"
    r"|\[?Transcriber['’]?s['’]? note|Anmerkungen? zur Transkription|HTML version by|[\s\S]*\bProject\s+Gutenberg\b)",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"\[(?:Illustrations?|Picture|Abbildung|Frontispiece|Image|Decoration)\b[^\]]*\]", re.IGNORECASE)
_PAGE_LINE = re.compile(
    r"^[ \t]*(?:\[?(?:Pg|p|S|Seite|Page|page)\.?[ \t]?\d{1,4}\]?|[-–—][ \t]?\d{1,4}[ \t]?[-–—]|\[\d{1,4}\])[ \t]*$\n?",
    re.MULTILINE,
)
_BARE_NUMBER = re.compile(r"^[ \t]*\d{1,4}[ \t]*$\n?", re.MULTILINE)
_WITHIN_A_SENTENCE = re.compile(r"[\w,;-]\s*\Z")
_PAGE_MARK = re.compile(r"[ \t]?(?:\[(?:Pg|p|S)\.? ?\d{1,4}\]|\{\d{1,4}[a-z]?\})")
_NOTE = re.compile(r"^[ \t]*\[(?:Footnote|Fußnote|Anmerkung|Note)[^\]]*\][ \t]*$\n?", re.MULTILINE | re.IGNORECASE)
_NOTE_MARK = re.compile(r"(?<=[\w.,;:!?\"”’»])\[(?:\d{1,3}|[A-Z*])\]")
_HYPHENATED = re.compile(r"([^\W\d_]+)-\n[ \t]*([^\W\d_]+)")
_HANGING = frozenset(("und", "oder", "bis", "als", "wie", "and", "or", "to", "et", "ou", "e", "o", "y"))
"""What follows a hyphen that stays open: "Park- und Gartenseite"."""
_WHOLE_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_STARS = re.compile(r"[ \t]*(?:[*•·~#_–—=+-][ \t]*){2,}|[ \t]*\*[ \t]*")
_END = re.compile(
    r"(?:the end|finis|ende|fin|fine|(?:the )?end of (?:the )?(?:\w+ )?(?:book|volume|part)\b.*|footnotes|fußnoten)[.:]?",
    re.IGNORECASE,
)
_PRINTED_WIDTH, _LONGEST_VERSE = 45, 60
"""Characters; a paragraph with a longer line was broken by a printer, one that is set in with a line longer than a verse."""


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a text as they are printed."""
    return [part for part in _PARAGRAPH.split(text.strip("\n")) if part.strip()]


def _without_licence(text: str) -> tuple[str, int]:
    return (gutenberg.body(text), 1) if gutenberg.is_gutenberg(text) else (text, 0)


def _without_credits(text: str) -> tuple[str, int]:
    parts = paragraphs_of(text)
    kept = [part for part in parts if not _CREDIT.match(part.strip()) and not _END.fullmatch(" ".join(part.split()))]
    return "\n\n".join(kept), len(parts) - len(kept)


def _without_page_numbers(text: str) -> tuple[str, int]:
    """Lines that are only a number are those of pages where most of them stand within a sentence; else they head chapters."""
    text, lines = _PAGE_LINE.subn("", text)
    text, marks = _PAGE_MARK.subn("", text)
    found = list(_BARE_NUMBER.finditer(text))
    within = sum(_WITHIN_A_SENTENCE.search(text, max(0, one.start() - 9), one.start()) is not None for one in found)
    if 2 * within <= len(found):
        return text, lines + marks
    return _BARE_NUMBER.sub("", text), lines + marks + len(found)


def _without_hyphens(text: str) -> tuple[str, int]:
    """A word parted at a line's end is put together as the book has it elsewhere: in one, or with its hyphen."""
    words = Counter(_WHOLE_WORD.findall(text.casefold()))

    def join(found: re.Match[str]) -> str:
        before, after = found[1], found[2]
        if after in _HANGING:
            return f"{before}- {after}"
        hyphened = f"{before}-{after}"
        keeps = after[0].isupper() or words[hyphened.casefold()] > words[(before + after).casefold()]
        return hyphened if keeps else before + after

    return _HYPHENATED.subn(join, text)


def _with_whole_paragraphs(text: str) -> tuple[str, int]:
    """Each paragraph on a line; verses keep theirs. Counted are the breaks that go."""
    parts = [_unbroken(part) for part in paragraphs_of(text)]
    whole = "\n\n".join(parts)
    return whole, text.strip("\n").count("\n") - whole.count("\n") if parts else 0


def _unbroken(paragraph: str) -> str:
    lines = [line.rstrip() for line in paragraph.split("\n") if line.strip()]
    set_in = len(lines) > 1 and all(line.startswith("  ") for line in lines)
    broken = max(len(line.strip()) for line in lines) > (_LONGEST_VERSE if set_in else _PRINTED_WIDTH)
    return (" " if broken else "\n").join(map(_single_spaced, lines))


def _single_spaced(line: str) -> str:
    return " ".join(line.split())


def _with_scene_breaks(text: str) -> tuple[str, int]:
    parts = text.split("\n\n")
    found = [_STARS.fullmatch(part) is not None for part in parts]
    return "\n\n".join(BREAK if star else part for star, part in zip(found, parts, strict=True)), sum(found)


def _with_chapters(text: str) -> tuple[str, int]:
    """The chapters with marks before their headings."""
    chapters = split_chapters(text.split("\n\n"))
    if not chapters:
        raise DocumentRefused("there is no chapter in it")
    return "\n\n".join(map(_chapter_text, chapters)) + "\n", sum(bool(chapter.heading) for chapter in chapters)


def _chapter_text(chapter: Chapter) -> str:
    paragraphs = "\n\n".join(chapter.paragraphs)
    return f"{HEADING}{chapter.heading}\n\n{paragraphs}" if chapter.heading else paragraphs


def _long_enough(writing: Writing) -> tuple[Writing, int]:
    if (words := words_in(writing.text)) < FEWEST_WORDS:
        raise DocumentRefused(f"{words} words")
    return replace(writing, text=writing.text.strip("\n") + "\n"), 0


def words_in(text: str) -> int:
    """Return the words of a text."""
    return len(_WORDS.findall(text))


RULES: tuple[CleaningRule[Writing], ...] = (
    CHARACTERS,
    CleaningRule("licence", "Project Gutenberg's header, footer and licence are left out.", on_text(_without_licence)),
    CleaningRule(
        "credits", "Transcribers' names and notes, and what only says the end, are left out.", on_text(_without_credits)
    ),
    CleaningRule("pictures", "Captions of pictures are left out.", removing((_PICTURE,))),
    CleaningRule(
        "page-numbers",
        "Numbers of pages, on lines of their own or within the text, are left out.",
        on_text(_without_page_numbers),
    ),
    CleaningRule("notes", "Footnotes and their marks are left out.", removing((_NOTE, _NOTE_MARK))),
    CleaningRule(
        "hyphens",
        "Words parted at a line's end are put together as the book has them elsewhere.",
        on_text(_without_hyphens),
    ),
    EMPHASIS,
    CleaningRule(
        "line-breaks", "A printed paragraph becomes one line; verses keep theirs.", on_text(_with_whole_paragraphs)
    ),
    CleaningRule(
        "scene-breaks", "Stars and rules between scenes are written in one form.", on_text(_with_scene_breaks)
    ),
    CleaningRule(
        "chapters",
        "Chapters are found and keep their headings; title pages, contents and dedications are left out.",
        on_text(_with_chapters),
    ),
    CleaningRule("too-short", f"Books of fewer than {FEWEST_WORDS} words are left out.", _long_enough),
    LANGUAGE,
)
