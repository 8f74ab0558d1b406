"""New bars without loose ends: what has only one end goes, what has two stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_scores import small_score

from chordllama.codec.compact import dump_bar, loads
from chordllama.codec.musicxml import read, write
from chordllama.placing.loose_ends import without_loose_ends
from chordllama.placing.percussion import dressed_like
from chordllama.score.model import Bar, Score

HEAD = "parts:\n 1: clef=G2\n 2: clef=G2,F4\n"
HEADER = loads(HEAD)


def score_of(*bars: str) -> Score:
    """Bars of two quarters, each with these rows."""
    return loads(HEAD + "".join(f"{n}: {'time=2/4 ' if n == 1 else ''}{bar}\n" for n, bar in enumerate(bars, 1)))


def tidied(*bars: str) -> list[str]:
    """The rows of the bars after `tidy`, bar by bar."""
    return [_rows(bar) for bar in without_loose_ends(score_of(*bars).bars)]


def _rows(bar: Bar) -> str:
    return dump_bar(replace(bar, times=()), HEADER.parts)


@pytest.mark.parametrize(
    "bars",
    [
        ["c44( d)"],
        ["c44( d", "e42)"],
        ["=< c44 d =!"],
        ["=< c42", "d42 =!"],
        ["c44~ c"],
        ["c44 c~", "c42"],
        ["c42~_e~_g", "c42_e"],
        ["/2 c42(", "/2.2 c32)"],
        ["c44~( d48g c)"],
        ["c48( d(2 e)2 f)"],
    ],
)
def test_what_has_both_ends_stays(bars: list[str]) -> None:
    assert tidied(*bars) == bars


@pytest.mark.parametrize(
    ("bars", "wanted"),
    [
        (["c44( d"], ["c44 d"]),
        (["c44 d)"], ["c44 d"]),
        (["c48( d( e) f"], ["c48 d( e) f"]),
        (["=< c44 d"], ["c44 d"]),
        (["=! c44 =< d48 e =!"], ["c44 =< d48 e =!"]),
        (["=< c44 => d =!"], ["c44 => d =!"]),
        (["c44~ d"], ["c44 d"]),
        (["c44~ r"], ["c44 r"]),
        (["c42~", "/2 c42", "c42"], ["c42", "/2 c42", "c42"]),
        (["c42~_e~", "c42"], ["c42~_e", "c42"]),
        (["c42~"], ["c42"]),
        (["c44~ c5"], ["c44 c5"]),
        (["c42(", "/2 c42)"], ["c42", "/2 c42"]),
    ],
)
def test_what_has_only_one_end_goes(bars: list[str], wanted: list[str]) -> None:
    assert tidied(*bars) == wanted


def test_slurs_that_stay_are_numbered_anew() -> None:
    assert tidied("c44((2 d)2") == ["c44( d)"]


def test_slurs_of_one_part_are_no_concern_of_another() -> None:
    assert tidied("c44( d / c44( d)", "c44 d)") == ["c44( d / c44( d)", "c44 d)"]


def test_a_row_that_says_nothing_any_more_goes() -> None:
    assert tidied("=! r / c42") == ["/2 c42"]


def test_all_but_the_loose_ends_stays() -> None:
    bars = small_score("piano").bars
    kept = without_loose_ends(bars)
    assert [_rows(bar).replace("~", "") for bar in kept] == [_rows(bar).replace("~", "") for bar in bars]
    assert [bar.length for bar in kept] == [bar.length for bar in bars]


def test_tidied_bars_are_written_and_read_back_as_they_are() -> None:
    score = score_of("=< c44((2 d)2~", "d48) c =! e44(", "f44 g")
    whole = Score(score.parts, without_loose_ends(score.bars))
    assert whole.bars != score.bars
    assert read(write(whole)).bars == whole.bars


# ------------------------------------------------------------------------------------------------------------ percussion


def test_percussion_notes_get_the_instrument_and_the_head_of_their_place() -> None:
    text = (
        "parts:\n 1: clef=percussion midi=1x36c10,1x42c10 instrument1=Bass instrument2=Hat\n"
        "1: time=2/4 xf44 xg5{instrument=2}{notehead=x}\n"
    )
    plain = loads(text.replace("{instrument=2}{notehead=x}", ""))
    dressed = dressed_like(plain.bars, loads(text))
    assert _rows(dressed[0]) == "xf44 xg5{instrument=2}{notehead=x}"


def test_pitched_notes_are_left_as_they_are() -> None:
    score = small_score("piano")
    assert dressed_like(score.bars, score) == score.bars
