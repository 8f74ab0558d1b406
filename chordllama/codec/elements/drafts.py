"""Notes, chords and rests while their bar is read. Knows the score's values; knows no trees and no rows.

Many `<note>` elements of a file say exactly the same, so what one says by itself is read once and shared; only what depends on
its place (its onset, its syllables, the numbers of its slurs) is an event's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chordllama.codec.notation.accidentals import ACCIDENTALS
from chordllama.codec.notation.line_numbers import is_line
from chordllama.codec.words.values import mark_rank
from chordllama.score.model import Alter, Chord, Duration, Mark, Note, Syllable, Ticks

TIE = Mark("tie")


@dataclass(slots=True)
class NoteDraft:
    """A notehead as its XML says it; once settled it is shared, and nobody changes it any more.

    `usual` is the chord that it becomes, alone, where ties and accidentals are as the rules have them (None: it begins or ends lines,
    whose numbers depend on its place), and `usual_sign` whether an accidental is shown there (None: the rules never have it so). `line` is where its accidentals hold: staff, step, octave.
    """

    step: str
    octave: int
    alter: Alter
    unpitched: bool
    staff: int
    marks: Sequence[Mark] = ()
    tie_start: bool = False
    tie_stop: bool = False
    accidental: str | None = None
    enclosed: Sequence[Mark] = ()
    pitch: tuple[str, Alter, int] = ("C", 0, 4)
    line: tuple[int, str, int] = (1, "C", 4)
    has_lines: bool = False
    usual: Chord | None = None
    usual_sign: bool | None = None

    def settle(self, duration: Duration, grace: str) -> NoteDraft:
        """Return the same note, of which all is read, with what follows from that, and from its duration."""
        self.pitch = (self.step, self.alter, self.octave)
        self.line = (self.staff, self.step, self.octave)
        self.has_lines = any(map(is_line, self.marks))
        self.usual_sign = self._usual_sign()
        if not self.has_lines and self.usual_sign is not None:
            self.usual = Chord(duration, (self._usual_note(),), grace)
        return self

    def at(self, step: str, octave: int, alter: Alter) -> NoteDraft:
        """Return what else is read of it, at another pitch; it is still to be settled."""
        ties = (self.tie_start, self.tie_stop)
        return NoteDraft(step, octave, alter, False, self.staff, self.marks, *ties, self.accidental, self.enclosed)

    def _usual_note(self) -> Note:
        marks = (*self.marks, TIE) if self.tie_start else self.marks
        ranked = tuple(sorted(marks, key=mark_rank)) if marks else ()
        return Note(self.step, self.octave, self.alter, self.unpitched, ranked)

    def _usual_sign(self) -> bool | None:
        if self.accidental is None or self.unpitched:
            return False
        return True if self.accidental == ACCIDENTALS.get(self.alter) and not self.enclosed else None


@dataclass(slots=True)
class Content:
    """What a `<note>` says besides its notehead, wherever it stands; it is shared and never changed.

    `ticks` as the source counts them (`duration` may be what it rounded); `hidden`: a rest that is a spacer.
    `has_value`: a rest that is seen as its note value in a bar of irregular length, which Finale fills with "measure" rests.
    """

    voice: str
    staff: int
    duration: Duration
    ticks: Ticks
    grace: str
    rounded: bool
    in_chord: bool = False
    marks: Sequence[Mark] = ()
    hidden: bool = False
    fills_bar: bool = False
    could_fill_bar: bool = False
    has_value: bool = False
    beams: str = ""
    stem: str = ""
    sings: bool = False
    dynamics: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


Said = tuple[Content, NoteDraft | None]
"""What a `<note>` says; a rest has no notehead."""


@dataclass(slots=True)
class EventDraft:
    """A chord, a rest (no notes) or a spacer in its bar; `content` is that of its first note.

    `marks`: those of its notes (or of the rest, as 0) that begin or end lines, with their places in the chord.
    """

    onset: Ticks
    content: Content
    notes: list[NoteDraft]
    fills_bar: bool = False
    could_fill_bar: bool = False
    marks: tuple[tuple[int, Sequence[Mark]], ...] = ()
    lyrics: tuple[Syllable, ...] = ()

    def marks_at(self, place: int) -> Sequence[Mark]:
        """Return the marks of the note at a place in the chord that begins or ends lines."""
        return next((marks for number, marks in self.marks if number == place), ())
