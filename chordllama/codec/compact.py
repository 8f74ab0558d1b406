"""The compact text: a score as YAML of about three tokens a note, and back. Knows bars and rows; words.py knows their words.

`dumps` and `loads` are partners: `loads(dumps(score)) == score`, and one score has one text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from chordllama.codec import words
from chordllama.codec.brackets import add_brackets, has_tuplets, strip_brackets
from chordllama.codec.omit import omit
from chordllama.codec.yaml_subset import Entry, flow_map, format_scalar, read_map
from chordllama.errors import CompactError
from chordllama.score import (
    Bar,
    Barline,
    Change,
    Chord,
    Direction,
    Group,
    Instrument,
    Item,
    Key,
    Metre,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Syllable,
    Ticks,
    Time,
    Transposition,
)

T = TypeVar("T")

# ------------------------------------------------------------------------------------------------------------ whole text


def dumps(score: Score, without: Iterable[str] = ()) -> str:
    """The score as compact YAML, one bar's rows to a block, in canonical form; `without` some kinds of signs."""
    score = omit(score, without)
    lines = dump_header(score)
    for number, bar in enumerate(score.bars, 1):
        lines.append(f"{number}:")
        lines += dump_bar(bar)
    return "\n".join(lines) + "\n"


def loads(text: str) -> Score:
    """The score that a compact text says.

    Raises:
        CompactError: the text is not YAML, uses more of YAML than the format does, or breaks the format; names line and row.
    """
    entries = read_map(text)
    header = {entry.key: entry for entry in entries if not entry.key.isdecimal()}
    score = load_header(header)
    bars: list[Bar] = []
    metre = Metre()
    for entry in entries:
        if not entry.key.isdecimal():
            continue
        if int(entry.key) != len(bars) + 1:
            raise entry.error(f"bar {len(bars) + 1} was expected here, not {entry.key}")
        bars.append(load_bar(entry.entries("a bar"), score.parts, metre))
    return Score(score.parts, tuple(bars), score.title, score.movement, score.creators, score.groups)


# ---------------------------------------------------------------------------------------------------------------- header

_HEADER = ("title", "movement", "creators", "groups", "parts")


def dump_header(score: Score) -> list[str]:
    """The lines before the first bar."""
    lines = [
        f"{key}: {format_scalar(value)}"
        for key, value in (("title", score.title), ("movement", score.movement))
        if value
    ]
    if score.creators:
        lines.append("creators:")
        lines += [f" - {flow_map({'type': type, 'name': name})}" for type, name in score.creators]
    if score.groups:
        lines.append("groups:")
        lines += [f" - {flow_map(_dump_group(group))}" for group in score.groups]
    lines.append("parts:")
    return lines + [f" a{index:02d}: {flow_map(_dump_part(part))}" for index, part in enumerate(score.parts)]


def load_header(header: dict[str, Entry]) -> Score:
    """A score with no bars, of the entries that stand before them."""
    for key, entry in header.items():
        if key not in _HEADER:
            raise entry.error(f'"{key}" is neither a bar nor one of {", ".join(_HEADER)}')
    if "parts" not in header:
        raise CompactError("line 1: a score needs its parts", hint="begin with: parts:\\n a00: {name: Piano, clef: G2}")
    parts = header["parts"].entries("the parts")
    for index, entry in enumerate(parts):
        if entry.key != f"a{index:02d}":
            raise entry.error(f"part a{index:02d} was expected here, not {entry.key}")
    return Score(
        parts=tuple(_load_part(entry) for entry in parts),
        bars=(),
        title=header["title"].text() if "title" in header else "",
        movement=header["movement"].text() if "movement" in header else "",
        creators=tuple(_load_creator(entry) for entry in _list(header, "creators")),
        groups=tuple(_load_group(entry, len(parts)) for entry in _list(header, "groups")),
    )


def _list(header: dict[str, Entry], key: str) -> list[Entry]:
    return header[key].entries(key) if key in header else []


def _load_creator(entry: Entry) -> tuple[str, str]:
    fields = entry.fields(("type", "name"))
    return (fields.get("type", ""), fields.get("name", ""))


