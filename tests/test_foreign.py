"""Other formats: music21 turns them into MusicXML in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.container import parse
from chordllama.codec.musicxml import read
from chordllama.conversion.foreign import Converter, foreign_format, to_musicxml
from chordllama.conversion.midi_instruments import sound_of
from chordllama.errors import ScoreError
from chordllama.score.model import Chord, Direction

SCORE = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
ABC = b"X:1\nT:Tune\nM:4/4\nL:1/8\nK:G\nGABc d2e2|gfed c4|]\n"
HUMDRUM = b"**kern\n*clefG2\n*k[f#]\n*M4/4\n=1\n4g\n4a\n4b\n4cc\n=2\n1g\n==\n*-\n"
MEI = b"""<?xml version="1.0"?>
<mei xmlns="http://www.music-encoding.org/ns/mei"><music><body><mdiv><score>
<scoreDef meter.count="4" meter.unit="4"><staffGrp><staffDef n="1" lines="5" clef.shape="G" clef.line="2"/></staffGrp></scoreDef>
<section><measure n="1"><staff n="1"><layer n="1"><note pname="c" oct="4" dur="1"/></layer></staff></measure></section>
</score></mdiv></body></music></mei>"""
_NOTES = b"".join(bytes([0, 0x90, key, 64, 96, 0x80, key, 64]) for key in (60, 62, 64, 65))
_TRACK = _NOTES + b"\x00\xff\x2f\x00"
MIDI = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(_TRACK).to_bytes(4, "big") + _TRACK
SAMPLES = {"a.abc": (ABC, 11), "a.krn": (HUMDRUM, 5), "a.mei": (MEI, 1), "a.mid": (MIDI, 4)}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_becomes_musicxml_with_all_its_notes(name: str) -> None:
    data, notes = SAMPLES[name]
    tree = parse(to_musicxml(data, name), name)
    assert len([note for note in tree.iter("note") if note.find("pitch") is not None]) == notes
    assert [part.get("id") for part in tree.iter("score-part", "part")] == ["P1", "P1"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_format_is_known_by_its_content_and_by_its_suffix(name: str) -> None:
    wanted = {"a.abc": "abc", "a.krn": "humdrum", "a.mei": "mei", "a.mid": "midi"}[name]
    assert foreign_format(SAMPLES[name][0], "standard input") == wanted
    assert foreign_format(b"anything", name.upper()) == wanted


@pytest.mark.parametrize("name", ["a.musicxml", "a.mxl", "a.xml", "standard input"])
def test_musicxml_is_not_foreign(name: str) -> None:
    assert foreign_format(SCORE, name) is None


@pytest.mark.parametrize(("data", "name"), [(b"MThd\0\0", "a.mid"), (b"<mei", "a.mei"), (b"\xff\xfe\0", "a.krn")])
def test_an_unreadable_file_is_a_score_error_that_names_file_and_format(data: bytes, name: str) -> None:
    with pytest.raises(ScoreError, match=rf"{name}: can't be read as") as fault:
        to_musicxml(data, name)
    assert fault.value.cause
    assert "Traceback" not in fault.value.cause


def test_a_file_without_notes_is_refused() -> None:
    with pytest.raises(ScoreError, match="there are no notes"):
        to_musicxml(b"X:1\nK:G\n", "a.abc")


def test_what_takes_too_long_ends() -> None:
    with pytest.raises(ScoreError, match=r"took more than 0\.05 seconds"):
        to_musicxml(ABC, "a.abc", seconds=0.05)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ScoreError, match="the format is unknown"):
        to_musicxml(b"RIFF", "a.wav")


def test_a_module_in_the_working_directory_is_not_taken_for_music21(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "music21.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    assert to_musicxml(ABC, "a.abc").startswith(b"<?xml")


def test_one_process_converts_many_files_as_one_each_would() -> None:
    with Converter() as converter:
        for name, (data, _) in SAMPLES.items():
            assert converter.to_musicxml(data, name) == to_musicxml(data, name)
        with pytest.raises(ScoreError, match="there are no notes"):
            converter.to_musicxml(b"X:1\nK:G\n", "empty.abc")
        assert converter.to_musicxml(ABC, "a.abc")


def test_a_converter_that_a_file_has_ended_begins_anew() -> None:
    with Converter() as converter:
        converter.to_musicxml(ABC, "a.abc")
        assert converter._child._process is not None
        converter._child._process.kill()
        with pytest.raises(ScoreError, match=r"b\.abc: can't be read as abc") as caught:
            converter.to_musicxml(ABC, "b.abc")
        assert caught.value.cause is not None
        assert caught.value.cause.startswith("music21 died: its process was killed by signal 9")
        assert converter.to_musicxml(ABC, "c.abc")


def test_a_converter_doesnt_wait_longer_than_it_is_told_to() -> None:
    with Converter(0.05) as converter, pytest.raises(ScoreError, match=r"took more than 0\.05 seconds"):
        converter.to_musicxml(ABC, "a.abc")


def midi(*tracks: bytes) -> bytes:
    """A file of some tracks' events, of 96 ticks a quarter."""
    ended = [track + b"\x00\xff\x2f\x00" for track in tracks]
    chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in ended)
    return b"MThd\0\0\0\6\0\1" + len(tracks).to_bytes(2, "big") + b"\0\x60" + chunks


