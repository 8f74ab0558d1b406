"""The compact text: a score as YAML of about three tokens a note, and back. Knows bars and rows; words.py knows their words.

`dumps` and `loads` are partners: `loads(dumps(score)) == score`, and one score has one text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from chordllama.codec import moments, words
from chordllama.codec.brackets import add_brackets, has_tuplets, marks_of, strip_brackets
from chordllama.codec.compact_header import dump_header, load_header
from chordllama.codec.durations import format_whole, parse_whole
from chordllama.codec.frames import (
    BARLINE_CODES,
    dump_barline,
    dump_change,
    format_time,
    load_changes,
    parse_barline,
    parse_key,
    parse_time,
)
from chordllama.codec.omit import omit
from chordllama.codec.texts import split_words
from chordllama.codec.yaml_subset import Entry, format_scalar, read_map
from chordllama.errors import CompactError
from chordllama.score import (
    MOST_BARS,
    Bar,
    Barline,
    Chord,
    Direction,
    Harmony,
    Item,
    Mark,
    Metre,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Syllable,
    Ticks,
    goes_without_saying,
)

__all__ = ["BARLINE_CODES", "dump_bar", "dump_header", "dumps", "format_time", "load_bar", "load_header", "loads"]

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
    numbered = [entry for entry in entries if entry.key.isdecimal()]
    score = load_header({entry.key: entry for entry in entries if not entry.key.isdecimal()})
    if len(numbered) > MOST_BARS:
        raise CompactError(f"the score is too large: more than {MOST_BARS} bars")
    bars: list[Bar] = []
    metre = Metre()
    for number, entry in enumerate(numbered, 1):
        if entry.key != str(number):
            raise entry.error(f"bar {number} was expected here, not {entry.key[:20]}")
        bars.append(load_bar(entry.entries("a bar"), score.parts, metre))
    return Score(score.parts, tuple(bars), score.title, score.movement, score.creators, score.groups)


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
        yield "length", format_whole(bar.length)
    if bar.keys:
        yield "key", " ".join(map(dump_change, bar.keys))
    if bar.times:
        yield "time", " ".join(map(dump_change, bar.times))
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
    return replace(bar, rows=tuple(row for row in loaded if not goes_without_saying(row, loaded)))


def _load_frame(frame: dict[str, Entry], parts: tuple[Part, ...]) -> Bar:
    return Bar(
        keys=load_changes(frame["key"], parse_key, parts) if "key" in frame else (),
        times=load_changes(frame["time"], parse_time, parts) if "time" in frame else (),
        start=frame["start"].parsed(parse_barline) if "start" in frame else Barline(),
        end=frame["end"].parsed(parse_barline) if "end" in frame else Barline(),
        length=frame["length"].parsed(parse_whole) if "length" in frame else None,
        number=frame["number"].text() if "number" in frame else None,
        implicit="implicit" in frame and frame["implicit"].parsed(_parse_true),
    )


def _parse_true(text: str) -> bool:
    if text != "true":
        raise ValueError(f'"{text}" is not true, which is all that can be said here')
    return True


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
    return moments.format_direction(item) if isinstance(item, Direction) else moments.format_harmony(item)


def parse_word(word: str, sticky: words.Sticky) -> Item:
    """The item that a word of a row says; `sticky` is taken on."""
    first = word[:1]
    if first == "r":
        return words.parse_rest(word, sticky)
    if first == "s":
        return words.parse_spacer(word)
    if first == "=":
        return moments.parse_direction(word)
    if "A" <= first <= "G":
        return moments.parse_harmony(word)
    return words.parse_chord(word, sticky)


def load_row(text: str) -> tuple[Item, ...]:
    """The items that `dump_row` writes."""
    sticky = words.Sticky()
    items = tuple([parse_word(word, sticky) for word in split_words(text)])
    if has_tuplets(items):
        return add_brackets(items)
    if any(words.NO_BRACKETS in marks_of(item) for item in items):
        raise ValueError(f'"{words.NO_BRACKETS.name}" says that tuplets have no brackets, but this row has no tuplets')
    return items


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
    part, staff, voice = entry.word(entry.key, lambda key: parse_row_key(key, parts))
    items = entry.parsed(load_row)
    length = row_length(items, bar)
    if length != bar:
        raise entry.error(f"the row fills {format_whole(length)} of a bar of {format_whole(bar)}")
    if fault := _misfit(items, parts[part], bar):
        raise entry.error(fault)
    verses = [key for key in lyrics if re.fullmatch(rf"l{re.escape(entry.key)}(\.([2-9]|[1-9]\d))?", key)]
    for key in verses:
        items = _sing(items, lyrics.pop(key))
    return Row(part, staff, voice, items)


def _misfit(items: tuple[Item, ...], part: Part, bar: Ticks) -> str:
    """What in a row its part hasn't got, or what stands after the end of the bar; "" if all fits."""
    position: Ticks = 0
    for item in items:
        if isinstance(item, Direction | Harmony):
            if item.offset and position + item.offset > bar:
                return "a sign stands after the end of the bar"
            continue
        position += row_length((item,), bar)
        for mark in _all_marks(item):
            if mark.name == "cross" and int(mark.value) > part.staves:
                return f"there is no staff {mark.value} to write a note on: the part has {part.staves}"
            if mark.name == "instrument" and int(mark.value) > len(part.instruments) > 1:
                return f"there is no instrument {mark.value}: the part has {len(part.instruments)}"
    return ""


def _all_marks(item: Item) -> Iterator[Mark]:
    if isinstance(item, Chord):
        for note in item.notes:
            yield from note.marks
    elif isinstance(item, Rest):
        yield from item.marks


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
        entry.word(word, lambda word: words.parse_syllable(word, verse)) for word in split_words(entry.text())
    ]
    if len(syllables) > sum(isinstance(item, Chord) for item in items):
        raise entry.error(f"{len(syllables)} syllables for {sum(isinstance(item, Chord) for item in items)} notes")
    queue = iter(syllables)
    return tuple(_sing_item(item, next(queue, None)) if isinstance(item, Chord) else item for item in items)


def _sing_item(chord: Chord, syllable: Syllable | None) -> Chord:
    return replace(chord, lyrics=(*chord.lyrics, syllable)) if syllable else chord