def _dump_group(group: Group) -> dict[str, str]:
    fields = {
        "parts": f"{group.first}-{group.last}",
        "symbol": group.symbol,
        "barline": group.barline,
        "name": group.name,
    }
    return {key: value for key, value in fields.items() if value}


def _load_group(entry: Entry, parts: int) -> Group:
    fields = entry.fields(("parts", "symbol", "barline", "name"))
    match = re.fullmatch(r"(\d{1,4})-(\d{1,4})", fields.get("parts", ""))
    if not match or not int(match[1]) <= int(match[2]) < parts:
        raise entry.error("a group names its parts as first-last: 0-1")
    return Group(
        int(match[1]), int(match[2]), fields.get("symbol", ""), fields.get("barline", ""), fields.get("name", "")
    )


def _dump_part(part: Part) -> dict[str, str]:
    fields = {
        "name": part.name,
        "short": part.abbreviation,
        "clef": " ".join(clef or "-" for clef in part.clefs),
        "lines": " ".join(map(str, part.lines)),
        "midi": " ".join(_dump_program(instrument) for instrument in part.instruments),
        "transpose": _dump_transposition(part.transposition) if part.transposition else "",
    }
    names = [instrument.name for instrument in part.instruments]
    if names and names != [part.name]:
        fields |= {f"instrument{number}": name for number, name in enumerate(names, 1) if name}
    return {key: value for key, value in fields.items() if value}


def _dump_program(instrument: Instrument) -> str:
    return (
        str(instrument.program or "-")
        + (f"x{instrument.unpitched}" if instrument.unpitched else "")
        + (f"c{instrument.channel}" if instrument.channel else "")
    )


def _load_part(entry: Entry) -> Part:
    fields = entry.fields(("name", "short", "clef", "lines", "midi", "transpose"), also=r"instrument\d{1,3}")
    instruments = [_load_program(entry, word) for word in fields.get("midi", "").split()]
    numbered = any(key.startswith("instrument") for key in fields)
    names = [fields.get(f"instrument{n}", "") for n in range(1, len(instruments) + 1)]
    if not numbered and len(instruments) == 1:
        names = [fields.get("name", "")]
    clefs = tuple("" if clef == "-" else clef for clef in fields.get("clef", "-").split())
    if not 1 <= len(clefs) <= len(words.STAFF_LETTERS):
        raise entry.error(f"a part has 1 to {len(words.STAFF_LETTERS)} staves, with a clef (or -) for each")
    return Part(
        name=fields.get("name", ""),
        abbreviation=fields.get("short", ""),
        clefs=clefs,
        lines=tuple(_number(entry, word, 0, 20) for word in fields.get("lines", "").split()),
        instruments=tuple(Instrument(name, *program) for name, program in zip(names, instruments, strict=True)),
        transposition=_load_transposition(entry, fields["transpose"]) if "transpose" in fields else None,
    )


def _load_program(entry: Entry, word: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,3}|-)(?:x(\d{1,3}))?(?:c(\d{1,2}))?", word)
    if not match:
        raise entry.error(f'"{word}" is not a MIDI program (1 to 128, - for none)')
    return (0 if match[1] == "-" else int(match[1]), int(match[2] or 0), int(match[3] or 0))


def _number(entry: Entry, word: str, least: int, most: int) -> int:
    if not word.isdecimal() or not least <= int(word) <= most:
        raise entry.error(f'"{word}" is not a number from {least} to {most}')
    return int(word)


def _dump_transposition(transposition: Transposition) -> str:
    return f"{transposition.chromatic}/{transposition.diatonic}/{transposition.octave}"


def _load_transposition(entry: Entry, text: str) -> Transposition:
    match = re.fullmatch(r"(-?\d{1,3})/(-?\d{1,3})/(-?\d{1,2})", text)
    if not match:
        raise entry.error(f'"{text}" is not a transposition (semitones/steps/octaves: -2/-1/0)')
    return Transposition(*map(int, match.groups()))


# ------------------------------------------------------------------------------------------------------------------ bars


def dump_bar(bar: Bar) -> list[str]:
    """The lines of one bar, without its own key, each indented by one space."""
    return [f" {key}: {value}" for key, value in _bar_entries(bar)]


