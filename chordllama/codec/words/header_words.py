"""The header of the compact text: titles, creators, groups, parts; and back. Knows no bars."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from chordllama.codec.whitelist import GROUP_SYMBOLS, UNWRITTEN
from chordllama.codec.words.texts import format_fields, format_value, is_field, parse_fields, parse_value, split_words
from chordllama.codec.words.values import STRING, VERSE_NAME, is_clef
from chordllama.codec.words.yaml_subset import Entry, format_scalar
from chordllama.errors import CompactError
from chordllama.limits import MOST_GROUPS, MOST_INSTRUMENTS, MOST_PARTS, MOST_STAFF_LINES, MOST_STAVES, MOST_VERSES
from chordllama.score.model import DRUM_CHANNEL, Group, Instrument, Part, Score, Transposition, Tuning

USUAL_LINES = 5
MOST_PROGRAMS = 128
WHOLE_RESTS = "whole"
T = TypeVar("T")
_GROUP_BARLINES = {"yes": "barline", "no": "no-barline", "Mensurstrich": "Mensurstrich"}
_GROUP_BARLINE_BY_WORD = {word: barline for barline, word in _GROUP_BARLINES.items()}
_HEADER = ("title", "movement", "creators", "groups", "unwritten", "parts")


def dump_header(score: Score) -> list[str]:
    """Return the lines before the first bar."""
    lines = [
        f"{key}: {format_scalar(value)}"
        for key, value in (("title", score.title), ("movement", score.movement))
        if value
    ]
    if score.creators:
        lines.append("creators:")
        lines += [f" - {_dump_creator(type, name)}" for type, name in score.creators]
    if score.groups:
        lines.append("groups:")
        lines += [f" - {format_scalar(' '.join(_dump_group(group)))}" for group in score.groups]
    if score.unwritten:
        lines.append(f"unwritten: {' '.join(score.unwritten)}")
    lines.append("parts:")
    return lines + [
        f" {number}: {format_scalar(' '.join(_dump_part(part)))}" for number, part in enumerate(score.parts, 1)
    ]


def load_header(header: dict[str, Entry]) -> Score:
    """Return a score with no bars, of the entries that stand before them."""
    for key, entry in header.items():
        if key not in _HEADER:
            raise entry.error(f'"{key}" is neither a bar nor one of {", ".join(_HEADER)}')
    if "parts" not in header:
        raise CompactError("line 1: a score needs its parts", hint="begin with: parts:\\n 1: clef=G2,F4 Piano")
    parts = header["parts"].entries("the parts")
    if not 1 <= len(parts) <= MOST_PARTS:
        raise header["parts"].error(f"a score has 1 to {MOST_PARTS} parts")
    for number, entry in enumerate(parts, 1):
        if entry.key != str(number):
            raise entry.error(f"part {number} was expected here, not {entry.key[:20]}")
    return Score(
        parts=tuple(_load_part(entry) for entry in parts),
        bars=(),
        title=header["title"].text() if "title" in header else "",
        movement=header["movement"].text() if "movement" in header else "",
        creators=tuple(_load_creator(entry) for entry in _list(header, "creators")),
        groups=_load_groups(header, len(parts)),
        unwritten=_load_unwritten(header),
    )


def _list(header: dict[str, Entry], key: str) -> list[Entry]:
    return header[key].entries(key) if key in header else []


def _load_unwritten(header: dict[str, Entry]) -> tuple[str, ...]:
    entry = header.get("unwritten")
    names = entry.text().split() if entry else []
    if entry and not {*names} <= {*UNWRITTEN}:
        raise entry.error(f"what can be left to the program is {', '.join(UNWRITTEN)}")
    return tuple(name for name in UNWRITTEN if name in names)


def _dump_creator(type: str, name: str) -> str:
    return f"{format_scalar(type)}: {format_scalar(name)}" if type else format_scalar(name)


def _load_creator(entry: Entry) -> tuple[str, str]:
    if isinstance(entry.value, str):
        return "", entry.value
    creator = entry.entries("a creator")
    if len(creator) != 1:
        raise entry.error("one creator was expected here: composer: Clara Schumann")
    return creator[0].key, creator[0].text()


def _dump_group(group: Group) -> list[str]:
    found = [f"{group.first + 1}-{group.last + 1}", group.symbol, _GROUP_BARLINES.get(group.barline, "")]
    return [*filter(None, found), *_dump_names(group.name, group.abbreviation)]


def _load_groups(header: dict[str, Entry], parts: int) -> tuple[Group, ...]:
    found = _list(header, "groups")
    if len(found) > MOST_GROUPS:
        raise header["groups"].error(f"a score has at most {MOST_GROUPS} groups of parts")
    return tuple(_load_group(entry, parts) for entry in found)


def _load_group(entry: Entry, parts: int) -> Group:
    span, *found = split_words(entry.text()) or [""]
    match = re.fullmatch(r"([1-9]\d{0,2})-([1-9]\d{0,2})", span)
    if not match or not int(match[1]) <= int(match[2]) <= parts:
        raise entry.error("a group names its first and last part: 1-2")
    symbol = found.pop(0) if found and found[0] in GROUP_SYMBOLS else ""
    barline = _GROUP_BARLINE_BY_WORD[found.pop(0)] if found and found[0] in _GROUP_BARLINE_BY_WORD else ""
    names = entry.parsed(found, partial(_parse_names, most=2))
    return Group(int(match[1]) - 1, int(match[2]) - 1, symbol, barline, *names)


def _dump_names(*names: str) -> list[str]:
    """Names at a line's end; those that are missing at its very end are left out."""
    found = list(names)
    while found and not found[-1]:
        found.pop()
    return [format_value(name) for name in found]


