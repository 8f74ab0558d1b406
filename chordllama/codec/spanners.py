"""Numbers for slurs, hairpins and other lines with two ends. Knows no notes.

MusicXML tells lines apart that are open at once by numbers, which programs choose freely. Here a line gets the smallest number
that is free when it is first met, so that one score has one set of numbers. At one note the text says stops before starts: a line
that begins and ends there has a number of its own, which no open line has, and so is told from two lines that meet.
"""

from __future__ import annotations

from typing import NamedTuple


class End(NamedTuple):
    """One end of a line: its kind (slur), which end (start, stop; anything else goes on), the source's number."""

    kind: str
    end: str
    number: str

    @property
    def line(self) -> tuple[str, str]:
        return (self.kind, self.number)


class Numbers:
    """The open lines of one part, by kind and by the number in the source."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, str]] = {}

    def renumber(self, end: End) -> str:
        """The canonical number ("" for 1) of one end that stands by itself."""
        return _written(self._take(end, set()))

    def renumber_note(self, ends: list[End]) -> list[str]:
        """The canonical numbers of the ends that stand at one note, in the source's order."""
        if len(ends) == 1:
            return [self.renumber(ends[0])]
        found = [0] * len(ends)
        used: set[tuple[str, int]] = set()
        within = _within_note(ends)
        for index, end in sorted(enumerate(ends), key=lambda pair: _turn(pair[1], within)):
            if end.line in within:
                begun = next(
                    (found[other] for other in range(len(ends)) if found[other] and ends[other].line == end.line), 0
                )
                found[index] = begun or self._free(end.kind, used)
            else:
                meets = any(other.line == end.line and other.end != end.end for other in ends)
                found[index] = self._take(end, used, lone=meets)
            used.add((end.kind, found[index]))
        return [_written(number) for number in found]

    def _take(self, end: End, used: set[tuple[str, int]], *, lone: bool = False) -> int:
        """Close or open a line; a `lone` stop without a beginning waits for none."""
        known = self._open.get(end.line)
        number = known[0] if known else self._free(end.kind, used)
        if known and known[1] != end.end and end.end in ("start", "stop"):
            del self._open[end.line]
        elif end.end in ("start", "stop") and not (lone and end.end == "stop"):
            self._open[end.line] = (number, end.end)
        return number

    def _free(self, kind: str, used: set[tuple[str, int]]) -> int:
        taken = {number for (other, _), (number, _) in self._open.items() if other == kind}
        taken |= {number for other, number in used if other == kind}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def end_bar(self) -> None:
        """Forget ends without a beginning: they pair only within their bar."""
        if self._open:
            self._open = {key: value for key, value in self._open.items() if value[1] == "start"}


def _written(number: int) -> str:
    return "" if number == 1 else str(number)


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
    """The lines of one part that are open while it is written, by element and canonical number."""

    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()

    def begins_here(self, element: str, number: str) -> bool:
        """Whether a note that has both ends of a line begins it, too: no line of that number is open."""
        return (element, number) not in self._open

    def take(self, element: str, type: str, number: str) -> None:
        """An end was written."""
        if type == "start":
            self._open.add((element, number))
        elif type == "stop":
            self._open.discard((element, number))
