"""Runs of notes that stood elsewhere before."""

from __future__ import annotations

from passages import passage

from chordllama.evaluate.copying import Melodies, copied_from, copied_from_prompt
from chordllama.evaluate.intervals import Ratio


def test_a_run_is_found_in_another_key() -> None:
    """Five notes of the new bar stand in the prompt a fifth lower; the last note's own length doesn't count."""
    assert copied_from_prompt(passage("c48 d e f g42\ng48 a b c5 d52", shown=1)) == Ratio(5)


def test_other_rhythms_are_another_run() -> None:
    assert copied_from_prompt(passage("c48 d e f g42\ng44 a48 b c54 d58 d", shown=1)) == Ratio(0)


def test_fewer_than_four_notes_are_no_run() -> None:
    assert copied_from_prompt(passage("c44 d e r\nc44 d e r", shown=1)) == Ratio(0)


def test_a_rest_ends_a_run() -> None:
    melodies = Melodies(passage("c44 d e f\ng44 a b c5").voices.values())
    assert copied_from(passage("c44 d e f\nr4 a44 b c5"), melodies) == Ratio(4)
    assert copied_from(passage("c44 d e f\ng44 a b c5"), melodies) == Ratio(8)


def test_of_several_places_the_longest_run_counts() -> None:
    melodies = Melodies([*passage("c44 d e f\nr").voices.values(), *passage("c44 d e f\ng44 e r2").voices.values()])
    assert copied_from(passage("c44 d e f\ng44 e g e"), melodies) == Ratio(6)


def test_without_notes_there_is_nothing_to_find() -> None:
    assert copied_from_prompt(passage("c41\nr", shown=1)) is None
