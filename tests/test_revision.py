"""An edited text in the composer's own file: what the edit leaves alone keeps its bytes, and what is read back is the text."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read, read_with_origin
from chordllama.codec.splice import Revision, revise
from chordllama.errors import ScoreError
from chordllama.score.model import Chord, Item, Score

DATA = Path(__file__).parent / "data"
SCORES = sorted(path.name for path in DATA.glob("*.musicxml"))
MEASURE = re.compile(r"<measure\b.*?</measure>", re.DOTALL)


def source(name: str) -> bytes:
    return read_container((DATA / name).read_bytes(), name)


def edit(xml: bytes, old: str, new: str) -> Revision:
    """The file after an edit of its text, of which it is sure that the text is what is read back."""
    reading = read_with_origin(xml)
    text = dumps(reading.score)
    assert len(re.findall(old, text, re.MULTILINE)) == 1, old
    score = loads(re.sub(old, new, text, flags=re.MULTILINE))
    revision = revise(xml, reading, score)
    assert dumps(read(revision.xml)) == dumps(score)
    return revision


def with_other_note(score: Score, bar: int, part: int) -> Score:
    """The score with another pitch for the first note of a part's bar; the same score where there is none."""
    rows = list(score.bars[bar].rows)
    for place, row in enumerate(rows):
        for at, item in enumerate(row.items):
            if row.part == part and isinstance(item, Chord) and not item.notes[0].unpitched:
                rows[place] = replace(row, items=(*row.items[:at], raised(item), *row.items[at + 1 :]))
                return replace(
                    score, bars=(*score.bars[:bar], replace(score.bars[bar], rows=tuple(rows)), *score.bars[bar + 1 :])
                )
    return score


def raised(chord: Chord) -> Item:
    highest = chord.notes[-1]
    return replace(chord, notes=(*chord.notes[:-1], replace(highest, octave=highest.octave + 1)))


@pytest.mark.parametrize("name", SCORES)
def test_a_text_without_an_edit_leaves_every_byte(name: str) -> None:
    xml = source(name)
    reading = read_with_origin(xml)
    assert revise(xml, reading, loads(dumps(reading.score))) == Revision(xml, ())


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"timewise.musicxml", "utf16.musicxml"}))
def test_another_note_changes_its_own_measure_and_no_other_byte(name: str) -> None:
    xml = source(name)
    reading = read_with_origin(xml)
    before = xml.decode(errors="strict") if b"ISO-8859" not in xml[:100] else xml.decode("latin-1")
    measures = MEASURE.findall(before)
    count = len(reading.score.bars)
    for bar in range(count):
        edited = with_other_note(reading.score, bar, 0)
        if edited == reading.score:
            continue
        revision = revise(xml, reading, edited)
        after = revision.xml.decode() if b"ISO-8859" not in xml[:100] else revision.xml.decode("latin-1")
        changed = [n for n, pair in enumerate(zip(measures, MEASURE.findall(after), strict=True)) if pair[0] != pair[1]]
        assert bar in changed
        assert set(changed) <= {
            *revision.bars
        }  # another bar only where a tie or an accidental of the first reaches into it
        assert len(changed) <= 2
        assert MEASURE.sub("", after) == MEASURE.sub("", before)


@pytest.mark.parametrize("name", ["timewise.musicxml", "utf16.musicxml"])
def test_a_note_changes_in_other_nestings_and_encodings(name: str) -> None:
    xml = source(name)
    reading = read_with_origin(xml)
    edited = with_other_note(reading.score, 1, 0)
    assert edited != reading.score
    revision = revise(xml, reading, edited)
    assert revision.bars == (1,)
    assert xml[:200] == revision.xml[:200] != xml
    assert read(revision.xml) == edited


def test_what_the_text_does_not_know_stays() -> None:
    xml = source("musescore4_band.musicxml")
    kept = re.compile(rb"<(?:credit|print|defaults|sound|software)\b.*")
    count = len(kept.findall(xml))
    assert count == 5
    revision = edit(xml, "& xf41", "& xg41")
    assert revision.bars == (0,)
    assert kept.findall(revision.xml) == kept.findall(xml)


