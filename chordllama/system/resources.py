"""Where the files that travel with the package lie. Knows the wheel and the source tree; opens nothing."""

from __future__ import annotations

from pathlib import Path

from chordllama.errors import ChordLlamaError

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "data", _PACKAGE.parent)


def resource(relative: str) -> Path:
    """Return the path of a file or folder named as in the source tree, e.g. `models/recipes`, in a wheel and a checkout alike.

    Raises ChordLlamaError where the installation lacks it.
    """
    for place in _PLACES:
        if (place / relative).exists():
            return place / relative
    raise ChordLlamaError(
        f"{relative} is not part of this installation",
        cause=f"looked in {' and '.join(str(place) for place in _PLACES)}",
        hint="install chordllama again",
    )