def named(name: str) -> bytes:
    return b"\x00\xff\x03" + bytes([len(name)]) + name.encode()


def struck(*keys: int, channel: int = 0) -> bytes:
    return b"".join(bytes([0, 0x90 + channel, key, 64, 96, 0x80 + channel, key, 64]) for key in keys)


def program(number: int) -> bytes:
    return bytes([0, 0xC0, number])


def test_midi_drums_are_a_drum_set() -> None:
    bass = named("Low") + bytes([0, 0xC1, 33]) + struck(36, 38, 40, 41, channel=1)
    score = read(to_musicxml(midi(struck(36, 38, 42, 46, 51, 27, channel=9), bass), "drums.mid"))
    drums, low = score.parts
    assert drums.clefs == ("percussion",)
    assert [(i.name, i.unpitched, i.channel) for i in drums.instruments][1:4] == [
        ("Bass Drum", 37, 10),
        ("Snare Drum", 39, 10),
        ("Closed Hi-Hat", 43, 10),
    ]
    chords = [
        item for bar in score.bars for row in bar.rows if row.part == 0 for item in row.items if isinstance(item, Chord)
    ]
    told = [
        (
            drums.instruments[int(marks.get("instrument", "1")) - 1].name,
            f"{note.step}{note.octave}",
            marks.get("notehead"),
        )
        for chord in chords
        for note in chord.notes
        if (marks := {mark.name: mark.value for mark in note.marks}) is not None
    ]
    assert told[:5] == [
        ("Bass Drum", "F4", None),
        ("Snare Drum", "C5", None),
        ("Closed Hi-Hat", "G5", "x"),
        ("Open Hi-Hat", "G5", "circle-x"),
        ("Ride Cymbal", "F5", "x"),
    ]
    assert len(set(told)) == 6
    assert all(note.unpitched for chord in chords for note in chord.notes)
    assert [i.program for i in low.instruments] == [34]


def test_each_percussion_sound_has_a_place_of_its_own() -> None:
    assert len({sound[1:] for sound in map(sound_of, range(35, 82))}) == 47


def test_a_program_change_goes_before_the_name_of_its_track() -> None:
    score = read(to_musicxml(midi(named("Trumpet") + program(40) + struck(60, 62)), "named.mid"))
    assert score.parts[0].name == "Trumpet"
    assert [i.program for i in score.parts[0].instruments] == [41]


def test_midi_sounds_as_it_is_written() -> None:
    score = read(to_musicxml(midi(program(56) + struck(60, 62) + program(57) + struck(64, 65)), "trumpet.mid"))
    assert score.parts[0].transposition is None
    items = [item for bar in score.bars for row in bar.rows for item in row.items]
    assert not [item for item in items if isinstance(item, Direction) and item.name == "transpose"]
    assert [12 + note.height for item in items if isinstance(item, Chord) for note in item.notes] == [60, 62, 64, 65]
