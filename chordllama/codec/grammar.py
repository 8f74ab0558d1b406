"""What may be written next: new bars of a compact text, character by character. Knows the words, the metre and the parts.

A `Writer` is a state machine over the text of an answer (see tasks/music.py): it takes any piece of text, however cut, and says
whether the bars can still become right with it: every row fills its bar to the tick, stays within its part's staves and range,
and reads back as the words of words.py. So what it has taken can always be decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import regex

from chordllama.codec import words
from chordllama.codec.compact import parse_word, row_key
from chordllama.codec.whitelist import DYNAMICS
from chordllama.score import WHOLE, Chord, Direction, Duration, Harmony, Note, Rest, Row, Score, Spacer, Ticks, duration

Place = tuple[int, int, int]
"""Part (from 0), staff and voice (from 1)."""

GRID = WHOLE // 128
"""Outside of tuplets, notes begin on a multiple of this."""
TYPES = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th")
GRACE_TYPES = ("eighth", "16th", "32nd")
TUPLETS = ((3, 2), (5, 4), (6, 4), (7, 4))
MOST_GRACES = 4
MOST_VOICES = 3
ROOM = 4
"""Semitones by which a new note may leave the range of its part."""
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

_MARK = (
    r"[~'>^*,\-]|[()]2?|@[a-h]|\{(?:arpeggiate|trill-mark|turn|mordent|inverted-mordent|inverted-turn|staccatissimo|soft-accent"
    r"|breath-mark|tremolo=[1-3]|let-ring)\}"
)
_VALUE = r"(?:0|1|2|4|8|16|32|64)\.{0,2}(?:t[567]?)?"
_NOTE = rf"x?[a-g](?:ss|s|bb|b)?\d?(?:{_VALUE})?(?:g/?)?(?:{_MARK})*(?:_x?[a-g](?:ss|s|bb|b)?\d?(?:{_MARK})*)*"
_HARMONY = r"[A-G](?:\#|b)?(?:m7b5|mmaj7|maj7|maj9|m7|m6|m9|dim7|dim|sus4|sus2|m|7|6|9|\+7|\+)?(?:/[A-G](?:\#|b)?)?"
_WORD = regex.compile(rf"{_NOTE}|[rs](?:{_VALUE})?\*?|{_HARMONY}|=[a-z]+|=[<>!]|=[GFC]\d(?:[_^]\d+)?|=percussion|=TAB")
_HEAD = regex.compile(r"(x?)([a-g])(ss|s|bb|b)?(\d?)(\d*)(\.*)(t\d?)?(g/?)?")
_LETTERS = regex.compile(r"[^ \n]+")
_REST_HEAD = regex.compile(r"([rs])(\d*)(\.*)(t\d?)?")


@lru_cache(maxsize=1 << 16)
def may_become_a_word(text: str) -> bool:
    """Whether some new word begins with `text`."""
    return _WORD.fullmatch(text, partial=True) is not None


@lru_cache(maxsize=1 << 14)
def _shortest(digits: str) -> Ticks:
    """The shortest note value whose digits begin so, in a tuplet if that makes it shorter; 0 if it may be a grace note's."""
    codes = [type for type in TYPES if words.TYPE_CODES[type].startswith(digits)]
    if not codes:
        return WHOLE * 1000
    if any(type in GRACE_TYPES for type in codes):
        return 0
    return min(duration(type, 0, actual, normal).ticks for type in codes for actual, normal in TUPLETS)


