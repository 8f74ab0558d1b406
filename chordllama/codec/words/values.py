"""What the value of a mark or direction may be, by its shape in the table. Reader and text ask the same patterns; knows no trees.

So whatever is read can be written as text, and whatever text is loaded can be written as MusicXML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from chordllama.codec.whitelist import (
    ACCIDENTALS,
    BAR_STYLES,
    BEAM_BY_LETTER,
    CAESURAS,
    DIRECTION_SIGNS,
    FERMATAS,
    FIGURE_LINES,
    FIGURE_SIGNS,
    MOST_BEAMS,
    NO_BEAM,
    NO_BEAMS,
    NOTEHEADS,
    PEDAL_FORMS,
    SIGN_BY_NAME,
    SIGN_RANK,
    SIGNS,
    SOUND_ATTRIBUTES,
    STEMS,
    WEDGES,
)
from chordllama.codec.words.durations import TYPE_BY_CODE, TYPE_CODES
from chordllama.codec.words.key_words import KEY
from chordllama.codec.words.texts import parse_text
from chordllama.score.model import Mark

CLEF = re.compile(r"([GFC])([1-5])(?:([_^])(8|15|22))?|percussion|TAB|jianpu|none")
_CODE = "|".join(sorted(TYPE_BY_CODE, key=len, reverse=True))
TEMPO = re.compile(rf'(?:({_CODE})(\.{{0,2}})=)?(?:("(?:[^"\\]|\\.)*")|([0-9]{{1,4}}(?:\.[0-9]{{1,6}})?))')
"""A beat and its dots (a quarter without them), then a text or a number of beats a minute."""
EQUAL_BEATS = re.compile(rf"({_CODE})(\.{{0,2}})~({_CODE})(\.{{0,2}})")
"""Two beats, each with its dots, of which the one becomes the other."""
VERSE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,99}")
STRING = re.compile(r"([A-G])(##?|bb?)?([0-9])")
"""The pitch of an open string."""
OF_CHORDS = frozenset(sign.name for sign in SIGNS if sign.element in ("beam", "stem"))
"""Marks of beams and stems, which stand at the first note of a chord."""
NOT_AT_RESTS = frozenset(["alter", *(sign.name for sign in SIGNS if not sign.at_rests)])
"""Marks that only a note can have."""
_FIGURE_SIGN = "|".join(re.escape(code) for code in sorted(FIGURE_SIGNS.values(), key=len, reverse=True))
_FIGURE_LINE = "|".join(re.escape(code) for code in sorted(FIGURE_LINES.values(), key=len, reverse=True))
FIGURE = rf"(?=[^ )])({_FIGURE_SIGN})?([1-9][0-9]{{0,2}})?({_FIGURE_SIGN})?({_FIGURE_LINE})?"
FIGURES = rf"{FIGURE}(?: {FIGURE})*|\({FIGURE}(?: {FIGURE})*\)"
"""Figures from the top (`6 4`, `7n 5`, `#`), each with its sign before or after it, in parentheses if they are printed so."""
NOTE_TYPE = re.compile(rf"({'|'.join(TYPE_CODES)})(\.{{0,4}})(?:/([1-9][0-9]{{0,3}}):([1-9][0-9]{{0,3}}))?")
"""A written note type with its dots, and the tuplet ratio where that isn't the one that is played."""

