"""Scores in requests and answers. Runs in child processes; knows the codec, knows no HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from chordllama.checking.contents import check as check_reading
from chordllama.codec import editor
from chordllama.codec.compact import dumps, loads
from chordllama.codec.container import parse
from chordllama.codec.musicxml import Reading, read_with_origin, write
from chordllama.codec.splice import revise, source_text
from chordllama.conversion.convert import decode_text, musicxml_in, read_anything

_DECLARATION = re.compile(rb"""^(\s*<\?xml[^>]*?\sencoding\s*=\s*)(["'])[A-Za-z0-9._-]+["']""")


@dataclass(frozen=True, slots=True)
class UploadedScore:
    """A score as a client sent it. `data` is the file's bytes, or for `compact` and `editor` the text in UTF-8."""

    data: bytes
    name: str = "score"
    kind: Literal["file", "compact", "editor"] = "file"


def musicxml_of(source: UploadedScore) -> bytes:
    """Return the score's MusicXML: the file's own bytes where it is MusicXML. Raises ScoreError."""
    if source.kind == "compact":
        return write(loads(decode_text(source.data, source.name)))
    if source.kind == "editor":
        return write(editor.read(json.loads(source.data)))
    return musicxml_in(source.data, source.name)


def in_utf8(xml: bytes) -> str:
    """MusicXML as text whose declaration is right when it is written in UTF-8."""
    return _DECLARATION.sub(rb"\1\2UTF-8\2", source_text(xml).utf8, count=1).decode()


def encode(source: UploadedScore, without: str = "", bars_per_line: int = 1) -> dict[str, Any]:
    """Return the answer of /v1/encode."""
    xml = musicxml_of(source)
    reading = read_with_origin(xml, source.name)
    kinds = tuple(sorted({word.strip() for word in without.split(",")} - {""}))
    return {
        "compact": dumps(reading.score, kinds, bars_per_line),
        "musicxml": in_utf8(xml),
        "parts": len(reading.score.parts),
        "bars": len(reading.score.bars),
        "warnings": list(reading.report.warnings()),
    }


def decode(source: UploadedScore) -> dict[str, Any]:
    """Return the answer of /v1/decode."""
    score = loads(decode_text(source.data, source.name))
    return {"musicxml": write(score).decode(), "parts": len(score.parts), "bars": len(score.bars)}


def edit(source: UploadedScore, compact: str) -> dict[str, Any]:
    """Return the answer of /v1/edit."""
    xml = musicxml_of(source)
    score = loads(compact)
    revision = revise(xml, read_with_origin(xml, source.name), score)
    return {
        "musicxml": in_utf8(revision.xml),
        "parts": len(score.parts),
        "bars": len(score.bars),
        "changed": [bar + 1 for bar in revision.bars],
    }


def check(source: UploadedScore) -> dict[str, Any]:
    """Return the answer of /v1/check."""
    return asdict(check_reading(_reading(source)))


def _reading(source: UploadedScore) -> Reading:
    if source.kind == "editor":
        return read_with_origin(musicxml_of(source), source.name)
    return read_anything(source.data, source.name if source.kind == "file" else "text.yaml")


def render(source: UploadedScore, format: str = "svg") -> dict[str, Any]:  # noqa: A002
    """Return the answer of /v1/render: its media type and bytes, or pages."""
    from chordllama.conversion.render import midi, pages, picture

    xml = musicxml_of(source)
    parse(xml, source.name)
    if format == "pages":
        return {"pages": pages(xml)}
    if format == "midi":
        return {"media_type": "audio/midi", "data": midi(xml)}
    return {"media_type": "image/svg+xml", "data": picture(xml, ".svg")}


def add_parts(source: UploadedScore, ensemble: str) -> dict[str, Any]:
    """Return the answer of /v1/parts."""
    from chordllama.tasks.ensembles import ENSEMBLES, with_ensemble

    xml = musicxml_of(source)
    longer, own = with_ensemble(xml, read_with_origin(xml, source.name), ensemble)
    parts = len(own) + len(ENSEMBLES[ensemble])
    return {"musicxml": in_utf8(longer), "parts": parts, "given": ",".join(map(str, own))}


JOBS: dict[str, Callable[..., Any]] = {
    "parts": add_parts,
    "encode": encode,
    "decode": decode,
    "edit": edit,
    "check": check,
    "render": render,
}
