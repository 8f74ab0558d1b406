"""New measures into the composer's own file, whose bytes stay. Knows the file's text; musicxml.py knows what a measure says.

Nothing of the source is parsed and written again: new measures are put in as text after the last one of each part, or in the place of
old ones, in the source's own divisions, voices, numbering, indentation and encoding. The one byte sequence that may go besides is a plain
closing bar line in the old last bar, which moves to the new last one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, pairwise
from xml.sax.saxutils import quoteattr

from chordllama.codec.elements.directions import write_clef
from chordllama.codec.musicxml import Origin, PartWriter, Reading, divisions_for
from chordllama.codec.notation.line_numbers import Line
from chordllama.codec.notation.line_spans import open_lines, renumbered
from chordllama.codec.splice.locator import Locator, MeasurePlace, source_text
from chordllama.codec.splice.measure_styles import open_styles, shortened_rests
from chordllama.errors import MusicXMLError
from chordllama.score.model import FINAL, Bar, Barline, Chord, Metre, Part, Score


def closes_plainly(xml: bytes) -> bool:
    """Tell whether the score ends with a plain closing bar line, which moves when music is added."""
    places = Locator(source_text(xml).utf8).run()
    return any(last.closing for last in places.parts.values() if last.measures == places.longest.measures)


def splice(xml: bytes, reading: Reading, bars: tuple[Bar, ...]) -> bytes:
    """Return the source's XML with `bars` after its last ones.

    `reading` is what `read_with_origin` made of the same bytes. All bytes of the source stay, but for a plain closing bar line
    (light-heavy, no repeat) in the old last bar, which goes where one of `bars` has it.

    Raises:
        MusicXMLError: the file's encoding can't be written back byte for byte.
    """
    text = source_text(xml)
    places = Locator(text.utf8).run()
    moves = bool(bars) and bars[-1].end.style == FINAL.style
    old = _without_closing(reading.score.bars) if moves else reading.score.bars
    score = replace(reading.score, bars=old + bars)
    measures = {origin.id: _part_measures(score, i, origin, places) for i, origin in enumerate(reading.origins)}
    edits = list(_removals(text.utf8, places)) if moves else []
    for id, part in places.parts.items() if bars else ():
        edits += shortened_rests(text.utf8, part, part.measures)
        _insert(
            measures[id][0], [line for style in open_styles(text.utf8, part, part.measures) for line in style.stop()]
        )
    edits += _timewise(text.utf8, places, measures) if places.timewise else _partwise(text.utf8, places, measures)
    return text.bytes(edited(text.utf8, edits))


def replaced(xml: bytes, reading: Reading, bars: tuple[Bar, ...], first: int, parts: Collection[int]) -> bytes:
    """Return the source's XML with `bars` in the place of its own from `first` (from 0) on, in these parts (from 0).

    `reading` is what `read_with_origin` made of the same bytes. All bytes outside of the measures that are replaced stay; these keep
    their start tags and what they say of the page's layout.

    Raises:
        MusicXMLError: the file's encoding can't be written back byte for byte, or a part ends before.
    """
    text = source_text(xml)
    places = Locator(text.utf8).run()
    old, last = reading.score.bars, first + len(bars)
    score = replace(reading.score, bars=old[:first] + bars)
    edits: list[Edit] = []
    for index in sorted(parts):
        part = places.parts[reading.origins[index].id]
        if part.measures < last:
            if not _sounds(bars, index):  # it has ended, and nothing new is written for it
                continue
            raise MusicXMLError(f"part {index + 1} ends after measure {part.measures}", hint="fill it up with rests")
        origin = reading.origins[index]
        edits += refilled(text.utf8, places, _renumbered(score, index, origin, first), index, origin, first, last)
        edits += shortened_rests(text.utf8, part, first)
    return text.bytes(edited(text.utf8, edits))


def _sounds(bars: tuple[Bar, ...], part: int) -> bool:
    return any(isinstance(item, Chord) for bar in bars for row in bar.rows if row.part == part for item in row.items)


def refilled(
    text: bytes, places: Locator, score: Score, index: int, origin: Origin, first: int, last: int
) -> list[Edit]:
    """Return what puts a score's bars from `first` up to `last` (from 0) into the measures of one part that are there."""
    part = places.parts[origin.id]
    measures = _measures_between(score, index, origin, first, last)
    _insert(measures[0], [line for style in open_styles(text, part, first) for line in style.stop()])
    edits = [_refilled(text, *pair) for pair in zip(part.places[first:last], measures, strict=True)]
    again = [line for style in open_styles(text, part, last) for line in style.start()]
    if again and last < part.measures:
        edits.append(_begun_with(text, part.places[last], again))
    return edits


