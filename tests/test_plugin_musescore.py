"""The plugin in a real MuseScore 3.2.3, before a real server with the model that comes along.

This version can't write chords, rests and tuplets in place, so that the result is a new tab, and the old one stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from musescore_editor import (
    DISCARD,
    FOUR_BARS,
    GO,
    KEEP,
    NEXT,
    TWO_SUGGESTIONS,
    Home,
    editor,
    home,
    needs_musescore,
    needs_screen,
)
from served import served

from chordllama.check_bars import measured_bars, uneven_staves
from chordllama.codec.musicxml import read
from chordllama.score import Chord

SCORE = Path(__file__).parent / "data" / "chorale.musicxml"

pytestmark = [needs_musescore, pytest.mark.musescore]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def place(server: str, tmp_path: Path) -> Home:
    return home(tmp_path / "home", server)


def check_continued(place: Home, saved: Path, bars: int) -> None:
    """Hold what MuseScore saved to what it had before: the old bars are the same, the new ones full of notes."""
    old, new = (read(place.exported(score)) for score in (SCORE, saved))
    count = len(old.bars)
    assert [bar.rows for bar in new.bars[:count]] == [bar.rows for bar in old.bars]
    assert len(new.bars) == count + bars
    assert uneven_staves(list(measured_bars(new))) == uneven_staves(list(measured_bars(old)))
    for bar in new.bars[count:]:
        assert bar.length is None
        sounding = {row.part for row in bar.rows if any(isinstance(item, Chord) for item in row.items)}
        assert sounding == set(range(len(old.parts)))


def test_a_score_is_continued_without_a_screen(place: Home) -> None:
    said = place.run("-p", str(place.plugin), str(SCORE))
    saved = place.temporary / "chordllama-saved.mscx"
    assert f"ChordLlama saved {saved}" in said
    assert "chordllama.qml:" not in said, "the engine complains"
    check_continued(place, saved, 8)
    assert [path.name for path in place.temporary.glob("*chordllama*")] == [saved.name], "nothing else is left behind"


@needs_screen
def test_a_composer_continues_a_score_in_musescores_window(place: Home) -> None:
    with editor(place, SCORE) as musescore:
        musescore.open_plugin()
        musescore.wait_for_button()
        musescore.click(FOUR_BARS)
        musescore.click(TWO_SUGGESTIONS)
        musescore.click(GO)
        musescore.wait_for_title("chorale-chordllama-1")
        musescore.click(NEXT)
        musescore.wait_for_title("chorale-chordllama-2")
        musescore.click(DISCARD)
        musescore.wait_for_the_choice_to_end()
        assert musescore.title() == "chorale"
        musescore.click(GO)
        musescore.wait_for_title("chorale-chordllama-3")
        musescore.wait_for_button()
        musescore.click(KEEP)
        musescore.wait_for_the_choice_to_end()
        kept, old = place.folder / "kept.mscz", place.folder / "old.mscz"
        musescore.save(kept)
        musescore.switch_tab("chorale")
        musescore.press("^MuseScore 3: ", "ctrl+z")  # the old tab has nothing to undo
        musescore.save(old)
    check_continued(place, kept, 4)
    settings = (place.folder / "configuration" / "MuseScore" / "MuseScore3.ini").read_text()
    assert r"\"bars\":4,\"suggestions\":2" in settings, "the settings are remembered"
    assert read(place.exported(old)) == read(place.exported(SCORE))
