"""The 2024 Chord Llama format: MusicXML <-> its documents. Knows elements and what of them is kept; text.py knows the text.

A part is one instruction, the first `<attributes>`, and a list of measures. The way back adds what the format lets go: parts have
no names, a voice is what stands between two backups and fits in time, and there are no bar lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce
from itertools import count
from typing import NamedTuple

from lxml import etree
from lxml.etree import QName, SubElement, _Element

from chordllama.codec.classic.table import CHILDREN, KEPT, KEPT_ATTRIBUTES
from chordllama.codec.container import parse, read_container
from chordllama.codec.elements.content import decimal, number
from chordllama.codec.elements.header import read_part_list
from chordllama.codec.musicxml import count_elements, measures_of, read
from chordllama.codec.report import Report
from chordllama.codec.words.durations import format_whole
from chordllama.errors import ClassicError, MusicXMLError
from chordllama.limits import MOST_STAVES
from chordllama.score.model import LONGEST_BAR, QUARTER, Score

DEEPEST = 12
"""How deep elements may stand in one another, a measure included."""
MOST_NAMED = 12
"""How many bars a warning names."""
_PREFIXES = {"http://www.w3.org/XML/1998/namespace": "xml:", "http://www.w3.org/1999/xlink": "xlink:"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element. Siblings of one name stand side by side, but in a measure, where numbers keep their order.

    `where` is the line and column in the text, from 1; (0, 0) where it comes from none.
    """

    tag: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    where: tuple[int, int] = field(default=(0, 0), compare=False)

    def all(self, tag: str) -> Iterator[Element]:
        """Yield the children of that name."""
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> Element | None:
        """Return the first child of that name."""
        return next(self.all(tag), None)

    def value(self, tag: str) -> str:
        """Return the text of the first child of that name, "" without one."""
        child = self.first(tag)
        return child.text if child is not None else ""


@dataclass(frozen=True, slots=True)
class ClassicPart:
    """One part: `<attributes>` as the first measure has them, and the measures (without those)."""

    instruction: Element
    measures: tuple[Element, ...]


def attributes_after(part: ClassicPart, measures: int) -> Element:
    """Return the attributes that are in force after so many measures of a part."""
    changes = (change for measure in part.measures[:measures] for change in measure.all("attributes"))
    return reduce(_changed, changes, part.instruction)


def _changed(attributes: Element, change: Element) -> Element:
    new = [child for child in change.children if child.tag != "measure-style"]
    kept = [child for child in attributes.children if not any(_replaces(other, child) for other in new)]
    order = CHILDREN["attributes"]
    return replace(attributes, children=tuple(sorted([*kept, *new], key=lambda child: order.index(child.tag))))


def _replaces(new: Element, old: Element) -> bool:
    """Whether a change puts an attribute out of force; one without a staff's number is for all staves."""
    staff = dict(new.attributes).get("number")
    return new.tag == old.tag and staff in (None, dict(old.attributes).get("number"))


# -------------------------------------------------------------------------------------------------------------- encoding


def encode(data: bytes, name: str = "score", report: Report | None = None) -> tuple[ClassicPart, ...]:
    """Return the parts of a .musicxml, .xml or .mxl file as the format keeps them.

    Raises:
        ContainerError: the bytes are no readable MusicXML, or hostile.
        MusicXMLError: the score is empty or too large.
    """
    report = report if report is not None else Report()
    root = parse(read_container(data, name), name).getroot()
    _count_unknown(root, report)
    headers = read_part_list(root)
    parts = measures_of(root, headers, name)
    found = tuple(_encode_part([_measure(measure, report) for measure in measures]) for measures in parts.values())
    crowded = sum(len(list(measure.all("attributes"))) > 1 for part in found for measure in part.measures)
    if crowded:
        report.mended["<attributes> at several places of one measure stand at one, as this format has them"] += crowded
    return found


def _count_unknown(root: _Element, report: Report) -> None:
    met = Report()
    count_elements(root, met)
    report.unknown.update(met.unknown)
    report.where.update(met.where)


def _encode_part(measures: list[Element]) -> ClassicPart:
    instruction = measures[0].first("attributes") or Element("attributes")
    rest = tuple(child for child in measures[0].children if child is not instruction)
    return ClassicPart(instruction, (replace(measures[0], children=rest), *measures[1:]))


def _measure(node: _Element, report: Report) -> Element:
    """A `<measure>`, or the `<part>` of one (score-timewise)."""
    return Element("measure", children=together(_children(node, "measure", report, 1), "attributes"))


def _children(node: _Element, tag: str, report: Report, depth: int) -> Iterator[Element]:
    for child in node.iterchildren(etree.Element):
        if tag in KEPT and child.tag not in CHILDREN[tag]:
            report.dropped[child.tag] += 1
        else:
            yield _element(child, report, depth)


def _element(node: _Element, report: Report, depth: int) -> Element:
    if depth >= DEEPEST:
        raise MusicXMLError(f"<{node.tag}> in line {node.sourceline}: so many elements in one another are no music")
    tag = QName(node).localname
    text = (node.text or "") + "".join(child.tail or "" for child in node)
    named = ((_attribute_name(str(name)), str(value)) for name, value in node.attrib.items())
    attributes = tuple(
        (name, value) for name, value in named if tag not in KEPT or name in KEPT_ATTRIBUTES.get(tag, ())
    )
    return Element(tag, text.strip(), attributes, together(_children(node, tag, report, depth + 1)))


