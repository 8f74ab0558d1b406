"""The compact text: golden examples, its errors, and that any score comes back from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import at_least
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from score_strategies import scores

from chordllama.codec.compact import dump_bar, dumps, format_line, load_bar, loads
from chordllama.codec.musicxml import read, write
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.errors import CompactError
from chordllama.score.model import QUARTER, Chord, Direction, Harmony, Instrument, Metre, Rest, Row, Score, Spacer

DATA = Path(__file__).parent / "data"
SMALL = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def small(rows: str = "c44 d e f", header: str = "clef=G2 Voice", frame: str = "time=4/4") -> str:
    """A text of one part and one bar of 4/4."""
    return f"parts:\n 1: {header}\n1: {frame} {rows}\n"


def chords(score: Score) -> list[Chord]:
    return [item for bar in score.bars for row in bar.rows for item in row.items if isinstance(item, Chord)]


PIANO = """title: A bass that climbs into the upper staff
unwritten: beams stems
parts:
 1: clef=G2,F4 Piano
1: key=-1,major time=3/4 a44 c52_f / f28 c3 f a c4@1 f@1
2: bb42. & d42. / bb24 =G2 d4 =F4 f3
3: a42.*_c5 / f32._f2 end=final
"""
LYRICS = """title: Two verses and a melisma
unwritten: beams stems
parts:
 1: clef=G2 Voice
1: key=1 time=3/4 g44 b d5 ; Lie- be Schwe- ; O A- bend
2: c58( b4 a44) r ; ster_
3: 'g42 g44 ; sei‿es ="- so: #1" ; “still”'
"""
REPEATS = """title: Voltas, one of them thrice
unwritten: stems
parts:
 1: clef=G2_8 Guitar
1: key=0 time=2/4 ={segno} c44 e
2: start=heavy-light,repeat=forward g42
3: start=volta="1, 2" f42 end=final,repeat=backward,times=3,volta-end="1, 2"
4: start=volta=3 e42 end=volta-open=3
5: ="D.S. al Fine" ={sound="dalsegno=segno"} d44 b3 end=double
"""
SIGNS = """title: Signs of every kind
unwritten: beams stems
parts:
 1: clef=G2 Violin
1: key=1 time=4/4 =t4.=60 ="dolce, \\"con amore\\"" =p g44'((2 a{fingering=2})2 =< b~ b48 c5)
2: =! ={dynamics="ffz sub."} fs52{fermata=angled}{trill-mark}{wavy-line-stop}{wavy-line-start} ={octave-shift=down8} d64!{arpeggiate}_f{arpeggiate} e ={octave-shift=stop8}
3: ={pedal=start-line} ={rehearsal=A} g41, ={pedal=stop-line}
"""
CHORDS = """title: Chords by name
unwritten: stems
parts:
 1: clef=G2 Lead
1: key=-1 time=4/4 F? a42 Dm7"min7" f
2: Bb7(addb9)? Csus4?&2 g41
3: F/A? c52. r4
4: F#m7b5? a41 end=final
"""
ENGRAVING = r"""title: Beams, stems and accidentals against the rules
parts:
 1: clef=G2 Voice
 2: clef=G2,F4 Piano
1: implicit length=1/4 key=2 time=4/4 fs48 g ; Wie schön / a48u_cs5 d5 / d38_fs a
2: a48 b c5{bracketed}{editorial} d e54 r ; leuch- _ _ tet_ / cs58 d\ e fs g416\ fs e48{beam=none} d44 & a44 b? a d / d28+ r fs a d3 fs4@1 d@1 a3
3: c54 cs cs? d ; und _ strahlt / g48. fs416 e48. d416{beam=ef} c42{stem=double} / a28d a a a a24{stem=none} a28 a+
4: d51{accidental=natural-flat} / d516g\ e516g fs44 g48d a b44 a / b28\ c3 d44 s2 end=final
"""
GOLDEN = {
    "engraving": ENGRAVING,
    "piano_cross_staff": PIANO,
    "lyrics": LYRICS,
    "repeats": REPEATS,
    "signs": SIGNS,
    "chord_symbols": CHORDS,
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_small_score_has_this_text(name: str) -> None:
    score = read((DATA / f"{name}.musicxml").read_bytes(), name)
    assert dumps(score) == GOLDEN[name]
    assert loads(GOLDEN[name]) == score


def test_octave_and_duration_stick_until_they_change() -> None:
    found = chords(loads(small("c44 d e48 f g5 a")))
    assert [chord.notes[0].octave for chord in found] == [4, 4, 4, 4, 5, 5]
    assert [chord.ticks for chord in found] == [QUARTER, QUARTER, *[QUARTER // 2] * 4]


def test_a_rest_takes_part_in_what_sticks_and_a_spacer_does_not() -> None:
    items = loads(small("c44 s8 d r8 e g")).bars[0].rows[0].items
    lengths = [item.duration.ticks for item in items if not isinstance(item, Direction | Harmony) and item.duration]
    assert lengths == [QUARTER, QUARTER // 2, QUARTER, *[QUARTER // 2] * 3]
    assert [type(item) for item in items] == [Chord, Spacer, Chord, Rest, Chord, Chord]


def test_a_staff_without_a_row_rests_for_the_bar_and_a_row_that_says_so_is_none() -> None:
    score = loads("""parts:
 1: clef=G2,F4
