"""Scores as prompts and answers: the wording that all tasks for scores share. Knows the compact text; knows no model.

Training, generation and evaluation all take it from here. A prompt's first line, the instruction, names the task, how many bars are
wanted, and what else was asked for; then come the parts, then the bars that are there, counted from 1. The answer counts down to its
last bar, -1, and ends with 0, so that its length is exact and the model sees the end coming.

    continue: 8 close period=romantic     the bars after those that are there; whether the music ends with them
    infill: 4                             the bars of a gap; those after it stand in the prompt with their own numbers
    harmonise: 16                         all parts' bars; the prompt's bars have the given parts' rows alone
    vary: 16                              other pitches; the prompt's bars have each row's rhythm, and its first pitches

The bars of `continue` and `infill` go on from the prompt's; those of `harmonise` and `vary` are a piece of their own, which
begins with its key and time. What is asked for besides (`Wishes`) may be left out, each by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from chordllama.codec.compact import dump_bar, dump_header, format_line
from chordllama.codec.excerpt import excerpt
from chordllama.codec.grammar import END
from chordllama.codec.omit import omit
from chordllama.codec.words.texts import format_fields, format_value
from chordllama.placing.concert_pitch import at_concert_pitch
from chordllama.score.model import (
    FINAL,
    Bar,
    Barline,
    Change,
    Chord,
    Instrument,
    Key,
    Note,
    Part,
    Row,
    Score,
    Syllable,
    Time,
    count_noteheads,
)

Ending = Literal["open", "close"]

LEFT_OUT = (
    "lyrics",
    "words",
    "tempo",
    "navigation",
    "technical",
    "pedal",
    "octave-shifts",
    "noteheads",
    "engraving",
    "beams",
    "stems",
)
"""Kinds of signs that the model is neither shown nor asked for."""


def lean(score: Score) -> Score:
    """Return the score as the model sees it: notes at concert pitch and their signs, no texts and no names."""
    bars = tuple(map(_lean_bar, omit(at_concert_pitch(score), LEFT_OUT).bars))
    return Score(tuple(map(_lean_part, score.parts)), bars)


def _lean_part(part: Part) -> Part:
    programs = tuple(
        Instrument(program=instrument.program) for instrument in part.instruments[:1] if instrument.program
    )
    return Part(clefs=part.clefs, instruments=programs)


def _lean_bar(bar: Bar) -> Bar:
    if not (bar.keys or bar.times or bar.implicit) and bar.number is None:
        return bar
    return replace(bar, keys=_unsigned(bar.keys), times=_unsigned(bar.times), number=None, implicit=False)


def _unsigned(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(replace(change, value=_without_sign(change.value)) for change in changes)


def _without_sign(value: Key | Time | None) -> Key | Time | None:
    if isinstance(value, Key):
        return Key(value.fifths)
    return Time(value.beats) if isinstance(value, Time) else value


# ---------------------------------------------------------------------------------------------------------- instruction

DENSITIES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Notes a bar, all parts together: the steps in which a density is told."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may be asked for besides bars and ending, in the order in which an instruction tells it; "" leaves it to the model.

    `key` (of the answer's beginning, in fifths) and `time` as the compact text has them; `instruments` as MIDI programs with commas;
    `density` is one of `DENSITIES`; `period` as in the corpora (baroque, classical, romantic, ...); `by` names a composer.
    """

    key: str = ""
    time: str = ""
    instruments: str = ""
    density: str = ""
    period: str = ""
    by: str = ""


NO_WISHES = Wishes()
WISHES = tuple(field.name for field in fields(Wishes))


def instruction(task: str, wanted: int, ending: Ending | None = None, wishes: Wishes = NO_WISHES) -> str:
    """Return the first line of a prompt, with its line break. `ending` belongs to `continue` alone."""
    told = format_fields({name: _format_wish(getattr(wishes, name)) for name in WISHES})
    return " ".join([f"{task}: {wanted}", *([ending] if ending else []), *told]) + "\n"


def _format_wish(value: str) -> str:
    return value if value.isascii() and value and not set(value) & set(' "=') else format_value(value) if value else ""


