"""What programs really write, and readers trip over: one small file for each kind."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import Reading, read_with_origin, write
from chordllama.codec.splice.splicing import splice
from chordllama.errors import MusicXMLError
from chordllama.generate.continuation import Draft as Written
from chordllama.generate.continuation import finish, prepare, read_answer
from chordllama.score.model import Bar, Direction, Score
from chordllama.tasks.plan import Request

FOUR_FOUR = "<time><beats>4</beats><beat-type>4</beat-type></time>"
THREE_FOUR = "<time><beats>3</beats><beat-type>4</beat-type></time>"


def attributes(inner: str) -> str:
    return f"<attributes>{inner}</attributes>"


def note(step: str = "G", duration: int = 1, inner: str = "", voice: str = "1") -> str:
    pitch = f"<pitch><step>{step}</step><octave>4</octave></pitch>"
    return f"<note>{pitch}<duration>{duration}</duration><voice>{voice}</voice>{inner}</note>"


BAR = note("C") + note("D") + note("E") + note("F")


def measures(*bars: str, numbers: tuple[str, ...] = ()) -> str:
    first = attributes("<divisions>1</divisions>" + ("" if "<time>" in bars[0][:40] else FOUR_FOUR)) + bars[0]
    labels = numbers or tuple(f'number="{n}"' for n in range(1, len(bars) + 1))
    return "".join(f"<measure {label}>{bar}</measure>" for label, bar in zip(labels, (first, *bars[1:]), strict=True))


def file(*parts: str, instruments: str = "", ids: tuple[str, ...] = ()) -> bytes:
    names = ids or tuple(f"P{n}" for n in range(1, len(parts) + 1))
    listed = "".join(
        f'<score-part id="{id}"><part-name>{id}</part-name>{instruments}</score-part>' for id in dict.fromkeys(names)
    )
    written = "".join(f'<part id="{id}">{part}</part>' for id, part in zip(names, parts, strict=True))
    return f"<score-partwise><part-list>{listed}</part-list>{written}</score-partwise>".encode()


def completed(xml: bytes, answer: str, request: Request | None = None) -> bytes:
    """The file with the bars of an answer, placed as those of a model are."""
    assignment = prepare(xml, "small", request or Request(bars=answer.count("\n")))
    bars = read_answer(answer, assignment.plan.score, assignment.plan.length)
    found = finish(assignment, Written(bars))
    assert found.failure is None
    return found.xml


def directions(score: Score) -> list[Direction]:
    return [item for bar in score.bars for row in bar.rows for item in row.items if isinstance(item, Direction)]


# ------------------------------------------------------------------------------------------------------------ staves


PEDAL = '<direction><direction-type><pedal type="start"/></direction-type><staff>2</staff></direction>'
CLEF = attributes('<clef number="2"><sign>F</sign><line>4</line></clef>')


@pytest.mark.parametrize(
    "sign", [PEDAL, CLEF, attributes('<staff-details number="2"><staff-lines>1</staff-lines></staff-details>')]
)
def test_signs_make_no_staff(sign: str) -> None:
    assert read_with_origin(file(measures(sign + BAR, BAR))).score.parts[0].staves == 1
    assert read_with_origin(file(measures(BAR, sign + BAR))).score.parts[0].staves == 1


def test_a_pedal_on_a_staff_that_is_not_there_stands_on_the_last_one() -> None:
    reading = read_with_origin(file(measures(PEDAL + BAR)))
    assert [d.name for d in directions(reading.score)] == ["pedal"]
    assert any("staff 2" in warning for warning in reading.report.warnings())


def test_notes_make_a_staff() -> None:
    xml = file(
        measures(
            PEDAL + note("C", 4) + "<backup><duration>4</duration></backup>" + note("C", 4, "<staff>2</staff>", "5")
        )
    )
    assert read_with_origin(xml).score.parts[0].staves == 2


# ------------------------------------------------------------------------------------------------------------- metre


def test_a_time_signature_behind_the_notes_is_the_next_bars() -> None:
    score = read_with_origin(file(measures(BAR + attributes(THREE_FOUR), note("C", 3)))).score
    assert [bool(bar.times) for bar in score.bars] == [True, True]
    assert [bar.length for bar in score.bars] == [None, None]


def test_a_time_signature_behind_the_last_bar_is_that_of_new_ones() -> None:
    xml = file(measures(BAR, BAR + attributes(THREE_FOUR)))
    found = completed(xml, "-2: c44 d e\n-1: f44 e d\n")
    score = read_with_origin(found).score
    assert found.startswith(xml[: xml.index(b"</measure></part>")])
    assert [length / score.bar_lengths[-1] for length in score.bar_lengths] == [4 / 3, 4 / 3, 1, 1]
    assert not score.next_times
    assert all(bar.length is None for bar in score.bars)


def test_a_time_signature_before_more_notes_is_that_of_its_bar() -> None:
    score = read_with_origin(file(measures(note("C") + attributes(THREE_FOUR) + note("D", 2), note("C", 3)))).score
    assert [len(bar.times) for bar in score.bars] == [1, 0]


# --------------------------------------------------------------------------------------------------------- bar lines


def inner(barline: str) -> str:
    return f'<barline location="middle">{barline}</barline>'


@pytest.mark.parametrize(
    ("barline", "value"),
    [
        ("<bar-style>dashed</bar-style>", "dashed"),
        ('<bar-style>light-heavy</bar-style><repeat direction="backward"/>', "light-heavy,repeat=backward"),
        ('<repeat direction="forward"/>', "repeat=forward"),
        ('<repeat direction="backward" times="3"/>', "repeat=backward,times=3"),
    ],
)
def test_a_bar_line_within_a_bar_keeps_style_and_repeat(barline: str, value: str) -> None:
    score = read_with_origin(file(measures(note("C") * 2 + inner(barline) + note("D") * 2))).score
    assert [(d.name, d.value) for d in directions(score)] == [("barline", value)]
    again = loads(dumps(score))
    assert directions(again) == directions(score)
    written = etree.fromstring(write(again)).find(".//barline[@location='middle']")
    assert written is not None
    said = etree.tostring(written, encoding="unicode", with_tail=False)
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", inner(barline))


def test_an_ending_within_a_bar_is_told() -> None:
    barline = inner('<bar-style>dashed</bar-style><ending number="1" type="stop"/>')
    assert read_with_origin(file(measures(note("C") * 2 + barline + note("D") * 2))).report.warnings()


# ----------------------------------------------------------------------------------------------------- numbers, names


def numbers(xml: bytes) -> list[str]:
    return re.findall(r'<measure number="(.*?)"', xml.decode())


def test_an_uncounted_bar_takes_no_number() -> None:
    xml = file(measures(BAR, note("C"), numbers=('number="3"', 'number="X1" implicit="yes"')))
    assert numbers(completed(xml, "-2: c44 d e f\n-1: c44 d e f\n")) == ["3", "X1", "4", "5"]


def test_a_part_that_stands_twice_is_refused() -> None:
    with pytest.raises(MusicXMLError, match='two parts have the id "P1"') as fault:
        read_with_origin(file(measures(BAR), measures(BAR), ids=("P1", "P1")))
    assert fault.value.hint


def test_one_voice_name_for_two_voices_at_once_stays_two_voices() -> None:
    xml = file(measures(note("C", 4) + "<backup><duration>4</duration></backup>" + note("E", 4)))
    reading: Reading = read_with_origin(xml)
    assert len(set(reading.origins[0].voices.values())) == len(reading.origins[0].voices)
    new: tuple[Bar, ...] = read_answer("-1: c51 & e41\n", reading.score)
    bar = etree.fromstring(splice(xml, reading, new)).findall(".//measure")[-1]
    assert len({element.text for element in bar.iter("voice")}) == 2
