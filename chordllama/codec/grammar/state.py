"""All that the next character of new bars depends on: the state of a row while it is written, and of the whole. Takes no characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chordllama.codec.grammar.filling import Grid, Run
from chordllama.codec.grammar.given import NO_VALUES, GivenWord
from chordllama.codec.grammar.grammar_rules import ChordSpan, Moment, PartRules, Tones
from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.score.model import QUARTER, Duration, Place, Ticks


class TextRefused(Exception):
    """The text can't go on so."""


@dataclass(slots=True)
class RowState:
    """A row while it is written, and its word at hand.

    `leads`: it is the first of its staff in this bar; `must_sound`: nothing has sounded in this bar, and no row can come after it,
    or its staff has to sound in it.
    `octave` and `value` are those that the next word may leave out; `signs` are the kinds of signs at this moment.
    """

    place: Place
    part: PartRules
    spellings: Lexicon[int]
    leads: bool
    must_sound: bool
    grid: Grid
    left: Ticks
    given: tuple[GivenWord, ...] | None = None
    word: int = 0  # how many of the given ones are written
    octave: str = ""
    value: str = ""
    position: Ticks = 0
    events: int = 0
    run: Run | None = None
    graces: int = 0
    signs: tuple[str, ...] = ()
    says: bool = False  # it has a sign or mark, so that even a bar's rest is worth a row
    gap: bool = False  # a spacer came last
    rests: bool = False  # it rests for the bar
    sounds: bool = False
    text: str = ""
    take: Take = field(default=lambda *_: None, repr=False)
    values: Lexicon[Duration] = NO_VALUES
    grace_values: Lexicon[Duration] = NO_VALUES
    notes: tuple[str, ...] = ()
    chosen: str = ""
    grace: bool = False
    mark: str = ""
    rank: int = -1
    freed: tuple[str, ...] = ()  # numbers of the slurs that end at this note
    harmony: tuple[ChordSpan, ...] = ()
    beat: Ticks = QUARTER
    is_bass: bool = False
    pace: float = 0.0  # about how many events the row shall have; 0 for any number
    tones: Tones = None  # of the chord at hand

    def copy(self) -> RowState:
        """Return a row that goes its own way."""
        twin: RowState = RowState.__new__(RowState)
        twin.place, twin.part, twin.spellings = self.place, self.part, self.spellings
        twin.leads, twin.must_sound, twin.grid, twin.left = self.leads, self.must_sound, self.grid, self.left
        twin.given, twin.word, twin.grace_values = self.given, self.word, self.grace_values
        twin.octave, twin.value, twin.position, twin.run = self.octave, self.value, self.position, self.run
        twin.events, twin.graces, twin.signs, twin.says, twin.gap = (
            self.events,
            self.graces,
            self.signs,
            self.says,
            self.gap,
        )
        twin.rests, twin.sounds, twin.text, twin.take = self.rests, self.sounds, self.text, self.take
        twin.values, twin.notes, twin.chosen, twin.grace = self.values, self.notes, self.chosen, self.grace
        twin.mark, twin.rank, twin.freed = self.mark, self.rank, self.freed
        twin.harmony, twin.beat, twin.is_bass, twin.tones = self.harmony, self.beat, self.is_bass, self.tones
        twin.pace = self.pace
        return twin

    @property
    def full(self) -> bool:
        return not self.left if self.given is None else self.word == len(self.given)


@dataclass(slots=True)
class WriterState:
    """All that the next character depends on.

    `bar` counts up to 0; `text` is the line so far, where it is no row; `owed` the staff's first row, if it rests and another one
    of that staff must follow; `onsets` the moments of the staff at hand that have events in this bar's rows of it; `symbols` the chord symbols
    of this bar, with their moments and pitch classes; `good` is the
    state after the last finished bar, to go back to.
    """

    bar: int
    finished: int = 0
    text: str = ""
    row: RowState | None = None
    last: Place | None = None
    owed: Place | None = None
    in_bar: bool = False
    sounded: bool = False
    closing: bool = False
    ended: bool = False
    onsets: frozenset[Ticks] = frozenset()
    slurs: dict[tuple[int, str], Moment] = field(default_factory=dict)
    wedges: dict[int, Moment] = field(default_factory=dict)
    clefs: dict[tuple[int, int], str] = field(default_factory=dict)
    symbols: tuple[tuple[Ticks, frozenset[int]], ...] = ()
    written: int = 0
    good: WriterState | None = None

    def copy(self) -> WriterState:
        """Return a state that goes its own way; its maps are never changed, but replaced."""
        twin: WriterState = WriterState.__new__(WriterState)
        twin.bar, twin.finished, twin.text = self.bar, self.finished, self.text
        twin.row = self.row.copy() if self.row else None
        twin.last, twin.owed, twin.in_bar, twin.sounded = self.last, self.owed, self.in_bar, self.sounded
        twin.closing, twin.ended, twin.onsets = self.closing, self.ended, self.onsets
        twin.slurs, twin.wedges, twin.clefs = self.slurs, self.wedges, self.clefs
        twin.symbols, twin.written, twin.good = self.symbols, self.written, self.good
        return twin


Take = Callable[[WriterState, RowState, str], None]
"""Takes one character of a row; which function of rows.py does, is what a row is in the middle of."""
