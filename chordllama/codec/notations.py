"""The marks of a note as MusicXML's `<notations>`, read and written by the table. Knows no pitches and no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/notations/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element

from chordllama.codec.elements import dynamic_name, line_number, number
from chordllama.codec.spanners import OpenLines
from chordllama.codec.texts import xml_text
from chordllama.codec.values import mark_fault
from chordllama.codec.whitelist import NOTATION_BY_ELEMENT, SIGN_BY_NAME, Sign
from chordllama.limits import MOST_IN_TUPLET, MOST_LINES, MOST_SIGNS
from chordllama.score import Duration, Mark

_WRITTEN_OUT = ("text", "count", "fermata", "caesura", "accidental")
"""Shapes whose value is the element's text."""

# --------------------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class Notations:
    """What the notations of one note say: marks, ends of ties (start, stop, continue), dynamics; `faults` is what makes no sense."""

    marks: list[Mark] = field(default_factory=list)
    ties: set[str | None] = field(default_factory=set)
    dynamics: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def read(self, element: _Element, value: Duration) -> None:
        """Take over one `<notations>` of a note that lasts `value`."""
        for child in element:
            tag = child.tag
            if tag == "tied":
                self._read_tied(child)
            elif tag == "tuplet":
                self._take(_read_tuplet(child, value))
            elif tag in ("articulations", "ornaments", "technical"):
                for grandchild in child:
                    self._read_sign(str(tag), grandchild)
            elif tag == "accidental-mark":
                self._read_sign("ornaments", child)
            elif tag == "dynamics":
                self.dynamics += [dynamic_name(grandchild) for grandchild in child if isinstance(grandchild.tag, str)]
            else:
                self._read_sign("", child)

    def _take(self, mark: Mark) -> None:
        if len(self.marks) == MOST_SIGNS:
            raise ValueError(f"more than {MOST_SIGNS} signs at a note")
        self.marks.append(mark)

    def _read_tied(self, element: _Element) -> None:
        if element.get("type") == "let-ring":
            self._take(Mark("let-ring"))
        else:
            self.ties.add(element.get("type"))

    def _read_sign(self, parent: str, element: _Element) -> None:
        tag: object = element.tag
        if not isinstance(tag, str):
            return
        sign = NOTATION_BY_ELEMENT.get((parent, tag, ""))
        sign = sign or NOTATION_BY_ELEMENT.get((parent, tag, element.get("type", "")))
        if sign is None:
            return
        mark = _mark(sign.name, _sign_value(sign, element))
        if sign.shape == "number":
            self._take(mark)
        elif fault := mark_fault(mark):
            self.faults.append(fault)
        elif mark not in self.marks:
            self._take(mark)


def _read_tuplet(element: _Element, value: Duration) -> Mark:
    if element.get("type") != "start":
        return Mark("tuplet-stop")
    actual = number(element.findtext("tuplet-actual/tuplet-number"), 1, MOST_IN_TUPLET)
    normal = number(element.findtext("tuplet-normal/tuplet-number"), 1, MOST_IN_TUPLET)
    nested = actual and normal and actual * value.normal != normal * value.actual
    return Mark("tuplet-start", f"{actual}:{normal}" if nested else "")


@lru_cache(maxsize=8192)
def _mark(name: str, value: str) -> Mark:
    return Mark(name, value)


def _sign_value(sign: Sign, element: _Element) -> str:
    text = (element.text or "").strip()
    if sign.shape == "number":
        return line_number(element)
    if sign.shape in _WRITTEN_OUT:
        return "" if text == "normal" else text
    if sign.shape == "arpeggio":
        return element.get("direction", "")
    type = element.get("type", "")
    if sign.shape == "side":
        return type
    if sign.shape == "tremolo":
        return ("" if type == "single" else type) + text
    return ""


# --------------------------------------------------------------------------------------------------------------- writing


@dataclass(slots=True)
class Open:
    """What is open while a part is written: its slurs and other lines, and the tuplets of the row (their numbers)."""

    lines: OpenLines
    tuplets: list[int]


def write_notations(marks: tuple[Mark, ...], tie_stop: bool, is_open: Open) -> Iterator[str]:
    """The lines of a note's `<notations>`; `is_open` is taken on."""
    groups: dict[str, list[str]] = {}
    if tie_stop:
        groups.setdefault("", []).append('<tied type="stop"/>')
    for mark in _in_order(marks, is_open.lines):
        sign = SIGN_BY_NAME[mark.name]
        if sign.parent != "note" and sign.name not in ("tie-stop", "no-tie-stop"):
            groups.setdefault(sign.parent, []).extend(_write_sign(sign, mark, is_open))
    if not groups:
        return
    if all("<accidental-mark" in line for line in groups.get("ornaments", ())):
        groups.setdefault("", []).extend(groups.pop("ornaments", []))  # it may stand by itself, but not among ornaments
    yield "  <notations>"
    for parent, lines in groups.items():
        yield from [f"    {line}" for line in lines] if not parent else _nested(parent, lines)
    yield "  </notations>"


def _in_order(marks: tuple[Mark, ...], lines: OpenLines) -> tuple[Mark, ...]:
    """The marks as they are written: a line that begins and ends at this note is begun first."""
    starts = {
        _line(mark) for mark in marks if SIGN_BY_NAME[mark.name].shape == "number" and mark.name.endswith("start")
    }
    late = [
        mark
        for mark in marks
        if mark.name.endswith("-stop") and _line(mark) in starts and lines.begins_here(*_line(mark))
    ]
    return (*(mark for mark in marks if mark not in late), *late) if late else marks


def _line(mark: Mark) -> tuple[str, str]:
    return SIGN_BY_NAME[mark.name].element, mark.value


def _nested(parent: str, lines: list[str]) -> list[str]:
    return [f"    <{parent}>", *(f"      {line}" for line in lines), f"    </{parent}>"]


def _write_sign(sign: Sign, mark: Mark, is_open: Open) -> list[str]:
    if sign.element == "tuplet":
        return _write_tuplet(sign, mark, is_open.tuplets)
    attributes = f' type="{sign.type}"' if sign.type else ""
    text = ""
    if sign.shape == "number":
        attributes += f' number="{mark.value or 1}"'
        is_open.lines.take(sign.element, sign.type, mark.value)
    elif sign.shape in _WRITTEN_OUT:
        text = mark.value
    elif sign.shape == "arpeggio" and mark.value:
        attributes += f" direction={quoteattr(mark.value)}"
    elif sign.shape == "side":
        attributes += f" type={quoteattr(mark.value)}"
    elif sign.shape == "tremolo":
        type = mark.value.rstrip("0123456789")
        attributes, text = f' type="{type or "single"}"', mark.value[len(type) :]
    opening = f"{sign.element}{attributes}"
    return [f"<{opening}>{xml_text(text)}</{sign.element}>" if text else f"<{opening}/>"]


def _write_tuplet(sign: Sign, mark: Mark, tuplets: list[int]) -> list[str]:
    if sign.type == "stop":
        return [f'<tuplet type="stop" number="{tuplets.pop() if tuplets else 1}"/>']
    tuplets.append(min(len(tuplets) + 1, MOST_LINES))
    opening = f'<tuplet type="start" number="{tuplets[-1]}"'
    if not mark.value:
        return [opening + "/>"]
    actual, normal = mark.value.split(":")
    return [
        opening + ">",
        f"  <tuplet-actual><tuplet-number>{actual}</tuplet-number></tuplet-actual>",
        f"  <tuplet-normal><tuplet-number>{normal}</tuplet-number></tuplet-normal>",
        "</tuplet>",
    ]
