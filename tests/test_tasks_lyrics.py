"""Training rows of a song: whole lines, exact syllables, the wording that generation uses."""

from __future__ import annotations

import random

import pytest

from chordllama.tasks.lyrics_tasks import (
    FEWEST_LINES,
    OF_MELODIES,
    OF_SECTIONS,
    LyricLine,
    continue_prompt,
    fit_prompt,
    fitting,
    form_of,
    measured,
    rows,
    sections_of,
    write_prompt,
)
from chordllama.tasks.prompt_templates import PromptPair, wording

LYRICS = {
    **{task.id: task.instruction for task in OF_SECTIONS},
    **{task.id: task.instruction for task in OF_MELODIES},
}

FACTS = {"title": "River Run", "creator": "Ann Owl", "language": "en"}
STANZA = "The river runs below the hill\nAnd no one knows its name\nThe miller sleeps, the mill is still\nThe water sings the same"
SONG = f"[Verse 1]\n{STANZA}\n\n[Hook]\nOh, river run\nOh, river run\nUntil the day is done\n"


def ballad(stanzas: int) -> str:
    return "\n\n".join(f"{STANZA}\nAnd this is stanza {number}" for number in range(stanzas)) + "\n"


def made(text: str, most: int = 3500, seed: int = 1, **facts: str) -> list[PromptPair]:
    return list(rows(text, {**FACTS, **facts}, len, most, random.Random(seed)))


def by_task(found: list[PromptPair]) -> dict[str, list[PromptPair]]:
    return {name: [row for row in found if row.instruction == text] for name, text in LYRICS.items()}


def test_a_song_gives_a_row_of_each_task() -> None:
    assert {name: len(own) for name, own in by_task(made(SONG)).items()} == {"write": 1, "continue": 1, "fit": 1}


def test_a_whole_text_is_asked_for_by_its_facts() -> None:
    row = next(
        by_task(made(SONG, seed=seed))["write"][0] for seed in range(50) if "form" in made(SONG, seed=seed)[0].input
    )
    assert row.output == SONG
    assert "form: Verse 1, Hook\n" in row.input
    told = [by_task(made(SONG, seed=seed))["write"][0].input for seed in range(50)]
    for fact in ("title: River Run\n", "artist: Ann Owl\n", "language: English\n"):
        assert 25 < sum(fact in text for text in told) < 50


def test_a_poet_is_told_as_such() -> None:
    told = [made(SONG, seed=seed, creator="Franz Schubert", poet="Heinrich Heine")[0].input for seed in range(50)]
    assert any("artist: Franz Schubert\npoet: Heinrich Heine\n" in text for text in told)
    own = [made(SONG, seed=seed, creator="Ann Owl", poet="Ann Owl")[0].input for seed in range(50)]
    assert not any("artist" in text for text in own)


def test_first_lines_and_their_rest_are_the_text() -> None:
    for text in (SONG, ballad(9), STANZA + "\n"):
        for seed in range(20):
            (row,) = by_task(made(text, 10_000, seed))["continue"]
            _, _, shown = (
                row.input.partition("\n\n") if ": " in row.input.partition("\n")[0] else ("", "", row.input[1:])
            )
            assert shown + row.output == text


def test_a_prompt_is_what_generation_asks() -> None:
    assert write_prompt({"title": "River", "artist": ""}) == (LYRICS["write"], "title: River\n\n")
    assert continue_prompt({}, "One line\n\n") == (LYRICS["continue"], "\nOne line\n")
    lines = [LyricLine("[Hook]"), LyricLine("Oh, river run", 4), LyricLine("", 6), LyricLine(""), LyricLine("", 8)]
    assert fit_prompt({"language": "English"}, lines).input == "language: English\n\n[Hook]\n4 Oh, river run\n6\n\n8\n"
    for row in made(SONG):
        assert wording(row.instruction, row.input) == row.instruction + row.input


def test_lines_are_fitted_to_their_syllables() -> None:
    for seed in range(20):
        (row,) = by_task(made(SONG, seed=seed))["fit"]
        numbers = [line.partition(" ") for line in row.input.splitlines() if line[:1].isdigit()]
        wanted = [int(number) for number, _, words in numbers if not words]
        given = [words for _, _, words in numbers if words]
        answer = [line for line in row.output.splitlines() if line and line[0] != "["]
        assert given + answer == [line for line in SONG.splitlines() if line and line[0] != "["]
        assert len(answer) == len(wanted) >= 1
        assert fitting(wanted, row.output, "en") == 1


def test_sung_texts_have_the_syllables_that_are_sung() -> None:
    sung = "Ich weiß nicht, was soll es be\u00addeu\u00adten,\nDaß ich so trau\u00adrig bin,\nche‿il cor mi dà\nla la"
    lines = measured([sung], {"language": "de", "sung": "yes"})
    assert [line.syllables for line in lines] == [9, 6, 4, 2]
    assert lines[0].text == "Ich weiß nicht, was soll es bedeuten,"
    assert lines[2].text == "che il cor mi dà"
    for row in made(sung + "\n", language="de", sung="yes"):
        assert not set("\u00ad‿") & set("".join(row))


def test_a_language_without_syllables_has_no_rows_to_fit() -> None:
    assert by_task(made(SONG, language="xx"))["fit"] == []
    assert len(by_task(made(SONG, language="xx"))["write"]) == 1


def test_long_texts_are_cut_between_sections_as_even_as_can_be() -> None:
    text = ballad(40)
    for most in (900, 1700, 3500):
        found = made(text, most)
        assert all(len("".join(row)) <= most for row in found)
        parts = by_task(found)["write"]
        assert "\n".join(row.output for row in parts) == text
        sizes = [len(sections_of(row.output)) for row in parts]
        assert max(sizes) - min(sizes[:-1]) <= 1
        assert all(f"part: {place} of {len(parts)}\n" in row.input for place, row in enumerate(parts, 1))


def test_a_section_that_is_too_long_is_cut_between_lines() -> None:
    text = "\n".join(f"This is the line with number {number}" for number in range(200)) + "\n"
    found = made(text, 2000)
    assert all(len("".join(row)) <= 2000 for row in found)
    lines = [line for row in by_task(found)["write"] for line in row.output.splitlines() if line]
    assert lines == text.splitlines()


def test_what_has_hardly_a_line_gives_none() -> None:
    assert made("\n".join(["A line"] * (FEWEST_LINES - 1)) + "\n") == []


def test_the_same_chance_gives_the_same_rows() -> None:
    assert made(SONG, seed=3) == made(SONG, seed=3)
    assert made(SONG, seed=3) != made(SONG, seed=4)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (SONG, "Verse 1, Hook"),
        (ballad(3), "3 stanzas of 5 lines"),
        ("A\nB\n\nC\nD\n\nE\n", "2 stanzas of 2 lines, 1 stanza of 1 line"),
    ],
)
def test_a_form_is_labels_or_stanzas(text: str, form: str) -> None:
    assert form_of(sections_of(text)) == form


def test_an_answer_is_judged_line_by_line() -> None:
    assert fitting([8, 6], "The river runs below the hill\nAnd no one knows\n", "en") == 0.5
    assert fitting([8, 6], "[Hook]\nThe river runs below the hill\n", "en") == 0.5
    with pytest.raises(ValueError, match="can't be counted"):
        fitting([8], "La la la\n", "xx")
