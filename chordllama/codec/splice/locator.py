"""Where the measures of a MusicXML file stand, as byte offsets. Knows the file's text and encoding; knows nothing of what measures say."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from chordllama.codec.container import encoding_of
from chordllama.errors import MusicXMLError

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
    """Return the text of an XML file."""
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
class MeasurePlace:
    """Where one measure of a part stands (score-timewise: the part within the measure): byte offsets into the text.

    `inside` is where its start tag ends. `prints` are the `<print>` elements in it, `styles` the `<measure-style>` elements.
    """

    start: int
    inside: int
    end: int = 0
    prints: list[tuple[int, int]] = field(default_factory=list)
    styles: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class PartPlaces:
    """Where the measures of one part stand, and the plain closing bar line of the last one."""

    places: list[MeasurePlace] = field(default_factory=list)
    closing: tuple[int, int] | None = None

    @property
    def measures(self) -> int:
        """How many there are."""
        return len(self.places)

    @property
    def start(self) -> int:
        """Where the last one begins."""
        return self.places[-1].start

    @property
    def end(self) -> int:
        """Where the last one ends."""
        return self.places[-1].end


HEADINGS = frozenset({"work-title", "movement-title", "creator", "credit-words"})
"""Elements before the music that say its title or who made it."""


@dataclass(frozen=True, slots=True)
class HeadingPlace:
    """Where an element stands that says a title or a name; `inside` is where its start tag ends. Byte offsets into the text."""

    tag: str
    start: int
    inside: int
    end: int
    words: str


_TAG = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
"""A whole tag; a ">" within an attribute's value doesn't end it."""


@dataclass(slots=True)
class Locator:
    """Finds where measures stand, in one pass of expat, which knows the byte offset of each tag."""

    text: bytes
    tag_start: int = 0
    parts: dict[str, PartPlaces] = field(default_factory=dict)
    timewise: bool = False
    depth: int = 0
    part: str = ""
    measure_ends: list[tuple[int, int]] = field(default_factory=list)
    outline: list[tuple[str, int]] = field(default_factory=list)  # the root's elements, each with where it begins
    headings: list[HeadingPlace] = field(default_factory=list)
    heading: tuple[int, int] = (0, 0)
    words: str = ""
    list_end: tuple[int, int] | None = None  # of the part list: where its end tag begins and ends
    parts_end: int = 0
    barline: int | None = None
    plain: bool = False
    print_start: int = 0
    style_start: int = 0
    inside: list[str] = field(default_factory=list)

    def run(self) -> Locator:
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
        if len(self.inside) == 2:
            self.outline.append((tag, index))
        if tag == "part" and len(self.inside) == 2 + self.timewise:
            self.part = attributes.get("id", "")
            self.parts.setdefault(self.part, PartPlaces())
        if len(self.inside) == 3 and tag == ("part" if self.timewise else "measure"):
            part = self.parts[self.part]
            part.closing = None
            part.places.append(MeasurePlace(index, self._tag_end(index, tag)))
        elif len(self.inside) == 4 and tag == "barline":
            self.barline = index if attributes.get("location", "right") == "right" else None
            self.plain = attributes.keys() <= {"location"}
        elif len(self.inside) == 5 and tag == "measure-style":
            self.style_start = index
        elif len(self.inside) > 4 and self.barline is not None and tag != "bar-style":
            self.plain = False
        elif len(self.inside) == 4 and tag == "print":
            self.print_start = index
        elif tag in HEADINGS:
            self.heading, self.words = (index, self._tag_end(index, tag)), ""

    def _characters(self, data: str) -> None:
        self.words += data if self.inside[-1] in HEADINGS else ""
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
            self.parts[self.part].places[-1].end = end
        if depth == 4 and tag == "print":
            self.parts[self.part].places[-1].prints.append((self.print_start, end))
        if tag in HEADINGS:
            self.headings.append(HeadingPlace(tag, *self.heading, end, self.words.strip()))
        if depth == 5 and tag == "measure-style":
            self.parts[self.part].places[-1].styles.append((self.style_start, end))
        if depth == 2 and tag == "part-list":
            self.list_end = (index, end)
        if depth == 2 and tag == "part":
            self.parts_end = end
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
    def measure_start(self) -> int:
        """Where the last measure of a score-timewise begins."""
        return self.outline[-1][1]

    @property
    def longest(self) -> PartPlaces:
        """The part that has the most measures."""
        return max(self.parts.values(), key=lambda part: part.measures)
