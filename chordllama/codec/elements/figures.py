"""`<figured-bass>`, read and written. Knows what a figure is made of; knows no notes and no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/figured-bass/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import _Element

from chordllama.codec.elements.content import child_text
from chordllama.codec.whitelist import FIGURE_LINES, FIGURE_SIGNS
from chordllama.codec.words.values import FIGURE

_SIGN_BY_CODE = {code: name for name, code in FIGURE_SIGNS.items()}
_LINE_BY_CODE = {code: type for type, code in FIGURE_LINES.items()}


def read_figures(element: _Element) -> str:
    """Return the figures of a `<figured-bass>` as a value; "" if there are none."""
    text = " ".join(filter(None, map(_read_figure, element.iterfind("figure"))))
    return f"({text})" if text and element.get("parentheses") == "yes" else text


def _read_figure(element: _Element) -> str:
    number = child_text(element, "figure-number")
    number = number if re.fullmatch(r"[1-9][0-9]{0,2}", number) else ""
    prefix, suffix = (FIGURE_SIGNS.get(child_text(element, tag), "") for tag in ("prefix", "suffix"))
    if not number:
        prefix, suffix = prefix or suffix, ""
    extend = element.find("extend")
    line = "" if extend is None else FIGURE_LINES.get(extend.get("type", ""), "")
    return prefix + number + suffix + line


def write_figures(value: str, duration: int) -> Iterator[str]:
    """Yield the lines of a `<figured-bass>`: `duration` in divisions until other figures follow at the same note, 0 if none do.

    An empty value is a figure without anything, which only lasts.
    """
    parentheses = ' parentheses="yes"' if value.startswith("(") else ""
    yield f"<figured-bass{parentheses}>"
    for figure in value.strip("()").split(" "):
        yield from _write_figure(figure)
    if duration:
        yield f"  <duration>{duration}</duration>"
    yield "</figured-bass>"


def _write_figure(figure: str) -> Iterator[str]:
    match = re.fullmatch(f"(?:{FIGURE})?", figure)
    assert match is not None
    prefix, number, suffix, line = match.groups(default="")
    yield "  <figure>"
    if prefix:
        yield f"    <prefix>{_SIGN_BY_CODE[prefix]}</prefix>"
    if number:
        yield f"    <figure-number>{number}</figure-number>"
    if suffix:
        yield f"    <suffix>{_SIGN_BY_CODE[suffix]}</suffix>"
    if line:
        type = _LINE_BY_CODE[line]
        yield f'    <extend type="{type}"/>' if type else "    <extend/>"
    yield "  </figure>"
