"""The score model: lengths, changes that are for all parts or for some, and the numbers of bars."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chordllama.score.model import (
    NOTE_TYPES,
    QUARTER,
    Bar,
    Barline,
    Change,
    Duration,
    Key,
    Metre,
    Part,
    Rest,
    Row,
    Score,
    Time,
    apply_keys,
    changes_for,
    combine,
    duration,
    duration_of,
    number_after,
    said,
    ticks,
    whole_notes,
)

THREE_FOUR = Time((("3", 4),))
FOUR_FOUR = Time((("4", 4),))


def test_every_note_value_and_tuplet_is_a_whole_number_of_ticks() -> None:
    for type in NOTE_TYPES:
        for normal in (2, 4, 8):
            for actual in (3, 5, 6, 7, 9, 10, 11, 12, 13):
                assert isinstance(duration(type, 0, actual, normal).ticks, int)


def test_a_length_finer_than_a_tick_stays_exact() -> None:
    odd = ticks(Fraction(1, 17))
    assert isinstance(odd, Fraction)
    assert whole_notes(odd) == Fraction(1, 17)


@pytest.mark.parametrize(
    ("length", "ratio", "expected"),
    [
        (QUARTER, (1, 1), duration("quarter")),
        (QUARTER * 7 // 4, (1, 1), duration("quarter", 2)),
        (QUARTER // 3, (3, 2), duration("eighth", 0, 3, 2)),
        (QUARTER // 2, (3, 2), duration("eighth", 1, 3, 2)),
        (5 * QUARTER, (1, 1), Duration(free=Fraction(5, 4))),
        (QUARTER // 3, (1, 1), Duration(free=Fraction(1, 12))),
    ],
)
def test_a_length_finds_its_note_value(length: int, ratio: tuple[int, int], expected: Duration) -> None:
    assert duration_of(length, *ratio) == expected
    assert duration_of(length, *ratio).ticks == length


def test_a_time_signature_may_add_up() -> None:
    assert Time((("3+2", 8),)).ticks == 5 * QUARTER // 2
    assert Time((("2", 4), ("3", 8))).ticks == 7 * QUARTER // 2
    assert Time(()).ticks is None


def test_bars_are_as_long_as_their_time_says_unless_they_say_otherwise() -> None:
    bars = (Bar(times=(Change(THREE_FOUR),)), Bar(length=QUARTER), Bar(), Bar(times=(Change(FOUR_FOUR),)))
    lengths = Score((Part(),), bars).bar_lengths
    assert lengths == (3 * QUARTER, QUARTER, 3 * QUARTER, 4 * QUARTER)


def test_the_longest_time_signature_rules_where_parts_differ() -> None:
    metre = Metre()
    metre.apply(Bar(times=(Change(THREE_FOUR), Change(FOUR_FOUR, 1))))
    assert metre.length(Bar()) == 4 * QUARTER
    metre.apply(Bar(times=(Change(Time((("2", 4),))), Change(None, 1))))
    assert (metre.common, metre.own) == (Time((("2", 4),)), {1: FOUR_FOUR})
    metre.apply(Bar(times=(Change(THREE_FOUR),)))
    assert metre.own == {}


def test_what_most_parts_change_is_for_all_and_the_rest_are_exceptions() -> None:
    flat, sharp = Key(-1), Key(1)
    changes = combine([(1, [(None, flat)]), (1, [(None, flat)]), (1, [(None, flat)]), (1, [(None, sharp)]), (1, [])])
    assert changes == (Change(flat), Change(sharp, 3), Change(None, 4))
    assert [changes_for(changes, part) for part in range(5)] == [*[[(None, flat)]] * 3, [(None, sharp)], []]


def test_a_change_on_each_staff_is_one_for_the_part_and_one_on_a_single_staff_is_not() -> None:
    key = Key(2)
    assert combine([(2, [(1, key), (2, key)])]) == (Change(key),)
    assert combine([(1, [(1, key)])]) == (Change(key),)
    assert combine([(2, [(1, key)])]) == (Change(key, 0, 1),)
    assert combine([(2, [(1, key), (2, Key(0))])]) == (Change(key, 0, 1), Change(Key(0), 0, 2))


def test_keys_are_known_staff_by_staff() -> None:
    bar = Bar(keys=(Change(Key(3), 0, 2),))
    assert apply_keys({1: 0, 2: 0}, bar, 0) == {1: 0, 2: 3}
    assert apply_keys({1: 0}, bar, 1) == {1: 0}


@pytest.mark.parametrize(
    ("number", "expected", "after"), [("4", 9, 5), ("7a", 9, 8), ("X1", 9, 9), ("", 9, 10), ("1" * 9, 9, 10)]
)
def test_a_bar_number_goes_on_from_its_digits(number: str, expected: int, after: int) -> None:
    assert number_after(number, expected) == after


def test_a_bare_rest_goes_without_saying_only_where_its_staff_has_nothing_else() -> None:
    rest, other = Row(0, 1, 1, (Rest(),)), Row(0, 1, 2, (Rest(),))
    assert said([rest]) == ()
    assert said([rest, other]) == (rest, other)


def test_a_plain_bar_line_is_none() -> None:
    assert not Barline()
    assert Barline(style="light-light")
