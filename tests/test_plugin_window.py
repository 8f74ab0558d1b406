"""The plugin in Qt 6 over a stand-in for MuseScore that is exact to the tick and throws where MuseScore would silently go wrong.

It says that our logic is right and that Qt's newer engine runs it, nothing of a real MuseScore 4.
"""

from __future__ import annotations

import copy
import re
import socket
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtQuick", exc_type=ImportError)

from editor_documents import new_bars, seen, staves_of, told
from plugin_window import PLUGIN, window
from scripted_server import Script, scripted
from served import served

PIANO = """parts:
 1: clef=G2,F4 midi=1 Piano
1: key=-3 time=3/4 eb54 d c / c34_eb g32
2: f54 g ab / g32.
"""
MORE = (
    PIANO
    + """3: eb54_g r d & s4 c42 / c38t d eb g34 ab
4: c52. & g42. & eb42. & c42. / c22.
"""
)
KINDS = {
    "piano, chords, triplets, four voices": (PIANO, MORE),
    "a pickup in 6/8": (
        "parts:\n 1: clef=G2 Flute\n1: implicit length=1/8 key=1 time=6/8 d58\n2: g44. b\n",
        "parts:\n 1: clef=G2 Flute\n1: implicit length=1/8 key=1 time=6/8 d58\n2: g44. b\n3: a48 b c54 d\n4: g44. r\n",
    ),
    "another metre in mid-piece": (
        "parts:\n 1: clef=G2 Flute\n1: time=4/4 c52 d\n2: time=3/4 e52.\n",
        "parts:\n 1: clef=G2 Flute\n1: time=4/4 c52 d\n2: time=3/4 e52.\n3: f54 e d\n4: c516t5 d e f g c54 r\n",
    ),
    "a quartet": (
        "parts:\n 1: clef=G2 I\n 2: clef=G2 II\n 3: clef=C3 III\n 4: clef=F4 IV\n1: key=2 time=2/2 fs52 e / d52 cs / a42 a / d32 a\n",
        "parts:\n 1: clef=G2 I\n 2: clef=G2 II\n 3: clef=C3 III\n 4: clef=F4 IV\n1: key=2 time=2/2 fs52 e / d52 cs / a42 a / d32 a\n"
        "2: fs51 / d51 / a42. g48 fs / d38 r d34 d32\n",
    ),
    "a transposing wind": (
        "parts:\n 1: clef=G2 transpose=-2/-1/0 Clarinet\n1: key=2 time=4/4 fs54 g a b\n",
        "parts:\n 1: clef=G2 transpose=-2/-1/0 Clarinet\n1: key=2 time=4/4 fs54 g a b\n2: cs54 es fs52\n",
    ),
}


ONE_BAR = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n"


def settings(server: str, suggestions: int = 1) -> dict[str, Any]:
    return {"server": server, "suggestions": suggestions, "bars": 4, "temperature": 0.9, "asFile": False}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_server_writes_stands_in_the_score_and_one_undo_takes_it_back(kind: str, tmp_path: Path) -> None:
    old, more = KINDS[kind]
    document = told(old)
    count = len(document["bars"])
    script = Script(candidates=[new_bars(more, count)])
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server)) as plugin:
        before = plugin.score()
        plugin.continue_()
        assert plugin.score()[:count] == before
        assert seen(plugin.score()[count:], staves_of(document)) == seen(
            script.candidates[0]["bars"], staves_of(document)
        )
        plugin.click("keep")
        assert "new bars are kept" in plugin.message
        assert plugin.undo_steps() == 1
        plugin.undo()
        assert plugin.score() == before
    assert script.orders[0]["editor"]["bars"] == document["bars"], "the score was told as it is"
    assert script.orders[0]["editor"]["parts"] == document["parts"]


CLOSED = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51 end=final\n"