def _parse_names(found: list[str], most: int) -> list[str]:
    """The names that `_dump_names` writes, `most` of them."""
    if len(found) > most:
        raise ValueError(f'"{found[most]}" is one name too many (a name with a space in it stands in double quotes)')
    return [parse_value(name) for name in found] + [""] * (most - len(found))


def _dump_part(part: Part) -> list[str]:
    fields = {
        "clef": ",".join(clef or "-" for clef in part.clefs),
        "lines": ",".join(map(str, part.lines)),
        "midi": ",".join(_dump_program(instrument) for instrument in part.instruments),
        "transpose": _dump_transposition(part.transposition) if part.transposition else "",
        "rests": WHOLE_RESTS if part.whole_rests else "",
    }
    fields |= {f"tuning{staff}": _dump_tuning(tuning) for staff, tuning in enumerate(part.tunings, 1) if tuning}
    fields |= {f"verse{number}": format_value(name) for number, name in enumerate(part.verses, 1) if name}
    names = [instrument.name for instrument in part.instruments]
    if len(names) == 1 and names != [part.name]:
        fields["instrument1"] = format_value(names[0])  # even "", for without it the part's name would count
    elif len(names) > 1:
        fields |= {f"instrument{number}": format_value(name) for number, name in enumerate(names, 1) if name}
    return [*format_fields(fields), *_dump_names(part.name, part.abbreviation)]


def _dump_tuning(tuning: Tuning) -> str:
    return ",".join([*tuning.strings, *([f"capo{tuning.capo}"] if tuning.capo else [])])


def _load_tuning(entry: Entry, text: str) -> Tuning:
    *strings, last = text.split(",")
    capo = re.fullmatch(r"capo([1-9][0-9]?)", last)
    if not capo:
        strings.append(last)
    if len(strings) > MOST_STAFF_LINES or not all(STRING.fullmatch(string) for string in strings):
        raise entry.error(f'"{text}" is not a tuning (its strings, the lowest first: E2,A2,D3,G3,B3,E4, then capo2)')
    return Tuning(tuple(strings), int(capo[1]) if capo else 0)


def _dump_program(instrument: Instrument) -> str:
    return (
        str(instrument.program or "-")
        + (f"x{instrument.unpitched}" if instrument.unpitched else "")
        + (f"c{instrument.channel}" if instrument.channel else "")
    )


def _load_part(entry: Entry) -> Part:
    found = split_words(entry.text())
    first_name = next((place for place, word in enumerate(found) if not is_field(word)), len(found))
    fields = entry.parsed(found[:first_name], _parse_part)
    name, abbreviation = entry.parsed(found[first_name:], partial(_parse_names, most=2))
    clefs = _load_clefs(entry, fields.get("clef", "-"))
    lines = tuple(_number(entry, word, 0, MOST_STAFF_LINES) for word in _words(fields, "lines"))
    if lines and len(lines) != len(clefs):
        raise entry.error(f"{len(lines)} numbers of lines for {len(clefs)} staves")
    return Part(
        name=name,
        abbreviation=abbreviation,
        clefs=clefs,
        lines=lines if any(line != USUAL_LINES for line in lines) else (),
        instruments=_load_instruments(entry, fields, name),
        transposition=_load_transposition(entry, fields["transpose"]) if "transpose" in fields else None,
        tunings=_listed(fields, "tuning", len(clefs), partial(_load_tuning, entry), None),
        verses=_listed(fields, "verse", MOST_VERSES, partial(_load_verse, entry), ""),
        whole_rests=_load_rests(entry, fields),
    )


