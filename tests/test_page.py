"""The page in a real browser, against the real server and the bundled model."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WEB = ROOT / "server" / "web"
PAGE = ROOT / "server" / "chordllama_server" / "page"
MOST_SCRIPT_BYTES = 150_000

node = pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js isn't installed")
browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium isn't installed")


@pytest.fixture(scope="module")
def installed() -> Path:
    """The folder of the page's source, with its packages."""
    if not all((WEB / "node_modules" / name).exists() for name in ("playwright-core", "@biomejs/biome")):
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    return WEB


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server of its own listens."""
    with serving() as found:
        yield found


@contextmanager
def serving(*options: str) -> Iterator[str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "server")])
    command = [sys.executable, "-m", "chordllama", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}) as server:
        assert server.stderr is not None
        try:
            first = server.stderr.readline()
            found = re.search(r"http://\S+", first)
            assert found, first
            yield found[0] + "/"
        finally:
            server.terminate()
            server.communicate(timeout=30)


def run(*command: str, **environment: str) -> str:
    """What a command in the page's folder prints; its words too where it fails."""
    done = subprocess.run(
        command, cwd=WEB, env={**os.environ, **environment}, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_loads_little_before_the_engraver() -> None:
    loaded = re.findall(r'(?:src|href)="\./(assets/[^"]+\.js)"', (PAGE / "index.html").read_text(encoding="utf-8"))
    assert loaded
    assert sum(len(gzip.compress((PAGE / name).read_bytes())) for name in loaded) <= MOST_SCRIPT_BYTES


def test_the_page_names_no_other_host_and_has_no_inline_script_or_style() -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<style|style=|<script(?![^>]*\bsrc=)| on[a-z]+=", page)


@node
def test_the_pure_parts_of_the_page_pass_their_own_tests(installed: Path) -> None:
    assert "passed" in run("npm", "test")


@node
def test_the_page_s_source_keeps_to_its_linter_and_formatter(installed: Path) -> None:
    run("npm", "run", "lint")


@pytest.mark.slow
@node
@browser
def test_a_server_with_a_key_has_a_page_that_asks_for_it(installed: Path) -> None:
    with serving("--api-key", "open sesame") as address:
        assert "keeps it" in run("node", "tests/key.mjs", address, "open sesame")


@pytest.mark.slow
@node
def test_the_built_page_is_what_its_source_gives(installed: Path, tmp_path: Path) -> None:
    run("npm", "run", "build", "--", "--outDir", str(tmp_path))
    assert sorted(files(tmp_path)) == sorted(files(PAGE))
    different = [name for name in files(PAGE) if (PAGE / name).read_bytes() != (tmp_path / name).read_bytes()]
    assert different == []


def files(folder: Path) -> list[str]:
    """The paths of the files below a folder."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
@node
@browser
def test_signs_that_are_set_as_text_are_drawn_on_screen_and_in_print(installed: Path, address: str) -> None:
    assert "every sign is drawn" in run("node", "tests/signs.mjs", address)


@pytest.mark.slow
@node
@browser
def test_versions_are_shown_heard_and_coloured_as_what_they_are_and_come_back(installed: Path, address: str) -> None:
    assert re.search(r"^\d+ passed, 0 failed$", run("node", "tests/versions.mjs", address), re.MULTILINE)


@pytest.mark.slow
@node
@browser
def test_all_is_within_reach_by_finger_by_keyboard_and_by_ear(installed: Path, address: str) -> None:
    assert re.search(r"^\d+ passed, 0 failed$", run("node", "tests/reach.mjs", address), re.MULTILINE)


@pytest.mark.slow
@node
@browser
def test_nothing_is_lost_without_a_question(installed: Path, address: str, tmp_path: Path) -> None:
    assert "nothing is lost" in run("node", "tests/session.mjs", address, str(tmp_path))


@pytest.mark.slow
@node
@browser
def test_a_composer_walks_from_a_dropped_score_to_a_downloaded_one(
    installed: Path, address: str, tmp_path: Path
) -> None:
    told = run("node", "tests/walk.mjs", address, str(tmp_path), DRAWN_WITHIN_MS="4000")  # other tests run beside it
    assert re.search(r"^\d+ passed, 0 failed$", told, re.MULTILINE)
