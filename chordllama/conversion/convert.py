"""The bytes of one score file to those of another: `Encoding` makes compact text, `Decoding` a score. Knows formats, no paths.

`ClassicEncoding` and `ClassicDecoding` do so with the 2024 format. All can be sent to another process, and say in words what they do, so that a folder's files can be compared with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Protocol

from chordllama.codec import classic
from chordllama.codec.compact import dumps, loads
from chordllama.codec.container import ARCHIVE_SUFFIX, PLAIN_SUFFIXES, read_container, write_container
from chordllama.codec.musicxml import Reading, read, read_with_origin, write
from chordllama.codec.omit import omit
from chordllama.codec.report import Report
from chordllama.conversion.foreign import FORMATS, foreign_format, to_musicxml
from chordllama.errors import ChordLlamaError, CompactError, MusicXMLError
from chordllama.score.model import Score

FOREIGN_SUFFIXES = tuple(suffix for format_ in FORMATS for suffix in format_.suffixes)
TEXT_SUFFIXES = (".yaml", ".yml")
_BEGINS_LIKE_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s*#[^\n]*\n)*\s*[a-z]{1,20}:")


class DialectError(ChordLlamaError):
    """A dialect can't do what was asked."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Converted:
    """A file's new bytes, the score in it, and what a composer should know."""

    data: bytes
    score: Score
    warnings: tuple[str, ...] = ()


class Conversion(Protocol):
    """What makes files of one kind out of files of another; its `repr` says all that the new bytes depend on beside the old ones."""

    @property
    def name(self) -> str:
        """What it does, as a verb."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Those of the files that it takes, in small letters."""

    @property
    def target_suffix(self) -> str:
        """That of the files that it makes."""

    def convert(self, data: bytes, name: str) -> Converted:
        """Return the new bytes of a file; its `name` is for messages. Raises ChordLlamaError."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A score becomes compact text; `without` some kinds of signs (in order); `strict` refuses what MusicXML doesn't know."""

    name: ClassVar[str] = "encode"
    suffixes: ClassVar[tuple[str, ...]] = (*PLAIN_SUFFIXES, ARCHIVE_SUFFIX, *FOREIGN_SUFFIXES)
    target_suffix: ClassVar[str] = TEXT_SUFFIXES[0]
    without: tuple[str, ...] = ()
    bars_per_line: int = 1
    strict: bool = False

    def __post_init__(self) -> None:
        omit(Score((), ()), self.without)  # an unknown kind is an error before the first file

    def convert(self, data: bytes, name: str) -> Converted:
        """Return the compact text of a file in MusicXML or one of the formats that music21 converts. Raises ScoreError."""
        reading = read_score(data, name)
        if self.strict:
            refuse_unknown(reading.report, name)
        text = dumps(reading.score, self.without, self.bars_per_line)
        return Converted(text.encode("utf-8"), reading.score, tuple(reading.report.warnings()))


@dataclass(frozen=True, slots=True)
class Decoding:
    """Compact text becomes a score in a file whose name ends in `suffix`."""

    name: ClassVar[str] = "decode"
    suffixes: ClassVar[tuple[str, ...]] = TEXT_SUFFIXES
    suffix: str = PLAIN_SUFFIXES[0]

    @property
    def target_suffix(self) -> str:
        return self.suffix

    def convert(self, data: bytes, name: str) -> Converted:
        """Return the MusicXML of a compact text. Raises ScoreError."""
        score = loads(decode_text(data, name))
        return Converted(write_container(write(score), self.suffix), score)


@dataclass(frozen=True, slots=True)
class ClassicEncoding:
    """A score becomes text in the 2024 format; `strict` refuses what MusicXML doesn't know."""

    name: ClassVar[str] = "encode"
    suffixes: ClassVar[tuple[str, ...]] = Encoding.suffixes
    target_suffix: ClassVar[str] = Encoding.target_suffix
    strict: bool = False

    def convert(self, data: bytes, name: str) -> Converted:
        """Return the classic text of a file in MusicXML or one of the formats that music21 converts. Raises ScoreError."""
        xml = musicxml_in(data, name)
        report = Report()
        parts = classic.encode(xml, name, report)
        if self.strict:
            refuse_unknown(report, name)
        text = classic.dumps(parts)
        return Converted(text.encode("utf-8"), read(xml, name), tuple(report.warnings()))


@dataclass(frozen=True, slots=True)
class ClassicDecoding:
    """Text in the 2024 format becomes a score in a file whose name ends in `suffix`; the warnings say what was mended."""

    name: ClassVar[str] = "decode"
    suffixes: ClassVar[tuple[str, ...]] = (*TEXT_SUFFIXES, ".json")
    suffix: str = PLAIN_SUFFIXES[0]

    @property
    def target_suffix(self) -> str:
        return self.suffix

    def convert(self, data: bytes, name: str) -> Converted:
        """Return the MusicXML of a classic text or of a row of its data set. Raises ScoreError."""
        report = Report()
        score = classic.decode(classic.loads(decode_text(data, name), report), name, report)
        return Converted(write_container(write(score), self.suffix), score, tuple(report.warnings()))


def encoding_for(dialect: str, without: tuple[str, ...], bars_per_line: int, strict: bool) -> Conversion:
    """Return what makes text of this dialect, compact or classic. Raises DialectError for what classic text can't be."""
    if dialect == "compact":
        return Encoding(without, bars_per_line, strict)
    if without or bars_per_line > 1:
        raise DialectError(
            "what classic text keeps is fixed, a line for each value",
            hint="--without and --bars-per-line are for compact text",
        )
    return ClassicEncoding(strict)


def decoding_for(dialect: str, suffix: str) -> Conversion:
    """Return what makes scores of text of this dialect, compact or classic."""
    return Decoding(suffix) if dialect == "compact" else ClassicDecoding(suffix)


def musicxml_in(data: bytes, name: str) -> bytes:
    """Return the MusicXML in a file: its own, or what music21 makes of another format. Raises ScoreError."""
    return to_musicxml(data, name) if foreign_format(data, name) else read_container(data, name)


def read_score(data: bytes, name: str) -> Reading:
    """Read the score in a file in MusicXML or one of the formats that music21 converts. Raises ScoreError."""
    return read_with_origin(musicxml_in(data, name), name)


def read_anything(data: bytes, name: str) -> Reading:
    """Return the score in a file that may be compact text too. Raises ScoreError."""
    if name.lower().endswith(TEXT_SUFFIXES) or (_BEGINS_LIKE_TEXT.match(data) and not foreign_format(data, name)):
        return Reading(loads(decode_text(data, name)), (), Report())
    return read_score(data, name)


def decode_text(data: bytes, name: str) -> str:
    """Return the text in the bytes of a file. Raises CompactError where they are no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise CompactError(
            f"{name}: line {line}: byte 0x{data[fault.start]:02X} is no UTF-8",
            hint="the text of a score is a UTF-8 text file",
        ) from fault


def refuse_unknown(report: Report, name: str) -> None:
    """With `--strict`, an element that MusicXML doesn't know is a MusicXMLError."""
    if report.unknown:
        raise MusicXMLError(
            f"{name}: refused", cause="; ".join(report.warnings()), hint="without --strict these are left out"
        )