def test_the_final_bar_line_moves_with_the_music_and_one_undo_brings_it_back(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(f"{CLOSED}3: {note}\n4: c51 end=final\n", 2) for note in ("e51", "g51")])
    with scripted(script) as server, window(tmp_path, server, told(CLOSED), settings=settings(server, 2)) as plugin:
        before = plugin.score()
        assert final_bars(before) == [2]
        plugin.continue_()
        assert final_bars(plugin.score()) == [4]
        plugin.click("next")
        assert final_bars(plugin.score()) == [4]
        plugin.click("keep")
        assert plugin.undo_steps() == 1
        plugin.undo()
        assert plugin.score() == before
    assert script.orders[0]["editor"]["bars"][-1]["final"], "the model knows that the music closed"


def final_bars(bars: list[dict[str, Any]]) -> list[int]:
    return [number for number, bar in enumerate(bars, 1) if bar.get("final")]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "The old final bar line is still there"), ("de", "Der alte Schlussstrich steht noch da")],
)
def test_a_final_bar_line_that_cant_be_moved_is_told(language: str, words: str, tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(CLOSED + "3: e51 end=final\n", 2)])
    document = told(CLOSED) | {"keepsBarLines": True}
    with scripted(script) as server:
        options = {"language": language, "settings": settings(server)}
        with window(tmp_path, server, document, **options) as plugin:  # type: ignore[arg-type]
            plugin.continue_()
            assert len(plugin.score()) == 3
            assert words in plugin.notes


@pytest.mark.parametrize("new", ["2: d51\n3: e51\n", "2: d51\n3: e51\n4: c51\n"])
def test_the_final_bar_line_after_empty_bars_moves_only_if_they_are_too_few(new: str, tmp_path: Path) -> None:
    old = ONE_BAR + "2: r\n3: r end=final\n"
    script = Script(candidates=[new_bars(ONE_BAR + new, 1)])
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server)) as plugin:
        plugin.continue_()
        assert final_bars(plugin.score()) == [1 + new.count("\n")]


def test_ties_become_longer_notes_and_what_cant_is_counted(tmp_path: Path) -> None:
    old = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n"
    script = Script(candidates=[new_bars(old + "2: c54~ c58 d d52~\n3: d54 e44~_g~ e44_g f48t~ f48t r8t\n", 1)])
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server)) as plugin:
        plugin.continue_()
        first, second = (bar["voices"][0]["events"] for bar in plugin.score()[1:])
        assert [event["duration"] for event in first] == [[3, 8], [1, 8], [1, 2]]
        assert first[2]["notes"][0]["tie"]
        assert [event["duration"] for event in second] == [[1, 4], [1, 2], [1, 4]]
        assert plugin.notes == "Left out: 1 ties"


def test_signs_are_added_where_the_version_allows_it(tmp_path: Path) -> None:
    old = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n"
    script = Script(candidates=[new_bars(old + "2: =mf Am c54' d> Gm7 e52*(\n3: d51)\n", 1)])
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server)) as plugin:
        plugin.continue_()
        signs = [event.get("signs", []) for event in plugin.score()[1]["voices"][0]["events"]]
        assert signs == [
            ["<sym>dynamicMezzo</sym><sym>dynamicForte</sym>", "articStaccatoAbove", "Am"],
            ["articAccentAbove"],
            ["fermataAbove", "Gm7"],
        ]
        assert plugin.notes == "Left out: 1 slurs"
    harmony, fermata = 47, 38
    with scripted(script) as server:
        options = {"refuses": (harmony, fermata), "settings": settings(server)}
        with window(tmp_path, server, told(old), **options) as plugin:  # type: ignore[arg-type]
            plugin.continue_()
            assert "1 slurs, 2 chord symbols, 1 articulations" in plugin.notes


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda bars: bars[1]["voices"][0]["events"][0]["notes"][0].update(pitch=200), "there is no pitch 200"),
        (lambda bars: bars[0]["voices"][0]["events"].pop(), "bar 1, staff 1 isn't full"),
        (lambda bars: bars[0].update(length=[4, 4]), "bar 1 has another length"),
        (
            lambda bars: bars[0]["voices"][-1]["events"][0].update(tuplet=[3, 5]),
            "this tears|no note value|beyond its tuplet",
        ),
    ],
)
def test_an_error_rolls_everything_back(fault: Any, words: str, tmp_path: Path) -> None:
    candidate = copy.deepcopy(new_bars(MORE, 2))
    fault(candidate["bars"])
    script = Script(candidates=[candidate])
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        before = plugin.score()
        plugin.continue_("writing")
        plugin.wait_for("start")
        assert re.search(words, plugin.message)
        assert plugin.score() == before
        assert plugin.undo_steps() == 0


