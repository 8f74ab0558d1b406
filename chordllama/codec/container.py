"""Files as bytes <-> XML: knows zip archives, encodings and what a hostile file may try; knows nothing of music.

Nothing is ever unpacked to disk, no address is ever opened, and no entity is ever expanded.
Source for the archive's layout: https://www.w3.org/2021/06/musicxml40/tutorial/compressed-mxl-files/
"""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from io import BytesIO
from urllib.parse import unquote
from xml.parsers import expat

from lxml import etree

from chordllama.errors import ContainerError
from chordllama.limits import MOST_BYTES, MOST_ENTRIES, MOST_PACKED, MOST_TAGS, PACKED_COUNTS_FROM

ROOTS = ("score-partwise", "score-timewise")
PLAIN_SUFFIXES = (".musicxml", ".xml")
ARCHIVE_SUFFIX = ".mxl"

_ARCHIVE_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY_MARK = b"PK\x01\x02"
_MEDIA_TYPE = b"application/vnd.recordare.musicxml"
_CONTAINER = "META-INF/container.xml"
_ROOTFILE = "score.musicxml"
_CONTAINER_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<container>
  <rootfiles>
    <rootfile full-path="{_ROOTFILE}" media-type="application/vnd.recordare.musicxml+xml"/>
  </rootfiles>
