"""JSON as from an editor that a stranger may send to do harm, or that says what no music says. Knows no tests."""

from __future__ import annotations

import json
from typing import Any

from hostile_xml import Maker

NOTE = {"duration": [1, 4], "notes": [{"pitch": 60, "tpc": 14}]}


def editor(
    events: Any = None, part: dict[str, Any] | None = None, bar: dict[str, Any] | None = None, bars: int = 1
) -> Maker:
    """A document of one part; what is given stands in the place of what is usual, or next to it."""
    voice = {"staff": 0, "voice": 0, "events": events or [NOTE] * 4}
    first = {"time": [4, 4], "keys": [0], "voices": [voice]} | (bar or {})
    parts = [{"staves": 1} | (part or {})]
    return lambda: json.dumps({"format": 1, "parts": parts, "bars": [first] + [{"voices": []}] * (bars - 1)}).encode()


def _nested(depth: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [NOTE]
    for _ in range(depth):
        events = [{"duration": [1, 4], "tuplet": [1, 1], "events": events}]
    return events


def _many_parts() -> bytes:
    return json.dumps({"format": 1, "parts": [{"staves": 8}] * 200, "bars": [{"voices": []}] * 5_000}).encode()


EDITOR: dict[str, tuple[Maker, str]] = {
    "deep_lists.json": (lambda: b"[" * 400 + b"]" * 400, "in one another"),
    "deep_tuplets.json": (editor(_nested(40)), "in one another"),
    "tuplets_that_multiply.json": (
        editor(
            [
                {
                    "duration": [1, 4],
                    "tuplet": [997, 1],
                    "events": [{"duration": [1, 4], "tuplet": [997, 1], "events": [NOTE]}],
                }
            ]
        ),
        "a tuplet of 994009",
    ),
    "tuplet_of_a_billion.json": (editor([{"duration": [1, 4], "tuplet": [10**9, 1], "events": [NOTE]}]), "1000000000"),
    "floats.json": (editor(part={"staves": 1.0}), "whole numbers"),
    "not_a_number.json": (editor(bar={"length": [float("nan"), 4]}), "whole numbers"),
    "nul_byte_in_a_name.json": (editor(part={"name": "\0"}), "no MusicXML may hold"),
    "surrogate_in_a_name.json": (editor(part={"name": "\ud800"}), "no MusicXML may hold"),
    "clef_with_a_line_more.json": (editor(part={"clefs": ["G2\n"]}), "clefs"),
    "a_billion_staves.json": (editor(part={"staves": 10**9}), "1000000000"),
    "length_of_a_billion.json": (editor(bar={"length": [10**9, 1]}), "1000000000"),
    "bar_longer_than_any.json": (editor([{"duration": "bar"}], bar={"length": [100_000, 1]}), "longer than any"),
    "beats_of_a_billion.json": (editor(bar={"time": [10**9, 4]}), "1000000000"),
    "key_of_a_billion.json": (editor(bar={"keys": [10**9]}), "1000000000"),
    "pitch_of_a_billion.json": (editor([NOTE | {"notes": [{"pitch": 10**9, "tpc": 14}]}]), "1000000000"),
    "5001_bars.json": (editor(bars=5_001), "bars"),
    "200_parts_with_5000_bars.json": (_many_parts, "too large"),
}
