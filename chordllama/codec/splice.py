"""New measures into the composer's own file, whose bytes stay. Knows the file's text; musicxml.py knows what a measure says.

Nothing of the source is parsed and written again: new measures are put in as text after the last one of each part, in the source's
own divisions, voices, numbering, indentation and encoding. The one byte sequence that may go is a plain closing bar line in the
old last bar; it moves to the new last one.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from chordllama.codec.container import encoding_of
from chordllama.codec.musicxml import Origin, PartWriter, Reading, divisions_for
from chordllama.errors import MusicXMLError
from chordllama.score import FINAL, Bar, Barline, Metre, Score

# ---------------------------------------------------------------------------------------------------------- the encoding

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's text as UTF-8, with what is needed to write the very same bytes again."""

    utf8: bytes
    mark: bytes
    encoding: str

    def bytes(self, utf8: bytes) -> bytes:
        """Another text in this file's encoding; what that can't hold becomes character references."""
        return self.mark + utf8.decode().encode(self.encoding, "xmlcharrefreplace")


def source_text(xml: bytes) -> SourceText:
    """The text of an XML file."""
    mark, encoding = next(((m, e) for m, e in _BYTE_ORDER_MARKS if xml.startswith(m)), (b"", encoding_of(xml)))
    text = SourceText(xml[len(mark) :].decode(encoding).encode(), mark, encoding)
    if text.bytes(text.utf8) != xml:
        raise MusicXMLError(
            f"the score's encoding ({encoding}) can't be kept byte for byte",
            hint="save the score in UTF-8 and try again",
        )
    return text


# ------------------------------------------------------------------------------------------------------------ the places


@dataclass(slots=True)
class _Last:
    """The last measure (score-timewise: the last part of it) of one part: byte offsets into the text."""

    measures: int = 0
    start: int = 0
    end: int = 0
    closing: tuple[int, int] | None = None


_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
"""A whole tag; a ">" within an attribute's value doesn't end it."""


@dataclass(slots=True)
class _Locator:
    """Finds where each part ends, in one pass of expat, which knows the byte offset of each tag."""

    text: bytes
    tag_start: int = 0
    parts: dict[str, _Last] = field(default_factory=dict)
    timewise: bool = False
    depth: int = 0
    part: str = ""
    measure_start: int = 0
    measure_ends: list[tuple[int, int]] = field(default_factory=list)
    barline: int | None = None
    plain: bool = False
    inside: list[str] = field(default_factory=list)

    def run(self) -> _Locator:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = lambda tag, attributes: self._start(parser.CurrentByteIndex, tag, attributes)
        parser.EndElementHandler = lambda tag: self._end(parser.CurrentByteIndex, tag)
        parser.CharacterDataHandler = self._characters
        parser.Parse(self.text, True)
        return self

    def _start(self, index: int, tag: str, attributes: dict[str, str]) -> None:
        self.inside.append(tag)
        self.tag_start = index
        if len(self.inside) == 1:
            self.timewise = tag == "score-timewise"
        elif tag == "part" and len(self.inside) == 2 + self.timewise:
            self.part = attributes.get("id", "")
            self.parts.setdefault(self.part, _Last())
        if tag == "measure" and self.timewise and len(self.inside) == 2:
            self.measure_start = index
        if len(self.inside) == 3 and tag == ("part" if self.timewise else "measure"):
            last = self.parts[self.part]
            last.start, last.closing = index, None
            last.measures += 1
        elif len(self.inside) == 4 and tag == "barline":
            self.barline = index if attributes.get("location", "right") == "right" else None
            self.plain = attributes.keys() <= {"location"}
        elif len(self.inside) > 4 and self.barline is not None and tag != "bar-style":
            self.plain = False

    def _characters(self, data: str) -> None:
        if self.barline is not None and data.strip() and data.strip() != "light-heavy":
            self.plain = False

    def _end(self, index: int, tag: str) -> None:
        depth = len(self.inside)
        self.inside.pop()
        end = self._tag_end(index, tag)
        if depth == 4 and tag == "barline" and self.barline is not None:
            closing = (self.barline, end)
            styled = b"light-heavy" in self.text[slice(*closing)]
            self.parts[self.part].closing = closing if self.plain and styled else None
            self.barline = None
        if depth == 3 and tag == ("part" if self.timewise else "measure"):
            self.parts[self.part].end = end
        if depth == 2 and tag == "measure":
            self.measure_ends.append((index, end))

    def _tag_end(self, index: int, tag: str) -> int:
        """Where the element ends whose end expat reports at `index`.

        For an empty element `<…/>` that index lies at its beginning or behind it, as the version of expat has it.
        """
        start = index if self.text.startswith(b"</" + tag.encode(), index) else self.tag_start
        found = _TAG.match(self.text, start)
        assert found is not None, "expat has read it"
        return found.end()

    @property
    def most(self) -> int:
        """How many measures the longest part has."""
        return max(last.measures for last in self.parts.values())


