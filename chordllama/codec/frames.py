"""Keys, times and bar lines as words, and back. Knows parts by number; knows no rows.

A word that isn't one raises `ValueError`, whose text says what was wanted; the caller knows the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chordllama.codec.texts import format_value, parse_value, split_words
from chordllama.codec.whitelist import BAR_STYLES, TIME_SYMBOLS
from chordllama.codec.yaml_subset import Entry
from chordllama.score import LONGEST_BAR, Barline, Change, Key, Part, Time

SHORTEST_BEAT = 1024


def dump_change(change: Change) -> str:
    value = _format_value(change.value)
    if change.part is None:
        return value
    staff = f".{change.staff}" if change.staff is not None else ""
    return f"a{change.part:02d}{staff}={value}"


def _format_value(value: Key | Time | None) -> str:
    if value is None:
        return "stays"
    return format_key(value) if isinstance(value, Key) else format_time(value)


_CHANGE = re.compile(r"(?:a(\d{2,4})(?:\.([1-8]))?=)?(.+)")


def load_changes(entry: Entry, parse: Callable[[str], Key | Time], parts: tuple[Part, ...]) -> tuple[Change, ...]:
    changes = []
    for word in entry.text().split():
        match = _CHANGE.fullmatch(word)
        assert match is not None
        part, staff = (int(number) if number else None for number in (match[1], match[2]))
        if part is not None and (part >= len(parts) or (staff or 1) > parts[part].staves):
            raise entry.error(f"there is no {word.partition('=')[0]} among the parts and staves")
        value = None if match[3] == "stays" and part is not None else entry.word(match[3], parse)
        changes.append(Change(value, part, staff))
    return tuple(changes)


def format_key(key: Key) -> str:
    return f"{key.fifths},{key.mode}" if key.mode else str(key.fifths)


def parse_key(text: str) -> Key:
    match = re.fullmatch(r"(-?\d{1,2})(?:,([a-z]+))?", text)
    if not match or abs(int(match[1])) > 14:
        raise ValueError(f'"{text}" is not a key (sharps 1 to 14, flats -1 to -14, and the mode: -3,minor)')
    return Key(int(match[1]), match[2] or "")


def format_time(time: Time) -> str:
    """`4/4`, `3+2/8`, `2/4;3/8`; `common` and `cut` for their signs; `none` for senza misura."""
    text = ";".join(f"{count}/{unit}" for count, unit in time.beats) or "none"
    return f"{text},{time.symbol}" if time.symbol else text


def parse_time(text: str) -> Time:
    """The time signature that `format_time` writes."""
    beats, _, symbol = text.partition(",")
    if symbol and symbol not in TIME_SYMBOLS:
        raise ValueError(f'"{symbol}" is not the sign of a time signature ({", ".join(TIME_SYMBOLS)})')
    if beats == "none":
        return Time((), symbol)
    pairs = [_BEATS.fullmatch(pair) for pair in beats.split(";")]
    if not all(pairs):
        raise ValueError(f'"{text}" is not a time signature (3/4, 3+2/8, 2/4;3/8, none)')
    time = Time(tuple((pair[1], int(pair[2])) for pair in pairs if pair), symbol)
    if not is_usual(time):
        raise ValueError(f'"{text}" is not the time signature of any music')
    return time


_BEATS = re.compile(r"([1-9][0-9]{0,2}(?:\+[1-9][0-9]{0,2})*)/([1-9][0-9]{0,3})")


def is_usual(time: Time) -> bool:
    """Whether a time signature's beats are note values and its bars of a length that is ever written."""
    return all(unit <= SHORTEST_BEAT for _, unit in time.beats) and (time.ticks or 0) <= LONGEST_BAR


ENDING = re.compile(r"[1-9][0-9]{0,3}(?:, ?[1-9][0-9]{0,3})*")
"""The number of an ending, or several."""
BARLINE_CODES = {style: style for style in BAR_STYLES} | {"light-light": "double", "light-heavy": "final"}
_BARLINE_BY_CODE = {code: style for style, code in BARLINE_CODES.items()}
_ENDING_CODES = {"start": "volta", "stop": "volta-end", "discontinue": "volta-open"}
_ENDING_BY_CODE = {code: type for type, code in _ENDING_CODES.items()}
BARLINE_SIGNS = ("segno", "coda", "fermata")


def dump_barline(barline: Barline) -> str:
    """`final`, `double`, `repeat=backward`, `volta=1`: the words of a bar line."""
    found = [BARLINE_CODES[barline.style]] if barline.style else []
    if barline.repeat:
        found.append(f"repeat={barline.repeat}")
    if barline.times:
        found.append(f"times={barline.times}")
    if barline.ending_type:
        found.append(f"{_ENDING_CODES[barline.ending_type]}={format_value(barline.ending)}")
    return " ".join([*found, *barline.signs])


def parse_barline(text: str) -> Barline:
    """The bar line that `dump_barline` writes."""
    fields: dict[str, Any] = {"signs": frozenset()}
    for word in split_words(text):
        name, _, value = word.partition("=")
        if name in _BARLINE_BY_CODE and not value:
            fields["style"] = _BARLINE_BY_CODE[name]
        elif name in BARLINE_SIGNS and not value:
            fields["signs"] |= {name}
        elif name == "repeat" and value in ("forward", "backward"):
            fields["repeat"] = value
        elif name == "times" and "repeat" in fields and re.fullmatch(r"[1-9][0-9]?", value):
            fields["times"] = int(value)
        elif name in _ENDING_BY_CODE and ENDING.fullmatch(parse_value(value)):
            fields |= {"ending_type": _ENDING_BY_CODE[name], "ending": parse_value(value)}
        else:
            raise ValueError(
                f'"{word}" says nothing of a bar line (final, double, repeat=backward, then times=3, volta=1, …)'
            )
    return Barline(**fields | {"signs": tuple(sign for sign in BARLINE_SIGNS if sign in fields["signs"])})
