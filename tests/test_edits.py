"""What musicdiff, which shares no code with the codec, finds changed in the small scores: no note and no rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.round_trip.__main__ import main
from benchmarks.round_trip.compare import round_trip
from benchmarks.round_trip.edit_table import unexplained
from benchmarks.round_trip.edits import Edits, bounded_edits, compare, edits
from benchmarks.round_trip.sixty import SIXTY, first_bars

pytest.importorskip("musicdiff", reason="the package musicdiff is not installed")

DATA = Path(__file__).parent / "data"
SCORES = sorted(path for path in DATA.iterdir() if path.suffix in (".musicxml", ".mxl"))
MISREAD = {"no_divisions.musicxml"}
"""Where music21 assumes other divisions than those of the standard; the walker judges this file."""
ROUNDED = {"sibelius_song.musicxml"}
"""Where a file's divisions have no place for a triplet and music21 reads the rounded length."""
DOTTED = {"musescore3_piano.musicxml"}
"""Where endings print a dot after their number."""
FIVE_LINES = {"musescore4_band.musicxml"}
"""Where a staff is said to have five lines, which says nothing."""
UNREAD = {"timewise.musicxml"}
"""What music21 doesn't read."""


@pytest.mark.parametrize("path", SCORES, ids=lambda path: path.name)
def test_no_note_and_no_rest_is_edited(path: Path) -> None:
    found = edits(path, path.name)
    assert bool(found.notes) == (path.name in MISREAD), found
    assert bool(found.all) == (path.name in MISREAD | ROUNDED | DOTTED | FIVE_LINES), found
    assert bool(found.fault) == (path.name in UNREAD), found


def test_the_walker_finds_all_notes_where_musicdiff_misreads() -> None:
    for name in MISREAD | ROUNDED | UNREAD:
        assert round_trip(DATA / name).lost == 0, name


def test_another_note_is_an_edit(tmp_path: Path) -> None:
    source = DATA / "two_bars.musicxml"
    other = tmp_path / "other.musicxml"
    other.write_bytes(source.read_bytes().replace(b"<octave>4</octave>", b"<octave>5</octave>", 1))
    found = Edits("two_bars.musicxml")
    compare(source, other, found)
    assert found.notes > 0
    assert 0 < found.rate <= found.notes_rate < 1
    assert found.kinds
    assert set(found.kinds) == set(found.examples)


def test_a_file_that_is_refused_is_named_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.musicxml"
    broken.write_bytes(b"<score-partwise>")
    assert edits(broken, "broken").fault.startswith("refused: ")


def test_a_comparison_that_computes_too_long_is_given_up() -> None:
    assert bounded_edits(DATA / "chorale.musicxml", "chorale", seconds=0).fault == "not compared within 0 s"


def test_there_are_sixty_scores_of_six_kinds_and_none_twice() -> None:
    assert len(SIXTY) == 6
    assert len({choice for choices in SIXTY.values() for choice in choices}) == 60


def test_the_first_bars_of_a_file_are_a_file() -> None:
    source = (DATA / "chorale.musicxml").read_bytes()
    assert first_bars(source, 1).count(b"<measure ") == source.count(b"<part id=")


def test_the_command_prints_a_table_and_fails_where_a_note_was_edited(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--musicdiff", str(DATA / "chorale.musicxml")]) == 0
    assert "chorale.musicxml" in capsys.readouterr().out
    assert main(["--musicdiff", str(DATA / "no_divisions.musicxml")]) == 1
    assert "edits in notes and rests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("edits", "fails"),
    [
        (Edits("a.musicxml"), False),
        (Edits("a.musicxml", notes=2), True),
        (Edits("a.musicxml", fault="not compared"), True),
        (Edits("a.musicxml", kinds={"extradel clef": 1}), False),
        (Edits("a.musicxml", kinds={"extradel clef": 1, "accidentins": 1}), True),
        (Edits("folder/02e-Rests-NoType.xml", notes=2), False),
    ],
)
def test_only_what_has_a_reason_passes(edits: Edits, fails: bool) -> None:
    assert unexplained(edits) is fails