def test_suggestions_one_after_another_the_most_probable_first(tmp_path: Path) -> None:
    old = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n"
    candidates = [new_bars(f"{old}2: {note}\n", 1) for note in ("d51", "e51", "f51")]
    script = Script(candidates, ranks=(3, 1, 2))
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server, 3)) as plugin:
        before = plugin.score()
        plugin.continue_()
        found = []
        for number in (2, 3, 1):
            found.append(plugin.score()[1]["voices"][0]["events"][0]["notes"][0]["pitch"])
            assert plugin.undo_steps() == 1
            plugin.click("next")
            assert plugin.message == f"Suggestion {number} of 3 is in the score."
        assert found == [76, 77, 74]
        plugin.click("discard")
        assert plugin.score() == before
        assert plugin.undo_steps() == 0
        assert plugin.message == "The score is as it was."


LONG = "parts:\n 1: clef=G2 Flute\n 2: clef=F4 Bass\n1: time=4/4 c51 / c31\n2: d58t e f g52. / r\n3: r / r\n4: r / r\n"


@pytest.mark.parametrize(
    ("document", "first"),
    [(told(LONG), 3), (told(LONG) | {"selection": [0, 0]}, 5), (told(LONG + "5: r / c31\n"), 6)],
)
def test_the_view_goes_to_the_first_new_bar_once_for_each_suggestion(
    document: dict[str, Any], first: int, tmp_path: Path
) -> None:
    more = LONG.partition("3: ")[0]
    script = Script(candidates=[new_bars(f"{more}3: {note} / c31\n", 2) for note in ("e51", "g54 a b c5")])
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server, 2)) as plugin:
        before = plugin.score()
        plugin.continue_()
        assert plugin.bars_seen() == [first]
        plugin.click("next")
        assert plugin.bars_seen() == [first, first]
        plugin.click("keep")
        plugin.undo()
        assert plugin.score() == before
        assert plugin.bars_seen() == [first, first]


@pytest.mark.parametrize("button", ["next", "discard"])
@pytest.mark.parametrize("old", [ONE_BAR, ONE_BAR + "2: r\n"])
def test_what_a_composer_does_meanwhile_is_never_undone(old: str, button: str, tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(f"{ONE_BAR}2: {note}\n", 1) for note in ("d51", "e51")])
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server, 2)) as plugin:
        plugin.continue_()
        plugin.edit()
        changed = plugin.score()
        plugin.click(button)
        assert "The score was changed after" in plugin.message
        assert plugin.score() == changed
        assert plugin.sees("go")


def test_a_suggestion_that_the_composer_took_back_isnt_undone_twice(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(f"{ONE_BAR}2: d51\n", 1)])
    with scripted(script) as server, window(tmp_path, server, told(ONE_BAR), settings=settings(server)) as plugin:
        plugin.edit()
        edited = plugin.score()
        plugin.continue_()
        plugin.undo()
        plugin.click("discard")
        assert plugin.score() == edited
        assert plugin.message == "The score is as it was."


def test_bars_are_shown_as_they_come_and_stop_stops(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(MORE, 2)])
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        before = plugin.score()
        plugin.continue_("writing")
        plugin.wait(lambda: "Bar 1 of 4" in plugin.message)
        script.going.clear()
        assert "s left" in plugin.message
        assert len(plugin.shown()["rolls"][0]) == 1
        plugin.click("stop")
        assert plugin.message == "Stopped. The score is as it was."
        plugin.wait(lambda: bool(script.cancelled))
        assert plugin.score() == before


