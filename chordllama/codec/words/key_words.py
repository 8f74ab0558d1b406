"""Key signatures as words, and back. Knows no elements and no bars."""

from __future__ import annotations

import re
from fractions import Fraction

from chordllama.score.model import Alter, Key

_FIFTHS = r"-?(?:[0-9]|1[0-4])"
_ALTER = r"[A-G]-?[0-9](?:\.[0-9]{1,4})?"
KEY = re.compile(rf"({_FIFTHS})(?:,([a-z]+))?|({_ALTER}(?:\+{_ALTER}){{0,13}})")


def format_key(key: Key) -> str:
    """Write a key: `-3`, `-3,minor`; `F1+B-1` for signs that aren't on the circle of fifths, each with its semitones."""
    if key.alters:
        return "+".join(f"{step}{format_alter(alter)}" for step, alter in key.alters)
    return f"{key.fifths},{key.mode}" if key.mode else str(key.fifths)


def parse_key(text: str) -> Key:
    """Return the key signature that `format_key` writes."""
    match = KEY.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a key (sharps 1 to 14, flats -1 to -14, and the mode: -3,minor)')
    fifths, mode, signs = match.groups(default="")
    return Key(int(fifths or 0), mode, tuple(_parse_sign(sign) for sign in signs.split("+") if sign))


def format_alter(alter: Alter) -> str:
    """Semitones as a number: `1`, `-0.5`."""
    return str(alter) if isinstance(alter, int) else f"{float(alter):g}"


def _parse_sign(text: str) -> tuple[str, Alter]:
    alter = Fraction(text[1:])
    return text[0], alter.numerator if alter.denominator == 1 else alter
