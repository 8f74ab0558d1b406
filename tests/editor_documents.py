"""Scores as an editor tells them, made from compact text, for tests of the plugin. Knows no tests."""

from __future__ import annotations

from typing import Any

from chordllama.codec import editor
from chordllama.codec.compact import loads
from chordllama.codec.editor.pitch import shift_of
from chordllama.codec.editor.schema import check
from chordllama.codec.excerpt import SignaturesInForce
from chordllama.score.model import Bar, Key, Score, Time

Json = dict[str, Any]


def told(text: str) -> Json:
    """A score's text as the JSON that goes in: with times, keys and parts."""
    score = loads(text)
    bars = editor.write(Score(score.parts, ()), score.bars)["bars"]
    state = SignaturesInForce(score.parts)
    for index, (bar, found) in enumerate(zip(score.bars, bars, strict=True)):
        state.apply(bar)
        if bar.times or not index:
            found["time"] = _time(state)
        if bar.keys or not index:
            found["keys"] = _keys(state, score)
        if bar.length is None:
            del found["length"]
    return {"format": 1, "parts": [_part(score, index) for index in range(len(score.parts))], "bars": bars}


def _time(state: SignaturesInForce) -> list[int]:
    time = state.times.get(0, {}).get(None, Time((("4", 4),)))
    count, unit = time.beats[0]
    return [int(count), unit]


def _keys(state: SignaturesInForce, score: Score) -> list[int]:
    found = []
    for index, part in enumerate(score.parts):
        key = state.keys.get(index, {}).get(None, Key(0))
        found += [key.fifths + shift_of(part.transposition).fifths] * part.staves
    return found


def _part(score: Score, index: int) -> Json:
    part = score.parts[index]
    found: Json = {"name": part.name or f"Part {index + 1}", "staves": part.staves, "program": 1}
    if part.transposition:
        found["transposition"] = {"chromatic": part.transposition.chromatic, "diatonic": part.transposition.diatonic}
    return found


def new_bars(text: str, after: int) -> Json:
    """The bars of a text from the one numbered `after` on (from 0) as the JSON that comes out."""
    score = loads(text)
    old: tuple[Bar, ...] = score.bars[:after]
    found = editor.write(Score(score.parts, old), score.bars[after:])
    check(found, "continuation")
    return found


def seen(bars: list[Json], staves: int) -> list[Json]:
    """Bars as one finds them in a score: staves without a voice rest, what the JSON says of signs is gone."""
    found = []
    for bar in bars:
        voices = {(voice["staff"], voice["voice"]): list(map(_bare, voice["events"])) for voice in bar["voices"]}
        rests = {(staff, 0): [{"duration": "bar"}] for staff in range(staves)}
        voices = rests | {place: events for place, events in voices.items() if events != [{"duration": "bar"}]}
        found.append({"length": bar["length"], "voices": dict(sorted(voices.items()))})
    return found


def _bare(event: Json) -> Json:
    kept = {key: value for key, value in event.items() if key in ("duration", "notes", "hidden", "tuplet", "events")}
    if "events" in kept:
        kept["events"] = list(map(_bare, kept["events"]))
    if "notes" in kept:
        kept["notes"] = sorted(kept["notes"], key=lambda note: int(note["pitch"]))
    return kept


def staves_of(document: Json) -> int:
    """How many staves a document tells."""
    return sum(int(part["staves"]) for part in document["parts"])
