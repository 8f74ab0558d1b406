"""Beams: what the metre implies, what a source departs in, and how both are written."""

from __future__ import annotations

import pytest
from lxml import etree
from musicxml_schema import INSTALLED, faults

from chordllama.codec.compact import dumps, load_row, loads
from chordllama.codec.musicxml import read, write
from chordllama.codec.notation.beams import drawn, events_of, grouping, implied, letters, read_beams, write_beams
from chordllama.codec.words.frames import parse_time
from chordllama.score.model import QUARTER, Score


def beams(row: str, time: str, lacks: int = 0) -> list[str]:
    """The letters of each word of a row, "." for none; `lacks` is what the bar lacks at its beginning."""
    words = row.split(" ")
    events = events_of(load_row(words), 0)
    _, found = drawn(events, implied(events, grouping(parse_time(time)), lacks), 0)
    return [found.get(place) or "." for place in range(len(words))]


def groups(row: str, time: str, lacks: int = 0) -> str:
    """The first level's beams of a row: ( begins, - goes on, ) ends, . has none."""
    return "".join(found[0] for found in beams(row, time, lacks)).translate(str.maketrans("bce", "(-)"))


@pytest.mark.parametrize(
    ("time", "row", "expected"),
    [
        ("4/4", "c48 d e f g a b c5", "(--)(--)"),
        ("4/4", "c48 d e416 f g48 a44 b", "()(-).."),
        ("4/4", "c416 d e f g48 a b c5 d54", "(--)()()."),
        ("4/4", "c48 d e f416 g a48 b c5", "(---)(-)"),
        ("2/2", "c48. d416 e48 f g44 a", "(--).."),
        ("3/4", "c48 d e f g a", "(----)"),
        ("2/4", "c48 d e f", "(--)"),
        ("6/4", "c48 d e f g a b c5 d e f g", "(----)(----)"),
        ("6/8", "c48 d e f g a", "(-)(-)"),
        ("9/8", "c48 d e f g a b c5 d", "(-)(-)(-)"),
        ("3/8", "c48 d e", "(-)"),
        ("12/16", "c416 d e f g a b c5 d e f g", "(----)(----)"),
        ("3/16", "c416 d e", "(-)"),
        ("4/4", "c48t d e f g a b44 c54", "(-)(-).."),
        ("4/4", "c48 r d e f44 g", "..().."),
        ("4/4", "c48. d416 e48 f416 g a42", "()(-)."),
        ("4/4", "c44 d e f", "...."),
        ("5/8", "c48 d e f g", "(-)()"),
        ("7/8", "c48 d e f g a b", "()()(-)"),
        ("3+2/8", "c48 d e f g", "(-)()"),
        ("2+3/4", "c48 d e f g a b c5 d e", "(--)(----)"),
        ("2+3/4", "c416 d e f g a b c5 d54 e f", "(--)(--)..."),
        ("none", "c48 d e", "()."),
    ],
)
def test_the_metre_groups_notes(time: str, row: str, expected: str) -> None:
    assert groups(row, time) == expected


def test_notes_share_as_many_beams_as_both_have_and_the_rest_are_hooks() -> None:
    assert beams("c48. d416 e d48.", "2/4") == ["b", "eh", "bf", "e"]
    assert beams("c48 d416 e48", "2/4") == ["b", "cf", "e"]
    assert beams("c416 d e48", "2/4") == ["bb", "ce", "e"]
    assert beams("c416 d432 e f48", "2/4") == ["bb", "ccb", "cee", "e"]


def test_a_short_bar_may_be_counted_from_the_end_of_its_metre() -> None:
    assert groups("c416 d e f g a", "4/4", lacks=5 * QUARTER // 2) == "()(--)"


def test_grace_notes_have_beams_of_their_own_and_interrupt_none() -> None:
    assert beams("c48 d416g e48", "2/4") == ["b", ".", "e"]
    assert beams("d416g e416g c44 d48g/", "2/4") == ["bb", "ee", ".", "."]


def test_the_written_value_counts() -> None:
    assert beams("c44{type=eighth} d44{type=eighth}", "2/4") == ["b", "e"]
    assert beams("c48{type=quarter} d48{type=quarter} e48 f", "2/4") == [".", ".", "b", "e"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("c48\\ d e f g44 a", [".", "b", "c", "e", ".", "."]),
        ("c44 d48 e+ f g a44", [".", "b", "c", "c", "e", "."]),
        ("c48+ r d e44 f48 g", ["b", ".", "e", ".", "b", "e"]),
        ("c48+ d44 e f", [".", ".", ".", "."]),
        ("c416g\\ d416g e42 f", [".", ".", ".", "."]),
        ("c416{beam=bf} d{beam=e} e48 f{beam=none} g44 a", ["bf", "e", "c", ".", ".", "."]),
    ],
)
def test_marks_say_where_beams_go_on_or_end_against_the_rule(row: str, expected: list[str]) -> None:
    assert beams(row, "4/4") == expected


# ----------------------------------------------------------------------------------------------------------- whole scores


