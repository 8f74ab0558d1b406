"""Every small score in tests/data, and any score there is, all the way through text and MusicXML and back.

`pytest tests/test_round_trip.py --hypothesis-profile=long` tries 20,000 random scores in place of 500.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from examples import at_least
from hypothesis import given
from score_strategies import scores
from table_entries import ENTRIES, Entry, entries_of
from told import told

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.score.model import Score

DATA = Path(__file__).parent / "data"
SCORES = sorted(path for path in DATA.iterdir() if path.suffix in (".musicxml", ".xml", ".mxl"))
SUITE = Path(__file__).parents[2] / "shared" / "data" / "musicxml-test-suite" / "xmlFiles"
BROKEN = {"32ad-Notations5.musicxml"}
"""A file of the suite that is not well-formed XML."""


def test_there_are_scores() -> None:
    assert SCORES


@pytest.mark.parametrize("path", SCORES, ids=lambda path: path.name)
def test_a_score_comes_back_from_its_text_and_from_its_xml(path: Path) -> None:
    score = read(path.read_bytes(), path.name)
    assert loads(dumps(score)) == score
    assert read(write(score), path.name) == score


@pytest.mark.skipif(not SUITE.is_dir(), reason="the MusicXML test suite is not at hand in ../shared/data")
def test_the_whole_test_suite_keeps_its_text_when_it_goes_round() -> None:
    paths = [path for path in sorted(SUITE.iterdir()) if path.name not in BROKEN]
    assert paths
    for path in paths:
        text = dumps(read(path.read_bytes(), path.name))
        assert dumps(read(write(loads(text)), path.name)) == text, path.name


def test_any_score_comes_back_from_its_text_and_from_its_xml_whatever_entries_of_the_tables_it_uses() -> None:
    used: set[Entry] = set()

    @at_least(500)
    @given(scores())
    def comes_back(score: Score) -> None:
        used.update(entries_of(score))
        _comes_back(score)

    comes_back()
    assert len(ENTRIES - used) < len(ENTRIES) / 20, sorted(ENTRIES - used)


def _comes_back(score: Score) -> None:
    assert loads(dumps(score)) == score
    once = read(write(score))
    assert told(once) == told(score)
    assert _header(once) == _header(score)
    assert read(write(once)) == once
    assert loads(dumps(once)) == once


def _header(score: Score) -> tuple[object, ...]:
    """What is told before the first bar; a staff's first clef may stand in the bar, how rests of bars look is told by these, and unsung verses aren't."""
    parts = [replace(part, clefs=(), verses=(), whole_rests=False) for part in score.parts]
    return score.title, score.movement, score.creators, set(score.groups), parts
