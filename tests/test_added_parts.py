"""Empty parts in a composer's file: the rest of its bytes stays, and every bar has its rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from musicxml_schema import faults

from chordllama.codec.musicxml import read, read_with_origin
from chordllama.codec.splice import with_parts
from chordllama.score.model import Part
from chordllama.tasks.ensembles import ENSEMBLES, with_ensemble

DATA = Path(__file__).parent / "data"
FILES = sorted(path for path in DATA.glob("*.musicxml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parts_are_added_below_and_all_bytes_of_the_source_stay(path: Path) -> None:
    xml = path.read_bytes()
    reading = read_with_origin(xml, path.name)
    parts = ENSEMBLES["choir"]
    longer = with_parts(xml, reading, parts)
    after = read(longer)
    count = len(reading.score.parts)
    assert [part.name for part in after.parts[count:]] == ["Alto", "Tenor", "Bass"]
    assert [part.clefs for part in after.parts[count:]] == [("G2",), ("G2_8",), ("F4",)]
    assert after.parts[:count] == reading.score.parts
    assert after.bar_lengths == reading.score.bar_lengths
    assert [bar.rows for bar in after.bars] == [bar.rows for bar in reading.score.bars]
    letters = iter(longer)
    assert all(letter in letters for letter in xml), "what is new stands between what was there"


def test_the_new_parts_have_the_score_s_key_and_metre() -> None:
    xml = (DATA / "chorale.musicxml").read_bytes()
    reading = read_with_origin(xml, "chorale")
    after, before = read(with_ensemble(xml, reading, "piano")[0]), reading.score
    assert [(bar.keys, bar.times) for bar in after.bars] == [(bar.keys, bar.times) for bar in before.bars]


def test_a_score_with_added_parts_keeps_to_the_schema() -> None:
    xml = (DATA / "musescore3_piano.musicxml").read_bytes()
    longer = with_parts(xml, read_with_origin(xml, "piano"), (Part("Flute & more", clefs=("G2",)),))
    assert faults(longer) == faults(xml)


def test_ensembles_say_which_parts_were_there() -> None:
    xml = (DATA / "chorale.musicxml").read_bytes()
    _, own = with_ensemble(xml, read_with_origin(xml, "chorale"), "strings")
    assert own == (1, 2, 3, 4)
