"""One word of a row, and back: notes, rests, spacers, directions, chord symbols, syllables. Knows no lines, no bars and no YAML.

Each `format_…` stands beside the `parse_…` that reads it. A word that isn't one raises `ValueError`, whose text says what was
wanted; the caller knows the line.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache

from chordllama.codec.whitelist import (
    DIRECTION_SIGNS,
    DYNAMICS,
    HARMONY_KIND_BY_CODE,
    HARMONY_KINDS,
    SIGN_BY_CODE,
    SIGN_BY_NAME,
    SIGN_RANK,
    WEDGES,
)
from chordllama.score import (
    Chord,
    Degree,
    Direction,
    Duration,
    Harmony,
    Mark,
    Note,
    Rest,
    Spacer,
    Syllable,
    Ticks,
    Tone,
    duration,
    duration_of,
    ticks,
    whole_notes,
)

TYPE_CODES = {"maxima": "000", "long": "00", "breve": "0", "whole": "1", "half": "2", "quarter": "4", "eighth": "8"} | {
    f"{n}{'nd' if n == 32 else 'th'}": str(n) for n in (16, 32, 64, 128, 256, 512, 1024)
}
TYPE_BY_CODE = {code: type for type, code in TYPE_CODES.items()}
USUAL_NORMAL = {2: 3, 3: 2, 4: 3, 5: 4, 6: 4, 7: 4, 8: 6, 9: 8, 10: 8, 11: 8, 12: 8, 13: 8, 14: 8, 15: 8}
"""What a tuplet of so many notes stands in for when nothing is said."""
ALTER_CODES = {-2: "bb", -1: "b", 0: "", 1: "s", 2: "ss"}
ALTER_BY_CODE = {code: alter for alter, code in ALTER_CODES.items()}
STAFF_LETTERS = "abcdefgh"

# ---------------------------------------------------------------------------------------------------------------- texts


def format_text(text: str) -> str:
    """A text in double quotes, with every sign escaped that isn't seen on paper."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else _escape(text)


def _escape(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text) + '"'


def parse_text(quoted: str) -> str:
    """The text of a word in double quotes."""
    try:
        text = json.loads(quoted, strict=True)
    except ValueError:
        text = None
    if not isinstance(text, str) or _has_surrogate(text):
        raise ValueError(f"{quoted} is not a text in double quotes")
    return text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


_BARE_VALUE = re.compile(r"[^\W_][\w.:/+~-]*")


def format_value(value: str) -> str:
    """The value of a {name=value}: bare where it is one plain word."""
    return value if _BARE_VALUE.fullmatch(value) and value.isprintable() else format_text(value)


def parse_value(value: str) -> str:
    """The value of a {name=value}."""
    return parse_text(value) if value.startswith('"') else value


# ------------------------------------------------------------------------------------------------------------ durations


@lru_cache(maxsize=4096)
def format_duration(value: Duration) -> str:
    """`4.` is a dotted quarter, `8t` a triplet eighth, `16t7:8` one of seven in the time of eight, `:5/16` five sixteenths."""
    if value.free is not None:
        return f":{value.free.numerator}/{value.free.denominator}"
    return TYPE_CODES[value.type] + "." * value.dots + _format_ratio(value.actual, value.normal)


def _format_ratio(actual: int, normal: int) -> str:
    if actual == normal:
        return ""
    if USUAL_NORMAL.get(actual) != normal:
        return f"t{actual}:{normal}"
    return "t" if actual == 3 else f"t{actual}"


_DURATION = re.compile(r"(?::(\d{1,9})/(\d{1,9})|(\d+)(\.{0,4})(t(?:(\d{1,4})(?::(\d{1,4}))?)?)?)")


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> Duration:
    """The duration that `format_duration` writes."""
    match = _DURATION.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a duration (1 2 4 8 16 …, dots, t for a tuplet, or :n/d)')
    numerator, denominator, type, dots, tuplet, actual, normal = match.groups()
    if numerator:
        return _free_duration(text, int(numerator), int(denominator))
    if type not in TYPE_BY_CODE:
        raise ValueError(f'"{type}" is not a note value (000 00 0 1 2 4 8 16 32 … 1024)')
    if not tuplet:
        return duration(TYPE_BY_CODE[type], len(dots))
    notes = int(actual or 3)
    instead = int(normal) if normal else USUAL_NORMAL.get(notes, 0)
    if not (notes and instead) or notes == instead:
        raise ValueError(f'"{tuplet}" is not a tuplet (t, t5, t7:8)')
    return duration(TYPE_BY_CODE[type], len(dots), notes, instead)


