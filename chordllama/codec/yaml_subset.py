"""The part of YAML that the compact text uses: maps, lists and words as words. Knows nothing of music.

Anchors, aliases, tags, merge keys, several documents and block scalars are refused: no score needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from chordllama.codec.texts import has_forbidden
from chordllama.errors import CompactError
from chordllama.limits import LONGEST_LINE, MOST_LETTERS

T = TypeVar("T")
V = TypeVar("V")
LONGEST_PROBLEM = 300
"""Letters of an error's sentence."""
DEEPEST = 4
"""How deep maps and lists may stand in one another."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value and its line (counted from 1)."""

    key: str
    value: str | list[Entry]
    line: int

    def error(self, problem: str) -> CompactError:
        """The error that says where this entry stands; of a `problem` that quotes too much, the beginning and the end."""
        short = problem if len(problem) <= LONGEST_PROBLEM else f"{problem[:150]} … {problem[-100:]}"
        return CompactError(f"line {self.line}, {self.key[:40]}: {short}")

    def text(self) -> str:
        """The value, which must be one word or text."""
        if isinstance(self.value, str):
            return self.value
        raise self.error("one value was expected here, not a map or list")

    def parsed(self, value: V, parse: Callable[[V], T]) -> T:
        """What `parse` makes of the value or some of its words; its `ValueError` becomes ours."""
        try:
            return parse(value)
        except CompactError:
            raise
        except ValueError as error:
            raise self.error(str(error)) from error

    def entries(self, what: str) -> list[Entry]:
        """The value, which must be a map or list, or empty."""
        if isinstance(self.value, list):
            return self.value
        if self.value == "":
            return []
        raise self.error(f"{what} is a map, not {self.value!r}")


def read_map(text: str) -> list[Entry]:
    """The entries of the one map that a text must be.

    Raises:
        CompactError: it isn't YAML, or uses what the format doesn't; names the line.
    """
    _check_size(text)
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        return list(_document(iter(events)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise CompactError(
            f"{where}this is not YAML", cause=" ".join(str(error.problem or error.context).split())
        ) from error
    except YAMLError as error:
        raise CompactError("this is not YAML", cause=" ".join(str(error).split())) from error
    except RecursionError as error:
        raise CompactError("this is no compact score", cause="lists or maps stand too deep in one another") from error


def _check_size(text: str) -> None:
    if len(text) > MOST_LETTERS:
        raise CompactError(f"the text is too long: {len(text):,} letters, where {MOST_LETTERS:,} are the most")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            raise CompactError(f"line {number}: {len(line):,} letters, where {LONGEST_LINE:,} are the most")


def _document(events: Iterator[Event]) -> Iterator[Entry]:
    documents = 0
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _refused(event, "a second document")
        elif isinstance(event, MappingStartEvent) and documents:
            _refuse_specials(event)
            yield from _map(events, 1)
        elif isinstance(event, ScalarEvent | SequenceStartEvent | AliasEvent):
            raise _refused(event, "a list or single value in place of a map")


def _map(events: Iterator[Event], depth: int) -> Iterator[Entry]:
    seen: set[str] = set()
    for event in events:
        if not isinstance(event, ScalarEvent):
            if isinstance(event, MappingStartEvent | SequenceStartEvent | AliasEvent):
                raise _refused(event, "a map or list as a key")
            return
        _refuse_specials(event)
        key, line = event.value, event.start_mark.line + 1
        if key in seen:
            raise CompactError(f"line {line}: {key} stands here a second time")
        if key == "<<":
            raise _refused(event, "a merge key")
        seen.add(key)
        yield Entry(key, _value(events, depth), line)


def _value(events: Iterator[Event], depth: int) -> str | list[Entry]:
    return _node(next(events), events, depth)


def _node(event: Event, events: Iterator[Event], depth: int) -> str | list[Entry]:
    _refuse_specials(event)
    if isinstance(event, ScalarEvent):
        if has_forbidden(event.value):
            raise _refused(event, "a character that no MusicXML may hold")
        return str(event.value)
    if depth >= DEEPEST:
        raise _refused(event, "so many maps and lists in one another")
    if isinstance(event, MappingStartEvent):
        return list(_map(events, depth + 1))
    return list(_sequence(events, depth + 1))


def _sequence(events: Iterator[Event], depth: int) -> Iterator[Entry]:
    for number, event in enumerate(events, 1):
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
            return
        yield Entry(f"item {number}", _node(event, events, depth), event.start_mark.line + 1)


def _refuse_specials(event: Any) -> None:
    if isinstance(event, AliasEvent):
        raise _refused(event, "an alias")
    if event.anchor:
        raise _refused(event, "an anchor")
    if event.tag:
        raise _refused(event, "a tag")
    if isinstance(event, ScalarEvent) and event.style in ("|", ">"):
        raise _refused(event, "a block of text")


def _refused(event: Any, what: str) -> CompactError:
    return CompactError(f"line {event.start_mark.line + 1}: {what} has no place in a compact score")


# --------------------------------------------------------------------------------------------------------------- writing

_UNSAFE_PLAIN = re.compile(
    r"""
    ^[\s\-?:,\[\]{}\#&*!|>'"%@`]     # begins with an indicator
    | :(?:\s|$) | \s\#               # would end the value
    | \s$ | ^$
    | ^(?:[-+.\d_][-+.:,eEoOxX\d_a-fA-F]*|~|null|true|false|yes|no|on|off|y|n|=|<<|\.inf|\.nan)$   # is no word to YAML
    """,
    re.VERBOSE | re.IGNORECASE,
)


def format_scalar(text: str) -> str:
    """A text as a YAML scalar that every reader takes for that text: plain, else in single, else in double quotes."""
    if not text.isprintable():
        return _double_quoted(text)
    if _UNSAFE_PLAIN.search(text):
        return "'" + text.replace("'", "''") + "'"
    return text


def _double_quoted(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in text) + '"'


def _escape(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"
