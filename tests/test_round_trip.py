"""Every small score in tests/data, all the way through text and MusicXML and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write

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
