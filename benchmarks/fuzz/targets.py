"""What the fuzzer tries: for each reader, what it makes of some bytes, and files to begin with. Knows no fuzzer.

A target raises an error of ours, which is right, or returns; anything else that it raises is a bug.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chordllama.codec import classic, editor
from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import read, write
from chordllama.errors import ScoreError
from chordllama.score.model import Score

DATA = Path(__file__).parents[2] / "tests" / "data"
SMALL = 10_000
"""Bytes of a file that the fuzzer begins with."""


@dataclass(frozen=True, slots=True)
class Target:
    """A reader, the words that its files are made of, and how files to begin with come from the test data's."""

    read: Callable[[bytes], None]
    words: tuple[str, ...]
    seed: Callable[[Path], bytes]


def read_musicxml(data: bytes) -> None:
    """MusicXML, packed or not: what is read has a text that says the same, and can be written and read again."""
    score = read(data, "fuzz")
    _comes_back(score)


def read_compact(data: bytes) -> None:
    """The compact text: what is read is written as a text that says the same, and as MusicXML that can be read."""
    score = loads(data.decode("utf-8", "replace"))
    _comes_back(score)


def _comes_back(score: Score) -> None:
    assert loads(dumps(score)) == score
    once = read(write(score))
    assert loads(dumps(once)) == once


def read_classic(data: bytes) -> None:
    """The 2024 format: what is read or mended is written as a text that says the same."""
    parts = classic.loads(data.decode("utf-8", "replace"))
    assert classic.loads(classic.dumps(parts)) == parts
    classic.decode(parts)


def read_editor(data: bytes) -> None:
    """An editor's JSON: what is read has a text that says the same, and can be written."""
    try:
        document = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as fault:
        raise ScoreError("no JSON") from fault  # its caller parses, and refuses what it can't
    score = editor.read(document)
    text = dumps(score)
    assert dumps(loads(text)) == text
    editor.write(score, score.bars)


def _musicxml_seed(path: Path) -> bytes:
    return path.read_bytes()


def _compact_seed(path: Path) -> bytes:
    return path.read_bytes() if path.suffix == ".yaml" else dumps(read(path.read_bytes())).encode()


def _classic_seed(path: Path) -> bytes:
    return classic.dumps(classic.encode(path.read_bytes())).encode()


_EDITOR_SEED = {
    "format": 1,
    "parts": [{"staves": 2, "name": "Piano", "program": 1, "clefs": ["G2", "F4"]}],
    "bars": [
        {
            "time": [4, 4],
            "keys": [-3, -3],
            "voices": [
                {
                    "staff": 0,
                    "voice": 0,
                    "events": [
                        {"duration": [3, 4], "notes": [{"pitch": 60, "tpc": 14, "tie": True}], "dynamics": "p"},
                        {
                            "duration": [1, 4],
                            "tuplet": [3, 2],
                            "events": [{"duration": [1, 8], "notes": [{"pitch": 62, "tpc": 16}]}] * 3,
                        },
                    ],
                },
                {"staff": 1, "voice": 0, "events": [{"duration": "bar"}]},
            ],
        },
        {"length": [1, 4], "final": True, "voices": []},
    ],
}


def _editor_seed(_path: Path) -> bytes:
    return json.dumps(_EDITOR_SEED).encode()


TARGETS = {
    "musicxml": Target(
        read_musicxml,
        ("<note>", "</note>", "<chord/>", "<backup>", "<forward>", "<divisions>", "<duration>", "<grace/>", "<rest/>"),
        _musicxml_seed,
    ),
    "compact": Target(
        read_compact,
        (
            " / ",
            " & ",
            " | ",
            " ; ",
            "=t120",
            "c44",
            "r4t3:2",
            "time=4/4",
            "key=-3",
            "{tie}",
            "end=final",
            "parts:\\x0a",
        ),
        _compact_seed,
    ),
    "classic": Target(
        read_classic, ("a00_note:", "attributes:", "backup:", "duration:", "---\\x0a", "- "), _classic_seed
    ),
    "editor": Target(
        read_editor, ('\\"tuplet\\"', '\\"events\\"', '\\"duration\\"', '\\"notes\\"', '\\"length\\"'), _editor_seed
    ),
}


def seeds(target: Target) -> dict[str, bytes]:
    """Small files to begin with, by their names."""
    paths = sorted(path for folder in (DATA, DATA / "hostile") for path in folder.iterdir() if path.is_file())
    found = {}
    for path in paths:
        try:
            data = target.seed(path)
        except (ScoreError, UnicodeDecodeError):
            continue
        if len(data) <= SMALL:
            found[path.name] = data
    return found
