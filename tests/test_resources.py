"""Files that travel with the package are found."""

from __future__ import annotations

import pytest

from chordllama.errors import ChordLlamaError
from chordllama.system.resources import resource


def test_the_recipes_are_found() -> None:
    assert list(resource("models/recipes").glob("*.yaml"))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ChordLlamaError, match="models/none"):
        resource("models/none")
