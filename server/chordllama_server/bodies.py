"""Bodies of requests: a score and options, from a form or from JSON. Nothing of it touches a disk."""

from __future__ import annotations

import base64
import binascii
import json
from io import BytesIO
from itertools import chain
from typing import IO, Any, NoReturn

from flask import Request

from chordllama_server.openapi import from_form, validated
from chordllama_server.problems import Refusal, http_problem, invalid
from chordllama_server.scores import UploadedScore

DEEPEST = 40
"""How deep JSON may be nested: an editor's tuplets within tuplets need some twenty levels."""
_HINT = "send JSON as /openapi.yaml says"


class InMemoryRequest(Request):
    """A request whose uploads stay in memory: werkzeug would put large ones into a file."""

    max_form_parts = 40

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return BytesIO()


def read_body(request: Request, json_schema: str, form_schema: str | None) -> tuple[UploadedScore, dict[str, Any]]:
    """Return the score and the options of a request, held to the OpenAPI document. Raises Refusal."""
    if request.mimetype == "application/json":
        return _from_json(validated(json_schema, _json(request)))
    if request.mimetype == "multipart/form-data" and form_schema:
        return _from_form(request, form_schema)
    wanted = "application/json" + (" or multipart/form-data" if form_schema else "")
    raise Refusal(http_problem(415, f"the body has to be {wanted}"))


def _json(request: Request) -> Any:
    try:
        found = json.loads(request.get_data(cache=False), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise invalid("the body is no JSON", hint=_HINT) from fault
    if _is_deep(found):
        raise invalid(f"the body has more than {DEEPEST} maps and lists in one another", hint=_HINT)
    return found


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = list(chain.from_iterable(inner))
    return bool(level)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _from_json(body: dict[str, Any]) -> tuple[UploadedScore, dict[str, Any]]:
    name = body.pop("name", "score")
    text = _utf8(body.get("compact", ""), "compact")
    if "musicxml" in body:
        return UploadedScore(_utf8(body.pop("musicxml"), "musicxml"), name), body
    if "editor" in body:
        return UploadedScore(json.dumps(body.pop("editor")).encode(), name, "editor"), body
    if "file" not in body:
        del body["compact"]
        return UploadedScore(text, "text", "compact"), body
    try:
        return UploadedScore(base64.b64decode(body.pop("file"), validate=True), name), body
    except (binascii.Error, ValueError) as fault:
        raise invalid("this is no base64", "file") from fault


def _utf8(text: str, param: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise invalid("the text has half a character in it", param) from fault


def _from_form(request: Request, schema: str) -> tuple[UploadedScore, dict[str, Any]]:
    files = request.files.getlist("score")
    if len(files) != 1 or set(request.files) - {"score"}:
        raise invalid("a form has exactly one file, in the field `score`", "score")
    fields = from_form(schema, dict(request.form.lists()))
    options = validated(schema, fields | {"score": ""})
    del options["score"]
    return UploadedScore(files[0].read(), (files[0].filename or "score")[:255]), options