def _measures_between(score: Score, index: int, origin: Origin, first: int, last: int) -> list[list[str]]:
    """The lines of a part's measures from `first` up to `last`, in divisions that the one after them finds as it expects them."""
    own = origin.divisions_after
    expected = own[last - 1]
    found, divisions = _measures_after(replace(score, bars=score.bars[:last]), index, origin, first, expected.numerator)
    for n, measure in enumerate(found, first):
        _insert(measure, _new_staves(score.parts[index], origin, n))
    if first and divisions != own[first - 1]:
        found[0][1:1] = _divisions(divisions)
    if last < len(own) and divisions != expected:
        found[-1][-1:-1] = _divisions(expected)
    return found


def _insert(measure: list[str], attributes: list[str]) -> None:
    """Begin a measure's lines with attributes."""
    if attributes:
        measure[1:1] = _attributes(attributes)


def _begun_with(text: bytes, place: MeasurePlace, attributes: list[str]) -> Edit:
    """Attributes at the beginning of a measure of the source."""
    return place.inside, place.inside, Style.of(text, place.start).lines(_attributes(attributes), 0)


def _attributes(lines: list[str]) -> list[str]:
    return ["  <attributes>", *(f"    {line}" for line in lines), "  </attributes>"]


def _refilled(text: bytes, place: MeasurePlace, lines: list[str]) -> Edit:
    """A measure with other contents."""
    style = Style.of(text, place.start)
    tag = text[place.start : place.inside]
    opening = tag[:-2].rstrip() + b">" if tag.endswith(b"/>") else tag
    prints = [text[start:end].decode() for start, end in place.prints]
    layout = b"".join(style.lines(["  "], 0) + element.encode() for element in prints)
    closing = re.match(rb"<\w+", tag)
    assert closing is not None, "it is a tag"
    name = closing[0][1:].decode()
    return place.start, place.end, opening + layout + style.lines([*lines[1:-1]], 0) + style.lines([f"</{name}>"], 0)


def new_measures(reading: Reading, bars: tuple[Bar, ...], index: int, first: int | None = None) -> dict[str, str]:
    """Return one of the `bars` that follow a score, or stand in it from `first` (from 0) on; `index` from 0. Each part's `<measure>`: id -> XML.

    Each says its divisions, so that it can stand after any other.
    """
    first = len(reading.score.bars) if first is None else first
    score = replace(reading.score, bars=reading.score.bars[:first] + bars[: index + 1])
    found = {}
    for part, origin in enumerate(reading.origins):
        own = _renumbered(score, part, origin, first)
        measures, divisions = _measures_after(own, part, origin, first + index, origin.divisions, first)
        measures[0][1:1] = _divisions(divisions) if first + index else []
        found[origin.id] = "\n".join(measures[0])
    return found


