"""Which of a part's instruments new notes are for: flute or piccolo, the one that the voice last played. Knows the score model.

A model sees no instruments; without them a player who has changed would be back at the first one. What percussion strikes,
percussion.py knows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chordllama.score.editing import Bars, map_notes
from chordllama.score.model import Bar, Chord, Mark, Note, Place, Row

if TYPE_CHECKING:
    from chordllama.placing.placement import Placement

FIRST = "1"


def on_last_instruments(bars: Bars, at: Placement) -> Bars:
    """Return the bars with each pitched note on the instrument that its voice, or else its part, last played up to there."""
    players = _Players(frozenset(part for part, own in enumerate(at.score.parts) if len(own.instruments) > 1))
    if not players.parts:
        return bars
    for bar in at.before:
        players.listen(bar)
    found = []
    for n, bar in enumerate(bars):
        if at.join:
            players.listen(at.score.bars[at.first + n])
        found.append(replace(bar, rows=tuple(map(players.play, bar.rows))))
    return tuple(found)


class _Players:
    """What each voice, and each part, of the parts with several instruments last played while the bars go by."""

    def __init__(self, parts: frozenset[int]) -> None:
        self.parts = parts
        self._playing: dict[Place | int, str] = {}

    def listen(self, bar: Bar) -> None:
        """Take over what is played in a bar."""
        for row in bar.rows:
            for item in row.items if row.part in self.parts else ():
                if isinstance(item, Chord) and not item.notes[-1].unpitched:
                    marks = {mark.name: mark.value for mark in item.notes[-1].marks}
                    self._playing[row.place] = self._playing[row.part] = marks.get("instrument", FIRST)

    def play(self, row: Row) -> Row:
        """Return a new row on its voice's instrument."""
        own = self._playing.get(row.place, self._playing.get(row.part, FIRST))
        if own == FIRST:
            return row

        def played(note: Note) -> Note:
            return note if note.unpitched else replace(note, marks=(Mark("instrument", own), *note.marks))

        return map_notes(row, played)
