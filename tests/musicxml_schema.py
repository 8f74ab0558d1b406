"""The schema of MusicXML 4.0, taken out of the package `musicxml`, whose code isn't imported. Knows no tests."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

XSD = "{http://www.w3.org/2001/XMLSchema}"
IMPORTED = {
    "xml.xsd": ("http://www.w3.org/XML/1998/namespace", ("lang", "space")),
    "xlink.xsd": ("http://www.w3.org/1999/xlink", ("type", "href", "role", "title", "show", "actuate")),
}
"""The attributes of other namespaces that the schema refers to."""


def _attributes(namespace: str, names: tuple[str, ...]) -> str:
    declared = "".join(f'<xs:attribute name="{name}" type="xs:string"/>' for name in names)
    return f'<xs:schema xmlns:xs="{XSD.strip("{}")}" targetNamespace="{namespace}">{declared}</xs:schema>'


def schema_files() -> dict[str, Path]:
    """The package's schema files by name; none where it isn't installed."""
    try:
        files = metadata.files("musicxml") or []
    except metadata.PackageNotFoundError:
        return {}
    return {file.name: Path(str(file.locate())) for file in files if file.name.endswith(".xsd")}


INSTALLED = "musicxml_4_0.xsd" in schema_files()


@cache
def schema_tree() -> etree._ElementTree:
    """The schema as a tree."""
    return etree.parse(str(schema_files()["musicxml_4_0.xsd"]))


@cache
def schema() -> etree.XMLSchema:
    """The schema, which takes a second or so to read; what it imports is put beside it, so that no network is asked."""
    with TemporaryDirectory() as folder:
        tree = deepcopy(schema_tree())
        for element in tree.iter(f"{XSD}import"):
            element.set("schemaLocation", element.get("schemaLocation", "").rpartition("/")[2])
        for name, (namespace, attributes) in IMPORTED.items():
            Path(folder, name).write_text(_attributes(namespace, attributes))
        tree.write(str(Path(folder, "musicxml.xsd")))
        return etree.XMLSchema(file=str(Path(folder, "musicxml.xsd")))


def faults(xml: bytes) -> list[str]:
    """What the schema has against a file."""
    parser = etree.XMLParser(load_dtd=False, no_network=True)
    schema().validate(etree.fromstring(xml, parser))
    log: Any = schema().error_log  # the stubs don't know that it can be walked
    return [f"line {error.line}: {error.message}" for error in log]