def density(bars: Sequence[Bar]) -> str:
    """Return the average notes a bar, rounded to one of `DENSITIES`."""
    return nearest_density(count_noteheads(bars) / max(1, len(bars)))


def nearest_density(notes: float) -> str:
    """Return the one of `DENSITIES` that is nearest to a number of notes a bar."""
    return str(min(DENSITIES, key=lambda step: abs(step - notes)))


# ---------------------------------------------------------------------------------------------------- prompts and answers


def prompt(score: Score, first: int, wanted: int, ending: Ending, wishes: Wishes = NO_WISHES) -> str:
    """Return the prompt that asks for `wanted` bars after a lean score, of which the bars from `first` on are shown."""
    shown = excerpt(score, first, len(score.bars))
    return opening(shown, wanted, ending, wishes) + numbered(shown.bars, shown.parts)


def opening(score: Score, wanted: int, ending: Ending, wishes: Wishes = NO_WISHES) -> str:
    """Return what a prompt for a continuation says before its first bar."""
    return instruction("continue", wanted, ending, wishes) + header(score)


def header(score: Score) -> str:
    """Return the lines that describe the parts."""
    return "\n".join(dump_header(score)) + "\n"


Write = Callable[[Bar, Sequence[Part]], str]
"""Writes a bar as compact text: `dump_bar`, or one that remembers what it wrote."""


def numbered(bars: Iterable[Bar], parts: Sequence[Part], first: int = 1, write: Write = dump_bar) -> str:
    """Return the lines of bars, numbered from `first` on."""
    return "".join([block(str(number), bar, parts, write) for number, bar in enumerate(bars, first)])


def given(score: Score, parts: frozenset[int]) -> Score:
    """Return what `harmonise` shows of a score: the rows of some parts (from 0) alone."""
    return replace(
        score, bars=tuple(replace(bar, rows=tuple(row for row in bar.rows if row.part in parts)) for bar in score.bars)
    )


def rhythm(score: Score) -> Score:
    """Return what `vary` shows of a score: the first chord of each row, and then the rhythm, written as unpitched notes."""
    beats = _Beats()
    return replace(
        score, bars=tuple([replace(bar, rows=tuple([beats.row(row) for row in bar.rows])) for bar in score.bars])
    )


BEAT = (Note("B", 4, unpitched=True),)
"""The note that stands for a chord of which only the rhythm is shown."""


class _Beats:
    """Replaces chords by their rhythm; chords with the same rhythm become one object."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, tuple[Syllable, ...]], Chord] = {}

    def row(self, row: Row) -> Row:
        items, shown = list(row.items), _plain
        for place, item in enumerate(items):
            if isinstance(item, Chord):
                items[place], shown = shown(item), self._hidden
        return Row(row.part, row.staff, row.voice, tuple(items))

    def _hidden(self, chord: Chord) -> Chord:
        key = (id(chord.duration), chord.grace, chord.lyrics)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Chord(chord.duration, BEAT, chord.grace, chord.lyrics)
        return found


def _plain(chord: Chord) -> Chord:
    """Return a chord without the marks of its notes."""
    notes = [Note(note.step, note.octave, note.alter, note.unpitched) if note.marks else note for note in chord.notes]
    return Chord(chord.duration, tuple(notes), chord.grace, chord.lyrics)


def answer(bars: Iterable[Bar], parts: Sequence[Part], write: Write = dump_bar) -> str:
    """Return bars as the answer to a prompt: numbered up to -1, and then the end."""
    new = list(bars)
    return numbered(new, parts, -len(new), write) + END


def block(key: str, bar: Bar, parts: Sequence[Part], write: Write = dump_bar) -> str:
    """Return the line of one bar under its key, with the line break after it."""
    return format_line(key, write(bar, parts)) + "\n"


def ending_of(bars: tuple[Bar, ...]) -> Ending:
    """Tell whether music closes with the last of these bars."""
    return "close" if bars[-1].end.style == FINAL.style else "open"


def has_closed(bar: Bar) -> bool:
    """Tell whether a bar ends with a plain final bar line: one that moves when the music goes on."""
    return bar.end == Barline(style=FINAL.style)