_LINE = r"(?:[2-9]|1[0-6])"
_PITCHES = "(?:base|touching|sounding)-pitch"
_NUMBER = r"[1-9]|1[0-6]"
_TEXT = r"\S(?:.*\S)?"
_SOUND_VALUES = {"decimal": r"[0-9]{1,5}(?:\.[0-9]{1,9})?", "yes-no": "(?:yes|no)", "name": _TEXT}
_REPEAT = r"repeat=(?:forward|backward)(?:,times=[1-9][0-9]?)?"
_PATTERNS = {
    "none": (r"", "no value"),
    "number": (rf"{_LINE}?", "the number of a line (2 to 16, 1 goes without saying)"),
    "ratio": (r"(?:[1-9][0-9]{0,3}:[1-9][0-9]{0,3})?", "a ratio (3:2)"),
    "text": (rf"(?:{_TEXT})?", "a text that neither begins nor ends with a space"),
    "name": (_TEXT, "a text that neither begins nor ends with a space"),
    "count": (r"[1-9]?[0-9]", "a number (0 to 99)"),
    "notehead": ("|".join(NOTEHEADS), f"one of {', '.join(NOTEHEADS)}"),
    "fermata": ("|".join(["", *FERMATAS]), f"one of {', '.join(FERMATAS)}, or nothing"),
    "caesura": ("|".join(["", *CAESURAS]), f"one of {', '.join(CAESURAS)}, or nothing"),
    "accidental": ("|".join(ACCIDENTALS), "the name of an accidental (sharp, quarter-flat, …)"),
    "note type": (NOTE_TYPE.pattern, "a note type with its dots (quarter, eighth.)"),
    "staff": (r"[1-8]", "the number of a staff (1 to 8)"),
    "instrument": (r"[1-9][0-9]{0,2}", "the number of an instrument (from 1)"),
    "place": (r"[a-g][0-9]", "a step and an octave (b4)"),
    "arpeggio": (rf"(?:up|down)?(?:{_NUMBER})?", "up, down or nothing, and the number of chords that go together"),
    "harmonic": (
        rf"(?:(?:natural|artificial)(?:\+{_PITCHES})?|{_PITCHES})?",
        "natural or artificial, and which pitch it is: artificial+touching-pitch",
    ),
    "bend": (
        r"-?[0-9]{1,2}(?:\.[0-9]{1,4})?(?:\+(?:pre-bend|release))?(?:\+with-bar)?",
        "semitones, and how they are bent: 2, 1.5+release, 3+with-bar",
    ),
    "glyph": (rf"smufl:[a-z][A-Za-z0-9]*|{_TEXT}", "a text, or smufl: and the name of a sign in music fonts"),
    "steal time": (r"(?:previous|following)[0-9]{1,3}(?:\.[0-9]{1,6})?", "previous or following, and how many percent"),
    "side": (r"top|bottom", "top or bottom"),
    "tremolo": (
        r"(?:start|stop|unmeasured)?[0-8]?",
        "the number of strokes, after start or stop where it is between two notes",
    ),
    "stem": ("|".join(STEMS), "none or double"),
    "beam": (
        rf"{NO_BEAMS}|[{''.join(BEAM_BY_LETTER)}{NO_BEAM}]{{0,{MOST_BEAMS - 1}}}[{''.join(BEAM_BY_LETTER)}]",
        "what becomes of each beam (b begins, c goes on, e ends, f and h are hooks, - is none), or none",
    ),
    "wedge": (rf"(?:{'|'.join(WEDGES)})(?: {_LINE})?", "a hairpin"),
    "spanner": (
        rf"(?:start|stop|continue)(?: {_LINE})?",
        "start, stop or continue, and the number of the line if it isn't 1",
    ),
    "pedal": (
        rf"(?:start|stop|sostenuto|change|continue|discontinue|resume)(?:-(?:{'|'.join(PEDAL_FORMS)}))?(?: {_LINE})?",
        f"start, stop, change, continue, sostenuto, discontinue or resume, and how it is seen (-{', -'.join(PEDAL_FORMS)})",
    ),
    "octave-shift": (
        rf"(?:up|down|stop|continue)(?:8|15|22)(?: {_LINE})?",
        "up, down, stop or continue with 8, 15 or 22: down8",
    ),
    "figures": (FIGURES, "figures from the top: 6 4, 7n, #, (5 3)"),
    "switch": (r"on|off", "on or off"),
    "sound": (
        "|".join(f"(?:{name}={_SOUND_VALUES[shape]})" for name, shape in SOUND_ATTRIBUTES.items()),
        f"one of {', '.join(SOUND_ATTRIBUTES)}, = and its value",
    ),
    "clef": (CLEF.pattern, "a clef (G2, F4, C3, G2_8, percussion, TAB, none)"),
    "key": (KEY.pattern, "a key (-14 to 14, and the mode: -3,minor)"),
    "transpose": (r"-?[0-9]{1,2}/-?[0-9]{1,2}/-?[0-9]{1,2}", "a transposition (semitones/steps/octaves: -2/-1/0)"),
    "bar line": (
        rf"(?:{'|'.join(BAR_STYLES)})(?:,{_REPEAT})?|{_REPEAT}",
        "the style of a bar line, a repeat, or both: dashed, light-heavy,repeat=backward,times=3",
    ),
}
_SHAPES = {shape: (re.compile(pattern, re.DOTALL), wanted) for shape, (pattern, wanted) in _PATTERNS.items()}


NO_BRACKETS = Mark("%")
"""Stands in a word only: the tuplets of this row have no brackets."""
_RANKS = {"alter": -2, NO_BRACKETS.name: -1, **SIGN_RANK}


def mark_rank(mark: Mark) -> int:
    """Return where a mark stands among the marks of one note."""
    return _RANKS[mark.name]


def in_order(*marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return the marks of one note in the order in which they are written, each once."""
    return tuple(sorted(dict.fromkeys(chain(*marks)), key=mark_rank))


LINES = ("wedge", "spanner", "pedal", "octave-shift")
"""Shapes of directions whose value ends with the number of a line."""


def wanted(shape: str) -> str:
    """Return what a value of this shape is, in words."""
    return _PATTERNS[shape][1]


@lru_cache(maxsize=8192)
def mark_fault(mark: Mark) -> str:
    """Return what is wrong with a mark's value; "" if nothing is."""
    return _fault(mark.name, SIGN_BY_NAME[mark.name].shape, mark.value)


@lru_cache(maxsize=8192)
def direction_fault(name: str, value: str) -> str:
    """Return what is wrong with a direction's value; "" if nothing is."""
    shape = DIRECTION_SIGNS[name].shape
    if shape != "metronome":
        return _fault(name, shape, value)
    return "" if _is_metronome(value) else f'"{value}" is not a tempo (t120, t4.=60, t4="c. 60", t8~4.)'


def _fault(name: str, shape: str, value: str) -> str:
    pattern, wanted = _SHAPES[shape]
    if pattern.fullmatch(value):
        return ""
    return f'"{value}" is no value of {name}: wanted {wanted}' if value else f"{name} lacks its value: wanted {wanted}"


def _is_metronome(value: str) -> bool:
    value = bare_tempo(value)
    match = TEMPO.fullmatch(value)
    if match and match[3]:
        text = parse_text(match[3])
        return text == text.strip()
    return bool(match or EQUAL_BEATS.fullmatch(value))


def bare_tempo(value: str) -> str:
    """Return a tempo without the parentheses that it may stand in."""
    return value[1:-1] if value.startswith("(") and value.endswith(")") else value


def is_clef(code: str) -> bool:
    """Tell whether a code is that of a clef."""
    return CLEF.fullmatch(code) is not None
