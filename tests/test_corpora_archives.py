"""Archives are unpacked into the folder, and nowhere else."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chordllama.corpora.fetch.archives import AS_IT_IS, unpack
from chordllama.errors import CorpusError

ALL = {"*": AS_IT_IS}


def tar_of(path: Path, entries: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return path


def zip_of(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_patterns_say_what_is_unpacked_and_where_to(
    pack: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path, folder: Path
) -> None:
    entries = {"R-1/scores/A/b/1.mxl": b"1", "R-1/scores/A/b/1.pdf": b"-", "R-1/data/a.tsv": b"2", "R-1/README": b"-"}
    archive = pack(tmp_path / "archive", entries)
    unpack(archive, {"*/scores/*.mxl": "scores", "*/data/*.tsv": "."}, folder)
    assert files_in(folder) == ["a.tsv", "scores/1.mxl"]
    assert (folder / "scores/1.mxl").read_bytes() == b"1"


def test_what_isnt_wanted_stays_in_the_archive(tmp_path: Path, folder: Path) -> None:
    unpack(zip_of(tmp_path / "archive", {"a/1": b"1", "a/2": b"2"}), ALL, folder, wanted={"a/2"})
    assert files_in(folder) == ["a/2"]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["../out.txt", "a/../../out.txt", "/out.txt", "C:/out.txt", "..\\out.txt"])
def test_no_entry_leads_out_of_the_folder(
    pack: Callable[[Path, dict[str, bytes]], Path], name: str, tmp_path: Path, folder: Path
) -> None:
    with pytest.raises(CorpusError, match="leads out of the folder"):
        unpack(pack(tmp_path / "archive", {name: b"x"}), ALL, folder)
    assert files_in(tmp_path) == ["archive"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(kind: bytes, tmp_path: Path, folder: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = kind, "/etc/passwd"
    with pytest.raises(CorpusError, match='the entry "link" is a link or no regular file'):
        unpack(tar_of(tmp_path / "archive", {}, link), ALL, folder)
    assert files_in(folder) == []


def test_a_link_in_a_zip_is_refused(tmp_path: Path, folder: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(CorpusError, match="is a link"):
        unpack(tmp_path / "archive", ALL, folder)


def test_a_link_that_nobody_wants_does_no_harm(tmp_path: Path, folder: Path) -> None:
    link = tarfile.TarInfo("other/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    unpack(tar_of(tmp_path / "archive", {"scores/1.mxl": b"1"}, link), {"scores/*": "."}, folder)
    assert files_in(folder) == ["1.mxl"]


def test_an_archive_that_grows_too_large_is_refused(tmp_path: Path, folder: Path) -> None:
    archive = tar_of(tmp_path / "archive", {"a": bytes(5_000_000), "b": bytes(5_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(CorpusError, match="more than is allowed"):
        unpack(archive, ALL, folder, maximum_bytes=8_000_000)


@pytest.mark.parametrize("keep", [0, 1, 10, 40, 200, -30])
@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_corrupt_archive_is_named(
    pack: Callable[[Path, dict[str, bytes]], Path], keep: int, tmp_path: Path, folder: Path
) -> None:
    archive = pack(tmp_path / "broken", {"a": bytes(range(256)) * 300, "b": b"2" * 3000})
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(CorpusError, match="broken: the archive can't be unpacked"):
        unpack(archive, ALL, folder)


def test_a_wrong_byte_in_an_archive_is_noticed(tmp_path: Path, folder: Path) -> None:
    archive = zip_of(tmp_path / "broken", {"a": b"some text that is long enough" * 9})
    data = bytearray(archive.read_bytes())
    data[40] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(CorpusError, match="broken"):
        unpack(archive, ALL, folder)


def test_what_is_no_archive_is_named(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "page.zip").write_bytes(b"<html>not found</html>")
    with pytest.raises(CorpusError, match=r"page\.zip: the archive can't be unpacked"):
        unpack(tmp_path / "page.zip", ALL, folder)
