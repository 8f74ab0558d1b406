"""Some bars of a score, with what is in force before them."""

from __future__ import annotations

from pathlib import Path

from chordllama.codec.compact import dumps, loads
from chordllama.codec.excerpt import Cutter, excerpt, excerpts
from chordllama.codec.musicxml import read, write
from chordllama.score.model import Change, Key, Score, Time, Transposition

DATA = Path(__file__).parent / "data"


def score_of(name: str) -> Score:
    return read((DATA / f"{name}.musicxml").read_bytes())


def test_keys_times_and_clefs_are_said_again() -> None:
    score = score_of("changes")
    late = excerpt(score, 2, 4)
    assert late.bars[0].keys == (Change(Key(3)),)
    assert late.bars[0].times == (Change(Time((("3+2", 8),))),)
    assert [part.clefs for part in late.parts] == [("C4",), ("F4",)]
    assert late.bars[1] == score.bars[3]
    assert excerpt(score, 3, 4).parts[0].clefs == ("F4",)


def test_keys_that_differ_by_part_stay_different() -> None:
    late = excerpt(score_of("clarinet"), 1, 2)
    assert {change.part: change.value for change in late.bars[0].keys} == {0: Key(2, "major"), 1: Key(0, "major")}
    assert late.parts[0].transposition == Transposition(-2, -1, 0)


def test_changes_in_the_middle_of_a_bar_count() -> None:
    text = """parts:
 1: clef=G2,F4
1: key=1 time=2/4 c44 ={key="-2,minor"} ={transpose="-2/-1/0"} d / c34 =C3 ={key=4} d
2: c42
"""
    late = excerpt(loads(text), 1, 2)
    assert late.parts[0].clefs == ("G2", "C3")
    assert late.parts[0].transposition == Transposition(-2, -1, 0)
    assert set(late.bars[0].keys) == {Change(Key(-2, "minor"), 0), Change(Key(4), 0, 2)}


def test_an_excerpt_is_a_score_of_its_own() -> None:
    score = score_of("chorale")
    for first in range(0, len(score.bars), 3):
        part = excerpt(score, first, first + 3)
        assert loads(dumps(part)) == part
        assert [len(bar.rows) for bar in read(write(part)).bars] == [len(bar.rows) for bar in part.bars]


def test_the_whole_score_is_an_excerpt_of_itself() -> None:
    for name in ("chorale", "changes", "clarinet", "piano_cross_staff"):
        score = score_of(name)
        assert excerpt(score, 0, len(score.bars)) == score


def test_no_bars_are_a_score_without_bars() -> None:
    score = score_of("chorale")
    assert excerpt(score, 3, 3).bars == ()


def test_many_excerpts_are_each_what_one_is() -> None:
    for name in ("changes", "clarinet", "chorale"):
        score = score_of(name)
        windows = [(0, 1), (0, 3), (2, 3), (2, len(score.bars)), (3, 3)]
        assert list(excerpts(score, windows)) == [excerpt(score, first, last) for first, last in windows]


def test_a_cutter_gives_the_same_excerpts_whatever_it_has_cut_before() -> None:
    for name in ("changes", "clarinet", "piano_cross_staff"):
        score = score_of(name)
        cutter, bars = Cutter(score), len(score.bars)
        for windows in ([(bars - 1, bars)], [(0, 1), (1, bars)], [(place, place + 1) for place in range(bars)]):
            assert list(cutter.cut(windows)) == [excerpt(score, first, last) for first, last in windows]
