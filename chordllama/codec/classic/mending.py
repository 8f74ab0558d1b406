"""What a model breaks in text of the 2024 format, put right where only one thing can be meant. Knows lines and the tables; no YAML.

Lines may go, come and move, but each knows where it stood, so that a fault that stays is told with the writer's own line and column.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chordllama.codec.classic.table import CHILDREN, KEPT, NAMES

MENDINGS = {
    "fence": "a code fence and what stands outside of it is left out",
    "end": "what follows the model's sign for the end of its text is left out",
    "tab": "a tab before a line is read as two spaces",
    "quotes": "quotes around a key that begins with @ or # are put in",
    "colon": "a missing colon, or the space after it, is put in",
    "separator": "a missing line between instruction and measures is put in",
    "dash": "a missing dash before a measure is put in",
    "indentation": "a line is indented as its key asks for",
    "joined": "a dash within a measure is taken off",
    "gap": "a gap in a measure's numbers is closed",
    "unnumbered": "a missing number in a measure is put in",
    "renumbered": "a number that stands twice in a measure is counted on",
    "repeated": "a key that stands twice with the same value is read once",
    "listed": "a key that stands twice with two values is read as a list of them",
    "left out": "what the format doesn't keep is left out",
    "cut off": "the last measure is cut off and left out",
}
"""Everything that is mended, by the name under which it is counted."""
Counts = Counter[str]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line, with its number in the writer's text, and how many columns further right its content stood there."""

    text: str
    number: int
    shift: int = 0


_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BROKEN_UNSEEN = re.compile(r"<\|\w+\|>|</s>|^[ \t]*(?:-[ \t]+)?#text\b", re.MULTILINE)


def lines_of(text: str) -> list[SourceLine]:
    """Return the lines of a text."""
    return [SourceLine(line, number) for number, line in enumerate(_BREAK.split(text), 1)]


def looks_broken(text: str) -> bool:
    """Tell whether a text has faults that YAML wouldn't see: it takes `#text: major` for a comment."""
    return _BROKEN_UNSEEN.search(text) is not None


def mend(lines: Sequence[SourceLine]) -> tuple[list[SourceLine], Counts]:
    """Return the lines, mended, and how often each of `MENDINGS` was needed."""
    counts: Counts = Counter()
    found = list(lines)
    for rule in _RULES:
        found = rule(found, counts)
    return found, counts


# ------------------------------------------------------------------------------------------------------------ line by line


def _unfenced(lines: list[SourceLine], counts: Counts) -> list[SourceLine]:
    """What stands in the one code block there is; a single fence ends it if a measure stands before, and else begins it."""
    fences = [place for place, line in enumerate(lines) if line.text.lstrip().startswith("```")]
    if not 1 <= len(fences) <= 2:
        return lines
    counts["fence"] += 1
    if len(fences) == 1 and any(_MEASURE.fullmatch(line.text.rstrip()) for line in lines[: fences[0]]):
        return lines[: fences[0]]
    return lines[fences[0] + 1 : fences[1] if len(fences) == 2 else None]


_END = re.compile(r"<\|(?:eot_id|end_of_text|eom_id|im_end|endoftext)\|>|</s>")


def _ended(lines: list[SourceLine], counts: Counts) -> list[SourceLine]:
    for place, line in enumerate(lines):
        end = _END.search(line.text)
        if end:
            counts["end"] += 1
            return [*lines[:place], replace(line, text=line.text[: end.start()])]
    return lines


_INDENT = re.compile(r"[ \t]*")


def _untabbed(lines: list[SourceLine], counts: Counts) -> list[SourceLine]:
    return [_untab(line, counts) for line in lines]


def _untab(line: SourceLine, counts: Counts) -> SourceLine:
    found = _INDENT.match(line.text)
    indent = found[0] if found else ""
    if "\t" not in indent:
        return line
    counts["tab"] += 1
    wide = indent.replace("\t", "  ")
    return SourceLine(wide + line.text[len(indent) :], line.number, line.shift + len(indent) - len(wide))


_NAME = r"""a\d+_(?:{0})|attributes|{0}|'[@#][\w:.-]+'|"[@#][\w:.-]+"|[@#][\w.-]+(?::[\w.-]+)*""".format(
    "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True))
)
_KEY = re.compile(rf"(?P<start>[ ]*(?:-[ ]+)?)(?P<key>{_NAME})(?![\w-])(?P<colon>[ ]*:)?(?P<space>[ ]*)(?P<value>.*)")
_ONE_WORD = re.compile(r"""[^\s:'"]+|'[^']*'|"[^"]*"|""")


def _keyed(lines: list[SourceLine], counts: Counts) -> list[SourceLine]:
    """Quotes and colons where a line begins with a known key. A last line without a colon may be cut off: it stays."""
    last = max((place for place, line in enumerate(lines) if line.text.strip()), default=0)
    return [_key(line, counts, is_last=place >= last) for place, line in enumerate(lines)]


def _key(line: SourceLine, counts: Counts, is_last: bool) -> SourceLine:
    found = _KEY.fullmatch(line.text.rstrip())
    if not found:
        return line
    key, value = found["key"], found["value"]
    if key[0] in "@#":
        counts["quotes"] += 1
        key = f"'{key}'"
    if found["colon"] is None and (is_last or not _ONE_WORD.fullmatch(value)):
        return replace(line, text=f"{found['start']}{key}{found['space']}{value}")
    if found["colon"] is None or (value and not found["space"]):
        counts["colon"] += 1
    return replace(line, text=f"{found['start']}{key}:{' ' * bool(value)}{value}")


# -------------------------------------------------------------------------------------------------------------- structure


