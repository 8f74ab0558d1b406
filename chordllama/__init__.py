"""ChordLlama continues scores on your own laptop. The functions here are its front door for Python; see `chordllama.api`."""

from chordllama.api import (
    ChordLlamaError,
    Suggestion,
    check,
    continue_score,
    decode,
    encode,
    harmonise,
    infill,
    open_model,
    read,
    vary,
    write,
)

__all__ = [
    "ChordLlamaError",
    "Suggestion",
    "check",
    "continue_score",
    "decode",
    "encode",
    "harmonise",
    "infill",
    "open_model",
    "read",
    "vary",
    "write",
]
