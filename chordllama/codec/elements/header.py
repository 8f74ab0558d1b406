"""The header of a MusicXML file: titles, creators, the part list; read and written. Knows no measures.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/part-list/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element

from chordllama.codec.elements.content import child_text, number
from chordllama.codec.notation.beams import FLAGS, STEMLESS
from chordllama.codec.whitelist import GROUP_BARLINES, GROUP_SYMBOLS, UNWRITTEN
from chordllama.codec.words.texts import xml_text
from chordllama.errors import MusicXMLError
from chordllama.limits import MOST_GROUPS, MOST_INSTRUMENTS
from chordllama.score.model import DRUM_CHANNEL, NOTE_TYPES, Group, Instrument, Part, Score

# --------------------------------------------------------------------------------------------------------------- reading


def read_creators(root: _Element) -> tuple[tuple[str, str], ...]:
    """Return the (type, name) of each creator."""
    creators = (
        (creator.get("type", ""), (creator.text or "").strip()) for creator in root.iterfind("identification/creator")
    )
    return tuple((type, name) for type, name in creators if name)


@dataclass(slots=True)
class PartHeader:
    """What the part list says of a part. The ids are those of its instruments."""

    name: str
    abbreviation: str
    instruments: list[Instrument]
    instrument_ids: list[str]


def read_part_list(root: _Element) -> dict[str, PartHeader]:
    """Return the parts' headers by id, in order."""
    return {element.get("id", ""): _read_score_part(element) for element in root.iterfind("part-list/score-part")}


def _read_score_part(element: _Element) -> PartHeader:
    ids = [child.get("id", "") for child in element.iterfind("score-instrument")]
    names = [child_text(child, "instrument-name") for child in element.iterfind("score-instrument")]
    sounds = {child.get("id", ""): child for child in element.iterfind("midi-instrument")}
    if not ids and sounds:
        ids, names = list(sounds), [""] * len(sounds)
    if len(ids) > MOST_INSTRUMENTS:
        raise MusicXMLError(f"part {element.get('id')}: more than {MOST_INSTRUMENTS} instruments")
    instruments = [_read_instrument(name, sounds.get(id)) for id, name in zip(ids, names, strict=True)]
    return PartHeader(child_text(element, "part-name"), child_text(element, "part-abbreviation"), instruments, ids)


def _read_instrument(name: str, sound: _Element | None) -> Instrument:
    if sound is None:
        return Instrument(name)
    program, unpitched, channel = (
        number(sound.findtext(tag), 1, most) or 0
        for tag, most in (("midi-program", 128), ("midi-unpitched", 128), ("midi-channel", 16))
    )
    return Instrument(name, program, unpitched, channel if channel == DRUM_CHANNEL else 0)


def read_groups(root: _Element, ids: list[str]) -> tuple[Group, ...]:
    """Return the groups of the part list; `ids` are those of the parts that have measures."""
    opened: dict[str, tuple[int, int, _Element]] = {}
    found: list[tuple[int, Group]] = []
    listed: set[str] = set()
    for child in root.iterfind("part-list/*"):
        index = len(listed)
        if child.tag == "score-part":
            listed.update({child.get("id", "")}.intersection(ids))
        elif child.tag == "part-group" and child.get("type") == "start":
            opened[child.get("number", "1")] = (len(opened) + len(found), index, child)
        elif child.tag == "part-group" and child.get("number", "1") in opened:
            order, first, element = opened.pop(child.get("number", "1"))
            if first < index:
                found.append((order, _group(element, first, index - 1)))
    if len(found) > MOST_GROUPS:
        raise MusicXMLError(f"the score has more than {MOST_GROUPS} groups of parts")
    found.sort(key=lambda pair: (pair[1].first, -pair[1].last, pair[0]))
    return tuple(group for _, group in found)