</container>
""".encode()
_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
_EXPORT_HINT = "export the score again as MusicXML"
_ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)

_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_UNMARKED_UTF16 = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
# Python also knows codecs that no XML file may name (utf-7, unicode_escape, ...), so the accepted ones are listed.
_ACCEPTED = re.compile(
    r"utf-?8(?:-sig)?|utf-16(?:-[lb]e)?|us-ascii|ascii|iso-?8859-\d+|latin-?1|windows-125\d|cp125\d|macintosh|koi8-[ru]"
    r"|shift_jis|gb2312|gbk|gb18030|big5|euc-(jp|kr)",
    re.IGNORECASE,
)
_PIECE = 1_000_000
_FURTHER_BYTES = bytes(range(0x80, 0xC0))
"""Of a letter in UTF-8: all but its first."""
_NAMED_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);|#)")
_POSITION = re.compile(r",? line \d+, column \d+$")
_KNOWN_ROOTS = {
    "museScore": "this is MuseScore's own format: export the score as MusicXML",
    "mei": "this is MEI: name the file .mei, or convert it to MusicXML",
    "opus": "this is a collection: continue its scores one by one",
    "container": "this is the table of contents of an .mxl archive: take the score that it names",
    "html": "this is a web page: the download may have failed",
}

_KNOWN_STARTS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x0fSIBELIUS": "Sibelius's own format",
    b"ENIGMA BINARY FILE": "Finale's own format",
}


def read_container(data: bytes, name: str) -> bytes:
    """Return the XML bytes of a `.musicxml`, `.xml` or `.mxl` file; which of them it is, the bytes tell and not the suffix.

    `name` is for the messages only. Raises ContainerError for a broken, hostile or empty archive.
    """
    if not data or data.isspace():
        raise ContainerError(f"{name}: the file is empty", hint=_EXPORT_HINT)
    if len(data) > MOST_BYTES:
        raise _hostile(name, f"it has {len(data):,} bytes, and {MOST_BYTES:,} are allowed")
    if not data.startswith(_ARCHIVE_MAGIC):
        return data
    _check_entries(data, name)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_sizes(archive, len(data), name)
            return _read_entry(archive, _score_entry(archive, name), name)
    except _ZIP_FAULTS as fault:
        if isinstance(fault, ContainerError):
            raise
        raise ContainerError(
            f"{name}: the archive can't be unpacked", cause=str(fault) or type(fault).__name__, hint=_EXPORT_HINT
        ) from fault


def write_container(xml: bytes, suffix: str) -> bytes:
    """Return the bytes of a file that holds `xml`: an archive for `.mxl`, else `xml` itself. Same XML, same bytes."""
    if suffix.lower() in PLAIN_SUFFIXES:
        return xml
    if suffix.lower() != ARCHIVE_SUFFIX:
        wanted = ", ".join((*PLAIN_SUFFIXES, ARCHIVE_SUFFIX))
        raise ContainerError(f'"{suffix}" is no suffix of a MusicXML file', hint=f"use one of {wanted}")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _write_entry(archive, "mimetype", _MEDIA_TYPE, zipfile.ZIP_STORED)
        _write_entry(archive, _CONTAINER, _CONTAINER_XML, zipfile.ZIP_DEFLATED)
        _write_entry(archive, _ROOTFILE, xml, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def encoding_of(data: bytes) -> str:
    """Return Python's name of the encoding of XML bytes: the byte order mark counts first, then the shape, then what they say.

    A declaration of UTF-16 in front of bytes that are none is a known slip of exporters and means UTF-8.
    """
    for mark, encoding in (_BYTE_ORDER_MARKS | _UNMARKED_UTF16).items():
        if data.startswith(mark):
            return encoding
    declared = _DECLARED.match(data)
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    return "utf-8" if encoding.startswith(("utf-16", "utf16")) else encoding


def parse(data: bytes, name: str) -> etree._ElementTree:
    """Return the element tree of MusicXML bytes, with comments, processing instructions and CDATA sections where they stand.

    Raises ContainerError, with line and column where there are any, for text that can't be decoded, XML that isn't
    well formed, declarations inside the DOCTYPE, entities that XML itself doesn't know, and a root that is no score.
    """
    _check_start(data, name)
    utf8 = _utf8(data, name)
    if (tags := utf8.count(b"<")) > MOST_TAGS:
        raise _hostile(name, f"it has {tags:,} tags, and {MOST_TAGS:,} are allowed")
    doctype_end = _check_prolog(utf8, name)
    if _NAMED_ENTITY.search(utf8):
        # With an external DTD that nobody loads, lxml would leave such an entity out of an attribute without a word.
        _parse_utf8(_without_doctype(utf8, doctype_end), name)
    tree = _parse_utf8(utf8, name)
    _check_root(tree, name)
    return tree


def _check_start(data: bytes, name: str) -> None:
    for start, what in _KNOWN_STARTS.items():
        if data.startswith(start):
            raise ContainerError(f"{name}: this is {what} and no MusicXML", hint="export the score as MusicXML")


def _check_entries(data: bytes, name: str) -> None:
    """Count the entries by their mark, before `zipfile` reads a directory that may fill the memory."""
    if (count := data.count(_ENTRY_MARK)) > MOST_ENTRIES:
        raise _hostile(name, f"it has {count:,} entries, and {MOST_ENTRIES:,} are allowed")


def _check_sizes(archive: zipfile.ZipFile, packed: int, name: str) -> None:
    """Refuse what unpacks to too much, an entry for itself or all together: entries may share their bytes."""
    total = sum(entry.file_size for entry in archive.infolist())
    if total > MOST_BYTES:
        raise _hostile(name, f"it unpacks to {total:,} bytes, and {MOST_BYTES:,} are allowed")
    sizes = [(entry.filename, entry.file_size, entry.compress_size) for entry in archive.infolist()]
    for what, size, from_size in [*sizes, ("the whole", total, packed)]:
        ratio = size / max(from_size, 1)
        if size > PACKED_COUNTS_FROM and ratio > MOST_PACKED:
            raise _hostile(name, f"{what} unpacks to {ratio:,.0f} times its size, as no score does")


def _hostile(name: str, cause: str) -> ContainerError:
    return ContainerError(f"{name}: the file is refused", cause=cause, hint=_EXPORT_HINT)


def _score_entry(archive: zipfile.ZipFile, name: str) -> str:
    """Which entry is the score: the first root file, or the only file at the top that looks like one."""
    entries = set(archive.namelist())
    wanted = _rootfile(archive, name) if _CONTAINER in entries else None
    for entry in (wanted, unquote(wanted)) if wanted else ():
        if entry in entries:
            return entry
    scores = [entry for entry in sorted(entries) if _may_be_score(entry)]
    if len(scores) == 1:
        return scores[0]
    found = f"{_CONTAINER} names {wanted}, which is not there" if wanted else f"{_CONTAINER} names no score"
    raise ContainerError(
        f"{name}: the archive has no score", cause=f"{found}, and {len(scores)} files may be one", hint=_EXPORT_HINT
    )


def _rootfile(archive: zipfile.ZipFile, name: str) -> str | None:
    place = f"{name}/{_CONTAINER}"
    tree = _parse_utf8(_safe_xml(_read_entry(archive, _CONTAINER, name), place), place)
    paths = (element.get("full-path") for element in tree.iter("{*}rootfile"))
    return next((path for path in paths if path), None)


def _safe_xml(data: bytes, name: str) -> bytes:
    utf8 = _utf8(data, name)
    _check_prolog(utf8, name)
    return utf8


def _may_be_score(entry: str) -> bool:
    return "/" not in entry and not entry.startswith(".") and entry.lower().endswith(PLAIN_SUFFIXES)


def _read_entry(archive: zipfile.ZipFile, entry: str, name: str) -> bytes:
    information = archive.getinfo(entry)
    if information.flag_bits & 0x1:
        raise ContainerError(f"{name}: {entry} is encrypted", hint="save the score without a password")
    if information.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ContainerError(f"{name}: {entry} is packed by a method that .mxl files don't use", hint=_EXPORT_HINT)
    with archive.open(information) as file:
        data = file.read(MOST_BYTES + 1)
    if not data or data.isspace():
        raise ContainerError(f"{name}: {entry} in the archive is empty", hint=_EXPORT_HINT)
    if data.startswith(_ARCHIVE_MAGIC):
        raise ContainerError(
            f"{name}: {entry} in the archive is itself an archive", hint="unpack it and take the archive inside"
        )
    return data


def _write_entry(archive: zipfile.ZipFile, entry: str, data: bytes, method: int) -> None:
    information = zipfile.ZipInfo(entry, date_time=_EARLIEST_DATE)
    information.compress_type = method
    information.create_system = 3  # else it would tell the system that wrote it
    information.external_attr = 0o644 << 16
    archive.writestr(information, data)


def _utf8(data: bytes, name: str) -> bytes:
    """The same text in UTF-8; piece by piece, for one letter can make Python's strings four times as large."""
    encoding = encoding_of(data)
    if encoding == "utf-8" and _without_nul(data, name).isascii():
        return data
    if not _ACCEPTED.fullmatch(encoding):
        raise ContainerError(f'{name}: "{encoding}" is no encoding of MusicXML', hint="save the file as UTF-8")
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError as fault:
        raise ContainerError(f'{name}: the encoding "{encoding}" is unknown', hint="save the file as UTF-8") from fault
    pieces = []
    for start in range(0, len(data), _PIECE):
        piece, last = data[start : start + _PIECE], start + _PIECE >= len(data)
        try:
            pieces.append(decoder.decode(piece, last).encode("utf-8"))
        except UnicodeDecodeError as fault:
            raise _undecodable(b"".join(pieces), encoding, fault, name) from fault
    return _without_nul(b"".join(pieces), name)


