"""Empty parts in the composer's own file, whose bytes stay: below the others, with a rest in each bar. Knows the file's text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from xml.sax.saxutils import quoteattr

from chordllama.codec.elements.header import write_score_part
from chordllama.codec.musicxml import PartWriter, Reading, origin_of
from chordllama.codec.splice.locator import Locator, source_text
from chordllama.codec.splice.splicing import Edit, Style, edited
from chordllama.errors import MusicXMLError
from chordllama.score.model import Part, Score


def with_parts(xml: bytes, reading: Reading, parts: Sequence[Part]) -> bytes:
    """Return the source's XML with more parts below its own; all its bytes stay. `reading` is what `read_with_origin` made of it.

    Raises:
        MusicXMLError: the file's encoding can't be written back byte for byte, or it has no part list.
    """
    text = source_text(xml)
    places = Locator(text.utf8).run()
    if places.list_end is None:
        raise MusicXMLError("the score has no list of parts", hint="export it again from your notation program")
    score = replace(reading.score, parts=(*reading.score.parts, *parts))
    taken = {origin.id for origin in reading.origins}
    ids = list(islice((id for id in (f"P{n}" for n in count(1)) if id not in taken), len(parts)))
    style = Style.of(text.utf8, places.measure_start if places.timewise else next(iter(places.parts.values())).start)
    beside = places.longest.places
    tags = [text.utf8[place.start : place.inside].decode() for place in beside]
    new = {id: list(_measures(score, len(reading.score.parts) + n, id, tags)) for n, id in enumerate(ids)}
    listed = [line[4:] for part, id in zip(parts, ids, strict=True) for line in write_score_part(part, id)]
    at = places.list_end[0]
    edits = [
        (
            _before_white_space(text.utf8, at),
            _before_white_space(text.utf8, at),
            style.lines(listed, int(places.timewise)),
        )
    ]
    edits += _timewise(text.utf8, places, style, new) if places.timewise else _partwise(places, style, new)
    return text.bytes(edited(text.utf8, edits))


_NUMBERING = re.compile(r"""\s(?:number|implicit)\s*=\s*(?:"[^"]*"|'[^']*')""")


def _measures(score: Score, index: int, id: str, tags: Sequence[str]) -> Iterator[list[str]]:
    """The measures of an empty part, numbered as those whose start `tags` stand beside them, if with nothing at all."""
    origin = replace(origin_of(score, index), id=id)
    writer = PartWriter(score.parts, index, origin)
    for bar, tag in zip(score.bars, tags, strict=True):
        _, *lines = writer.measure(replace(bar, rows=()))
        yield [f"<measure{''.join(_NUMBERING.findall(tag))}>", *lines]


def _partwise(places: Locator, style: Style, new: dict[str, list[list[str]]]) -> list[Edit]:
    outer = style.outer()
    found = b""
    for id, measures in new.items():
        lines = (line for measure in measures for line in measure)
        found += outer.lines([f"<part id={quoteattr(id)}>"], 0) + outer.lines([f"  {line}" for line in lines], 0)
        found += outer.lines(["</part>"], 0)
    return [(places.parts_end, places.parts_end, found)]


def _timewise(text: bytes, places: Locator, style: Style, new: dict[str, list[list[str]]]) -> list[Edit]:
    edits = []
    for n, (start, _) in enumerate(places.measure_ends):
        rows = ((id, measures[n]) for id, measures in new.items())
        lines = [line for id, measure in rows for line in (f"<part id={quoteattr(id)}>", *measure[1:-1], "</part>")]
        at = _before_white_space(text, start)
        edits.append((at, at, style.lines(lines, 1)))
    return edits


def _before_white_space(text: bytes, at: int) -> int:
    return len(text[:at].rstrip(b" \t\r\n"))