def test_a_key_is_changed_with_the_accidentals_of_all_bars_in_it() -> None:
    assert len(edit(source("chorale.musicxml"), r"key=3,major", "key=2,major").bars) > 1


def test_titles_and_names_change_wherever_the_file_says_them() -> None:
    heading = b"<credit page='1'><credit-words font-size='22'>Ach bleib bei uns, Herr Jesu Christ</credit-words></credit><part-list>"
    xml = source("chorale.musicxml").replace(b"<part-list>", heading, 1)
    revision = edit(xml, r"^title: .*", "title: Stay & sing")
    assert revision.bars == ()
    assert revision.xml == xml.replace(b"Ach bleib bei uns, Herr Jesu Christ", b"Stay &amp; sing")
    assert edit(xml, "composer: .*", "composer: N.N.").xml == xml.replace(b"J.S. Bach", b"N.N.")


def test_titles_are_added_where_the_file_has_none() -> None:
    xml = source("chorale.musicxml")
    revision = edit(xml, r"^title:", "movement: First\ntitle:")
    added = b"<movement-title>First</movement-title>\n  "
    assert revision == Revision(xml.replace(b"<identification>", added + b"<identification>", 1), ())
    work = re.compile(rb"<work>.*?</work>\s*", re.DOTALL)
    untitled = work.sub(b"", xml)
    both = edit(untitled, r"^creators:", "title: Ach\nmovement: First\ncreators:").xml
    assert both == untitled.replace(
        b"<identification>", b"<work><work-title>Ach</work-title></work>\n  " + added + b"<identification>", 1
    )
    assert edit(xml, r"^title: .*\n", "").xml == xml.replace(b"Ach bleib bei uns, Herr Jesu Christ", b"")


def test_bars_are_added_at_the_end_and_the_closing_line_moves() -> None:
    xml = source("chorale.musicxml")
    revision = edit(xml, r"^(12: .*) end=final\n", r"\1\n13: length=3/4 r / r / r / r end=final\n")
    assert revision.bars == (12,)
    assert len(read(revision.xml).bars) == 13
    before, after = MEASURE.findall(xml.decode()), MEASURE.findall(revision.xml.decode())
    assert [bar for n in range(4) for bar in after[13 * n :][:11]] == [
        bar for n in range(4) for bar in before[12 * n :][:11]
    ]


def test_a_copied_last_bar_takes_the_closing_line_along() -> None:
    xml = source("two_bars.musicxml")
    reading = read_with_origin(xml)
    revision = revise(xml, reading, replace(reading.score, bars=(*reading.score.bars, reading.score.bars[-1])))
    assert len(read(revision.xml).bars) == 3
    assert revision.bars == (2,)


def test_bars_are_removed_at_the_end() -> None:
    xml = source("chorale.musicxml")
    revision = edit(xml, r"^11: .*\n12: .*\n", "")
    assert revision.bars == ()
    before, after = MEASURE.findall(xml.decode()), MEASURE.findall(revision.xml.decode())
    assert after == [bar for n in range(4) for bar in before[12 * n :][:10]]


REFUSED = {
    "another part's name": (r"Soprano S\.", "Violin Vl.", "parts can't be changed"),
    "a creator more": (r"^creators:", "creators:\n - lyricist: N.N.", "creators can't be added"),
    "another number": (r"^4: ", "4: number=9 ", "bar 4: its number can't be changed"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_put_in_is_refused_in_words(case: str) -> None:
    old, new, words = REFUSED[case]
    with pytest.raises(ScoreError, match=words) as refusal:
        edit(source("chorale.musicxml"), old, new)
    assert refusal.value.hint


def test_a_bar_before_others_is_refused() -> None:
    xml = source("chorale.musicxml")
    reading = read_with_origin(xml)
    bars = reading.score.bars
    for wanted, words in ((bars[:4] + bars[3:], "put in"), (bars[:4] + bars[5:], "taken out")):
        with pytest.raises(ScoreError, match=f"bars can't be {words} before others"):
            revise(xml, reading, replace(reading.score, bars=wanted))