def _bar_entries(bar: Bar) -> Iterator[tuple[str, str]]:
    if bar.number is not None:
        yield "number", format_scalar(bar.number)
    if bar.implicit:
        yield "implicit", "true"
    if bar.length is not None:
        yield "length", words.format_whole(bar.length)
    if bar.keys:
        yield "key", " ".join(map(_dump_change, bar.keys))
    if bar.times:
        yield "time", " ".join(map(_dump_change, bar.times))
    if bar.start:
        yield "start", dump_barline(bar.start)
    for row in bar.rows:
        yield row_key(row), format_scalar(dump_row(row.items))
        yield from _dump_lyrics(row)
    if bar.end:
        yield "end", dump_barline(bar.end)


_FRAME = ("number", "implicit", "length", "key", "time", "start", "end")


def load_bar(entries: list[Entry], parts: tuple[Part, ...], metre: Metre) -> Bar:
    """The bar that these lines say. `metre` is taken on; every row is checked against the bar's length."""
    frame = {entry.key: entry for entry in entries if entry.key in _FRAME}
    lyrics = {entry.key: entry for entry in entries if entry.key.startswith("l") and entry.key not in frame}
    rows = [entry for entry in entries if entry.key not in frame and entry.key not in lyrics]
    bar = _load_frame(frame, parts)
    metre.apply(bar)
    length = metre.length(bar)
    loaded = tuple(_load_row(entry, lyrics, parts, length) for entry in rows)
    for entry in lyrics.values():
        raise entry.error("these syllables belong to no row of notes")
    for before, row, entry in zip(loaded, loaded[1:], rows[1:], strict=False):
        if before.place >= row.place:
            raise entry.error("the rows of a bar stand in the order of parts, staves and voices")
    return replace(bar, rows=loaded)


def _load_frame(frame: dict[str, Entry], parts: tuple[Part, ...]) -> Bar:
    return Bar(
        keys=_load_changes(frame["key"], _parse_key, parts) if "key" in frame else (),
        times=_load_changes(frame["time"], parse_time, parts) if "time" in frame else (),
        start=frame["start"].parsed(parse_barline) if "start" in frame else Barline(),
        end=frame["end"].parsed(parse_barline) if "end" in frame else Barline(),
        length=frame["length"].parsed(words.parse_whole) if "length" in frame else None,
        number=frame["number"].text() if "number" in frame else None,
        implicit="implicit" in frame,
    )


def _dump_change(change: Change) -> str:
    value = _format_value(change.value)
    if change.part is None:
        return value
    staff = f".{change.staff}" if change.staff is not None else ""
    return f"a{change.part:02d}{staff}={value}"


def _format_value(value: Key | Time | None) -> str:
    if value is None:
        return "stays"
    return _format_key(value) if isinstance(value, Key) else format_time(value)


_CHANGE = re.compile(r"(?:a(\d{2,4})(?:\.([1-8]))?=)?(.+)")


def _load_changes(entry: Entry, parse: Callable[[str], Key | Time], parts: tuple[Part, ...]) -> tuple[Change, ...]:
    changes = []
    for word in entry.text().split():
        match = _CHANGE.fullmatch(word)
        assert match is not None
        part = int(match[1]) if match[1] else None
        if part is not None and part >= len(parts):
            raise entry.error(f"there is no part a{match[1]}")
        value = None if match[3] == "stays" and part is not None else _parsed(entry, parse, match[3])
        changes.append(Change(value, part, int(match[2]) if match[2] else None))
    return tuple(changes)


def _parsed(entry: Entry, parse: Callable[[str], T], word: str) -> T:
    return Entry(entry.key, word, entry.line).parsed(parse)


def _format_key(key: Key) -> str:
    return f"{key.fifths},{key.mode}" if key.mode else str(key.fifths)


def _parse_key(text: str) -> Key:
    match = re.fullmatch(r"(-?\d{1,2})(?:,([a-z]+))?", text)
    if not match or abs(int(match[1])) > 14:
        raise ValueError(f'"{text}" is not a key (sharps 1 to 14, flats -1 to -14, and the mode: -3,minor)')
    return Key(int(match[1]), match[2] or "")