def test_a_selections_end_is_where_the_music_goes_on(tmp_path: Path) -> None:
    old = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51\n3: e51\n"
    script = Script(candidates=[new_bars(old + "4: f51\n", 3)])
    document = told(old) | {"selection": [0, 1]}
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server)) as plugin:
        plugin.continue_()
        assert len(script.orders[0]["editor"]["bars"]) == 2
        assert len(plugin.score()) == 4
        assert "There is music after the selection" in plugin.notes


def test_empty_bars_after_the_music_are_written_into(tmp_path: Path) -> None:
    old = "parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: r\n3: r\n"
    script = Script(candidates=[new_bars("parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51\n3: e51\n4: f51\n", 1)])
    with scripted(script) as server, window(tmp_path, server, told(old), settings=settings(server)) as plugin:
        plugin.continue_()
        assert len(script.orders[0]["editor"]["bars"]) == 1
        pitches = [bar["voices"][0]["events"][0]["notes"][0]["pitch"] for bar in plugin.score()]
        assert pitches == [72, 74, 76, 77]


def test_percussion_stays_and_staves_can_be_left_out(tmp_path: Path) -> None:
    document = told("parts:\n 1: clef=G2 Flute\n 2: clef=G2 Drums\n 3: clef=F4 Bass\n1: time=4/4 c51 / c41 / c31\n")
    document["parts"][1]["drums"] = True
    script = Script(candidates=[new_bars("parts:\n 1: clef=F4 Bass\n1: time=4/4 c31\n2: d31\n", 1)])
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server)) as plugin:
        plugin.wait_for("start")
        assert plugin.notes == "Percussion stays as it is: Drums"
        plugin.click("staff1")
        plugin.click("staff0")
        plugin.continue_()
        assert [part["name"] for part in script.orders[0]["editor"]["parts"]] == ["Bass"]
        events = [voice["events"][0] for voice in plugin.score()[1]["voices"]]
        assert events == [
            {"duration": "bar"},
            {"duration": "bar"},
            {"duration": [1, 1], "notes": [{"pitch": 50, "tpc": 16}]},
        ]


WRONG = {
    "no score": (None, "There is no score"),
    "no notes": ("parts:\n 1: clef=G2 Flute\n1: time=4/4 r\n", "The score has no notes yet"),
    "drums": ("parts:\n 1: clef=G2 Drums\n1: time=4/4 c51\n", "only percussion staves"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_things_are_said(case: str, tmp_path: Path) -> None:
    text, words = WRONG[case]
    document = told(text) if text else None
    if document and case == "drums":
        document["parts"][0]["drums"] = True
    script = Script()
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server)) as plugin:
        plugin.wait_for("start")
        plugin.click("go")
        assert words in plugin.message
    assert script.orders == []


def test_grace_notes_are_counted(tmp_path: Path) -> None:
    document = told("parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n")
    document["bars"][0]["voices"][0]["events"][0]["grace"] = 2
    script = Script(candidates=[new_bars("parts:\n 1: clef=G2 Flute\n1: time=4/4 c51\n2: d51\n", 1)])
    with scripted(script) as server, window(tmp_path, server, document, settings=settings(server)) as plugin:
        plugin.continue_()
        assert plugin.notes == "Not shown to the model: 2 grace notes"


BROKEN = {"message": "bar 3 isn't full", "cause": "it lasts 3/8", "hint": None, "code": "score_rejected"}


@pytest.mark.parametrize(
    ("language", "failure", "words"),
    [
        ("en", {"code": "prompt_too_long", "message": "…"}, "These are more staves than the model reads"),
        ("de", {"code": "prompt_too_long", "message": "…"}, "Das sind mehr Systeme, als das Modell liest"),
        ("de", BROKEN, "Der Server kann diese Partitur nicht lesen: bar 3 isn't full. it lasts 3/8"),
        ("de", {"code": "engine_died", "message": "…"}, "Das schreibende Programm ist abgestürzt."),
        ("de", {"code": None, "message": "the server made a mistake"}, "the server made a mistake"),
    ],
)
def test_the_servers_errors_are_told_in_the_composers_language(
    language: str, failure: dict[str, Any], words: str, tmp_path: Path
) -> None:
    script = Script(failure=failure)
    with scripted(script) as server:
        options = {"language": language, "settings": settings(server)}
        with window(tmp_path, server, told(PIANO), **options) as plugin:  # type: ignore[arg-type]
            plugin.continue_("start")
            plugin.wait(lambda: plugin.message.startswith(words))