def song(*bars: str) -> Score:
    lines = "\n".join(f"{number}: {bar}" for number, bar in enumerate(bars, 1))
    return loads(f"parts:\n 1: clef=G2 Voice\n{lines}\n")


def seen(score: Score) -> list[str]:
    """The letters of each note in the file, "." for none."""
    root = etree.fromstring(write(score))
    return [read_beams(note.findall("beam")) or "." for note in root.iter("note") if note.find("rest") is None]


def test_a_new_syllable_ends_a_beam_and_a_melisma_has_one() -> None:
    assert seen(song("time=2/4 c48 d e f ; la la li_")) == [".", ".", "b", "e"]


def test_a_first_bar_that_is_short_ends_as_its_metre_does_and_so_does_one_that_completes_the_bar_before() -> None:
    from_the_end, from_the_start = [".", "b", "c", "c", "e"], ["b", "c", "c", "e", "."]
    assert seen(song("length=5/8 time=4/4 c48 d e f g", "f41"))[:5] == from_the_end
    halves = song(
        "time=4/4 c41", "length=5/8 c48 d e f g", "length=3/8 a48 b c5", "length=3/8 a48 b c5", "length=5/8 c48 d e f g"
    )
    assert seen(halves)[1:6] == from_the_start
    assert seen(halves)[12:] == from_the_end


def test_a_beam_may_cross_the_bar_line() -> None:
    score = song("time=2/4 c44. d48+", "r8 e416 f g44", "c44. d48+")
    assert seen(score) == [".", "b", "cb", "ee", ".", ".", "b"]
    assert read(write(score)) == score


@pytest.mark.parametrize(
    "bar",
    [
        "c48 d\\ e f+ g a b44",
        "c48+ r d+ r e+ r f8 r",
        "c48. d416{beam=ef} e48.{beam=bb} f416{beam=ee} g42",
        "c416g d416g{beam=none} e48{beam=bc-f} f g a b42",
        "c44{beam=e} d48 e{beam=none} f42",
    ],
)
def test_what_a_source_departs_in_comes_back(bar: str) -> None:
    score = song(f"time=4/4 {bar}")
    assert read(write(score)) == score
    assert loads(dumps(score)) == score
    assert read(write(read(write(score)))) == read(write(score))


def test_a_mark_that_says_what_the_rule_says_is_none() -> None:
    assert read(write(song("time=2/4 c48+ d e44\\"))) == song("time=2/4 c48 d e44")


PLAIN = """<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>A</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><time><beats>2</beats><beat-type>4</beat-type></time>
</attributes>{notes}</measure></part></score-partwise>"""
NOTE = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration><type>eighth</type>{beam}</note>"


def test_a_file_without_any_beams_needs_no_marks_and_gets_no_beams() -> None:
    score = read(PLAIN.format(notes=4 * NOTE.format(beam="")).encode())
    assert "beams" in score.unwritten
    assert "unwritten: beams stems\n" in dumps(score)
    assert all(not note.marks for item in score.bars[0].rows[0].items for note in getattr(item, "notes", ()))
    assert b"<beam" not in write(score)
    assert read(write(score)) == score


def test_a_file_that_says_that_it_has_beams_and_has_none_is_believed() -> None:
    supports = '<identification><encoding><supports element="beam" type="yes"/></encoding></identification><part-list>'
    plain = PLAIN.format(notes=4 * NOTE.format(beam="")).replace("<part-list>", supports)
    score = read(plain.encode())
    assert score.unwritten == ("stems",)
    assert dumps(score).endswith("1: time=2/4 c48\\ c\\ c\\ c\n")
    assert read(write(score)) == score


def test_beams_that_only_say_their_first_level_are_kept() -> None:
    sixteenth = NOTE.replace("eighth", "16th").replace("<duration>1", "<duration>0.5")
    texts = ["begin", "continue", "continue", "end"]
    notes = "".join(sixteenth.format(beam=f'<beam number="1">{text}</beam>') for text in texts) + NOTE.format(beam="")
    score = read(PLAIN.format(notes=notes + NOTE.format(beam="")).encode())
    assert seen(score) == ["b", "c", "c", "e", ".", "."]


def test_letters_and_elements_are_partners() -> None:
    for text in ("b", "ce", "eh", "bbf", "b-f"):
        root = etree.fromstring(f"<note>{''.join(write_beams(text))}</note>")
        assert read_beams(list(root)) == text
    shuffled = etree.fromstring('<note><beam number="2">end</beam><beam>begin</beam><beam number="x">end</beam></note>')
    assert read_beams(list(shuffled)) == "be"
    assert read_beams(list(etree.fromstring("<note><beam>odd</beam></note>"))) == ""


@pytest.mark.skipif(not INSTALLED, reason="the package musicxml, which holds the schema, is not installed")
def test_what_is_written_keeps_to_the_schema() -> None:
    assert faults(write(song("time=4/4 c48. d416{beam=eh} e48u_g f{beam=b-f} g42{stem=double}"))) == []


def test_a_row_without_flags_has_no_letters() -> None:
    assert letters(events_of(load_row(["c44", "d"]), 0), {}) == {}
