"""Containers: what comes in is unpacked and decoded, and what is hostile or broken is refused with its place."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from chordllama.codec.container import encoding_of, parse, read_container, write_container
from chordllama.errors import ContainerError
from chordllama.limits import MOST_ENTRIES

SCORE = (Path(__file__).parent / "data" / "two_bars.musicxml").read_bytes()
CONTAINER = '<container><rootfiles><rootfile full-path="{}"/></rootfiles></container>'
DOCTYPE = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" "http://example.org/p.dtd">'


def archive(entries: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def message(fault: pytest.ExceptionInfo[ContainerError]) -> str:
    return f"{fault.value.message} | {fault.value.cause} | {fault.value.hint}"


# Archives


def test_plain_xml_passes_as_it_is() -> None:
    assert read_container(SCORE, "a.musicxml") == SCORE


@pytest.mark.parametrize("name", ["a.mxl", "a.musicxml", "standard input"])
def test_an_archive_is_known_by_its_bytes_and_not_by_its_name(name: str) -> None:
    assert read_container(write_container(SCORE, ".mxl"), name) == SCORE


@pytest.mark.parametrize("inner", ["score.xml", "Größe & co.musicxml", "deep/folder/x.xml", "no_suffix"])
def test_the_score_may_have_any_name_that_the_container_gives(inner: str) -> None:
    data = archive(
        {"META-INF/container.xml": CONTAINER.format(inner.replace("&", "&amp;")), inner: SCORE, "z.xml": b"<z/>"}
    )
    assert read_container(data, "a.mxl") == SCORE


def test_a_percent_coded_name_is_found() -> None:
    data = archive({"META-INF/container.xml": CONTAINER.format("a%20b.xml"), "a b.xml": SCORE, "z.xml": b"<z/>"})
    assert read_container(data, "a.mxl") == SCORE


def test_the_first_of_several_root_files_is_taken() -> None:
    container = (
        '<container><rootfiles><rootfile full-path="b.xml"/><rootfile full-path="a.pdf"/></rootfiles></container>'
    )
    assert (
        read_container(archive({"META-INF/container.xml": container, "a.pdf": b"%PDF", "b.xml": SCORE}), "x") == SCORE
    )


@pytest.mark.parametrize("container", [None, CONTAINER.format("gone.xml"), "<container/>"])
def test_without_a_usable_root_file_the_only_score_at_the_top_is_taken(container: str | None) -> None:
    entries: dict[str, bytes | str] = {"only.musicxml": SCORE, "__MACOSX/._only.musicxml": b"x", "picture.png": b"x"}
    if container:
        entries["META-INF/container.xml"] = container
    assert read_container(archive(entries), "a.mxl") == SCORE


@pytest.mark.parametrize("entries", [{}, {"readme.txt": b"hello"}, {"a.xml": SCORE, "b.xml": SCORE}])
def test_an_archive_without_one_certain_score_is_refused(entries: dict[str, bytes | str]) -> None:
    with pytest.raises(ContainerError, match=r"song\.mxl: the archive has no score") as fault:
        read_container(archive(entries), "song.mxl")
    assert "may be one" in message(fault)


def test_the_missing_root_file_is_named() -> None:
    with pytest.raises(ContainerError) as fault:
        read_container(archive({"META-INF/container.xml": CONTAINER.format("../../etc/passwd")}), "song.mxl")
    assert "../../etc/passwd" in message(fault)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_refused(share: float) -> None:
    whole = write_container(SCORE, ".mxl")
    with pytest.raises(ContainerError, match=r"song\.mxl"):
        read_container(whole[: int(len(whole) * share)], "song.mxl")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_archive_gives_the_score_or_a_container_error(place: int, flip: int) -> None:
    damaged = bytearray(write_container(SCORE, ".mxl"))
    damaged[place % len(damaged)] ^= flip
    try:
        found = read_container(bytes(damaged), "song.mxl")
    except ContainerError:
        return
    assert found in (SCORE, bytes(damaged))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = archive({"score.xml": b"\0" * 20_000_000})
    assert len(bomb) < 50_000
    with pytest.raises(ContainerError, match="refused") as fault:
        read_container(bomb, "song.mxl")
    assert "times its size" in message(fault)


def test_many_large_entries_are_refused_together() -> None:
    noise = bytes(range(256)) * 40
    entry = noise * 100  # about a megabyte each, which is below the size from which the ratio counts
    data = archive({f"{number}.bin": entry[:1_000_000] for number in range(210)})
    with pytest.raises(ContainerError, match="refused") as fault:
        read_container(data, "song.mxl")
    assert "210,000,000 bytes" in message(fault)


def test_a_size_that_lies_does_not_help_a_bomb() -> None:
    bomb = bytearray(archive({"score.xml": b" " * 5_000_000}))
    directory = bomb.rindex(b"PK\x01\x02")
    struct.pack_into("<I", bomb, directory + 24, 1_000)  # the central directory's uncompressed size
    with pytest.raises(ContainerError):
        read_container(bytes(bomb), "song.mxl")


def test_too_many_entries_are_refused() -> None:
    data = archive({f"{number}.txt": b"" for number in range(MOST_ENTRIES + 1)})
    with pytest.raises(ContainerError, match="refused"):
        read_container(data, "song.mxl")


def test_an_encrypted_score_is_refused() -> None:
    data = bytearray(archive({"score.xml": SCORE}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ContainerError, match="encrypted"):
        read_container(bytes(data), "song.mxl")


def test_an_unusual_packing_method_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("score.xml", SCORE)
    with pytest.raises(ContainerError, match="method"):
        read_container(buffer.getvalue(), "song.mxl")


def test_a_hostile_container_file_is_refused() -> None:
    container = (
        '<!DOCTYPE c [<!ENTITY a "b">]><container><rootfiles><rootfile full-path="&a;"/></rootfiles></container>'
    )
    with pytest.raises(ContainerError, match="DOCTYPE declares"):
        read_container(archive({"META-INF/container.xml": container, "a.xml": SCORE}), "song.mxl")


@pytest.mark.parametrize("data", [b"", b" \n\t"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(ContainerError, match=r"song\.mxl: the file is empty"):
        read_container(data, "song.mxl")


def test_an_empty_score_in_an_archive_is_refused() -> None:
    with pytest.raises(ContainerError, match=r"score\.xml in the archive is empty"):
        read_container(archive({"score.xml": b""}), "song.mxl")


def test_an_archive_within_an_archive_is_refused() -> None:
    with pytest.raises(ContainerError, match=r"song\.mxl: score\.xml in the archive is itself an archive"):
        read_container(archive({"score.xml": archive({"score.xml": b"<score-partwise/>"})}), "song.mxl")


def test_writing_gives_the_layout_that_the_specification_asks_for() -> None:
    with zipfile.ZipFile(io.BytesIO(write_container(SCORE, ".MXL"))) as file:
        first, *rest = file.infolist()
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert file.read("mimetype") == b"application/vnd.recordare.musicxml"
        assert [entry.filename for entry in rest] == ["META-INF/container.xml", "score.musicxml"]
        assert b'full-path="score.musicxml"' in file.read("META-INF/container.xml")
        assert file.testzip() is None


def test_writing_twice_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_container(SCORE, ".mxl")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert write_container(SCORE, ".mxl") == first


@pytest.mark.parametrize("suffix", [".musicxml", ".xml"])
def test_a_plain_suffix_leaves_the_xml_alone(suffix: str) -> None:
    assert write_container(SCORE, suffix) == SCORE


def test_an_unknown_suffix_is_refused() -> None:
    with pytest.raises(ContainerError, match=r"\.pdf"):
        write_container(SCORE, ".pdf")


# Encodings


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("iso-8859-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-8", "UTF-16"),  # a known slip of exporters
        ("utf-16", "UTF-8"),  # the byte order mark counts
    ],
)
def test_each_usual_encoding_is_read(encoding: str, declared: str) -> None:
    text = SCORE.decode().replace('encoding="UTF-8"', f'encoding="{declared}"')
    tree = parse(text.encode(encoding), "a.musicxml")
    assert tree.findtext(".//lyric/text") == "Größe"


def test_no_declaration_means_utf_8() -> None:
    data = SCORE.partition(b"?>\n")[2]
    assert encoding_of(data) == "utf-8"
    assert parse(data, "a").findtext(".//lyric/text") == "Größe"


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "rot13", "klingon", "idna"])
def test_an_encoding_that_xml_does_not_know_is_refused(encoding: str) -> None:
    data = SCORE.replace(b"UTF-8", encoding.encode())
    with pytest.raises(ContainerError, match=encoding):
        parse(data, "a.musicxml")


def test_bad_utf_8_is_refused_with_line_and_column() -> None:
    data = SCORE.replace("Größe".encode(), "Größe".encode("latin-1"))
    line = SCORE[: SCORE.index(b"Gr\xc3")].count(b"\n") + 1
    with pytest.raises(ContainerError, match=rf"a\.musicxml: line {line}, column 62: byte 0xF6"):
        parse(data, "a.musicxml")


def test_truncated_utf_16_is_refused() -> None:
    data = SCORE.decode().encode("utf-16")[:-1]
    with pytest.raises(ContainerError, match=r"a\.musicxml: line \d+, column \d+"):
        parse(data, "a.musicxml")


def test_a_nul_byte_is_refused_with_line_and_column() -> None:
    with pytest.raises(ContainerError, match=r"a\.musicxml: line 2, column 4: a NUL byte"):
        parse(b"<score-partwise>\n<a>\0</a></score-partwise>", "a.musicxml")


# Hostile and broken XML

LAUGHS = (
    '<!DOCTYPE score-partwise [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)
HOSTILE = {
    "billion laughs": f"{LAUGHS}<score-partwise>&l9;</score-partwise>",
    "billion laughs in an attribute": f'{LAUGHS}<score-partwise version="&l9;"/>',
    "quadratic blow-up": f'<!DOCTYPE s [<!ENTITY a "{"a" * 50_000}">]><score-partwise>{"&a;" * 50_000}</score-partwise>',
    "external entity": '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><score-partwise>&a;</score-partwise>',
    "parameter entity": '<!DOCTYPE s [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;]><score-partwise/>',
    "default attributes": f'<!DOCTYPE s [<!ATTLIST n a CDATA "{"a" * 50_000}">]><score-partwise>{"<n/>" * 50_000}</score-partwise>',
    "empty subset": "<!DOCTYPE s []><score-partwise/>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("attack", HOSTILE)
def test_declarations_in_the_doctype_are_refused_at_once(attack: str, encoding: str) -> None:
    data = HOSTILE[attack].encode(encoding)
    resource = pytest.importorskip("resource", reason="Windows can't tell the memory")
    began, memory = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ContainerError, match=r"a\.musicxml: line 1: the DOCTYPE declares"):
        parse(data, "a.musicxml")
    assert time.perf_counter() - began < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 50_000  # kilobytes


BROKEN = {
    "empty": ("", 1, 1),
    "no XML": ("X:1\nK:G\n", 1, 1),
    "truncated": ("<score-partwise>\n<part>\n", 3, 1),
    "wrong end tag": ("<score-partwise>\n <a></b>\n</score-partwise>", 2, None),
    "two roots": ("<score-partwise/>\n<score-partwise/>", 2, None),
    "unknown entity": ("<score-partwise>\n&nbsp;</score-partwise>", 2, None),
    "unknown entity with a DTD": (f"{DOCTYPE}\n<score-partwise>&nbsp;</score-partwise>", 2, None),
    "unknown entity in an attribute": (f'{DOCTYPE}\n<score-partwise>\n<a b="&nbsp;c"/></score-partwise>', 3, None),
    "too deep": ("<score-partwise>" + "<a>" * 300 + "</a>" * 300 + "</score-partwise>", 1, None),
    "control character": ("<score-partwise>\n\x01</score-partwise>", 2, None),
    "text before the declaration": (' \n<?xml version="1.0"?><score-partwise/>', 2, None),
}


@pytest.mark.parametrize("fault_name", BROKEN)
def test_broken_xml_is_refused_with_line_and_column(fault_name: str) -> None:
    text, line, column = BROKEN[fault_name]
    place = f"line {line}, column {column or '[0-9]+'}"
    with pytest.raises(ContainerError, match=rf"a\.musicxml: {place}: the XML is broken") as fault:
        parse(text.encode(), "a.musicxml")
    assert fault.value.cause


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"\xff\xd8\xff\xe0\0", "a picture"),
        (b"\x0fSIBELIUS\0\0", "Sibelius's own format"),
        (b"ENIGMA BINARY FILE\0", "Finale's own format"),
    ],
)
def test_files_of_well_known_other_kinds_are_called_by_their_name(data: bytes, words: str) -> None:
    with pytest.raises(ContainerError, match=f"^song.xml: this is {words} and no MusicXML$") as refusal:
        parse(data, "song.xml")
    assert refusal.value.hint == "export the score as MusicXML"


@pytest.mark.parametrize(
    ("xml", "hint"),
    [("<museScore/>", "MuseScore"), ('<mei xmlns="urn:x"/>', "MEI"), ("<opus/>", "one by one"), ("<svg/>", "MusicXML")],
)
def test_another_root_is_refused_with_a_hint(xml: str, hint: str) -> None:
    with pytest.raises(ContainerError, match="the root is <") as fault:
        parse(xml.encode(), "a.musicxml")
    assert hint in (fault.value.hint or "")


def test_a_namespace_that_musicxml_has_not_is_named() -> None:
    with pytest.raises(ContainerError, match='<score-partwise> is in the namespace "urn:x"') as fault:
        parse(b'<score-partwise xmlns="urn:x"/>', "a.musicxml")
    assert fault.value.hint == 'remove xmlns="urn:x" from that line, or export the score again'


# What stays


def test_comments_instructions_and_cdata_stay_in_the_tree() -> None:
    xml = f"<!--a-->{DOCTYPE}<score-partwise><?p q?><!--b--><t><![CDATA[<&nbsp;>]]></t></score-partwise><!--c-->"
    tree = parse(xml.encode(), "a")
    assert etree.tostring(tree).decode().replace("\n", "") == xml


def test_the_usual_doctype_is_kept_and_its_address_never_opened() -> None:
    tree = parse(SCORE, "a.musicxml")
    assert b'"http://www.musicxml.org/dtds/partwise.dtd">' in etree.tostring(tree)
    assert tree.getroot().tag == "score-partwise"


def test_an_entity_in_a_comment_is_only_text() -> None:
    assert parse(f"{DOCTYPE}<score-timewise><!-- &nbsp; --></score-timewise>".encode(), "a").getroot() is not None


@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_a_container_error(data: bytes) -> None:
    with pytest.raises(ContainerError):
        parse(read_container(data, "a"), "a")


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_score_gives_a_tree_or_a_container_error(place: int, flip: int) -> None:
    damaged = bytearray(SCORE)
    damaged[place % len(damaged)] ^= flip
    try:
        tree = parse(bytes(damaged), "a")
    except ContainerError:
        return
    assert tree.getroot().tag in ("score-partwise", "score-timewise")
