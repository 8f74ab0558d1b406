"""The judge of lines over borders finds ends that no strict reader can pair."""

from __future__ import annotations

import pytest

from benchmarks.lines import End, over, paired
from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write

XML = write(loads("parts:\n 1: clef=G2\n1: time=2/4 =< c44( d)(\n2: e42)\n3: =! f42\n"))


def test_a_sound_file_has_no_loose_ends() -> None:
    found = paired(XML)
    assert not found.loose
    assert over(found.lines, 1, 2) == {"slur": 1, "wedge": 1}
    assert over(found.lines, 2, 3) == {"wedge": 1}


@pytest.mark.parametrize(
    ("old", "new", "loose"),
    [
        (b'<slur type="stop" number="1"/>', b"", 2),
        (b'<wedge type="stop" number="1"/>', b'<wedge type="stop" number="2"/>', 2),
        (b'<wedge type="stop" number="1"/>', b'<wedge type="crescendo" number="1"/>', 2),
    ],
)
def test_a_planted_fault_is_found(old: bytes, new: bytes, loose: int) -> None:
    assert paired(XML.replace(old, new)).loose.total() == loose


def test_a_stop_may_stand_before_its_start_in_one_measure_only() -> None:
    early = write(loads("parts:\n 1: clef=G2\n1: time=2/4 r4 c44) & e44( f\n"))
    assert not paired(early).loose
    late = write(loads("parts:\n 1: clef=G2\n1: time=2/4 c42)\n2: c42(\n"))
    assert paired(late).loose == {End("slur", 0, 0, "1", True): 1, End("slur", 0, 1, "1", False): 1}
