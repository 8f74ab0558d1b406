"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from chordllama.cli import cli
from chordllama.codec.compact import dumps, loads
from chordllama.codec.reference import TABLES, filled

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


def test_the_readme_names_every_command_and_every_exit_code() -> None:
    readme = (ROOT / "README.md").read_text()
    assert set(re.findall(r"^\| `chordllama (\w+)", readme, re.MULTILINE)) == set(cli.commands)
    assert re.findall(r"^\| (\d+) \|", readme, re.MULTILINE) == ["0", "1", "2", "3", "4", "5", "6", "130"]


def test_the_files_that_the_readme_names_are_there() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in re.findall(r"`((?:models|docs|tests|chordllama|benchmarks|corpora)/[\w./-]+)`", readme):
        assert (ROOT / path).exists(), path
