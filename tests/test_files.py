"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from chordllama.limits import MOST_BYTES
from chordllama.system.files import leftovers, read_bounded, shown, write_atomically


def test_a_file_is_written_and_nothing_else_stays(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.txt", b"one")
    write_atomically(tmp_path / "a.txt", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", b"two")]


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_bytes() == b"old"


def test_a_failure_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.txt"
    with pytest.raises(OSError, match="No such file") as failure:
        write_atomically(path, b"one")
    assert failure.value.filename == str(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    old_umask = os.umask(0o022)
    try:
        write_atomically(tmp_path / "new", b"")
        (tmp_path / "old").write_bytes(b"")
        (tmp_path / "old").chmod(0o600)
        write_atomically(tmp_path / "old", b"x")
    finally:
        os.umask(old_umask)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o644, 0o600]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no /dev/null")
def test_a_device_stays_a_device() -> None:
    write_atomically(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()


def test_what_a_killed_process_leaves_behind_is_found_by_the_name_it_would_have_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_written: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: half_written.extend((tmp_path / "deep").iterdir()))
    for name in ("a.tmp", ".b.tmp", ".c.0123abcg.tmp", "d.0123abcd.tmp"):
        (tmp_path / name).touch()
    (tmp_path / "deep").mkdir()
    write_atomically(tmp_path / "deep" / "a.b.txt", b"")
    assert list(leftovers(tmp_path)) == []
    (left,) = half_written
    left.touch()
    assert list(leftovers(tmp_path)) == [(left, "a.b.txt")]


def test_a_path_can_always_be_printed() -> None:
    assert shown(Path("Größe.xml")) == "Größe.xml"
    assert shown(os.fsdecode(b"caf\xe9.xml")) == ("caf\\xe9.xml" if os.name != "nt" else "café.xml")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without end")
def test_of_a_file_without_end_only_the_beginning_is_read(tmp_path: Path) -> None:
    assert len(read_bounded(Path("/dev/zero"))) == MOST_BYTES + 1
    small = tmp_path / "a.txt"
    small.write_bytes(b"one")
    assert read_bounded(small) == b"one"