@dataclass(frozen=True, slots=True)
class PartRules:
    """What new bars may hold in one part: heights (semitones above C0), percussion places, clefs, chord symbols, voices by staff."""

    lowest: int
    highest: int
    unpitched: frozenset[tuple[str, int]]
    pitched: bool
    clefs: frozenset[str]
    harmony: bool
    voices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What new bars must keep to. `length` is that of a bar in ticks, `closes` whether a final bar line ends the last of `bars`."""

    parts: tuple[PartRules, ...]
    length: Ticks
    bars: int
    closes: bool


def rules_for(score: Score, bars: int, length: Ticks, closes: bool) -> Rules:
    """The rules for `bars` new bars of `length` ticks after a (lean) score: its own staves, voices and ranges."""
    return Rules(tuple(_part_rules(score, index) for index in range(len(score.parts))), length, bars, closes)


def _part_rules(score: Score, index: int) -> PartRules:
    rows = [row for bar in score.bars for row in bar.rows if row.part == index]
    items = [item for row in rows for item in row.items]
    notes = [note for item in items if isinstance(item, Chord) for note in item.notes]
    heights = [height(note) for note in notes if not note.unpitched] or [36, 72]
    spare = max(0, 12 - (max(heights) - min(heights)))
    voices = {
        staff: {row.voice for row in rows if row.staff == staff} for staff in range(1, score.parts[index].staves + 1)
    }
    return PartRules(
        lowest=int(min(heights)) - ROOM - spare // 2,
        highest=int(max(heights)) + ROOM + spare // 2,
        unpitched=frozenset((note.step, note.octave) for note in notes if note.unpitched),
        pitched=not notes or any(not note.unpitched for note in notes),
        clefs=frozenset(
            {*score.parts[index].clefs, *(i.value for i in items if isinstance(i, Direction) and i.name == "clef")}
        ),
        harmony=any(isinstance(item, Harmony) for item in items),
        voices=tuple(min(MOST_VOICES, max(voices[staff], default=1)) for staff in sorted(voices)),
    )


def height(note: Note) -> int:
    """A written pitch in semitones above C0."""
    return 12 * note.octave + _SEMITONES[note.step] + int(note.alter)


@dataclass(slots=True)
class _RowState:
    """A row while it is written."""

    place: Place
    octave: int | None = None
    value: Duration | None = None
    position: Ticks = 0
    graces: int = 0
    signs: int = 0
    tuplet: tuple[int, int] | None = None
    fills: bool = False
    sounds: bool = False


@dataclass(slots=True)
class _State:
    """All that the next piece depends on.

    `text` is the line so far, or the word where a row is being written; `finished` the state after the last row, which becomes
    `good` when the next bar begins: the place to go back to.
    """

    bar: int
    text: str = ""
    row: _RowState | None = None
    last: Place | None = None
    in_bar: bool = False
    ended: bool = False
    slurs: frozenset[tuple[int, str]] = frozenset()
    wedges: frozenset[int] = frozenset()
    clefs: dict[tuple[int, int], str] = field(default_factory=dict)
    written: int = 0
    finished: _State | None = None
    good: _State | None = None

    def copy(self) -> _State:
        return replace(self, row=replace(self.row) if self.row else None)


class Refused(Exception):
    """The text can't go on so."""


