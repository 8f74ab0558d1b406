"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chordllama.cli import cli
from chordllama.codec.compact import dumps, loads
from chordllama.codec.reference import TABLES, filled
from chordllama.command_reference import page

ROOT = Path(__file__).parents[1]


def test_the_example_of_the_format_is_a_score_in_canonical_form() -> None:
    text = (ROOT / "docs" / "format.md").read_text()
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    assert dumps(loads(example[1])) == example[1]


def test_the_tables_of_the_format_are_those_of_the_program() -> None:
    page = (ROOT / "docs" / "format.md").read_text()
    assert filled(page) == page
    assert set(re.findall(r"<!-- table: ([a-z ]+) -->", page)) == set(TABLES)


def test_the_page_of_commands_is_made_from_the_commands() -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert page() == text
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == ["0", "1", "2", "3", "4", "5", "6", "130"]


def test_the_commands_that_the_readme_shows_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = set(re.findall(r"(?:^|[`/])chordllama (\w+)", readme, re.MULTILINE))
    assert {"continue", "harmonise", "serve", "plugin", "check"} <= shown <= set(cli.commands)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= 950


PAGES = [
    path
    for folder in ("", "docs", "models", "corpora", "musescore_plugin", "server/web")
    for path in sorted((ROOT / folder).glob("*.md"))
]


@pytest.mark.parametrize("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_the_files_that_a_page_names_are_there(path: Path) -> None:
    text = path.read_text()
    named = re.findall(
        r"`((?:models|docs|tests|chordllama|benchmarks|corpora|server|musescore_plugin)/[\w./-]+)`", text
    )
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [name for name in named if not (ROOT / name).exists() and not (ROOT / "chordllama" / name).exists()]
    missing += [name for name in linked if not (path.parent / name).exists()]
    assert missing == []


def test_the_files_that_the_map_names_are_there() -> None:
    text = (ROOT / "docs" / "map.md").read_text()
    code = {
        path.relative_to(ROOT).as_posix()
        for folder in ("chordllama", "server", "models")
        for path in (ROOT / folder).rglob("*")
    }
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|yaml))`", text))
    assert [name for name in sorted(named) if not any(f"/{path}".endswith(f"/{name}") for path in code)] == []


def test_the_files_that_the_code_names_are_there() -> None:
    rooms = ("chordllama", "server/chordllama_server", "benchmarks", "tests", "models", "musescore_plugin")
    there = {f"/{path.relative_to(ROOT).as_posix()}" for room in rooms for path in (ROOT / room).rglob("*.*")}
    missing = [
        f"{path.relative_to(ROOT)}: {named}"
        for room in rooms[:2]
        for path in (ROOT / room).rglob("*.py")
        for named in re.findall(r"\b(?:[a-z_]+/)*[a-z_]+\.py\b", path.read_text(encoding="utf-8"))
        if not any(name.endswith(f"/{named}") for name in there)
    ]
    assert missing == []
