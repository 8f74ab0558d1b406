"""The rules for novels: each does what it says, and is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_texts import chapter, novel

from chordllama.corpora.clean.cleaning import clean_document
from chordllama.corpora.clean.cleaning_rules import CleaningOutcome, clean
from chordllama.corpora.clean.prose_rules import RULES
from chordllama.corpora.clean.text_rules import Writing
from chordllama.corpora.documents import Document
from chordllama.corpora.read.gutenberg import body
from chordllama.corpora.read.readers import documents
from chordllama.corpora.sources import load_sources

SHARED = Path(__file__).parents[2] / "shared" / "data"
BY_NAME = {rule.name: rule for rule in RULES}


def applied(name: str, text: str) -> CleaningOutcome[Writing]:
    return clean(Writing(text), [BY_NAME[name]])


def text_of(outcome: CleaningOutcome[Writing]) -> str:
    assert outcome.content is not None
    return outcome.content.text


def printed(text: str) -> str:
    """A text as a printer breaks it, with a page's number now and then."""
    import textwrap

    parts = [textwrap.wrap(part, 65) for part in text.split("\n\n")]
    paged = (
        [*part[:1], f"  {place + 7}", *part[1:]] if place % 3 and part[1:] else part for place, part in enumerate(parts)
    )
    return "\n\n".join(map("\n".join, paged))


GUTENBERG = (
    "The Project Gutenberg EBook of A Novel\n\nTitle: A Novel\n\n*** START OF THIS PROJECT GUTENBERG EBOOK A NOVEL ***\n\n"
    "Produced by Somebody\n\nA NOVEL\n\nCONTENTS\n\nChapter 1   3\nChapter 2   9\n\n{}\n\nTHE END\n\n"
    "End of the Project Gutenberg EBook of A Novel\n\n*** END OF THIS PROJECT GUTENBERG EBOOK A NOVEL ***\n\nlicence\n"
)


def test_a_printed_book_becomes_its_chapters() -> None:
    outcome = clean(Writing(GUTENBERG.format(printed(novel(1, 3))), "en"), RULES)
    assert text_of(outcome) == novel(1, 3).replace("Chapter", "# Chapter")
    assert {"licence": 1, "credits": 2, "chapters": 3}.items() <= outcome.counts.items()
    assert outcome.counts["page-numbers"] > 0
    assert outcome.counts["line-breaks"] > 0


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (
            "page-numbers",
            "I\n\n1\n\nIt was late.\n\n2\n\nIt was early.\n",
            "I\n\n1\n\nIt was late.\n\n2\n\nIt was early.\n",
        ),
        ("page-numbers", "a line\n 12 \nmore\n[Pg 13]\nPage 14\n- 15 -\nend", "a line\nmore\nend"),
        ("page-numbers", "In 1812 he[Pg 13] was {14} here\n", "In 1812 he was here\n"),
        ("pictures", "before\n[Illustration: A house]\nafter", "before\n\nafter"),
        ("notes", "A word[1] said.[A]\n[Footnote 1: A note.]\n", "A word said.\n"),
        ("hyphens", "he was auf-\ngestanden and aufgestanden", "he was aufgestanden and aufgestanden"),
        ("hyphens", "a well-\nknown man, well-known", "a well-known man, well-known"),
        ("hyphens", "Park-\nund Gartenseite", "Park- und Gartenseite"),
        ("hyphens", "Anne-\nMarie", "Anne-Marie"),
        ("emphasis", "_You_ said it, _all of\nit_", "You said it, all of\nit"),
        ("scene-breaks", "One.\n\n* * * * *\n\nTwo.\n\n-----", "One.\n\n* * *\n\nTwo.\n\n* * *"),
        ("characters", "sil\u00adben\u200b", "silben"),
        ("licence", "No licence here\n", "No licence here\n"),
        ("credits", "One.\n\nProduced by Ann\n\nThis comes from Project Gutenberg.\n\nTwo.", "One.\n\nTwo."),
    ],
)
def test_rules_do_what_they_say(name: str, text: str, wanted: str) -> None:
    outcome = applied(name, text)
    assert text_of(outcome) == wanted
    assert bool(outcome.counts) == (text != wanted)


def test_paragraphs_lose_the_printers_line_breaks_and_verses_keep_theirs() -> None:
    wide = "It was a long line that a printer had to break because\nthe page was at its end."
    verse = "  The river runs below the hill\n  And no one knows its name"
    outcome = applied("line-breaks", f"{wide}\n\n{verse}\n\nShort.\n")
    assert (
        text_of(outcome)
        == f"{wide.replace(chr(10), ' ')}\n\nThe river runs below the hill\nAnd no one knows its name\n\nShort."
    )
    assert outcome.counts == {"line-breaks": 1}


def test_what_is_too_short_is_refused_with_a_reason() -> None:
    outcome = clean(Writing("A few words only.\n"), [BY_NAME["too-short"]])
    assert (outcome.refused_by, outcome.reason) == ("too-short", "4 words")
    assert clean(Writing("12\n\n"), RULES).refused_by in ("chapters", "too-short")


def test_a_cleaned_book_is_its_chapters_and_tells_its_language() -> None:
    book = Document("prose", "mine", "my own", "mine/a", "a.txt", novel(2).encode(), {"title": "A"})
    result = clean_document(book)
    assert result.cleaned is not None
    assert len(result.cleaned.texts) == result.cleaned.sizes["chapters"] == 4
    assert result.cleaned.texts[0] == "# Chapter 1\n\n" + chapter((2, 1)) + "\n"
    assert result.cleaned.facts == {"title": "A", "language": "en"}
    assert [found.kind for found in result.signatures] == ["whole", *["words"] * 4]


def test_every_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len(BY_NAME) == len(RULES)
    assert all(rule.says.endswith(".") for rule in RULES)


CHAPTERS = {
    "die-verwandlung.de.txt": 3,
    "effi-briest.de.txt": 36,
    "hard-times.en.txt": 37,
    "pride-and-prejudice.en.txt": 61,
    "sherlock-holmes.en.txt": 14,
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data at hand")
def test_the_novels_at_hand_have_their_chapters() -> None:
    books = list(documents(load_sources()["gutenberg-prose"], SHARED / "prose"))
    cleaned = {book.name: clean_document(book).cleaned for book in books}
    assert {name: len(found.texts) if found else 0 for name, found in cleaned.items()} == CHAPTERS
    for book in books:
        found = cleaned[book.name]
        assert found is not None
        text = "".join(found.texts)
        assert "Gutenberg" not in text
        assert len(text.split()) > 0.9 * len(body(book.data.decode()).split())
