"""The part of YAML that scores use: maps, lists and words as words. Knows nothing of music.

Anchors, aliases, tags, merge keys and block scalars are refused: no score needs them. The compact text is one map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from chordllama.codec.words.texts import has_forbidden
from chordllama.errors import CompactError
from chordllama.limits import LONGEST_LINE, MOST_LETTERS

T = TypeVar("T")
V = TypeVar("V")
LONGEST_PROBLEM = 300
"""Letters of an error's sentence."""
DEEPEST = 4
"""How deep maps and lists may stand in one another."""
TOO_DEEP = "so many maps and lists in one another"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value and its line (counted from 1)."""

    key: str
    value: str | list[Entry]
    line: int

    def error(self, problem: str) -> CompactError:
        """Return the error that says where this entry stands; of a `problem` that quotes too much, the beginning and the end."""
        short = problem if len(problem) <= LONGEST_PROBLEM else f"{problem[:150]} … {problem[-100:]}"
        return CompactError(f"line {self.line}, {self.key[:40]}: {short}")

    def text(self) -> str:
        """Return the value, which must be one word or text."""
        if isinstance(self.value, str):
            return self.value
        raise self.error("one value was expected here, not a map or list")

    def parsed(self, value: V, parse: Callable[[V], T]) -> T:
        """Return what `parse` makes of the value or some of its words; its `ValueError` becomes ours."""
        try:
            return parse(value)
        except CompactError:
            raise
        except ValueError as error:
            raise self.error(str(error)) from error

    def entries(self, what: str) -> list[Entry]:
        """Return the value, which must be a map or list, or empty."""
        if isinstance(self.value, list):
            return self.value
        if self.value == "":
            return []
        raise self.error(f"{what} is a map, not {self.value!r}")


class YamlError(Exception):
    """A text isn't YAML, or uses what no score needs. `line` and `column` count from 1, 0 where they aren't known."""

    def __init__(self, problem: str, line: int = 0, column: int = 0, cause: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column, self.cause = problem, line, column, cause


class _ShallowScanner(Scanner):
    """Refuses brackets in one another as soon as they are too deep.

    The events come too late for that: a bracket may begin a key, so ruamel first reads a thousand letters further, and what it
    does at each of them takes the longer, the more brackets are open.
    """

    def __init__(self, deepest: int, loader: Any) -> None:
        super().__init__(loader=loader)
        self._deepest = deepest

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 (ruamel's name)
        if len(self.flow_context) >= self._deepest:
            raise _refused(self.reader.get_mark(), TOO_DEEP)
        super().fetch_flow_collection_start(TokenClass, to_push)


def guarded_events(text: str, deepest: int) -> Iterator[Event]:
    """Yield ruamel's events of a text in which nothing is refused; at most `deepest` maps and lists stand in one another.

    Raises:
        Refused: it isn't YAML, or uses what no score needs.
    """
    depth = 0
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = partial(_ShallowScanner, deepest=deepest)
    try:
        for event in yaml.parse(text):
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                depth -= 1
            elif isinstance(event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent):
                depth += not isinstance(event, AliasEvent | ScalarEvent)
                _refuse_specials(event)
                if depth > deepest:
                    raise _refused(event.start_mark, TOO_DEEP)
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark
        if mark is None or (mark.index >= len(text) and error.context_mark):
            mark = error.context_mark  # where what never ends begins
        cause = " ".join(str(error.problem or error.context).split())
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise YamlError("this is not YAML", line, column, cause) from error
    except ReaderError as error:
        line, column = text.count("\n", 0, error.position) + 1, error.position - text.rfind("\n", 0, error.position)
        raise YamlError("this is not YAML", line, column, " ".join(str(error).split())) from error
    except YAMLError as error:
        raise YamlError("this is not YAML", cause=" ".join(str(error).split())) from error
    except RecursionError as error:
        raise YamlError("this is not YAML", cause="lists or maps stand too deep in one another") from error


def _refuse_specials(event: Any) -> None:
    if isinstance(event, AliasEvent):
        raise _refused(event.start_mark, "an alias")
    if event.anchor:
        raise _refused(event.start_mark, "an anchor")
    if event.tag:
        raise _refused(event.start_mark, "a tag")
    if not isinstance(event, ScalarEvent):
        return
    if event.style in ("|", ">"):
        raise _refused(event.start_mark, "a block of text")
    if has_forbidden(event.value):
        raise _refused(event.start_mark, "a character that no MusicXML may hold")


def _refused(mark: Any, what: str) -> YamlError:
    return YamlError(f"{what} has no place in a score", mark.line + 1, mark.column + 1)


def read_map(text: str) -> list[Entry]:
    """Return the entries of the one map that a text must be.

    Raises:
        CompactError: it isn't YAML, or uses what the format doesn't; names the line.
    """
    _check_size(text)
    try:
        return list(_document(guarded_events(text, DEEPEST)))
    except YamlError as fault:
        where = f"line {fault.line}: " if fault.line else ""
        raise CompactError(f"{where}{fault.problem}", cause=fault.cause) from fault


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
                raise _refused(event.start_mark, "a second document")
        elif isinstance(event, MappingStartEvent) and documents:
            yield from _map(events)
        elif isinstance(event, ScalarEvent | SequenceStartEvent):
            raise _refused(event.start_mark, "a list or single value in place of a map")


def _map(events: Iterator[Event]) -> Iterator[Entry]:
    seen: set[str] = set()
    for event in events:
        if not isinstance(event, ScalarEvent):
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                raise _refused(event.start_mark, "a map or list as a key")
            return
        key, line = event.value, event.start_mark.line + 1
        if key in seen:
            raise CompactError(f"line {line}: {key} stands here a second time")
        if key == "<<":
            raise _refused(event.start_mark, "a merge key")
        seen.add(key)
        yield Entry(key, _node(next(events), events), line)


def _node(event: Event, events: Iterator[Event]) -> str | list[Entry]:
    if isinstance(event, ScalarEvent):
        return str(event.value)
    return list(_map(events) if isinstance(event, MappingStartEvent) else _sequence(events))


def _sequence(events: Iterator[Event]) -> Iterator[Entry]:
    for number, event in enumerate(events, 1):
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            return
        yield Entry(f"item {number}", _node(event, events), event.start_mark.line + 1)


# --------------------------------------------------------------------------------------------------------------- writing

_INDICATORS = frozenset(" -?:,[]{}#&*!|>'\"%@`")
"""What no plain scalar begins with."""
_NO_WORD = re.compile(
    r"[-+.\d_][-+.:,eEoOxX\d_a-fA-F]*|~|null|true|false|yes|no|on|off|y|n|=|<<|\.inf|\.nan", re.IGNORECASE
)
"""What YAML takes for something else than a word."""


def format_scalar(text: str) -> str:
    """Return a text as a YAML scalar that every reader takes for that text: plain, else in single, else in double quotes."""
    if not text.isprintable():
        return _double_quoted(text)
    if _is_plain(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _is_plain(text: str) -> bool:
    """Whether a printable text needs no quotes. The only white space that is printable is the space."""
    if not text or text[0] in _INDICATORS or text.endswith((" ", ":")) or ": " in text or " #" in text:
        return False
    return not _NO_WORD.fullmatch(text)


def _double_quoted(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else _escape(c) for c in text) + '"'


def _escape(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    return f"\\u{ord(c):04x}" if ord(c) <= 0xFFFF else f"\\U{ord(c):08x}"
