"""Which language a text is in, by `lingua`. Knows words only.

Its models of three letters are enough for a stanza, and take 45 MB where the larger ones take 570.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chordllama.tasks.prompt_templates import LANGUAGES

FEWEST_WORDS = 8
"""Fewer words tell a language too rarely."""
SURE = 0.9
ENOUGH = 10_000
"""Characters that tell the language of a book."""


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of a text's language; "" where that isn't sure."""
    if len(text.split()) < FEWEST_WORDS:
        return ""
    best = _detector().compute_language_confidence_values(" ".join(text[:ENOUGH].split()))[0]
    return str(best.language.iso_code_639_1.name).lower() if best.value >= SURE else ""


@lru_cache(maxsize=1)
def _detector() -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_low_accuracy_mode().build()
