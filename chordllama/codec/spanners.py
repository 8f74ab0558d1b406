"""Numbers for slurs, hairpins and other lines with two ends. Knows no notes.

MusicXML tells lines apart that are open at once by numbers, which programs choose freely. Here a line gets the smallest number
that is free when it is first met, so that one score has one set of numbers.
"""

from __future__ import annotations


class Numbers:
    """The open lines of one part, by kind and by the number in the source."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[int, str]] = {}

    def renumber(self, kind: str, end: str, number: str) -> str:
        """The canonical number ("" for 1) of an `end` (start or stop; anything else goes on) whose source number is `number`."""
        key = (kind, number)
        known = self._open.get(key)
        mine = known[0] if known else self._free(kind)
        if known and known[1] != end and end in ("start", "stop"):
            del self._open[key]
        elif end in ("start", "stop"):
            self._open[key] = (mine, end)
        return "" if mine == 1 else str(mine)

    def _free(self, kind: str) -> int:
        taken = {number for (other, _), (number, _) in self._open.items() if other == kind}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)

    def end_bar(self) -> None:
        """Forget ends without a beginning: they pair only within their bar."""
        self._open = {key: value for key, value in self._open.items() if value[1] == "start"}
