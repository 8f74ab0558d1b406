"""The round trip's judge, which shares no code with the reader: it sees every fault that is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.round_trip.__main__ import main
from benchmarks.round_trip.compare import NOTES, Result, compare, round_trip
from benchmarks.round_trip.walker import walk
from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write

DATA = Path(__file__).parent / "data"
SIGNS = (DATA / "signs.musicxml").read_text(encoding="utf-8")
LYRICS = (DATA / "lyrics.musicxml").read_text(encoding="utf-8")
REPEATS = (DATA / "repeats.musicxml").read_text(encoding="utf-8")
TUPLETS = (DATA / "nested_tuplets.musicxml").read_text(encoding="utf-8")
ENGRAVING = (DATA / "engraving.musicxml").read_text(encoding="utf-8")
CHORDS = (DATA / "chord_symbols.musicxml").read_text(encoding="utf-8")


def judged(source: str, decoded: str) -> Result:
    result = Result("planted")
    compare(walk(source.encode()), walk(decoded.encode()), result)
    return result


FAULTS = [
    (ENGRAVING, "<stem>down</stem>", "<stem>up</stem>", "stems"),
    (ENGRAVING, '<beam number="1">begin</beam>', "", "beams"),
    (ENGRAVING, ' bracket="yes"', "", "accidentals shown"),
    (SIGNS, "<step>A</step>", "<step>B</step>", NOTES),
    (SIGNS, "<alter>1</alter>", "", NOTES),
    (SIGNS, "<type>quarter</type>", "<type>half</type>", NOTES),
    (SIGNS, '<tie type="stop"/>', "", None),
    (SIGNS, '<tied type="stop"/>', "", None),
    (SIGNS, '<slur type="stop" number="2"/>', "", "slurs"),
    (SIGNS, '<slur type="stop" number="2"/>', '<slur type="stop" number="1"/>', "slurs"),
    (SIGNS, "<staccato/>", "", "articulations"),
    (SIGNS, "<trill-mark/>", "", "ornaments"),
    (SIGNS, "<p/>", "<f/>", "dynamics"),
    (SIGNS, '<wedge type="stop" number="1"/>', "<segno/>", "hairpins"),
    (SIGNS, "dolce", "dolente", "words"),
    (SIGNS, "<per-minute>60", "<per-minute>61", "metronome marks"),
    (SIGNS, "<fermata>angled</fermata>", "<fermata/>", "fermatas"),
    (LYRICS, "<text>be</text>", "<text>bes</text>", "lyric syllables"),
    (LYRICS, "<syllabic>begin</syllabic>", "<syllabic>single</syllabic>", "lyric syllables"),
    (REPEATS, '<repeat direction="forward"/>', "", "repeats"),
    (REPEATS, 'number="3" type="start"', 'number="2" type="start"', "endings"),
    (REPEATS, "light-light", "light-heavy", "bar lines"),
    (TUPLETS, '<tuplet type="stop" number="2"/>', "", "tuplet brackets"),
    (TUPLETS, "<actual-notes>15</actual-notes>", "<actual-notes>5</actual-notes>", NOTES),
    (CHORDS, "<bass-step>A</bass-step>", "<bass-step>C</bass-step>", "chord symbols"),
    (CHORDS, "<root-alter>-1</root-alter>", "", "chord symbols"),
]


@pytest.mark.parametrize(("source", "old", "new", "category"), FAULTS)
def test_a_planted_fault_is_seen(source: str, old: str, new: str, category: str | None) -> None:
    assert old in source
    result = judged(source, source.replace(old, new, 1))
    if category is None:  # one of the two ways to say where a tie ends is enough
        assert not result.examples
        return
    tally = result.tallies[category]
    assert tally.found < tally.source
    assert result.examples


def test_a_whole_file_is_found_again() -> None:
    for source in (SIGNS, LYRICS, REPEATS, TUPLETS, CHORDS):
        result = judged(source, source)
        assert result.lost == result.lost_signs == 0
        assert result.tallies[NOTES].source > 2


def test_an_extra_note_is_a_fault_too() -> None:
    note = TUPLETS.rpartition("<note>")[2].partition("</note>")[0]
    longer = TUPLETS.replace("</measure>\n  </part>", f"<note>{note}</note></measure>\n  </part>")
    assert longer != TUPLETS
    assert judged(TUPLETS, longer).lost == 1


def test_rests_in_a_part_that_ends_early_are_none_of_the_sources_and_no_fault() -> None:
    whole = write(loads("parts:\n 1: clef=G2\n 2: clef=G2\n1: time=2/4 c44 d / e42\n2: c42 / r2\n")).decode()
    head, _, tail = whole.rpartition("    <measure")
    early = head + tail[tail.index("</measure>") + len("</measure>\n") :]
    assert judged(early, whole).lost == 0
    assert judged(early, whole.replace("<rest/>", "<pitch><step>C</step><octave>4</octave></pitch>")).lost == 1


def test_what_the_source_rounded_may_be_set_right_and_is_counted() -> None:
    result = round_trip(DATA / "rounded_triplets.musicxml")
    assert (result.lost, result.retimed) == (0, 3)


def test_a_file_that_is_no_score_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "broken.musicxml"
    path.write_text("<score-partwise>")
    assert round_trip(path).fault.startswith("ContainerError")


def test_the_command_prints_counts_and_fails_on_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--jobs", "1", str(DATA / "signs.musicxml")]) == 0
    assert "1 come back with every note, rest, tie and tuplet" in capsys.readouterr().out
    path = tmp_path / "broken.musicxml"
    path.write_text("<score-partwise>")
    assert main(["--jobs", "1", str(path)]) == 1