def _free_duration(text: str, numerator: int, denominator: int) -> Duration:
    if not (numerator and denominator):
        raise ValueError(f'"{text}" is not a duration: it has no length')
    return Duration(free=Fraction(numerator, denominator))


def format_offset(offset: Ticks) -> str:
    """`&8` is an eighth after the place in the row; nothing where there's no offset."""
    return f"&{format_duration(duration_of(offset))}" if offset else ""


def parse_offset(text: str | None) -> Ticks:
    """The offset in ticks that `format_offset` writes."""
    return parse_duration(text[1:]).ticks if text else 0


# ---------------------------------------------------------------------------------------------------------------- marks


@lru_cache(maxsize=8192)
def format_mark(mark: Mark) -> str:
    """A mark as the suffix of a note or rest."""
    if mark == NO_BRACKETS:
        return mark.name
    sign = SIGN_BY_NAME[mark.name]
    if sign.name == "cross":
        return sign.code + STAFF_LETTERS[int(mark.value) - 1]
    if sign.code and (not mark.value or sign.shape in ("number", "ratio")):
        return sign.code + mark.value
    return f"{{{mark.name}={format_value(mark.value)}}}" if mark.value else f"{{{mark.name}}}"


_MARKS = r"""(?:[~!?'>^*,\]-]|[()]\d{0,2}|\[(?:\d+:\d+)?|@[a-h]|%|\{[a-z-]+(?:=(?:"(?:[^"\\]|\\.)*"|[^"{}\s]+))?\})*"""
_MARK = re.compile(
    r"""([~!?'>^*,\]-])|([()])(\d{0,2})|(\[)((?:\d+:\d+)?)|@([a-h])|(%)|\{([a-z-]+)(?:=("(?:[^"\\]|\\.)*"|[^"{}\s]+))?\}"""
)
_FIRST_RANKS = {"alter": -2, "%": -1}
NO_BRACKETS = Mark("%")
"""Stands in a word only: the tuplets of this row have no brackets."""


@lru_cache(maxsize=8192)
def parse_marks(text: str) -> tuple[Mark, ...]:
    """The marks that follow a note, in the table's order."""
    marks = tuple(_parse_mark(match) for match in _MARK.finditer(text))
    return tuple(sorted(marks, key=mark_rank))


def mark_rank(mark: Mark) -> int:
    """Where a mark stands among the marks of one note."""
    return _FIRST_RANKS[mark.name] if mark.name in _FIRST_RANKS else SIGN_RANK[mark.name]


def _parse_mark(match: re.Match[str]) -> Mark:
    code, spanner, number, bracket, ratio, staff, none, name, value = match.groups()
    if code or spanner or bracket:
        return Mark(SIGN_BY_CODE[code or spanner or bracket].name, number or ratio or "")
    if staff:
        return Mark("cross", str(STAFF_LETTERS.index(staff) + 1))
    if none:
        return NO_BRACKETS
    if name not in SIGN_BY_NAME and name != "alter":
        raise ValueError(f'"{{{name}}}" is not a mark')
    return Mark(name, parse_value(value) if value else "")


# ---------------------------------------------------------------------------------------------------------------- notes

_HEAD = re.compile(
    r"(x?)([a-g])(ss|s|bb|b)?(\d?)((?:\d+\.{0,4}(?:t(?:\d{1,4}(?::\d{1,4})?)?)?|:\d{1,9}/\d{1,9})?)(g/?)?("
    + _MARKS
    + ")"
)
_MEMBER = re.compile(r"_(x?)([a-g])(ss|s|bb|b)?(\d?)(" + _MARKS + ")")
_REST = re.compile(r"r((?:\d+\.{0,4}(?:t(?:\d{1,4}(?::\d{1,4})?)?)?|:\d{1,9}/\d{1,9})?)(" + _MARKS + ")")


