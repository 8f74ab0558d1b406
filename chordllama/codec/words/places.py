"""Where a row stands in its bar: part, staff and voice as a word between rows, and back. Knows no rows.

`/` goes on to the next staff, `/3` to part 3, `/3.2` to its second staff; `&` is the next voice of the same staff, `&3` its third.
Parts, staves and voices are counted from 1, parts and staves from the top. A bar begins at the first part's first staff.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from chordllama.score.model import Place


class Staved(Protocol):
    """A part, of which only the number of its staves counts here."""

    @property
    def staves(self) -> int: ...


FIRST = Place(0, 1, 1)
_WORD = re.compile(r"(?:/(?:([1-9]\d{0,2})(?:\.([1-8]))?)?(?:&([2-9]|[1-9]\d))?|&([2-9]|[1-9]\d)?)")


def next_staff(place: Place, parts: Sequence[Staved]) -> Place:
    """Return the first voice of the staff below; after the last one it is a part that isn't there."""
    part, staff, _ = place
    return Place(part, staff + 1, 1) if staff < parts[part].staves else Place(part + 1, 1, 1)


def format_place(place: Place, before: Place | None, parts: Sequence[Staved]) -> str:
    """Return the word that leads from the row `before` to the one at `place`; nothing where none is needed."""
    part, staff, voice = place
    if before is not None and before[:2] == place[:2]:
        return "&" if voice == before.voice + 1 else f"&{voice}"
    if place == (next_staff(before, parts) if before else FIRST):
        return "/" if before else ""
    return f"/{format_staff(part, staff)}" + (f"&{voice}" if voice > 1 else "")


def is_place(word: str) -> bool:
    """Tell whether a word leads to another row."""
    return word.startswith(("/", "&"))


def parse_place(word: str, before: Place, parts: Sequence[Staved]) -> Place:
    """Return the place that `format_place` writes; `before` is `FIRST` at a bar's beginning."""
    match = _WORD.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" leads to no row (/ next staff, /3.2 second staff of part 3, & next voice)')
    part, staff, voice, next_voice = match.groups()
    if word.startswith("&"):
        place = before._replace(voice=int(next_voice or before.voice + 1))
    elif part:
        place = Place(*parse_staff(part, staff, parts), int(voice or 1))
    else:
        place = next_staff(before, parts)._replace(voice=int(voice or 1))
    if place.part >= len(parts):
        raise ValueError(f"there is no part {place.part + 1}")
    if place <= before:
        raise ValueError("the rows of a bar stand in the order of parts, staves and voices")
    return place


def format_staff(part: int, staff: int | None) -> str:
    """Write a place: `3` is part 3 or its first staff, `3.2` its second staff."""
    return f"{part + 1}.{staff}" if staff and staff > 1 else str(part + 1)


def parse_staff(part: str, staff: str | None, parts: Sequence[Staved]) -> tuple[int, int]:
    """Part and staff, which must be in the score."""
    index, number = int(part) - 1, int(staff or 1)
    if index >= len(parts):
        raise ValueError(f"there is no part {part}")
    if number > parts[index].staves:
        raise ValueError(f"there is no staff {number} in part {part}")
    return index, number