class Writer:
    """Takes an answer's text piece by piece and refuses what can't become right."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.state = _State(bar=-rules.bars)
        self.places = [
            (part, staff, voice)
            for part, own in enumerate(rules.parts)
            for staff, voices in enumerate(own.voices, 1)
            for voice in range(1, voices + 1)
        ]
        self.starts = {f" {row_key(Row(*place, ()))}: ": place for place in self.places}
        self._ahead: tuple[str, _State] | None = None

    @property
    def done(self) -> bool:
        """Whether the last bar is finished."""
        return self.state.ended

    @property
    def kept(self) -> int:
        """How many characters reach up to the end of the last finished bar."""
        return self.state.good.written if self.state.good else 0

    @property
    def bars(self) -> int:
        """How many bars are finished."""
        return self.state.bar + self.rules.bars

    def accepts(self, piece: str) -> bool:
        """Whether the text may go on with `piece`."""
        ahead = self.state.copy()
        try:
            self._take(ahead, piece)
        except Refused:
            return False
        self._ahead = (piece, ahead)
        return True

    def feed(self, piece: str) -> None:
        """`piece`, which `accepts`, is written."""
        if self._ahead is None or self._ahead[0] != piece:
            assert self.accepts(piece)
        assert self._ahead is not None
        self.state, self._ahead = self._ahead[1], None

    def rewind(self) -> None:
        """Go back to the end of the last finished bar."""
        good = self.state.good or _State(bar=-self.rules.bars)
        self.state, self._ahead = good.copy(), None
        self.state.good = good

    # ----------------------------------------------------------------------------------------------------------- pieces

    def _take(self, state: _State, piece: str) -> None:
        while piece:
            if state.ended:
                raise Refused
            took = self._line(state, piece) if state.row is None else self._row(state, state.row, piece)
            state.written += took
            piece = piece[took:]

    def _row(self, state: _State, row: _RowState, piece: str) -> int:
        """Take the rest of a word, or a word's end."""
        letters = _LETTERS.match(piece)
        if letters:
            state.text += letters[0]
            if letters.end() == len(piece):
                self._letter(state, row)
            return letters.end()
        if piece[0] == " ":
            self._space(state, row)
        else:
            self._row_end(state, row)
        return 1

    def _line(self, state: _State, piece: str) -> int:
        """Take a whole line that is no row, the start of a row, or a part of either."""
        text = state.text + piece
        for start, place in self.starts.items():
            if text.startswith(start) and self._may_begin(state, place):
                took = len(start) - len(state.text)
                state.row, state.text = _RowState(place), ""
                return took
        for line in self._whole_lines(state):
            if text.startswith(line):
                took = len(line) - len(state.text)
                self._line_end(state, line)
                return took
        if not any(start.startswith(text) for start in self._line_starts(state)):
            raise Refused
        state.text = text
        return len(piece)

    def _may_begin(self, state: _State, place: Place) -> bool:
        return state.in_bar and (state.last is None or place > state.last)

    def _line_starts(self, state: _State) -> Iterator[str]:
        yield from self._whole_lines(state)
        for start, place in self.starts.items():
            if self._may_begin(state, place):
                yield start

    def _whole_lines(self, state: _State) -> Iterator[str]:
        """The lines that are no rows: the next bar's key, and the end of the last bar."""
        if not state.in_bar:
            yield f"{state.bar}:\n"
        elif state.last is not None:
            closing = state.bar == -1 and self.rules.closes
            yield " end: final\n" if closing else f"{state.bar + 1}:\n"

    def _line_end(self, state: _State, line: str) -> None:
        before, state.text = state.text, ""
        if line.startswith(" end"):
            state.in_bar, state.bar = False, 0
            state.finished = replace(state, written=state.written + len(line) - len(before), finished=None, good=None)
            return
        if state.in_bar:
            state.bar += 1
        state.good = state.finished
        state.in_bar, state.last, state.finished = True, None, None
        state.ended = state.bar == 0

    # ------------------------------------------------------------------------------------------------------------ words

    def _letter(self, state: _State, row: _RowState) -> None:
        """A word has grown by a letter: can it still become one that fits?"""
        text = state.text
        if not may_become_a_word(text):
            raise Refused
        first = text[0]
        left = self.rules.length - row.position
        if first != "=" and (row.fills or not left):
            raise Refused
        if first == "=":
            if not any(sign.startswith(text) for sign in self._signs(state, row)):
                raise Refused
        elif "A" <= first <= "G":
            if not self.rules.parts[row.place[0]].harmony:
                raise Refused
        elif first in "rs":
            self._rest_letter(row, text, left)
        else:
            self._note_letter(state, row, text, left)

    def _rest_letter(self, row: _RowState, text: str, left: Ticks) -> None:
        match = _REST_HEAD.match(text)
        assert match is not None
        _, digits, dots, tuplet = match.groups()
        if digits and not dots and not tuplet and match.end() == len(text):
            if min(_least_rest(digits), left + 1) > left:
                raise Refused
        elif digits:
            self._check_value(
                row, _value(digits, dots, tuplet), left, match.end() == len(text) and tuplet in (None, "t")
            )

    def _note_letter(self, state: _State, row: _RowState, text: str, left: Ticks) -> None:
        match = _HEAD.match(text)
        if match is None:
            return
        unpitched, step, alter, octave, digits, dots, tuplet, grace = match.groups()
        rules = self.rules.parts[row.place[0]]
        if (bool(unpitched) and not rules.unpitched) or (not unpitched and not rules.pitched):
            raise Refused
        open_ended = match.end() == len(text)
        if octave:
            self._check_pitch(rules, bool(unpitched), step, alter, int(octave))
        if digits and not dots and not tuplet and not grace and open_ended:
            if _shortest(digits) > left:
                raise Refused
        elif digits and not grace:
            self._check_value(row, _value(digits, dots, tuplet), left, open_ended and tuplet in (None, "t"))
        if not open_ended:
            self._check_marks(state, row, text)

    def _check_pitch(self, rules: PartRules, unpitched: bool, step: str, alter: str | None, octave: int) -> None:
        if unpitched:
            if (step.upper(), octave) not in rules.unpitched:
                raise Refused
        elif (
            not rules.lowest
            <= 12 * octave + _SEMITONES[step.upper()] + words.ALTER_BY_CODE[alter or ""]
            <= rules.highest
        ):
            raise Refused

    def _check_value(self, row: _RowState, value: Duration, left: Ticks, open_ended: bool) -> None:
        """A value that may still get dots or a tuplet sign (`open_ended`) can at best be two thirds as long."""
        shortest = value.ticks * 4 // 7 if open_ended else value.ticks
        if shortest > left:
            raise Refused
        if not open_ended and not self._fits_tuplet(row, value):
            raise Refused

    def _fits_tuplet(self, row: _RowState, value: Duration) -> bool:
        """Between notes of a tuplet only more of the same may come."""
        if row.position % GRID == 0:
            return True
        return (value.actual, value.normal) == row.tuplet

    def _check_marks(self, state: _State, row: _RowState, text: str) -> None:
        settled, _, member = text.rpartition("_")
        try:
            chord = words.parse_chord(settled if member.isalnum() and settled else text, _sticky(row))
        except ValueError:
            return
        self._check_chord(state, row, chord)

    def _check_chord(self, state: _State, row: _RowState, chord: Chord) -> None:
        part = row.place[0]
        rules = self.rules.parts[part]
        for note in chord.notes:
            code = words.ALTER_CODES[int(note.alter)]
            self._check_pitch(rules, note.unpitched, note.step.lower(), code, note.octave)
            self._check_note_marks(state, part, note, len(rules.voices))
        if len({note.pitch for note in chord.notes}) < len(chord.notes):
            raise Refused
        if chord.grace and (chord.duration.type not in GRACE_TYPES or chord.duration.dots or chord.duration.is_tuplet):
            raise Refused
        if chord.grace and row.graces >= MOST_GRACES:
            raise Refused
        if not chord.grace and (
            chord.ticks > self.rules.length - row.position or not self._fits_tuplet(row, chord.duration)
        ):
            raise Refused

    def _check_note_marks(self, state: _State, part: int, note: Note, staves: int) -> None:
        names = [(mark.name, mark.value) for mark in note.marks]
        if len(set(names)) < len(names):
            raise Refused
        for name, value in names:
            is_open = (part, value) in state.slurs
            if name == "slur-stop" and not is_open:
                raise Refused
            if name == "slur-start" and is_open and ("slur-stop", value) not in names:
                raise Refused
            if name == "cross" and (staves == 1 or int(value) > staves):
                raise Refused

    def _signs(self, state: _State, row: _RowState) -> Iterator[str]:
        part, staff, _ = row.place
        if row.signs > 1:
            return
        if part in state.wedges:
            yield "=!"
        if row.position == self.rules.length:
            return
        if part not in state.wedges:
            yield from ("=<", "=>")
        yield from (f"={name}" for name in DYNAMICS)
        for clef in self.rules.parts[part].clefs:
            if clef and clef != state.clefs.get((part, staff)):
                yield f"={clef}"

    # ---------------------------------------------------------------------------------------------------- ends of words

    def _space(self, state: _State, row: _RowState) -> None:
        self._word_end(state, row)
        full = row.fills or row.position == self.rules.length
        if full and row.place[0] not in state.wedges:
            raise Refused

    def _row_end(self, state: _State, row: _RowState) -> None:
        self._word_end(state, row)
        if not (row.fills or row.position == self.rules.length) or not row.sounds:
            raise Refused
        state.last, state.row = row.place, None
        state.finished = replace(state, written=state.written + 1, finished=None, good=None)

    def _word_end(self, state: _State, row: _RowState) -> None:
        text, state.text = state.text, ""
        if not text or not _WORD.fullmatch(text):
            raise Refused
        sticky = _sticky(row)
        try:
            item = parse_word(text, sticky)
        except ValueError:
            raise Refused from None
        if isinstance(item, Direction | Harmony):
            self._sign(state, row, item, text)
            return
        if isinstance(item, Chord):
            self._check_chord(state, row, item)
        self._event(state, row, item)
        row.octave, row.value = sticky.octave, sticky.duration

    def _sign(self, state: _State, row: _RowState, item: Direction | Harmony, text: str) -> None:
        part, staff, _ = row.place
        row.signs += 1
        if isinstance(item, Harmony):
            if row.signs > 1 or row.position == self.rules.length:
                raise Refused
            return
        if text not in self._signs(state, replace(row, signs=row.signs - 1)):
            raise Refused
        if item.name == "wedge":
            state.wedges = state.wedges - {part} if item.value == "stop" else state.wedges | {part}
        elif item.name == "clef":
            state.clefs = {**state.clefs, (part, staff): item.value}

    def _event(self, state: _State, row: _RowState, item: Chord | Rest | Spacer) -> None:
        if item.duration is None:
            if row.position or row.graces:
                raise Refused
            row.fills = True
            row.sounds = isinstance(item, Rest) and (row.place[2] > 1 or row.signs > 0 or bool(item.marks))
            return
        length = 0 if isinstance(item, Chord) and item.grace else item.duration.ticks
        if length > self.rules.length - row.position or (length and not self._fits_tuplet(row, item.duration)):
            raise Refused
        row.position += length
        row.signs = 0
        row.sounds = row.sounds or not isinstance(item, Spacer)
        if isinstance(item, Chord):
            row.graces = row.graces + 1 if item.grace else 0
            self._slur(state, row.place[0], item)
        if length:
            row.tuplet = (item.duration.actual, item.duration.normal)

    def _slur(self, state: _State, part: int, chord: Chord) -> None:
        for note in chord.notes:
            for mark in note.marks:
                if mark.name == "slur-stop":
                    state.slurs = state.slurs - {(part, mark.value)}
            for mark in note.marks:
                if mark.name == "slur-start":
                    state.slurs = state.slurs | {(part, mark.value)}


def _sticky(row: _RowState) -> words.Sticky:
    sticky = words.Sticky()
    sticky.octave, sticky.duration = row.octave, row.value
    return sticky


@lru_cache(maxsize=4096)
def _value(digits: str, dots: str, tuplet: str | None) -> Duration:
    try:
        return words.parse_duration(digits + dots + (tuplet or ""))
    except ValueError:
        raise Refused from None


@lru_cache(maxsize=256)
def _least_rest(digits: str) -> Ticks:
    values = [duration(type).ticks for type in TYPES if words.TYPE_CODES[type].startswith(digits)]
    return min(values, default=WHOLE * 1000) * 4 // 7
