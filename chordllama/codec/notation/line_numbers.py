"""Pairs and numbers of slurs, hairpins and other lines with two ends. Knows marks and directions; knows no notes and no bars.

MusicXML tells lines apart that are open at once by numbers, which programs choose freely and use again. So each end is paired with
its other end in the order of the file (`Pairs`), and in the order of the rows each line gets the smallest number that is free when
it is first met (`Numbers`): one score has one set of numbers. At one note the text says stops before starts: a line that begins
and ends there has a number of its own, which no open line has, and so is told from two lines that meet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from chordllama.codec.whitelist import DIRECTION_SIGNS, SIGN_BY_NAME
from chordllama.codec.words.values import LINES
from chordllama.limits import MOST_LINES
from chordllama.score.model import Direction, Mark, Ticks

Line = tuple[str, str]
"""The kind of a line (slur), and its name among lines of its kind."""


class End(NamedTuple):
    """One end of a line: its kind (slur), which end (start, stop; anything else goes on), and its name among lines of its kind."""

    kind: str
    end: str
    name: str

    @property
    def line(self) -> Line:
        return (self.kind, self.name)


_ENDS = {sign.name: (sign.element, sign.type) for sign in SIGN_BY_NAME.values() if sign.shape == "number"}
"""Kind and end of each mark that is one end of a line."""


def is_line(mark: Mark) -> bool:
    """Tell whether a mark is one end of a line."""
    return mark.name in _ENDS


def ends_in(marks: Iterable[Mark]) -> list[Mark]:
    """Return those of some marks that are ends of lines."""
    return [mark for mark in marks if mark.name in _ENDS]


def is_line_direction(direction: Direction) -> bool:
    """Tell whether a direction is one end of a line, or says that it goes on."""
    return DIRECTION_SIGNS[direction.name].shape in LINES


def end_of(sign: Mark | Direction) -> End:
    """Return which end, and of which line, a sign is."""
    if isinstance(sign, Mark):
        return End(*_ENDS[sign.name], sign.value)
    type, _, name = sign.value.partition(" ")
    return End(sign.name, _end_of_type(type), name)


_NOTHING: Set[tuple[str, int]] = frozenset()
_NO_LINES: Mapping[Line, Line] = {}
_NOTHING_OPEN: Mapping[Line, str] = {}


class Lines(ABC):
    """The open lines of one part; each end gets a label, by which the two ends of a line are known."""

    def __init__(self) -> None:
        self.position: Ticks = 0
        """Where in its bar stands what comes next."""
        self._alone_here: set[tuple[str, int]] = set()
        """Kinds and labels of the stops without a start at this note."""

    @abstractmethod
    def _take(self, end: End, used: Set[tuple[str, int]], *, meets: bool = False) -> int:
        """The label of one end; `used` are labels of its kind at the same note, and `meets`: there its line begins, too."""

    @abstractmethod
    def _label(self, kind: str, used: Set[tuple[str, int]], /) -> int:
        """The label of a new line."""

    @abstractmethod
    def end_row(self) -> None:
        """Begin the next row of the bar."""

    @abstractmethod
    def end_bar(self) -> None:
        """Begin the next bar."""

    def marks(self, marks: Sequence[Mark]) -> list[Mark]:
        """Return the marks of one note, in the source's order, with labels for numbers."""
        found = list(marks)
        places = [place for place, mark in enumerate(found) if mark.name in _ENDS]
        if not places:
            return found
        ends = [End(*_ENDS[found[place].name], found[place].value) for place in places]
        labels = [self._take(ends[0], _NOTHING)] if len(ends) == 1 else self._take_note(ends)
        for place, label in zip(places, labels, strict=True):
            found[place] = _labelled(found[place].name, label)
        return found

    def direction(self, direction: Direction) -> Direction:
        """Return the direction, with a label for the number if it is an end of a line."""
        if not is_line_direction(direction):
            return direction
        type = direction.value.partition(" ")[0]
        label = _written(self._take(end_of(direction), _NOTHING))
        return Direction(direction.name, f"{type} {label}".strip(), direction.offset)

    def _take_note(self, ends: list[End]) -> list[int]:
        found: dict[int, int] = {}
        inner: dict[tuple[str, str], int] = {}
        within = _within_note(ends)
        self._alone_here.clear()
        for index, end in sorted(enumerate(ends), key=lambda pair: _turn(pair[1], within)):
            if end.line not in within:
                meets = any(other.line == end.line and other.end != end.end for other in ends)
                used = {(kind, label) for (kind, _), label in inner.items()} | self._alone_here
                found[index] = self._take(end, used, meets=meets)
                continue
            if end.line not in inner:
                inner[end.line] = self._label(end.kind, {(ends[other].kind, label) for other, label in found.items()})
            found[index] = inner[end.line]
        return [found[index] for index in range(len(ends))]


