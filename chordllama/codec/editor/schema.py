"""What an editor's JSON may hold at all: the schema, and what no schema says. Knows no music."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from chordllama.codec.words.texts import has_forbidden
from chordllama.errors import ScoreError
from chordllama.system.resources import resource

SCHEMA = "musescore_plugin/editor.schema.json"
DEEPEST = 24
"""How deep maps and lists may stand in one another: eight tuplets within tuplets."""


def check(document: Any, kind: str) -> None:
    """Hold a document to the schema's `score` or `continuation`. Raises ScoreError."""
    from jsonschema.exceptions import best_match

    if cause := _fault_of_values(document):
        raise ScoreError("the editor's JSON is refused", cause=cause, hint=f"see {SCHEMA}")
    fault = best_match(_validator(kind).iter_errors(document))
    if fault is not None:
        place = "/".join(map(str, fault.absolute_path)) or "the document"
        raise ScoreError(f"the editor's JSON is wrong at {place}", cause=fault.message[:200], hint=f"see {SCHEMA}")


def _fault_of_values(document: Any) -> str:
    """What no schema says, and what would keep one from saying anything: "" where nothing is wrong."""
    left = [(document, 1)]
    while left:
        value, depth = left.pop()
        if isinstance(value, float):
            return f"{value} where whole numbers are wanted"  # a schema takes 1.0 for an integer
        if isinstance(value, str) and has_forbidden(value):
            return "a character that no MusicXML may hold"
        inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
        if inner and depth > DEEPEST:
            return f"more than {DEEPEST} maps and lists in one another"
        left += ((one, depth + 1) for one in inner)
    return ""


@cache
def _validator(kind: str) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads(resource(SCHEMA).read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