def _load_verse(entry: Entry, name: str) -> str:
    if not VERSE_NAME.fullmatch(name):
        raise entry.error(f'"{name}" is not the name of a verse (part1verse1, chorus)')
    return name


def _load_rests(entry: Entry, fields: dict[str, str]) -> bool:
    if fields.get("rests", WHOLE_RESTS) != WHOLE_RESTS:
        raise entry.error(f'"{fields["rests"]}" says nothing of rests that fill their bar (rests={WHOLE_RESTS})')
    return "rests" in fields


def _listed(fields: dict[str, str], key: str, most: int, load: Callable[[str], T], nothing: T) -> tuple[T, ...]:
    """The values of `key1`, `key2`, …, up to the last one."""
    found = [load(fields[f"{key}{n}"]) if f"{key}{n}" in fields else nothing for n in range(1, most + 1)]
    while found and found[-1] == nothing:
        found.pop()
    return tuple(found)


def _parse_part(found: list[str]) -> dict[str, str]:
    several = r"(?:instrument|tuning|verse)[1-9][0-9]{0,2}"
    fields = parse_fields(found, ("clef", "lines", "midi", "transpose", "rests"), several)
    return {key: parse_value(value) for key, value in fields.items()}


def _words(fields: dict[str, str], key: str) -> list[str]:
    return fields[key].split(",") if key in fields else []


def _load_clefs(entry: Entry, text: str) -> tuple[str, ...]:
    clefs = tuple("" if clef == "-" else clef for clef in text.split(","))
    if not 1 <= len(clefs) <= MOST_STAVES:
        raise entry.error(f"a part has 1 to {MOST_STAVES} staves, with a clef (or -) for each")
    for clef in clefs:
        if clef and not is_clef(clef):
            raise entry.error(f'"{clef}" is not a clef (G2, F4, C3, G2_8, percussion, TAB, none)')
    return clefs


def _load_instruments(entry: Entry, fields: dict[str, str], name: str) -> tuple[Instrument, ...]:
    programs = [_load_program(entry, word) for word in _words(fields, "midi")]
    numbers = [int(key.removeprefix("instrument")) for key in fields if key.startswith("instrument")]
    if len(programs) > MOST_INSTRUMENTS:
        raise entry.error(f"a part has at most {MOST_INSTRUMENTS} instruments")
    if max(numbers, default=0) > len(programs):
        raise entry.error(f"midi names {len(programs)} instruments (- for one without a program), not {max(numbers)}")
    names = [fields.get(f"instrument{n}", "") for n in range(1, len(programs) + 1)]
    if not numbers and len(programs) == 1:
        names = [name]
    return tuple(Instrument(name, *program) for name, program in zip(names, programs, strict=True))


def _load_program(entry: Entry, word: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,3}|-)(?:x(\d{1,3}))?(?:c(\d{1,2}))?", word)
    if not match:
        raise entry.error(f'"{word}" is not a MIDI program (1 to 128, - for none)')
    program, unpitched, channel = 0 if match[1] == "-" else int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if program > MOST_PROGRAMS or unpitched > MOST_PROGRAMS or channel not in (0, DRUM_CHANNEL):
        raise entry.error(
            f"\"{word}\" is not a MIDI program (1 to 128, x with a drum's key, c10 for the drums' channel)"
        )
    return (program, unpitched, channel)


def _number(entry: Entry, word: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", word) or not least <= int(word) <= most:
        raise entry.error(f'"{word}" is not a number from {least} to {most}')
    return int(word)


def _dump_transposition(transposition: Transposition) -> str:
    return f"{transposition.chromatic}/{transposition.diatonic}/{transposition.octave}"


def _load_transposition(entry: Entry, text: str) -> Transposition:
    match = re.fullmatch(r"(-?\d{1,2})/(-?\d{1,2})/(-?\d{1,2})", text)
    if not match:
        raise entry.error(f'"{text}" is not a transposition (semitones/steps/octaves: -2/-1/0)')
    return Transposition(*map(int, match.groups()))
