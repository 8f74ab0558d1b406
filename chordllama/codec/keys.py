"""Key signatures: `<key>`, read and written, and as words. Knows no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/key/
"""

from __future__ import annotations

import re
from fractions import Fraction

from lxml.etree import _Element

from chordllama.codec.elements import child_text, number
from chordllama.score import Alter, Key

MOST_FIFTHS = 14
_FIFTHS = r"-?(?:[0-9]|1[0-4])"
_ALTER = r"[A-G]-?[0-9](?:\.[0-9]{1,4})?"
KEY = re.compile(rf"({_FIFTHS})(?:,([a-z]+))?|({_ALTER}(?:\+{_ALTER}){{0,13}})")


def format_key(key: Key) -> str:
    """`-3`, `-3,minor`; `F1+B-1` for signs that aren't on the circle of fifths, each with its semitones."""
    if key.alters:
        return "+".join(f"{step}{_format_alter(alter)}" for step, alter in key.alters)
    return f"{key.fifths},{key.mode}" if key.mode else str(key.fifths)


def parse_key(text: str) -> Key:
    """The key signature that `format_key` writes."""
    match = KEY.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a key (sharps 1 to 14, flats -1 to -14, and the mode: -3,minor)')
    fifths, mode, signs = match.groups(default="")
    return Key(int(fifths or 0), mode, tuple(_parse_sign(sign) for sign in signs.split("+") if sign))


def _format_alter(alter: Alter) -> str:
    return str(alter) if isinstance(alter, int) else f"{float(alter):g}"


def _parse_sign(text: str) -> tuple[str, Alter]:
    alter = Fraction(text[1:])
    return text[0], alter.numerator if alter.denominator == 1 else alter


def read_key(element: _Element) -> Key | None:
    """A key signature; None for one that says nothing that can be kept."""
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
    """The lines of a `<key>`; `staff` is 0 for all."""
    signs = [
        line
        for step, alter in key.alters
        for line in (f"  <key-step>{step}</key-step>", f"  <key-alter>{_format_alter(alter)}</key-alter>")
    ]
    mode = [f"  <mode>{key.mode}</mode>"] if key.mode else []
    return [
        f'<key number="{staff}">' if staff else "<key>",
        *(signs or [f"  <fifths>{key.fifths}</fifths>"]),
        *mode,
        "</key>",
    ]
