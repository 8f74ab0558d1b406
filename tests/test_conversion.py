"""One file to another: what is read, what is refused, and that both ways can be sent to another process."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from chordllama.codec.compact import dumps
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read
from chordllama.codec.omit import UnknownKind
from chordllama.conversion.convert import (
    ClassicDecoding,
    ClassicEncoding,
    Conversion,
    Decoding,
    DialectError,
    Encoding,
    decoding_for,
    encoding_for,
    read_anything,
)
from chordllama.errors import ClassicError, CompactError, ContainerError, MusicXMLError

DATA = Path(__file__).parent / "data"
SCORE = (DATA / "two_bars.musicxml").read_bytes()
TEXT = Encoding().convert(SCORE, "x.musicxml").data
ABC = b"X:1\nT:Tune\nM:3/4\nL:1/4\nK:G\nGAB|d3|]\n"
ODD = SCORE.replace(b"<rest/>", b"<rest/><glitter/>")


def test_there_and_back_gives_the_same_text() -> None:
    back = Decoding().convert(TEXT, "x.yaml")
    assert Encoding().convert(back.data, "x.musicxml").data == TEXT
    assert back.score == read(SCORE)


def test_options_do_what_they_say() -> None:
    assert Encoding(("lyrics",)).convert(SCORE, "x").data.decode() == dumps(read(SCORE), without=("lyrics",))
    assert Encoding(bars_per_line=2).convert(SCORE, "x").data.decode() == dumps(read(SCORE), (), 2)
    packed = Decoding(".mxl").convert(TEXT, "x.yaml").data
    assert read_container(packed, "x.mxl") == Decoding().convert(TEXT, "x.yaml").data


def test_an_unknown_element_is_a_warning_or_an_error() -> None:
    assert "glitter" in Encoding().convert(ODD, "x").warnings[0]
    with pytest.raises(MusicXMLError, match="glitter") as fault:
        Encoding(strict=True).convert(ODD, "song.xml")
    assert fault.value.message.startswith("song.xml")


def test_an_unknown_kind_is_refused_before_the_first_file() -> None:
    with pytest.raises(UnknownKind, match="glitter"):
        Encoding(("glitter",))


@pytest.mark.parametrize(
    "conversion",
    [Encoding(("lyrics", "words"), 4, True), Decoding(".mxl"), ClassicEncoding(True), ClassicDecoding(".mxl")],
)
def test_a_conversion_travels_and_says_what_it_does(conversion: Conversion) -> None:
    again = pickle.loads(pickle.dumps(conversion))
    assert again == conversion
    assert repr(again) == repr(conversion)
    assert conversion.target_suffix not in conversion.suffixes


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (SCORE, "x.musicxml"),
        ((DATA / "two_bars.mxl").read_bytes(), "standard input"),
        ((DATA / "utf16.musicxml").read_bytes(), "standard input"),
        (TEXT, "x.yaml"),
        (TEXT, "standard input"),
        (b"\xef\xbb\xbf# a remark\n" + TEXT, "standard input"),
        (ABC, "standard input"),
    ],
)
def test_a_file_is_known_by_its_content(data: bytes, name: str) -> None:
    assert len(read_anything(data, name).score.bars) in (1, 2)


def test_text_that_is_no_utf_8_is_an_error_with_its_line() -> None:
    with pytest.raises(CompactError, match=r"song\.yaml: line 2: byte 0xFF"):
        Decoding().convert(b"a: b\nc: \xff\n", "song.yaml")


@pytest.mark.parametrize("data", [b"", b"no score", b"\xff\xfe\x00", b"Parts: 1"])
def test_what_is_neither_is_refused_as_a_score(data: bytes) -> None:
    with pytest.raises(ContainerError):
        read_anything(data, "standard input")


def test_classic_text_there_and_back_is_the_same() -> None:
    text = ClassicEncoding().convert(SCORE, "x.musicxml")
    assert text.data.startswith(b"divisions: '2'\nkey:\n  fifths: '1'\n")
    assert text.score == read(SCORE)
    back = ClassicDecoding().convert(text.data, "x.yaml")
    assert ClassicEncoding().convert(back.data, "x.musicxml").data == text.data
    assert (len(back.score.bars), back.warnings) == (2, ())
    assert ClassicEncoding().convert(ABC, "x.abc").score.bars


def test_classic_conversions_warn_and_refuse_as_the_others_do() -> None:
    assert "glitter" in ClassicEncoding().convert(ODD, "x").warnings[0]
    with pytest.raises(MusicXMLError, match="glitter"):
        ClassicEncoding(strict=True).convert(ODD, "song.xml")
    text = ClassicEncoding().convert(SCORE, "x").data
    assert "code fence" in ClassicDecoding().convert(b"```\n" + text, "x").warnings[0]
    with pytest.raises(ClassicError, match=r"^line [0-9]+, column 7: step"):
        ClassicDecoding().convert(text.replace(b"step: F", b"step: X"), "x")


def test_a_dialect_has_its_conversions() -> None:
    assert encoding_for("compact", ("lyrics",), 2, True) == Encoding(("lyrics",), 2, True)
    assert encoding_for("classic", (), 1, True) == ClassicEncoding(True)
    assert [decoding_for(dialect, ".mxl") for dialect in ("compact", "classic")] == [
        Decoding(".mxl"),
        ClassicDecoding(".mxl"),
    ]
    for without, bars_per_line in ((("lyrics",), 1), ((), 2)):
        with pytest.raises(DialectError, match="fixed"):
            encoding_for("classic", without, bars_per_line, False)