class _Waiting(NamedTuple):
    """An end whose other end hasn't been met."""

    label: int
    end: str
    position: Ticks


class Pairs(Lines):
    """Lines by the source's numbers, in the order of the file: the labels are never used twice.

    A stop may come before its start, in a voice that is written earlier, but only within its bar and if the start is earlier in
    time. `seen` is whether what is read will be kept; `started` are the labels of lines whose beginning is kept. Lines of `before`
    are open already, and have the first labels.
    """

    def __init__(self, before: Iterable[Line] = ()) -> None:
        super().__init__()
        self._open: dict[Line, _Waiting] = {line: _Waiting(n, "start", 0) for n, line in enumerate(before, 1)}
        self._last = len(self._open)
        self.seen = True
        self.started: set[int] = set()

    def _label(self, _kind: str, _used: Set[tuple[str, int]], /) -> int:
        self._last += 1
        return self._last

    def _take(self, end: End, used: Set[tuple[str, int]], *, meets: bool = False) -> int:
        line = end.line
        known = self._open.get(line)
        if known and known.end == "stop" and not self._begins_before(known, end):
            known = None
        label = known.label if known else self._label(end.kind, used)
        if end.end == "start" and self.seen:
            self.started.add(label)
        if known and known.end != end.end and end.end in ("start", "stop"):
            del self._open[line]
        elif end.end == "start" or (end.end == "stop" and not meets):
            self._open[line] = _Waiting(label, end.end, self.position)
        return label

    def _begins_before(self, stop: _Waiting, end: End) -> bool:
        """Whether a stop that waits can have its beginning in this end, or go on there."""
        return end.end != "stop" and (end.end != "start" or self.position < stop.position)

    def end_row(self) -> None:
        """Begin the next row; a label is the same in each row."""

    def end_bar(self) -> None:
        """Forget stops that have met no start."""
        if self._open:
            self._open = {line: waiting for line, waiting in self._open.items() if waiting.end == "start"}

    def still_open(self) -> Mapping[Line, Line]:
        """Return the lines that are open, each with its label: by kind and number the kind and what `Numbers` calls it."""
        if not self._open:
            return _NO_LINES
        return {line: (line[0], _written(waiting.label)) for line, waiting in self._open.items()}

    def in_order(self, marks: Sequence[Mark]) -> Sequence[Mark]:
        """Return the marks of a note in a row as they are written (see `in_order`)."""
        return in_order(marks, self._open)


