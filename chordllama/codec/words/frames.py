"""What frames a bar (number, length, keys, times, bar lines) as words, and back. Knows parts by number; knows no rows.

A word that isn't one raises `ValueError`, whose text says what was wanted; the caller knows the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from chordllama.codec.whitelist import BAR_STYLES, HIDDEN, TIME_SYMBOLS
from chordllama.codec.words.durations import format_whole, parse_whole
from chordllama.codec.words.key_words import format_key, parse_key
from chordllama.codec.words.places import parse_staff
from chordllama.codec.words.texts import (
    format_fields,
    format_value,
    is_trimmed,
    parse_fields,
    parse_value,
    split_commas,
)
from chordllama.codec.words.yaml_subset import Entry
from chordllama.limits import MOST_BEATS
from chordllama.score.model import LONGEST_BAR, NO_BARLINE, Bar, Barline, Change, Key, Part, Time

SHORTEST_BEAT = 1024


_FRAME = ("number", "length", "key", "time", "start")
IMPLICIT = "implicit"
END = "end="


def dump_frame(bar: Bar) -> list[str]:
    """Return the words that begin a bar: its number, length, key, time and left bar line, as far as they need saying."""
    fields = {
        "number": format_value(bar.number) if bar.number is not None else "",
        "length": format_whole(bar.length) if bar.length is not None else "",
        "key": ";".join(map(_dump_change, bar.keys)),
        "time": ";".join(map(_dump_change, bar.times)),
        "start": _dump_barline(bar.start),
    }
    return [*([IMPLICIT] if bar.implicit else []), *format_fields(fields)]


def dump_end(bar: Bar) -> list[str]:
    """Return the word that ends a bar: its right bar line, if it's more than the usual one."""
    return [f"{END}{_dump_barline(bar.end)}"] if bar.end else []


def is_frame(word: str) -> bool:
    """Tell whether a word is one that begins a bar."""
    return word == IMPLICIT or word.partition("=")[0] in _FRAME


def is_end(word: str) -> bool:
    """Tell whether a word is the one that ends a bar."""
    return word.startswith(END)


def load_frame(entry: Entry, before: list[str], after: list[str], parts: Sequence[Part]) -> Bar:
    """Return a bar without rows, of the words before and after them."""
    implicit = before[:1] == [IMPLICIT]
    fields = entry.parsed(before[implicit:], partial(parse_fields, allowed=_FRAME))
    ends = [entry.parsed(word.removeprefix(END), _parse_barline) for word in after]
    read_changes = partial(_parse_changes, parts=parts)
    return Bar(
        keys=entry.parsed(fields["key"], partial(read_changes, parse=parse_key)) if "key" in fields else (),
        times=entry.parsed(fields["time"], partial(read_changes, parse=parse_time)) if "time" in fields else (),
        start=entry.parsed(fields["start"], _parse_barline) if "start" in fields else NO_BARLINE,
        end=ends[0] if ends else NO_BARLINE,
        length=entry.parsed(fields["length"], parse_whole) if "length" in fields else None,
        number=entry.parsed(fields["number"], parse_value) if "number" in fields else None,
        implicit=implicit,
    )


# ----------------------------------------------------------------------------------------------------- keys and times


def _dump_change(change: Change) -> str:
    """`-3` for all parts, `2=1` for part 2, `2.1=1` for its first staff, `2=stays` for one that stays out of a change."""
    value = _format_value(change.value)
    if change.part is None:
        return value
    staff = f".{change.staff}" if change.staff is not None else ""
    return f"{change.part + 1}{staff}={value}"


def _format_value(value: Key | Time | None) -> str:
    if value is None:
        return _STAYS
    return format_key(value) if isinstance(value, Key) else format_time(value)


_STAYS = "stays"
_CHANGE = re.compile(r"(?:([1-9]\d{0,2})(?:\.([1-8]))?=)?(.+)", re.DOTALL)


def _parse_changes(text: str, parse: Callable[[str], Key | Time], parts: Sequence[Part]) -> tuple[Change, ...]:
    changes = []
    for change in text.split(";"):
        match = _CHANGE.fullmatch(change)
        if not match:
            raise ValueError("a change of key or time says nothing")
        part, staff, value = match.groups()
        index = parse_staff(part, staff, parts)[0] if part else None
        stays = part is not None and value == _STAYS
        changes.append(Change(None if stays else parse(value), index, int(staff) if staff else None))
    return tuple(changes)


