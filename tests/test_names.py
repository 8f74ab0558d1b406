"""One name, one meaning: among public classes, among files, and in how functions are described."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for room in ("chordllama", "server/chordllama_server") for path in (ROOT / room).rglob("*.py"))
ROOMS = sorted({path.parent for path in FILES})
NO_VERB = re.compile(
    r"(the|a|an|what|which|who|whose|where|when|how|whether|each|every|all|some|no|one|those|that|its|by|in|of|so|as|it)\b"
    r"|`|[a-z]+'s ",
    re.IGNORECASE,
)
"""How a docstring begins that doesn't begin with a verb."""


def classes() -> Iterator[tuple[str, Path]]:
    for path in FILES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, path


def returns_nothing(node: ast.FunctionDef) -> bool:
    return isinstance(node.returns, ast.Constant) and node.returns.value is None


def test_no_two_public_classes_have_one_name() -> None:
    where = defaultdict(list)
    for name, path in classes():
        where[name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_no_two_files_have_one_name() -> None:
    where = defaultdict(list)
    for path in FILES:
        if path.name != "__init__.py":
            where[path.name].append(str(path.parent.relative_to(ROOT)))
    assert {name: folders for name, folders in where.items() if len(folders) > 1} == {}


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """The public functions and methods of a file, but for properties, which are nouns, and what a protocol's name says."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for parent in ast.walk(tree):
        for node in ast.iter_child_nodes(parent):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            is_inner = isinstance(parent, ast.FunctionDef)
            if not is_inner and not any("property" in name or "option" in name for name in decorators):
                yield node


@pytest.mark.parametrize("room", ROOMS, ids=[str(room.relative_to(ROOT)) for room in ROOMS])
def test_a_public_function_says_what_it_does_beginning_with_a_verb(room: Path) -> None:
    faults = [
        f"{path.name}:{node.lineno} {node.name}: {described.splitlines()[0]}"
        for path in sorted(room.glob("*.py"))
        for node in functions(path)
        if (described := ast.get_docstring(node))
        and (NO_VERB.match(described) or (described.startswith("Return") and returns_nothing(node)))
    ]
    assert faults == []
