"""What a bar says of how those after it are drawn: repeats of a bar or beat, slashes, rests over several bars. Knows the file's text.

These go on until they are stopped, and hide what stands in the bars: readers show the sign in the place of new notes. So where new bars
begin within one, it ends; where the composer's bars go on behind them, it begins again.
Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/measure-style/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from chordllama.codec.splice.locator import PartPlaces

_COUNT = re.compile(rb"(<multiple-rest\b[^>]*>\s*)([0-9]+)")


@dataclass(frozen=True, slots=True)
class OpenStyle:
    """A sign that goes on: its kind (measure-repeat, beat-repeat or slash), its staff's number ("" for all), and its XML."""

    kind: str
    staff: str
    xml: str

    def start(self) -> list[str]:
        """Return the lines with which it begins again."""
        return [f"<measure-style{self._number}>", f"  {self.xml}", "</measure-style>"]

    def stop(self) -> list[str]:
        """Return the lines that stop it."""
        return [f"<measure-style{self._number}>", f'  <{self.kind} type="stop"/>', "</measure-style>"]

    @property
    def _number(self) -> str:
        return f' number="{self.staff}"' if self.staff else ""


def open_styles(text: bytes, part: PartPlaces, bar: int) -> tuple[OpenStyle, ...]:
    """Return what goes on over the beginning of a bar (from 0) of a part, in the order of the file."""
    found: dict[tuple[str, str], OpenStyle] = {}
    for place in part.places[:bar]:
        for start, end in place.styles:
            style = etree.fromstring(text[start:end])
            staff = style.get("number", "")
            for sign in style:
                if sign.tag == "multiple-rest":
                    continue
                if sign.get("type") == "start":
                    xml = etree.tostring(sign, encoding="unicode", with_tail=False)
                    found[sign.tag, staff] = OpenStyle(sign.tag, staff, xml)
                else:
                    found.pop((sign.tag, staff), None)
    return tuple(found.values())


def shortened_rests(text: bytes, part: PartPlaces, bar: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield edits (from, to, new text) that end the rests over several bars at the beginning of a bar (from 0)."""
    for index, place in enumerate(part.places[:bar]):
        for start, end in place.styles:
            count = _COUNT.search(text, start, end)
            if count and index + int(count[2]) > bar:
                yield count.start(2), count.end(2), str(bar - index).encode()
