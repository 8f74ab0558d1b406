"""Pairs and numbers of lines with two ends."""

from __future__ import annotations

import pytest

from chordllama.codec.compact import dumps
from chordllama.codec.musicxml import read, write
from chordllama.codec.notation.line_numbers import Numbers, OpenLines, Pairs
from chordllama.score.model import Direction, Mark


def slur(end: str, number: str = "1") -> Mark:
    return Mark(f"slur-{end}", number)


def numbered(*notes: list[Mark]) -> list[list[str]]:
    """The canonical numbers of the slurs' ends at some notes of one row."""
    pairs = Pairs()
    labelled = []
    for position, marks in enumerate(notes):
        pairs.position = position
        labelled.append(pairs.marks(marks))
    numbers = Numbers(pairs.started)
    return [[mark.value for mark in numbers.marks(marks)] for marks in labelled]


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([[slur("start", "5")], [slur("stop", "5")]], [[""], [""]]),
        (
            [[slur("start", "1"), slur("start", "2")], [slur("stop", "1")], [slur("stop", "2")]],
            [["", "2"], [""], ["2"]],
        ),
        ([[slur("start")], [slur("stop"), slur("start")], [slur("stop")]], [[""], ["", ""], [""]]),
        ([[slur("start", "2")], [slur("start", "1"), slur("stop", "2")], [slur("stop", "1")]], [[""], ["", ""], [""]]),
        ([[slur("start"), slur("stop")]], [["", ""]]),
        ([[slur("start")], [slur("start"), slur("stop")], [slur("stop")]], [[""], ["2", "2"], [""]]),
        ([[slur("stop")], [slur("start")], [slur("stop")]], [[""], [""], [""]]),
        ([[slur("stop"), slur("start")], [slur("stop")]], [["", "2"], ["2"]]),
        ([[slur("stop", "3")], [slur("stop"), slur("start", "3")]], [[""], ["", "2"]]),
    ],
)
def test_a_line_gets_the_smallest_free_number(notes: list[list[Mark]], expected: list[list[str]]) -> None:
    assert numbered(*notes) == expected


def test_kinds_do_not_mix() -> None:
    pairs = Pairs()
    wedge = pairs.direction(Direction("wedge", "crescendo"))
    pedal = pairs.direction(Direction("pedal", "start"))
    assert pairs.direction(Direction("wedge", "stop")).value.partition(" ")[2] == wedge.value.partition(" ")[2]
    assert wedge.value != pedal.value
    assert pairs.direction(Direction("words", "stop it 1")).value == "stop it 1"


def test_a_line_that_is_open_is_not_begun_by_the_note_that_has_both_ends() -> None:
    both = (slur("stop", ""), slur("start", ""))
    lines = OpenLines()
    assert lines.in_order(both) == both[::-1]
    lines.take("slur", "start", "")
    assert lines.in_order(both) == both
    lines.take("slur", "stop", "")
    assert lines.in_order(both) == both[::-1]
    assert OpenLines([("slur", "")]).in_order(both) == both


NOTE = """<note><pitch><step>{}</step><octave>4</octave></pitch><duration>1</duration><voice>{}</voice><type>quarter</type>
<notations>{}</notations></note>"""


def test_a_slur_from_a_later_voice_to_an_earlier_one_keeps_both_ends() -> None:
    start, stop = '<slur type="start" number="1"/>', '<slur type="stop" number="1"/>'
    xml = f"""<score-partwise><part-list><score-part id="P"/></part-list><part id="P"><measure>
        {NOTE.format("C", 1, "")}{NOTE.format("D", 1, stop + start)}{NOTE.format("E", 1, stop)}
        <backup><duration>3</duration></backup>{NOTE.format("A", 2, start)}{NOTE.format("B", 2, "")}{NOTE.format("B", 2, "")}
        </measure></part></score-partwise>"""
    text = dumps(read(xml.encode()))
    assert dumps(read(write(read(xml.encode())))) == text


def test_of_two_stops_that_wait_for_a_later_voice_the_last_one_ends_its_slur() -> None:
    start, stop = '<slur type="start" number="1"/>', '<slur type="stop" number="1"/>'
    xml = f"""<score-partwise><part-list><score-part id="P"/></part-list><part id="P"><measure>
        {NOTE.format("C", 1, "")}{NOTE.format("D", 1, stop)}{NOTE.format("E", 1, stop)}
        <backup><duration>3</duration></backup>{NOTE.format("A", 2, start)}{NOTE.format("B", 2, start)}{NOTE.format("B", 2, "")}
        </measure></part></score-partwise>"""
    once = read(xml.encode())
    assert dumps(once).splitlines()[-1].endswith("c44 d) e) & a44( b(2 b")
    assert read(write(once)) == once