GAVE_UP = {"code": "model_failed", "message": "the model wrote no bar"}


def test_fewer_bars_than_asked_for_are_told_with_the_reason(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(MORE, 2)], gave_up=GAVE_UP)
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.continue_()
        assert plugin.notes == "Fewer bars than asked for: 2. The model can't go on: the model wrote no bar"


def test_no_bars_at_all_are_told_with_the_reason(tmp_path: Path) -> None:
    script = Script(candidates=[{"format": 1, "bars": [], "left_out": {}}], gave_up=GAVE_UP)
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.continue_("writing")
        plugin.wait(lambda: plugin.message == "The model can't go on: the model wrote no bar")
        assert plugin.sees("go")


def test_a_server_that_wants_a_key_says_so(tmp_path: Path) -> None:
    script = Script(closed=(401, {"error": {"code": "wrong_key", "message": "the key is missing or wrong"}}))
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.wait(lambda: plugin.message.startswith("This server asks for a key"))
        assert not plugin.sees("go")
        script.closed = None
        plugin.wait_for("start")


def test_a_job_that_the_server_forgot_is_told(tmp_path: Path) -> None:
    script = Script(lost=(404, {"error": {"code": "not_found", "message": "there is no such job"}}))
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.continue_("writing")
        plugin.wait(lambda: plugin.message.startswith("The server no longer knows this job"))
        assert plugin.sees("go")


def test_a_busy_server_is_asked_again_and_the_queue_is_shown(tmp_path: Path) -> None:
    busy = (503, {"error": {"code": "busy", "message": "busy"}}, {"Retry-After": "1"})
    script = Script(candidates=[new_bars(MORE, 2)], refusals=[busy], queued=2)
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.continue_("writing")
        plugin.wait(lambda: "busy. Next try in 1 s" in plugin.message)
        plugin.wait(lambda: "place 2 in the queue" in plugin.message)
        plugin.wait_for("choosing")


def test_a_model_that_is_being_loaded_and_a_slow_one_are_waited_for(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(MORE, 2)], status="starting")
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.wait(lambda: plugin.message == "The model is being loaded.")
        script.status = "ok"
        plugin.wait(lambda: plugin.message == "Ready: scripted")
        script.going.clear()
        plugin.continue_("writing")
        plugin.wait(lambda: script.polls > 3)
        assert plugin.message == "The model reads the score …"
        assert plugin.sees("stop")
        script.going.set()
        plugin.wait_for("choosing")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_server_that_isnt_there_yet_is_found_later(tmp_path: Path) -> None:
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    with window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.wait_for("absent")
        assert plugin.message == f"No ChordLlama is running at {server}. In a terminal, this starts it:"
        assert plugin.item("command").property("text") == "chordllama serve"
        assert not plugin.sees("start"), "MuseScore 4 starts no processes"
        assert not plugin.sees("go")
        with scripted(Script(), port):
            plugin.wait_for("start")
            assert plugin.message == "Ready: scripted"


def test_a_server_that_goes_away_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    script = Script(candidates=[new_bars(MORE, 2)])
    script.going.clear()
    with window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        with scripted(script, port):
            plugin.continue_("writing")
            plugin.wait(lambda: script.polls > 1)
            before = plugin.score()
        plugin.wait(lambda: "does not answer any more" in plugin.message)
        assert plugin.score() == before


