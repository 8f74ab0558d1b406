"""What a check counts: parts, signs, signatures, what was left out. The golden files are in data/check."""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from score_strategies import scores
from small_scores import TEXTS, shared_scores, small_score

from chordllama.checking.contents import Check, check, format_key_name, format_pitch
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.codec.whitelist import KINDS
from chordllama.score.model import Bar, Chord, Direction, Key, Note, Part, Rest, Row, Score

DATA = Path(__file__).parent / "data"
GOLDEN = sorted(path.stem for path in (DATA / "check").glob("*.json"))
FILES = sorted(DATA.glob("*.musicxml"))
SONGS = shared_scores("openscore-lieder/scores/*.mxl", 3)


def check_of(path: Path) -> Check:
    return check(read_with_origin(path.read_bytes(), path.name))


def check_score(score: Score) -> Check:
    return check(Reading(score, (), Report()))


def as_json(found: Check) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(json.dumps(asdict(found)))
    return fields


def test_there_are_golden_files() -> None:
    assert GOLDEN
    assert FILES


@pytest.mark.parametrize("name", GOLDEN)
def test_a_file_holds_what_its_golden_check_says(name: str) -> None:
    wanted = json.loads((DATA / "check" / f"{name}.json").read_text(encoding="utf-8"))
    assert {"file": f"{name}.musicxml"} | as_json(check_of(DATA / "check" / f"{name}.musicxml")) == wanted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_of_a_score_holds_the_same(path: Path) -> None:
    reading = read_with_origin(path.read_bytes(), path.name)
    found, of_text = check(reading), check_score(loads(dumps(reading.score)))
    left_out: dict[str, Any] = {"dropped": {}, "unknown": (), "mended": {}}
    assert asdict(found) | left_out == asdict(of_text) | left_out
    assert (of_text.dropped, of_text.unknown, of_text.mended) == ({}, (), {})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_notes_are_those_of_the_score(path: Path) -> None:
    reading = read_with_origin(path.read_bytes(), path.name)
    items = [item for bar in reading.score.bars for row in bar.rows for item in row.items]
    wanted = sum(len(item.notes) for item in items if isinstance(item, Chord))
    assert sum(part.notes for part in check(reading).parts) == wanted


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(scores())
def test_any_score_can_be_checked_and_told_as_json(score: Score) -> None:
    found = check_score(score)
    assert len(found.parts) == len(score.parts)
    assert json.dumps(asdict(found))


@pytest.mark.parametrize("name", TEXTS)
def test_kinds_are_those_that_can_be_left_out(name: str) -> None:
    assert set(check_score(small_score(name)).kept) <= {*KINDS, "notes", "bar lines"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_left_out_is_not_counted(kind: str) -> None:
    for path in FILES:
        score = read_with_origin(path.read_bytes(), path.name).score
        assert kind not in check_score(loads(dumps(score, without=(kind,)))).kept


def test_lines_are_counted_once_and_not_at_their_ends() -> None:
    kept = check_of(DATA / "signs.musicxml").kept
    assert kept["slurs"] == {"slur": 2}
    assert kept["dynamics"]["wedge"] == 1
    assert kept["octave-shifts"] == {"octave-shift": 1}
    assert kept["ornaments"] == {"trill-mark": 1, "wavy-line": 1}


def test_words_that_begin_like_the_end_of_a_line_are_words() -> None:
    row = Row(0, 1, 1, (Direction("words", "stop here"), Direction("pedal", "stop"), Rest(None)))
    assert check_score(Score((Part(),), (Bar((row,)),))).kept == {"words": {"words": 1}}


def test_a_staff_on_which_only_a_rest_stands_rests_in_the_count_too() -> None:
    voice, organ, horn = check_score(small_score("one part silent")).parts
    assert (voice.rests, organ.rests, horn.rests) == (0, 4, 2)
    assert (organ.staves, organ.voices) == (3, 3)
    assert (horn.notes, horn.lowest, horn.highest) == (0, "", "")


def test_percussion_has_notes_and_no_range() -> None:
    drums, bass = check_score(small_score("percussion")).parts
    assert (drums.notes, drums.lowest) == (15, "")
    assert (bass.lowest, bass.highest) == ("E2", "B2")
    assert drums.instruments == ("Drums",)


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (Note("C", 4), "C4"),
        (Note("F", 4, 1), "F#4"),
        (Note("B", 3, -2), "Bbb3"),
        (Note("A", 0, Fraction(1, 2)), "A0+0.5"),
    ],
)
def test_pitches_are_named_as_musicians_write_them(note: Note, name: str) -> None:
    assert format_pitch(note) == name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (Key(0, "major"), "C major"),
        (Key(-3, "minor"), "C minor"),
        (Key(-2, "major"), "Bb major"),
        (Key(7, "major"), "C# major"),
        (Key(-7, "minor"), "Ab minor"),
        (Key(5, "minor"), "G# minor"),
        (Key(0), "no sharps or flats"),
        (Key(1), "1 sharp"),
        (Key(-4, "dorian"), "4 flats"),
    ],
)
def test_keys_are_named_by_their_tonic_where_the_mode_is_known(key: Key, name: str) -> None:
    assert format_key_name(key) == name


def test_signatures_name_bar_and_part() -> None:
    found = check_of(DATA / "changes.musicxml")
    assert [(key.bar, key.part, key.value) for key in found.keys] == [
        (1, None, "no sharps or flats"),
        (2, None, "3 sharps"),
        (4, 1, "3 flats"),
    ]
    assert [time.value for time in found.times] == ["4/4", "3/4", "3+2/8", "2/2", "free"]


def test_an_unknown_element_has_a_place_and_a_dropped_one_a_reason() -> None:
    found = check_of(DATA / "check" / "uneven.musicxml")
    assert [(unknown.element, unknown.count, "measure 2" in unknown.first) for unknown in found.unknown] == [
        ("glitter", 2, True)
    ]
    assert found.dropped["layout of one page size"] == {"print": 1}


@pytest.mark.skipif(not SONGS, reason="OpenScore Lieder is not there")
@pytest.mark.parametrize("path", SONGS, ids=lambda path: path.stem)
def test_a_song_has_words_and_a_piano(path: Path) -> None:
    found = check_of(path)
    assert found.kept["lyrics"]
    assert any(part.staves == 2 for part in found.parts)
    assert found.bars == len(read_with_origin(path.read_bytes()).score.bars)
