"""One more task in the list is one more command, path, schema, capability and kind of training row: nothing else names tasks."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_scores import small_score

from chordllama.codec import container
from chordllama.codec.container import read_container
from chordllama.codec.musicxml import read_with_origin, write
from chordllama.generate.continuation import continue_score
from chordllama.generate.models import open_backend
from chordllama.tasks.music_rows import rows
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.plan import Request
from chordllama.tasks.task import COMMON, request_for

ROOT = Path(__file__).parents[1]
FIFTH = """
from dataclasses import replace
from types import MappingProxyType

from chordllama.tasks import music_tasks

echo = replace(music_tasks.MUSIC_TASKS["vary"], id="echo", title="Echo", description="The same once more", help="Say it again.")
music_tasks.MUSIC_TASKS = MappingProxyType({**music_tasks.MUSIC_TASKS, "echo": echo})
"""


def run_with_a_fifth_task(code: str) -> str:
    """What a program prints in which the list has one more task."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "server"), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", FIFTH + code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return done.stdout


def test_a_fifth_task_is_a_command() -> None:
    code = "from chordllama.cli import run\nrun(['--help'])\nrun(['echo', '--help'])"
    shown = run_with_a_fifth_task(code)
    assert "Say it again." in shown
    assert "chordllama echo [OPTIONS] IN" in shown


def test_a_fifth_task_is_a_path_a_schema_and_a_capability() -> None:
    shown = run_with_a_fifth_task(
        "from chordllama_server.openapi import document, offered\n"
        "print('/v1/echo' in document()['paths'], 'EchoRequest' in document()['components']['schemas'])\n"
        "print([task['title'] for task in offered()['tasks']])\n"
    )
    assert shown == "True True\n['Continue', 'Fill a gap', 'Harmonise', 'Vary', 'Echo']\n"


def test_a_fifth_task_has_training_rows() -> None:
    shown = run_with_a_fifth_task(
        "import random\nfrom small_scores import small_score\nfrom chordllama.tasks.music_rows import rows\n"
        "made = rows(small_score('chorale'), {}, len, 100_000, random.Random(1))\n"
        "print(len(list(made)))\n"
    )
    made = rows(small_score("chorale"), {}, len, 100_000, random.Random(1))
    assert int(shown) == len(list(made)) + 1


@pytest.mark.parametrize("task", MUSIC_TASKS.values(), ids=list(MUSIC_TASKS))
def test_what_nobody_sets_is_as_a_request_is_without_it(task: object) -> None:
    assert isinstance(task, type(MUSIC_TASKS["vary"]))
    settings = {setting.name: setting.default for setting in (*task.settings, *COMMON) if not setting.local}
    asked = request_for(task, settings)
    plain = Request(task=task.id, bars=settings["bars"])  # type: ignore[arg-type]
    assert replace(asked, bars=None) == replace(plain, bars=None)


def test_a_file_is_parsed_once_and_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    planned: list[Request] = []
    parse, plan = container.parse, MUSIC_TASKS["continue"].plan

    def counting_parse(xml: bytes, name: str) -> object:
        parsed.append(name)
        return parse(xml, name)

    def counting_plan(score: object, request: Request) -> object:
        planned.append(request)
        return plan(score, request)  # type: ignore[arg-type]

    task = replace(MUSIC_TASKS["continue"], plan=counting_plan)  # type: ignore[arg-type]
    monkeypatch.setattr("chordllama.tasks.music_tasks.MUSIC_TASKS", {**MUSIC_TASKS, "continue": task})
    monkeypatch.setattr("chordllama.codec.musicxml.parse", counting_parse)
    xml = write(small_score("chorale"))
    with open_backend(None, 1) as backend:
        continue_score(xml, "chorale", backend, Request(bars=1))
    assert (parsed, len(planned)) == (["chorale"], 1)
    assert read_with_origin(read_container(xml, "x"), "x").score.bars
