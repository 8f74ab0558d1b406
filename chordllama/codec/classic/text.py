"""The text of the 2024 Chord Llama format: `dumps` and `loads`. Knows YAML and the format's keys; documents.py knows MusicXML.

A part is two documents, its instruction and its measures; a stream of documents holds all parts. Several lists of measures after
one instruction go on from each other, so that a row of training data (instruction, input, output) is a part, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import TypeVar

from chordllama.codec.classic.classic_documents import ClassicPart, Element
from chordllama.codec.classic.mending import (
    MENDINGS,
    Counts,
    SourceLine,
    lines_of,
    looks_broken,
    mend,
    without_last_measure,
)
from chordllama.codec.classic.reader import ClassicReader, Fault, Node, documents
from chordllama.codec.report import Report
from chordllama.codec.words.yaml_subset import YamlError
from chordllama.errors import ClassicError
from chordllama.limits import MOST_CLASSIC_LETTERS

T = TypeVar("T")
SEPARATOR = "---\n"

# --------------------------------------------------------------------------------------------------------------- writing


def dumps(parts: tuple[ClassicPart, ...]) -> str:
    """Return the parts as a stream of documents."""
    documents = ((dump_instruction(part.instruction), dump_measures(part.measures)) for part in parts)
    return SEPARATOR.join(document for pair in documents for document in pair)


def dump_row(part: ClassicPart) -> str:
    """Return the part as a row of training data, one line of JSON: the first half of its measures asks for the second."""
    half = (len(part.measures) + 1) // 2
    row = {
        "instruction": dump_instruction(part.instruction),
        "input": dump_measures(part.measures[:half]),
        "output": dump_measures(part.measures[half:]),
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def dump_instruction(instruction: Element) -> str:
    """Return the document of an instruction."""
    return "".join(f"{line}\n" for line in _map(instruction, "")) or "null\n"


def dump_measures(measures: tuple[Element, ...]) -> str:
    """Return the document of some measures."""
    return "".join(f"{line}\n" for measure in measures for line in _item(measure, "")) or "[]\n"


def _item(element: Element, indent: str) -> Iterator[str]:
    """The lines of one item of a list."""
    scalar = _scalar_of(element)
    if scalar is not None:
        yield f"{indent}- {scalar}"
        return
    for number, line in enumerate(_map(element, f"{indent}  ")):
        yield line if number else f"{indent}- {line.lstrip(' ')}"


def _map(element: Element, indent: str) -> Iterator[str]:
    """The lines of an element's attributes, children and text."""
    for name, value in element.attributes:
        yield f"{indent}'@{name}': {format_scalar(value)}"
    for key, siblings in _keyed(element):
        scalar = _scalar_of(siblings[0]) if len(siblings) == 1 else None
        yield f"{indent}{key}:" + (f" {scalar}" if scalar is not None else "")
        if len(siblings) > 1:
            for sibling in siblings:
                yield from _item(sibling, indent)
        elif scalar is None:
            yield from _map(siblings[0], f"{indent}  ")
    if element.text:
        yield f"{indent}'#text': {format_scalar(element.text)}"


def _keyed(element: Element) -> Iterator[tuple[str, list[Element]]]:
    """The keys of an element's children: names, or in a measure names after a number that keeps their order."""
    number = 0
    for tag, siblings in groupby(element.children, key=lambda child: child.tag):
        if element.tag != "measure" or tag == "attributes":
            yield tag, list(siblings)
            continue
        for sibling in siblings:
            yield f"a{number:02d}_{tag}", [sibling]
            number += 1


def _scalar_of(element: Element) -> str | None:
    """The value of an element that is one word; None where it is a map."""
    if element.attributes or element.children:
        return None
    return format_scalar(element.text) if element.text else "null"