def format_time(time: Time) -> str:
    """Write a time signature: `4/4`, `3+2/8`, `2/4+3/8`; `common` and `cut` for their signs; `none` for senza misura."""
    text = "+".join(f"{count}/{unit}" for count, unit in time.beats) or "none"
    return f"{text},{time.symbol}" if time.symbol else text


def parse_time(text: str) -> Time:
    """Return the time signature that `format_time` writes."""
    beats, _, symbol = text.partition(",")
    if symbol and symbol not in (*TIME_SYMBOLS, HIDDEN):
        raise ValueError(f'"{symbol}" is not the sign of a time signature ({", ".join((*TIME_SYMBOLS, HIDDEN))})')
    if beats == "none":
        return Time((), symbol)
    if not _BEATS.fullmatch(beats):
        raise ValueError(f'"{text}" is not a time signature (3/4, 3+2/8, 2/4+3/8, none)')
    time = Time(tuple((count, int(unit)) for count, unit in _PAIR.findall(beats)), symbol)
    if not is_usual(time):
        raise ValueError(f'"{text}" is not the time signature of any music')
    return time


_PAIR = re.compile(r"([1-9][0-9]{0,2}(?:\+[1-9][0-9]{0,2})*)/([1-9][0-9]{0,3})")
_BEATS = re.compile(rf"{_PAIR.pattern}(?:\+{_PAIR.pattern})*")


# ----------------------------------------------------------------------------------------------------------- bar lines


def is_usual(time: Time) -> bool:
    """Tell whether a time signature's beats are note values and its bars of a length that is ever written."""
    beats = sum(1 + count.count("+") for count, _ in time.beats)
    return (
        beats <= MOST_BEATS
        and all(unit <= SHORTEST_BEAT for _, unit in time.beats)
        and (time.ticks or 0) <= LONGEST_BAR
    )


ENDING = re.compile(r"[1-9][0-9]{0,3}(?:, ?[1-9][0-9]{0,3})*")
"""The number of an ending, or several."""


def ending_label(text: str, number: str) -> str:
    """Return what is printed for an ending; "" for its numbers with or without dots, which a program shows by itself."""
    numbers = re.findall(r"[0-9]+", text)
    plain = not re.sub(r"[0-9.,\s]", "", text) and (not numbers or numbers == re.findall(r"[0-9]+", number))
    return "" if plain else text


BARLINE_CODES = {style: style for style in BAR_STYLES} | {"light-light": "double", "light-heavy": "final"}
_BARLINE_BY_CODE = {code: style for style, code in BARLINE_CODES.items()}
_ENDING_CODES = {"start": "volta", "stop": "volta-end", "discontinue": "volta-open"}
_ENDING_BY_CODE = {code: type for type, code in _ENDING_CODES.items()}
TOP = "top"
"""After an ending: only the first part writes it."""
BARLINE_SIGNS = ("segno", "coda", "fermata")


def _dump_barline(barline: Barline) -> str:
    """`final`, `double`, `repeat=backward,volta=1`: what a bar line is."""
    found = [BARLINE_CODES[barline.style]] if barline.style else []
    if barline.repeat:
        found.append(f"repeat={barline.repeat}")
    if barline.times:
        found.append(f"times={barline.times}")
    if barline.ending_type:
        found.append(f"{_ENDING_CODES[barline.ending_type]}={format_value(barline.ending)}")
    if barline.label:
        found.append(f"label={format_value(barline.label)}")
    if barline.top:
        found.append(TOP)
    return ",".join([*found, *barline.signs])


def _parse_barline(text: str) -> Barline:
    fields: dict[str, Any] = {"signs": frozenset()}
    for word in split_commas(text):
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
        elif word == TOP and "ending" in fields:
            fields["top"] = True
        elif name == "label" and "ending" in fields and is_trimmed(parse_value(value)):
            fields["label"] = ending_label(parse_value(value), fields["ending"])
        else:
            raise ValueError(
                f'"{word}" says nothing of a bar line (final, double, repeat=backward, then times=3, volta=1, …)'
            )
    return Barline(**fields | {"signs": tuple(sign for sign in BARLINE_SIGNS if sign in fields["signs"])})
