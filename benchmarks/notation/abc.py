"""A score as ABC 2.1, interleaved by bar or part after part, to compare with. Knows the notation; there is no way back.

Source: https://abcnotation.com/wiki/abc:standard:v2.1. What ABC has no sign for is left out: accidentals shown beyond the rules,
notes on the other staff, hidden notes, lengths of bars. Staves with nothing to play are left out of a bar that is interleaved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from benchmarks.notation.pitches import Alters, departs, key_alters
from chordllama.codec.notation.brackets import START, implied_brackets
from chordllama.codec.whitelist import SIGN_BY_NAME
from chordllama.codec.words.moments import format_harmony
from chordllama.score.model import (
    COMMON_TIME,
    QUARTER,
    Bar,
    Barline,
    Chord,
    Direction,
    Event,
    Item,
    Key,
    Mark,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Ticks,
    Time,
    apply_keys,
    changes_for,
)

EIGHTH = QUARTER // 2
BARS_A_LINE = 4
"""Where the parts stand one after the other."""
KEYS = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
CLEFS = {"G2": "treble", "F4": "bass", "C3": "alto", "C4": "tenor", "G2_8": "treble-8", "percussion": "perc"}
ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
DECORATIONS = {
    "staccato": ".",
    "accent": "!>!",
    "strong-accent": "!^!",
    "trill-mark": "!trill!",
    "arpeggiate": "!arpeggio!",
    "breath-mark": "!breath!",
    "slur-start": "(",
}
AFTERWARDS = {"tie": "-", "slur-stop": ")"}
UNSAID = ("tuplet-start", "tuplet-stop", "tie-stop", "no-tie-stop", "cross", "hidden", "instrument", "position", "cue")
STYLES = {"": "|", "regular": "|", "light-light": "||", "light-heavy": "|]", "heavy-light": "[|", "none": "[|]"}


def write_abc(score: Score, interleaved: bool = True) -> str:
    """The score as ABC."""
    return "\n".join([*_header(score), *_Tune(score).lines(interleaved)]) + "\n"


def _header(score: Score) -> Iterator[str]:
    yield "X:1"
    yield from (f"T:{title}" for title in (score.title, score.movement) if title)
    yield from (f"C:{name}" for _, name in score.creators)
    yield "L:1/8"
    first = score.bars[:1]
    yield f"M:{_time(next((c.value for bar in first for c in bar.times if isinstance(c.value, Time)), COMMON_TIME))}"
    yield f"K:{_key(next((c.value for bar in first for c in bar.keys if isinstance(c.value, Key)), Key(0)))}"
    number = 0
    for part in score.parts:
        for clef in part.clefs:
            number += 1
            yield " ".join(filter(None, (f"V:{number}", CLEFS.get(clef, clef), _name(part))))
        programs = [instrument.program for instrument in part.instruments if instrument.program]
        yield from (f"%%MIDI program {program}" for program in programs)


def _name(part: Part) -> str:
    short = f' snm="{part.abbreviation}"' if part.abbreviation else ""
    return f'nm="{part.name}"{short}' if part.name else ""


def _time(time: Time) -> str:
    return "+".join(f"{count}/{unit}" for count, unit in time.beats) or "none"


def _key(key: Key) -> str:
    return KEYS[key.fifths + 7] if abs(key.fifths) <= 7 else f"{key.fifths}"


class _Tune:
    """A score on its way to ABC: keys and times in force, and the hairpin that is open."""

    def __init__(self, score: Score) -> None:
        self.score = score
        self.staves = [(part, staff) for part, item in enumerate(score.parts) for staff in range(1, item.staves + 1)]
        self.restart()

    def restart(self) -> None:
        self.keys = {part: dict.fromkeys(range(1, item.staves + 1), 0) for part, item in enumerate(self.score.parts)}
        self.beat = QUARTER
        self.hairpin = "<"

    def lines(self, interleaved: bool) -> Iterator[str]:
        if interleaved:
            for number, bar in enumerate(self.score.bars):
                self._begin(bar)
                yield "".join(self._bar(bar, voice, not number, True) for voice in range(len(self.staves)))
            return
        for voice in range(len(self.staves)):
            self.restart()
            yield f"V:{voice + 1}"
            music = [self._next(bar, voice, not number) for number, bar in enumerate(self.score.bars)]
            yield from ("".join(music[at : at + BARS_A_LINE]) for at in range(0, len(music), BARS_A_LINE))

    def _next(self, bar: Bar, voice: int, first: bool) -> str:
        self._begin(bar)
        return self._bar(bar, voice, first, False)

    def _begin(self, bar: Bar) -> None:
        self.keys = {part: apply_keys(fifths, bar, part) for part, fifths in self.keys.items()}
        for change in bar.times:
            if isinstance(change.value, Time) and change.value.beats:
                count, unit = change.value.beats[0]
                compound = unit >= 8 and count.isdecimal() and int(count) % 3 == 0
                self.beat = 3 * EIGHTH if compound else QUARTER

    def _bar(self, bar: Bar, voice: int, first: bool, interleaved: bool) -> str:
        """One staff's bar; nothing where it is silent and the voices are interleaved."""
        part, staff = self.staves[voice]
        rows = [row for row in bar.rows if (row.part, row.staff) == (part, staff)]
        changes = "" if first else self._changes(bar, part, staff)
        if interleaved and not rows and not changes and voice:
            return ""
        music = "&".join(map(self._music, rows)) or "Z"
        label = f"[V:{voice + 1}]" if interleaved else ""
        return label + _opening(bar.start) + changes + music + _closing(bar.end)

    def _changes(self, bar: Bar, part: int, staff: int) -> str:
        found = [value for on, value in changes_for(bar.keys, part) if on in (None, staff)]
        times = [value for on, value in changes_for(bar.times, part) if on in (None, staff)]
        keys = [f"[K:{_key(value)}]" for value in found if isinstance(value, Key)]
        return "".join([*keys, *(f"[M:{_time(value)}]" for value in times if isinstance(value, Time))])

    def _music(self, row: Row) -> str:
        """The notes of a row: those of one beat together, a space between the others."""
        alters = key_alters(self.keys[row.part][row.staff])
        brackets = {place for place, marks in implied_brackets(row.items).items() if START in marks}
        text, before, at, short_before = "", "", Fraction(0), False
        for place, item in enumerate(row.items):
            before += _tuplet(row.items, place) if place in brackets else ""
            before += self._item(item, alters)
            if ticks := _ticks(item):
                short = isinstance(item, Chord) and ticks < QUARTER
                text += " " * (bool(text) and not (short and short_before and at % self.beat)) + before
                before, at, short_before = "", at + ticks, short
        return (text + before).replace("}{", "")

    def _item(self, item: Item, alters: Alters) -> str:
        if isinstance(item, Chord):
            return _chord(item, alters)
        if isinstance(item, Event):
            letter = "z" if isinstance(item, Rest) else "x"
            marks = _before(item.marks) if isinstance(item, Rest) else ""
            return marks + (letter + _length(item.duration.ticks, item) if item.duration else letter.upper())
        return self._direction(item) if isinstance(item, Direction) else f'"{format_harmony(item)}"'

    def _direction(self, item: Direction) -> str:
        name, value = item.name, item.value
        if name == "wedge":
            stops = value.startswith("stop")
            self.hairpin = self.hairpin if stops else "<" if value.startswith("crescendo") else ">"
            return f"!{self.hairpin}{')' if stops else '('}!"
        forms = {"dynamics": f"!{value}!", "words": f'"^{value}"', "metronome": f"[Q:{value}]"}
        forms |= {"clef": f"[K:clef={CLEFS.get(value, value)}]", "rehearsal": f'"^{value}"'}
        return forms.get(name, f"!{name}{value}!")


