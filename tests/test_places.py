"""The words that lead from row to row."""

from __future__ import annotations

import pytest

from chordllama.codec.words.places import FIRST, format_place, parse_place
from chordllama.score.model import Part, Place

PARTS = (Part(), Part(clefs=("G2", "F4")), Part())
CASES: list[tuple[Place | None, Place, str]] = [
    (None, Place(0, 1, 1), ""),
    (None, Place(0, 1, 2), "/1&2"),
    (None, Place(1, 2, 1), "/2.2"),
    (Place(0, 1, 1), Place(1, 1, 1), "/"),
    (Place(1, 1, 1), Place(1, 2, 1), "/"),
    (Place(1, 2, 1), Place(2, 1, 1), "/"),
    (Place(0, 1, 1), Place(1, 2, 1), "/2.2"),
    (Place(0, 1, 1), Place(2, 1, 1), "/3"),
    (Place(0, 1, 1), Place(0, 1, 2), "&"),
    (Place(0, 1, 1), Place(0, 1, 3), "&3"),
    (Place(0, 1, 2), Place(1, 1, 2), "/2&2"),
]


@pytest.mark.parametrize(("before", "place", "word"), CASES)
def test_a_word_leads_to_its_place(before: Place | None, place: Place, word: str) -> None:
    assert format_place(place, before, PARTS) == word
    assert not word or parse_place(word, before or FIRST, PARTS) == place


def test_the_first_staff_may_be_passed_over() -> None:
    assert parse_place("/", FIRST, PARTS) == Place(1, 1, 1)


@pytest.mark.parametrize(
    ("word", "before", "reason"),
    [
        ("/4", FIRST, "no part 4"),
        ("/1.2", FIRST, "no staff 2 in part 1"),
        ("/", Place(2, 1, 1), "no part 4"),
        ("/1", Place(1, 1, 1), "in the order"),
        ("&2", Place(0, 1, 2), "in the order"),
        ("/0", FIRST, "leads to no row"),
        ("&1", FIRST, "leads to no row"),
        ("&100", FIRST, "leads to no row"),
    ],
)
def test_a_word_that_leads_nowhere_is_refused(word: str, before: Place, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_place(word, before, PARTS)
