"""Chapters are found by the headings of several languages; what only looks like one stays in the text."""

from __future__ import annotations

import pytest

from chordllama.corpora.clean.chapters import FEWEST_WORDS, level_of, split_chapters

BODY = "It was a word after a word. " * (FEWEST_WORDS // 7 + 1)


@pytest.mark.parametrize(
    ("paragraph", "level"),
    [
        ("Chapter 1", 1),
        ("CHAPTER XIV", 1),
        ("CHAPTER I\nTHE ONE THING NEEDFUL", 1),
        ("Chapter the First. In Which We Begin", 1),
        ("Erstes Kapitel", 1),
        ("Einunddreißigstes Kapitel", 1),
        ("Kapitel 3", 1),
        ("Chapitre premier", 1),
        ("Capitolo II", 1),
        ("Prologue", 1),
        ("Nachwort", 1),
        ("BOOK THE FIRST\nSOWING", 0),
        ("Zweites Buch", 0),
        ("ADVENTURE I. A SCANDAL IN BOHEMIA", 0),
        ("VII. THE ADVENTURE OF THE BLUE CARBUNCLE", 0),
        ("II.", 2),
        ("12", 2),
        ("Chapter one of her life was over, and she knew it.", None),
        ("Part of the house was dark.", None),
        ("I", 2),
        ("I. A Scandal in Bohemia", None),
        ("He was tired.", None),
        ("CHAPTER I\nTHE ONE\nTHING\nNEEDFUL", None),
    ],
)
def test_headings_have_their_level(paragraph: str, level: int | None) -> None:
    assert level_of(paragraph) == level


def test_chapters_stand_between_headings_and_tables_of_contents_go() -> None:
    book = ["A NOVEL", "by Ann Owl", "Chapter 1", "Chapter 2", "Chapter 1", BODY, BODY, "Chapter 2", "The River", BODY]
    found = split_chapters(book)
    assert [(chapter.heading, len(chapter.paragraphs)) for chapter in found] == [
        ("Chapter 1", 2),
        ("Chapter 2 The River", 1),
    ]


def test_a_heading_tells_its_book_and_part() -> None:
    book = [
        "BOOK THE FIRST",
        "SOWING",
        "CHAPTER I",
        BODY,
        "I.",
        BODY,
        "II.",
        BODY,
        "CHAPTER II",
        BODY,
        "BOOK THE SECOND",
        "CHAPTER I",
        BODY,
    ]
    assert [chapter.heading for chapter in split_chapters(book)] == [
        "BOOK THE FIRST SOWING, CHAPTER I",
        "BOOK THE FIRST SOWING, CHAPTER I, I",
        "BOOK THE FIRST SOWING, CHAPTER I, II",
        "BOOK THE FIRST SOWING, CHAPTER II",
        "BOOK THE SECOND, CHAPTER I",
    ]


def test_a_book_without_headings_is_one_chapter() -> None:
    (only,) = split_chapters(["A short word.", BODY])
    assert (only.heading, len(only.paragraphs)) == ("", 2)


def test_what_stands_before_the_first_heading_is_a_chapter_where_it_is_long() -> None:
    assert [chapter.heading for chapter in split_chapters([BODY, "Chapter 1", BODY])] == ["", "Chapter 1"]
    assert [chapter.heading for chapter in split_chapters([BODY, "Chapter 1", *[BODY] * 9])] == ["Chapter 1"]
