"""The speed's benchmark: which files it takes, and that it doesn't wait for a program that isn't there."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import speed

CHORALE = Path(__file__).parent / "data" / "chorale.musicxml"


def options(*paths: Path) -> Namespace:
    return Namespace(paths=list(paths), music21_chorales=False, data=Path("nowhere"), cache=Path("nowhere"), sample=2)


def test_what_isnt_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert speed._sample(options(CHORALE, tmp_path / "gone")) == {CHORALE: CHORALE.name}
    assert "gone" in capsys.readouterr().err


def test_nothing_to_measure_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name files or folders"):
        speed._sample(options(tmp_path))


def test_encoding_and_decoding_are_measured_beside_the_bare_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "PROGRAMS", {name: speed.PROGRAMS[name] for name in ("lxml", "chordllama")})
    files = {CHORALE: "chorale"}
    found = speed._summary("all", files, speed.measure(files, rounds=1))
    assert {"lxml", "encode", "decode"} <= found["rows"].keys()
    assert found["rows"]["encode"]["to lxml"] > 1
    assert "music21" not in found["rows"]
