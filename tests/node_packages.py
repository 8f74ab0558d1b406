"""Node.js for tests, and the npm packages of tests/node, which are installed where they are missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).parent / "node"
_UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js isn't installed")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm isn't installed")


def install_packages() -> Path:
    """The folder of the packages. Skips the test where their registry can't be reached."""
    packages = NODE / "node_modules"
    if not (packages / ".package-lock.json").is_file():  # npm writes it last
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, timeout=300, check=False)
        if any(code in done.stderr for code in _UNREACHED):
            pytest.skip("npm reaches no registry")
        assert done.returncode == 0, done.stdout + done.stderr
    return packages
