"""`Sampling` is the one record of how tokens are drawn: command line, server, page, plugin, evaluation and Modelfile hold to it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from node_packages import NODE, needs_node

from chordllama.cli import cli
from chordllama.evaluate.systems import EvaluationSettings
from chordllama.sampling import Sampling
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.training.modelfile import Setup, format_modelfile, parse_modelfile

ROOT = Path(__file__).parents[1]
ASKED = ("seed", "temperature", "top_p", "min_p")
"""What users may set."""
DEFAULTS = {name: getattr(Sampling(), name) for name in ASKED}


@pytest.mark.parametrize("task", MUSIC_TASKS)
def test_the_command_line_says_the_records_defaults(task: str) -> None:
    assert {option.name: option.default for option in cli.commands[task].params if option.name in ASKED} == DEFAULTS


@pytest.mark.parametrize("task", MUSIC_TASKS)
def test_the_servers_document_says_the_records_defaults(task: str) -> None:
    from chordllama_server.openapi import document

    schema: Any = document()["components"]["schemas"][f"{task.title()}Request"]
    assert {name: schema["properties"][name]["default"] for name in ASKED} == DEFAULTS


def test_the_evaluation_draws_as_users_do() -> None:
    assert EvaluationSettings().sampling == Sampling()


def test_a_modelfile_says_the_records_defaults() -> None:
    said = parse_modelfile(format_modelfile(Setup("a.gguf", "", 64, "</s>", "")))
    told = {name: float(said[f"PARAMETER {name}"][0]) for name in ("temperature", "top_p", "min_p", "repeat_penalty")}
    drawn = Sampling()
    assert told == {
        "temperature": drawn.temperature,
        "top_p": drawn.top_p,
        "min_p": drawn.min_p,
        "repeat_penalty": drawn.repetition_penalty,
    }


def copies(text: str) -> set[tuple[str, float]]:
    """The numbers that a source gives to what can be set, each by its name in the record."""
    found = re.findall(r"\b(temperature|top_?p|min_?p)\b\"?\s*[:=]\s*([\d.]+\d)", text, re.IGNORECASE)
    return {(re.sub("_?[pP]$", "_p", name), float(value)) for name, value in found}


def test_a_copy_is_found() -> None:
    assert copies('{ temperature: 0.8, "topP": 1.0 } min_p = 0.1') == {
        ("temperature", 0.8),
        ("top_p", 1.0),
        ("min_p", 0.1),
    }
    assert not copies("settings.temperature: number; minP: wishes.minP")


@pytest.mark.parametrize("sources", ["server/web/src/**/*.ts*", "musescore_plugin/*.js", "musescore_plugin/*.qml"])
def test_page_and_plugin_hold_no_copies(sources: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in ROOT.glob(sources)]
    assert texts
    assert not set().union(*map(copies, texts))


@needs_node
def test_the_plugin_sends_only_what_its_user_has_set() -> None:
    code = "console.log(JSON.stringify(require('./plugin.js').DEFAULTS))"
    told = subprocess.run(["node", "-e", code], cwd=NODE, capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == {"server": "", "bars": 0, "suggestions": 3, "temperature": -1, "asFile": False}


def test_the_benchmarks_sample_as_users_do() -> None:
    changed = [
        f"{path.name}: {found}"
        for path in (ROOT / "benchmarks").rglob("*.py")
        for found in re.findall(r"Sampling\([^)]*(?:temperature|top_p|min_p)[^)]*\)", path.read_text(encoding="utf-8"))
    ]
    assert changed == []
