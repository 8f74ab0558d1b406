"""Training rows of a chapter: whole paragraphs, beats before scenes, the wording that generation uses."""

from __future__ import annotations

import random

from small_texts import chapter, paragraph

from chordllama.tasks.prompt_templates import PromptPair, wording
from chordllama.tasks.prose_tasks import (
    BREAK,
    OF_PARAGRAPHS,
    OF_SCENES,
    chapters_of,
    continue_prompt,
    paragraphs_of,
    rows,
    scene_prompt,
    sentences,
)

PROSE = {
    **{task.id: task.instruction for task in OF_SCENES},
    **{task.id: task.instruction for task in OF_PARAGRAPHS},
}

FACTS = {"title": "A Novel", "creator": "Ann Owl", "language": "en"}


def first_words(scene: str, number: int, _language: str) -> list[str]:
    return [f"{place} {scene[:20]}" for place in range(number)]


def made(text: str, most: int = 3500, seed: int = 1) -> list[PromptPair]:
    return list(rows(text, FACTS, len, most, random.Random(seed), first_words))


def of_task(found: list[PromptPair], task: str) -> list[PromptPair]:
    return [row for row in found if row.instruction == PROSE[task]]


CHAPTER = f"# Chapter 1\n\n{chapter(1, 12)}\n"


def test_scenes_cover_the_chapter_and_keep_to_the_tokens() -> None:
    text = f"# Chapter 1\n\n{chapter(1, 40)}\n"
    for most in (8000, 30_000):
        for seed in range(5):
            found = made(text, most, seed)
            assert all(len("".join(row)) <= most for row in found)
            scenes = of_task(found, "scene")
            assert "\n".join(row.output for row in scenes) in text
            assert sum(len(row.output) for row in scenes) > 0.9 * len(text)


def test_a_scene_is_asked_for_by_its_beats() -> None:
    row = of_task(made(CHAPTER, 20_000, seed=3), "scene")[0]
    beats = [line for line in row.input.splitlines() if line.startswith("- ")]
    assert 3 <= len(beats) <= 12
    assert beats[0] == f"- 0 {row.output[:20]}".rstrip()
    told = "".join(row.input for seed in range(30) for row in made(CHAPTER, 20_000, seed))
    for fact in ("title: A Novel\n", "author: Ann Owl\n", "language: English\n", "chapter: Chapter 1\n"):
        assert fact in told


def test_an_opening_and_what_comes_next_are_the_text() -> None:
    for seed in range(20):
        found = of_task(made(CHAPTER, 4000, seed), "continue")
        whole = [row.input[_end_of_facts(row.input) :] + row.output for row in found]
        assert "\n".join(whole) == chapter(1, 12) + "\n"


def _end_of_facts(given: str) -> int:
    """Where the facts and the blank line after them end."""
    lines = given.splitlines(keepends=True)
    return sum(map(len, lines[: lines.index("\n") + 1]))


def test_a_prompt_is_what_generation_asks() -> None:
    assert scene_prompt({"title": "A"}, ["He  comes.", "She goes."]) == (
        PROSE["scene"],
        "title: A\n\n- He comes.\n- She goes.\n\n",
    )
    assert continue_prompt({}, "One.\n\nTwo.\n") == (PROSE["continue"], "\nOne.\n\nTwo.\n\n")
    for row in made(CHAPTER):
        assert wording(row.instruction, row.input) == row.instruction + row.input


def test_breaks_part_scenes_and_are_in_no_scene() -> None:
    text = f"{chapter(1, 4)}\n\n{BREAK}\n\n{chapter(2, 4)}\n"
    scenes = of_task(made(text, 20_000, seed=2), "scene")
    assert BREAK not in "".join(row.output for row in scenes)
    assert "\n".join(row.output for row in scenes) == f"{chapter(1, 4)}\n\n{chapter(2, 4)}\n"
    continued = of_task(made(text, 20_000, seed=2), "continue")
    assert all(not part.strip().startswith(BREAK) for row in continued for part in (row.output, row.output[::-1]))


def test_a_paragraph_that_is_too_long_is_cut_between_its_sentences() -> None:
    text = paragraph(5, 250) + "\n"
    scenes = of_task(made(text, 5000), "scene")
    assert len(scenes) > 2
    assert all(row.output.endswith(".\n") for row in scenes)
    assert " ".join(row.output.replace("\n\n", " ").strip() for row in scenes) == text.strip()


def test_a_books_chapters_are_told_apart_by_their_headings() -> None:
    book = f"{chapter(0, 1)}\n\n# One\n\n{chapter(1, 2)}\n\n# Two\n\n{chapter(2, 1)}\n"
    found = chapters_of(book)
    assert [paragraphs_of(part)[0] for part in found[1:]] == ["# One", "# Two"]
    assert "\n".join(found) == book


def test_sentences_end_where_they_end() -> None:
    assert sentences("Mr. Smith came. He left!", "en") == ["Mr. Smith came.", "He left!"]
    assert sentences("Es war z. B. kalt. Er ging.", "de")[-1] == "Er ging."


def test_short_texts_give_none() -> None:
    assert made("A few words.\n\nAnd more.\n") == []


def test_the_same_chance_gives_the_same_rows() -> None:
    assert made(CHAPTER, seed=3) == made(CHAPTER, seed=3)
    assert made(CHAPTER, 2000, seed=3) != made(CHAPTER, 2000, seed=4)