# ------------------------------------------------------------------------------------------------------------ the splice


def closes_plainly(xml: bytes) -> bool:
    """Whether the score ends with a plain closing bar line, which moves when music is added."""
    places = _Locator(source_text(xml).utf8).run()
    return any(last.closing for last in places.parts.values() if last.measures == places.most)


def splice(xml: bytes, reading: Reading, bars: tuple[Bar, ...]) -> bytes:
    """The source's XML with `bars` after its last ones.

    `reading` is what `read_with_origin` made of the same bytes. All bytes of the source stay, but for a plain closing bar line
    (light-heavy, no repeat) in the old last bar, which goes where one of `bars` has it.

    Raises:
        MusicXMLError: the file's encoding can't be written back byte for byte.
    """
    text = source_text(xml)
    places = _Locator(text.utf8).run()
    moves = bool(bars) and bars[-1].end.style == FINAL.style
    old = _without_closing(reading.score.bars) if moves else reading.score.bars
    score = replace(reading.score, bars=old + bars)
    measures = {origin.id: _part_measures(score, i, origin, places) for i, origin in enumerate(reading.origins)}
    edits = list(_removals(text.utf8, places)) if moves else []
    edits += _timewise(text.utf8, places, measures) if places.timewise else _partwise(text.utf8, places, measures)
    return text.bytes(_edited(text.utf8, edits))


def new_measures(reading: Reading, bars: tuple[Bar, ...], index: int) -> dict[str, str]:
    """One of the `bars` that follow a score, `index` from 0, as each part's `<measure>`: id -> XML.

    Each says its divisions, so that it can stand after any other.
    """
    score = replace(reading.score, bars=reading.score.bars + bars[: index + 1])
    found = {}
    for part, origin in enumerate(reading.origins):
        measures, divisions = _measures_after(score, part, origin, len(score.bars) - 1)
        measures[0][1:1] = _divisions(divisions)
        found[origin.id] = "\n".join(measures[0])
    return found