class Sticky:
    """What a word may leave out: the octave and the duration of the note before it in the row."""

    __slots__ = ("duration", "octave")

    def __init__(self) -> None:
        self.octave: int | None = None
        self.duration: Duration | None = None


def format_chord(chord: Chord, sticky: Sticky) -> str:
    """A note or chord; a grace note says all and changes nothing that sticks."""
    head, *members = chord.notes
    word = _format_pitch(head) + _format_length(chord, head, sticky) + _format_note_marks(head)
    octave = head.octave
    for member in members:
        word += (
            "_"
            + _format_pitch(member)
            + ("" if member.octave == octave else str(member.octave))
            + _format_note_marks(member)
        )
        octave = member.octave
    return word


def _format_length(chord: Chord, head: Note, sticky: Sticky) -> str:
    if chord.grace:
        return f"{head.octave}{format_duration(chord.duration)}g{'/' if chord.grace == 'slash' else ''}"
    if chord.duration != sticky.duration:
        sticky.duration, sticky.octave = chord.duration, head.octave
        return str(head.octave) + format_duration(chord.duration)
    if head.octave != sticky.octave:
        sticky.octave = head.octave
        return str(head.octave)
    return ""


def _format_pitch(note: Note) -> str:
    return ("x" if note.unpitched else "") + note.step.lower() + ALTER_CODES.get(note.alter, "")  # type: ignore[call-overload]


def _format_note_marks(note: Note) -> str:
    text = "".join(map(format_mark, note.marks)) if note.marks else ""
    return text if note.alter in ALTER_CODES else f"{{alter={note.alter}}}{text}"


def parse_chord(word: str, sticky: Sticky) -> Chord:
    """The note or chord that `format_chord` writes."""
    head = _HEAD.match(word)
    if not head:
        raise ValueError(f'"{word}" is not a note, rest or sign')
    _, _, _, octave, length, grace, _ = head.groups()
    value = _parse_length(word, octave, length, grace, sticky)
    note = _parse_note(head[1], head[2], head[3], octave or sticky.octave, head[7], word)
    if not grace:
        sticky.octave, sticky.duration = note.octave, value
    notes = [note]
    position = head.end()
    while position < len(word):
        member = _MEMBER.match(word, position)
        if not member:
            raise ValueError(f'"{word[position:]}" in "{word}" is neither a mark nor a note of the chord')
        notes.append(_parse_note(member[1], member[2], member[3], member[4] or notes[-1].octave, member[5], word))
        position = member.end()
    return Chord(value, tuple(notes), {"g": "grace", "g/": "slash", None: ""}[grace])


def _parse_length(word: str, octave: str, length: str, grace: str | None, sticky: Sticky) -> Duration:
    if length:
        return parse_duration(length)
    if grace or sticky.duration is None:
        raise ValueError(
            f'"{word}" needs an octave and a duration: {"a grace note" if grace else "the first note of a row"} has both'
        )
    return sticky.duration


def _parse_note(unpitched: str, step: str, alter: str | None, octave: str | int | None, marks: str, word: str) -> Note:
    if octave is None or octave == "":
        raise ValueError(f'"{word}" needs an octave')
    found = parse_marks(marks) if marks else ()
    value = ALTER_BY_CODE[alter or ""]
    if found and found[0].name == "alter":
        return Note(step.upper(), int(octave), _parse_alter(found[0].value), bool(unpitched), found[1:])
    return Note(step.upper(), int(octave), value, bool(unpitched), found)


def _parse_alter(text: str) -> int | Fraction:
    if not re.fullmatch(r"-?\d{1,3}(/\d{1,3})?", text) or text.endswith("/0"):
        raise ValueError(f'"{text}" is not an alteration in semitones')
    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value


def format_rest(rest: Rest, sticky: Sticky) -> str:
    """`r` alone lasts as long as the note before it, or, first in its row, the whole bar."""
    marks = "".join(map(format_mark, rest.marks)) if rest.marks else ""
    if rest.duration is None or rest.duration == sticky.duration:
        return "r" + marks
    sticky.duration = rest.duration
    return f"r{format_duration(rest.duration)}{marks}"


