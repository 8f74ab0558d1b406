"""The marks of a note as MusicXML's `<notations>`, read and written by the table. Knows no pitches and no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/notations/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml.etree import _Element

from chordllama.codec.elements.content import children, dynamic_name, glyph, line_number, number, write_glyph
from chordllama.codec.notation.line_numbers import OpenLines
from chordllama.codec.whitelist import NOTATION_BY_ELEMENT, SIGN_BY_NAME, Sign
from chordllama.codec.words.texts import xml_text
from chordllama.codec.words.values import mark_fault
from chordllama.limits import MOST_IN_TUPLET, MOST_LINES, MOST_SIGNS
from chordllama.score.model import Duration, Mark

_WRITTEN_OUT = ("text", "count", "fermata", "caesura", "accidental")
"""Shapes whose value is the element's text."""

# --------------------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class Notations:
    """What the notations of one note say: marks, ends of ties (start, stop, continue), dynamics; `faults` is what makes no sense."""

    marks: list[Mark]
    ties: frozenset[str | None] = frozenset()
    dynamics: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def read(self, element: _Element, value: Duration) -> None:
        """Take over one `<notations>` of a note that lasts `value`."""
        for child in children(element):
            tag = child.tag
            if tag == "tied":
                self._read_tied(child)
            elif tag == "tuplet":
                self._take(_read_tuplet(child, value))
            elif tag in ("articulations", "ornaments", "technical"):
                for grandchild in children(child):
                    self._read_sign(str(tag), grandchild)
            elif tag == "accidental-mark":
                self._read_sign("ornaments", child)
            elif tag == "dynamics":
                self.dynamics += tuple(dynamic_name(sign) for sign in child if isinstance(sign.tag, str))
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
            self.ties |= {element.get("type")}

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
            self.faults += (fault,)
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
    read = _VALUE_READERS.get(sign.shape)
    return read(element) if read is not None else ""


def _text(element: _Element) -> str:
    text = (element.text or "").strip()
    return "" if text == "normal" else text


def _arpeggio(element: _Element) -> str:
    return element.get("direction", "") + element.get("number", "")


def _side(element: _Element) -> str:
    return element.get("type", "")


def _tremolo(element: _Element) -> str:
    return element.get("type", "").replace("single", "") + _text(element)


def _children(element: _Element) -> str:
    return "+".join(str(child.tag) for child in element.iterchildren("*"))


def _bend(element: _Element) -> str:
    others = [str(child.tag) for child in element.iterchildren("pre-bend", "release", "with-bar")]
    return "+".join([(element.findtext("bend-alter") or "").strip(), *others])


_VALUE_READERS: dict[str, Callable[[_Element], str]] = {
    "number": line_number,
    **dict.fromkeys(_WRITTEN_OUT, _text),
    "arpeggio": _arpeggio,
    "side": _side,
    "tremolo": _tremolo,
    "harmonic": _children,
    "bend": _bend,
    "glyph": glyph,
}


# --------------------------------------------------------------------------------------------------------------- writing


@dataclass(slots=True)
class Open:
    """What is open while a part is written: its slurs and other lines, and the tuplets of the row (their numbers)."""

    lines: OpenLines
    tuplets: list[int]


def write_notations(marks: tuple[Mark, ...], tie_stop: bool, is_open: Open) -> Iterator[str]:
    """Yield the lines of a note's `<notations>`; `is_open` is taken on."""
    groups: dict[str, list[str]] = {}
    if tie_stop:
        groups.setdefault("", []).append('<tied type="stop"/>')
    for mark in is_open.lines.in_order(marks):
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


def _nested(parent: str, lines: list[str]) -> list[str]:
    return [f"    <{parent}>", *(f"      {line}" for line in lines), f"    </{parent}>"]


def _write_sign(sign: Sign, mark: Mark, is_open: Open) -> list[str]:
    if sign.element == "tuplet":
        return _write_tuplet(sign, mark, is_open.tuplets)
    if sign.shape == "number":
        is_open.lines.take(sign.element, sign.type, mark.value)
    write = _SIGN_WRITERS.get(sign.shape, _write_text)
    return [write(sign, mark.value)]


def _write_text(sign: Sign, value: str) -> str:
    type = f' type="{sign.type}"' if sign.type else ""
    return _element(sign.element + type, xml_text(value))


def _write_number(sign: Sign, value: str) -> str:
    return f'<{sign.element} type="{sign.type}" number="{value or 1}"/>'


def _write_arpeggio(sign: Sign, value: str) -> str:
    direction = value.rstrip("0123456789")
    number = value[len(direction) :]
    attributes = (f' direction="{direction}"' if direction else "") + (f' number="{number}"' if number else "")
    return f"<{sign.element}{attributes}/>"


def _write_side(sign: Sign, value: str) -> str:
    return f'<{sign.element} type="{value}"/>'


def _write_tremolo(sign: Sign, value: str) -> str:
    type = value.rstrip("0123456789")
    return _element(f'{sign.element} type="{type or "single"}"', value[len(type) :])


def _write_children(sign: Sign, value: str) -> str:
    return _element(sign.element, "".join(f"<{child}/>" for child in filter(None, value.split("+"))))


def _write_bend(sign: Sign, value: str) -> str:
    semitones, _, others = value.partition("+")
    children = "".join(f"<{child}/>" for child in filter(None, others.split("+")))
    return _element(sign.element, f"<bend-alter>{semitones}</bend-alter>{children}")


def _write_glyph(sign: Sign, value: str) -> str:
    return write_glyph(sign.element + (' type="single"' if sign.name == "other-notation" else ""), value)


def _element(opening: str, content: str) -> str:
    return f"<{opening}>{content}</{opening.partition(' ')[0]}>" if content else f"<{opening}/>"


_SIGN_WRITERS: dict[str, Callable[[Sign, str], str]] = {
    "number": _write_number,
    "arpeggio": _write_arpeggio,
    "side": _write_side,
    "tremolo": _write_tremolo,
    "harmonic": _write_children,
    "bend": _write_bend,
    "glyph": _write_glyph,
}


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
