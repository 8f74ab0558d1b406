"""What a text of the 2024 format says, from YAML's events to elements. Knows keys, positions and the tables; mends no lines.

Maps are lists of pairs here, for a model may write a key twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from ruamel.yaml.events import DocumentStartEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from chordllama.codec.classic.classic_documents import DEEPEST, ClassicPart, Element, together
from chordllama.codec.classic.mending import Counts, SourceLine
from chordllama.codec.classic.table import CHILDREN, FORMS, KEPT, LEFT_OUT, NAMES, NEEDED, REPEATED
from chordllama.codec.words.yaml_subset import guarded_events
from chordllama.errors import ClassicError


class Fault(Exception):
    """What can't be read, and where: the line from 0, the column from 1. `missing`: something isn't there that has to be."""

    def __init__(
        self,
        problem: str,
        place: int,
        column: int,
        *,
        missing: bool = False,
        cause: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem, self.place, self.column, self.missing = problem, place, column, missing
        self.cause, self.hint = cause, hint

    def error(self, lines: list[SourceLine]) -> ClassicError:
        """Return the error for people, with the line and column of the text as it was given."""
        line = lines[min(self.place, len(lines) - 1)] if lines else SourceLine("", 1)
        place = f"line {line.number}, column {max(1, self.column + line.shift)}"
        return ClassicError(f"{place}: {self.problem}", cause=self.cause, hint=self.hint)


class KeyedNode(NamedTuple):
    """A key with its value; the line from 0, the column from 1."""

    key: str
    node: Node
    place: int
    column: int


class Node(NamedTuple):
    """A value: null (None), a word ("" where nothing stands), a list, or (a tuple) a map, in which a key may stand twice."""

    content: str | list[Node] | tuple[KeyedNode, ...] | None
    place: int
    column: int


def documents(text: str) -> Iterator[Node]:
    """Yield the values of the documents in a text.

    Raises:
        Fault: a key is none.
        Refused: it isn't YAML, or uses what no score needs.
    """
    events = guarded_events(text, 2 * DEEPEST)  # an element may stand in a list of its siblings
    for event in events:
        if isinstance(event, DocumentStartEvent):
            yield _node(next(events), events)


def _node(event: Event, events: Iterator[Event]) -> Node:
    place, column = _place(event)
    if isinstance(event, ScalarEvent):
        is_null = event.implicit[0] and event.value in ("~", "null", "Null", "NULL")
        return Node(None if is_null else event.value, place, column)
    if isinstance(event, MappingStartEvent):
        return Node(tuple(_pairs(events)), place, column)
    return Node(list(_nodes(events)), place, column)


def _nodes(events: Iterator[Event]) -> Iterator[Node]:
    for event in events:
        if not isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            return
        yield _node(event, events)


def _pairs(events: Iterator[Event]) -> Iterator[KeyedNode]:
    for event in events:
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            raise Fault("a map or list is no key", *_place(event))
        if not isinstance(event, ScalarEvent):
            return
        yield KeyedNode(event.value, _node(next(events), events), *_place(event))


def _place(event: Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None, "ruamel marks what it parses"
    return mark.line, mark.column + 1


_NUMBERED = re.compile(r"a([0-9]{1,6})_(.+)")
_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?")
_Numbered = list[tuple[int | None, Element]]
"""The children of a measure with their numbers; `attributes` have none."""


class ClassicReader:
    """Makes elements of nodes, and counts what it mends."""

    def __init__(self, lines: list[SourceLine]) -> None:
        self.counts = Counts()
        self._lines = lines

    def parts(self, documents: list[Node]) -> tuple[ClassicPart, ...]:
        """Return an instruction and the measures after it, part by part."""
        found: list[tuple[Node, list[Node]]] = []
        for node in documents:
            if not isinstance(node.content, list):
                found.append((node, []))
            elif found:
                found[-1][1].extend(node.content)
            else:
                hint = "put the map with divisions, key, time and clef, and a line ---, before the measures"
                raise _fault("measures without an instruction", node, hint=hint)
        if not found:
            raise Fault("there is no part", 0, 1)
        return tuple(self._part(node, measures) for node, measures in found)

    def _part(self, node: Node, measures: list[Node]) -> ClassicPart:
        instruction = self._element("attributes", node)
        if not measures:
            raise _fault("no measures follow this instruction", node)
        return ClassicPart(instruction, self._measures(measures))

    def measures(self, documents: list[Node]) -> tuple[Element, ...]:
        """Return the measures of the one document there is."""
        if len(documents) != 1 or not isinstance(documents[0].content, list) or not documents[0].content:
            raise _fault("a list of measures is expected here", *documents[:1] or [Node(None, 0, 1)])
        return self._measures(documents[0].content)

    def _measures(self, nodes: list[Node]) -> tuple[Element, ...]:
        found: list[tuple[Node, _Numbered]] = []
        last: int | None = None
        for node in nodes:
            before, last, begins = last, None, True
            for number, child, pair in self._numbered(node):
                if begins and number and number - 1 == before:
                    self.counts["joined"] += 1
                elif begins or (number == 0 and self._restarts(last, pair)):
                    found.append((node, []))
                begins = False
                found[-1][1].append((number, child))
                last = last if number is None else number
            if begins:
                found.append((node, []))
        return tuple(self._measure(node, children) for node, children in found)

    def _restarts(self, last: int | None, pair: KeyedNode) -> bool:
        """Whether a number 0 begins a measure whose dash is missing; after a higher number it does."""
        if last == 0:
            raise _fault("this may be a measure without its dash, or one more element of this measure", pair)
        self.counts["dash"] += last is not None
        return last is not None

    def _numbered(self, node: Node) -> Iterator[tuple[int | None, Element, KeyedNode]]:
        """The children of a measure, each with its number (`attributes` have none) and where it stands."""
        if node.content == "":
            raise _fault("a measure is expected here", node, missing=True)
        if isinstance(node.content, str | list):
            raise _fault("a measure is a map of a00_note, a01_note and so on", node)
        for pair in node.content or ():
            numbered = _NUMBERED.fullmatch(pair.key)
            name = numbered[2] if numbered else pair.key
            if self._is_kept("measure", pair._replace(key=name)):
                for single in _singles(pair.node) if name == "attributes" else [pair.node]:
                    yield int(numbered[1]) if numbered else None, self._element(name, single, pair), pair

    def _measure(self, node: Node, children: _Numbered) -> Element:
        numbers = [number for number, child in children if child.tag != "attributes"]
        known = {number for number in numbers if number is not None}
        self.counts["unnumbered"] += numbers.count(None)
        self.counts["renumbered"] += len(numbers) - numbers.count(None) - len(known)
        found = [child for _, child in children]
        if len(known) == len(numbers):
            self.counts["gap"] += known != set(range(len(known)))
            found = [child for _, child in sorted(_after_their_number(children), key=itemgetter(0))]
        return Element("measure", children=together(found, "attributes"), where=self._where(node))

    def _element(self, tag: str, node: Node, at: KeyedNode | None = None) -> Element:
        """The element of a node; `at` is the key under which it stands."""
        if isinstance(node.content, list):
            raise _fault(f"{tag} is no list", at or node)
        text = node.content if isinstance(node.content, str) else ""
        attributes: dict[str, str] = {}
        children: dict[str, list[Element]] = {}
        for pair in node.content if isinstance(node.content, tuple) else ():
            if pair.key == "#text":
                text = self._word(pair)
            elif pair.key.startswith("@") and _XML_NAME.fullmatch(pair.key[1:]):
                attributes[pair.key[1:]] = self._word(pair)
            elif self._is_kept(tag, pair):
                self._add(tag, pair, children)
        _check(tag, text, children, at or node)
        found = tuple(child for siblings in children.values() for child in siblings)
        return Element(tag, text.strip(), tuple(attributes.items()), found, self._where(at or node))

    def _add(self, tag: str, pair: KeyedNode, children: dict[str, list[Element]]) -> None:
        nodes = _singles(pair.node)
        several = (tag, pair.key) in REPEATED or pair.key not in CHILDREN.get(tag, ())
        if len(nodes) > 1 and not several:
            raise _fault(f"{tag} has one {pair.key}, and not {len(nodes)}", pair)
        found = [self._element(pair.key, node, pair if len(nodes) == 1 else None) for node in nodes]
        before = children.setdefault(pair.key, [])
        if before and before != found and not several:
            raise _fault(f"{pair.key} stands here a second time, with another value", pair)
        if before:
            self.counts["repeated" if before == found else "listed"] += 1
        before.extend(found if before != found else ())

    def _is_kept(self, parent: str, pair: KeyedNode) -> bool:
        """Whether a child is one that is kept; what MusicXML has there besides is counted."""
        name, known = pair.key, CHILDREN.get(parent)
        if name in LEFT_OUT.get(parent, ()):
            self.counts["left out"] += 1
            return False
        if not _XML_NAME.fullmatch(name) or ":" in name:
            raise _fault(f'"{name[:40]}" is no name of an element', pair)
        if known is not None and name not in known and (parent in KEPT or name in NAMES):
            raise _fault(f"{name} has no place in {parent}", pair, cause=f"there may be: {', '.join(known)}")
        return True

    def _word(self, pair: KeyedNode) -> str:
        if isinstance(pair.node.content, list | tuple):
            raise _fault(f"{pair.key} is one word, and no map or list", pair)
        return pair.node.content or ""

    def _where(self, at: Node | KeyedNode) -> tuple[int, int]:
        line = self._lines[at.place]
        return line.number, max(1, at.column + line.shift)


def _fault(
    problem: str, at: Node | KeyedNode, *, missing: bool = False, cause: str | None = None, hint: str | None = None
) -> Fault:
    return Fault(problem, at.place, at.column, missing=missing, cause=cause, hint=hint)


def _check(tag: str, text: str, children: dict[str, list[Element]], at: Node | KeyedNode) -> None:
    """Refuse a value that isn't what its element says, and an element without what it needs."""
    form = FORMS.get(tag)
    if form and not form.pattern.fullmatch(text):
        raise _fault(
            f'{tag} "{text[:40]}" is not {form.wanted}' if text else f"{tag} lacks {form.wanted}", at, missing=not text
        )
    for group in NEEDED.get(tag, ()):
        if not any(name in children for name in group):
            raise _fault(f"{tag} lacks {group[0]}", at, missing=True)


def _singles(node: Node) -> list[Node]:
    """The items of a list, or what is none."""
    return node.content if isinstance(node.content, list) else [node]


def _after_their_number(children: _Numbered) -> Iterator[tuple[int, Element]]:
    """Each child with its number, `attributes` with that of what they follow."""
    last = -1
    for number, child in children:
        last = last if number is None else number
        yield last, child
