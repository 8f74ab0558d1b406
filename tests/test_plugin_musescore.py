"""The plugin in a real MuseScore 3.2.3, before a real server with the bundled model.

This version can't write chords, rests and tuplets in place, so that the result is a new tab, and the old one stays as it is. What the
script does in place in later versions is tried here too, as far as this version's Cursor goes (musescore_cursor.qml).
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from editor_documents import Json, new_bars, seen, staves_of, told
from served import served

from benchmarks.musescore import installed
from benchmarks.plugin.editor import (
    DISCARD,
    FIRST_STAFF,
    FOUR_BARS,
    GO,
    KEEP,
    NEXT,
    ONE_SUGGESTION,
    START,
    TWO_SUGGESTIONS,
    Home,
    editor,
    has_screen,
    home,
)
from benchmarks.plugin.judge import faults
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.score.model import Barline, Chord, Row, Score

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


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[Home]:
    """A place whose server isn't running yet; one that the plugin has started is ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    found = home(tmp_path / "home", f"http://127.0.0.1:{port}")
    command = f"{sys.executable} -m chordllama serve --port {port}"
    script = found.plugin.with_name("session.js")
    script.write_text(
        re.sub(r"(?m)^ *var COMMAND = .*", f"    var COMMAND = {json.dumps(command)};", script.read_text())
    )
    try:
        yield found
    finally:
        for process in psutil.process_iter(["cmdline"]):
            if (process.info["cmdline"] or [])[1:] == command.split()[1:]:
                process.terminate()


@pytest.mark.slow
@pytest.mark.skipif(not has_screen(), reason="Xvfb and xdotool are not installed")
def test_a_composer_continues_a_score_in_musescores_window(sleeping: Home) -> None:
    with editor(sleeping, SCORE) as musescore:
        musescore.open_plugin()
        musescore.wait_for_button(START)
        musescore.click(START)
        musescore.wait_for_button()
        musescore.click(FOUR_BARS)
        musescore.click(TWO_SUGGESTIONS)
        musescore.click(GO)
        musescore.wait_for_title("chorale-chordllama-1")
        musescore.wait_for_button()
        musescore.click(NEXT)
        musescore.wait_for_title("chorale-chordllama-2")
        musescore.click(DISCARD)
        musescore.wait_for_the_choice_to_end()
        assert musescore.title() == "chorale"

        musescore.click(FIRST_STAFF)
        musescore.click(GO)
        musescore.wait_for_title("chorale-chordllama-3")
        musescore.wait_for_button()
        musescore.click(KEEP)
        musescore.wait_for_the_choice_to_end()
        kept, old = sleeping.folder / "kept.mscz", sleeping.folder / "old.mscz"
        musescore.save(kept)
        musescore.switch_tab("chorale")
        musescore.press("^MuseScore 3: ", "ctrl+z")  # the old tab has nothing to undo
        musescore.save(old)
    assert faults(sleeping.exported(SCORE), sleeping.exported(kept), 4) == []
    rows = [row for bar in read(sleeping.exported(kept)).bars[-4:] for row in bar.rows]
    sounding = {row.part for row in rows if any(isinstance(item, Chord) for item in row.items)}
    assert sounding == {1, 2, 3}, "the first staff was left out"
    assert read(sleeping.exported(old)) == read(sleeping.exported(SCORE))
    settings = (sleeping.folder / "configuration" / "MuseScore" / "MuseScore3.ini").read_text()
    assert r"\"bars\":4,\"suggestions\":2" in settings, "the settings are remembered"


