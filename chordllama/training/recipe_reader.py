"""Reads a recipe: from one YAML file to one frozen dataclass. Knows dataclasses and their types; knows no key of any recipe.

A key's name, type and default stand in the dataclass alone: unknown and missing keys, wrong types and broken rules are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from chordllama.errors import ModelError

T = TypeVar("T")
Rule = tuple[Callable[[T], bool], str]
"""What has to hold for a whole recipe, and how to say so."""


def check(recipe: T, rules: Sequence[Rule[T]], path: Path) -> T:
    """Return the recipe, if it keeps all rules. Raises ModelError, which names those that are broken."""
    broken = [message for holds, message in rules if not holds(recipe)]
    if broken:
        raise ModelError(f"{path}: the recipe can't be trained", cause="; ".join(broken))
    return recipe


def read_yaml(path: Path) -> object:
    """Return the plain values of a YAML file. Raises ModelError where it can't be read or is no plain YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: the recipe can't be read", cause=error.strerror) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: the recipe is not valid YAML", cause=" ".join(str(error).split())) from error


def build(kind: type[T], node: object, file: str, section: str = "") -> T:
    """Return a dataclass from a mapping; `section` is its place in the file, "" for the top."""
    place = f"{file}: {section}" if section else file
    if not isinstance(node, dict):
        raise ModelError(f"{place}: found {_shown(node)}, wanted keys and values")
    _check_keys(kind, node, place)
    hints = get_type_hints(kind)
    values = {key: _value(hints[key], node[key], file, f"{section}.{key}".lstrip(".")) for key in node}
    return kind(**values)


def _check_keys(kind: type[Any], node: dict[object, object], place: str) -> None:
    allowed = {item.name: item for item in fields(kind)}
    hint = "Allowed keys: " + ", ".join(allowed)
    for key in node:
        if key not in allowed:
            raise ModelError(f'{place}: unknown key "{key}"', hint=hint)
    for name, item in allowed.items():
        if name not in node and item.default is MISSING and item.default_factory is MISSING:
            raise ModelError(f'{place}: the key "{name}" is missing', hint=hint)


def _value(kind: Any, node: object, file: str, section: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return build(kind, node, file, section)
    accepts, convert, wanted = _reading(kind)
    if not accepts(node):
        raise ModelError(f"{file}: {section}: found {_shown(node)}, wanted {wanted}")
    return convert(node)


Reading = tuple[Callable[[object], bool], Callable[[Any], Any], str]
"""What is accepted for a type, how it is turned into the value, and how to say what was wanted."""


def _reading(kind: Any) -> Reading:
    if get_origin(kind) is Literal:
        words = get_args(kind)
        return lambda node: isinstance(node, str) and node in words, _same, _either(words)
    if get_origin(kind) is UnionType or NoneType in get_args(kind):
        inner = next(part for part in get_args(kind) if part is not NoneType)
        accepts, convert, wanted = _reading(inner)
        return (
            lambda node: node is None or accepts(node),
            lambda node: None if node is None else convert(node),
            f"{wanted} or null",
        )
    return VALUES[kind]


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _shown(node: object) -> str:
    return "nothing" if node is None else f'"{node}"' if isinstance(node, str) else str(node)


def _is_integer(node: object) -> bool:
    return isinstance(node, int) and not isinstance(node, bool)


def _is_number(node: object) -> bool:
    return _is_integer(node) or isinstance(node, float)


def _are_strings(node: object) -> bool:
    return isinstance(node, list) and bool(node) and all(isinstance(item, str) and item for item in node)


def _same(node: Any) -> Any:
    return node


VALUES: dict[Any, Reading] = {
    int: (_is_integer, int, "a whole number"),
    float: (_is_number, float, "a number"),
    bool: (lambda node: isinstance(node, bool), _same, "true or false"),
    str: (lambda node: isinstance(node, str), _same, "a word"),
    tuple[str, ...]: (_are_strings, tuple, "a list of words"),
}
