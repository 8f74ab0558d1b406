"""MusicXML as the 2024 Chord Llama's YAML, all parts one after the other, to compare with. There is no way back.

Kept are the children that the format keeps: no voices, notations, directions, bar lines, lyrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

KEPT = {
    "measure": "attributes note backup forward harmony sound",
    "attributes": "divisions key time clef transpose staves measure-style",
    "note": "pitch duration type chord accidental rest dot tie time-modification staff unpitched grace cue",
    "harmony": "root numeral function kind inversion bass degree offset frame staff",
}
_KEPT = {tag: frozenset(names.split()) for tag, names in KEPT.items()}
_PLAIN = re.compile(r"[A-Za-z/][\w /.-]*")
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


def write_classic(root: etree._Element) -> str:
    """The documents of all parts: the first `<attributes>`, then the list of measures."""
    return "".join("\n".join(_part(part)) + "\n" for part in root.iterfind("part"))


def _part(part: etree._Element) -> Iterator[str]:
    instruction = next(part.iter("attributes"), None)
    if instruction is not None:
        yield from _children(instruction, "")
    for measure in part.iterfind("measure"):
        lines = list(_measure(measure, instruction)) or ["  {}"]
        yield "- " + lines[0][2:]
        yield from lines[1:]


def _measure(measure: etree._Element, instruction: etree._Element | None) -> Iterator[str]:
    place = 0
    for child in measure:
        if child.tag not in _KEPT["measure"] or child is instruction:
            continue
        name = str(child.tag)
        if name != "attributes":
            name = f"a{place:02d}_{name}"
            place += 1
        yield from _entry(name, [child], "  ")


def _children(element: etree._Element, indent: str) -> Iterator[str]:
    """The children by name, in the order in which a name is first met."""
    groups: dict[str, list[etree._Element]] = {}
    for child in element:
        if child.tag in _KEPT.get(str(element.tag), (child.tag,)):
            groups.setdefault(str(child.tag), []).append(child)
    for name, found in groups.items():
        yield from _entry(name, found, indent)


def _entry(name: str, elements: list[etree._Element], indent: str) -> Iterator[str]:
    if len(elements) == 1:
        yield from _value(f"{indent}{name}:", elements[0], indent + "  ")
        return
    yield f"{indent}{name}:"
    for element in elements:
        first, *rest = [*_value("", element, indent + "  ")]
        lines = [first, *rest] if first else rest
        yield f"{indent}- {lines[0].strip()}"
        yield from lines[1:]


def _value(key: str, element: etree._Element, indent: str) -> Iterator[str]:
    """A leaf behind its key, or everything that an element holds below it."""
    text = (element.text or "").strip()
    attributes = {} if element.tag in _KEPT else {str(name): str(value) for name, value in element.attrib.items()}
    if not len(element) and not attributes:
        yield f"{key} {_scalar(text)}"
        return
    yield key
    yield from (f"{indent}'@{name}': {_scalar(value)}" for name, value in attributes.items())
    if text:
        yield f"{indent}'#text': {_scalar(text)}"
    yield from _children(element, indent)


def _scalar(text: str) -> str:
    if not text:
        return "null"
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith(" ")
    return text if plain else "'" + text.replace("'", "''") + "'"