def _without_closing(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The old bars as a part that lacks the last ones must have them, when the closing bar line moves."""
    return (*bars[:-1], replace(bars[-1], end=Barline())) if bars[-1].end == FINAL else bars


Edit = tuple[int, int, bytes]
"""From, to, and what stands there instead."""


def edited(text: bytes, edits: list[Edit]) -> bytes:
    """Return the text after these edits."""
    edges = [(0, 0, b""), *sorted(edits), (len(text), len(text), b"")]
    return b"".join(text[before[1] : after[0]] + after[2] for before, after in pairwise(edges))


def _part_measures(score: Score, index: int, origin: Origin, places: Locator) -> list[list[str]]:
    """The lines of each measure that a part lacks."""
    count = places.parts[origin.id].measures
    score = _renumbered(score, index, origin, count)
    found, divisions = _measures_after(score, index, origin, count, origin.divisions)
    if divisions != origin.divisions_after[-1] and found:
        found[0][1:1] = _divisions(divisions)
    return found


def _divisions(divisions: int | Fraction) -> list[str]:
    text = str(divisions) if divisions.denominator == 1 else str(float(divisions))
    return _attributes([f"<divisions>{text}</divisions>"])


def _measures_after(
    score: Score, index: int, origin: Origin, count: int, divisions: int, border: int | None = None
) -> tuple[list[list[str]], int]:
    """The lines of each measure of a part after its first `count`, and their divisions, a multiple of those.

    From `border` on (`count` where it isn't told) the measures are new.
    """
    border = count if border is None else border
    new = replace(score, bars=score.bars[count:])
    divisions = divisions_for(_with_metre(new, score, count), index, divisions)
    origin_now = replace(origin, divisions=divisions, voices=dict(origin.voices))
    writer = PartWriter(score.parts, index, origin_now, first=count == 0)
    writer.skip(score.bars[:count])
    opened = ((kind, number) for (kind, _), number in _open_at(origin, border).items())
    writer.lines = open_lines(score.bars[border:count], index, opened)
    part = score.parts[index]
    return [list(writer.measure(bar, _staves_in(part, origin, n))) for n, bar in enumerate(new.bars, count)], divisions


def _staves_in(part: Part, origin: Origin, bar: int) -> int:
    """How many staves a part has in a bar (from 0): the source may declare some of them later."""
    return origin.staves_after[bar] if bar < len(origin.staves_after) else part.staves


def _new_staves(part: Part, origin: Origin, bar: int) -> list[str]:
    """What declares the staves that begin in a bar (from 0) of the source."""
    before = _staves_in(part, origin, bar - 1) if bar else part.staves
    staves = _staves_in(part, origin, bar)
    clefs = [write_clef(clef, n) for n, clef in enumerate(part.clefs[:staves], 1) if n > before and clef]
    return [f"<staves>{staves}</staves>", *chain(*clefs)] if staves > before else []


def _renumbered(score: Score, index: int, origin: Origin, border: int) -> Score:
    """The score with numbers for a part's lines from `border` on that fit those of the lines which the source has open around these bars."""
    before, after = (_open_at(origin, bar) for bar in (border, len(score.bars)))
    return replace(score, bars=(*score.bars[:border], *renumbered(score.bars[border:], index, before, after)))


def _open_at(origin: Origin, bar: int) -> Mapping[Line, str]:
    """The source's numbers of the lines that are open where a bar (from 0) begins; none behind its last one."""
    return origin.lines[bar - 1] if 0 < bar <= len(origin.lines) else {}


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


def _removals(text: bytes, places: Locator) -> Iterator[Edit]:
    for last in places.parts.values():
        if last.closing and last.measures == places.longest.measures:
            start, end = last.closing
            yield start - len(white_space_before(text, start)), end, b""


def _partwise(text: bytes, places: Locator, measures: dict[str, list[list[str]]]) -> list[Edit]:
    edits = []
    for id, new in measures.items():
        last = places.parts[id]
        style = Style.of(text, last.start)
        edits.append((last.end, last.end, b"".join(style.lines(lines, 0) for lines in new)))
    return edits


def _timewise(text: bytes, places: Locator, measures: dict[str, list[list[str]]]) -> list[Edit]:
    """New measures after the last one; before them, what parts lack goes into the measures that are there."""
    style = Style.of(text, places.measure_start)
    fewest = min(map(len, measures.values()))
    edits = []
    for back in range(max(map(len, measures.values())), fewest, -1):
        start, _ = places.measure_ends[fewest - back]
        lines = [line for id, new in measures.items() if len(new) >= back for line in _timewise_part(id, new[-back])]
        at = start - len(white_space_before(text, start))
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
class Style:
    """How the source breaks and indents its lines: nothing at all in a file on one line."""

    newline: bytes
    indent: bytes
    step: bytes

    @staticmethod
    def of(text: bytes, start: int) -> Style:
        """Return the style around the measure that begins at `start`."""
        outer = white_space_before(text, start)
        first_child = text.find(b"<", start + 1)
        inner = white_space_before(text, first_child)
        if b"\n" not in outer:
            return Style(b"", b"", b"")
        newline = b"\r\n" if b"\r\n" in outer else b"\n"
        indent, child = outer.rpartition(b"\n")[2], inner.rpartition(b"\n")[2]
        return Style(newline, indent, child[len(indent) :] if b"\n" in inner and child.startswith(indent) else b"  ")

    def outer(self) -> Style:
        """Return the style one level further out."""
        return replace(self, indent=self.indent[: max(0, len(self.indent) - len(self.step))])

    def lines(self, lines: list[str], depth: int) -> bytes:
        """Return some lines (two spaces a level) in this style, each after a line break."""
        return b"".join(self._line(line, depth) for line in lines)

    def _line(self, line: str, depth: int) -> bytes:
        body = line.lstrip(" ")
        level = depth + (len(line) - len(body)) // 2
        return self.newline + self.indent + self.step * level + body.encode() if self.newline else body.encode()


_WHITE_SPACE = re.compile(rb"[ \t\r\n]*\Z")


def white_space_before(text: bytes, index: int) -> bytes:
    """Return the line breaks and indentation before a place."""
    found = _WHITE_SPACE.search(text[max(0, index - 400) : index])
    return found[0] if found else b""
