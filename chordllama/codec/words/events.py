"""One word of a row, and back: notes, rests, spacers, syllables. Knows no lines, no bars and no YAML.

Each `format_…` stands beside the `parse_…` that reads it. A word that isn't one raises `ValueError`, whose text says what was
wanted; the caller knows the line. Lengths are in durations.py, texts in texts.py, what stands at a moment in moments.py.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from chordllama.codec.whitelist import SIGN_BY_CODE, SIGN_BY_NAME
from chordllama.codec.words.durations import TYPE_BY_CODE, TYPE_CODES, VALUE, format_duration, parse_duration
from chordllama.codec.words.texts import format_text, format_value, parse_text, parse_value
from chordllama.codec.words.values import NO_BRACKETS, NOT_AT_RESTS, OF_CHORDS, mark_fault, mark_rank
from chordllama.limits import MOST_NOTES, MOST_SIGNS, MOST_VERSES
from chordllama.score.model import Chord, Duration, Mark, Note, Rest, Spacer, Syllable

__all__ = ["TYPE_BY_CODE", "TYPE_CODES", "format_duration", "parse_duration"]

ALTER_CODES: dict[int | Fraction, str] = {-2: "bb", -1: "b", 0: "", 1: "s", 2: "ss"}
ALTER_BY_CODE = {code: int(alter) for alter, code in ALTER_CODES.items()}

# ---------------------------------------------------------------------------------------------------------------- marks


_VALUE_AFTER_CODE = {
    "number": r"\d{0,2}",
    "ratio": r"(?:\d+:\d+)?",
    "tremolo": r"(?:start|stop|unmeasured)?[0-8]?",
    "staff": r"[1-8]",
}
"""What a mark's code may be followed by, by its shape: `(2`, `[3:2`, `=3`, `@2`. Other values are spelled out, {name=value}."""


@lru_cache(maxsize=8192)
def format_mark(mark: Mark) -> str:
    """Return a mark as the suffix of a note or rest."""
    if mark == NO_BRACKETS:
        return mark.name
    sign = SIGN_BY_NAME[mark.name]
    if sign.code and (not mark.value or sign.shape in _VALUE_AFTER_CODE):
        return sign.code + mark.value
    return f"{{{mark.name}={format_value(mark.value)}}}" if mark.value else f"{{{mark.name}}}"


_NAMED = r"""\{[a-z-]+(?:=(?:"(?:[^"\\]|\\.)*"|[^"{}\s]+))?\}"""
_CODES = tuple(sorted(SIGN_BY_CODE, key=len, reverse=True))  # of two that begin alike, the longer one is meant
_CODED = (re.escape(code) + _VALUE_AFTER_CODE.get(SIGN_BY_CODE[code].shape, "") for code in _CODES)
_MARK = re.compile("|".join([*_CODED, re.escape(NO_BRACKETS.name), _NAMED]))
_MARKS = f"(?:{_MARK.pattern})*"


@lru_cache(maxsize=8192)
def parse_marks(text: str) -> tuple[Mark, ...]:
    """Return the marks that follow a note, in the table's order."""
    marks = [_parse_mark(match) for match in _MARK.finditer(text)]
    if len(marks) > MOST_SIGNS:
        raise ValueError(f"more than {MOST_SIGNS} signs at a note")
    for mark in marks:
        if mark.name in SIGN_BY_NAME and (fault := mark_fault(mark)):
            raise ValueError(fault)
    return tuple(sorted(marks, key=mark_rank))


def _parse_mark(match: re.Match[str]) -> Mark:
    word = match[0]
    if word == NO_BRACKETS.name:
        return NO_BRACKETS
    if word[0] != "{":
        code = next(code for code in _CODES if word.startswith(code))
        return Mark(SIGN_BY_CODE[code].name, word[len(code) :])
    name, _, value = word[1:-1].partition("=")
    if name == "alter":
        return Mark(name, value)
    if name not in SIGN_BY_NAME:
        raise ValueError(f'"{{{name}}}" is not a mark')
    return Mark(name, parse_value(value) if value else "")


# ---------------------------------------------------------------------------------------------------------------- notes

