"""New bars without loose ends: what has only one end goes, what has two stays as it is."""

from __future__ import annotations

import pytest
from small_scores import small_score

from chordllama.codec.compact import dump_bar, loads
from chordllama.codec.musicxml import read, write
from chordllama.generate.tidy import like_before, tidy
from chordllama.score import Bar, Score

HEAD = "parts:\n a00: {clef: G2}\n a01: {clef: G2 F4}\n"


def score_of(*bars: str) -> Score:
    """Bars of two quarters, each with these rows."""
    keys = [f"{number}:\n" + (" time: 2/4\n" if number == 1 else "") for number in range(1, len(bars) + 1)]
    return loads(
        HEAD
        + "".join(key + "".join(f" {row}\n" for row in bar.split("|")) for key, bar in zip(keys, bars, strict=True))
    )


def tidied(*bars: str) -> list[str]:
    """The rows of the bars after `tidy`, bar by bar."""
    return [_rows(bar) for bar in tidy(score_of(*bars).bars)]


def _rows(bar: Bar) -> str:
    return "|".join(line[1:] for line in dump_bar(bar) if not line.startswith(" time"))


@pytest.mark.parametrize(
    "bars",
    [
        ["a00: c44( d)"],
        ["a00: c44( d", "a00: e42)"],
        ["a00: =< c44 d =!"],
        ["a00: =< c42", "a00: d42 =!"],
        ["a00: c44~ c"],
        ["a00: c44 c~", "a00: c42"],
        ["a00: c42~_e~_g", "a00: c42_e"],
        ["a01: c42(", "b01: c32)"],
        ["a00: c44~( d48g c)"],
        ["a00: c48( d(2 e)2 f)"],
    ],
)
def test_what_has_both_ends_stays(bars: list[str]) -> None:
    assert tidied(*bars) == bars


@pytest.mark.parametrize(
    ("bars", "wanted"),
    [
        (["a00: c44( d"], ["a00: c44 d"]),
        (["a00: c44 d)"], ["a00: c44 d"]),
        (["a00: c48( d( e) f"], ["a00: c48 d( e) f"]),
        (["a00: =< c44 d"], ["a00: c44 d"]),
        (["a00: =! c44 =< d48 e =!"], ["a00: c44 =< d48 e =!"]),
        (["a00: =< c44 => d =!"], ["a00: c44 => d =!"]),
        (["a00: c44~ d"], ["a00: c44 d"]),
        (["a00: c44~ r"], ["a00: c44 r"]),
        (["a00: c42~", "a01: c42", "a00: c42"], ["a00: c42", "a01: c42", "a00: c42"]),
        (["a00: c42~_e~", "a00: c42"], ["a00: c42~_e", "a00: c42"]),
        (["a00: c42~"], ["a00: c42"]),
        (["a00: c44~ c5"], ["a00: c44 c5"]),
        (["a00: c42(", "a01: c42)"], ["a00: c42", "a01: c42"]),
    ],
)
def test_what_has_only_one_end_goes(bars: list[str], wanted: list[str]) -> None:
    assert tidied(*bars) == wanted


def test_slurs_that_stay_are_numbered_anew() -> None:
    assert tidied("a00: c44((2 d)2") == ["a00: c44( d)"]


def test_slurs_do_not_take_the_number_of_one_that_was_open_before() -> None:
    before = score_of("a00: c44 d(").bars
    new = score_of("a00: c44(2 d)2", "a00: c44( d)").bars
    assert [_rows(bar) for bar in tidy(new, before)] == ["a00: c44(2 d)2", "a00: c44(2 d)2"]


def test_slurs_of_one_part_are_no_concern_of_another() -> None:
    assert tidied("a00: c44( d|a01: c44( d)", "a00: c44 d)") == ["a00: c44( d|a01: c44( d)", "a00: c44 d)"]


def test_a_row_that_says_nothing_any_more_goes() -> None:
    assert tidied("a00: =! r|a01: c42") == ["a01: c42"]


def test_all_but_the_loose_ends_stays() -> None:
    bars = small_score("piano").bars
    kept = tidy(bars)
    assert [_rows(bar).replace("~", "") for bar in kept] == [_rows(bar).replace("~", "") for bar in bars]
    assert [bar.length for bar in kept] == [bar.length for bar in bars]


def test_tidied_bars_are_written_and_read_back_as_they_are() -> None:
    score = score_of("a00: =< c44((2 d)2~", "a00: d48) c =! e44(", "a00: f44 g")
    whole = Score(score.parts, tidy(score.bars))
    assert whole.bars != score.bars
    assert read(write(whole)).bars == whole.bars


# ------------------------------------------------------------------------------------------------------------ percussion


def test_percussion_notes_get_the_instrument_and_the_head_of_their_place() -> None:
    text = (
        "parts:\n a00: {clef: percussion, midi: 1x36c10 1x42c10, instrument1: Bass, instrument2: Hat}\n"
        "1:\n time: 2/4\n a00: xf44 xg5{instrument=2}{notehead=x}\n"
    )
    plain = loads(text.replace("{instrument=2}{notehead=x}", ""))
    dressed = like_before(plain.bars, loads(text))
    assert _rows(dressed[0]) == "a00: xf44 xg5{instrument=2}{notehead=x}"


def test_pitched_notes_are_left_as_they_are() -> None:
    score = small_score("piano")
    assert like_before(score.bars, score) == score.bars
