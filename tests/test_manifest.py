"""What a folder remembers: it survives cut lines, foreign lines and names in any encoding."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from chordllama.conversion.manifest import NAME, FileRecord, Manifest

RECORD = FileRecord("a/b.yaml", "a/b.xml", "0" * 64, "1" * 64, "2" * 64, ("odd",))


@pytest.mark.parametrize("name", ["a/b.yaml", "Größe.yaml", 'quote".yaml', os.fsdecode(b"caf\xe9.yaml"), "line\n.yaml"])
def test_a_record_comes_back_from_its_line(name: str) -> None:
    record = replace(RECORD, output=name)
    line = record.format()
    assert FileRecord.parse(line) == record
    assert line.isascii()
    assert "\n" not in line


def test_records_are_on_disk_as_soon_as_they_are_added(tmp_path: Path) -> None:
    with Manifest(tmp_path) as manifest:
        manifest.add(RECORD)
        assert Manifest(tmp_path).records == {"a/b.yaml": RECORD}


def test_the_last_record_of_a_file_counts_and_the_order_does_not(tmp_path: Path) -> None:
    newer, other = replace(RECORD, settings="3"), replace(RECORD, output="a/a.yaml")
    contents = set()
    for order in ((RECORD, newer, other), (other, RECORD, newer)):
        (tmp_path / NAME).unlink(missing_ok=True)
        with Manifest(tmp_path) as manifest:
            for record in order:
                manifest.add(record)
        contents.add((tmp_path / NAME).read_bytes())
    assert contents == {f"{other.format()}\n{newer.format()}\n".encode()}


@pytest.mark.parametrize("rest", ['{"output": "x.ya', "[]", "{}", "3", '{"output": 1, "warnings": null}', "\x00ÿ", ""])
def test_what_is_no_record_is_passed_over_and_cleared_away(tmp_path: Path, rest: str) -> None:
    line = RECORD.format() + "\n"
    (tmp_path / NAME).write_text(line + rest, encoding="utf-8")
    other = replace(RECORD, output="z")
    with Manifest(tmp_path) as manifest:
        assert manifest.records == {"a/b.yaml": RECORD}
        manifest.add(other)
    assert (tmp_path / NAME).read_text() == line + other.format() + "\n"