@dataclass(frozen=True, slots=True)
class _Open:
    """An element whose children may follow, and the column in which they stand."""

    name: str
    column: int


class _Unclear(Exception):
    """A line may stand in several places, or in none."""


_STRUCTURED = re.compile(
    r"""(?P<dash>-(?:[ ]+|$))?(?:(?P<key>'[@#][\w:.-]+'|"[@#][\w:.-]+"|[A-Za-z_][\w.-]*):(?:[ ]+(?P<value>.+))?|(?P<item>.*))"""
)
_NUMBERED = re.compile(r"a(\d+)_(.+)")


def _indented(lines: list[SourceLine], counts: Counts) -> list[SourceLine]:
    """Dashes and indentation by what may stand in what, as long as that is clear for every line."""
    structure = _Structure()
    try:
        for line in lines:
            structure.take(line)
    except _Unclear:
        return lines
    counts.update(structure.counts)
    return structure.lines


class _Structure:
    """Puts lines in their place, one after the other."""

    def __init__(self) -> None:
        self.lines: list[SourceLine] = []
        self.counts: Counts = Counter()
        self._open: list[_Open] = []

    def take(self, line: SourceLine) -> None:
        """Put a line in its place.

        Raises:
            _Unclear: that isn't clear.
        """
        content = line.text.strip()
        if not content or content in ("---", "..."):
            self._open = self._open if not content else []
            self.lines.append(line)
            return
        found = _STRUCTURED.fullmatch(content)
        if found is None or (found["item"] and not found["dash"]):
            raise _Unclear
        dash, key = bool(found["dash"]), (found["key"] or "").strip("'\"")
        content = f"- {content[1:].lstrip()}".rstrip() if dash else content
        numbered = _NUMBERED.fullmatch(key)
        name = numbered[2] if numbered else key
        if numbered or (name == "attributes" and not self._is_instruction()):
            self._measure_child(line, content, dash)
        elif dash:
            self._list_item(line, content, name)
        else:
            self._put(line, content, self._home(name))
        if key and not found["value"]:
            self._open.append(_Open(name, self._open[-1].column + 2))

    def _is_instruction(self) -> bool:
        return bool(self._open) and self._open[0].name == "attributes"

    def _measure_child(self, line: SourceLine, content: str, dash: bool) -> None:
        within = bool(self._open) and self._open[0].name == "measure"
        if dash or not within:
            if self._is_instruction():
                self.counts["separator"] += 1
                self.lines.append(SourceLine("---", line.number))
            self.counts["dash"] += not dash
            self._open = [_Open("measure", 2)]
            content = content if dash else f"- {content}"
            self._emit(line, content, 0)
        else:
            self._put(line, content, 0)

    def _list_item(self, line: SourceLine, content: str, name: str) -> None:
        """An item of the list that is open, or an empty measure."""
        if not name and (not self._open or self._open[-1].name in KEPT):
            self._open = [_Open("measure", 2)]
            self._emit(line, content, 0)
            self._open = []
            return
        home = self._home(name) if name else len(self._open) - 1
        if home == 0:
            raise _Unclear
        del self._open[home + 1 :]
        self._emit(line, content, self._open[home].column - 2)

    def _home(self, name: str) -> int:
        """The place among the open elements of the one that may hold `name`; at a document's start that is an instruction."""
        if not self._open and name in CHILDREN["attributes"]:
            self._open = [_Open("attributes", 0)]
        if name[0] in "@#":
            homes = list(range(len(self._open)))
        else:
            homes = [place for place, opened in enumerate(self._open) if name in CHILDREN.get(opened.name, ())]
        if not homes:
            raise _Unclear
        return homes[-1]

    def _put(self, line: SourceLine, content: str, home: int) -> None:
        del self._open[home + 1 :]
        self._emit(line, content, self._open[home].column)

    def _emit(self, line: SourceLine, content: str, column: int) -> None:
        before = len(line.text) - len(line.text.lstrip())
        text = " " * column + content
        self.counts["indentation"] += text != line.text.rstrip() and text.split() == line.text.split()
        self.lines.append(SourceLine(text, line.number, line.shift + before - column))


_RULES: tuple[Callable[[list[SourceLine], Counts], list[SourceLine]], ...] = (
    _unfenced,
    _ended,
    _untabbed,
    _keyed,
    _indented,
)

# ------------------------------------------------------------------------------------------------------------- cut off

_MEASURE = re.compile(r"-(?:[ ]+null)?|[ ]*-[ ]+(?:a(?:\d.*)?|attributes\b.*)")
_CHILD = re.compile(r"[ ]*(?:-[ ]*)?a\d+_?.*")
_UNFINISHED = re.compile(r"""[ ]*(?:-[ ]*)?(?:['"]?[@#a-z0-9_.-]*['"]?|['"]?[@#]?[a-z][\w.-]*['"]?[ ]*:.*)""")


def without_last_measure(lines: list[SourceLine], place: int, missing: bool) -> list[SourceLine] | None:
    """Return the lines before the last measure, if the fault in the line at `place` (from 0) is that it is cut off.

    That is so where something is `missing` in the measure's last element, or where the last line of all is at fault and may be the
    beginning of one.
    """
    last = max((n for n, line in enumerate(lines) if line.text.strip()), default=0)
    measure = max((n for n, line in enumerate(lines) if _MEASURE.fullmatch(line.text.rstrip())), default=-1)
    child = max((n for n, line in enumerate(lines) if _CHILD.fullmatch(line.text.rstrip())), default=last)
    is_cut = place >= (child if missing else last) and _UNFINISHED.fullmatch(lines[last].text.rstrip()) is not None
    return lines[:measure] if is_cut and measure >= 0 else None
