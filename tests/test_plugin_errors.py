"""Which of the server's errors the plugin tells in the composer's own language, and why it leaves the others in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import chordllama_server
from chordllama_server.problems import _KINDS, HTTP_KINDS

TEXTS = Path(__file__).parents[1] / "musescore_plugin" / "texts.js"
LEFT_IN_ENGLISH = {
    "text_rejected": "the plugin sends no compact text",
    "work_died": "the plugin asks for no work of this kind: checks, pictures, conversions",
    "foreign_origin": "only pages in a browser have an origin",
    "method_not_allowed": "only a mistake of the plugin's would bring it about",
    "unsupported_media_type": "only a mistake of the plugin's would bring it about",
}
WAITED_FOR = {"busy", "client_limit", "queue_full"}
"""All with the status 429 or 503: the plugin says that the server is busy, and tries again."""


def test_each_code_is_told_in_both_languages_or_left_for_a_reason() -> None:
    table = TEXTS.read_text(encoding="utf-8").partition("var ERRORS = {")[2].partition("};")[0]
    told = set(re.findall(r"(?m)^ +(\w+): ", table))
    assert len(told) > 10
    assert told | set(LEFT_IN_ENGLISH) | WAITED_FOR == server_codes()
    assert not told & (set(LEFT_IN_ENGLISH) | WAITED_FOR)


def server_codes() -> set[str]:
    """All codes that the server's sources give to a problem."""
    files = Path(chordllama_server.__file__).parent.glob("*.py")
    found = {code for file in files for code in _written_codes(ast.parse(file.read_text(encoding="utf-8")))}
    return found | {kind[3] for kind in _KINDS} | {code for _, code in HTTP_KINDS.values()}


def _written_codes(source: ast.Module) -> Iterator[str]:
    """The codes that are written where a problem is made: by its class, or by a function with a parameter `code`."""
    places = {"Problem": 2}
    for node in ast.walk(source):
        if isinstance(node, ast.FunctionDef):
            names = [parameter.arg for parameter in node.args.args]
            places |= {node.name: names.index("code")} if "code" in names else {}
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            place = places.get(node.func.id) if isinstance(node.func, ast.Name) else None
            given += node.args[place : place + 1] if place is not None else []
            yield from (each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str))
