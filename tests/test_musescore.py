"""The benchmarks' judges: what MuseScore and verovio say of a spliced file, and that no judge lets a planted fault pass."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from lxml.etree import _Element

from benchmarks.filling import faults
from benchmarks.kept import byte_faults
from benchmarks.musescore import (
    Judgement,
    breaks_the_schema,
    installed,
    main,
    musescore_on,
    musescore_on_each,
    verovio_on,
)
from chordllama.codec.compact import loads
from chordllama.codec.musicxml import read_with_origin, write
from chordllama.codec.splice import splice
from chordllama.score.model import FINAL, Barline

SOURCE = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
OLD = 2
SLUR = '<notations><slur type="start" number="1"/></notations>'

needs_musescore = pytest.mark.skipif(installed() is None, reason="MuseScore 3 (the program mscore3) is not installed")


def spliced() -> bytes:
    """The source with its own two bars once more behind it."""
    reading = read_with_origin(SOURCE)
    first, last = (replace(bar, keys=(), times=(), end=Barline()) for bar in reading.score.bars)
    return splice(SOURCE, reading, (first, replace(last, end=FINAL)))


SPLICED = spliced()


def planted(change: Callable[[_Element], object]) -> bytes:
    """The spliced file with a changed last measure."""
    root = etree.fromstring(SPLICED)
    change(root.findall("part/measure")[-1])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def overfill(measure: _Element) -> None:
    measure.insert(1, deepcopy(measure[0]))


def underfill(measure: _Element) -> None:
    measure.remove(measure.findall("note")[-1])


def to_second_voice(measure: _Element) -> None:
    for voice in measure.iter("voice"):
        voice.text = "2"


def add_nonsense(measure: _Element) -> None:
    etree.SubElement(measure, "nonsense")


def open_slur(measure: _Element) -> None:
    measure[0].append(etree.fromstring(SLUR))


# ------------------------------------------------------------------------------------------------------- no complaints


@needs_musescore
def test_musescore_opens_a_spliced_file_without_complaint() -> None:
    assert musescore_on(SPLICED).added_to(musescore_on(SOURCE)) == ()
    assert not breaks_the_schema(SPLICED, OLD)


@needs_musescore
def test_musescore_opens_a_bracket_without_complaint() -> None:
    plain = "parts:\n 1: clef=G2 midi=1 Piano\n1: time=2/4 {}c44 d\n2: e42{}\n"
    bracket, none = (
        write(loads(plain.format(*signs))) for signs in (("={bracket=start} ", " ={bracket=stop}"), ("", ""))
    )
    assert b"<bracket" in bracket
    assert musescore_on(bracket).added_to(musescore_on(none)) == ()


def test_verovio_engraves_a_spliced_file_without_complaint() -> None:
    assert verovio_on(SPLICED).complaints == ()


def test_every_bar_of_a_spliced_file_is_full_and_the_old_bytes_stay() -> None:
    assert faults(etree.fromstring(SPLICED)) == []
    assert list(byte_faults(SOURCE, SPLICED, 2)) == []


def test_a_part_that_ends_early_is_made_as_long_as_the_others() -> None:
    part = b"<part id='P'><measure>1</measure><measure>2</measure></part>"
    short = b"<part id='Q'><measure>1</measure></part>"
    longer = part.replace(b"</part>", b"<measure>3</measure></part>")
    added = short.replace(b"</part>", b"<measure>2</measure><measure>3</measure></part>")
    assert list(byte_faults(part + short, longer + added, 1)) == []
    assert list(byte_faults(part + short, longer + short, 1)) == ["part 2 isn't the source's, with 2 measures after it"]


# ------------------------------------------------------------------------------------------------------ planted faults


@needs_musescore
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (overfill, "measure 4 of staff 1 lasts 5/4"),
        (underfill, "measure 4 of staff 1 lasts 2/4"),
        (to_second_voice, "measure 4 of staff 1 was filled with a hidden rest"),
        (add_nonsense, "importMusicXml() file 'score.musicxml' is not a valid MusicXML file"),
    ],
)
def test_musescore_finds_a_planted_fault(change: Callable[[_Element], None], complaint: str) -> None:
    assert musescore_on(planted(change)).added_to(musescore_on(SPLICED)) == (complaint,)


@needs_musescore
@pytest.mark.parametrize("broken", [b"", SPLICED[:-60]])
def test_files_are_judged_together_as_each_alone(broken: bytes) -> None:
    """Where one can't be opened, MuseScore ends before the others are done."""
    files = [planted(change) for change in (overfill, add_nonsense, open_slur)] + [broken, SPLICED] * bool(broken)
    assert musescore_on_each(files) == [musescore_on(file) for file in files]