_NO_WORD = re.compile(
    r"""
    | [,\[\]{}\#&*!|>'"%@`\s].* | [-?:](?:\s.*)? | (?:---|\.\.\.).* | .*:(?:\s.*)? | .*\s\#.* | .*\s
    | ~ | null | Null | NULL | = | <<
    | yes | Yes | YES | no | No | NO | true | True | TRUE | false | False | FALSE | on | On | ON | off | Off | OFF
    | [-+]?(?:0b[01_]+ | 0[0-7_]* | [1-9][0-9_]*(?::[0-5]?[0-9])* | 0x[0-9a-fA-F_]+)
    | (?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)? | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | [0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:(?:[Tt]|[\ \t]+)[0-9:.\ \tZz+-]+)?
    """,
    re.VERBOSE,
)
"""What is no word to the YAML 1.1 with which the data set was written."""
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x85": "\\N", "\xa0": "\\_"}
_ESCAPES |= {"\u2028": "\\L", "\u2029": "\\P"}


@lru_cache(maxsize=4096)
def format_scalar(text: str) -> str:
    """Return a text as the data set spells it: plain, else in single, else, with signs beyond ASCII escaped, in double quotes."""
    if not text.isascii() or not text.isprintable():
        return '"' + "".join(map(_escape, text)) + '"'
    return "'" + text.replace("'", "''") + "'" if _NO_WORD.fullmatch(text) else text


def _escape(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if " " <= c <= "~":
        return c
    code = ord(c)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# --------------------------------------------------------------------------------------------------------------- reading


def loads(text: str, report: Report | None = None) -> tuple[ClassicPart, ...]:
    """Return the parts that a stream of documents, or a row of training data, says; what was mended is told in the report.

    Raises:
        ClassicError: the text breaks the format where only its writer knows what was meant; names line and column.
    """
    return _understand(_unrowed(text), ClassicReader.parts, report)


def load_measures(text: str, report: Report | None = None) -> tuple[Element, ...]:
    """Return the measures of one document without an instruction, as a model answers.

    Raises:
        ClassicError: as `loads`.
    """
    return _understand(text, ClassicReader.measures, report)


def _unrowed(text: str) -> str:
    """The documents of a row of training data; another text as it is."""
    if not text.lstrip().startswith('{"'):
        return text
    try:
        row = json.loads(text)
        fields = [row[name] for name in ("instruction", "input", "output") if row.get(name, "").strip()]
    except (ValueError, RecursionError, AttributeError) as error:
        raise ClassicError(
            "line 1, column 1: this is no row of training data",
            cause=f"wanted one JSON object with texts named instruction, input and output ({error})",
            hint="give one row at a time",
        ) from error
    return SEPARATOR.join(f"{field.rstrip()}\n" for field in fields)


def _understand(text: str, read: Callable[[ClassicReader, list[Node]], T], report: Report | None) -> T:
    """What `read` makes of a text: as it is, else mended, else without a last measure that is cut off."""
    if len(text) > MOST_CLASSIC_LETTERS:
        raise ClassicError(
            f"the text is too long: more than {MOST_CLASSIC_LETTERS:,} characters", hint="give its parts one by one"
        )
    lines, counts = lines_of(text), Counts()
    found = None if looks_broken(text) else _attempt(lines, read, counts)
    if found is None or isinstance(found, Fault):
        lines, counts = mend(lines)
        found = _attempt(lines, read, counts)
    if isinstance(found, Fault) and (shorter := without_last_measure(lines, found.place, found.missing)) is not None:
        counts["cut off"] += 1
        whole = _attempt(shorter, read, counts)
        found = found if isinstance(whole, Fault) else whole
    if isinstance(found, Fault):
        raise found.error(lines)
    if report is not None:
        report.mended.update({MENDINGS[name]: count for name, count in counts.items() if count})
    return found


def _attempt(lines: list[SourceLine], read: Callable[[ClassicReader, list[Node]], T], counts: Counts) -> T | Fault:
    """What `read` makes of the lines, its mendings counted, or the fault that it meets."""
    reader = ClassicReader(lines)
    try:
        found = read(reader, list(documents("\n".join(line.text for line in lines))))
    except Fault as fault:
        return fault
    except YamlError as refused:
        return Fault(refused.problem, max(0, refused.line - 1), max(1, refused.column), cause=refused.cause)
    counts.update(reader.counts)
    return found
