"""What stands at a moment, as words, and back: directions and chord symbols. Knows no lines, no bars and no YAML.

A word that isn't one raises `ValueError`, whose text says what was wanted; the caller knows the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from chordllama.codec.whitelist import (
    DIRECTION_CODES,
    DIRECTION_SIGNS,
    DYNAMICS,
    HARMONY_KIND_BY_CODE,
    HARMONY_KINDS,
    WEDGES,
)
from chordllama.codec.words.durations import format_offset, parse_offset
from chordllama.codec.words.texts import format_text, format_value, parse_text, parse_value
from chordllama.codec.words.values import direction_fault, is_clef
from chordllama.score.model import Degree, Direction, Harmony, Tone

# ----------------------------------------------------------------------------------------------------------- directions


def _one_of(codes: Iterable[str]) -> str:
    """A pattern for any of some codes; of two that begin alike, the longer one is meant."""
    return "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))


_DIRECTION_BY_CODE = {code: direction for direction, code in DIRECTION_CODES.items()}
_WEDGE_BY_CODE = {code: type for type, code in WEDGES.items()}
_DIRECTION = re.compile(
    rf"""=(?:
        (?P<words>"(?:[^"\\]|\\.)*")
      | (?P<wedge>{_one_of(_WEDGE_BY_CODE)})(?P<number>\d{{0,2}})
      | (?P<short>{_one_of(_DIRECTION_BY_CODE)})
      | t(?P<metronome>(?P<open>\()?(?:\d+\.{{0,2}}[=~])?(?:"(?:[^"\\]|\\.)*"|\d+\.{{0,2}}\d*)(?(open)\)))
      | \{{(?P<name>[a-z-]+)(?:=(?P<value>"(?:[^"\\]|\\.)*"|[^"{{}}\s]+))?\}}
      | (?P<bare>[A-Za-z][\w^]*)
    )(?P<offset>&\S+)?""",
    re.VERBOSE,
)


def format_direction(direction: Direction) -> str:
    """Write a direction: `=p` a dynamic, `=<` a hairpin, `="dolce"` words, `=t96` a tempo, `=F4` a clef, `={pedal=start}` anything else."""
    return "=" + _format_direction_body(direction.name, direction.value) + format_offset(direction.offset)


def _format_direction_body(name: str, value: str) -> str:
    if name == "words":
        return format_text(value)
    if (name == "dynamics" and value in DYNAMICS) or (name == "clef" and is_clef(value)):
        return value
    if name == "wedge":
        type, _, number = value.partition(" ")
        return WEDGES[type] + number
    if name == "metronome":
        return "t" + value
    if (name, value) in DIRECTION_CODES:
        return DIRECTION_CODES[name, value]
    return f"{{{name}={format_value(value)}}}" if value else f"{{{name}}}"


@lru_cache(maxsize=8192)
def parse_direction(word: str) -> Direction:
    """Return the direction that `format_direction` writes."""
    match = _DIRECTION.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a direction')
    name, value = _name_and_value(match)
    if fault := direction_fault(name, value):
        raise ValueError(fault)
    return Direction(name, value, parse_offset(match["offset"]))


def _name_and_value(match: re.Match[str]) -> tuple[str, str]:
    if match["words"]:
        return "words", parse_text(match["words"])
    if match["wedge"]:
        return "wedge", _WEDGE_BY_CODE[match["wedge"]] + (f" {match['number']}" if match["number"] else "")
    if match["short"]:
        return _DIRECTION_BY_CODE[match["short"]]
    if match["metronome"]:
        return "metronome", match["metronome"]
    if match["bare"]:
        return _bare_direction(match["bare"]), match["bare"]
    if match["name"] not in DIRECTION_SIGNS:
        raise ValueError(f'"{{{match["name"]}}}" is not a direction')
    return match["name"], parse_value(match["value"]) if match["value"] else ""


def _bare_direction(word: str) -> str:
    if word in DYNAMICS:
        return "dynamics"
    if is_clef(word):
        return "clef"
    raise ValueError(f'"={word}" is neither a dynamic nor a clef (texts stand in double quotes)')


# -------------------------------------------------------------------------------------------------------- chord symbols

_DEGREE_CODES = {"add": "add", "alter": "alt", "subtract": "sub"}
_DEGREE_BY_CODE = {code: type for type, code in _DEGREE_CODES.items()}
_ACCIDENTALS = r"(?:\#{1,2}|b{1,2})?"
_HARMONY = re.compile(
    rf"""(?P<root>[A-G]{_ACCIDENTALS})
        (?P<kind>{"|".join(sorted(map(re.escape, HARMONY_KIND_BY_CODE), key=len, reverse=True))})
        (?P<degrees>(?:\((?:add|alt|sub)(?:\#{{1,2}}|b{{1,2}})?[1-9][0-9]?\))*)
        (?:/(?P<bass>[A-G]{_ACCIDENTALS}))?
        (?P<text>"(?:[^"\\]|\\.)*"|\?)?
        (?P<offset>&\S+)?""",
    re.VERBOSE,
)
_DEGREE = re.compile(r"\((add|alt|sub)(\#*|b*)(\d+)\)")


def format_harmony(harmony: Harmony) -> str:
    """Write a chord symbol: `Am7`, `C/E`, `G7(addb9)`."""
    return "".join(
        (
            _format_tone(harmony.root),
            HARMONY_KINDS[harmony.kind],
            *(f"({_DEGREE_CODES[d.type]}{_format_accidental(d.alter)}{d.value})" for d in harmony.degrees),
            f"/{_format_tone(harmony.bass)}" if harmony.bass else "",
            _format_kind_text(harmony),
            format_offset(harmony.offset),
        )
    )


def _format_kind_text(harmony: Harmony) -> str:
    """Nothing for the usual text of a kind, `?` for none."""
    if harmony.text is None:
        return "?"
    return "" if harmony.text == HARMONY_KINDS[harmony.kind] else format_text(harmony.text)


def _parse_kind_text(text: str | None, kind: str) -> str | None:
    if text == "?":
        return None
    return parse_text(text) if text else HARMONY_KINDS[kind]


def _format_tone(tone: Tone) -> str:
    return tone.step + _format_accidental(tone.alter)


def _format_accidental(alter: int) -> str:
    return "#" * alter if alter > 0 else "b" * -alter


@lru_cache(maxsize=8192)
def parse_harmony(word: str) -> Harmony:
    """Return the chord symbol that `format_harmony` writes."""
    match = _HARMONY.fullmatch(word)
    if not match:
        raise ValueError(f'"{word}" is not a chord symbol')
    kind = HARMONY_KIND_BY_CODE[match["kind"]]
    return Harmony(
        _parse_tone(match["root"]),
        kind,
        _parse_tone(match["bass"]) if match["bass"] else None,
        tuple(
            Degree(int(value), _parse_accidental(signs), _DEGREE_BY_CODE[type])
            for type, signs, value in _DEGREE.findall(match["degrees"])
        ),
        _parse_kind_text(match["text"], kind),
        parse_offset(match["offset"]),
    )


def _parse_tone(text: str) -> Tone:
    return Tone(text[0], _parse_accidental(text[1:]))


def _parse_accidental(signs: str) -> int:
    return len(signs) if signs.startswith("#") else -len(signs)