def _group(element: _Element, first: int, last: int) -> Group:
    tags = ("group-symbol", "group-barline", "group-name", "group-abbreviation")
    symbol, barline, name, abbreviation = (child_text(element, tag) for tag in tags)
    symbol = symbol if symbol in GROUP_SYMBOLS else ""
    barline = barline if barline in GROUP_BARLINES else ""
    return Group(first, last, symbol, barline, name, abbreviation)


_SEEN_AT = {"accidentals": {*NOTE_TYPES}, "beams": {*FLAGS}, "stems": {*NOTE_TYPES} - STEMLESS}
"""The note types at which each thing that may be left to the program is seen."""


def read_unwritten(root: _Element) -> tuple[str, ...]:
    """Return what a file may leave to the program: what it has none of, if it says so, or says nothing and has notes for it.

    Whether notes need an accidental is not known here.
    """
    missing = [(name, element) for name, element in UNWRITTEN.items() if next(root.iter(element), None) is None]
    if not missing:
        return ()
    said = {s.get("element"): s.get("type") for s in root.iterfind("identification/encoding/supports")}
    types = {(type.text or "").strip() for type in root.iter("type")} or {*NOTE_TYPES}
    return tuple(name for name, element in missing if said.get(element, "no" if types & _SEEN_AT[name] else "") == "no")


# --------------------------------------------------------------------------------------------------------------- writing


def write_header(score: Score) -> Iterator[str]:
    """Yield the lines from the title to the end of the part list."""
    if score.title:
        yield "  <work>"
        yield f"    <work-title>{xml_text(score.title)}</work-title>"
        yield "  </work>"
    if score.movement:
        yield f"  <movement-title>{xml_text(score.movement)}</movement-title>"
    yield "  <identification>"
    for type, name in score.creators:
        yield f"    <creator{f' type={quoteattr(type)}' if type else ''}>{xml_text(name)}</creator>"
    yield "    <encoding>"
    yield "      <software>ChordLlama</software>"
    for name, element in UNWRITTEN.items():
        yield f'      <supports element="{element}" type="{"no" if name in score.unwritten else "yes"}"/>'
    yield "    </encoding>"
    yield "  </identification>"
    yield "  <part-list>"
    for index, part in enumerate(score.parts):
        for depth, group in enumerate(score.groups, 1):
            if group.first == index:
                yield from _write_group_start(group, depth)
        yield from write_score_part(part, f"P{index + 1}")
        for depth, group in reversed(list(enumerate(score.groups, 1))):
            if group.last == index:
                yield f'    <part-group type="stop" number="{depth}"/>'
    yield "  </part-list>"


def _write_group_start(group: Group, depth: int) -> Iterator[str]:
    yield f'    <part-group type="start" number="{depth}">'
    for tag, text in (
        ("group-name", group.name),
        ("group-abbreviation", group.abbreviation),
        ("group-symbol", group.symbol),
        ("group-barline", group.barline),
    ):
        if text:
            yield f"      <{tag}>{xml_text(text)}</{tag}>"
    yield "    </part-group>"


def write_score_part(part: Part, id: str) -> Iterator[str]:
    """Yield the lines of one part in the part list."""
    yield f'    <score-part id="{id}">'
    yield f"      <part-name>{xml_text(part.name)}</part-name>"
    if part.abbreviation:
        yield f"      <part-abbreviation>{xml_text(part.abbreviation)}</part-abbreviation>"
    for n, instrument in enumerate(part.instruments, 1):
        yield f'      <score-instrument id="{id}-I{n}">'
        yield f"        <instrument-name>{xml_text(instrument.name)}</instrument-name>"
        yield "      </score-instrument>"
    for n, instrument in enumerate(part.instruments, 1):
        sound = (
            ("midi-channel", instrument.channel),
            ("midi-program", instrument.program),
            ("midi-unpitched", instrument.unpitched),
        )
        if any(value for _, value in sound):
            yield f'      <midi-instrument id="{id}-I{n}">'
            yield from (f"        <{tag}>{value}</{tag}>" for tag, value in sound if value)
            yield "      </midi-instrument>"
    yield "    </score-part>"
