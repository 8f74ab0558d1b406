"""Key signatures: `<key>`, read and written; words/key_words.py has them as words. Knows no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/key/
"""

from __future__ import annotations

import re

from lxml.etree import _Element

from chordllama.codec.elements.content import child_text, number
from chordllama.codec.words.key_words import KEY, format_alter, parse_key
from chordllama.score.model import Key

MOST_FIFTHS = 14


def read_key(element: _Element) -> Key | None:
    """Return a key signature; None for one that says nothing that can be kept."""
    fifths = number(element.findtext("fifths"), -MOST_FIFTHS, MOST_FIFTHS)
    steps, alters = (
        [(child.text or "").strip() for child in element.iterfind(tag)] for tag in ("key-step", "key-alter")
    )
    signs = "+".join(map("".join, zip(steps, alters, strict=False)))
    if fifths is None:
        return parse_key(signs) if KEY.fullmatch(signs) else None
    mode = child_text(element, "mode")
    return Key(fifths, mode if re.fullmatch(r"[a-z]+", mode) else "")


def write_key(key: Key, staff: int) -> list[str]:
    """Return the lines of a `<key>`; `staff` is 0 for all."""
    signs = [
        line
        for step, alter in key.alters
        for line in (f"  <key-step>{step}</key-step>", f"  <key-alter>{format_alter(alter)}</key-alter>")
    ]
    mode = [f"  <mode>{key.mode}</mode>"] if key.mode else []
    return [
        f'<key number="{staff}">' if staff else "<key>",
        *(signs or [f"  <fifths>{key.fifths}</fifths>"]),
        *mode,
        "</key>",
    ]
