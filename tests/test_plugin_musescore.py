"""The plugin in a real MuseScore 3.2.3, before a real server with the model that comes along.

This version can't write chords, rests and tuplets in place, so that the result is a new tab, and the old one stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import served

from benchmarks.musescore import installed
from benchmarks.plugin.editor import (
    DISCARD,
    FOUR_BARS,
    GO,
    KEEP,
    NEXT,
    TWO_SUGGESTIONS,
    Home,
    editor,
    has_screen,
    home,
)
from benchmarks.plugin.judge import faults
from chordllama.codec.musicxml import read

SCORE = Path(__file__).parent / "data" / "chorale.musicxml"

pytestmark = [
    pytest.mark.skipif(installed() is None, reason="MuseScore 3 (the program mscore3) is not installed"),
    pytest.mark.musescore,
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def place(server: str, tmp_path: Path) -> Home:
    return home(tmp_path / "home", server)


def test_a_score_is_continued_without_a_screen(place: Home) -> None:
    said = place.run("-p", str(place.plugin), str(SCORE))
    saved = place.temporary / "chordllama-saved.mscx"
    assert f"ChordLlama saved {saved}" in said
    assert "chordllama.qml:" not in said, "the engine complains"
    assert faults(place.exported(SCORE), place.exported(saved), 8) == []
    assert [path.name for path in place.temporary.glob("*chordllama*")] == [saved.name], "nothing else is left behind"


@pytest.mark.skipif(not has_screen(), reason="Xvfb and xdotool are not installed")
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
    assert faults(place.exported(SCORE), place.exported(kept), 4) == []
    settings = (place.folder / "configuration" / "MuseScore" / "MuseScore3.ini").read_text()
    assert r"\"bars\":4,\"suggestions\":2" in settings, "the settings are remembered"
    assert read(place.exported(old)) == read(place.exported(SCORE))
