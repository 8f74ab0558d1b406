"""ChordLlama: continue a score on your own laptop.

    import chordllama

    for suggestion in chordllama.continue_score("song.musicxml", bars=8, candidates=3):
        print(suggestion.surprisal, len(suggestion.bars))
    suggestion.save("continued.musicxml")

`read`, `write`, `encode`, `decode` and `check` are for scores and their text; `continue_score`, `infill`, `harmonise` and `vary` write new
bars, each as a list of `Suggestion`; `open_model` opens a model for several calls. All of it stands in chordllama/api.py, which is loaded when it
is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chordllama.api import (
        Backend,
        BarProgress,
        Check,
        ChordLlamaError,
        EndpointError,
        ModelError,
        RequestError,
        Score,
        ScoreError,
        Suggestion,
        WritingOptions,
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
    "Backend",
    "BarProgress",
    "Check",
    "ChordLlamaError",
    "EndpointError",
    "ModelError",
    "RequestError",
    "Score",
    "ScoreError",
    "Suggestion",
    "WritingOptions",
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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'chordllama' has no attribute {name!r}")
    from chordllama import api

    globals().update({offered: getattr(api, offered) for offered in __all__})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