def format_time(time: Time) -> str:
    """`4/4`, `3+2/8`, `2/4;3/8`; `common` and `cut` for their signs; `none` for senza misura."""
    text = ";".join(f"{count}/{unit}" for count, unit in time.beats) or "none"
    return f"{text},{time.symbol}" if time.symbol else text


def parse_time(text: str) -> Time:
    """The time signature that `format_time` writes."""
    beats, _, symbol = text.partition(",")
    if symbol and not re.fullmatch(r"[a-z-]+", symbol):
        raise ValueError(f'"{symbol}" is not the sign of a time signature (common, cut)')
    if beats == "none":
        return Time((), symbol)
    pairs = [re.fullmatch(r"(\d{1,3}(?:\+\d{1,3})*)/(\d{1,4})", pair) for pair in beats.split(";")]
    if not all(pairs):
        raise ValueError(f'"{text}" is not a time signature (3/4, 3+2/8, 2/4;3/8, none)')
    found = tuple((pair[1], int(pair[2])) for pair in pairs if pair)
    if not all(unit for _, unit in found):
        raise ValueError(f'"{text}" is a time signature without a length')
    time = Time(found, symbol)
    if not time.ticks:
        raise ValueError(f'"{text}" is a time signature without a length')
    return time


BARLINE_CODES = {
    "regular": "regular",
    "dotted": "dotted",
    "dashed": "dashed",
    "heavy": "heavy",
    "light-light": "double",
    "light-heavy": "final",
    "heavy-light": "heavy-light",
    "heavy-heavy": "heavy-heavy",
    "tick": "tick",
    "short": "short",
    "none": "none",
}
_BARLINE_BY_CODE = {code: style for style, code in BARLINE_CODES.items()}
_ENDING_CODES = {"start": "volta", "stop": "volta-end", "discontinue": "volta-open"}
_ENDING_BY_CODE = {code: type for type, code in _ENDING_CODES.items()}
BARLINE_SIGNS = ("segno", "coda", "fermata")


def dump_barline(barline: Barline) -> str:
    """`final`, `double`, `repeat=backward`, `volta=1`: the words of a bar line."""
    found = [BARLINE_CODES[barline.style]] if barline.style else []
    if barline.repeat:
        found.append(f"repeat={barline.repeat}")
    if barline.times:
        found.append(f"times={barline.times}")
    if barline.ending_type:
        found.append(f"{_ENDING_CODES[barline.ending_type]}={words.format_value(barline.ending)}")
    return " ".join([*found, *barline.signs])


def parse_barline(text: str) -> Barline:
    """The bar line that `dump_barline` writes."""
    fields: dict[str, Any] = {"signs": ()}
    for word in words.split_words(text):
        name, _, value = word.partition("=")
        if name in _BARLINE_BY_CODE and not value:
            fields["style"] = _BARLINE_BY_CODE[name]
        elif name in BARLINE_SIGNS and not value:
            fields["signs"] += (name,)
        elif name == "repeat" and value in ("forward", "backward"):
            fields["repeat"] = value
        elif name == "times" and re.fullmatch(r"[1-9]\d?", value):
            fields["times"] = int(value)
        elif name in _ENDING_BY_CODE and value:
            fields |= {"ending_type": _ENDING_BY_CODE[name], "ending": words.parse_value(value)}
        else:
            raise ValueError(
                f'"{word}" says nothing of a bar line (final, double, repeat=backward, times=3, volta=1, …)'
            )
    return Barline(**fields)


# ------------------------------------------------------------------------------------------------------------------ rows


def row_key(row: Row) -> str:
    """`b01_2` is the second voice on the second staff of part 1."""
    voice = f"_{row.voice}" if row.voice > 1 else ""
    return f"{words.STAFF_LETTERS[row.staff - 1]}{row.part:02d}{voice}"


_ROW_KEY = re.compile(r"([a-h])(\d{2,4})(?:_([2-9]|[1-9]\d))?")


def parse_row_key(key: str, parts: tuple[Part, ...]) -> tuple[int, int, int]:
    """Part, staff and voice of a row's key, which must be in the score."""
    match = _ROW_KEY.fullmatch(key)
    if not match:
        raise ValueError(f'"{key}" is not a row (a00 is part 0, b01_2 the second voice on the second staff of part 1)')
    part, staff = int(match[2]), words.STAFF_LETTERS.index(match[1]) + 1
    if part >= len(parts) or staff > parts[part].staves:
        raise ValueError(
            f'there is no staff "{match[1]}" in part {match[2]}' if part < len(parts) else f"there is no part {part}"
        )
    return part, staff, int(match[3] or 1)


