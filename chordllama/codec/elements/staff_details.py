"""`<staff-details>`: how many lines a staff has, and what the strings of a tablature are tuned to; read and written.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/staff-details/
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element

from chordllama.codec.elements.content import child_text, number
from chordllama.codec.words.values import STRING
from chordllama.limits import MOST_STAFF_LINES
from chordllama.score.model import Tuning

_ALTERS = {"##": 2, "#": 1, "": 0, "b": -1, "bb": -2}
_SIGNS = {alter: sign for sign, alter in _ALTERS.items()}
MOST_FRETS = 99


def read_lines(element: _Element) -> int | None:
    """Return the number of lines in a `<staff-details>`; None where it says nothing of them."""
    return number(element.findtext("staff-lines"), 0, MOST_STAFF_LINES)


def read_tuning(element: _Element) -> Tuning | None:
    """Return the tuning in a `<staff-details>`; None without one, or if it isn't one of pitches."""
    found = sorted(element.findall("staff-tuning"), key=lambda string: number(string.get("line"), 1, 99) or 0)
    strings = tuple(map(_read_string, found))
    if not strings or len(strings) > MOST_STAFF_LINES or not all(map(STRING.fullmatch, strings)):
        return None
    return Tuning(strings, number(element.findtext("capo"), 1, MOST_FRETS) or 0)


def _read_string(element: _Element) -> str:
    alter = number(element.findtext("tuning-alter"), -2, 2) or 0
    return child_text(element, "tuning-step") + _SIGNS[alter] + child_text(element, "tuning-octave")


def write_staff(lines: int | None, tuning: Tuning | None, staff: int) -> Iterator[str]:
    """Yield the lines of a `<staff-details>`; `staff` is 0 in a part with one staff."""
    yield f'<staff-details number="{staff}">' if staff else "<staff-details>"
    if lines is not None:
        yield f"  <staff-lines>{lines}</staff-lines>"
    if tuning is not None:
        for line, string in enumerate(tuning.strings, 1):
            yield from _write_string(string, line)
        if tuning.capo:
            yield f"  <capo>{tuning.capo}</capo>"
    yield "</staff-details>"


def _write_string(string: str, line: int) -> Iterator[str]:
    match = STRING.fullmatch(string)
    assert match is not None
    step, sign, octave = match.groups(default="")
    yield f'  <staff-tuning line="{line}">'
    yield f"    <tuning-step>{step}</tuning-step>"
    if sign:
        yield f"    <tuning-alter>{_ALTERS[sign]}</tuning-alter>"
    yield f"    <tuning-octave>{octave}</tuning-octave>"
    yield "  </staff-tuning>"
