"""Which accidentals are seen: by key, bar, staff and tie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.codec.notation.accidentals import key_alter, shown
from chordllama.score.model import Score


def visible(*notes: tuple[int, int, str, int, int], fifths: int = 0, tied: tuple[int, ...] = ()) -> list[int]:
    """Which of (onset, staff, step, octave, alter) have an accidental."""
    places = [
        (onset, 0, (staff, step, octave), alter, n in tied, n)
        for n, (onset, staff, step, octave, alter) in enumerate(notes)
    ]
    found = shown(places, {1: fifths, 2: fifths})
    return [n for n in range(len(notes)) if n in found]


@pytest.mark.parametrize(("fifths", "altered"), [(0, ""), (3, "FCG"), (-2, "BE"), (7, "FCGDAEB"), (-7, "BEADGCF")])
def test_a_key_alters_its_steps(fifths: int, altered: str) -> None:
    sign = 1 if fifths > 0 else -1
    assert {step: key_alter(step, fifths) for step in "CDEFGAB"} == {
        step: sign * (step in altered) for step in "CDEFGAB"
    }


def test_beyond_seven_signs_a_step_is_altered_twice() -> None:
    assert key_alter("F", 8) == 2
    assert key_alter("B", -9) == -2


def test_an_accidental_stands_once_in_a_bar_and_again_when_it_is_undone() -> None:
    assert visible((0, 1, "F", 4, 1), (1, 1, "F", 4, 1), (2, 1, "F", 4, 0), (3, 1, "F", 4, 0)) == [0, 2]


def test_each_octave_and_each_staff_counts_for_itself() -> None:
    assert visible((0, 1, "F", 4, 1), (1, 1, "F", 5, 1), (2, 2, "F", 4, 1)) == [0, 1, 2]


def test_a_note_of_the_key_has_none_and_a_natural_against_it_has_one() -> None:
    assert visible((0, 1, "F", 4, 1), (1, 1, "C", 4, 0), fifths=1) == []
    assert visible((0, 1, "F", 4, 0), fifths=1) == [0]


def test_a_tied_note_has_none_and_does_not_count() -> None:
    assert visible((0, 1, "F", 4, 1), (1, 1, "F", 4, 1), tied=(0,)) == [1]


def bar(notes: str) -> str:
    return f"parts:\n 1: clef=G2\n1: key=1 time=4/4 {notes}\n"


@pytest.mark.parametrize(
    ("notes", "signs"),
    [
        ("f44 f f! fs", ["natural", "natural", "sharp"]),
        ("fs44 fs? f{no-accidental} f", ["sharp"]),
        ("g44{accidental=sharp-up} gss g{alter=1/2} g", ["sharp-up", "double-sharp", "quarter-sharp", "natural"]),
    ],
)
def test_what_is_seen_beyond_the_rule_is_marked(notes: str, signs: list[str]) -> None:
    score = loads(bar(notes))
    assert [element.text for element in accidentals(score)] == signs
    assert read(write(score)) == score


def accidentals(score: Score) -> list[etree._Element]:
    return list(etree.fromstring(write(score)).iter("accidental"))


@pytest.mark.parametrize(
    ("note", "attributes"),
    [
        ("f44?", {"parentheses": "yes"}),
        ("f44{bracketed}", {"bracket": "yes"}),
        ("fs44{editorial}", {"editorial": "yes"}),
        ("fs44{accidental=sharp-up}{bracketed}{editorial}", {"bracket": "yes", "editorial": "yes"}),
        ("f44", {}),
    ],
)
def test_brackets_and_the_like_are_kept(note: str, attributes: dict[str, str]) -> None:
    score = loads(bar(f"{note} r r r"))
    (accidental,) = accidentals(score)
    assert {str(name): value for name, value in accidental.attrib.items()} == attributes
    assert read(write(score)) == score


def test_a_courtesy_accidental_is_one_that_the_rule_would_not_show_whatever_the_source_calls_it() -> None:
    score = loads(bar("g44! f f! g"))
    called = write(score).replace(b"<accidental>", b'<accidental cautionary="yes" parentheses="no">')
    assert read(called) == score


TWO = "parts:\n 1: clef=G2\n 2: clef=G2\n1: time=4/4 fs41 / fs41\n"


def test_a_file_without_any_accidentals_needs_no_marks_and_gets_none() -> None:
    score = read(re.sub(rb"<accidental.*\n|<supports.*\n", b"", write(loads(TWO))))
    assert score.unwritten == ("accidentals",)
    assert "no-accidental" not in dumps(score)
    assert not accidentals(score)
    assert read(write(score)) == score


def test_a_part_without_accidentals_in_a_file_that_has_some_is_marked() -> None:
    score = read(write(loads(TWO)).replace(b"<accidental>sharp</accidental>", b"", 1))
    assert score.unwritten == ()
    assert dumps(score).endswith("fs41{no-accidental} / fs41\n")
    assert len(accidentals(score)) == 1


def test_a_file_that_needs_no_accidentals_gets_them_in_new_bars() -> None:
    plain = read(re.sub(rb"<supports.*\n", b"", write(loads(bar("fs44 g a b")))))
    assert plain.unwritten == ()


def test_a_file_that_shows_no_accidentals_at_all_gets_no_marks() -> None:
    plain = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
    assert "no-accidental" not in dumps(read(plain))
