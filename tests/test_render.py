"""Pictures and MIDI: what verovio makes of a score."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from lxml import etree
from midi_events import channels_of

from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write
from chordllama.conversion.render import MAXIMUM_PNG_PAGES, apart, midi, picture
from chordllama.errors import ContainerError, ScoreError

SCORE = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
SVG = "{http://www.w3.org/2000/svg}"
NOTE = b"<note><pitch><step>C</step><octave>4</octave></pitch><duration>8</duration><type>whole</type></note>"
MEASURE = b"<measure>" + NOTE + b"</measure>"


def long_score(bars: int) -> bytes:
    return SCORE.replace(b"</part>", MEASURE * bars + b"</part>")


def rows(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the filtered pixel rows of an 8-bit RGBA picture."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (8, 6)
    place, packed = 8, b""
    while place < len(png):
        size, kind = struct.unpack(">I4s", png[place : place + 8])
        packed += png[place + 8 : place + 8 + size] if kind == b"IDAT" else b""
        place += size + 12
    data, stride = zlib.decompress(packed), width * 4 + 1
    return width, height, [data[start : start + stride] for start in range(0, len(data), stride)]


def test_the_picture_shows_every_note_and_the_texts() -> None:
    svg = etree.fromstring(picture(SCORE, ".svg"))
    assert len([group for group in svg.iter(f"{SVG}g") if group.get("class") == "note"]) == 4
    texts = "".join(element.text or "" for element in svg.iter())
    assert "Two Bars" in texts
    assert "Größe" in texts


def test_the_same_score_gives_the_same_picture() -> None:
    assert picture(SCORE, ".svg") == picture(SCORE, ".svg")


def test_all_pages_of_a_long_score_stand_below_one_another() -> None:
    svg = etree.fromstring(picture(long_score(400), ".svg"))
    pages = svg.findall(f"{SVG}svg")
    assert len(pages) > 1
    tops = [int(page.get("y", "")) for page in pages]
    heights = [int(page.get("height", "").removesuffix("px")) for page in pages]
    assert tops == [sum(heights[:number]) for number in range(len(pages))]
    assert svg.get("height") == f"{sum(heights)}px"


def test_the_png_shows_staff_lines_and_letters() -> None:
    png = picture(SCORE, ".png")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, _height, lines = rows(png)
    assert width > 1000
    title, music = lines[: len(lines) // 3], lines[len(lines) // 3 :]
    # PNG's filters turn rows of one colour into zeros: what differs from its neighbours is ink.
    assert any(line[1:].strip(b"\0") for line in title[20:])
    assert sum(bool(line[1:].strip(b"\0")) for line in music) > 20


def test_too_many_pages_for_a_png_are_refused() -> None:
    with pytest.raises(ScoreError, match="too many for one PNG") as fault:
        picture(long_score(MAXIMUM_PNG_PAGES * 150), ".png")
    assert ".svg" in (fault.value.hint or "")


def test_another_kind_of_picture_is_refused() -> None:
    with pytest.raises(ScoreError, match=r"\.gif"):
        picture(SCORE, ".gif")


def test_the_midi_file_holds_every_note() -> None:
    data = midi(SCORE)
    assert data.startswith(b"MThd")
    assert [len(re.findall(rb"\x90%c[^\0]" % key, data)) for key in (67, 66, 69)] == [2, 1, 1]


def test_utf_16_is_drawn_too() -> None:
    text = SCORE.decode().replace("UTF-8", "UTF-16")
    assert "Größe".encode() in picture(text.encode("utf-16"), ".svg")


def test_xml_that_is_no_score_is_refused() -> None:
    with pytest.raises(ContainerError):
        picture(b"<svg/>", ".svg")


def test_a_score_that_verovio_cannot_read_is_refused() -> None:
    with pytest.raises(ScoreError, match="can't be engraved"):
        midi(b"<score-partwise/>")


def test_rests_over_several_bars_hide_no_bar() -> None:
    resting = b"<attributes><measure-style><multiple-rest>2</multiple-rest></measure-style></attributes>"
    rest = b'<note><rest measure="yes"/><duration>8</duration></note>'
    bars = b"<measure>" + resting + rest + b"</measure><measure>" + rest + b"</measure>" + MEASURE
    svg = etree.fromstring(picture(SCORE.replace(b"</part>", bars + b"</part>"), ".svg"))
    assert len([group for group in svg.iter(f"{SVG}g") if group.get("class") == "measure"]) == 5


def test_a_process_of_its_own_makes_the_same_also_where_the_metre_ends_in_the_midst_of_a_piece() -> None:
    score = (Path(__file__).parent / "data" / "changes.musicxml").read_bytes()
    assert b"<senza-misura/>" in score
    assert apart("midi", score) == midi(score)
    assert apart(".svg", score) == picture(score, ".svg")


def test_a_process_of_its_own_tells_what_is_wrong() -> None:
    with pytest.raises(ScoreError, match=r"\.gif") as refusal:
        apart(".gif", SCORE)
    assert refusal.value.hint == "use one of .svg, .png"
    with pytest.raises(ScoreError, match=r"more than 0\.01 seconds"):
        apart("midi", SCORE, seconds=0.01)


DRUMS_AND_BASS = """parts:
 1: clef=percussion {drums} Drums
 2: clef=F4 {bass} Bass
1: time=4/4 xf44 xc5 xf4 xc5 / e24 e e g
"""


@pytest.mark.parametrize("drums", ["midi=1x36c10", ""])
@pytest.mark.parametrize("bass", ["midi=34", ""])
def test_only_percussion_plays_on_the_channel_of_percussion(drums: str, bass: str) -> None:
    _, (drum_channels, _), (bass_channels, programs) = channels_of(
        midi(write(loads(DRUMS_AND_BASS.format(drums=drums, bass=bass))))
    )
    assert drum_channels == {10}
    assert len(bass_channels) == 1
    assert 10 not in bass_channels
    assert programs == ({33} if bass else set())


def test_parts_of_different_programs_have_channels_of_their_own() -> None:
    parts = "".join(f" {n}: clef=G2 midi={n} P{n}\n" for n in range(1, 13))
    tracks = channels_of(midi(write(loads(f"parts:\n{parts}1: time=4/4 {' / '.join(['c41'] * 12)}\n"))))[1:]
    assert [programs for _, programs in tracks] == [{n} for n in range(12)]
    assert len({channel for channels, _ in tracks for channel in channels}) == 12
