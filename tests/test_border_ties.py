"""Ties over the borders of bars that are written anew keep both their ends, whatever was written there. No model is needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from chordllama.codec.compact import dump_bar, loads
from chordllama.codec.musicxml import read, write
from chordllama.placing.passes import place
from chordllama.placing.placement import Placement
from chordllama.score.model import Bar, Chord, Score

VOICE, PIANO = " 1: clef=G2", " 1: clef=G2,F4"


def score_of(time: str, bars: list[str], part: str = VOICE) -> Score:
    told = "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1))
    return loads(f"parts:\n{part}\n1: time={time} {told[3:]}")


def between(before: str, new: str, after: str, time: str = "4/4", part: str = VOICE) -> str:
    """The bar that is put between two others."""
    score = score_of(time, [before, "r", after], part)
    written = score_of(time, [new], part).bars[0]
    (found,) = put_in(score, Bar(rows=written.rows), range(len(score.parts)))
    return dump_bar(found, score.parts)


def put_in(score: Score, new: Bar, parts: Iterable[int]) -> tuple[Bar, ...]:
    """A new bar as it stands in the place of a score's second one."""
    return place(Placement(score, 1, score.bar_lengths[1:2], frozenset(parts), lambda _old, new, _parts: new), (new,))


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("e44 f g a", "c54 f4 g a"),
        ("c54 f4 g a", "c54 f4 g a"),
        ("e44_g_b f g a", "e44_g_c5 f g a"),
        ("e44_c5_b f g a", "e44_c5_b f g a"),
        ("r4 f44 g a", "c54 f4 g a"),
        ("d58g c54 e f g", "d58g c54 e f g"),
        ("d58g e54 e f g", "d58g c54 e f g"),
        ('="dolce" e44\' f g a', '="dolce" c54\' f4 g a'),
        ("r", "c51"),
    ],
)
def test_a_tie_that_comes_in_finds_its_note(new: str, found: str) -> None:
    assert between("c51~", new, "r") == found


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("e44 f g a", "e44 f g c5~"),
        ("e44 f g a_c5_e", "e44 f g a_c5~_e"),
        ("e44 f g42", "e44 f c52~"),
        ("e44 f g r4", "e44 f g c5~"),
        ("r", "c51~"),
    ],
)
def test_a_tie_that_goes_out_has_its_note(new: str, found: str) -> None:
    assert between("r", new, "c51{tie-stop}") == found


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ("e41", "c52 d~"),
        ("e44 f g a", "c54 f4 g d5~"),
        ("e41_g", "e42_c5 e_d5~"),
        ("r", "c52 d~"),
    ],
)
def test_a_bar_of_one_note_is_halved_where_two_ties_want_other_notes(new: str, found: str) -> None:
    assert between("c51~", new, "d51{tie-stop}") == found


def test_a_note_that_is_held_through_the_bar_is_tied_on() -> None:
    assert between("c51~", "e41", "c51{tie-stop}") == "c51~"


@pytest.mark.parametrize(("time", "found"), [("5/8", "c52 r8"), ("3/4", "c52."), ("4/4", "c51")])
def test_a_bar_of_silence_begins_with_the_note_where_no_value_is_so_long(time: str, found: str) -> None:
    before = {"5/8": "c52 c58~", "3/4": "c52.~", "4/4": "c51~"}[time]
    assert between(before, "r", "r", time) == found


def test_a_voice_that_was_left_out_gets_the_note() -> None:
    found = between("e51 & c51~", "g54 f e d", "r")
    assert found == "g54 f e d & c51"
    lower = between("e51 / c41~ & e31", "g54 f e d / r", "r", part=PIANO)
    assert lower == "g54 f e d / c41"


def test_what_was_tied_in_the_composers_bars_is_tied_in_the_file() -> None:
    score = score_of("4/4", ["c52 d~", "d52 e~", "e52 c"])
    written = score_of("4/4", ["g44 a b g"]).bars[0]
    new = put_in(score, Bar(rows=written.rows), [0])
    xml = write(replace(score, bars=(score.bars[0], *new, score.bars[2])))
    assert xml.count(b'<tie type="start"/>') == xml.count(b'<tie type="stop"/>') == 2
    again = read(xml).bars[2].rows[0].items[0]
    assert isinstance(again, Chord)
    assert again == score.bars[2].rows[0].items[0]


def test_only_parts_that_are_written_change() -> None:
    score = score_of("4/4", ["c52 d~", "d52 e~", "e52 c"])
    written = score_of("4/4", ["g44 a b g"]).bars[0]
    new = Bar(rows=written.rows)
    assert put_in(score, new, []) == (new,)


def test_bars_after_the_last_one_go_on_with_its_tie() -> None:
    score = score_of("4/4", ["c52 d~"])
    written = score_of("4/4", ["g44 a b g", "c51"]).bars
    placement = Placement(score, 1, score.bar_lengths[:1] * 2, frozenset([0]))
    new = place(placement, tuple(Bar(rows=bar.rows) for bar in written))
    assert [dump_bar(bar, score.parts) for bar in new] == ["d54 a4 b g", "c51"]