def parse_rest(word: str, sticky: Sticky) -> Rest:
    """The rest that `format_rest` writes."""
    match = _REST.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a rest (r, r4, r8.)')
    if match[1]:
        sticky.duration = parse_duration(match[1])
    return Rest(sticky.duration, parse_marks(match[2]) if match[2] else ())


def format_spacer(spacer: Spacer) -> str:
    """Time in which nothing is seen; it never sticks."""
    return "s" + format_duration(spacer.duration) if spacer.duration else "s"


def parse_spacer(word: str) -> Spacer:
    """The spacer that `format_spacer` writes."""
    return Spacer(parse_duration(word[1:]) if len(word) > 1 else None)


# ----------------------------------------------------------------------------------------------------------- directions

_CLEF = re.compile(r"[GFC][1-5](?:[_^]\d{1,2})?|percussion|TAB|jianpu|none")
_WEDGE_BY_CODE = {code: type for type, code in WEDGES.items()}
_DIRECTION = re.compile(
    r"""=(?:
        (?P<words>"(?:[^"\\]|\\.)*")
      | (?P<wedge>[<>!~])(?P<number>\d{0,2})
      | t(?P<metronome>(?:\d+\.{0,2}[=~])?(?:"(?:[^"\\]|\\.)*"|\d+\.{0,2}\d*))
      | \{(?P<name>[a-z-]+)(?:=(?P<value>"(?:[^"\\]|\\.)*"|[^"{}\s]+))?\}
      | (?P<bare>[A-Za-z][\w^]*)
    )(?P<offset>&\S+)?""",
    re.VERBOSE,
)


def format_direction(direction: Direction) -> str:
    """`=p` a dynamic, `=<` a hairpin, `="dolce"` words, `=t96` a tempo, `=F4` a clef, `={pedal=start}` anything else."""
    return "=" + _format_direction_body(direction.name, direction.value) + format_offset(direction.offset)


def _format_direction_body(name: str, value: str) -> str:
    if name == "words":
        return format_text(value)
    if (name == "dynamics" and value in DYNAMICS) or (name == "clef" and _CLEF.fullmatch(value)):
        return value
    if name == "wedge":
        type, _, number = value.partition(" ")
        return WEDGES[type] + number
    if name == "metronome":
        return "t" + value
    return f"{{{name}={format_value(value)}}}" if value else f"{{{name}}}"


@lru_cache(maxsize=8192)
def parse_direction(word: str) -> Direction:
    """The direction that `format_direction` writes."""
    match = _DIRECTION.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a direction')
    offset = parse_offset(match["offset"])
    if match["words"]:
        return Direction("words", parse_text(match["words"]), offset)
    if match["wedge"]:
        number = f" {match['number']}" if match["number"] else ""
        return Direction("wedge", _WEDGE_BY_CODE[match["wedge"]] + number, offset)
    if match["metronome"]:
        return Direction("metronome", match["metronome"], offset)
    if match["bare"]:
        return Direction(_bare_direction(match["bare"]), match["bare"], offset)
    return _named_direction(match["name"], match["value"], offset)


def _bare_direction(word: str) -> str:
    if word in DYNAMICS:
        return "dynamics"
    if _CLEF.fullmatch(word):
        return "clef"
    raise ValueError(f'"={word}" is neither a dynamic nor a clef (texts stand in double quotes)')


def _named_direction(name: str, value: str | None, offset: Ticks) -> Direction:
    if name not in DIRECTION_SIGNS:
        raise ValueError(f'"{{{name}}}" is not a direction')
    return Direction(name, parse_value(value) if value else "", offset)


# -------------------------------------------------------------------------------------------------------- chord symbols

