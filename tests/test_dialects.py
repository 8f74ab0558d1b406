"""What each program's export habits become: the bars of small files written as the programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.compact import dumps
from chordllama.codec.musicxml import read

DATA = Path(__file__).parent / "data"


def bars(name: str) -> list[str]:
    path = DATA / f"{name}.musicxml"
    lines = dumps(read(path.read_bytes(), path.name)).splitlines()
    return [line for line in lines if line[:1].isdigit()]


@pytest.mark.parametrize(
    ("name", "bar", "habit", "text"),
    [
        ("no_divisions", 1, "missing divisions, cue and grace notes without a duration", "f44 g48{cue} b416g a"),
        ("loose", 1, "a backup past the beginning of the bar ends there", "c54 d & e42"),
        ("loose", 2, "a bar longer than its metre says how long it is", "length=3/4 r2."),
        ("loose", 3, "a repeated measure number is kept", "number=2 b48g c54"),
        ("musescore3_piano", 1, "voice 5 on staff 2 is its first", " / =ped g24"),
        ("musescore3_piano", 3, "an ending in the first part alone; chord symbols without a root", "Cnone"),
        ("musescore3_piano", 3, "a clef in the middle of a bar", "g42 =F4 g34"),
        ("musescore4_band", 1, "a tempo in words and figures; the swing of its playback is left out", '"Swing" =t140'),
        ("musescore4_band", 1, "drums by the instruments' ids, two voices", "{instrument=2}"),
        ("finale_pickup", 1, "a pick-up numbered 0, and a time signature that isn't printed", "4/4,hidden"),
        ("finale_pickup", 2, "wedges with offsets stand at their time", "=<&8 f42 =!&:5/16 a"),
        ("finale_pickup", 3, "a bar numbered X1 within a system", "number=X1"),
        ("sibelius_song", 1, "a tempo mark with words in the place of its number", 't(4="c. 80")'),
        ("sibelius_song", 3, "lengths rounded to 256 divisions become a triplet", "d52t e54t fs54"),
        ("sibelius_song", 4, "a rest with a place of its own in a second voice", "r4{position=f4}"),
        ("dorico_clarinet", 1, "an additive metre with its key's mode", "key=2,none time=3+2/8"),
        ("dorico_clarinet", 2, "signs by the glyphs of a music font", "smufl:ornamentTrill"),
        ("music21_tune", 1, "measure 0 is a pick-up with 10080 divisions", "length=1/4 key=2,major time=2/4"),
        ("music21_tune", 2, "tuplets of 3360 divisions", "d58t cs b4"),
        ("music21_tune", 3, "hidden rests hold a place", "s4 d54"),
    ],
)
def test_a_habit_is_read_for_what_it_means(name: str, bar: int, habit: str, text: str) -> None:
    assert text in bars(name)[bar - 1], habit


def test_a_multi_rest_is_as_many_bars_of_rest() -> None:
    assert bars("musescore4_band")[1:] == ["2:", "3: end=final"]


def test_transposing_parts_keep_their_written_pitch_and_say_by_how_much() -> None:
    text = dumps(read((DATA / "musescore4_band.musicxml").read_bytes(), "a"))
    assert "transpose=-9/-5/0" in text
    assert "fs48" in text
