"""MusicXML -> picture and MIDI, both through verovio. Knows pages, fonts and pixels; knows no score model."""

from __future__ import annotations

import base64
import re
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from lxml import etree

from chordllama.codec.container import parse
from chordllama.errors import ChordLlamaError, ScoreError
from chordllama.score.model import DRUM_CHANNEL
from chordllama.system.processes import Died, ModuleChild, TooSlow, answer_questions

PICTURE_SUFFIXES = (".svg", ".png")
MAXIMUM_PNG_PAGES = 20
SECONDS = 300
"""What one picture may take."""

_SVG = "http://www.w3.org/2000/svg"
_MUSIC_FONT = "Leland"
# Leipzig stands in for glyphs that Leland lacks; Liberation has the widths of Times, by which verovio sets texts.
_FONTS = (_MUSIC_FONT, "Leipzig", "Liberation")
_TEXT_FAMILY = "Liberation Serif"
_PNG_ZOOM = 1.5
_OPTIONS = {
    "font": _MUSIC_FONT,
    "scale": 50,
    "adjustPageHeight": True,
    "footer": "none",
    "svgFormatRaw": True,  # resvg misplaces centred texts that stand behind white space
    "xmlIdChecksum": True,  # the same score gives the same picture
}
_EMBEDDED_FONT = re.compile(r"base64,([^)]+)\)")


def picture(xml: bytes, suffix: str) -> bytes:
    """Return the engraved score as `.svg` or `.png`, its pages one below the other on white.

    Raises ScoreError where verovio can't engrave the score, and for a PNG of more than MAXIMUM_PNG_PAGES pages.
    """
    if suffix.lower() not in PICTURE_SUFFIXES:
        raise ScoreError(f'"{suffix}" is no kind of picture', hint=f"use one of {', '.join(PICTURE_SUFFIXES)}")
    toolkit = _load(xml)
    count: int = toolkit.getPageCount()
    if suffix.lower() == ".svg":
        return _stack([toolkit.renderToSVG(page) for page in range(1, count + 1)])
    if count > MAXIMUM_PNG_PAGES:
        raise ScoreError(
            f"{count} pages are too many for one PNG", cause=f"{MAXIMUM_PNG_PAGES} fit", hint="make an .svg instead"
        )
    return _png(_stack([toolkit.renderToSVG(page) for page in range(1, count + 1)]))


def pages(xml: bytes) -> list[str]:
    """Return the engraved score, an SVG document for each page. Raises ScoreError."""
    toolkit = _load(xml)
    return [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]


def midi(xml: bytes) -> bytes:
    """Return the score as a standard MIDI file. Raises ScoreError where verovio can't read the score."""
    return base64.b64decode(_load(xml).renderToMIDI())


def apart(what: str, xml: bytes, seconds: float = SECONDS) -> bytes:
    """Return "midi" or the picture of a suffix, as `midi` and `picture` make it, from a process that may hang or crash.

    Raises ScoreError, too, where verovio does either.
    """
    with ModuleChild(__name__) as child:
        try:
            made, refusal = child.ask((what, xml), seconds)
        except TooSlow as fault:
            raise _not_engraved(f"verovio took more than {seconds:g} seconds") from fault
        except Died as death:
            raise _not_engraved(f"verovio died: {death}") from death
    if refusal:
        message, cause, hint = refusal
        raise ScoreError(message, cause=cause, hint=hint)
    return bytes(made)


def _not_engraved(cause: str) -> ScoreError:
    return ScoreError("the score can't be engraved", cause=cause, hint="open the MusicXML file in an editor")


def _answer(question: tuple[str, bytes]) -> tuple[bytes, tuple[str, str | None, str | None] | None]:
    what, xml = question
    try:
        return (midi(xml) if what == "midi" else picture(xml, what)), None
    except ChordLlamaError as error:
        return b"", (error.message, error.cause, error.hint)


def _load(xml: bytes) -> Any:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)  # it would write to the terminal past Python
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    text = etree.tostring(_display_copy(parse(xml, "the score").getroot()), encoding="unicode")
    if not toolkit.loadData(text) or toolkit.getPageCount() < 1:
        raise _not_engraved("verovio can't read it")
    return toolkit


