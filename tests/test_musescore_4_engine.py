"""What the server writes, opened by MuseScore 4.0's engine, which npm carries as `webmscore`; it has no plugins."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from node_packages import NODE, install_packages, needs_npm
from served import served
from test_musescore import SPLICED, planted, underfill

from benchmarks.musescore import Judgement, import_faults

DATA = Path(__file__).parent / "data"
BARS = 4
SCORES = ("clarinet", "finale_pickup", "musescore3_piano")

pytestmark = needs_npm


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


def engine_on(xml: bytes, folder: Path) -> Judgement:
    """The engine's complaints about MusicXML, and what it stretched or filled."""
    install_packages()
    source, target = folder / "score.musicxml", folder / "score.mscx"
    source.write_bytes(xml)
    target.unlink(missing_ok=True)
    command = ["node", "--no-experimental-fetch", "read_score.cjs", str(source), str(target)]
    done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).splitlines()
    if not target.exists():
        return Judgement((*said, "nothing was imported"))
    return Judgement((*said, *import_faults(target.read_bytes(), xml)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
def test_it_reads_a_continuation_without_complaint(name: str, address: str, tmp_path: Path) -> None:
    source = (DATA / f"{name}.musicxml").read_bytes()
    order = {"musicxml": source.decode(), "bars": BARS, "format": "musicxml"}
    answer = httpx.post(f"{address}/v1/continue", json=order, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.content.count(b"<measure ") > source.count(b"<measure ")
    found = engine_on(answer.content, tmp_path)
    assert not found.complaints or found.added_to(engine_on(source, tmp_path)) == ()


def test_it_finds_planted_faults(tmp_path: Path) -> None:
    assert engine_on(SPLICED, tmp_path).complaints == ()
    assert engine_on(planted(underfill), tmp_path).complaints == ("measure 4 of staff 1 lasts 2/4",)
    assert engine_on(b"no score", tmp_path).complaints[-1] == "nothing was imported"