def _attribute_name(name: str) -> str:
    space, _, local = name.removeprefix("{").rpartition("}")
    return _PREFIXES.get(space, "") + local


def together(children: Iterable[Element], only: str | None = None) -> tuple[Element, ...]:
    """Return the children with those of one name side by side, where the first of them stands; `only` one name, if given."""
    groups: dict[object, list[Element]] = {}
    for place, child in enumerate(children):
        groups.setdefault(child.tag if only in (None, child.tag) else place, []).append(child)
    return tuple(child for group in groups.values() for child in group)


# -------------------------------------------------------------------------------------------------------------- decoding


def decode(parts: tuple[ClassicPart, ...], name: str = "score", report: Report | None = None) -> Score:
    """Return the score that these parts make together. Bars that don't fill their metre are told in the report.

    Raises:
        ClassicError: a measure is longer than any music.
        MusicXMLError: there is no part, or there are too many parts or measures.
    """
    report = report if report is not None else Report()
    score = read(to_musicxml(parts), name, report)
    unfilled = list(_unfilled(score))
    if unfilled:
        named = ", ".join(unfilled[:MOST_NAMED])
        more = ", …" if len(unfilled) > MOST_NAMED else ""
        report.mended[f"bars that don't fill their metre, with their lengths: {named}{more}"] += len(unfilled)
    return score


def _unfilled(score: Score) -> Iterator[str]:
    """The number, from 1, and the length of each bar whose length isn't its metre's."""
    for n, bar in enumerate(score.bars, 1):
        if bar.length is not None:
            yield f"{n} ({format_whole(bar.length)})"


def to_musicxml(parts: tuple[ClassicPart, ...]) -> bytes:
    """Return the parts as MusicXML, with nothing in it but what they say, and the voices.

    Children stand as the parts have them, not as the schema wants them: `read` doesn't mind, and `write` puts them right.
    """
    root = etree.Element("score-partwise", version="4.0")
    part_list = SubElement(root, "part-list")
    for n, part in enumerate(parts, 1):
        header = SubElement(part_list, "score-part", id=f"P{n}")
        SubElement(header, "part-name")
        _write_part(SubElement(root, "part", id=f"P{n}"), part)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def _write_part(node: _Element, part: ClassicPart) -> None:
    divisions = Fraction(1)
    for n, measure in enumerate(part.measures, 1):
        target = SubElement(node, "measure", number=str(n))
        if n == 1:
            _write(target, part.instruction)
        for attributes in (*([part.instruction] if n == 1 else []), *measure.all("attributes")):
            divisions = decimal(attributes.value("divisions")) or divisions
        for child, voice in with_voices(measure, Fraction(LONGEST_BAR, QUARTER) * divisions):
            written = _write(target, child)
            if voice:
                SubElement(written, "voice").text = voice


def _write(parent: _Element, element: Element) -> _Element:
    node = SubElement(parent, element.tag)
    node.text = element.text or None
    for name, value in element.attributes:
        if ":" not in name and name != "xmlns":  # none of music's own
            node.set(name, value)
    for child in element.children:
        _write(node, child)
    return node


# ---------------------------------------------------------------------------------------------------------------- voices

VOICES = 16
"""Voices that a staff may have, as they are named."""


def with_voices(measure: Element, longest: Fraction) -> Iterator[tuple[Element, str]]:
    """Yield each child of a measure with the name of its voice ("" for what is no note).

    Between two backups one voice goes on. It is the first one of its staff (that of most of its notes) that has ended where it
    begins. `longest` is how many divisions a measure may have.
    """
    ends: dict[tuple[int, int], Fraction] = {}
    for run in _runs(measure, longest):
        notes = [placed for placed in run if placed.element.tag == "note"]
        if not notes:
            yield from ((placed.element, "") for placed in run)
            continue
        staff = _staff_of(notes)
        rank = next(rank for rank in count(1) if ends.get((staff, rank), 0) <= notes[0].start)
        ends[staff, rank] = max(placed.end for placed in notes)
        voice = str(VOICES * (staff - 1) + rank)
        yield from ((placed.element, voice if placed.element.tag == "note" else "") for placed in run)


class _Placed(NamedTuple):
    """A child of a measure, from and to, in divisions."""

    element: Element
    start: Fraction
    end: Fraction


def _runs(measure: Element, longest: Fraction) -> list[list[_Placed]]:
    runs: list[list[_Placed]] = [[]]
    for placed in _place(measure, longest):
        if placed.element.tag == "backup":
            runs.append([])
        runs[-1].append(placed)
    return runs


def _place(measure: Element, longest: Fraction) -> Iterator[_Placed]:
    start = cursor = Fraction(0)
    for child in measure.children:
        length = _length(child)
        if child.tag == "backup":
            cursor = max(Fraction(0), cursor - length)
        elif not child.first("chord"):
            start, cursor = cursor, cursor + length
        if cursor > longest:
            place = "line {}, column {}: ".format(*child.where) if any(child.where) else ""
            raise ClassicError(f"{place}the measure is longer than any music")
        yield _Placed(child, start, cursor)


def _length(child: Element) -> Fraction:
    """The divisions that the cursor moves by."""
    return Fraction(0) if child.first("grace") else decimal(child.value("duration")) or Fraction(0)


def _staff_of(notes: list[_Placed]) -> int:
    staves = Counter(number(placed.element.value("staff"), 1, MOST_STAVES) or 1 for placed in notes)
    return min(staves, key=lambda staff: (-staves[staff], staff))
