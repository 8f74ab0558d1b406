"""The OpenAPI document, which requests are held to: what it says of a body is what the server takes. Knows JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from chordllama_server.problems import invalid


def text() -> str:
    """The document as it is delivered."""
    return (files(__package__) / "openapi.yaml").read_text(encoding="utf-8")


@cache
def document() -> dict[str, Any]:
    """The document as values."""
    from ruamel.yaml import YAML

    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text())
    return loaded


def prepare() -> None:
    """Read the document now, so that the first requests, which may be many, don't each do so."""
    for schema in document()["components"]["schemas"]:
        _validator(schema)
    validated("DecodeRequest", {"compact": "-"})


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": document()["components"]})


def properties(schema: str) -> Mapping[str, Mapping[str, Any]]:
    """The fields of a schema, each with what it may be."""
    schemas = document()["components"]["schemas"]
    found = schemas[schema]["properties"]
    return {name: schemas[rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule for name, rule in found.items()}


def validated(schema: str, body: Any) -> dict[str, Any]:
    """A body that the schema takes, with the defaults of what it doesn't say. Raises Refusal."""
    from jsonschema.exceptions import best_match

    fault = best_match(_validator(schema).iter_errors(body))
    if fault is not None:
        param = ".".join(map(str, fault.absolute_path)) or None
        words = (
            fault.message if len(fault.message) < 200 else f"{param or 'the body'} breaks the rule {fault.validator!r}"
        )
        raise invalid(words, param, hint="/openapi.yaml says what is possible")
    found = dict(body)
    for name, rule in properties(schema).items():
        if "default" in rule:
            found.setdefault(name, rule["default"])
        if rule.get("type") == "integer" and name in found:
            found[name] = int(found[name])
    return found


_BOOLEANS = {"true": True, "false": False}


def from_form(schema: str, form: Mapping[str, list[str]]) -> dict[str, Any]:
    """A form's fields as the values that they spell; what spells none stays text, which `validated` then refuses."""
    rules = properties(schema)
    return {name: _value(rules.get(name, {}).get("type"), values) for name, values in form.items()}


def _value(kind: str | None, values: list[str]) -> Any:
    if len(values) != 1:
        return values
    value = values[0]
    try:
        if kind == "integer":
            return int(value)
        if kind == "number":
            return float(value)
    except ValueError:
        return value
    return _BOOLEANS.get(value, value) if kind == "boolean" else value
