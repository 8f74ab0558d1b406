"""The OpenAPI document, which requests are held to: what it says of a body is what the server takes. Knows JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

from chordllama.tasks.ensembles import ENSEMBLES
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.task import COMMON, COMPARED_CANDIDATES, MOST_BARS, MOST_CANDIDATES, MusicTask
from chordllama_server.problems import invalid


@cache
def text() -> str:
    """Return the document as it is delivered."""
    from ruamel.yaml import YAML

    stream = StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.sort_base_mapping_type_on_output, yaml.width = False, False, 120
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(document(), stream)
    return stream.getvalue()


@cache
def document() -> dict[str, Any]:
    """Return the document as values: openapi.yaml, and what follows from the list of tasks."""
    from ruamel.yaml import YAML

    written = (files(__package__) / "openapi.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(written)
    schemas = loaded["components"]["schemas"]
    schemas["Ensemble"] = {"enum": list(ENSEMBLES), "description": "Which parts are added"}
    for task in MUSIC_TASKS.values():
        schemas.update(_schemas(task))
    loaded["paths"] = {f"/v1/{task.id}": _path(task) for task in MUSIC_TASKS.values()} | loaded["paths"]
    return loaded


def schema_names(task: MusicTask) -> tuple[str, str]:
    """Return the names of the schemas of a task's requests: as JSON, and as a form."""
    name = task.id.capitalize()
    return f"{name}Request", f"{name}Form"


def _schemas(task: MusicTask) -> dict[str, Any]:
    """Return a task's request as JSON, with the score in one of three fields, and as a form, with a file."""
    own = {setting.name: setting.schema() for setting in (*task.settings, *COMMON) if not setting.local}
    options = own | {"stream": _ref("schemas/Stream"), "format": _ref("schemas/Format")}
    score = {"musicxml": "MusicXmlText", "file": "FileBase64", "editor": "Editor", "name": "FileName"}
    file = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The file"}
    json, form = schema_names(task)
    return {
        json: {
            "type": "object",
            "additionalProperties": False,
            "description": "A score by exactly one of `musicxml`, `file` and `editor`, and options.",
            "oneOf": [{"required": [name]} for name in ("musicxml", "file", "editor")],
            "properties": {name: _ref(f"schemas/{schema}") for name, schema in score.items()} | options,
        },
        form: {
            "type": "object",
            "additionalProperties": False,
            "required": ["score"],
            "properties": {"score": file} | options,
        },
    }


def _path(task: MusicTask) -> dict[str, Any]:
    json, form = schema_names(task)
    where = "after its last one" if task.span == "after" else "in their places"
    faults = {str(code): _ref("responses/Error") for code in (400, 401, 403, 413, 415, 421, 422, 500, 502)}
    busy = {str(code): _ref("responses/Busy") for code in (429, 503)}
    written = {
        "description": "All is written.",
        "content": {
            "application/json": {"schema": _ref("schemas/Continued")},
            "application/vnd.recordare.musicxml+xml": {
                "schema": {
                    "type": "string",
                    "description": f"The whole score in the bytes that came, the new bars {where}",
                }
            },
            "application/vnd.recordare.musicxml": {
                "schema": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                    "description": "The same as .mxl",
                }
            },
        },
    }
    begun = {
        "description": "The job waits or runs.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "/v1/jobs/{id}"}},
        "content": {"application/json": {"schema": _ref("schemas/Job")}},
    }
    return {
        "post": {
            "operationId": task.id,
            "tags": ["jobs"],
            "summary": task.description,
            "description": f"{task.description}. {_ANSWERS}",
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {"schema": _ref(f"schemas/{form}")},
                    "application/json": {"schema": _ref(f"schemas/{json}")},
                },
            },
            "responses": dict(sorted((faults | busy | {"200": written, "202": begun}).items())),
        }
    }


_ANSWERS = (
    "With `stream: true` the answer is 202 with a job, whose events are read at `/v1/jobs/{id}/events` or polled at `/v1/jobs/{id}`. "
    "Else the answer comes when all is written, in the asked `format`; a client that leaves before stops the work."
)


def _ref(place: str) -> dict[str, str]:
    return {"$ref": f"#/components/{place}"}


def offered() -> dict[str, Any]:
    """Return what the server offers, for the page and the plugin: tasks with their settings, defaults, limits, ensembles."""
    tasks = [
        {
            "id": task.id,
            "path": f"/v1/{task.id}",
            "title": task.title,
            "description": task.description,
            "span": task.span,
            "settings": [
                setting.schema() | {"name": setting.name, "type": setting.type}
                for setting in (*task.settings, *COMMON)
                if not setting.local
            ],
        }
        for task in MUSIC_TASKS.values()
    ]
    return {
        "defaults": {setting.name: setting.default for setting in COMMON if setting.default is not None},
        "compared": {"candidates": COMPARED_CANDIDATES},
        "limits": {"most_bars": MOST_BARS, "most_candidates": MOST_CANDIDATES},
        "tasks": tasks,
        "ensembles": [
            {"id": name, "title": name.capitalize(), "parts": [part.name for part in parts]}
            for name, parts in ENSEMBLES.items()
        ],
    }


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
    """Return the fields of a schema, each with what it may be."""
    schemas = document()["components"]["schemas"]
    found = schemas[schema]["properties"]
    return {name: schemas[rule["$ref"].rpartition("/")[2]] if "$ref" in rule else rule for name, rule in found.items()}


def validated(schema: str, body: Any) -> dict[str, Any]:
    """Return a body that fits the schema, with the defaults of what it leaves out. Raises Refusal."""
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
    """Return a form's fields as the values that they spell; what spells none stays text, which `validated` then refuses."""
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
