"""The plugin's scripts alone in Node, and held to ES5."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from node_packages import NODE, install_packages, needs_node, needs_npm

SCRIPTS = sorted((NODE.parents[1] / "musescore_plugin").glob("*.js"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)


@needs_node
def test_the_scripts_pass_its_own_tests_in_node() -> None:
    done = run("node", "--test", "chordllama.test.js")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout


def test_nothing_but_functions_stands_at_the_top_of_a_script() -> None:
    for script in SCRIPTS:
        top = [line for line in script.read_text(encoding="utf-8").splitlines() if re.match(r"[^\s/}]", line)]
        assert [line.partition("(")[0] for line in top] == ["function make", "if "], script.name


@needs_npm
def test_the_scripts_are_es5_which_musescore_3_needs(tmp_path: Path) -> None:
    acorn = str(install_packages() / ".bin" / "acorn")
    assert [path.stem for path in SCRIPTS] == ["inserting", "reading", "session", "texts"]
    for script in SCRIPTS:
        done = run(acorn, "--ecma5", "--silent", str(script))
        assert done.returncode == 0, done.stderr
    newer = tmp_path / "newer.js"
    newer.write_text(SCRIPTS[0].read_text(encoding="utf-8") + "const newer = () => 1;\n", encoding="utf-8")
    assert run(acorn, "--ecma5", "--silent", str(newer)).returncode != 0