@pytest.mark.parametrize(
    ("version", "api", "words"),
    [
        ("0.0.1", 1, r"The plugin is version .*, the server 0\.0\.1"),
        ("9.0.0", 2, "doesn't speak this plugin's language"),
    ],
)
def test_versions_that_differ_are_said(version: str, api: int, words: str, tmp_path: Path) -> None:
    script = Script(version=version, api=api)
    with scripted(script) as server, window(tmp_path, server, told(PIANO), settings=settings(server)) as plugin:
        plugin.wait_for("start" if api == 1 else "absent")
        assert re.search(words, plugin.message + plugin.notes)
        assert plugin.sees("go") == (api == 1)


def test_it_speaks_german(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(MORE, 2)])
    options = {"language": "de"}
    with scripted(script) as server, window(tmp_path, server, told(PIANO), **options) as plugin:  # type: ignore[arg-type]
        plugin.wait_for("start")
        plugin.click("suggestions1")
        plugin.continue_()
        assert plugin.message == "Vorschlag 1 von 1 steht in der Partitur."


def test_what_is_chosen_is_sent_and_remembered(tmp_path: Path) -> None:
    script = Script(candidates=[new_bars(MORE, 2)])
    with scripted(script) as server:
        with window(tmp_path, server, told(PIANO)) as plugin:
            plugin.wait_for("start")
            for name in ("bars16", "suggestions2", "temperature"):
                plugin.click(name)
            plugin.continue_()
        order = script.orders[0]
        assert (order["bars"], order["candidates"], order["temperature"]) == (16, 2, 0.9)
        with window(tmp_path, server, told(PIANO)) as plugin:
            plugin.wait_for("start")
            assert plugin.shown()["settings"]["bars"] == 16
            assert plugin.shown()["settings"]["suggestions"] == 2


# ------------------------------------------------------------------------------------------------------------ manifests


def test_the_manifest_is_read_as_text_from_4_4_on() -> None:
    """MuseScore 4.4 looks at each line before the second one that ends in a brace."""
    found: dict[str, str] = {}
    braces = 0
    for line in (PLUGIN / "chordllama.qml").read_text().splitlines():
        braces += line.rstrip().endswith("{")
        if braces > 1:
            break
        key, colon, value = line.strip().removeprefix("//4.4 ").partition(":")
        if colon:
            found[key.strip()] = value.strip().strip('"')
    assert found["menuPath"] == "Plugins.ChordLlama"
    assert found["title"] == "ChordLlama"
    assert found["categoryCode"] == "composing-arranging-tools"
    assert (PLUGIN / found["thumbnailName"]).is_file()
    assert found["pluginType"] == "dialog"
    assert found["requiresScore"] == "false"
    assert found["version"]
    assert found["description"]


@pytest.mark.parametrize("version", [(4, 0, 0), (4, 3, 2)])
def test_the_manifest_is_read_from_properties_up_to_4_3(version: tuple[int, int, int], tmp_path: Path) -> None:
    with scripted(Script()) as server, window(tmp_path, server, None, version, settings=settings(server)) as plugin:
        assert plugin.root.property("title") == "ChordLlama"
        assert plugin.root.property("categoryCode") == "composing-arranging-tools"
        assert plugin.root.property("thumbnailName") == "chordllama.png"
        plugin.wait_for("start")


def test_musescore_3_may_start_the_server(tmp_path: Path) -> None:
    server = "http://127.0.0.1:9"
    with window(tmp_path, server, told(PIANO), (3, 6, 2), settings=settings(server)) as plugin:
        plugin.wait_for("absent")
        assert plugin.sees("start")
        assert plugin.sees("asFile")


# ---------------------------------------------------------------------------------------------------------- the real one


def test_the_real_server_continues_the_stand_ins_score(tmp_path: Path) -> None:
    with served() as server, window(tmp_path, server, told(PIANO), settings=settings(server, 2)) as plugin:
        before = plugin.score()
        plugin.continue_()
        assert plugin.score()[:2] == before
        assert len(plugin.score()) == 6
        plugin.click("next")
        assert len(plugin.score()) == 6
        plugin.click("discard")
        assert plugin.score() == before
