"""What programs really write, and readers trip over: one small file for each kind."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from chordllama.codec.compact import dump_bar, dumps, loads
from chordllama.codec.musicxml import Reading, read_with_origin, write
from chordllama.codec.splice import splice, with_parts
from chordllama.errors import MusicXMLError, ScoreError
from chordllama.generate.continuation import Draft as Written
from chordllama.generate.continuation import finish, prepare, read_answer
from chordllama.score.model import Bar, Direction, Part, Score
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


# ------------------------------------------------------------------------------------------------------ measure styles


def styled(sign: str, number: str = "") -> str:
    return attributes(f"<measure-style{number}>{sign}</measure-style>")


REST = '<note><rest measure="yes"/><duration>4</duration><voice>1</voice></note>'
OPEN_SIGNS = {
    "measure-repeat": '<measure-repeat type="start">1</measure-repeat>',
    "beat-repeat": '<beat-repeat type="start" slashes="1"/>',
    "slash": '<slash type="start" use-stems="yes"/>',
}


def signs(xml: bytes) -> list[tuple[int, str, str | None]]:
    """Bar (from 1), kind and type of each sign of a measure style."""
    bars = etree.fromstring(xml).iter("measure")
    return [
        (n, sign.tag, sign.get("type") or sign.text)
        for n, bar in enumerate(bars, 1)
        for style in bar.iter("measure-style")
        for sign in style
    ]


@pytest.mark.parametrize(("kind", "sign"), OPEN_SIGNS.items())
@pytest.mark.parametrize("number", ["", ' number="1"'])
def test_the_first_new_bar_stops_a_sign_that_would_hide_it(kind: str, sign: str, number: str) -> None:
    xml = file(measures(BAR, styled(sign, number) + REST, REST))
    found = completed(xml, "-2: c44 d e f\n-1: c44 d e f\n")
    assert found.startswith(xml[: xml.index(b"</part>")])
    assert signs(found) == [(2, kind, "start"), (4, kind, "stop")]


@pytest.mark.parametrize(("kind", "sign"), OPEN_SIGNS.items())
def test_a_sign_goes_on_after_bars_that_are_filled_in(kind: str, sign: str) -> None:
    xml = file(measures(BAR, styled(sign) + REST, REST, REST, BAR))
    found = completed(xml, "-1: c44 d e f\n", Request(task="infill", first=3, bars=1))
    assert signs(found) == [(2, kind, "start"), (3, kind, "stop"), (4, kind, "start")]
    assert etree.tostring(etree.fromstring(found).findall(".//measure")[4]) == etree.tostring(
        etree.fromstring(xml).findall(".//measure")[4]
    )


def test_a_sign_that_has_stopped_stays_stopped() -> None:
    sign = OPEN_SIGNS["slash"]
    xml = file(measures(BAR, styled(sign) + REST, styled('<slash type="stop"/>') + BAR))
    assert signs(completed(xml, "-1: c44 d e f\n")) == [(2, "slash", "start"), (3, "slash", "stop")]


def test_a_rest_over_more_bars_than_there_are_is_told_and_ends_before_new_ones() -> None:
    xml = file(measures(BAR, styled("<multiple-rest>5</multiple-rest>") + REST, REST))
    assert any("rest over more bars" in warning for warning in read_with_origin(xml).report.warnings())
    found = completed(xml, "-1: c44 d e f\n")
    assert signs(found) == [(2, "multiple-rest", "2")]
    assert found.startswith(xml[: xml.index(b"</part>")].replace(b">5<", b">2<"))


def test_a_rest_over_several_bars_ends_before_one_that_is_filled_in() -> None:
    xml = file(measures(BAR, styled("<multiple-rest>4</multiple-rest>") + REST, REST, REST, REST, BAR))
    assert not read_with_origin(xml).report.warnings()
    found = completed(xml, "-1: c44 d e f\n", Request(task="infill", first=4, bars=1))
    assert signs(found) == [(2, "multiple-rest", "2")]


def test_a_rest_over_several_bars_that_has_ended_stays() -> None:
    xml = file(measures(BAR, styled("<multiple-rest>2</multiple-rest>") + REST, REST))
    assert signs(completed(xml, "-1: c44 d e f\n")) == [(2, "multiple-rest", "2")]


# -------------------------------------------------------------------------------------------------- words and numbers


def test_the_end_of_an_extender_line_is_told() -> None:
    sung = '<lyric number="1"><syllabic>single</syllabic><text>ah</text><extend/></lyric>'
    stop = '<lyric number="1"><extend type="stop"/></lyric>'
    reading = read_with_origin(file(measures(note("C", 2, sung) + note("D", 2, stop))))
    assert any("extender" in warning for warning in reading.report.warnings())


def test_an_added_part_has_the_numbers_of_the_others() -> None:
    labels = ('number="57"', 'number="57a"', 'number=""', 'implicit="yes" number="X1"', 'number="60"')
    xml = file(measures(*[BAR] * 5, numbers=labels))
    found = etree.fromstring(with_parts(xml, read_with_origin(xml), [Part("Bass", clefs=("F4",))]))
    first, second = ([dict(bar.attrib) for bar in part] for part in found.iter("part"))
    assert first == second


# --------------------------------------------------------------------------------------- staves that come, staves that rest


TWO_STAVES = """parts:
 1: clef=G2,F4 Piano
