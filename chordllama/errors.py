"""Every error that ChordLlama raises on purpose. Knows no formats: each names where, what was found and what was wanted.

ChordLlamaError
├── ScoreError           the score is rejected                                  exit code 3
│   ├── ContainerError   the file is no readable MusicXML, or a hostile one
│   ├── MusicXMLError    the XML is no score that can be kept
│   ├── CompactError     a line of the compact text breaks the format
│   └── ClassicError     a line of the 2024 format breaks it where it can't be mended
├── ModelError           a model can't be found, loaded, trained or exported    exit code 4
│   └── PromptTooLongError  one bar of all staves is more than the model reads
├── EndpointError        an endpoint can't be reached or answers wrongly        exit code 5
└── CorpusError          a source can't be fetched, unpacked or read            exit code 6
"""

from __future__ import annotations


class ChordLlamaError(Exception):
    """An error for people: what went wrong, why, and what to do about it.

    `message` says what, `cause` why (where that is known), `hint` what the user can do; the command line prints them as
    `error:`, `cause:` and `hint:`.
    """

    exit_code = 1

    def __init__(self, message: str, *, cause: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.cause})" if self.cause else self.message


class ScoreError(ChordLlamaError, ValueError):
    """The score is rejected."""

    exit_code = 3


class ContainerError(ScoreError):
    """The file is not MusicXML, can't be unpacked or decoded, or asks for something that no score needs."""


class MusicXMLError(ScoreError):
    """The XML can't be kept as a score; the message names part, measure and element."""


class CompactError(ScoreError):
    """The compact text breaks the format; the message begins with line and row."""


class ClassicError(ScoreError):
    """A text in the 2024 Chord Llama format breaks it where it can't be mended; the message begins with line and column."""


class ModelError(ChordLlamaError):
    """A model can't be found, loaded, trained or exported."""

    exit_code = 4


class PromptTooLongError(ModelError):
    """The last bar alone, of all staves, is more than the model's context holds."""


class EndpointError(ChordLlamaError):
    """An endpoint can't be reached, or what it answers can't be used."""

    exit_code = 5


class CorpusError(ChordLlamaError):
    """A source is unknown or missing, can't be fetched, unpacked or read, or isn't what its checksum says."""

    exit_code = 6
