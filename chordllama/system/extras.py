"""The extras of the package: whether what a command needs is installed. Reads the package's own metadata."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution, requires

from chordllama.errors import ChordLlamaError

_REQUIREMENT = re.compile(r"""([\w.-]+)[^;]*;.*\bextra == ["']([\w-]+)["']""")


def need(extra: str) -> None:
    """Raise ChordLlamaError where a package of an extra isn't installed. Asked at a command's start, before any work is done."""
    told = (_REQUIREMENT.match(requirement) for requirement in requires("chordllama") or ())
    missing = [found[1] for found in told if found and found[2] == extra and not _is_installed(found[1])]
    if missing:
        raise ChordLlamaError(
            f'the packages of "{extra}" are missing',
            cause=", ".join(missing),
            hint=f"install them: pip install 'chordllama[{extra}]'",
        )


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