@pytest.mark.slow
@pytest.mark.skipif(not has_screen(), reason="Xvfb and xdotool are not installed")
def test_the_new_bars_of_a_long_score_come_into_view(place: Home, tmp_path: Path) -> None:
    score = tmp_path / "long.musicxml"
    bars = "\n".join(f"{number}: {'time=4/4 ' if number == 1 else ''}c54 d e f / c32 g" for number in range(1, 121))
    score.write_bytes(write(loads(f"parts:\n 1: clef=G2 Flute\n 2: clef=F4 Bass\n{bars}\n")))
    with editor(place, score) as musescore:
        musescore.open_plugin()
        musescore.wait_for_button()
        musescore.click(FOUR_BARS)
        musescore.click(ONE_SUGGESTION)
        musescore.click(GO)
        musescore.wait_for_title("long-chordllama-1")
        musescore.wait_for_a_selection()  # on the last page, of which nothing was seen before
        musescore.wait_for_button(KEEP)
        musescore.click(KEEP)
        musescore.wait_for_the_choice_to_end()
        musescore.wait_for_a_selection()
    assert "chordllama.qml:" not in (place.folder / "said.txt").read_text(errors="replace"), "the engine complains"


# ------------------------------------------------------------------------------------------------------- the Cursor's part


def carried_out(place: Home, score: Path, *continuations: Json) -> str:
    """What musescore_cursor.qml says of a score, and of continuations that are put into it and undone, one after another."""
    beside = place.plugin.with_name("cursor.qml")
    shutil.copy(Path(__file__).with_name("musescore_cursor.qml"), beside)
    (place.temporary / "order.json").write_text(json.dumps(continuations))
    said = place.run("-p", str(beside), str(score))
    assert "cursor.qml:" not in said, said
    return said


@pytest.mark.parametrize("name", ["clarinet", "musescore3_piano", "musescore4_band"])
def test_a_score_is_read_with_the_cursor(name: str, tmp_path: Path) -> None:
    place, score = home(tmp_path / "home", "http://127.0.0.1:9"), SCORE.with_name(f"{name}.musicxml")
    found = re.search(r"told (.*)", carried_out(place, score))
    assert found
    document, wanted = json.loads(found[1]), told(dumps(read(score.read_bytes())))
    staves, bars = staves_of(document), len(document["bars"])  # without percussion, and without silent bars at the end
    for bar in wanted["bars"]:
        bar["voices"] = [voice for voice in bar["voices"] if voice["staff"] < staves]
        bar["keys"] = bar.get("keys", [])[:staves]
    assert _frames(document) == _frames(wanted)[:bars]
    assert _heard(document, staves) == _heard(wanted, staves)[:bars]
    transpositions = [part.get("transposition") for part in wanted["parts"]]
    assert [part.get("transposition") for part in document["parts"]] == transpositions[: len(document["parts"])]


def _frames(document: Json) -> list[object]:
    return [(bar.get("time"), bar.get("keys") or []) for bar in document["bars"]]


def _heard(document: Json, staves: int) -> list[Json]:
    return [bar["voices"] for bar in seen([{"length": None} | bar for bar in document["bars"]], staves)]


OLD = """parts:
 1: clef=G2 Flute
 2: clef=F4 Bass
1: key=-3 time=3/4 eb54 d c / c32.
2: g52. / g22. end=final
"""
NEW = """3: ab54 g fs / c34 d eb
4: eb54. d58 c54~ / ab22.
5: c58 d ds52 / c32. end=final
"""


def test_bars_are_written_with_the_cursor_and_one_undo_takes_them_back(tmp_path: Path) -> None:
    place, score = home(tmp_path / "home", "http://127.0.0.1:9"), tmp_path / "old.musicxml"
    score.write_bytes(write(loads(OLD)))
    good, faulty = new_bars(OLD + NEW, 2), new_bars(OLD + NEW, 2)
    faulty["bars"][2]["voices"][0]["events"][0]["notes"] *= 2  # a chord, after other notes have been written
    said = carried_out(place, score, good, faulty)
    assert '"final":true' in said, "it is read"
    assert 'put {"first":2,"leftOut":{},"notes":[]}' in said
    assert "no chords in 3.2.3" in said
    inserted, undone, rolled_back = (
        _seen(read(place.exported(place.temporary / f"{name}.mscx"))) for name in ("inserted-0", "after-0", "after-1")
    )
    assert inserted == _seen(loads(OLD.replace(" end=final", "") + NEW)), "the final bar line has moved"
    assert undone == rolled_back == _seen(loads(OLD))


def _seen(score: Score) -> list[tuple[tuple[Row, ...], Barline]]:
    return [(bar.rows, bar.end) for bar in score.bars]