def _without_closing(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The old bars as a part that lacks the last ones must have them, when the closing bar line moves."""
    return (*bars[:-1], replace(bars[-1], end=Barline())) if bars[-1].end == FINAL else bars


Edit = tuple[int, int, bytes]
"""From, to, and what stands there instead."""


def _edited(text: bytes, edits: list[Edit]) -> bytes:
    edges = [(0, 0, b""), *sorted(edits), (len(text), len(text), b"")]
    return b"".join(text[before[1] : after[0]] + after[2] for before, after in pairwise(edges))


def _part_measures(score: Score, index: int, origin: Origin, places: _Locator) -> list[list[str]]:
    """The lines of each measure that a part lacks."""
    found, divisions = _measures_after(score, index, origin, places.parts[origin.id].measures)
    if divisions != origin.divisions and found:
        found[0][1:1] = _divisions(divisions)
    return found


def _divisions(divisions: int) -> list[str]:
    return ["  <attributes>", f"    <divisions>{divisions}</divisions>", "  </attributes>"]


def _measures_after(score: Score, index: int, origin: Origin, count: int) -> tuple[list[list[str]], int]:
    """The lines of each measure of a part after its first `count`, and their divisions."""
    new = replace(score, bars=score.bars[count:])
    divisions = divisions_for(_with_metre(new, score, count), index, origin.divisions)
    origin_now = replace(origin, divisions=divisions, voices=dict(origin.voices))
    writer = PartWriter(score.parts, index, origin_now, first=False)
    writer.skip(score.bars[:count])
    return [list(writer.measure(bar)) for bar in new.bars], divisions


def _with_metre(new: Score, score: Score, count: int) -> Score:
    """The new bars with lengths that don't depend on the time signatures before them."""
    metre = Metre()
    for bar in score.bars[:count]:
        metre.apply(bar)
    bars = []
    for bar in new.bars:
        metre.apply(bar)
        bars.append(replace(bar, length=metre.length(bar)))
    return replace(new, bars=tuple(bars))


def _removals(text: bytes, places: _Locator) -> Iterator[Edit]:
    for last in places.parts.values():
        if last.closing and last.measures == places.most:
            start, end = last.closing
            yield start - len(_white_space_before(text, start)), end, b""


def _partwise(text: bytes, places: _Locator, measures: dict[str, list[list[str]]]) -> list[Edit]:
    edits = []
    for id, new in measures.items():
        last = places.parts[id]
        style = _Style.of(text, last.start)
        edits.append((last.end, last.end, b"".join(style.lines(lines, 0) for lines in new)))
    return edits


def _timewise(text: bytes, places: _Locator, measures: dict[str, list[list[str]]]) -> list[Edit]:
    """New measures after the last one; before them, what parts lack goes into the measures that are there."""
    style = _Style.of(text, places.measure_start)
    fewest = min(map(len, measures.values()))
    edits = []
    for back in range(max(map(len, measures.values())), fewest, -1):
        start, _ = places.measure_ends[fewest - back]
        lines = [line for id, new in measures.items() if len(new) >= back for line in _timewise_part(id, new[-back])]
        at = start - len(_white_space_before(text, start))
        edits.append((at, at, style.lines(lines, 1)))
    found = b""
    for back in range(fewest, 0, -1):
        opening = next(iter(measures.values()))[-back][0]
        lines = [line for id, new in measures.items() for line in _timewise_part(id, new[-back])]
        found += style.lines([opening], 0) + style.lines(lines, 1) + style.lines(["</measure>"], 0)
    end = places.measure_ends[-1][1]
    return [*edits, (end, end, found)]


def _timewise_part(id: str, measure: list[str]) -> list[str]:
    return [f"<part id={quoteattr(id)}>", *measure[1:-1], "</part>"]


@dataclass(frozen=True, slots=True)
class _Style:
    """How the source breaks and indents its lines: nothing at all in a file on one line."""

    newline: bytes
    indent: bytes
    step: bytes

    @staticmethod
    def of(text: bytes, start: int) -> _Style:
        """The style around the measure that begins at `start`."""
        outer = _white_space_before(text, start)
        first_child = text.find(b"<", start + 1)
        inner = _white_space_before(text, first_child)
        if b"\n" not in outer:
            return _Style(b"", b"", b"")
        newline = b"\r\n" if b"\r\n" in outer else b"\n"
        indent, child = outer.rpartition(b"\n")[2], inner.rpartition(b"\n")[2]
        return _Style(newline, indent, child[len(indent) :] if b"\n" in inner and child.startswith(indent) else b"  ")

    def lines(self, lines: list[str], depth: int) -> bytes:
        """Some lines (two spaces a level) in this style, each after a line break."""
        return b"".join(self._line(line, depth) for line in lines)

    def _line(self, line: str, depth: int) -> bytes:
        body = line.lstrip(" ")
        level = depth + (len(line) - len(body)) // 2
        return self.newline + self.indent + self.step * level + body.encode() if self.newline else body.encode()


_WHITE_SPACE = re.compile(rb"[ \t\r\n]*\Z")


def _white_space_before(text: bytes, index: int) -> bytes:
    found = _WHITE_SPACE.search(text[max(0, index - 400) : index])
    return found[0] if found else b""
