"""Lines from end to end in the rows of a score, other numbers for them, and what the source calls those that are open at a bar line."""

from __future__ import annotations

import re

import pytest

from chordllama.codec.compact import dump_bar, loads
from chordllama.codec.musicxml import read_with_origin, write
from chordllama.codec.notation.line_spans import apart, carried, open_lines, renumbered, spans
from chordllama.score.model import Mark, Score


def score_of(*bars: str) -> Score:
    """Bars of one piano part in 2/4."""
    told = "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1))
    return loads(f"parts:\n 1: clef=G2,F4\n1: time=2/4 {told[3:]}")


def told(*bars: str) -> list[tuple[str, int, int | None]]:
    """The kinds of the lines, with the bars of both ends."""
    found = spans(score_of(*bars).bars, [0])[0]
    return [(span.line[0], span.begun.bar, span.ended.bar if span.ended else None) for span in found]


@pytest.mark.parametrize(
    ("bars", "found"),
    [
        (["c42(", "d42)"], [("slur", 0, 1)]),
        (["=< c42", "d42", "=! e42"], [("wedge", 0, 2)]),
        (["c44( d)(", "e42)"], [("slur", 0, 0), ("slur", 0, 1)]),
        (["c42((2", "d42)", "e42)2"], [("slur", 0, 1), ("slur", 0, 2)]),
        (["c42("], [("slur", 0, None)]),
        (["c42)"], []),
        (["c42)("], [("slur", 0, 0)]),
        (["c42(", "d42(", "e42)"], [("slur", 1, 2)]),
        (["r4 c44) & e44( f"], [("slur", 0, 0)]),
        (["c44) d & r4 e44(", "c42 & d42)"], [("slur", 0, 1)]),
        (["c42{glissando-start}(", "d42{glissando-stop}", "r)"], [("glissando", 0, 1), ("slur", 0, 2)]),
    ],
)
def test_a_line_is_known_by_both_its_ends(bars: list[str], found: list[tuple[str, int, int | None]]) -> None:
    assert sorted(told(*bars)) == sorted(found)


def test_a_line_crosses_the_bar_lines_between_its_ends() -> None:
    (span,) = spans(score_of("c42", "d42(", "e42", "f42)", "c42").bars, [0])[0]
    assert [bar for bar in range(6) if span.crosses(bar)] == [2, 3]
    assert span.staff == (0, 1)
    assert span.is_of_notes


@pytest.mark.parametrize(
    ("bar", "before", "after", "found"),
    [
        ("c44( d)", {}, {}, "c44( d)"),
        ("c44) d(", {("slur", ""): "3"}, {("slur", ""): "5"}, "c44)3 d(5"),
        ("c44( d)", {("slur", "2"): "1"}, {}, "c44(2 d)2"),
        ("c44(2 d)2", {("slur", ""): "2"}, {}, "c44( d)"),
        ("c44( d)", {("slur", "2"): "1"}, {("slur", "3"): "2"}, "c44(3 d)3"),
        ("c44)( d)", {("slur", ""): "4"}, {}, "c44)4( d)"),
        ("=! c44 => d", {("wedge", ""): "2"}, {("wedge", ""): "1"}, "=!2 c44 => d"),
        ("c44( d)", {("wedge", ""): "1"}, {}, "c44( d)"),
    ],
)
def test_lines_over_the_borders_get_their_own_numbers_and_others_the_smallest_that_are_left(
    bar: str, before: dict[tuple[str, str], str], after: dict[tuple[str, str], str], found: str
) -> None:
    score = score_of(bar)
    (new,) = renumbered([score_of("r", bar).bars[1]], 0, before, after)
    assert dump_bar(new, score.parts) == found


def test_other_parts_stay_as_they_are() -> None:
    bars = score_of("c44( d)").bars
    assert renumbered(bars, 1, {("slur", ""): "3"}, {}) == bars
    assert apart(bars, 1, [("slur", "")]) == bars
    assert apart(bars, 0, [("slur", "")]) != bars


def test_what_is_open_after_some_bars_is_told_from_what_was_open_before() -> None:
    bars = score_of("c44)2 d(2").bars
    assert carried(bars, 0, [("slur", ""), ("slur", "2")]) == ({("slur", "")}, {("slur", "2")})
    meeting = (Mark("slur-stop", "2"), Mark("slur-start", "2"))
    assert open_lines(bars, 0, [("slur", "")]).in_order(meeting) == meeting


def test_a_reading_knows_what_the_source_calls_the_lines_that_are_open_at_each_bar_line() -> None:
    xml = write(score_of("=< c44((2 d)", "e42)2", "=! f42"))
    xml = re.sub(rb'(<(?:slur|wedge) .*number=")([0-9])', lambda end: end[1] + b"%d" % (int(end[2]) + 3), xml)
    (origin,) = read_with_origin(xml).origins
    assert origin.lines == ({("wedge", ""): "4", ("slur", "2"): "5"}, {("wedge", ""): "4"}, {})
