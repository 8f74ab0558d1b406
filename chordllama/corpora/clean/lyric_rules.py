"""The rules by which lyrics are cleaned of what pages put between them. Knows how such pages look; knows no files and no rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from chordllama.corpora.clean.cleaning_rules import CleaningRule, DocumentRefused
from chordllama.corpora.clean.text_rules import (
    CHARACTERS,
    EMPHASIS,
    LANGUAGE,
    Writing,
    even_spaces,
    on_text,
    removing,
)
from chordllama.tasks.lyrics_tasks import LABEL, sections_of

FEWEST_LINES = 4
FEWEST_WORDS = 16
MOST_LINES = 2_000
LONGEST_LINE = 400
"""Characters; a text with longer lines is no verse, or has lost its line breaks."""

MOST_HYPHENS, FEWEST_PARTED = 0.13, 5
"""Of the words of a text; where more have hyphens within, and different ones, these part syllables."""

LABELS = {
    "Intro": "intro|introduction|einleitung|introducción|introducao|introduzione",
    "Pre-Chorus": r"pre[- ]?chorus|pr[eé][- ]?refrain|pre[- ]?coro|pre[- ]?estribillo|pré[- ]?refrão|pre[- ]?ritornello",
    "Post-Chorus": r"post[- ]?chorus|post[- ]?refrain|post[- ]?coro|post[- ]?estribillo|pós[- ]?refrão",
    "Chorus": "chorus|refrain|coro|estribillo|refrão|ritornello|kehrreim",
    "Verse": "verse|vers|strophe|couplet|estrofa|verso|strofa|stanza",
    "Hook": "hook",
    "Bridge": "bridge|brücke|pont|puente|ponte",
    "Interlude": "interlude|zwischenspiel|interludio|interlúdio",
    "Instrumental": "instrumental|instrumental break",
    "Breakdown": "breakdown|break",
    "Solo": r"(?:\w+ )?solo",
    "Spoken": "spoken|gesprochen",
    "Outro": "outro|coda|ending|schluss|final|salida",
    "Part": "part|teil|partie|parte",
}
"""What a section is called -> what it is called in several languages."""
_NAMES = {kind: re.compile(rf"(?:{names})", re.IGNORECASE) for kind, names in LABELS.items()}
_ANY = "|".join(LABELS.values())
_LABEL_LINE = re.compile(
    rf"[ \t]*(?P<open>[\[(])?[ \t]*(?P<name>{_ANY})[ \t]*(?:#|no\.?[ \t]*)?(?P<number>\d{{1,2}}|[ivx]{{1,4}}(?![a-z]))?"
    r"(?P<rest>[ \t]*(?:[:–—|-][^\]\n]*|[(x×*][^\]\n]*)?)(?P<close>[\])])?[ \t]*[:.]?[ \t]*",
    re.IGNORECASE,
)
_BARE = frozenset(("Intro", "Chorus", "Pre-Chorus", "Post-Chorus", "Hook", "Bridge", "Outro"))
"""Labels that may stand without brackets and without a number."""
_GLUED_LABEL = re.compile(rf"(?<=[^\s\[(])(?=\[(?:{_ANY})\b[^\]\n]*\])", re.IGNORECASE)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}

_PAGE_LANGUAGES = (
    "Afrikaans|العربية|Azərbaycanca|Български|Català|Čeština|Dansk|Deutsch|Ελληνικά|English|Español|فارسی|Français|Galego|עברית"
    "|हिन्दी|Hrvatski|Magyar|Bahasa Indonesia|Indonesian|Íslenska|Italiano|日本語|ქართული|한국어|Latina|Lietuvių|Nederlands|Norsk"
    "|Polski|Português|Română|Romanization|Русский|Slovenčina|Slovenščina|Српски|Srpski|Suomi|Svenska|ไทย|Türkçe|Українська|Tiếng Việt|中文"
    r"|(?:简体|繁體)?中文|Russian|French|German|Spanish|Italian|Portuguese|Turkish|Polish|Japanese|Korean"
)
_BAR = r"(?:[ \t]*\((?:Romanized|[^)\n]{1,30})\))?"
_CONTRIBUTORS = (re.compile(r"^[ \t]*\d[\d.,]*[kK]?[ \t]*Contributors?[ \t]*\n?", re.MULTILINE),)
_TRANSLATIONS = (
    re.compile(
        rf"^[ \t]*Translations?[ \t]*:?[ \t]*\n?(?:[ \t]*(?:{_PAGE_LANGUAGES}){_BAR}[ \t,|/]*\n?)+", re.MULTILINE
    ),
)
_TITLE = (re.compile(r"\A\s*[^\n\[\]]{1,150}?[ \t]Lyrics[ \t]*(?=\[|\n|\Z)"),)
_READ_MORE = (re.compile(r"\A[^\[\]]{0,2000}?(?:…|\.\.\.|\.)\s*Read More\b[ \t]*\n?"),)
_TICKETS = (
    re.compile(r"See [^\n]{1,80}? Live[ \t]*\n?[ \t]*Get tickets as low as \$[\d.,]+[ \t]*"),
    re.compile(r"^[ \t]*Get tickets[^\n]{0,60}\n?", re.MULTILINE),
)
_ALSO_LIKE = (re.compile(r"You might also like(?=[ \t]*(?:\n|\Z)|[\[(\"'“‘A-Z0-9])"),)
_EMBED = (
    re.compile(r"\d*(?:[.,]\d+)?[kK]?Embed(?:Share URLCopyEmbedCopy)?\s*\Z"),
    re.compile(r"^[ \t]*(?:Share URL|Copy|Embed|Cancel|Embed ?Copy)[ \t]*(?:\n|\Z)", re.MULTILINE),
)
_DIRECTION = re.compile(
    r"^[ \t]*(?:\[(?:[^\[\]]{26,}|[^\[\]\n]*\.)\]|\((?:Exit|Exeunt|Enter|Re-enter|Dance|Aside|Spoken|Curtain)\b[^()]*\))[ \t]*\n?",
    re.MULTILINE,
)
_NOTE = re.compile(r"\[(?:Footnote[^\[\]]*|\d{1,3})\]|(?<=\w)\*+(?=\W|$)")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_STARS = re.compile(r"^[ \t]*(?:[*•~=_-][ \t]*){3,}$\n?", re.MULTILINE)


def _labels(text: str) -> tuple[str, int]:
    """Labels get their one name on a line of their own, and a section of their own."""
    text, count = _GLUED_LABEL.subn("\n\n", text)
    lines: list[str] = []
    for line in text.split("\n"):
        label = _label(line)
        if label is None:
            lines.append(line)
            continue
        lines += ([""] if lines and lines[-1].strip() else []) + [label]
        count += label != line
    return "\n".join(lines), count


def _label(line: str) -> str | None:
    """The label that a line is, as we write it; None for a line of the text."""
    found = _LABEL_LINE.fullmatch(line)
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    kind = next(kind for kind, names in _NAMES.items() if names.fullmatch(found["name"]))
    number = (found["number"] or "").lower()
    rest = found["rest"].strip()
    if not found["open"] and (rest not in ("", ":") or not (number or rest or kind in _BARE)):
        return None
    return f"[{kind} {_ROMAN.get(number, number)}]" if number else f"[{kind}]"


def _without_syllable_hyphens(text: str) -> tuple[str, int]:
    """Words that were printed below notes are put together again: in such a text many have hyphens."""
    words = text.split()
    parted = [word.casefold() for word in words if _HYPHEN.search(word)]
    printed_below = len(parted) > MOST_HYPHENS * len(words) and len(set(parted)) >= FEWEST_PARTED
    return _HYPHEN.subn("", text) if printed_below else (text, 0)


def _page_repeats(text: str) -> tuple[str, int]:
    """Lines are removed where the page doubles each of them, prints a numbered section again, or prints the whole text twice.

    A song repeats its chorus and its lines: these stay.
    """
    lines = text.split("\n")
    sections = sections_of("\n".join(_undoubled(lines)))
    half = len(sections) // 2
    if half > 1 and sections[:half] == sections[half:]:
        sections = sections[:half]
    whole = "\n\n".join(_once(sections)) + "\n"
    return whole, _worded(lines) - _worded(whole.split("\n"))


def _worded(lines: list[str]) -> int:
    return sum(bool(line.strip()) for line in lines)


def _undoubled(lines: list[str]) -> Iterator[str]:
    """The lines without their doubles, where every one of them is followed by its like."""
    worded = [line for line in lines if line.strip()]
    ones, others = worded[::2], worded[1::2]
    doubled = len(worded) >= 2 * FEWEST_LINES and ones == others and any(one != other for one, other in pairwise(ones))
    last = ""
    for line in lines:
        if doubled and line.strip() and line == last:
            last = ""
            continue
        last = line if line.strip() else last
        yield line


def _once(sections: list[str]) -> Iterator[str]:
    """Numbered sections only the first time, where label and words are the same."""
    seen: set[str] = set()
    for section in sections:
        label = LABEL.match(section)
        if label and label[0][-2].isdigit() and "\n" in section:
            if section in seen:
                continue
            seen.add(section)
        yield section


def _enough(writing: Writing) -> tuple[Writing, int]:
    lines = [line for line in writing.text.split("\n") if line.strip() and not LABEL.fullmatch(line)]
    words = sum(len(line.split()) for line in lines)
    if words < FEWEST_WORDS:
        raise DocumentRefused(f"{words} words")
    if len(lines) < FEWEST_LINES:
        raise DocumentRefused("1 line" if len(lines) == 1 else f"{len(lines)} lines")
    return writing, 0


def _not_too_much(writing: Writing) -> tuple[Writing, int]:
    lines = writing.text.split("\n")
    if len(lines) > MOST_LINES:
        raise DocumentRefused(f"{len(lines)} lines")
    if max(map(len, lines)) > LONGEST_LINE:
        raise DocumentRefused(f"a line of {max(map(len, lines))} characters")
    return writing, 0


RULES: tuple[CleaningRule[Writing], ...] = (
    CHARACTERS,
    CleaningRule(
        "contributors", 'How many contributors a page has ("12 Contributors") is left out.', removing(_CONTRIBUTORS)
    ),
    CleaningRule("translations", "The list of a page's translations is left out.", removing(_TRANSLATIONS)),
    CleaningRule("page-title", 'The heading of a page ("TITLE Lyrics") is left out.', removing(_TITLE)),
    CleaningRule("read-more", 'What a page tells about a song before "Read More" is left out.', removing(_READ_MORE)),
    CleaningRule(
        "tickets", 'Lines that sell tickets ("See ... Live", "Get tickets") are left out.', removing(_TICKETS, "\n")
    ),
    CleaningRule("also-like", '"You might also like" is left out.', removing(_ALSO_LIKE, "\n")),
    CleaningRule(
        "embed", 'What is left of buttons at the end ("123Embed", "Share URL") is left out.', removing(_EMBED)
    ),
    CleaningRule("notes", "Marks of footnotes are left out.", removing((_NOTE,))),
    CleaningRule("stage-directions", "What is done on a stage and not sung is left out.", removing((_DIRECTION,))),
    CleaningRule("ornaments", "Lines of stars, dashes and the like become breaks.", removing((_STARS,), "\n")),
    EMPHASIS,
    CleaningRule(
        "syllable-hyphens",
        "Words that were printed below notes are put together again.",
        on_text(_without_syllable_hyphens),
    ),
    CleaningRule(
        "section-labels",
        "Sections have their labels in one form ([Verse 1], [Chorus], [Hook]), on lines of their own.",
        on_text(_labels),
    ),
    CleaningRule(
        "spaces",
        "Lines have no margin and no double spaces, sections one blank line between them.",
        on_text(even_spaces),
    ),
    CleaningRule(
        "page-repeats",
        "Lines that the page repeats are removed: each line doubled, a numbered section again, the whole text twice.",
        on_text(_page_repeats),
    ),
    CleaningRule(
        "too-short", f"Texts of fewer than {FEWEST_LINES} lines or {FEWEST_WORDS} words are left out.", _enough
    ),
    CleaningRule(
        "too-long",
        f"Texts of more than {MOST_LINES:,} lines are left out, and those with a line of more than {LONGEST_LINE} characters.",
        _not_too_much,
    ),
    LANGUAGE,
)
