"""Stems: what voices, clefs and beams imply, what a source departs in, and how both are written."""

from __future__ import annotations

import pytest
from lxml import etree

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, read_with_origin, write
from chordllama.codec.notation.staves import height, middle_line, octave_shift
from chordllama.codec.splice import splice
from chordllama.score.model import Note, Score


def music(*bars: str, clef: str = "G2", header: str = "") -> Score:
    lines = "\n".join(f"{number}: {bar}" for number, bar in enumerate(bars, 1))
    return loads(f"{header}parts:\n 1: clef={clef} Part\n{lines}\n")


SIGNS = {"up": "u", "down": "d", "none": "n", "double": "2", "": "."}


def seen(score: Score) -> str:
    """The stems of the notes in the file, voice by voice."""
    root = etree.fromstring(write(score))
    measures = [
        [note for note in measure.iter("note") if note.find("rest") is None] for measure in root.iter("measure")
    ]
    return " ".join("".join(SIGNS[note.findtext("stem", "")] for note in notes) for notes in measures)


@pytest.mark.parametrize(
    ("clef", "middle"),
    [
        ("G2", ("B", 4)),
        ("F4", ("D", 3)),
        ("C3", ("C", 4)),
        ("C4", ("A", 3)),
        ("G1", ("D", 5)),
        ("G2_8", ("B", 3)),
        ("G2^15", ("B", 6)),
        ("percussion", ("B", 4)),
        ("", ("B", 4)),
    ],
)
def test_a_clef_tells_which_note_is_on_the_middle_line(clef: str, middle: tuple[str, int]) -> None:
    assert middle_line(clef) == height(Note(*middle))


def test_an_octave_shift_says_how_much_higher_its_notes_sound() -> None:
    assert [octave_shift(value) for value in ("down8", "down15 2", "up8", "up22", "stop8")] == [7, 14, -7, -21, 0]


@pytest.mark.parametrize(
    ("clef", "bar", "expected"),
    [
        ("G2", "time=4/4 a44 b c5 e4", "uddu"),
        ("F4", "time=4/4 c34 d e b2", "uddu"),
        ("G2", "time=3/4 a44_d5 a4_b g_e5", "dduudd"),
        ("G2", "time=2/4 =F4 b24 =G2 b4", "ud"),
        ("G2", "time=2/4 a48 d5 g4 e5", "dddd"),
        ("G2", "time=4/4 c51", ""),
        ("G2", "time=2/4 ={octave-shift=down8} e54 ={octave-shift=stop8} e", "ud"),
        ("G2", "time=2/4 d58g f516g/ c54 c", "uudd"),
        ("G2", "time=2/4 c58{type=whole} d c{type=half} d4{type=half}", "ddu"),
        ("percussion", "time=2/4 xf44 xe5", "ud"),
    ],
)
def test_a_voice_alone_has_its_stems_towards_the_middle_line(clef: str, bar: str, expected: str) -> None:
    assert seen(music(bar, clef=clef)).replace(".", "") == expected


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ("time=2/4 e54 f & c44 d", "uudd"),
        ("time=2/4 c44 d & e54 f", "dduu"),
        ("time=2/4 c54 c & c54 c", "uudd"),
        ("time=2/4 e54 f & s4 c44", "dud"),
        ("time=2/4 e54 f & r4 c44", "uud"),
        ("time=2/4 e54 f & s", "dd"),
        ("time=2/4 g52 & d52 & a42", "udd"),
        ("time=2/4 e54 f{hidden} & s4 c44", "duu"),
    ],
)
def test_voices_that_meet_have_their_stems_apart(bar: str, expected: str) -> None:
    assert seen(music(bar)) == expected


@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ("time=2/4 c34@2 d5", "ud"),
        ("time=2/4 c54 c / c44@1 c3", "uddu"),
        ("time=2/4 c48 g3@2 e2@2 g4 / s", "duud"),
        ("time=2/4 c58@2 d5@2 e5@2 f5@2", "dddd"),
        ("time=2/4 c34@2 d & c44 c", "uduu"),
        ("time=2/4 c54 d & c34@2 d4", "dudd"),
        ("time=2/4 c44_c3@2 d5", "uud"),
    ],
)
def test_notes_on_another_staff_point_to_their_own_and_beams_lie_between(bar: str, expected: str) -> None:
    assert seen(music(bar, clef="G2,F4")) == expected


@pytest.mark.parametrize(
    "bar",
    [
        "time=2/4 c44d d5u",
        "time=2/4 c48d d e f",
        "time=2/4 c48 dd eu f",
        "time=2/4 c44{stem=none} d{stem=double}",
        "time=4/4 c51u",
        "time=2/4 c44d_e_g d5",
        "time=2/4 d58gd c54 c",
        "time=2/4 e54d f & c44u d",
    ],
)
def test_what_a_source_departs_in_comes_back(bar: str) -> None:
    score = music(bar)
    assert read(write(score)) == score
    assert loads(dumps(score)) == score


def test_a_mark_turns_all_stems_that_come_after_it_under_its_beam() -> None:
    assert seen(music("time=2/4 c48d d e f")) == "dddd"
    assert seen(music("time=2/4 c48 dd eu f")) == "uduu"
    assert seen(music("time=2/4 c48 d{stem=none} ed f")) == "undd"
    assert seen(music("time=2/4 c44d d")) == "du"


def test_a_mark_that_says_what_the_rule_says_is_none() -> None:
    assert read(write(music("time=2/4 c44u d5d"))) == music("time=2/4 c44 d5")


def test_clefs_stay_over_bar_lines() -> None:
    assert seen(music("time=2/4 =F4 b22", "b24 c4", "=G2 b44 a")) == "u ud du"


NOTE = "<note><pitch><step>C</step><octave>{octave}</octave></pitch><duration>1</duration><type>quarter</type>{stem}</note>"
PLAIN = """<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>A</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time>
</attributes>{notes}</measure></part></score-partwise>"""


def test_a_file_without_any_stems_needs_no_marks_and_gets_none() -> None:
    score = read(PLAIN.format(notes=2 * NOTE.format(octave=4, stem="")).encode())
    assert score.unwritten == ("stems",)
    assert dumps(score).startswith("unwritten: stems\n")
    assert b"<stem" not in write(score)
    assert read(write(score)) == score


def test_a_single_stem_that_is_not_said_is_drawn_by_the_rule() -> None:
    notes = NOTE.format(octave=4, stem="<stem>down</stem>") + NOTE.format(octave=4, stem="")
    score = read(PLAIN.format(notes=notes).encode())
    assert dumps(score).endswith("c44d c\n")
    assert seen(score) == "du"


def test_a_stem_of_no_meaning_is_left_to_the_rule() -> None:
    notes = 2 * NOTE.format(octave=4, stem="<stem>sideways</stem>")
    assert seen(read(PLAIN.format(notes=notes).encode())) == "uu"


def test_new_bars_have_stems_and_beams_only_where_the_source_has_them() -> None:
    for unwritten in ((), ("beams", "stems")):
        header = f"unwritten: {' '.join(unwritten)}\n" if unwritten else ""
        xml = write(music("time=2/4 c48 d e f", header=header))
        reading = read_with_origin(xml)
        longer = splice(xml, reading, music("time=2/4 g48 a b c5").bars).decode()
        assert longer.count("<stem>") == (0 if unwritten else 8)
        assert longer.count("<beam ") == (0 if unwritten else 8)