def _without_nul(utf8: bytes, name: str) -> bytes:
    if (index := utf8.find(b"\0")) >= 0:
        line, column = _position(utf8[:index])
        raise ContainerError(
            f"{name}: line {line}, column {column}: a NUL byte, which no XML may hold", hint=_EXPORT_HINT
        )
    return utf8


def _undecodable(before: bytes, encoding: str, fault: UnicodeDecodeError, name: str) -> ContainerError:
    readable = fault.object[: fault.start].decode(encoding, errors="replace")
    line, column = _position(before + readable.encode("utf-8"))
    byte = fault.object[fault.start] if fault.start < len(fault.object) else 0
    return ContainerError(
        f"{name}: line {line}, column {column}: byte 0x{byte:02X} can't be read as {encoding.removesuffix('-sig')}",
        cause=fault.reason,
        hint="the file was saved in another encoding than it says: save it as UTF-8",
    )


def _position(before: bytes) -> tuple[int, int]:
    """Line and column, both from 1, of what follows this UTF-8."""
    line_start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[line_start:].translate(None, _FURTHER_BYTES)) + 1


class _PrologEnds(Exception):
    """The first element begins; what could do harm stands before it."""


def _check_prolog(utf8: bytes, name: str) -> int | None:
    """Refuse declarations inside the DOCTYPE (entities, default attributes); return where it ends, if there is one.

    No score needs them, and each can make a small file fill the memory.
    """
    parser = expat.ParserCreate("utf-8")
    doctype_end: list[int] = []

    def start_doctype(_root: str, _system: str | None, _public: str | None, has_declarations: bool) -> None:
        if has_declarations:
            raise ContainerError(
                f"{name}: line {parser.CurrentLineNumber}: the DOCTYPE declares entities or the like",
                hint="remove the part of the DOCTYPE in square brackets, or export the score again",
            )
        doctype_end.append(parser.CurrentByteIndex)

    def start_element(_tag: str, _attributes: dict[str, str]) -> None:
        raise _PrologEnds

    parser.StartDoctypeDeclHandler = start_doctype
    parser.StartElementHandler = start_element
    try:
        parser.Parse(utf8, True)
    except _PrologEnds:
        pass
    except expat.ExpatError as fault:
        raise _broken(name, fault.lineno, fault.offset + 1, expat.ErrorString(fault.code)) from fault
    return doctype_end[0] if doctype_end else None


def _without_doctype(utf8: bytes, end: int | None) -> bytes:
    """The same XML with blanks instead of its DOCTYPE, so that lines and columns stay."""
    if end is None:
        return utf8
    start = utf8.rfind(b"<!DOCTYPE", 0, end)
    return utf8[:start] + re.sub(rb"[^\n]", b" ", utf8[start : end + 1]) + utf8[end + 1 :]


def _parse_utf8(utf8: bytes, name: str) -> etree._ElementTree:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        strip_cdata=False,
        remove_blank_text=True,
    )
    try:
        return etree.fromstring(utf8, parser).getroottree()
    except etree.XMLSyntaxError as fault:
        line, column = fault.position
        raise _broken(name, line, column, _POSITION.sub("", fault.msg or "").strip()) from fault


def _broken(name: str, line: int | None, column: int | None, cause: str | None) -> ContainerError:
    return ContainerError(
        f"{name}: line {line}, column {column}: the XML is broken or is none", cause=cause, hint=_EXPORT_HINT
    )


def _check_root(tree: etree._ElementTree, name: str) -> None:
    root = tree.getroot()
    if root.tag in ROOTS:
        return
    found, namespace = etree.QName(root).localname, etree.QName(root).namespace
    if found in ROOTS:
        raise ContainerError(
            f'{name}: line {root.sourceline}, column 1: <{found}> is in the namespace "{namespace}", where MusicXML has none',
            hint=f'remove xmlns="{namespace}" from that line, or export the score again',
        )
    raise ContainerError(
        f"{name}: line {root.sourceline}, column 1: the root is <{found}>, where a score begins with <{ROOTS[0]}>",
        hint=_KNOWN_ROOTS.get(found, _EXPORT_HINT),
    )
