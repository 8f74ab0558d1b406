"""Scores in other formats -> MusicXML, through music21. Knows the formats by name and first bytes; knows no music.

music21 runs in a process of its own with a limit of time and memory: a file that makes it hang or crash ends there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from chordllama.conversion.abc_text import plain_abc
from chordllama.conversion.midi_instruments import KeyMapper, dressed, place_keys, settle_instruments
from chordllama.errors import ScoreError
from chordllama.system.processes import Died, ModuleChild, TooSlow, answer_questions

SECONDS = 60
MEMORY_BYTES = 4_000_000_000
_RANDOM_ID = re.compile(rb'(?<=\bid=")([PI])[0-9a-f]{32}(?=")')
_HINT = "convert it to MusicXML in a score editor"


@dataclass(frozen=True, slots=True)
class Format:
    """A format beside MusicXML: music21's name for it, the suffixes of its files, and how its first bytes look."""

    name: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    is_text: bool = True


FORMATS = (
    Format("midi", (".mid", ".midi"), lambda data: data.startswith(b"MThd"), is_text=False),
    Format("abc", (".abc",), lambda data: data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"X:")),
    Format("humdrum", (".krn",), lambda data: data.lstrip().startswith((b"**kern", b"!!!"))),
    Format("mei", (".mei",), lambda data: b"<mei" in data[:4000]),
)
_BY_NAME = {format_.name: format_ for format_ in FORMATS}


def foreign_format(data: bytes, name: str) -> str | None:
    """Return which of the FORMATS a file has, by its first bytes or else its suffix; None for MusicXML and all else."""
    suffix = PurePath(name).suffix.lower()
    by_content = (format_.name for format_ in FORMATS if format_.begins(data))
    by_suffix = (format_.name for format_ in FORMATS if suffix in format_.suffixes)
    return next(by_content, None) or next(by_suffix, None)


def to_musicxml(data: bytes, name: str, *, seconds: float = SECONDS) -> bytes:
    """Return the MusicXML bytes of a file in one of the FORMATS. Raises ScoreError where that can't be done in `seconds`."""
    with Converter(seconds) as converter:
        return converter.to_musicxml(data, name)


class Converter:
    """`to_musicxml` for many files: the process that has loaded music21 stays, until a file makes it hang or crash.

    A context manager; `close` ends the process.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child = ModuleChild(__name__)

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def to_musicxml(self, data: bytes, name: str) -> bytes:
        """Return the MusicXML bytes of a file in one of the FORMATS. Raises ScoreError where that can't be done in time."""
        format_name = _known_format(data, name)
        try:
            xml, reason = self._child.ask((data, format_name), self.seconds)
        except TooSlow as fault:
            raise ScoreError(
                f"{name}: reading it as {format_name} took more than {self.seconds:g} seconds", hint=_HINT
            ) from fault
        except Died as death:
            reason = f"music21 died: {death}"
        if reason:
            raise ScoreError(f"{name}: can't be read as {format_name}", cause=reason, hint=_HINT)
        return bytes(xml)

    def close(self) -> None:
        """End the process."""
        self._child.close()


def _known_format(data: bytes, name: str) -> str:
    format_name = foreign_format(data, name)
    if format_name is None:
        known = ", ".join(suffix for format_ in FORMATS for suffix in format_.suffixes)
        raise ScoreError(f"{name}: the format is unknown", hint=f"MusicXML and {known} can be read")
    return format_name


def _convert(data: bytes, format_name: str) -> bytes:
    """What the child does. Raises whatever music21 raises, and ScoreError where it finds no notes."""
    from music21 import converter, defaults
    from music21.midi import translate
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    defaults.title = defaults.author = ""  # else a tune without a name is called "Music21 Fragment"
    source: Any = data.decode("utf-8-sig", errors="replace") if _BY_NAME[format_name].is_text else data
    if format_name == "abc":
        source = plain_abc(source)
    translate.PERCUSSION_MAPPER = KeyMapper()  # type: ignore[assignment]
    score = converter.parseData(source, format=format_name)
    if not score.recurse().notesAndRests:
        raise ScoreError("there are no notes in it")
    if format_name == "midi":
        settle_instruments(score)
        place_keys(score)
        return dressed(_number_ids(GeneralObjectExporter(score).parse()))
    return _number_ids(GeneralObjectExporter(score).parse())


def _number_ids(xml: bytes) -> bytes:
    """P1, I2, ... for music21's random ids, so that the same file gives the same score."""
    numbered: dict[bytes, bytes] = {}
    return _RANDOM_ID.sub(lambda found: numbered.setdefault(found[0], found[1] + b"%d" % (len(numbered) + 1)), xml)


def _answer(question: tuple[bytes, str]) -> tuple[bytes, str]:
    """The MusicXML, or else the reason why there is none."""
    try:
        return _convert(*question), ""
    except Exception as fault:
        # Whatever music21 raises means that it can't read the file; its class says more than its words often do.
        reason = str(fault) if isinstance(fault, ScoreError) else f"{type(fault).__name__}: {fault}"
        return b"", " ".join(reason.split())


if __name__ == "__main__":
    answer_questions(_answer, MEMORY_BYTES)