class Numbers(Lines):
    """Lines by the labels of `Pairs`, in the order of the rows: the labels are canonical numbers.

    A stop without a start frees its number at once, but not at its note, nor for the rows that are still to come in its bar: there
    a start that is earlier in time would be taken for its own. `started` is that of the pairs. Lines of `own` have numbers of
    their own, and those of `kept` (kind and number) go to no other line.
    """

    def __init__(
        self, started: set[int], own: Mapping[Line, int] = MappingProxyType({}), kept: Iterable[tuple[str, int]] = ()
    ) -> None:
        super().__init__()
        self._own = own
        self._open: dict[Line, tuple[int, str]] = {}
        self._held: Counter[tuple[str, int]] = Counter(kept)
        self._stopped: set[tuple[str, str]] = set()
        self._started = started
        self._alone: set[tuple[str, int]] = set()
        self._barred: set[tuple[str, int]] = set()

    def _label(self, kind: str, used: Set[tuple[str, int]], /) -> int:
        taken = used | self._barred
        free = (n for n in range(1, MOST_LINES) if (kind, n) not in taken and not self._held[kind, n])
        return next(free, MOST_LINES)

    def _take(self, end: End, used: Set[tuple[str, int]], *, meets: bool = False) -> int:
        known = self._open.get(end.line)
        number = known[0] if known else self._own.get(end.line) or self._label(end.kind, used)
        if known and known[1] != end.end and end.end in ("start", "stop"):
            self._close(end.line)
        elif end.end == "start" or (end.end == "stop" and int(end.name or 1) in self._started and not meets):
            self._hold(end, number)
        elif end.end == "stop":
            self._alone.add((end.kind, number))
            self._alone_here.add((end.kind, number))
        return number

    def _hold(self, end: End, number: int) -> None:
        if end.line in self._open:
            self._close(end.line)
        self._open[end.line] = (number, end.end)
        self._held[end.kind, number] += 1
        if end.end == "stop":
            self._stopped.add(end.line)

    def _close(self, line: tuple[str, str]) -> None:
        number, _ = self._open.pop(line)
        self._held[line[0], number] -= 1
        self._stopped.discard(line)

    def numbers_in(self, source: Mapping[Line, Line]) -> Mapping[Line, str]:
        """Return the numbers in the source of lines that are open (see `Pairs.still_open`), each by its kind and its number here."""
        if not source:
            return _NOTHING_OPEN
        open_lines = ((line, self._open.get(label)) for line, label in source.items())
        return {(line[0], _written(known[0])): _written(int(line[1] or 1)) for line, known in open_lines if known}

    def end_row(self) -> None:
        """Begin the next row of the bar."""
        self._barred |= self._alone
        self._alone.clear()

    def end_bar(self) -> None:
        """Forget ends without a beginning."""
        self._alone.clear()
        self._barred.clear()
        for line in tuple(self._stopped):
            self._close(line)


def _end_of_type(type: str) -> str:
    """Whether a direction's type is one of a line's beginning, its end, or what lies between."""
    if type.startswith(("stop", "discontinue")):
        return "stop"
    return "continue" if type.startswith(("continue", "change", "resume")) else "start"


def _written(number: int) -> str:
    """A number as a value says it: 1 goes without saying."""
    return "" if number == 1 else str(number)


@lru_cache(maxsize=1024)
def _labelled(name: str, label: int) -> Mark:
    return Mark(name, _written(label))


def _within_note(ends: list[End]) -> set[tuple[str, str]]:
    """The lines of which a note has the beginning and, after it, the end."""
    begun: set[tuple[str, str]] = set()
    found = set()
    for end in ends:
        if end.end == "start":
            begun.add(end.line)
        elif end.end == "stop" and end.line in begun:
            found.add(end.line)
    return found


def _turn(end: End, within: set[tuple[str, str]]) -> int:
    """Stops of older lines come first, then lines within the note, then what begins."""
    if end.line in within:
        return 1
    return 0 if end.end == "stop" else 2


class OpenLines:
    """The lines of one part that are open while it is written, by element and number."""

    def __init__(self, before: Iterable[Line] = ()) -> None:
        self._open: set[Line] = set(before)

    def take(self, element: str, type: str, number: str) -> None:
        """Take an end that was written."""
        if type == "start":
            self._open.add((element, number))
        elif type == "stop":
            self._open.discard((element, number))

    def in_order(self, marks: Sequence[Mark]) -> Sequence[Mark]:
        """Return the marks of a note as they are written (see `in_order`)."""
        return in_order(marks, self._open)


def in_order(marks: Sequence[Mark], opened: Container[Line]) -> Sequence[Mark]:
    """Return the marks of a note in a row as they are written: a line that isn't open, and begins and ends at it, is begun first."""
    ends = [(mark, End(*_ENDS[mark.name], mark.value)) for mark in marks if mark.name in _ENDS]
    starts = {end.line for _, end in ends if end.end == "start"}
    late = [mark for mark, end in ends if end.end == "stop" and end.line in starts and end.line not in opened]
    return (*(mark for mark in marks if mark not in late), *late) if late else marks