_HEAD = re.compile(rf"(x?)([a-g])(ss|s|bb|b)?(\d?)({VALUE}?)(g/?)?({_MARKS})")
_MEMBER = re.compile(rf"_(x?)([a-g])(ss|s|bb|b)?(\d?)({_MARKS})")
_REST = re.compile(rf"r({VALUE}?)({_MARKS})")
_NOT_AT_NOTES = frozenset(["position"])
_NOT_AT_MEMBERS = frozenset(["position", NO_BRACKETS.name, *OF_CHORDS])


class Sticky:
    """What a word may leave out: the octave and the duration of the note before it in the line.

    `begun`: something has sounded or rested in this bar, so that a bare rest is no bar's rest.
    """

    __slots__ = ("begun", "duration", "octave")

    def __init__(self) -> None:
        self.octave: int | None = None
        self.duration: Duration | None = None
        self.begun = False


def format_chord(chord: Chord, sticky: Sticky) -> str:
    """Return a note or chord; a grace note says all and changes nothing that sticks."""
    head = chord.notes[0]
    word = _format_pitch(head) + _format_length(chord, head, sticky) + _format_note_marks(head)
    return word if len(chord.notes) == 1 else word + _format_members(chord)


def _format_members(chord: Chord) -> str:
    word, octave = "", chord.notes[0].octave
    for member in chord.notes[1:]:
        sticks = "" if member.octave == octave else str(member.octave)
        word += f"_{_format_pitch(member)}{sticks}{_format_note_marks(member)}"
        octave = member.octave
    return word


def _format_length(chord: Chord, head: Note, sticky: Sticky) -> str:
    value = chord.duration
    if chord.grace:
        return f"{head.octave}{format_duration(value)}g{'/' if chord.grace == 'slash' else ''}"
    sticky.begun = True
    if value is not sticky.duration and value != sticky.duration:
        sticky.duration, sticky.octave = value, head.octave
        return str(head.octave) + format_duration(value)
    if head.octave != sticky.octave:
        sticky.octave = head.octave
        return str(head.octave)
    return ""


def _format_pitch(note: Note) -> str:
    return ("x" if note.unpitched else "") + note.step.lower() + ALTER_CODES.get(note.alter, "")


def _format_note_marks(note: Note) -> str:
    if not note.marks and note.alter in ALTER_CODES:
        return ""
    text = "".join(map(format_mark, note.marks))
    return text if note.alter in ALTER_CODES else f"{{alter={note.alter}}}{text}"


def parse_chord(word: str, sticky: Sticky) -> Chord:
    """Return the note or chord that `format_chord` writes."""
    head = _HEAD.match(word)
    if not head:
        raise ValueError(f'"{word}" is not a note, rest or sign')
    _, _, _, octave, length, grace, _ = head.groups()
    value = _parse_length(word, length, grace, sticky)
    note = _parse_note(head[1], head[2], head[3], octave or sticky.octave, head[7], word, _NOT_AT_NOTES)
    if not grace:
        sticky.octave, sticky.duration, sticky.begun = note.octave, value, True
    notes = [note]
    position = head.end()
    while position < len(word):
        member = _MEMBER.match(word, position)
        if not member:
            raise ValueError(f'"{word[position:]}" in "{word}" is neither a mark nor a note of the chord')
        octave = member[4] or notes[-1].octave
        notes.append(_parse_note(member[1], member[2], member[3], octave, member[5], word, _NOT_AT_MEMBERS))
        position = member.end()
        if len(notes) > MOST_NOTES:
            raise ValueError(f"more than {MOST_NOTES} notes in a chord")
    return Chord(value, tuple(notes), {"g": "grace", "g/": "slash", None: ""}[grace])


def _parse_length(word: str, length: str, grace: str | None, sticky: Sticky) -> Duration:
    if length:
        return parse_duration(length)
    if grace or sticky.duration is None:
        raise ValueError(
            f'"{word}" needs an octave and a duration: {"a grace note" if grace else "the first note of a row"} has both'
        )
    return sticky.duration


def _parse_note(
    unpitched: str,
    step: str,
    alter: str | None,
    octave: str | int | None,
    marks: str,
    word: str,
    forbidden: frozenset[str],
) -> Note:
    if octave is None or octave == "":
        raise ValueError(f'"{word}" needs an octave')
    value: int | Fraction = ALTER_BY_CODE[alter or ""]
    found = parse_marks(marks) if marks else ()
    if found and found[0].name == "alter":
        value, found = _parse_alter(found[0].value), found[1:]
    if found:
        _forbid(found, forbidden | {"alter"}, word)
    if unpitched and value:
        raise ValueError(f'"{word}" is a place on a percussion staff: it has no accidental')
    return Note(step.upper(), int(octave), value, bool(unpitched), found)


