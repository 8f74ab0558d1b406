"""One voice's notes as words, in every variant. Knows words and what sticks; no bars, no lines."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from benchmarks.notation.variant import DOTS, DYNAMICS, HAIRPINS, Variant
from chordllama.codec.notation.brackets import has_tuplets, strip_brackets
from chordllama.codec.words.durations import format_duration, format_offset
from chordllama.codec.words.events import format_mark
from chordllama.codec.words.moments import format_direction, format_harmony
from chordllama.score.model import Chord, Direction, Duration, Item, Mark, Note, Rest, Spacer

STEPS = "CDEFGAB"
SHARPS = "FCGDAEB"
ALTERS = {
    "letters": {-2: "bb", -1: "b", 0: "n", 1: "s", 2: "ss"},
    "signs": {-2: "--", -1: "-", 0: "n", 1: "#", 2: "##"},
}
BARE = {"f": "forte"}
"""Dynamics whose own letter is a note."""
LETTERS = {"0": "v", "1": "w", "2": "h", "4": "q", "8": "e", "16": "x", "32": "y", "64": "z"}


Alters = dict[str | tuple[str, int], int | Fraction]
"""How each step is altered by the key, and each place (step, octave) in the bar so far."""


def key_alters(fifths: int) -> Alters:
    """The alteration of each step in a key signature."""
    sign = 1 if fifths > 0 else -1
    order = SHARPS if fifths > 0 else SHARPS[::-1]
    found: Alters = dict.fromkeys(STEPS, 0)
    for place in range(abs(fifths)):
        found[order[place % 7]] += sign
    return found


def departs(note: Note, alters: Alters) -> bool:
    """Whether a note needs an accidental, which then holds for its place."""
    place = (note.step, note.octave)
    if note.unpitched or alters.get(place, alters[note.step]) == note.alter:
        return False
    alters[place] = note.alter
    return True


class Voice:
    """What one voice's notes so far let the next one leave out."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.forget()

    def forget(self) -> None:
        """Start afresh: the next note says all."""
        self.duration: Duration | None = None
        self.begun = False
        self.octave: int | None = None
        self.place = 0

    def words(self, items: tuple[Item, ...], alters: Alters) -> Iterator[str]:
        """The words of a bar, in a key where steps are altered so."""
        self.alters = alters
        self.begun = False
        for item in strip_brackets(items) if has_tuplets(items) else items:
            yield self._word(item)

    def _word(self, item: Item) -> str:
        if isinstance(item, Chord):
            return self._chord(item)
        if isinstance(item, Rest):
            return self._rest(item)
        if isinstance(item, Spacer):
            return "s" + (self._value(item.duration) if item.duration else "")
        return self._direction(item) if isinstance(item, Direction) else format_harmony(item)

    def _direction(self, item: Direction) -> str:
        if item.name == "dynamics" and DYNAMICS in self.variant.terse:
            return BARE.get(item.value, item.value) + format_offset(item.offset)
        if item.name == "wedge" and HAIRPINS in self.variant.terse:
            return format_direction(item).removeprefix("=")
        return format_direction(item)

    def _rest(self, rest: Rest) -> str:
        marks = _marks(rest.marks)
        kept = self.begun and rest.duration == self.duration and self.variant.value == "sticky"
        value = "" if kept or rest.duration is None else self._value(rest.duration)
        if rest.duration is not None:
            self.duration, self.begun = rest.duration, True
        return (value + "r" if self.variant.value_first else "r" + value) + marks

    def _value(self, duration: Duration) -> str:
        text = format_duration(duration)
        if DOTS in self.variant.terse:
            text = text.replace(".", "0")
        if not self.variant.letters:
            return text
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        return LETTERS.get(digits, digits) + text[len(digits) :]

    def _chord(self, chord: Chord) -> str:
        value = self._value(chord.duration) + {"grace": "g", "slash": "g/", "": ""}[chord.grace]
        said = not chord.grace and chord.duration == self.duration and self.variant.value == "sticky"
        head, *members = chord.notes
        before = (self.octave, self.place)
        opening, closing = ("[", "]") if self.variant.brackets and members else ("", "")
        first = self._pitch(head, bool(chord.grace) or not said)
        after = (self.octave, self.place)
        rest = [self._pitch(member, False) for member in members]
        self.octave, self.place = before if chord.grace else after
        if not chord.grace:
            self.duration, self.begun = chord.duration, True
        value = "" if said else value
        if closing:
            notes = "".join(text + _marks(note.marks) for text, note in zip([first, *rest], chord.notes, strict=True))
            return value + opening + notes + closing if self.variant.value_first else opening + notes + closing + value
        head_text = value + first if self.variant.value_first else first + value
        return (
            head_text
            + _marks(head.marks)
            + "".join(f"_{t}{_marks(n.marks)}" for t, n in zip(rest, members, strict=True))
        )

    def _pitch(self, note: Note, with_value: bool) -> str:
        """A pitch; a value behind a pitch wants its octave, so that the digits can be told apart."""
        told = with_value and not self.variant.value_first and not self.variant.letters
        text = ("x" if note.unpitched else "") + note.step.lower() + self._alter(note) + self._octave(note, told)
        self.octave, self.place = note.octave, 7 * note.octave + STEPS.index(note.step)
        return text

    def _octave(self, note: Note, with_value: bool) -> str:
        if self.variant.octave == "nearest" and self.octave is not None:
            away = 7 * note.octave + STEPS.index(note.step) - self.place
            octaves = (away + 3) // 7
            return "'" * octaves + "," * -octaves
        if note.octave == self.octave and self.variant.octave == "sticky" and not with_value:
            return ""
        return str(note.octave)

    def _alter(self, note: Note) -> str:
        written = ALTERS[self.variant.spelling]
        said = departs(note, self.alters) if self.variant.by_key else bool(note.alter)
        if not said:
            return ""
        return written.get(int(note.alter), "") if note.alter == int(note.alter) else f"{{alter={note.alter}}}"


def _marks(marks: tuple[Mark, ...]) -> str:
    return "".join(map(format_mark, marks))
