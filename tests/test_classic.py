"""MusicXML to the 2024 format's parts and back: key for key, and nothing lost of what the format keeps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from classic_scores import EXAMPLE, XML, sounds
from musicxml_schema import INSTALLED, faults
from small_scores import SHARED, TEXTS, shared_scores, small_score

from chordllama.codec.classic import ClassicPart, Element, attributes_after, decode, dumps, encode, loads, to_musicxml
from chordllama.codec.classic.classic_documents import DEEPEST, with_voices
from chordllama.codec.musicxml import read, write
from chordllama.codec.report import Report
from chordllama.errors import ClassicError, ContainerError, MusicXMLError
from chordllama.score.model import QUARTER, Chord, Key, Time

DATA = Path(__file__).parent / "data"
NAMES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".musicxml", ".mxl"))
assert NAMES
needs_schema = pytest.mark.skipif(
    not INSTALLED, reason="the package musicxml, which holds the schema, is not installed"
)


def part_of(measure: str, instruction: str = "divisions: '1'\n") -> ClassicPart:
    return loads(f"{instruction}---\n{measure}")[0]


def notes(*values: str) -> str:
    """A measure of notes, each `step duration more…`."""
    lines = []
    for number, value in enumerate(values):
        step, duration, *more = value.split()
        lines += [f"  a{number:02d}_note:", f"    pitch: {{step: {step}, octave: '4'}}", f"    duration: '{duration}'"]
        lines += [f"    {entry.replace('=', ': ')}" for entry in more]
    return "- " + "\n".join(lines)[2:] + "\n"


# -------------------------------------------------------------------------------------------------------------- encoding


def test_a_score_is_encoded_key_for_key() -> None:
    assert dumps(encode(XML)) == EXAMPLE


def test_what_is_dropped_and_what_is_unknown_is_counted() -> None:
    report = Report()
    encode(XML.replace(b"<beam", b"<beem").replace(b"</beam", b"</beem"), "tune", report)
    assert report.dropped == {
        **dict.fromkeys(("print", "staff-details", "direction", "stem", "notations", "lyric"), 1),
        **dict.fromkeys(("figured-bass", "barline"), 1),
        "voice": 4,
        "beem": 1,
    }
    assert "<beem> is not MusicXML 4.0" in report.warnings()[0]


def test_every_part_is_encoded() -> None:
    parts = encode((DATA / "chorale.musicxml").read_bytes())
    assert len(parts) == 4
    assert {len(part.measures) for part in parts} == {12}
    assert [part.instruction.first("clef") for part in parts] == sorted(
        (part.instruction.first("clef") for part in parts),
        key=lambda clef: clef.value("sign") == "F" if clef else False,
    )


@pytest.mark.parametrize("name", ["two_bars.mxl", "utf16.musicxml"])
def test_archives_and_encodings_make_no_difference(name: str) -> None:
    plain = encode((DATA / "two_bars.musicxml").read_bytes())
    assert encode((DATA / name).read_bytes()) == plain


def test_measures_that_hold_their_parts_are_the_same() -> None:
    (part, *_) = encode((DATA / "timewise.musicxml").read_bytes())
    assert part.instruction.first("divisions")
    assert all(child.tag == "note" for measure in part.measures for child in measure.children)


def test_the_numbers_begin_anew_in_each_measure_and_leave_attributes_out() -> None:
    text = dumps(encode((DATA / "changes.musicxml").read_bytes()))
    measures = text.split("---\n")[1].split("\n- ")[1:]
    assert all("a00_" in measure for measure in measures)
    assert any("\n  attributes:" in measure or measure.startswith("attributes:") for measure in measures)


def test_attributes_at_several_places_of_a_measure_are_told() -> None:
    report = Report()
    encode((DATA / "changes.musicxml").read_bytes(), "changes", report)
    assert ["several places of one measure" in warning for warning in report.warnings()] == [True]


def test_below_a_kept_child_everything_passes() -> None:
    xml = XML.replace(b'<kind text="m">', b'<kind text="m" use-symbols="no" default-y="3">').replace(
        b"<rest/>", b'<rest xml:lang="de"><display-step>B</display-step><display-octave>4</display-octave></rest>'
    )
    text = dumps(encode(xml))
    assert "      '@text': m\n      '@use-symbols': 'no'\n      '@default-y': '3'\n      '#text': minor\n" in text
    assert "    rest:\n      '@xml:lang': de\n      display-step: B\n      display-octave: '4'\n" in text


def test_elements_without_end_in_one_another_are_refused() -> None:
    deep = b"<level>" * DEEPEST + b"</level>" * DEEPEST
    with pytest.raises(MusicXMLError, match="line 28"):
        encode(XML.replace(b"<rest/>", b"<rest>" + deep + b"</rest>"))


def test_files_go_through_the_guarded_reader() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE score-partwise [<!ENTITY a "b">]><score-partwise/>'
    for data in (b"", b"PK\x03\x04", bomb, b"<html/>"):
        with pytest.raises(ContainerError):
            encode(data)
    with pytest.raises(MusicXMLError, match="empty"):
        encode(b"<score-partwise/>")


# -------------------------------------------------------------------------------------------------------------- decoding


def test_key_time_clef_and_divisions_are_restored() -> None:
    score = decode(loads(EXAMPLE))
    assert score.parts[0].clefs == ("G2",)
    assert [change.value for change in score.bars[0].keys] == [Key(1, "major")]
    assert [change.value for change in score.bars[0].times] == [Time((("4", 4),), "common")]
    assert score.bar_lengths == (4 * QUARTER, 4 * QUARTER)
    assert sounds(score) == sounds(read(XML))


@needs_schema
@pytest.mark.parametrize("name", NAMES)
def test_what_is_decoded_keeps_to_the_schema(name: str) -> None:
    assert faults(write(decode(encode((DATA / name).read_bytes())))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_keeps_its_notes_ties_and_chord_symbols(name: str) -> None:
    data = (DATA / name).read_bytes()
    check_round_trip(data, name)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_small_score_keeps_its_notes_ties_and_chord_symbols(name: str) -> None:
    check_round_trip(write(small_score(name)), name)


@pytest.mark.skipif(not SHARED.exists(), reason="the songs of OpenScore are not there")
@pytest.mark.parametrize("path", shared_scores("openscore-lieder/scores/*.mxl", 3), ids=lambda path: path.stem)
def test_a_song_keeps_its_notes_ties_and_chord_symbols(path: Path) -> None:
    check_round_trip(path.read_bytes(), path.name)


def check_round_trip(data: bytes, name: str) -> None:
    parts = encode(data, name)
    assert loads(dumps(parts)) == parts
    assert encode(to_musicxml(parts)) == parts
    assert sounds(decode(parts)) == sounds(read(data, name))


def test_note_types_are_derived_where_they_are_not_said() -> None:
    score = decode((part_of(notes("C 1", "D 3", "E 4")),))
    types = [
        (item.duration.type, item.duration.dots) for item in score.bars[0].rows[0].items if isinstance(item, Chord)
    ]
    assert types == [("quarter", 0), ("half", 1), ("whole", 0)]


def test_namespaces_have_no_place_in_the_music() -> None:
    part = part_of(
        "- a00_note:\n    pitch:\n      '@xmlns': a\n      '@xlink:href': b\n      step: C\n      octave: '4'\n    duration: '4'\n"
    )
    assert part.measures[0].children[0].children[0].attributes == (("xmlns", "a"), ("xlink:href", "b"))
    assert b"xmlns" not in to_musicxml((part,))
    assert sounds(decode((part,))) == sounds(decode((part_of(notes("C 4")),)))


def test_elements_as_deep_as_may_be_are_read_again() -> None:
    levels = DEEPEST - 4
    deep = b"<x><y/></x><x>" * levels + b"</x>" * levels
    parts = encode(XML.replace(b"<rest/>", b"<rest>" + deep + b"</rest>"))
    assert loads(dumps(parts)) == parts


def test_bars_that_do_not_fill_their_metre_are_told_with_their_lengths() -> None:
    time = "divisions: '1'\ntime:\n  beats: '3'\n  beat-type: '4'\n"
    report = Report()
    decode((part_of(notes("C 3") + notes("D 2") + notes("E 4"), time),), "tune", report)
    assert report.warnings() == ["bars that don't fill their metre, with their lengths: 2 (1/2), 3 (1/1) (2 times)"]


def test_parts_are_joined_and_a_shorter_one_rests() -> None:
    parts = (part_of(notes("C 4") + notes("D 4")), part_of(notes("E 4")))
    score = decode(parts)
    assert (len(score.parts), len(score.bars)) == (2, 2)
    assert [row.part for row in score.bars[1].rows] == [0]


def test_a_measure_longer_than_any_music_is_refused_where_it_stands() -> None:
    with pytest.raises(ClassicError, match=r"^line 6, column 3: the measure is longer"):
        decode((part_of(notes("C 9", "D 999999999")),))


# ---------------------------------------------------------------------------------------------------------------- voices


def voices(part: ClassicPart) -> list[str]:
    return [voice for _, voice in with_voices(part.measures[0], Fraction(1000))]


def test_a_backup_begins_another_voice() -> None:
    back = "  a01_backup:\n    duration: '4'\n"
    second = "  a02_note:\n    pitch: {step: E, octave: '4'}\n    duration: '4'\n"
    assert voices(part_of(notes("C 4") + back + second)) == ["1", "", "2"]


def test_a_voice_that_has_ended_goes_on_after_a_backup() -> None:
    tune = part_of(notes("C 2", "D 2"))
    backup = Element("backup", children=(Element("duration", "2"),))
    forward = replace(backup, tag="forward")
    first, second = tune.measures[0].children
    measure = Element("measure", children=(first, forward, backup, second))
    assert [voice for _, voice in with_voices(measure, Fraction(1000))] == ["1", "", "", "1"]


def test_a_voice_belongs_to_the_staff_of_most_of_its_notes() -> None:
    assert voices(part_of(notes("C 1 staff='1'", "D 1 staff='2'", "E 1 staff='2'"))) == ["17", "17", "17"]


def test_chords_and_grace_notes_take_no_time() -> None:
    part = part_of(
        notes("C 4", "E 4 chord=null") + "  a02_backup:\n    duration: '4'\n" + notes("G 4")[2:].replace("a00", "  a03")
    )
    assert voices(part) == ["1", "1", "", "2"]
    assert len(decode((part,)).bars[0].rows) == 2


# ------------------------------------------------------------------------------------------------------------ attributes


def test_attributes_in_force_follow_each_change() -> None:
    clefs = "clef:\n- '@number': '1'\n  sign: G\n- '@number': '2'\n  sign: F\n"
    change = "- attributes:\n    divisions: '6'\n    clef:\n      '@number': '2'\n      sign: G\n  a00_note:\n    rest: null\n    duration: '24'\n"
    part = part_of(notes("C 4") + change, f"divisions: '1'\nkey:\n  fifths: '2'\n{clefs}")
    assert attributes_after(part, 1) == part.instruction
    after = attributes_after(part, 2)
    assert [child.tag for child in after.children] == ["divisions", "key", "clef", "clef"]
    assert (after.value("divisions"), [clef.value("sign") for clef in after.all("clef")]) == ("6", ["G", "G"])


def test_a_change_without_a_staff_is_for_all_staves() -> None:
    keys = "key:\n- '@number': '1'\n  fifths: '0'\n- '@number': '2'\n  fifths: '1'\n"
    change = "- attributes:\n    key:\n      fifths: '3'\n"
    after = attributes_after(part_of(change, keys), 1)
    assert [key.value("fifths") for key in after.all("key")] == ["3"]