def _display_copy(root: etree._Element) -> etree._Element:
    """The score without what verovio 6.3 trips over: of rests over several bars it draws one bar too few, and an end of the metre in the
    midst of a piece crashes it where there are several parts."""
    styles = [rest.getparent() for rest in root.iter("multiple-rest")]
    times = [free.getparent() for free in root.iter("senza-misura") if _is_later(free)]
    for element in (*styles, *times):
        if element is not None and (attributes := element.getparent()) is not None:
            attributes.remove(element)
    _tell_channels(root)
    return root


def _tell_channels(root: etree._Element) -> None:
    """Give each part that tells none a MIDI channel: verovio puts all of them on one, that of drums if there are some."""
    told = [element.text for element in root.iter("midi-channel")]
    free = [str(channel) for channel in range(1, 17) if channel != DRUM_CHANNEL and str(channel) not in told]
    by_program: dict[str, str] = {}
    for part in root.iterfind("part-list/score-part"):
        if part.find("midi-instrument/midi-channel") is not None:
            continue
        program = part.findtext("midi-instrument/midi-program") or "1"
        if program not in by_program:
            by_program[program] = free[len(by_program) % len(free)] if free else "1"
        channel = str(DRUM_CHANNEL) if _is_percussion(root, part.get("id", "")) else by_program[program]
        instruments = part.findall("midi-instrument")
        if not instruments:
            id = f"{part.get('id', '')}-I1"
            etree.SubElement(etree.SubElement(part, "score-instrument", id=id), "instrument-name")
            instruments = [etree.SubElement(part, "midi-instrument", id=id)]
        for instrument in instruments:
            own = etree.Element("midi-channel")
            own.text = channel
            instrument.insert(0, own)


def _is_percussion(root: etree._Element, id: str) -> bool:
    part = next((part for part in root.iter("part") if part.get("id") == id), None)
    return part is not None and part.find(".//unpitched") is not None and part.find(".//pitch") is None


def _is_later(element: etree._Element) -> bool:
    """Whether an element stands after the first bar."""
    bars = element.iterancestors("measure")
    return any(True for bar in bars for _ in bar.itersiblings("measure", preceding=True))


def _stack(pages: list[str]) -> bytes:
    """One SVG document with the pages one below the other."""
    drawings = [etree.fromstring(page.encode("utf-8")) for page in pages]
    sizes = [(_pixels(drawing, "width"), _pixels(drawing, "height")) for drawing in drawings]
    width, height = max(width for width, _ in sizes), sum(height for _, height in sizes)
    sheet = etree.Element(f"{{{_SVG}}}svg", width=f"{width}px", height=f"{height}px")
    sheet.set("viewBox", f"0 0 {width} {height}")
    etree.SubElement(sheet, f"{{{_SVG}}}rect", width="100%", height="100%", fill="white")
    top = 0
    for drawing, (_, page_height) in zip(drawings, sizes, strict=True):
        drawing.set("y", str(top))
        sheet.append(drawing)
        top += page_height
    return etree.tostring(sheet, encoding="utf-8", xml_declaration=True)


def _pixels(drawing: etree._Element, side: str) -> int:
    return int(drawing.get(side, "0px").removesuffix("px"))


def _png(svg: bytes) -> bytes:
    import resvg_py

    with tempfile.TemporaryDirectory(prefix="chordllama-fonts-") as folder:
        for number, font in enumerate(_fonts()):
            Path(folder, f"{number}.ttf").write_bytes(font)
        return resvg_py.svg_to_bytes(
            svg_string=svg.decode("utf-8"),
            zoom=_PNG_ZOOM,
            skip_system_fonts=True,
            font_dirs=[folder],
            serif_family=_TEXT_FAMILY,
        )


@cache
def _fonts() -> tuple[bytes, ...]:
    """The fonts inside verovio, unpacked from WOFF2, which resvg can't read: so a PNG looks alike on every system."""
    import verovio

    folder = Path(verovio.__file__).parent / "data"
    sheets = ((folder / f"{font}.css").read_text(encoding="utf-8") for font in _FONTS)
    return tuple(_unpacked(base64.b64decode(font)) for sheet in sheets for font in _EMBEDDED_FONT.findall(sheet))


def _unpacked(woff2: bytes) -> bytes:
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO(woff2))
    font.flavor = None
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue()


if __name__ == "__main__":
    answer_questions(_answer)
