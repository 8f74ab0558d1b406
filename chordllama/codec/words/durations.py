"""Lengths as words, and back: note values, offsets, lengths of bars. Knows no notes and no bars.

A word that isn't one raises `ValueError`, whose text says what was wanted; the caller knows the line.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from chordllama.score.model import LONGEST_BAR, Duration, Ticks, duration, duration_of, ticks, whole_notes

TYPE_CODES = {"maxima": "000", "long": "00", "breve": "0", "whole": "1", "half": "2", "quarter": "4", "eighth": "8"} | {
    f"{n}{'nd' if n == 32 else 'th'}": str(n) for n in (16, 32, 64, 128, 256, 512, 1024)
}
TYPE_BY_CODE = {code: type for type, code in TYPE_CODES.items()}
USUAL_NORMAL = {2: 3, 3: 2, 4: 3, 5: 4, 6: 4, 7: 4, 8: 6, 9: 8, 10: 8, 11: 8, 12: 8, 13: 8, 14: 8, 15: 8}
"""What a tuplet of so many notes stands in for when nothing is said."""
VALUE = r"(?:\d+\.{0,4}(?:t(?:\d{1,4}(?::\d{1,4})?)?)?|:\d{1,12}/\d{1,9})"
"""How a duration looks, as a part of other words' patterns."""


@lru_cache(maxsize=4096)
def format_duration(value: Duration) -> str:
    """Write a duration: `4.` is a dotted quarter, `8t` a triplet eighth, `16t7:8` one of seven in the time of eight, `:5/16` five sixteenths."""
    if value.free is not None:
        return f":{value.free.numerator}/{value.free.denominator}"
    return TYPE_CODES[value.type] + "." * value.dots + _format_ratio(value.actual, value.normal)


def _format_ratio(actual: int, normal: int) -> str:
    if actual == normal:
        return ""
    if USUAL_NORMAL.get(actual) != normal:
        return f"t{actual}:{normal}"
    return "t" if actual == 3 else f"t{actual}"


_DURATION = re.compile(r"(?::(\d{1,12})/(\d{1,9})|(\d+)(\.{0,4})(t(?:(\d{1,4})(?::(\d{1,4}))?)?)?)")


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> Duration:
    """Return the duration that `format_duration` writes."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a duration (1 2 4 8 16 …, dots, t for a tuplet, or :n/d)')
    numerator, denominator, type, dots, tuplet, actual, normal = match.groups()
    if numerator:
        return _free_duration(text, int(numerator), int(denominator))
    if type not in TYPE_BY_CODE:
        raise ValueError(f'"{type}" is not a note value (000 00 0 1 2 4 8 16 32 … 1024)')
    if not tuplet:
        return duration(TYPE_BY_CODE[type], len(dots))
    notes = int(actual or 3)
    instead = int(normal) if normal else USUAL_NORMAL.get(notes, 0)
    if not (notes and instead) or notes == instead:
        raise ValueError(f'"{tuplet}" is not a tuplet (t, t5, t7:8)')
    return duration(TYPE_BY_CODE[type], len(dots), notes, instead)


def _free_duration(text: str, numerator: int, denominator: int) -> Duration:
    if not (numerator and denominator):
        raise ValueError(f'"{text}" is not a duration: it has no length')
    return duration_of(ticks(Fraction(numerator, denominator)))


def format_offset(offset: Ticks) -> str:
    """Write an offset: `&8` is an eighth after the place in the row; nothing where there's none."""
    return f"&{format_duration(duration_of(offset))}" if offset else ""


def parse_offset(text: str | None) -> Ticks:
    """Return the offset in ticks that `format_offset` writes."""
    return parse_duration(text[1:]).ticks if text else 0


def format_whole(length: Ticks) -> str:
    """Return a length as a fraction of a whole note: `3/8`."""
    value = whole_notes(length)
    return f"{value.numerator}/{value.denominator}"


def parse_whole(text: str) -> Ticks:
    """Return the length in ticks that `format_whole` writes."""
    match = re.fullmatch(r"(\d{1,12})/(\d{1,9})", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise ValueError(f'"{text}" is not a length (3/8)')
    length = ticks(Fraction(int(match[1]), int(match[2])))
    if length > LONGEST_BAR:
        raise ValueError(f"{text} is longer than any bar of music (at most {format_whole(LONGEST_BAR)})")
    return length