def _ticks(item: Item) -> Ticks:
    if isinstance(item, Chord):
        return item.ticks
    return item.duration.ticks if isinstance(item, Event) and item.duration else 0


def _tuplet(items: tuple[Item, ...], place: int) -> str:
    """`(3` before three notes in the time of two, `(5:4:3` before three of a quintuplet."""
    stop = min(at for at, marks in implied_brackets(items).items() if at >= place and _stops(marks))
    notes = [item for item in items[place : stop + 1] if isinstance(item, Event) and _ticks(item)]
    value = notes[0].duration
    assert value is not None
    if (value.actual, value.normal, len(notes)) == (3, 2, 3):
        return "(3"
    return f"({value.actual}:{value.normal}:{len(notes)}"


def _stops(marks: Iterable[Mark]) -> bool:
    return any(mark.name == "tuplet-stop" for mark in marks)


def _length(ticks: Ticks, item: Event) -> str:
    """A length in eighths, as it is written within a tuplet: `2`, `/`, `3/2`."""
    value = item.duration
    ratio = Fraction(value.actual, value.normal) if value else 1
    eighths = Fraction(ticks) / EIGHTH * ratio
    count = "" if eighths.numerator == 1 else str(eighths.numerator)
    return count + {1: "", 2: "/"}.get(eighths.denominator, f"/{eighths.denominator}")


def _chord(chord: Chord, alters: Alters) -> str:
    length = _length(chord.duration.ticks, chord)
    before = "".join(_before(note.marks) for note in chord.notes)
    slurs = "".join(AFTERWARDS[mark.name] for note in chord.notes for mark in note.marks if mark.name == "slur-stop")
    ties = ["-" if note.has("tie") else "" for note in chord.notes]
    pitches = [_pitch(note, alters) for note in chord.notes]
    if len(pitches) > 1:
        text = "[" + "".join(pitch + tie for pitch, tie in zip(pitches, ties, strict=True)) + "]" + length
    else:
        text = pitches[0] + length + ties[0]
    if chord.grace:
        return "{" + ("/" if chord.grace == "slash" else "") + before + text + slurs + "}"
    return before + text + slurs


def _before(marks: tuple[Mark, ...]) -> str:
    said = [mark for mark in marks if mark.name not in (*UNSAID, *AFTERWARDS)]
    said = [mark for mark in said if SIGN_BY_NAME[mark.name].kind != "engraving"]
    return "".join(DECORATIONS.get(mark.name, f"!{mark.name}{mark.value}!") for mark in said)


def _pitch(note: Note, alters: Alters) -> str:
    step = note.step if note.octave < 5 else note.step.lower()
    octave = "," * (4 - note.octave) + "'" * (note.octave - 5)
    sign = ACCIDENTALS.get(int(note.alter), "") if departs(note, alters) else ""
    return sign + step + octave


def _opening(start: Barline) -> str:
    return ("|:" if start.repeat == "forward" else "") + (f"[{start.ending}" if start.ending_type == "start" else "")


def _closing(end: Barline) -> str:
    return ":|" if end.repeat == "backward" else STYLES.get(end.style, "|")
