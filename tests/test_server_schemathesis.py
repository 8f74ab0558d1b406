"""The OpenAPI document against the code: what schemathesis thinks up finds no 500, and no answer outside the document."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("schemathesis")

import schemathesis
from chordllama_server.app import create_app
from chordllama_server.config import Config
from chordllama_server.engine import Engine
from chordllama_server.openapi import document
from chordllama_server.workshop import Workshop
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

load_all_checks()
CASES = int(os.environ.get("CHORDLLAMA_SCHEMATHESIS_CASES", "8"))
"""For each operation; benchmarks/serve runs 200."""
_ENGINE = Engine(unseen=2)
_WORKSHOP = Workshop(seconds=20)
_APP = create_app(Config(rate=10_000_000, jobs_per_client=100, ping_seconds=0.2), _ENGINE, _WORKSHOP)
_SCHEMA = schemathesis.openapi.from_wsgi("/openapi.yaml", _APP)
_NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_CHECKS: list[Any] = [check for check in CHECKS.get_all() if check.__name__ in _NAMES]


@pytest.fixture(scope="module", autouse=True)
def _running() -> Iterator[None]:
    _ENGINE.start()
    assert _ENGINE.wait_until_ready()
    yield
    _ENGINE.close()
    _WORKSHOP.close()


def test_all_checks_are_there() -> None:
    assert len(_CHECKS) == len(_NAMES)
    known = {
        (found.ok().method.lower(), found.ok().path) for found in _SCHEMA.get_all_operations() if isinstance(found, Ok)
    }
    described = {(key, path) for path, item in document()["paths"].items() for key in item if key != "parameters"}
    assert described - known == {("get", "/openapi.yaml")}, "schemathesis has read that one already"


@_SCHEMA.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@pytest.mark.filterwarnings("ignore")
def test_no_answer_lies_outside_the_document(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=_CHECKS)