1: time=4/4 g44 b a d5 / c31
2: g44 b a d5 / c31
"""


def texts(xml: bytes) -> list[str]:
    return [dump_bar(bar, score.parts) for score in [read_with_origin(xml).score] for bar in score.bars]


def test_a_staff_whose_voice_is_on_the_other_one_rests() -> None:
    xml = write(loads(TWO_STAVES))
    *_, new = texts(completed(xml, "-1: c34@2 d@2 e@2 f@2 / c31\n"))
    assert new == "c34@2 d@2 e@2 f@2 & r / c31"
    *_, alone = texts(completed(xml, "-1: c34@2 d@2 e@2 f@2\n"))
    assert alone == "c34@2 d@2 e@2 f@2 & r / s"
    *_, shared = texts(completed(xml, "-1: c34@2 d g4 f@2 / c31\n"))
    assert "r" not in shared.replace("/", "").split()


def second_staff(declared: str = "") -> bytes:
    on_first = [note(step, 1, "<staff>1</staff>") for step in "CDEF"]
    low = "<backup><duration>4</duration></backup>" + note("C", 4, "<staff>2</staff>", "5")
    return file(measures(BAR, BAR, BAR, declared + "".join(on_first) + low, "".join(on_first) + low))


@pytest.mark.parametrize("declared", ["", attributes("<staves>2</staves>")])
def test_bars_before_a_second_staff_have_one(declared: str) -> None:
    found = completed(second_staff(declared), "-1: c44 d e f / c31\n", Request(task="infill", first=2, bars=1))
    bars = etree.fromstring(found).findall(".//measure")
    assert [len(bar.findall("note")) for bar in bars] == [4, 4, 4, 5, 5]
    assert not list(bars[1].iter("staff"))


def test_a_second_staff_that_begins_in_a_new_bar_is_declared_there() -> None:
    xml = second_staff(attributes("<staves>2</staves>"))
    found = completed(xml, "-2: c44 d e f / c31\n-1: c44 d e f / c31\n", Request(task="infill", first=3, bars=2))
    bars = etree.fromstring(found).findall(".//measure")
    assert [bar.findtext("attributes/staves") for bar in bars] == [None, None, None, "2", None]
    assert [len(bar.findall("note")) for bar in bars] == [4, 4, 4, 5, 5]


# ---------------------------------------------------------------------------------------------------------- two metres


def two_metres(other: str, beats: int) -> bytes:
    second = attributes("<divisions>1</divisions>" + other) + note("C", beats)
    return file(
        measures(BAR, BAR, BAR),
        f'<measure number="1">{second}</measure>'
        + measures("", note("C", beats), note("C", beats))[len(measures("")) :],
    )


@pytest.mark.parametrize("request_", [Request(), Request(task="infill", first=2), Request(task="harmonise")])
def test_parts_whose_bars_differ_in_length_are_refused_in_words(request_: Request) -> None:
    with pytest.raises(ScoreError, match="bars of different lengths") as fault:
        prepare(two_metres(THREE_FOUR, 3), "two metres", request_)
    assert fault.value.cause == "4/4 in P1 and 3/4 in P2"
    assert fault.value.hint


def test_two_metres_of_one_length_are_none_to_refuse() -> None:
    half = "<time><beats>2</beats><beat-type>2</beat-type></time>"
    assert prepare(two_metres(half, 4), "two metres", Request()).plan.bars == 8
    assert prepare(two_metres(THREE_FOUR, 3), "two metres", Request(task="vary")).plan.bars == 3


@pytest.mark.parametrize("task", ["infill", "vary"])
def test_a_part_that_has_ended_stays_out_of_bars_written_anew(task: str) -> None:
    xml = file(measures(BAR, BAR, BAR, BAR), measures(REST))
    found = completed(xml, "-2: c44 d e f\n-1: c44 d e f\n", Request(task=task, first=2, bars=2))
    bars = [len(part) for part in etree.fromstring(found).iter("part")]
    assert bars == [4, 1]
