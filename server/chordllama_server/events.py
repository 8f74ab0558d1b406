"""Editors' events at the server's border. Knows JSON; what the events mean, chordllama.codec.editor knows."""

from __future__ import annotations

import json
from typing import Any

from chordllama.errors import ScoreError
from chordllama.score import Bar, Score


def read_events(data: bytes) -> Score:
    """The score that an editor sent. Raises ScoreError."""
    score: Score = _codec().read(json.loads(data))
    return score


def write_events(score: Score, bars: tuple[Bar, ...]) -> dict[str, Any]:
    """The new bars after a score as an editor's events."""
    found: dict[str, Any] = _codec().write(score, bars)
    return found


def _codec() -> Any:
    try:
        from chordllama.codec import editor  # type: ignore[attr-defined]
    except ImportError as fault:
        raise ScoreError(
            "this version can't read an editor's events", hint="send MusicXML, or install a newer chordllama"
        ) from fault
    return editor
