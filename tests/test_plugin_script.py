"""The plugin's script alone in Node, and held to ES5."""

from __future__ import annotations

import subprocess
from pathlib import Path

from node_packages import NODE, install_packages, needs_node, needs_npm

SCRIPT = NODE.parents[1] / "musescore_plugin" / "chordllama.js"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=120, check=False)


@needs_node
def test_the_script_passes_its_own_tests_in_node() -> None:
    done = run("node", "--test", "chordllama.test.js")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout


@needs_npm
def test_the_script_is_es5_which_musescore_3_needs(tmp_path: Path) -> None:
    acorn = str(install_packages() / ".bin" / "acorn")
    done = run(acorn, "--ecma5", "--silent", str(SCRIPT))
    assert done.returncode == 0, done.stderr
    newer = tmp_path / "newer.js"
    newer.write_text(SCRIPT.read_text(encoding="utf-8") + "const newer = () => 1;\n", encoding="utf-8")
    assert run(acorn, "--ecma5", "--silent", str(newer)).returncode != 0
