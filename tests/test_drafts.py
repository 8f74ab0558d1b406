"""Notes that are read once for all that say the same: what is their own, stays their own."""

from __future__ import annotations

from chordllama.codec.compact import dumps
from chordllama.codec.musicxml import read
from chordllama.codec.report import Report

HEAD = """<score-partwise version="4.0"><part-list><score-part id="P1"><part-name/></score-part></part-list><part id="P1">
<measure number="1"><attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"""
TAIL = "</measure></part></score-partwise>"


def note(pitch: str, more: str = "", start: str = "<note>") -> str:
    step, octave = pitch[0], pitch[1]
    return (
        f"{start}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>1</duration><voice>1</voice><type>quarter</type>{more}</note>"
    )


def bar(*notes: str, report: Report | None = None) -> str:
    """The words of one bar of these notes."""
    text = dumps(read((HEAD + "".join(notes) + TAIL).encode(), report=report))
    return text.splitlines()[-1].partition("time=4/4 ")[2]


def test_notes_of_the_same_xml_are_the_same_note() -> None:
    assert bar(*[note("C4")] * 4) == "c44 c c c"


def test_a_note_that_differs_in_its_pitch_alone_has_its_own() -> None:
    stem = "<stem>down</stem>"
    assert bar(note("C4", stem), note("D4", stem), note("B4", stem), note("C5", stem)) == "c44d dd b c5"


def test_each_has_its_own_syllable() -> None:
    sung = [f"<lyric><syllabic>single</syllabic><text>{text}</text></lyric>" for text in ("so", "la", "so", "ti")]
    assert bar(*[note("C4", lyric) for lyric in sung]) == "c44 c c c ; so la so ti"


def test_each_is_the_beginning_or_end_of_its_own_slur() -> None:
    start, stop = (f'<notations><slur type="{type}" number="3"/></notations>' for type in ("start", "stop"))
    assert bar(note("C4", start), note("C4", stop), note("C4", start), note("C4", stop)) == "c44( c) c( c)"


def test_a_hidden_one_is_told_from_those_that_are_seen() -> None:
    assert bar(*[note("C4"), note("C4", start='<note print-object="no">')] * 2) == "c44 c{hidden} c c{hidden}"


def test_the_place_on_the_page_makes_no_difference() -> None:
    places = [note("C4", start=f'<note default-x="{place}">') for place in (10, 20, 30, 40)]
    assert bar(*places) == "c44 c c c"


def test_what_is_mended_is_counted_at_each() -> None:
    report = Report()
    assert bar(*[note("C?")] * 4, report=report) == "c44 c c c"
    assert list(report.mended.values()) == [4]


def test_of_two_pitches_the_last_counts_wherever_the_note_stands() -> None:
    two = "<pitch><step>G</step><octave>4</octave></pitch>"
    assert bar(note("C4", two), note("D4", two), note("C4"), note("D4")) == "g44 g c d"


def test_other_divisions_make_another_note_of_the_same_xml() -> None:
    change = "<attributes><divisions>2</divisions></attributes>"
    short = note("C4").replace("quarter", "eighth")
    assert bar(note("C4"), note("C4"), note("C4"), change, short, short) == "c44 c c c48 c"
