"""The JSON for editors: what it says becomes a score, new bars become what it says, and both are held to its schema."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from small_scores import TEXTS, small_score

from chordllama.codec import editor
from chordllama.codec.compact import loads
from chordllama.codec.editor.pitch import shift_of, sounding_of, written_of
from chordllama.codec.editor.schema import SCHEMA, check
from chordllama.codec.musicxml import read, write
from chordllama.errors import ScoreError
from chordllama.score.model import Chord, Note, Score, Transposition
from chordllama.system.resources import resource

CLARINET = {
    "format": 1,
    "parts": [
        {"name": "Clarinet", "staves": 1, "program": 72, "transposition": {"chromatic": -2, "diatonic": -1}},
        {"name": "Piano", "staves": 2, "program": 1},
    ],
    "bars": [
        {
            "time": [4, 4],
            "length": [1, 4],
            "keys": [-2, -2, -2],
            "voices": [{"staff": 0, "voice": 0, "events": [{"duration": [1, 4], "notes": [{"pitch": 62, "tpc": 16}]}]}],
        },
        {
            "final": True,
            "voices": [
                {
                    "staff": 0,
                    "voice": 0,
                    "events": [
                        {
                            "duration": [1, 4],
                            "tuplet": [3, 2],
                            "events": [
                                {"duration": [1, 8], "notes": [{"pitch": 62, "tpc": 16, "tie": True}]},
                                {"duration": [1, 8], "notes": [{"pitch": 62, "tpc": 16}]},
                                {"duration": [1, 8]},
                            ],
                        },
                        {"duration": [3, 4], "notes": [{"pitch": 58, "tpc": 12}, {"pitch": 62, "tpc": 16}]},
                    ],
                },
                {"staff": 2, "voice": 0, "events": [{"duration": "bar"}]},
                {
                    "staff": 2,
                    "voice": 1,
                    "events": [
                        {"duration": [1, 2], "hidden": True},
                        {"duration": [1, 2], "notes": [{"pitch": 46, "tpc": 12}]},
                    ],
                },
            ],
        },
    ],
}


def document() -> dict[str, Any]:
    return copy.deepcopy(CLARINET)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(resource(SCHEMA).read_text()))


def test_what_an_editor_tells_is_read_as_it_is_written_on_paper() -> None:
    score = editor.read(document())
    pickup, last = score.bars
    assert [part.clefs for part in score.parts] == [("G2",), ("G2", "F4")]
    assert pickup.implicit
    assert [change.value.fifths for change in pickup.keys] == [0, -2]  # type: ignore[union-attr]
    first = last.rows[0].items
    assert [item.notes[0].pitch for item in first if isinstance(item, Chord)] == [("E", 0, 4), ("E", 0, 4), ("C", 0, 4)]
    assert first[0].duration.actual == 3  # type: ignore[union-attr]
    assert last.rows[2].place == (1, 2, 2)
    assert last.end.style == "light-heavy"


def test_the_score_is_the_same_behind_both_doors() -> None:
    score = editor.read(document())
    assert read(write(score)).bars == score.bars


def test_a_rest_that_fills_the_bar_of_its_staff_goes_without_saying_as_in_every_score() -> None:
    told = document()
    del told["bars"][1]["voices"][2:]
    assert [row.place for row in editor.read(told).bars[1].rows] == [(0, 1, 1)]


@pytest.mark.parametrize("name", sorted({*TEXTS} - {"percussion"}))
def test_bars_come_back_as_they_went_out(name: str) -> None:
    score = small_score(name)
    told = editor.write(Score(score.parts, ()), score.bars)
    check(told, "continuation")
    again = editor.read(_as_score(score, told))
    assert editor.write(Score(again.parts, ()), again.bars)["bars"] == _without_signs(told)["bars"]


def _as_score(score: Score, told: dict[str, Any]) -> dict[str, Any]:
    parts = []
    for part in score.parts:
        found: dict[str, Any] = {"name": part.name, "staves": part.staves}
        if part.transposition:
            shift = part.transposition
            found["transposition"] = {
                "chromatic": shift.chromatic + 12 * shift.octave,
                "diatonic": shift.diatonic + 7 * shift.octave,
            }
        parts.append(found)
    bars = _without_signs(told)["bars"]
    for bar in bars:
        bar["time"] = [4, 4]
    return {"format": 1, "parts": parts, "bars": bars}


def _without_signs(told: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(told)
    for bar in found["bars"]:
        for voice in bar["voices"]:
            for event in _leaves(voice["events"]):
                for sign in ("dynamics", "articulations", "chord_symbol"):
                    event.pop(sign, None)
    return found


def _leaves(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [leaf for event in events for leaf in (_leaves(event["events"]) if "events" in event else [event])]


def test_what_the_json_cant_say_is_counted() -> None:
    score = loads("""parts:
 1: clef=G2
1: time=4/4 =p c54'( g48g d) e44 =< f
""")
    told = editor.write(Score(score.parts, ()), score.bars)
    events = told["bars"][0]["voices"][0]["events"]
    assert events[0] == {
        "duration": [1, 4],
        "notes": [{"pitch": 72, "tpc": 14}],
        "articulations": ["staccato"],
        "dynamics": "p",
    }
    assert told["left_out"] == {"grace notes": 1, "hairpins": 1, "slurs": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told["bars"][1]["voices"][0]["events"].pop(), "bar 2 .* staff 0, voice 0 fills 1/4"),
        (lambda told: told["bars"][0]["voices"][0]["events"][0].update(duration=[5, 8]), "bars/0/voices/0/events/0"),
        (lambda told: told["bars"][0]["voices"][0].update(staff=7), "there is no staff 7"),
        (lambda told: told["bars"][0]["keys"].pop(), "2 keys for 3 staves"),
        (lambda told: told["bars"][0]["voices"][0]["events"][0]["notes"][0].update(tpc=14), "isn't spelled by 14"),
        (lambda told: told["bars"][1]["voices"][0]["events"][0]["events"].pop(), "don't fill it"),
        (lambda told: told["bars"][0]["voices"].append(told["bars"][0]["voices"][0]), "a voice comes twice"),
        (lambda told: told.update(format=2), "format"),
    ],
)
def test_a_fault_is_named_with_its_place(change: Any, words: str) -> None:
    told = document()
    change(told)
    with pytest.raises(ScoreError, match=words):
        editor.read(told)


@pytest.mark.parametrize("transposition", [None, (-2, -1, 0), (-9, -5, 0), (3, 2, 0), (-14, -8, 0), (-2, -1, -1)])
def test_every_pitch_survives_transposition(transposition: tuple[int, int, int] | None) -> None:
    shift = shift_of(Transposition(*transposition) if transposition else None)
    for step in "ABCDEFG":
        for alter in (-1, 0, 1):
            sounding = sounding_of(Note(step, 4, alter), shift)
            assert sounding is not None
            assert written_of(*sounding, shift) == (step, alter, 4)
