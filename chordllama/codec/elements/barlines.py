"""`<barline>`, read and written. Knows nothing of what stands between two of them.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/barline/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element

from chordllama.codec.elements.content import by_tag, number
from chordllama.codec.whitelist import BAR_STYLES
from chordllama.codec.words.frames import BARLINE_SIGNS, ENDING, ending_label
from chordllama.codec.words.texts import xml_text
from chordllama.limits import MOST_TIMES
from chordllama.score.model import NO_BARLINE, Barline

_DIRECTIONS = ("forward", "backward")
_ENDINGS = ("start", "stop", "discontinue")


def read_barline(element: _Element) -> Barline:
    """Return what a `<barline>` says, wherever it stands."""
    found = by_tag(element)
    style = (found["bar-style"].text or "").strip() if "bar-style" in found else ""
    repeat, times = _read_repeat(found.get("repeat"))
    ending, ending_type, label = _read_ending(found.get("ending"))
    return Barline(
        style=style if style in BAR_STYLES else "",
        repeat=repeat,
        times=times,
        ending=ending,
        ending_type=ending_type,
        signs=tuple(tag for tag in BARLINE_SIGNS if tag in found),
        label=label,
    )


def _read_repeat(element: _Element | None) -> tuple[str, int]:
    direction = element.get("direction", "") if element is not None else ""
    if element is None or direction not in _DIRECTIONS:
        return "", 0
    return direction, _read_times(element.get("times"))


def _read_times(text: str | None) -> int:
    """How often a repeat is played; 0 where that isn't said."""
    times = number(text, 1, 10**15) or 0
    if times > MOST_TIMES:
        raise ValueError(f"a repeat is played {times} times, where {MOST_TIMES} are the most")
    return times


def _read_ending(element: _Element | None) -> tuple[str, str, str]:
    type = element.get("type", "") if element is not None else ""
    if element is None or type not in _ENDINGS:
        return "", "", ""
    number, label = element.get("number", ""), (element.text or "").strip()
    if not ENDING.fullmatch(number):
        number = ", ".join(re.findall(r"[1-9][0-9]{0,3}", number)) or "1"
    return number, type, ending_label(label, number)


def format_inner_barline(barline: Barline) -> str:
    """Return the value of a bar line within a bar: `dashed`, `light-heavy,repeat=backward,times=3`; "" for one that says nothing."""
    words = (
        barline.style,
        f"repeat={barline.repeat}" if barline.repeat else "",
        f"times={barline.times}" if barline.times else "",
    )
    return ",".join(filter(None, words))


def write_inner_barline(value: str) -> Iterator[str]:
    """Yield the lines of a `<barline>` within a bar, see `format_inner_barline`."""
    style, *said = value.split(",") if not value.startswith("repeat=") else ("", *value.split(","))
    fields = dict(word.split("=") for word in said)
    inner = Barline(style, fields.get("repeat", ""), int(fields.get("times", 0)))
    yield from write_barline(inner, "middle", first=True)


def merged(parts: list[Barline]) -> Barline:
    """Return the one bar line that the parts write, where some programs say in the first part alone what others say in each."""
    barlines = [barline for barline in parts if barline]
    if not barlines:
        return NO_BARLINE
    if len(set(barlines)) == 1 and barlines == parts:
        return barlines[0]
    with_ending = next((barline for barline in barlines if barline.ending_type), NO_BARLINE)
    with_repeat = next((barline for barline in barlines if barline.repeat), NO_BARLINE)
    signs = {sign for barline in barlines for sign in barline.signs}
    return Barline(
        style=next((barline.style for barline in barlines if barline.style), ""),
        repeat=with_repeat.repeat,
        times=with_repeat.times,
        ending=with_ending.ending,
        ending_type=with_ending.ending_type,
        signs=tuple(sign for sign in BARLINE_SIGNS if sign in signs),
        label=with_ending.label,
        top=bool(parts[0].ending_type) and not any(barline.ending_type for barline in parts[1:]) and len(parts) > 1,
    )


def write_barline(barline: Barline, location: str, *, first: bool) -> Iterator[str]:
    """Yield the lines of a `<barline>` of the first or another part; none for one that says nothing."""
    if barline.top and not first:
        barline = replace(barline, ending="", ending_type="", top=False, label="")
    if not barline:
        return
    yield f'<barline location="{location}">'
    if barline.style:
        yield f"  <bar-style>{barline.style}</bar-style>"
    yield from (f"  <{sign}/>" for sign in BARLINE_SIGNS if sign in barline.signs)
    if barline.ending_type:
        opening = f'  <ending number={quoteattr(barline.ending)} type="{barline.ending_type}"'
        yield f"{opening}>{xml_text(barline.label)}</ending>" if barline.label else f"{opening}/>"
    if barline.repeat:
        times = f' times="{barline.times}"' if barline.times else ""
        yield f'  <repeat direction="{barline.repeat}"{times}/>'
    yield "</barline>"