1: /1.2 c31
2: /1.2 s
""")
    assert [row.place for row in score.bars[0].rows] == [(0, 2, 1)]
    assert score.bars[1].rows == (Row(0, 2, 1, (Spacer(),)),)


def test_tuplet_brackets_are_written_only_where_the_note_values_do_not_imply_them() -> None:
    implied = loads(small("c48t d e f42."))
    assert [mark.name for mark in chords(implied)[0].notes[0].marks] == ["tuplet-start"]
    none = loads(small("c48t% d e f42."))
    assert not any(note.marks for chord in chords(none) for note in chord.notes)
    for score in (implied, none):
        assert loads(dumps(score)) == score


def test_an_instrument_keeps_its_name_also_where_it_has_none() -> None:
    score = loads(small(header='clef=G2 midi=1 instrument1="" Piano'))
    assert score.parts[0].instruments == (Instrument("", 1),)
    assert loads(dumps(score)) == score
    assert loads(small(header="clef=G2 midi=1 Piano")).parts[0].instruments == (Instrument("Piano", 1),)


def test_a_bar_can_be_read_by_itself() -> None:
    score = loads(PIANO)
    (entry,) = read_map(format_line("7", dump_bar(score.bars[1], score.parts)))
    metre = Metre()
    metre.apply(score.bars[0])
    assert load_bar(entry, split_words(entry.text()), score.parts, metre) == score.bars[1]


def test_what_looks_like_yaml_comes_back_as_a_text() -> None:
    hostile = ["true", "~", "1.5", "- a", "a: b", "a #b", "'", '"', "[x]", "{x}", "\u2028", "\t", "\u0085", "=", "null"]
    for text in hostile:
        score = loads(small())
        renamed = Score(score.parts, score.bars, title=text, creators=(("", text),))
        assert loads(dumps(renamed)) == renamed, text


WRONG = {
    "c44 d e": "fills 3/4 of a bar of 1/1",
    "c44 d e f g": "fills 5/4",
    "h44 d e f": "not a note",
    "c4 d e f": "octave",
    "d e f g": "needs an octave and a duration",
    "c47 d e f": "not a note value",
    "c44{wobble} d e f": "not a mark",
    "c44(1 d e f": "number of a line",
    "c44{tremolo=x} d e f": "no value of tremolo",
    "c44{instrument=x} d e f": "no value of instrument",
    "c44@2 d e f": "no staff 2",
    "c44% d e f": "no tuplets",
    "c44 d_e% f g": "has no place",
    "c44 r~ e f": "has no place",
    "c44 d e{position=b4} f": "has no place",
    "=x c41": "neither a dynamic nor a clef",
    "=G7 c41": "neither a dynamic nor a clef",
    "={wedge=foo} c41": "no value of wedge",
    "={transpose=x} c41": "no value of transpose",
    "={sound=volume=3} c41": "no value of sound",
    "={octave-shift=down9} c41": "no value of octave-shift",
    "={pedal} c41": "pedal lacks its value",
    "={segno=2} c41": "no value of segno",
    "={key=99} c41": "no value of key",
    "=t999999 c41": "not a tempo",
    '=" " c41': "neither begins nor ends with a space",
    '="\\u0001" c41': "not a text in double quotes",
    "=p&-4 c41": "not a duration",
    "c41 =p&:5/4": "more than a bar after the end of its own",
    "Hm7 c41": "not a note",
    "Cmaj8 c41": "not a chord symbol",
    "/2 c41": "no part 2",
    "c41 / c31": "no part 2",
    "/1.2 c41": "no staff 2 in part 1",
    "/x c41": "leads to no row",
    "c41 &3 c31 &2 c31": "in the order of parts",
    "c41 &1 c31": "leads to no row",
    "; la": "fills 0/1",
    "c41 ; la la": "2 syllables for 1 notes",
    "c41 ;2 la ; la ;2 la": "can't follow verse 3",
    "c41 ;x la": "leads to no verse",
    "c41 ; =la": "not a syllable",
    "key=15 c41": "not a key",
    "key=2=3 c41": "no part 2",
    "key=1.2=3 c41": "no staff 2 in part 1",
    "key=2;;3 c41": "says nothing",
    "key=2 key=3 c41": "a second time",
    "time=4/0 c41": "not a time signature",
    "length=9999/1 c41": "longer than any bar",
    "c41 end=backwards": "nothing of a bar line",
    "c41 end=times=3": "nothing of a bar line",
    "c41 key=2": "not a note",
    "c41  end=final": "not a note",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_refused_with_its_reason_and_its_place(line: str) -> None:
    frame = "" if "time=" in line else "time=4/4"
    with pytest.raises(CompactError, match=f"^line 3, bar 1.*{WRONG[line]}"):
        loads(small(line, frame=frame))


def test_an_error_quotes_no_more_than_a_line_holds() -> None:
    with pytest.raises(CompactError, match="neither a mark nor a note") as caught:
        loads(small("c44_h" + "x" * 10_000))
    assert len(str(caught.value)) < 400


WRONG_HEADERS = {
    "clef=X9 V": "not a clef",
    "lines=1,5 V": "2 numbers of lines for 1 staves",
    "midi=129 V": "not a MIDI program",
    "midi=1 instrument2=W V": "midi names 1 instruments",
    "transpose=up V": "not a transposition",
    "nome=V": "is none of",
    "Voice clef=G2 V.": "one name too many",
    "Voice V. W": "one name too many",
    "[V]": "one value was expected",
}


@pytest.mark.parametrize("header", WRONG_HEADERS)
def test_a_wrong_header_is_refused(header: str) -> None:
    with pytest.raises(CompactError, match=WRONG_HEADERS[header]):
        loads(small(header=header))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "needs its parts"),
        ("parts:\n 2:\n", "part 1 was expected"),
        ("parts: {}\n", "1 to 200 parts"),
        ("parts:\n 1:\n2:\n", "bar 1 was expected"),
        ("parts:\n 1:\ntempo: 3\n", "neither a bar"),
        ("parts:\n 1: &x {}\n", "an anchor"),
        ("parts:\n 1:\na: [[[[[1]]]]]\n", "so many maps"),
        ("parts:\n 1:\n1:\n1:\n", "a second time"),
        ('title: "\\u0001"\nparts:\n 1:\n', "no MusicXML may hold"),
        ("parts: [\n", "not YAML"),
        (f"parts:\n 1:\n{'9' * 100}:\n", "bar 1 was expected"),
    ],
)
def test_a_text_that_is_no_score_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CompactError, match=reason):
        loads(text)


@SMALL
@given(scores())
def test_any_score_comes_back_from_its_text(score: Score) -> None:
    assert loads(dumps(score)) == score


@SMALL
@given(scores(), st.integers(2, 5))
def test_any_score_comes_back_from_a_text_with_several_bars_to_a_line(score: Score, bars_per_line: int) -> None:
    text = dumps(score, bars_per_line=bars_per_line)
    assert loads(text) == score
    assert dumps(loads(text), bars_per_line=bars_per_line) == text


TEXTS = list(GOLDEN.values())


@at_least(300)
@given(
    st.sampled_from(TEXTS),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.text(max_size=3)), max_size=4),
)
def test_a_spoilt_text_is_read_or_refused_and_what_is_read_can_be_written(
    text: str, changes: list[tuple[int, int, str]]
) -> None:
    for place, removed, added in changes:
        start = place % len(text)
        text = text[:start] + added + text[start + removed :]
    try:
        score = loads(text)
    except CompactError:
        return
    xml = write(score)
    assert isinstance(read(xml), Score)


@at_least(200)
@given(st.sampled_from(["", "title: ", "parts:\n 1: ", "parts:\n 1:\n1: "]), st.text(max_size=60))
def test_a_random_text_is_read_or_refused(start: str, text: str) -> None:
    try:
        score = loads(start + text)
    except CompactError:
        return
    assert loads(dumps(score)) == score


WORDS = sorted({word for text in TEXTS for word in text.split()})


@at_least(300)
@given(
    st.lists(
        st.sampled_from(WORDS)
        | st.from_regex(r"=?\{[a-z-]{1,12}=[a-z0-9=. /-]{1,8}\}|=t[0-9.=~]{1,8}|[a-g]4[0-9t.]{1,4}", fullmatch=True),
        min_size=1,
        max_size=5,
    )
)
def test_a_row_of_random_words_is_read_or_refused_and_what_is_read_can_be_written(row: list[str]) -> None:
    text = f"parts:\n 1: clef=G2 midi=1,2\n1: 'time=1/4 {' '.join(row).replace(chr(39), chr(39) * 2)}'\n"
    try:
        score = loads(text)
    except CompactError:
        return
    assert isinstance(read(write(score)), Score)