_DEGREE_CODES = {"add": "add", "alter": "alt", "subtract": "sub"}
_DEGREE_BY_CODE = {code: type for type, code in _DEGREE_CODES.items()}
_ACCIDENTALS = r"(?:\#{1,2}|b{1,2})?"
_HARMONY = re.compile(
    rf"""(?P<root>[A-G]{_ACCIDENTALS})
        (?P<kind>{"|".join(sorted(map(re.escape, HARMONY_KIND_BY_CODE), key=len, reverse=True))})
        (?P<degrees>(?:\((?:add|alt|sub)(?:\#{{1,2}}|b{{1,2}})?\d{{1,2}}\))*)
        (?:/(?P<bass>[A-G]{_ACCIDENTALS}))?
        (?P<text>"(?:[^"\\]|\\.)*")?
        (?P<offset>&\S+)?""",
    re.VERBOSE,
)
_DEGREE = re.compile(r"\((add|alt|sub)(\#*|b*)(\d+)\)")


def format_harmony(harmony: Harmony) -> str:
    """`Am7`, `C/E`, `G7(addb9)`: a chord symbol."""
    return "".join(
        (
            _format_tone(harmony.root),
            HARMONY_KINDS[harmony.kind],
            *(f"({_DEGREE_CODES[d.type]}{_format_accidental(d.alter)}{d.value})" for d in harmony.degrees),
            f"/{_format_tone(harmony.bass)}" if harmony.bass else "",
            format_text(harmony.text) if harmony.text is not None else "",
            format_offset(harmony.offset),
        )
    )


def _format_tone(tone: Tone) -> str:
    return tone.step + _format_accidental(tone.alter)


def _format_accidental(alter: int) -> str:
    return "#" * alter if alter > 0 else "b" * -alter


@lru_cache(maxsize=8192)
def parse_harmony(word: str) -> Harmony:
    """The chord symbol that `format_harmony` writes."""
    match = _HARMONY.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a chord symbol')
    return Harmony(
        _parse_tone(match["root"]),
        HARMONY_KIND_BY_CODE[match["kind"]],
        _parse_tone(match["bass"]) if match["bass"] else None,
        tuple(
            Degree(int(value), _parse_accidental(signs), _DEGREE_BY_CODE[type])
            for type, signs, value in _DEGREE.findall(match["degrees"])
        ),
        parse_text(match["text"]) if match["text"] else None,
        parse_offset(match["offset"]),
    )


def _parse_tone(text: str) -> Tone:
    return Tone(text[0], _parse_accidental(text[1:]))


def _parse_accidental(signs: str) -> int:
    return len(signs) if signs.startswith("#") else -len(signs)


# --------------------------------------------------------------------------------------------------------------- lyrics

_BARE_SYLLABLE = re.compile(r'(?!=)[^"\\]*[^"\\_-]')


def format_syllable(syllable: Syllable | None) -> str:
    """`Lie-` a syllable with a hyphen, `be_` one with a line after it, `_` a note with none."""
    if syllable is None:
        return "_"
    text = syllable.text
    bare = _BARE_SYLLABLE.fullmatch(text) and text.isprintable() and " " not in text
    return (
        (text if bare else "=" + format_text(text))
        + ("-" if syllable.hyphen else "")
        + ("_" if syllable.extend else "")
    )


_SYLLABLE = re.compile(r'(?:="(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>(?!=)[^"\\]*[^"\\_-]))(?P<hyphen>-)?(?P<extend>_)?')


def parse_syllable(word: str, verse: int) -> Syllable | None:
    """The syllable that `format_syllable` writes."""
    if word == "_":
        return None
    match = _SYLLABLE.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a syllable')
    text = match["bare"] if match["quoted"] is None else parse_text(f'"{match["quoted"]}"')
    return Syllable(verse, text, bool(match["hyphen"]), bool(match["extend"]))


# ----------------------------------------------------------------------------------------------------------------- rows

_WORD = re.compile(r'(?:[^ "]|"(?:[^"\\]|\\.)*")+')


def split_words(row: str) -> list[str]:
    """The words of a row; spaces within double quotes don't part them."""
    return row.split(" ") if '"' not in row else _WORD.findall(row)


def format_whole(length: Ticks) -> str:
    """A length as a fraction of a whole note: `3/8`."""
    value = whole_notes(length)
    return f"{value.numerator}/{value.denominator}"


def parse_whole(text: str) -> Ticks:
    """The length in ticks that `format_whole` writes."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if not match or not int(match[1]) or not int(match[2]):
        raise ValueError(f'"{text}" is not a length (3/8)')
    return ticks(Fraction(int(match[1]), int(match[2])))
