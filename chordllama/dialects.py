"""The texts that a score can become: compact, or classic, the 2024 Chord Llama format. Knows their doors and nothing within."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NamedTuple, get_args

from chordllama.codec.report import Report
from chordllama.errors import ChordLlamaError
from chordllama.score import Score

Dialect = Literal["compact", "classic"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


class DialectError(ChordLlamaError):
    """A dialect can't do what was asked."""

    exit_code = 2


class Text(NamedTuple):
    """A score as text, and how many parts and bars it has."""

    text: str
    parts: int
    bars: int


def encode_text(data: bytes, name: str, dialect: Dialect, report: Report, without: Collection[str] = ()) -> Text:
    """The text of a MusicXML file; only the compact text can be had `without` some kinds of signs.

    Raises:
        ScoreError: the file is rejected.
        DialectError: something is to be left out of classic text.
    """
    if dialect == "compact":
        from chordllama.codec.compact import dumps
        from chordllama.codec.musicxml import read

        score = read(data, name, report)
        return Text(dumps(score, without=without), len(score.parts), len(score.bars))
    from chordllama.codec import classic, classic_text

    if without:
        raise DialectError(
            "nothing can be left out of classic text", hint="what it keeps is fixed: use --without with the compact text"
        )
    parts = classic.encode(data, name, report)
    return Text(classic_text.dumps(parts), len(parts), max(len(part.measures) for part in parts))


def decode_text(text: str, name: str, dialect: Dialect, report: Report) -> Score:
    """The score that a text says; what had to be mended in classic text is in the report.

    Raises:
        CompactError, ClassicError: the text breaks its format.
    """
    if dialect == "compact":
        from chordllama.codec.compact import loads

        return loads(text)
    from chordllama.codec import classic, classic_text

    return classic.decode(classic_text.loads(text, report), name, report)