def _forbid(marks: tuple[Mark, ...], names: frozenset[str], word: str) -> None:
    for mark in marks:
        if mark.name in names:
            raise ValueError(f'{mark.name} has no place at "{word}"')


def _parse_alter(text: str) -> int | Fraction:
    """Semitones, of which MusicXML holds four decimals."""
    if (
        not re.fullmatch(r"-?[0-9]{1,6}(/[1-9][0-9]{0,4})?", text)
        or abs(value := Fraction(text)) > 99
        or 10000 % value.denominator
    ):
        raise ValueError(f'"{text}" is not an alteration in semitones')
    return value.numerator if value.denominator == 1 else value


def format_rest(rest: Rest, sticky: Sticky) -> str:
    """Write a rest: `r` alone lasts as long as the note before it, or, first in its bar, the whole of it."""
    marks = "".join(map(format_mark, rest.marks)) if rest.marks else ""
    if rest.duration is None or (sticky.begun and rest.duration == sticky.duration):
        return "r" + marks
    sticky.duration, sticky.begun = rest.duration, True
    return f"r{format_duration(rest.duration)}{marks}"


def parse_rest(word: str, sticky: Sticky) -> Rest:
    """Return the rest that `format_rest` writes."""
    match = _REST.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a rest (r, r4, r8.)')
    if match[1]:
        sticky.duration, sticky.begun = parse_duration(match[1]), True
    marks = parse_marks(match[2]) if match[2] else ()
    _forbid(marks, NOT_AT_RESTS, word)
    return Rest(sticky.duration if sticky.begun else None, marks)


def format_spacer(spacer: Spacer) -> str:
    """Time in which nothing is seen; it never sticks."""
    return "s" + format_duration(spacer.duration) if spacer.duration else "s"


def parse_spacer(word: str) -> Spacer:
    """Return the spacer that `format_spacer` writes."""
    return Spacer(parse_duration(word[1:]) if len(word) > 1 else None)


# --------------------------------------------------------------------------------------------------------------- lyrics

VERSE = ";"
_BARE_SYLLABLE = re.compile(r'(?![/&|;])[^"\\=]*[^"\\=_-]')


def format_verse(verse: int, before: int) -> str:
    """Return what stands before the syllables of a verse: its number where it isn't the one after the verse before."""
    return VERSE if verse == before + 1 else f"{VERSE}{verse}"


def parse_verse(word: str, before: int) -> int:
    """Return the number of the verse that `format_verse` leads to."""
    number = word.removeprefix(VERSE)
    if number and not re.fullmatch(r"[1-9][0-9]?", number):
        raise ValueError(f'"{word}" leads to no verse (; the next one, ;3 the third)')
    verse = int(number) if number else before + 1
    if not before < verse <= MOST_VERSES:
        raise ValueError(f"verse {verse} can't follow verse {before}")
    return verse


def format_syllable(syllable: Syllable | None) -> str:
    """Write a syllable: `Lie-` has a hyphen, `be_` one with a line after it, `_` a note with none."""
    if syllable is None:
        return "_"
    text = syllable.text
    bare = _BARE_SYLLABLE.fullmatch(text) and text.isprintable() and " " not in text
    return (
        (text if bare else "=" + format_text(text))
        + ("-" if syllable.hyphen else "")
        + ("_" if syllable.extend else "")
    )


_SYLLABLE = re.compile(
    r'(?:="(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>(?![/&|;])[^"\\=]*[^"\\=_-]))(?P<hyphen>-)?(?P<extend>_)?'
)


def parse_syllable(word: str, verse: int) -> Syllable | None:
    """Return the syllable that `format_syllable` writes."""
    if word == "_":
        return None
    match = _SYLLABLE.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a syllable')
    text = match["bare"] if match["quoted"] is None else parse_text(f'"{match["quoted"]}"')
    return Syllable(verse, text, bool(match["hyphen"]), bool(match["extend"]))