@needs_musescore
def test_musescore_finds_broken_xml() -> None:
    found = musescore_on(SPLICED[:-60]).complaints
    assert any("is not a valid MusicXML file" in line for line in found)
    assert "isn't well-formed XML" in found


@needs_musescore
def test_the_schema_is_tried_on_the_new_measures_alone() -> None:
    in_the_source = SPLICED.replace(b"<note>", b"<nonsense/><note>", 1)
    assert breaks_the_schema(planted(add_nonsense), OLD)
    assert breaks_the_schema(in_the_source, 0)
    assert not breaks_the_schema(in_the_source, OLD)


def test_verovio_finds_a_slur_without_an_end() -> None:
    (complaint,) = verovio_on(planted(open_slur)).complaints
    assert "could not be ended" in complaint


def test_verovio_finds_a_file_that_it_cannot_load() -> None:
    assert "can't be loaded" in verovio_on(b"<score-partwise/>").complaints


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (overfill, "is 5 quarters long instead of 3"),
        (underfill, "is 2 quarters long instead of 3"),
    ],
)
def test_the_walk_finds_a_bar_that_does_not_fill_its_metre(change: Callable[[_Element], None], fault: str) -> None:
    found = faults(etree.fromstring(planted(change)), OLD)
    assert f"measure 4 of part P1 {fault}" in found


SECOND_VOICE = """<score-partwise><part id="P1">
  <measure><attributes><divisions>4</divisions><time><beats>2</beats><beat-type>4</beat-type></time></attributes>
    <note><pitch/><duration>8</duration></note><backup><duration>8</duration></backup>{}</measure>
</part></score-partwise>"""


@pytest.mark.parametrize(
    ("voice", "found"),
    [
        ("<note><duration>8</duration><voice>2</voice></note>", []),
        ("<note><duration>4</duration><voice>2</voice></note>", ["has 1 of 2 quarters in voice 2"]),
        (
            "<note><duration>4</duration><voice>2</voice></note>"
            "<forward><duration>4</duration><voice>2</voice></forward>",
            [],
        ),
        (
            "<note><duration>4</duration><voice>2</voice></note><backup><duration>4</duration></backup>"
            "<note><duration>4</duration><voice>2</voice></note>",
            ["has a gap or an overlap in voice 2"],
        ),
        ("<note><grace/><voice>2</voice></note><note><duration>8</duration><voice>2</voice></note>", []),
        ("<note><duration>8</duration><voice>2</voice></note><note><chord/><duration>8</duration></note>", []),
    ],
)
def test_each_voice_is_walked_on_its_own(voice: str, found: list[str]) -> None:
    expected = [f"measure 1 of part P1 {fault}" for fault in found]
    assert faults(etree.fromstring(SECOND_VOICE.format(voice))) == expected


# -------------------------------------------------------------------------------------------------- the composer's bytes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<duration>3</duration>", b"<duration>4</duration>"),
        (b"Two Bars", b"Two bars"),
        (b'<measure number="1">', b'<measure  number="1">'),
        (b"</part>", b" </part>"),
    ],
)
def test_one_changed_byte_is_found(old: bytes, new: bytes) -> None:
    assert old in SPLICED
    assert list(byte_faults(SOURCE, SPLICED.replace(old, new, 1), 2))


def test_a_closing_bar_line_that_does_not_move_is_found() -> None:
    assert list(byte_faults(SOURCE, SPLICED.replace(b"light-heavy", b"light-light"), 2))


def test_another_number_of_new_measures_is_found() -> None:
    assert list(byte_faults(SOURCE, SPLICED, 1))
    assert list(byte_faults(SOURCE, SOURCE, 0)) == []


# ------------------------------------------------------------------------------------------------------------- the rest


def test_a_sources_own_complaints_do_not_count_wherever_they_stand() -> None:
    source = Judgement(("Error at line 7 col 3: no instrument", "chord 0x55aa is lost"))
    result = Judgement(
        ("Error at line 7 col 3: no instrument", "Error at line 90 col 3: no instrument", "chord 0x66bb is lost")
    )
    assert result.added_to(source) == ("Error at line 90 col 3: no instrument",)


@needs_musescore
def test_the_command_prints_complaints_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "short.musicxml").write_bytes(planted(underfill))
    assert main([str(tmp_path / "short.musicxml"), str(tmp_path / "missing.musicxml")]) == 1
    printed = capsys.readouterr().out
    assert "MuseScore: measure 4 of staff 1 lasts 2/4" in printed
    assert "missing.musicxml: 1 complaint" in printed
