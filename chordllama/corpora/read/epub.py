"""An .epub book -> its text and what it tells about itself. Knows the archive's layout; nothing is unpacked to disk.

Source for the layout: https://www.w3.org/TR/epub-33/ (container.xml names the package; its spine names the chapters).
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote

from lxml import etree

from chordllama.errors import CorpusError

MAXIMUM_BYTES = 100_000_000
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_FACTS = {"title": "title", "creator": "creator", "language": "language"}
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADINGS | frozenset(
    ("p", "div", "li", "dt", "dd", "tr", "hr", "table", "pre", "blockquote", "section", "article", "header", "figure")
)
_SKIPPED = frozenset(("script", "style", "nav", "svg", "head", "math"))
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, ValueError, OSError)


def read_epub(data: bytes, name: str) -> tuple[str, dict[str, str]]:
    """Return the text, a blank line between paragraphs, and title, creator and language.

    Raises CorpusError for what is no readable book, is locked, or unpacks to more than MAXIMUM_BYTES.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _read(archive, name)
    except (*_FAULTS, etree.XMLSyntaxError) as fault:
        raise CorpusError(f"{name}: the book can't be read", cause=str(fault) or type(fault).__name__) from fault


def _read(archive: zipfile.ZipFile, name: str) -> tuple[str, dict[str, str]]:
    if sum(entry.file_size for entry in archive.infolist()) > MAXIMUM_BYTES:
        raise CorpusError(f"{name}: the book unpacks to more than {MAXIMUM_BYTES:,} bytes")
    container = _xml(archive.read(_CONTAINER))
    package_path = str(container.xpath("string(//*[local-name()='rootfile']/@full-path)"))
    package = _xml(archive.read(package_path))
    chapters = list(_chapters(package, package_path))
    if locked := _locked(archive) & set(chapters):
        raise CorpusError(f"{name}: the book is locked", cause=f"{min(locked)} is encrypted")
    paragraphs = [paragraph for chapter in chapters for paragraph in _paragraphs(archive.read(chapter))]
    if not paragraphs:
        raise CorpusError(f"{name}: the book has no text", cause="none of its chapters has words")
    return "\n\n".join(paragraphs) + "\n", _facts(package)


def _xml(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(data, parser)


def _chapters(package: etree._Element, package_path: str) -> Iterator[str]:
    """The entries of the chapters, in reading order."""
    items = {item.get("id"): item.get("href") or "" for item in package.iterfind(".//{*}manifest/{*}item")}
    for chapter in package.iterfind(".//{*}spine/{*}itemref"):
        if (address := items.get(chapter.get("idref"))) and chapter.get("linear") != "no":
            yield posixpath.normpath(posixpath.join(posixpath.dirname(package_path), unquote(address)))


def _locked(archive: zipfile.ZipFile) -> set[str]:
    if _ENCRYPTION not in archive.namelist():
        return set()
    return {
        unquote(node.get("URI") or "") for node in _xml(archive.read(_ENCRYPTION)).iterfind(".//{*}CipherReference")
    }


def _facts(package: etree._Element) -> dict[str, str]:
    found = {key: package.findtext(f".//{{*}}metadata/{{*}}{element}") for key, element in _FACTS.items()}
    facts = {key: " ".join(value.split()) for key, value in found.items() if value and value.strip()}
    if "language" in facts:
        facts["language"] = facts["language"].partition("-")[0].lower()
    return facts


def _paragraphs(chapter: bytes) -> Iterator[str]:
    """The paragraphs of a chapter's page; a line break stays one."""
    page = etree.fromstring(chapter, etree.HTMLParser(encoding="utf-8", no_network=True))
    pieces: list[str] = []
    if page is not None:
        _collect(page, pieces)
    for block in "".join(pieces).split("\0"):
        lines = (" ".join(line.split()) for line in block.split("\1"))
        if text := "\n".join(lines).strip():
            yield text


def _collect(node: etree._Element, pieces: list[str]) -> None:
    """The text below a node: \\0 stands around blocks, \\1 for line breaks."""
    if not isinstance(node.tag, str) or node.tag in _SKIPPED:
        return
    edge = "\0" if node.tag in _BLOCKS else "\1" if node.tag == "br" else ""
    pieces += [edge, node.text or ""]
    for child in node:
        _collect(child, pieces)
        pieces.append(child.tail or "")
    pieces.append(edge if node.tag != "br" else "")
