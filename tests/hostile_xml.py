"""MusicXML files that a stranger may send to do harm, or that say what no music says. Knows no tests.

Each is made anew from a few lines; the words are those that its error (or, for what is only odd, a warning) must hold.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

Maker = Callable[[], bytes]

DOCTYPE = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://example.org/p.dtd">'
PITCH = "<pitch><step>C</step><octave>4</octave></pitch>"
NOTE = f"<note>{PITCH}<duration>1</duration></note>"
GRACE = f"<note><grace/>{PITCH}</note>"
CONTAINER = '<container><rootfiles><rootfile full-path="{}"/></rootfiles></container>'
PRIMES = [n for n in range(101, 3000) if all(n % d for d in range(2, int(n**0.5) + 1))]


# ------------------------------------------------------------------------------------------------------------- building


def score(*measures: str, header: str = "", doctype: str = "") -> bytes:
    """A score of one part with these measures, each given by what stands in it."""
    return parts({"P1": measures}, header, doctype)


def parts(found: dict[str, tuple[str, ...]], header: str = "", doctype: str = "") -> bytes:
    """A score of several parts."""
    names = "".join(f'<score-part id="{id}"><part-name>{id}</part-name></score-part>' for id in found)
    inner = "".join(f'<part id="{id}">{"".join(map(_measure, measures))}</part>' for id, measures in found.items())
    text = f"{doctype}<score-partwise><part-list>{header or names}</part-list>{inner}</score-partwise>"
    return b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode()


def _measure(inner: str) -> str:
    return f"<measure>{inner}</measure>" if inner else "<measure/>"


def attributes(inner: str) -> str:
    """An `<attributes>`."""
    return f"<attributes>{inner}</attributes>"


def noted(inner: str) -> str:
    """A note that holds these elements, too."""
    return NOTE.replace("</note>", f"{inner}</note>")


def archive(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these entries, always the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in entries.items():
            information = zipfile.ZipInfo(name)
            information.compress_type = method
            information.create_system = 3
            file.writestr(information, data, compresslevel=9)
    return buffer.getvalue()


def packed(data: bytes, name: str = "score.xml") -> bytes:
    """A score in an archive, with the table of contents that names it."""
    return archive({"META-INF/container.xml": CONTAINER.format(name).encode(), name: data})


def central(data: bytes, offset: int, form: str, value: int) -> bytes:
    """The archive with another value in the last entry of its directory."""
    found = bytearray(data)
    struct.pack_into(form, found, data.rindex(b"PK\x01\x02") + offset, value)
    return bytes(found)


# ------------------------------------------------------------------------------------------------------------- archives


def _many_entries() -> bytes:
    return archive({f"{number}.txt": b"" for number in range(1_001)})


def _overlapping() -> bytes:
    """Entries of the directory that all unpack the same bytes."""
    whole = archive({"score.xml": b" " * 999_000})
    start, end = whole.rindex(b"PK\x01\x02"), whole.rindex(b"PK\x05\x06")
    count = 210
    tail = bytearray(whole[end:])
    struct.pack_into("<HHI", tail, 8, count, count, (end - start) * count)
    return whole[:start] + whole[start:end] * count + bytes(tail)


def _encrypted() -> bytes:
    data = bytearray(central(archive({"score.xml": score(NOTE)}), 8, "<H", 1))
    data[6] |= 1
    return bytes(data)


ARCHIVES: dict[str, tuple[Maker, str]] = {
    "zip_bomb.mxl": (lambda: packed(b" " * 10_000_000), "times its size"),
    "zip_bomb_of_elements.mxl": (lambda: packed(score("<note/>" * 1_000_000)), "times its size"),
    "zip_bomb_of_many.mxl": (lambda: archive({f"{n}.xml": b" " * 990_000 for n in range(7)}), "times its size"),
    "zip_bomb_in_its_contents.mxl": (lambda: archive({"META-INF/container.xml": b" " * 9_000_000}), "times its size"),
    "zip_of_zips.mxl": (lambda: packed(packed(packed(b" " * 900_000))), "itself an archive"),
    "zip_of_overlapping_entries.mxl": (_overlapping, "bytes"),
    "zip_with_a_size_that_lies.mxl": (lambda: central(archive({"score.xml": b" " * 900_000}), 24, "<I", 9), "CRC"),
    "zip_with_a_place_that_lies.mxl": (lambda: central(packed(score(NOTE)), 42, "<I", 10**9), "can't be unpacked"),
    "zip_with_many_entries.mxl": (_many_entries, "1,001 entries"),
    "zip_that_names_etc_passwd.mxl": (
        lambda: archive({"META-INF/container.xml": CONTAINER.format("../../../etc/passwd").encode(), "a": b"a"}),
        "../../../etc/passwd",
    ),
    "zip_that_names_an_address.mxl": (
        lambda: archive({"META-INF/container.xml": CONTAINER.format("http://127.0.0.1:9/").encode(), "a": b"a"}),
        "http://127.0.0.1:9/",
    ),
    "zip_without_a_score.mxl": (lambda: archive({"../a.xml": score(NOTE), "/b.xml": score(NOTE)}), "has no score"),
    "zip_with_two_scores.mxl": (lambda: archive({"a.xml": score(NOTE), "b.xml": score(NOTE)}), "2 files may be one"),
    "zip_with_entities_in_its_contents.mxl": (
        lambda: archive({"META-INF/container.xml": b'<!DOCTYPE c [<!ENTITY a "b">]><c>&a;</c>', "a.xml": score(NOTE)}),
        "DOCTYPE declares",
    ),
    "zip_with_a_password.mxl": (_encrypted, "encrypted"),
    "zip_by_another_method.mxl": (lambda: archive({"score.xml": score(NOTE)}, zipfile.ZIP_LZMA), "method"),
    "zip_cut_short.mxl": (lambda: packed(score(NOTE))[:150], "not a zip file"),
    "zip_of_nothing.mxl": (lambda: archive({}), "has no score"),
}


# ------------------------------------------------------------------------------------------------------------------ XML


def _laughs(body: str) -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE score-partwise [<!ENTITY l0 "ha">{levels}]><score-partwise>{body}</score-partwise>'


def _declared(declaration: str, body: str = "") -> bytes:
    return f"<!DOCTYPE score-partwise [{declaration}]><score-partwise>{body}</score-partwise>".encode()


MARKUP: dict[str, tuple[Maker, str]] = {
    "billion_laughs.musicxml": (lambda: _laughs("&l9;").encode(), "DOCTYPE declares"),
    "billion_laughs_in_an_attribute.musicxml": (lambda: _laughs('<a b="&l9;"/>').encode(), "DOCTYPE declares"),
    "billion_laughs_in_utf_16.musicxml": (lambda: _laughs("&l9;").encode("utf-16"), "DOCTYPE declares"),
    "quadratic_blow_up.mxl": (
        lambda: packed(_declared(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000)),
        "DOCTYPE declares",
    ),
    "external_entity.musicxml": (
        lambda: _declared('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"),
        "DOCTYPE declares",
    ),
    "external_entity_from_an_address.musicxml": (
        lambda: _declared('<!ENTITY a PUBLIC "x" "http://127.0.0.1:9/">', "&a;"),
        "DOCTYPE declares",
    ),
    "parameter_entity.musicxml": (
        lambda: _declared('<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;'),
        "DOCTYPE declares",
    ),
    "default_attributes.mxl": (
        lambda: packed(_declared(f'<!ATTLIST note a CDATA "{"a" * 50_000}">', "<note/>" * 50_000)),
        "DOCTYPE declares",
    ),
    "unknown_entity.musicxml": (lambda: score("&nbsp;", doctype=DOCTYPE), "nbsp"),
    "deep_nesting.mxl": (lambda: packed(score("<note>" * 70_000 + "</note>" * 70_000)), "depth"),
    "huge_text.mxl": (lambda: packed(score("<direction>" + "la" * 480_000)), "mismatch"),
    "long_name.mxl": (lambda: packed(score(f"<{'a' * 60_000}/>")), "name"),
    "bad_utf_8.musicxml": (lambda: score("<direction>\xff</direction>").replace(b"\xc3\xbf", b"\xff"), "byte 0xFF"),
    "overlong_utf_8.musicxml": (lambda: score("?").replace(b"?<", b"\xc0\xaf<"), "byte 0xC0"),
    "surrogate_in_utf_8.musicxml": (lambda: score("?").replace(b"?<", b"\xed\xa0\x80<"), "byte 0xED"),
    "odd_utf_16.musicxml": (lambda: score(NOTE).decode().encode("utf-16")[:-1], "utf-16"),
    "unknown_encoding.musicxml": (lambda: score(NOTE).replace(b"UTF-8", b"utf-7"), "utf-7"),
    "nul_bytes.musicxml": (lambda: score("\0"), "NUL byte"),
    "nothing_but_nul_bytes.musicxml": (lambda: bytes(1_000), "NUL byte"),
    "nul_as_a_reference.musicxml": (lambda: score("&#0;"), "xmlParseCharRef"),
    "control_character.musicxml": (lambda: score("\x0c"), "line 1"),
    "another_root.musicxml": (lambda: b"<museScore/>", "museScore"),
    "empty.musicxml": (lambda: b"", "empty"),
}


# ---------------------------------------------------------------------------------------------------------------- music


def _numbered(tag: str) -> str:
    return "".join(f"<{tag}>{n}</{tag}>" for n in range(20_000))


def _header(inner: str) -> bytes:
    return score(NOTE, header=f'<score-part id="P1"><part-name>a</part-name>{inner}</score-part>')


NUMBERS: dict[str, tuple[Maker, str]] = {
    "divisions_0.musicxml": (lambda: score(attributes("<divisions>0</divisions>") + NOTE), "number of divisions"),
    "divisions_below_0.musicxml": (lambda: score(attributes("<divisions>-4</divisions>") + NOTE), "divisions"),
    "divisions_beyond_all.musicxml": (lambda: score(attributes("<divisions>1e99</divisions>") + NOTE), "divisions"),
    "divisions_that_differ.musicxml": (
        lambda: score("".join(attributes(f"<divisions>{prime}</divisions>") + NOTE for prime in PRIMES[:60])),
        "fraction",
    ),
    "tuplets_that_differ.musicxml": (
        lambda: score(
            "".join(
                NOTE.replace(
                    "</note>",
                    f"<type>quarter</type><time-modification><actual-notes>{prime}</actual-notes>"
                    "<normal-notes>100</normal-notes></time-modification></note>",
                )
                for prime in PRIMES[:30]
            )
        ),
        "fraction",
    ),
    "duration_beyond_all.musicxml": (lambda: score(NOTE.replace("1<", f"{10**15}<")), "not a duration"),
    "duration_longer_than_any_bar.musicxml": (lambda: score(NOTE.replace("1<", "1000000000<")), "longer than any"),
    "duration_below_0.musicxml": (lambda: score(NOTE.replace("1<", "-1<")), "not a duration"),
    "duration_1e999.musicxml": (lambda: score(NOTE.replace("1<", "1e999<")), "not a duration"),
    "forward_beyond_all.musicxml": (
        lambda: score(f"<forward><duration>{10**15}</duration></forward>{NOTE}"),
        "not a duration",
    ),
    "forward_for_hours.musicxml": (
        lambda: score("<forward><duration>99999999</duration></forward>" + NOTE),
        "longer than any",
    ),
    "backup_beyond_all.musicxml": (
        lambda: score(f"{NOTE}<backup><duration>{10**15}</duration></backup>"),
        "not a duration",
    ),
    "endless_backup.mxl": (
        lambda: packed(score((NOTE + "<backup><duration>1</duration></backup>") * 7_000)),
        "voices",
    ),
    "repeat_a_billion_times.musicxml": (
        lambda: score(NOTE + '<barline><repeat direction="backward" times="1000000000"/></barline>'),
        "1000000000",
    ),
    "rest_of_a_billion_bars.musicxml": (
        lambda: score(
            attributes("<measure-style><multiple-rest>1000000000</multiple-rest></measure-style>") + NOTE,
        ),
        "1000000000",
    ),
    "repeat_of_a_billion_bars.musicxml": (
        lambda: score(
            attributes(
                '<measure-style><measure-repeat type="start" slashes="1">1000000000</measure-repeat></measure-style>'
            )
            + NOTE
        ),
        "1000000000",
    ),
    "a_billion_staves.musicxml": (lambda: score(attributes("<staves>1000000000</staves>") + NOTE), "1000000000"),
    "50001_bars.mxl": (lambda: packed(score(*[""] * 50_001)), "50,000"),
    "201_parts.mxl": (lambda: packed(parts({f"P{n}": (NOTE,) for n in range(201)})), "200"),
    "200_parts_with_50000_bars.mxl": (
        lambda: packed(parts({f"P{n}": ("",) * (1 if n else 50_000) for n in range(200)})),
        "parts times bars",
    ),
    "no_bars.musicxml": (lambda: b"<score-partwise/>", "no part in it has a measure"),
}

CROWDS: dict[str, tuple[Maker, str]] = {
    "voices_at_once.mxl": (
        lambda: packed(
            score(
                "".join(noted(f"<voice>{n}</voice>") + "<backup><duration>1</duration></backup>" for n in range(9_000))
            )
        ),
        "voices",
    ),
    "voices_one_after_another.mxl": (
        lambda: packed(score(*(noted(f"<voice>{n}</voice>") for n in range(5_000)))),
        "voices",
    ),
    "notes_in_a_chord.mxl": (lambda: packed(score(NOTE + NOTE.replace("<note>", "<note><chord/>") * 9_000)), "chord"),
    "slurs_at_a_note.mxl": (
        lambda: packed(score(noted("<notations>" + '<slur type="start" number="2"/>' * 20_000 + "</notations>"))),
        "signs",
    ),
    "fingerings_at_a_note.mxl": (
        lambda: packed(score(noted(f"<notations><technical>{_numbered('fingering')}</technical></notations>"))),
        "signs",
    ),
    "verses.mxl": (
        lambda: packed(
            score(noted("".join(f'<lyric number="v{n}"><text>la</text></lyric>' for n in range(20_000)))),
        ),
        "verses",
    ),
    "instruments.mxl": (
        lambda: packed(
            _header("".join(f'<score-instrument id="I{n}"><instrument-name/></score-instrument>' for n in range(9_000)))
        ),
        "instruments",
    ),
    "groups.mxl": (
        lambda: packed(
            score(
                NOTE,
                header="".join(f'<part-group type="start" number="{n}"/>' for n in range(9_000))
                + '<score-part id="P1"><part-name/></score-part>'
                + "".join(f'<part-group type="stop" number="{n}"/>' for n in range(9_000)),
            )
        ),
        "groups",
    ),
}


def _spoilt(old: str, new: str) -> Maker:
    return lambda: score(attributes("<divisions>1</divisions>") + NOTE.replace(old, new))


def _direction(type: str, more: str = "") -> Maker:
    return lambda: score(f"<direction><direction-type>{type}</direction-type>{more}</direction>{NOTE}")


_WORDS = "<direction-type><words>a</words></direction-type>"


def _hidden_ends() -> bytes:
    rest = '<note print-object="no"><rest/><duration>1</duration>{}</note>'.format
    slur = '<notations><slur type="{}" number="1"/></notations>'.format
    start = NOTE.replace("</note>", slur("start") + "</note>")
    return packed(score(*[start + rest(slur("stop"))] * 1_500))


ODD: dict[str, tuple[Maker, str]] = {
    "tempo_1e999.musicxml": (_direction("<words>a</words>", '<sound tempo="1e999"/>'), "no value of sound"),
    "directions_in_one.mxl": (lambda: packed(score(f"<direction>{_WORDS * 15_000}</direction>{GRACE * 900}")), ""),
    "metronome_1e999.musicxml": (
        _direction("<metronome><beat-unit>quarter</beat-unit><per-minute>" + "9" * 9_999 + "</per-minute></metronome>"),
        "",
    ),
    "offset_beyond_the_bar.musicxml": (_direction("<words>a</words>", "<offset>999999999</offset>"), ""),
    "octave_of_a_billion.musicxml": (_spoilt("4</octave>", "1000000000</octave>"), "octave"),
    "alter_of_a_billion.musicxml": (_spoilt("<octave>", "<alter>1000000000</alter><octave>"), "alter"),
    "tuplet_of_999999.musicxml": (
        _spoilt(
            "</note>",
            "<type>quarter</type><time-modification><actual-notes>999999</actual-notes>"
            "<normal-notes>1</normal-notes></time-modification></note>",
        ),
        "tuplet",
    ),
    "1000_dots.musicxml": (_spoilt("</note>", f"<type>quarter</type>{'<dot/>' * 1_000}</note>"), "dots"),
    "beats_of_a_billion.musicxml": (
        lambda: score(attributes("<time><beats>1000000000</beats><beat-type>4</beat-type></time>") + NOTE),
        "time signature",
    ),
    "beats_in_100000_sums.mxl": (
        lambda: packed(
            score(
                attributes(f"<time><beats>{'1+' * 60_000}1</beats><beat-type>1024</beat-type></time>"), *[NOTE] * 1_000
            )
        ),
        "time signature",
    ),
    "beat_type_0.musicxml": (
        lambda: score(attributes("<time><beats>4</beats><beat-type>0</beat-type></time>") + NOTE),
        "time signature",
    ),
    "key_of_a_billion.musicxml": (
        lambda: score(attributes("<key><fifths>1000000000</fifths></key>") + NOTE),
        "key signature",
    ),
    "long_bar_number.musicxml": (
        lambda: score(NOTE).replace(b"<measure>", b'<measure number="%b">' % (b"9" * 9_999)),
        "",
    ),
    "100000_attributes.mxl": (
        lambda: packed(
            score(NOTE).replace(b"<note>", ("<note " + " ".join(f'a{n}=""' for n in range(100_000)) + ">").encode())
        ),
        "",
    ),
    "included_file.musicxml": (
        lambda: score(NOTE + '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
        "not MusicXML",
    ),
    "unknown_elements.mxl": (lambda: packed(score(NOTE + "".join(f"<x{n}/>" for n in range(60_000)))), "not MusicXML"),
    "stylesheet.musicxml": (
        lambda: score(NOTE).replace(b"?>", b'?><?xml-stylesheet href="http://127.0.0.1:9/" type="text/xsl"?>'),
        "",
    ),
    "usual_doctype.musicxml": (lambda: score(NOTE, doctype=DOCTYPE), ""),
    "grace_notes.mxl": (lambda: packed(score(GRACE * 9_000 + NOTE)), ""),
    "directions_at_once.mxl": (
        lambda: packed(
            score("<direction><direction-type><words>a</words></direction-type></direction>" * 9_000 + GRACE * 900)
        ),
        "",
    ),
    "slurs_with_hidden_ends.mxl": (_hidden_ends, ""),
    "zip_with_a_path_upwards.mxl": (lambda: packed(score(NOTE), "../../outside.xml"), ""),
    "zip_with_an_absolute_path.mxl": (lambda: packed(score(NOTE), "/tmp/outside.xml"), ""),
}

LARGE: dict[str, tuple[Maker, str]] = {
    "many_bytes.musicxml": (lambda: score("a" * 100_000_000), "100,000,000 are allowed"),
    "many_bytes_of_another_plane.musicxml": (lambda: score("𝅘𝅥" * 24_000_000 + "\0"), "NUL"),
    "many_tags.musicxml": (lambda: score("<note/>" * 2_500_000 + "</note>" * 2_500_000), "5,000,000 are allowed"),
    "many_entries.mxl": (lambda: archive({str(n): b"" for n in range(20_000)}), "1,000 are allowed"),
    "huge_text.musicxml": (lambda: score(f"<words>{'la' * 6_000_000}</words>"), "too long"),
    "notes_in_a_large_chord.musicxml": (
        lambda: score(NOTE + NOTE.replace("<note>", "<note><chord/>") * 50_000),
        "chord",
    ),
    "verses_of_a_large_song.musicxml": (
        lambda: score(*[noted(f'<lyric number="{n}"><text>la</text></lyric>') for n in range(40_000)]),
        "verses",
    ),
}
"""Files that are too large to be kept."""