def dump_row(items: tuple[Item, ...]) -> str:
    """The words of one voice in one bar."""
    sticky = words.Sticky()
    if has_tuplets(items):
        items = strip_brackets(items)
    return " ".join([_dump_item(item, sticky) for item in items])


def _dump_item(item: Item, sticky: words.Sticky) -> str:
    if isinstance(item, Chord):
        return words.format_chord(item, sticky)
    if isinstance(item, Rest):
        return words.format_rest(item, sticky)
    if isinstance(item, Spacer):
        return words.format_spacer(item)
    return words.format_direction(item) if isinstance(item, Direction) else words.format_harmony(item)


def parse_word(word: str, sticky: words.Sticky) -> Item:
    """The item that a word of a row says; `sticky` is taken on."""
    first = word[:1]
    if first == "r":
        return words.parse_rest(word, sticky)
    if first == "s":
        return words.parse_spacer(word)
    if first == "=":
        return words.parse_direction(word)
    if "A" <= first <= "G":
        return words.parse_harmony(word)
    return words.parse_chord(word, sticky)


def load_row(text: str) -> tuple[Item, ...]:
    """The items that `dump_row` writes."""
    sticky = words.Sticky()
    items = tuple([parse_word(word, sticky) for word in words.split_words(text)])
    return add_brackets(items) if has_tuplets(items) else items


def row_length(items: tuple[Item, ...], bar: Ticks) -> Ticks:
    """The ticks that a row fills; `bar` is what a rest without a duration fills."""
    length: Ticks = 0
    for item in items:
        if isinstance(item, Chord):
            length += item.ticks
        elif isinstance(item, Rest | Spacer):
            length += bar if item.duration is None else item.duration.ticks
    return length


def _load_row(entry: Entry, lyrics: dict[str, Entry], parts: tuple[Part, ...], bar: Ticks) -> Row:
    part, staff, voice = _parsed(entry, lambda key: parse_row_key(key, parts), entry.key)
    items = entry.parsed(load_row)
    length = row_length(items, bar)
    if length != bar:
        raise entry.error(f"the row fills {words.format_whole(length)} of a bar of {words.format_whole(bar)}")
    verses = [key for key in lyrics if re.fullmatch(rf"l{re.escape(entry.key)}(\.([2-9]|[1-9]\d))?", key)]
    for key in verses:
        items = _sing(items, lyrics.pop(key))
    return Row(part, staff, voice, items)


# ---------------------------------------------------------------------------------------------------------------- lyrics


def _dump_lyrics(row: Row) -> Iterator[tuple[str, str]]:
    chords = [item for item in row.items if isinstance(item, Chord)]
    verses = sorted({syllable.verse for chord in chords for syllable in chord.lyrics})
    for verse in verses:
        found = [next((s for s in chord.lyrics if s.verse == verse), None) for chord in chords]
        while found and found[-1] is None:
            found.pop()
        number = f".{verse}" if verse > 1 else ""
        yield f"l{row_key(row)}{number}", format_scalar(" ".join(map(words.format_syllable, found)))


def _sing(items: tuple[Item, ...], entry: Entry) -> tuple[Item, ...]:
    verse = int(entry.key.partition(".")[2] or 1)
    syllables: list[Syllable | None] = [
        _parsed(entry, lambda word: words.parse_syllable(word, verse), word) for word in words.split_words(entry.text())
    ]
    if len(syllables) > sum(isinstance(item, Chord) for item in items):
        raise entry.error(f"{len(syllables)} syllables for {sum(isinstance(item, Chord) for item in items)} notes")
    queue = iter(syllables)
    return tuple(_sing_item(item, next(queue, None)) if isinstance(item, Chord) else item for item in items)


def _sing_item(chord: Chord, syllable: Syllable | None) -> Chord:
    return replace(chord, lyrics=(*chord.lyrics, syllable)) if syllable else chord
