"""What voices sound, and where two of them run in parallel, each in a bar that one can check by eye."""

from __future__ import annotations

from collections import Counter

from passages import four

from chordllama.evaluate.passage import Passage
from chordllama.score.voices import count_parallels


def counted(found: Passage) -> Counter[int]:
    assert found.quartet is not None
    return count_parallels(found.quartet, found.border)


def test_fifths_and_octaves_in_the_same_direction_are_parallels() -> None:
    """Soprano and bass go c–d in octaves, tenor and bass in fifths; soprano and tenor go in fourths."""
    assert counted(four("c52 d / e42 d / g32 a / c32 d")) == {0: 1, 7: 1}


def test_repeated_notes_contrary_motion_and_rests_make_no_parallels() -> None:
    assert not counted(four("c52 c / e42 e / g32 g / c32 c"))
    assert not counted(four("c52 d / e42 e / a32 a / c42 d3"))
    assert not counted(four("c54 r4 d52 / e44 r4 e42 / a34 r4 a32 / c34 r4 d32"))


def test_after_a_fermata_a_new_phrase_begins() -> None:
    assert not counted(four("c52* d / e42* e / a32* a / c32* d"))
