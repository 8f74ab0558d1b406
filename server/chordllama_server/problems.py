"""Errors as clients see them: OpenAI's shape, with the place in the score. Knows HTTP's codes and our tree of errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chordllama.errors import (
    ChordLlamaError,
    CompactError,
    ContainerError,
    EndpointError,
    ModelError,
    PromptTooLongError,
    ScoreError,
)
from chordllama.sampling import SamplingError
from chordllama.tasks.plan import RequestError

# class -> (status, type, code); the first that fits counts
_KINDS: tuple[tuple[type[ChordLlamaError], int, str, str], ...] = (
    (CompactError, 422, "score_error", "text_rejected"),
    (ContainerError, 422, "score_error", "file_rejected"),
    (ScoreError, 422, "score_error", "score_rejected"),
    (SamplingError, 400, "invalid_request_error", "invalid_value"),
    (PromptTooLongError, 422, "score_error", "prompt_too_long"),
    (RequestError, 422, "invalid_request_error", "not_in_score"),
    (ModelError, 500, "model_error", "model_failed"),
    (EndpointError, 502, "endpoint_error", "endpoint_failed"),
    (ChordLlamaError, 422, "score_error", "not_possible"),
)
# status -> (type, code) of what HTTP itself refuses
HTTP_KINDS: Mapping[int, tuple[str, str]] = {
    401: ("authentication_error", "wrong_key"),
    403: ("permission_error", "foreign_origin"),
    404: ("not_found_error", "not_found"),
    405: ("invalid_request_error", "method_not_allowed"),
    413: ("invalid_request_error", "too_large"),
    415: ("invalid_request_error", "unsupported_media_type"),
    421: ("permission_error", "unknown_host"),
    429: ("rate_limit_error", "client_limit"),
    503: ("overloaded_error", "busy"),
}
# The codec's messages name places in these words.
_PLACES: Mapping[str, re.Pattern[str]] = {
    "part": re.compile(r'\bpart (?:"([^"]+)"|([A-Za-z]?\d\w*))'),
    "measure": re.compile(r"\b(?:measure|bar) ([^\s:,;]+)"),
    "element": re.compile(r"<([a-z-]+)>"),
    "line": re.compile(r"\bline (\d+)"),
    "column": re.compile(r"\bcolumn (\d+)"),
}
_NUMBERS = frozenset({"line", "column"})


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as an answer tells it; a child can send one to its parent."""

    status: int
    type: str
    code: str | None
    message: str
    param: str | None = None
    cause: str | None = None
    hint: str | None = None
    retry_after: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the `Error` of the OpenAPI document."""
        found: dict[str, Any] = {
            "message": self.message,
            "type": self.type,
            "code": self.code,
            "param": self.param,
        }
        found |= {key: value for key, value in (("cause", self.cause), ("hint", self.hint)) if value}
        return found | (place_in(f"{self.message}; {self.cause or ''}") if self.type == "score_error" else {})


class Refusal(Exception):
    """A request gets this problem as its answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def problem_of(error: ChordLlamaError) -> Problem:
    """Return what a client is told of one of our errors."""
    kind = next(kind for kind in _KINDS if isinstance(error, kind[0]))
    return Problem(*kind[1:], message=error.message, cause=error.cause, hint=error.hint)


def http_problem(status: int, message: str, **further: Any) -> Problem:
    """Return the problem of a request that HTTP's rules refuse."""
    kind, code = HTTP_KINDS.get(status, ("invalid_request_error" if status < 500 else "server_error", None))
    return Problem(status, kind, further.pop("code", code), message, **further)


def invalid(message: str, param: str | None = None, hint: str | None = None) -> Refusal:
    """Return the refusal of a request that breaks the OpenAPI document."""
    return Refusal(Problem(400, "invalid_request_error", "invalid_value", message, param, hint=hint))


def place_in(words: str) -> dict[str, Any]:
    """Return the place that a message names: part, measure, element, line, column, as far as it does."""
    found: dict[str, Any] = {}
    for key, pattern in _PLACES.items():
        if match := pattern.search(words):
            value = next(group for group in match.groups() if group)
            found[key] = int(value[:9]) if key in _NUMBERS else value
    return {key: value for key, value in found.items() if key not in _NUMBERS or value > 0}
