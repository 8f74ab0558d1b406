"""New notes of tablature staves get strings and frets."""

from __future__ import annotations

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import write
from chordllama.conversion.render import midi
from chordllama.placing.tablature import on_strings
from chordllama.score.model import Score

UKULELE = """parts:
 1: clef=TAB lines=4 tuning1=G4,C4,E4,A4 Ukulele
1: time=2/4 a44{string=1}{fret=0} g{string=4}{fret=0}
"""
GUITAR = "parts:\n 1: clef=G2,TAB tuning2=E2,A2,D3,G3,B3,E4%s\n1: time=2/4 e42 / e42{string=1}{fret=0}\n"


def _written(score: str, bar: str) -> Score:
    """A score with one new bar."""
    known = loads(score)
    bars = loads(f"{score}2: {bar}\n").bars[1:]
    return Score(known.parts, (*known.bars, *on_strings(bars, known)))


def _last(score: Score) -> str:
    return dumps(score).splitlines()[-1]


def test_each_note_of_a_chord_is_on_the_string_where_its_fret_is_lowest() -> None:
    assert _last(_written(UKULELE, "c44_e g_a")) == (
        "2: c44{string=3}{fret=0}_e{string=2}{fret=0} g{string=4}{fret=0}_a{string=1}{fret=0}"
    )


def test_two_notes_are_never_on_one_string_and_what_is_left_over_has_none() -> None:
    last = _last(_written(UKULELE, "c44_cs d_ds"))
    assert last == "2: c44_cs{string=3}{fret=1} d_ds{string=3}{fret=3}"


def test_notes_below_the_lowest_string_are_raised_by_octaves_and_verovio_can_read_them() -> None:
    written = _written(UKULELE, "g34 a24")
    assert _last(written) == "2: g44{string=4}{fret=0} a{string=1}{fret=0}"
    assert midi(write(written)).startswith(b"MThd")


def test_only_tablature_staves_get_frets_and_a_transposition_counts() -> None:
    assert _last(_written(GUITAR % "", "g42 / g32")) == "2: g42 / g32{string=3}{fret=0}"
    assert _last(_written(GUITAR % " transpose=0/0/-1", "g42 / g42")).endswith("{string=3}{fret=0}")


def test_a_score_without_tunings_stays_as_it_is() -> None:
    score = "parts:\n 1: clef=TAB\n1: time=2/4 e42\n"
    assert _last(_written(score, "c22")) == "2: c22"
