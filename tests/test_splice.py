"""New measures in the composer's own file: every byte of the source stays, and what is read back is the old bars and the new ones."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from pathlib import Path

import pytest
from small_scores import shared_scores, small_score

from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read, read_with_origin, write
from chordllama.codec.splice import closes_plainly, splice
from chordllama.errors import MusicXMLError, ScoreError
from chordllama.generate.continuation import read_answer
from chordllama.score.model import FINAL, Bar, Barline, Chord, Note, Score
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.plan import length_after

CLOSING = '<barline location="right">\n        <bar-style>light-heavy</bar-style>\n      </barline>'


def new_bars(score: Score, text: str) -> tuple[Bar, ...]:
    """The bars of an answer; the last one closes."""
    bars = read_answer(text + "0:\n", score, length_after(score))
    return (*bars[:-1], replace(bars[-1], end=FINAL))


def source(name: str = "six eight", *, closing: bool = True) -> str:
    """A score as MusicXML, as this program writes it."""
    score = small_score(name)
    last = replace(score.bars[-1], end=FINAL if closing else Barline())
    return write(replace(score, bars=(*score.bars[:-1], last))).decode()


def without_new(text: str, first: int) -> str:
    """The text without the measures whose number is `first` or more, and the white space before them."""
    return re.sub(
        r'\s*<measure number="(\d+)"(?:[^>"]|"[^"]*")*(?<!/)>.*?</measure>',
        lambda found: "" if int(found[1]) >= first else found[0],
        text,
        flags=re.DOTALL,
    )


def without_closing(text: str) -> str:
    return re.sub(r"\s*<barline[^>]*>\s*<bar-style>light-heavy</bar-style>\s*</barline>", "", text)


def spliced(xml: bytes, answer: str) -> bytes:
    """The source with the bars of an answer; what is read back must be the old bars and the new ones."""
    reading = read_with_origin(xml)
    bars = new_bars(reading.score, answer)
    result = splice(xml, reading, bars)
    again = read(result)
    count = len(reading.score.bars)
    last = reading.score.bars[-1]
    opened = replace(last, end=Barline()) if last.end == FINAL else last
    assert again.bars[:count] == (*reading.score.bars[:-1], opened)
    assert lean(again).bars == lean(replace(again, bars=again.bars[:count] + bars)).bars
    assert replace(again, bars=()) == replace(reading.score, bars=())
    return result


SIX_EIGHT = "-2: d54 e58 d44.~\n-1: d48t e fs g44.( b48)\n"
"""Two bars with a tuplet, which divides the quarter anew."""


# ------------------------------------------------------------------------------------------------------------------ bytes


def check_bytes(text: str, encoding: str = "utf-8", mark: bytes = b"", answer: str = SIX_EIGHT, bars: int = 3) -> str:
    """Splice into a text in some encoding: but for the new measures and the closing bar line, all bytes are the same."""
    result = spliced(mark + text.encode(encoding), answer)
    assert result.startswith(mark)
    found = result[len(mark) :].decode(encoding)
    assert without_closing(without_new(found, bars + 1)) == without_closing(text)
    assert without_new(found, bars + 1) != found
    assert found.count("light-heavy") == text.count("<part id=")
    return found


@pytest.mark.parametrize(
    ("encoding", "declared", "mark"),
    [
        ("utf-8", "UTF-8", b""),
        ("utf-8", "UTF-8", codecs.BOM_UTF8),
        ("utf-16-le", "UTF-16", codecs.BOM_UTF16_LE),
        ("utf-16-be", "UTF-16", codecs.BOM_UTF16_BE),
        ("latin-1", "ISO-8859-1", b""),
        ("cp1252", "windows-1252", b""),
    ],
)
def test_the_encoding_and_its_mark_stay(encoding: str, declared: str, mark: bytes) -> None:
    text = source().replace("UTF-8", declared).replace("<part-name>", "<part-name>Flöte é ")
    check_bytes(text, encoding, mark)


def test_a_part_whose_name_the_encoding_cannot_hold_is_written_as_it_was() -> None:
    text = source().replace("UTF-8", "ISO-8859-1").replace('id="P1"', 'id="P&#x266D;"')
    result = check_bytes(text, "latin-1")
    assert "&#x266D;" in result


def test_an_encoding_that_cannot_be_written_back_is_an_error() -> None:
    xml = source().replace("UTF-8", "gb18030").encode("gb18030").replace(b"<part-name>Flute", b"<part-name>\xa8\xbc")
    reading = read_with_origin(source().encode())
    if xml.decode("gb18030").encode("gb18030") == xml:
        xml = source().replace("UTF-8", "euc-jp").encode("euc-jp").replace(b"<part-name>", b"<part-name>\x8f\xa2\xb7")
    with pytest.raises(MusicXMLError, match="byte for byte"):
        splice(xml, reading, new_bars(reading.score, SIX_EIGHT))


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_line_breaks_are_those_of_the_source(newline: str) -> None:
    found = check_bytes(source().replace("\n", newline))
    assert found.count("\n") == found.count(newline)


def test_indentation_is_that_of_the_source() -> None:
    text = re.sub(r"^ +", lambda spaces: "\t" * (len(spaces[0]) // 2), source(), flags=re.MULTILINE)
    found = check_bytes(text)
    assert not re.search(r"^\t* ", found, flags=re.MULTILINE)
    assert '\n\t\t<measure number="5">\n\t\t\t<note>\n\t\t\t\t<pitch>' in found


def test_a_file_without_indentation_gets_none() -> None:
    found = check_bytes(re.sub(r"^ +", "", source(), flags=re.MULTILINE))
    assert '\n<measure number="5">\n<note>' in found


def test_a_file_on_one_line_stays_on_one_line() -> None:
    text = re.sub(r">\s+<", "><", source())
    assert "\n" not in check_bytes(text).strip()


def test_comments_and_processing_instructions_after_the_last_measure_stay_there() -> None:
    text = source().replace("    </measure>\n  </part>", "    </measure><!-- <measure> > --><?page turn?>\n  </part>")
    found = check_bytes(text)
    assert found.index("<?page") > found.index('<measure number="5"')


def test_a_greater_sign_in_an_attribute_ends_no_tag() -> None:
    text = source().replace(
        "    </measure>\n  </part>", '    </measure>\n    <measure number="4" id="a>b"/>\n  </part>'
    )
    text = text.replace('<measure number="1">', '<measure number="1" id="x>y" >')
    found = check_bytes(without_closing(text), bars=4)
    assert '<measure number="4" id="a>b"/>\n    <measure number="5">' in found


def test_a_measure_that_is_one_empty_tag_may_be_the_last() -> None:
    text = without_closing(source()).replace(
        "    </measure>\n  </part>", '    </measure>\n    <measure number="4"/>\n  </part>'
    )
    check_bytes(text, bars=4)


def test_cdata_in_the_last_measure_stays() -> None:
    text = source().replace("<voice>1</voice>", "<voice><![CDATA[1]]></voice>")
    assert "<voice><![CDATA[1]]></voice>" in check_bytes(text)


def test_the_new_measures_of_large_scores_leave_the_others_as_they_are() -> None:
    paths = [
        *shared_scores("openscore-lieder/scores/**/*.mxl", 3),
        *shared_scores("musicxml-test-suite/**/*.musicxml", 8),
    ]
    if not paths:
        pytest.skip("the large scores are not here")
    checked = [path for path in paths if _check_large(path)]
    assert len(checked) > len(paths) / 2


def _check_large(path: Path) -> bool:
    """False for a file that is refused, as some in the test suite are meant to be."""
    xml = read_container(path.read_bytes(), path.name)
    try:
        reading = read_with_origin(xml)
    except ScoreError:
        return False
    result = splice(xml, reading, (Bar(), Bar(end=FINAL)))
    again = read(result)
    assert len(again.bars) == len(reading.score.bars) + 2
    assert lean(again).bars[: len(reading.score.bars) - 1] == lean(reading.score).bars[:-1]
    assert xml.count(b"<part id=") == len(reading.origins)
    for old, new in zip(xml.split(b"</part>")[:-1], result.split(b"</part>"), strict=False):
        assert _plain(new).startswith(_plain(old[: old.rindex(b"</measure>")]))
    return True


def _plain(xml: bytes) -> str:
    return without_closing(xml.decode())


# --------------------------------------------------------------------------------------------------- the closing bar line


def test_a_closing_bar_line_without_a_location_moves() -> None:
    check_bytes(source().replace('<barline location="right">', "<barline>"))


@pytest.mark.parametrize(
    "barline",
    [
        '<barline location="right"><bar-style>light-heavy</bar-style><repeat direction="backward"/></barline>',
        '<barline location="right"><bar-style>light-heavy</bar-style><ending number="1" type="stop"/></barline>',
        '<barline location="right" segno="1"><bar-style>light-heavy</bar-style></barline>',
        '<barline location="left"><bar-style>heavy-light</bar-style></barline>',
        '<barline location="right"><bar-style>light-light</bar-style></barline>',
    ],
)
def test_any_other_bar_line_stays(barline: str) -> None:
    text = source().replace(CLOSING, barline)
    assert barline in text
    assert not closes_plainly(text.encode())
    reading = read_with_origin(text.encode())
    result = splice(text.encode(), reading, new_bars(reading.score, SIX_EIGHT)).decode()
    assert without_new(result, 4) == text


def test_the_closing_bar_line_stays_where_the_new_bars_have_none() -> None:
    text = source()
    assert closes_plainly(text.encode())
    reading = read_with_origin(text.encode())
    bars = new_bars(reading.score, SIX_EIGHT)
    result = splice(text.encode(), reading, (*bars[:-1], replace(bars[-1], end=Barline())))
    assert without_new(result.decode(), 4) == text


def test_no_new_bars_change_nothing() -> None:
    xml = source().encode()
    assert splice(xml, read_with_origin(xml), ()) == xml


def test_the_closing_bar_line_moves_in_every_part() -> None:
    answer = "-1: c44 d e f / g44 a b c5 / g32 g / c31\n"
    text = source("chorale")
    found = spliced(text.encode(), answer).decode()
    assert found.count("light-heavy") == text.count("light-heavy") == 4
    assert without_closing(without_new(found, 4)) == without_closing(text)


# ------------------------------------------------------------------------------------------------------ several parts


def test_score_timewise_gets_its_new_measures_part_by_part() -> None:
    text = timewise(source("percussion"))
    answer = "-2: xf44 xc5 xf4 xc5 / c31\n-1: xf41 / d32 e\n"
    found = spliced(text.encode(), answer).decode()
    assert without_closing(without_new(found, 3)) == without_closing(text)
    assert re.findall(r'<measure number="(\d)">\s*<part id="P1">', found) == ["1", "2", "3", "4"]
    assert len(re.findall(r'</part>\s*<part id="P2">', found)) == 4


def timewise(partwise: str) -> str:
    """The same music, measure by measure."""
    parts = re.findall(r'  <part id="(P\d)">\n(.*?)  </part>\n', partwise, flags=re.DOTALL)
    measures: dict[str, str] = {}
    for id, body in parts:
        for number, inner in re.findall(r'    <measure number="(\d+)">\n(.*?)    </measure>\n', body, flags=re.DOTALL):
            measures[number] = measures.get(number, "") + f'      <part id="{id}">\n{inner}      </part>\n'
    head, tail = partwise.split('  <part id="P1">')[0], "</score-partwise>\n"
    body = "".join(f'    <measure number="{n}">\n{inner}    </measure>\n' for n, inner in measures.items())
    return (head + body + tail).replace("score-partwise", "score-timewise")


def shorten(text: str, id: str) -> str:
    """The score without the last measure of one part, which has two."""
    before, part, after = re.split(rf'(<part id="{id}">.*?</part>)', text, maxsplit=1, flags=re.DOTALL)
    return before + re.sub(r'\s*<measure number="2">.*?</measure>', "", part, flags=re.DOTALL) + after


PERCUSSION = "-1: xf44 xc5 xf4 xc5 / c31\n"


@pytest.mark.parametrize("short", ["P1", "P2"])
def test_a_part_with_fewer_measures_gets_what_it_lacks(short: str) -> None:
    text = shorten(source("percussion"), short)
    found = spliced(text.encode(), PERCUSSION).decode()
    assert len(re.findall('<measure number="3">', found)) == 2
    assert len(re.findall('<measure number="2">', found)) == 2
    assert found.count("light-heavy") == 2


def test_a_part_with_fewer_measures_gets_them_in_score_timewise_too() -> None:
    text = timewise(source("percussion"))
    lacking = re.sub(r'(<measure number="2">.*?)\s*<part id="P2">.*?</part>', r"\1", text, flags=re.DOTALL)
    found = spliced(lacking.encode(), PERCUSSION).decode()
    assert re.findall(r'<(?:measure number|part id)="(\w+)"', found) == [
        "1",
        "P1",
        "P2",
        "2",
        "P1",
        "P2",
        "3",
        "P1",
        "P2",
    ]


def test_the_closing_bar_line_of_a_part_that_ends_earlier_stays() -> None:
    text = source("percussion", closing=False)
    early = shorten(text, "P2").replace(
        "    </measure>\n  </part>\n</score", f"      {CLOSING}\n    </measure>\n  </part>\n</score"
    )
    reading = read_with_origin(early.encode())
    found = splice(early.encode(), reading, new_bars(reading.score, PERCUSSION)).decode()
    assert CLOSING in found
    assert found.count("light-heavy") == 3


# --------------------------------------------------------------------------------------------------------------- contents


def test_divisions_that_are_too_coarse_are_changed_from_the_first_new_measure_on() -> None:
    text = (Path(__file__).parent / "data" / "two_bars.musicxml").read_text().replace("<divisions>2", "<divisions>2")
    found = spliced(text.encode(), "-1: g48t a b c54 b44\n").decode()
    assert re.search(r'<measure number="3">\s*<attributes>\s*<divisions>6</divisions>\s*</attributes>', found)
    assert found.count("<divisions>") == 2


def test_divisions_that_are_fine_enough_stay() -> None:
    xml = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
    assert spliced(xml, "-1: g44. a48 b44\n").count(b"<divisions>") == 1


@pytest.mark.parametrize("voice", ["Voice A", "7", "x1"])
def test_a_voice_keeps_the_name_that_the_source_gives_it(voice: str) -> None:
    text = source().replace("<voice>1</voice>", f"<voice>{voice}</voice>")
    found = check_bytes(text)
    assert set(re.findall("<voice>(.*?)</voice>", found)) == {voice}


def test_voices_five_to_eight_on_the_second_staff_go_on() -> None:
    text = source("piano")
    assert "<voice>5</voice>" in text
    found = spliced(text.encode(), "-1: c52. & eb42. / c34 g c4\n").decode()
    new = found[found.index('<measure number="5">') :]
    assert set(re.findall("<voice>(.*?)</voice>", new)) == {"1", "2", "5"}


def test_a_source_without_voices_can_be_continued() -> None:
    text = re.sub(r"\s*<voice>.*?</voice>", "", source())
    result = spliced(text.encode(), SIX_EIGHT).decode()
    assert without_closing(without_new(result, 4)) == without_closing(text)


def test_two_candidates_for_one_source_do_not_depend_on_each_other() -> None:
    xml = source("two voices").encode()
    reading = read_with_origin(xml)
    first = new_bars(reading.score, "-1: e52 & c38 d e f\n")
    second = new_bars(reading.score, "-1: e54 d & c34 g & s4 e34\n")
    alone = splice(xml, read_with_origin(xml), second)
    splice(xml, reading, first)
    assert splice(xml, reading, second) == alone


@pytest.mark.parametrize(
    ("last", "following"), [("12", ["13", "14"]), ("X1", ["3", "4"]), ("12a", ["13", "14"]), ("", ["4", "5"])]
)
def test_the_numbering_goes_on(last: str, following: list[str]) -> None:
    text = source().replace('<measure number="3">', f'<measure number="{last}">')
    found = spliced(text.encode(), SIX_EIGHT).decode()
    assert re.findall('<measure number="(.*?)"', found) == ["1", "2", last, *following]


def test_a_pickup_and_a_short_last_bar_are_followed_by_whole_bars() -> None:
    answer = "-1: c54 d e fs / a44 a a a / e42 d / a32 d\n"
    found = spliced(source("chorale").encode(), answer).decode()
    assert re.findall('<measure number="(.*?)"', found)[:5] == ["1", "2", "3", "4", "5"] or 'implicit="yes"' in found


def test_a_tie_into_the_first_new_bar_gets_its_end() -> None:
    text = source("chorale")
    with_tie = spliced(text.encode(), "-1: a41 / e41 / a31 / d31\n").decode()
    new = with_tie[with_tie.rindex("<measure number") :]
    assert new.count('<tie type="stop"/>') == 1
    assert new.count('<tied type="stop"/>') == 1
    other = spliced(text.encode(), "-1: a41 / e41 / a31 / e31\n").decode()
    assert '<tie type="stop"/>' not in other[other.rindex("<measure number") :]


def test_accidentals_are_those_of_the_key_in_force_in_each_part() -> None:
    found = spliced(source("transposing").encode(), "-1: bb44 b c52 / bb42 b\n").decode()
    new = re.findall(r'<measure number="3">.*?</measure>', found, flags=re.DOTALL)
    assert [re.findall("<accidental>(.*?)</accidental>", part) for part in new] == [["natural"], ["flat", "natural"]]


def test_a_new_clef_is_written_and_read_back() -> None:
    found = spliced(source("piano").encode(), "-1: c52. / =G2 c44 d e\n").decode()
    assert re.search(r'<measure number="5">.*<clef number="2">\s*<sign>G</sign>', found, flags=re.DOTALL)


def test_music_without_a_metre_gets_bars_as_long_as_its_last_one() -> None:
    found = spliced(source("senza misura").encode(), "-1: e44 f d2.\n".replace("d2.", "d42.")).decode()
    assert found.count("<measure ") == 3


def test_ids_with_signs_of_xml_are_escaped_in_score_timewise() -> None:
    text = timewise(source("percussion")).replace('"P2"', '"a&amp;b"')
    found = spliced(text.encode(), PERCUSSION).decode()
    assert found.count('<part id="a&amp;b">') == 3


def test_notes_of_a_part_with_several_instruments_name_theirs() -> None:
    text = source("percussion").replace(
        '<score-instrument id="P1-I1">',
        '<score-instrument id="P1-I0"><instrument-name>Hat</instrument-name></score-instrument>\n      <score-instrument id="P1-I1">',
    )
    reading = read_with_origin(text.encode())
    bar = new_bars(reading.score, PERCUSSION)[0]
    result = splice(text.encode(), reading, (bar,))
    new = result[result.rindex(b'<measure number="3">', 0, result.index(b'id="P2">', result.index(b"</part>"))) :]
    assert new.count(b'<instrument id="P1-I0"/>') == _notes(bar, 0)


def _notes(bar: Bar, part: int) -> int:
    found: list[Note] = []
    for row in bar.rows:
        if row.part == part:
            found += [note for item in row.items if isinstance(item, Chord) for note in item.notes]
    return len(found)


TWO_STAVES_ONE_VOICE = b"""<score-partwise><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time>
<staves>2</staves></attributes>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration><type>half</type><staff>1</staff></note>
<backup><duration>2</duration></backup>
<note><pitch><step>C</step><octave>3</octave></pitch><duration>2</duration><type>half</type><staff>2</staff></note>
</measure></part></score-partwise>"""


def test_two_staves_that_share_one_voice_go_on_sharing_it() -> None:
    reading = read_with_origin(TWO_STAVES_ONE_VOICE)
    result = splice(TWO_STAVES_ONE_VOICE, reading, (Bar(rows=reading.score.bars[0].rows),))
    again = read(result)
    assert again.bars[1].rows == reading.score.bars[0].rows
    assert result.count(b"<voice>1</voice>") == 2
