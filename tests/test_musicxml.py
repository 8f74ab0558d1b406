"""MusicXML to score and back: small files that each show one thing, spoilt files, and any score there is."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from examples import at_least
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from musicxml_schema import INSTALLED, faults
from score_strategies import scores

from benchmarks.round_trip.compare import round_trip
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, read_with_origin, write
from chordllama.codec.report import Report
from chordllama.errors import ChordLlamaError, MusicXMLError
from chordllama.score.model import (
    QUARTER,
    Bar,
    Chord,
    Direction,
    Group,
    Instrument,
    Key,
    Mark,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Transposition,
    duration,
)

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "data"
NAMES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".musicxml", ".mxl"))
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
needs_schema = pytest.mark.skipif(
    not INSTALLED, reason="the package musicxml, which holds the schema, is not installed"
)


def score_of(name: str) -> Score:
    return read((DATA / name).read_bytes(), name)


def row(score: Score, bar: int, place: tuple[int, int, int] = (0, 1, 1)) -> Row:
    return next(row for row in score.bars[bar].rows if row.place == place)


def chords(score: Score, bar: int = 0, place: tuple[int, int, int] = (0, 1, 1)) -> list[Chord]:
    return [item for item in row(score, bar, place).items if isinstance(item, Chord)]


def edited(name: str, old: str, new: str) -> bytes:
    text = (DATA / name).read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new).encode()


# ------------------------------------------------------------------------------------------------------------ each file


@pytest.mark.parametrize("name", NAMES)
def test_a_file_loses_nothing_on_its_way_to_text_and_back(name: str) -> None:
    result = round_trip(DATA / name)
    assert not result.fault
    assert result.stable
    assert not result.examples
    assert all(tally.source == tally.found for tally in result.tallies.values())


@needs_schema
@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_keeps_to_the_schema(name: str) -> None:
    assert faults(write(score_of(name))) == []


def test_notes_on_the_other_staff_stay_in_their_voice() -> None:
    score = score_of("piano_cross_staff.musicxml")
    crossing = [chord.notes[0].marks for chord in chords(score, 0, (0, 2, 1))]
    assert crossing == [(), (), (), (), (Mark("cross", "1"),), (Mark("cross", "1"),)]
    assert {row.place for row in score.bars[1].rows} == {(0, 1, 1), (0, 1, 2), (0, 2, 1)}


def test_an_inner_tuplet_says_its_own_ratio() -> None:
    inner = chords(score_of("nested_tuplets.musicxml"))[1]
    assert (inner.duration.actual, inner.duration.normal) == (15, 8)
    assert inner.notes[0].marks == (Mark("tuplet-start", "5:4"),)
    assert inner.ticks == QUARTER * Fraction(2, 15)


def test_what_the_divisions_rounded_is_set_right() -> None:
    assert [chord.ticks for chord in chords(score_of("rounded_triplets.musicxml"))] == [*[QUARTER // 3] * 3, QUARTER]


def test_grace_notes_take_no_time() -> None:
    score = score_of("grace_notes.musicxml")
    assert [chord.grace for chord in chords(score)] == ["slash", "", "grace", "grace", ""]
    assert [chord.grace for chord in chords(score, 1)] == ["", "grace", "grace"]
    assert [len(chord.notes) for chord in chords(score, 2)] == [2, 1]


def test_verses_hyphens_and_melismas_are_kept() -> None:
    score = score_of("lyrics.musicxml")
    first = chords(score)[0].lyrics
    assert [(s.verse, s.text, s.hyphen) for s in first] == [(1, "Lie", True), (2, "O", False)]
    assert chords(score, 1)[0].lyrics[0].extend
    assert chords(score, 2)[0].lyrics[0].text == "sei‿es"


def test_a_bar_before_the_first_is_as_long_as_its_notes() -> None:
    score = score_of("pickup.musicxml")
    assert (score.bars[0].length, score.bars[0].number, score.bars[0].implicit) == (QUARTER, None, True)
    assert b'<measure number="0" implicit="yes">' in write(score)
    assert [bar.number for bar in score.bars] == [None, None, None, "2a", None, None]


def test_percussion_keeps_places_noteheads_and_instruments() -> None:
    score = score_of("percussion.musicxml")
    assert score.parts[0].instruments == (
        Instrument("Bass drum", 0, 36, 10),
        Instrument("Closed hi-hat", 0, 43, 10),
    )
    head = chords(score)[0].notes[0]
    assert (head.unpitched, head.step, head.octave) == (True, "G", 5)
    assert head.marks == (Mark("instrument", "2"), Mark("notehead", "x"))
    assert score.parts[1].lines == (1,)


def test_a_transposing_part_keeps_its_own_key() -> None:
    score = score_of("clarinet.musicxml")
    assert score.parts[0].transposition == Transposition(-2, -1, 0)
    assert {change.part: change.value for change in score.bars[0].keys} == {0: Key(2, "major"), 1: Key(0, "major")}


def test_what_is_hidden_is_a_gap_and_a_hidden_note_a_note() -> None:
    score = score_of("hidden.musicxml")
    assert row(score, 0).items[0] == Spacer(chords(score)[0].duration)
    assert chords(score, 1)[1].notes[0].has("hidden")
    assert row(score, 2).items == (Spacer(),)
    assert score.bars[3].rows == ()
    assert row(score, 4).items[0] == Rest(chords(score, 4)[0].duration, (Mark("position", "b4"),))


def test_all_ways_to_pack_a_score_give_the_same_one() -> None:
    plain = score_of("two_bars.musicxml")
    assert score_of("utf16.musicxml") == plain
    assert score_of("two_bars.mxl") == plain


def test_measures_first_reads_as_parts_first() -> None:
    score = score_of("timewise.musicxml")
    assert [chord.notes[0].step for bar in range(3) for chord in chords(score, bar, (1, 1, 1))] == ["C", "G", "C"]


def test_groups_of_parts_are_kept() -> None:
    assert score_of("chorale.musicxml").groups == (Group(0, 3, "bracket", "yes"),)


def test_a_part_that_is_listed_twice_counts_once_in_its_group() -> None:
    part = '<score-part id="P1"><part-name>S</part-name></score-part>'
    root = etree.fromstring((DATA / "chorale.musicxml").read_bytes())
    first = root.find("part-list/score-part")
    assert first is not None
    first.addprevious(etree.fromstring(part.replace("P1", first.get("id", ""))))
    score = read(etree.tostring(root))
    assert score.groups == (Group(0, 3, "bracket", "yes"),)
    assert loads(dumps(score)) == score


# ------------------------------------------------------------------------------------------------------- odd and broken


def test_dropped_and_unknown_elements_are_counted() -> None:
    report = Report()
    data = edited("two_bars.musicxml", "<note>", "<note><beam number='1'>begin</beam><sparkle/><play/>")
    read(data, "score", report)
    assert report.dropped["play"] == report.unknown["sparkle"] == 5
    assert "beam" not in report.dropped
    (warning,) = report.warnings()
    assert warning.startswith("<sparkle> is not MusicXML 4.0: left out 5 times, first in part P1, measure 1")


def test_a_measure_without_a_number_is_counted() -> None:
    report = Report()
    data = edited("two_bars.musicxml", '<measure number="2">', "<measure><sparkle/>")
    read(data, "score", report)
    assert "first in part P1, measure 2 (line" in report.warnings()[0]


def test_a_sign_whose_value_makes_no_sense_is_left_out_and_counted() -> None:
    report = Report()
    data = edited("signs.musicxml", '<pedal type="start" line="yes"/>', '<pedal type="jump"/>')
    score = read(data, "score", report)
    assert "jump" not in dumps(score)
    assert any("pedal" in warning for warning in report.warnings())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<divisions>2</divisions>", "<divisions>0</divisions>", '"0" is not a number of divisions'),
        ("<duration>3</duration>", "<duration>-3</duration>", '"-3" is not a duration'),
        ("<duration>3</duration>", "<duration>1e999999999</duration>", "is not a duration"),
        ("<duration>3</duration>", "<duration>999999999</duration>", "longer than any music"),
    ],
)
def test_an_impossible_length_is_refused_with_its_place(old: str, new: str, reason: str) -> None:
    with pytest.raises(MusicXMLError, match=f'part "Voice", measure 1, <.*> in line [0-9]+: .*{reason}'):
        read(edited("two_bars.musicxml", old, new))


def test_a_score_without_measures_is_refused() -> None:
    with pytest.raises(MusicXMLError, match="the score is empty"):
        read(b"<score-partwise><part-list/></score-partwise>")


def test_missing_voices_types_and_part_lists_are_no_fault() -> None:
    data = b"""<score-partwise><part id="X"><measure><note><pitch><step>C</step><octave>4</octave></pitch>
        <duration>1</duration></note><note><rest/><duration>1</duration></note></measure></part></score-partwise>"""
    score = read(data)
    assert score.bars[0].length == 2 * QUARTER
    assert loads(dumps(score)) == score


def test_voices_that_sound_at_once_under_one_name_are_told_apart() -> None:
    data = edited("hidden.musicxml", "<voice>2</voice>", "<voice>1</voice>")
    assert [chord.notes[0].step for chord in chords(read(data), 0, (0, 1, 2))] == ["E"]


def test_the_origin_says_how_the_source_writes_its_voices() -> None:
    (origin,) = read_with_origin((DATA / "piano_cross_staff.musicxml").read_bytes()).origins
    assert (origin.id, origin.divisions) == ("P1", 2)
    assert origin.voices == {(1, 1): "1", (1, 2): "2", (2, 1): "5"}


def test_lines_that_begin_and_end_at_one_note_are_told_from_two_that_meet() -> None:
    slur = '<slur type="{}" number="1"/>'.format
    meets = edited("signs.musicxml", slur("stop") + "</notations>", slur("stop") + slur("start") + "</notations>")
    text = dumps(read(meets))
    assert "c5)( " in text or "c5)(\n" in text
    assert dumps(read(write(loads(text)))) == text
    xml = write(read(meets)).decode()
    assert xml.rindex(slur("stop")) < xml.rindex(slur("start"))
    wavy = write(score_of("signs.musicxml")).decode()
    assert wavy.index('wavy-line type="start"') < wavy.index('wavy-line type="stop"')


# ---------------------------------------------------------------------------------------------------------- any score


def heard(score: Score) -> list[Counter[object]]:
    """The notes of each bar: part, onset, pitch, length."""
    found = []
    for bar in score.bars:
        notes: Counter[object] = Counter()
        for row in bar.rows:
            notes.update(_heard_row(row))
        found.append(notes)
    return found


def _heard_row(row: Row) -> Counter[object]:
    position: int | Fraction = 0
    notes: Counter[object] = Counter()
    for item in row.items:
        if isinstance(item, Chord):
            notes.update(
                (row.part, position, note.pitch, note.unpitched, item.ticks, item.grace) for note in item.notes
            )
            position += item.ticks
        elif isinstance(item, Rest | Spacer) and item.duration:
            position += item.duration.ticks
    return notes


@QUICK
@given(scores())
def test_any_score_is_written_with_all_its_notes_and_what_was_read_once_stays(score: Score) -> None:
    once = read(write(score))
    assert heard(once) == heard(score)
    assert read(write(once)) == once
    assert loads(dumps(once)) == once


@needs_schema
@QUICK
@given(scores())
def test_any_score_is_written_by_the_schema(score: Score) -> None:
    assert faults(write(score)) == []


# --------------------------------------------------------------------------------------------------------- spoilt files

SOURCES = [etree.fromstring((DATA / name).read_bytes()) for name in NAMES if name.endswith(".musicxml")]
ELEMENTS = st.sampled_from(["cut", "twice", "text", "attribute", "tag", "swap"])
ODD = st.sampled_from(
    ["", "0", "-1", "1e400", "nan", "99999999999999", "x", "½", "start", "stop", "yes", "  ", "1/0", "٣"]
)


@at_least(150)
@given(
    st.sampled_from(SOURCES),
    st.lists(st.tuples(st.integers(0, 10_000), ELEMENTS, ODD), min_size=1, max_size=6),
)
def test_a_spoilt_file_is_read_or_refused_and_what_is_read_has_a_text(
    source: etree._Element, changes: list[tuple[int, str, str]]
) -> None:
    root = etree.fromstring(etree.tostring(source))
    for place, change, value in changes:
        _spoil(root, place, change, value)
    assume(root.tag in ("score-partwise", "score-timewise"))
    try:
        score = read(etree.tostring(root))
    except ChordLlamaError:
        return
    assert loads(dumps(score)) == score
    assert read(write(score)).bars


def _spoil(root: etree._Element, place: int, change: str, value: str) -> None:
    elements = list(root.iter("*"))[1:]
    if not elements:
        return
    element = elements[place % len(elements)]
    parent = element.getparent()
    assert parent is not None
    if change == "cut":
        parent.remove(element)
    elif change == "twice":
        parent.append(etree.fromstring(etree.tostring(element)))
    elif change == "text":
        element.text = value
    elif change == "tag":
        element.tag = elements[(place * 7) % len(elements)].tag
    elif change == "swap":
        parent.insert(0, element)
    else:
        for name in element.attrib:
            element.set(name, value)


# -------------------------------------------------------------------------------------------------------- larger scores


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not at hand")
@pytest.mark.parametrize("folder", ["openscore-lieder", "openscore-quartets"])
def test_real_scores_lose_no_note_rest_tie_or_tuplet(folder: str) -> None:
    paths = sorted(SHARED.joinpath(folder, "scores").glob("*.mxl"))[:: 300 if folder.endswith("lieder") else 60]
    assert paths
    for path in paths:
        result = round_trip(path)
        assert (result.fault, result.stable, result.lost) == ("", True, 0), path.name


def test_bars_of_a_shorter_part_are_empty() -> None:
    data = edited(
        "clarinet.musicxml",
        '<measure number="2">\n      <note><pitch><step>F',
        '<measure number="2"><note><pitch><step>F',
    )
    root = etree.fromstring(data)
    last = root.findall("part")[1].findall("measure")[1]
    root.findall("part")[1].remove(last)
    score = read(etree.tostring(root))
    assert [isinstance(bar, Bar) for bar in score.bars] == [True, True]
    assert all(row.part == 0 for row in score.bars[1].rows)


@needs_schema
def test_figures_that_come_after_their_note_began_are_written_by_the_schema_and_come_back() -> None:
    figures = Direction("figured-bass", "6 4", duration("eighth").ticks)
    bar = Bar((Row(0, 1, 1, (figures, Rest(duration("whole")))),))
    score = read(write(Score((Part("A"),), (bar,))))
    assert faults(write(score)) == []
    assert [item for item in score.bars[0].rows[0].items if isinstance(item, Direction)] == [figures]


@pytest.mark.parametrize("beats", [2, 4])
@pytest.mark.parametrize("rest", ["<rest/>", '<rest measure="yes"/>', "<rest/><!-- whole -->"])
def test_a_rest_that_is_longer_than_what_others_play_is_the_bars_own(beats: int, rest: str) -> None:
    type = "<type>whole</type>" if "whole" in rest else "<type>half</type>" if "yes" in rest else ""
    score = read(
        f"""<score-partwise><part-list/><part id="P1"><measure number="1">
        <attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
        <note><pitch><step>C</step><octave>4</octave></pitch><duration>{beats}</duration></note></measure></part>
        <part id="P2"><measure number="1"><attributes><divisions>1</divisions></attributes>
        <note>{rest}<duration>8</duration>{type}</note></measure></part></score-partwise>""".encode()
    )
    assert score.bar_lengths == (duration("quarter").ticks * beats,)
    assert all(row.part == 0 for row in score.bars[0].rows), "what only rests goes without saying"
    assert loads(dumps(score)) == score


def test_what_others_let_go_before_a_score_is_read_counts_as_young_afterwards() -> None:
    """Or the collector would hardly look for it any more, and a server would grow with each request."""

    class Knot:
        def __init__(self) -> None:
            self.itself = self

    was_on = gc.isenabled()
    gc.enable()
    knot = weakref.ref(Knot())
    read(Path(__file__).with_name("data").joinpath("chorale.musicxml").read_bytes())
    gc.collect(1)
    if not was_on:
        gc.disable()
    assert knot() is None
