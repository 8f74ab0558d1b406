"""The compact text: a score as YAML of about three tokens a note, and back. Knows bars and rows; words/ knows their words.

`dumps` and `loads` are partners: `loads(dumps(score)) == score`, and one score has one text for each number of bars to a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice

from chordllama.codec.notation.brackets import add_brackets, has_tuplets, marks_of, strip_brackets
from chordllama.codec.omit import omit
from chordllama.codec.words import events, moments
from chordllama.codec.words.durations import format_whole
from chordllama.codec.words.frames import (
    BARLINE_CODES,
    dump_end,
    dump_frame,
    format_time,
    is_end,
    is_frame,
    load_frame,
)
from chordllama.codec.words.header_words import dump_header, load_header
from chordllama.codec.words.places import FIRST, format_place, is_place, parse_place
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.values import NO_BRACKETS
from chordllama.codec.words.yaml_subset import Entry, format_scalar, read_map
from chordllama.errors import CompactError
from chordllama.limits import MOST_BARS, MOST_CELLS
from chordllama.score.model import (
    Bar,
    Chord,
    Direction,
    Harmony,
    Item,
    Mark,
    Metre,
    Part,
    Place,
    Rest,
    Row,
    Score,
    Spacer,
    Syllable,
    Ticks,
    checked,
    said,
)

__all__ = [
    "BARLINE_CODES",
    "dump_bar",
    "dump_header",
    "dump_item",
    "dumps",
    "dumps_faithfully",
    "format_time",
    "load_bar",
    "load_header",
    "loads",
]

NEXT_BAR = "|"
"""Stands between the bars of one line."""
Stickies = dict[Place, events.Sticky]
"""What each row's words may leave out, while a line lasts."""

# ------------------------------------------------------------------------------------------------------------ whole text


def dumps(score: Score, without: Iterable[str] = (), bars_per_line: int = 1) -> str:
    """Return the score as compact YAML in canonical form, `without` some kinds of signs, with one or several bars to a line."""
    score = omit(score, without)
    lines = dump_header(score)
    for first in range(0, len(score.bars), bars_per_line):
        stickies: Stickies = {}
        bars = [dump_bar(bar, score.parts, stickies) for bar in score.bars[first : first + bars_per_line]]
        parted = chain.from_iterable((NEXT_BAR, bar) for bar in bars)
        lines.append(format_line(str(first + 1), " ".join(filter(None, islice(parted, 1, None)))))
    return "\n".join(lines) + "\n"


def format_line(key: str, bars: str) -> str:
    """Return a line of bars under its key."""
    return f"{key}: {format_scalar(bars)}" if bars else f"{key}:"


def loads(text: str) -> Score:
    """Return the score that a compact text says.

    Raises:
        CompactError: the text is not YAML, uses more of YAML than the format does, or breaks the format; names line, bar and part.
    """
    _check_size(len(_BAR_LINE.findall(text)), len(_PART_LINE.findall(text)))  # YAML would take its time
    entries = read_map(text)
    numbered = [entry for entry in entries if entry.key.isdecimal()]
    score = load_header({entry.key: entry for entry in entries if not entry.key.isdecimal()})
    bars: list[Bar] = []
    metre = Metre()
    for entry in numbered:
        if entry.key != str(len(bars) + 1):
            raise entry.error(f"bar {len(bars) + 1} was expected here, not {entry.key[:20]}")
        bars += load_line(entry, score.parts, metre)
        _check_size(len(bars), len(score.parts))
    return replace(score, bars=tuple(bars))


def dumps_faithfully(score: Score) -> str:
    """Return the score's text, of which it is sure that it gives the score again. Raises CompactError where it doesn't."""
    text = dumps(score)
    if loads(text) != score:
        raise CompactError("its text gives another score")
    return text


_BAR_LINE = re.compile(r"^[0-9]+:", re.MULTILINE)
_PART_LINE = re.compile(r"^ [0-9]+:", re.MULTILINE)


def _check_size(bars: int, parts: int) -> None:
    if bars > MOST_BARS or bars * parts > MOST_CELLS:
        most = f"{MOST_BARS:,} bars, and {MOST_CELLS:,} parts times bars, are the most"
        raise CompactError(f"the score is too large: {bars:,} bars of {parts} parts", cause=most)


def load_line(entry: Entry, parts: tuple[Part, ...], metre: Metre) -> Iterator[Bar]:
    """Yield the bars of one line. `metre` is taken on."""
    stickies: Stickies = {}
    for number, (_, bar) in enumerate(_groups(split_words(entry.text()), NEXT_BAR.__eq__), int(entry.key)):
        yield load_bar(replace(entry, key=f"bar {number}"), bar, parts, metre, stickies)


def _groups(found: list[str], leads: Callable[[str], bool]) -> Iterator[tuple[str, list[str]]]:
    """The words after each word that leads to others, with that word; before the first one it is ""."""
    leader, group = "", list[str]()
    for word in found:
        if leads(word):
            yield leader, group
            leader, group = word, []
        else:
            group.append(word)
    yield leader, group


# ------------------------------------------------------------------------------------------------------------------ bars


def dump_bar(bar: Bar, parts: Sequence[Part], stickies: Stickies | None = None) -> str:
    """Return the words of one bar. `stickies` is what sticks from the bars before it in its line."""
    stickies = stickies if stickies is not None else {}
    found = dump_frame(bar)
    before = None
    for row in bar.rows:
        place = row.place
        if word := format_place(place, before, parts):
            found.append(word)
        found.append(dump_row(row.items, stickies.setdefault(place, events.Sticky())))
        found += _dump_lyrics(row)
        before = place
    return " ".join(found + dump_end(bar))


def load_bar(
    entry: Entry, found: list[str], parts: tuple[Part, ...], metre: Metre, stickies: Stickies | None = None
) -> Bar:
    """Return the bar that these words say; `entry` tells where they stand. `metre` and `stickies` are taken on.

    Every row is checked against the bar's length.
    """
    stickies = stickies if stickies is not None else {}
    frame = next((place for place, word in enumerate(found) if not is_frame(word)), len(found))
    end = len(found) - (len(found) > frame and is_end(found[-1]))
    bar = load_frame(entry, found[:frame], found[end:], parts)
    metre.apply(bar)
    length = metre.length(bar)
    rows = tuple(
        _load_row(replace(entry, key=f"{entry.key}, {_name(place, parts)}"), place, row, parts, length, stickies)
        for place, row in _rows(entry, found[frame:end], parts)
    )
    return replace(bar, rows=said(rows))


def _rows(entry: Entry, found: list[str], parts: tuple[Part, ...]) -> Iterator[tuple[Place, list[str]]]:
    """The words of each row that has any, with its place."""
    place = FIRST
    for word, row in _groups(found, is_place):
        if word:
            place = entry.parsed(word, partial(parse_place, before=place, parts=parts))
        if row:
            yield place, row


def _name(place: Place, parts: tuple[Part, ...]) -> str:
    """A row's place in words: `part 2, staff 1, voice 2`; the staff where there are several, the voice where it isn't the first."""
    part, staff, voice = place
    staves = f", staff {staff}" if parts[part].staves > 1 else ""
    return f"part {part + 1}{staves}" + (f", voice {voice}" if voice > 1 else "")


# ------------------------------------------------------------------------------------------------------------------ rows


def dump_row(items: tuple[Item, ...], sticky: events.Sticky | None = None) -> str:
    """Return the words of one voice in one bar."""
    sticky = events.Sticky() if sticky is None else sticky
    sticky.begun = False
    if has_tuplets(items):
        items = strip_brackets(items)
    return " ".join([dump_item(item, sticky) for item in items])


def dump_item(item: Item, sticky: events.Sticky) -> str:
    """Return the word of one item of a row without the brackets of tuplets; `sticky` is taken on."""
    if isinstance(item, Chord):
        return events.format_chord(item, sticky)
    if isinstance(item, Rest):
        return events.format_rest(item, sticky)
    if isinstance(item, Spacer):
        return events.format_spacer(item)
    return moments.format_direction(item) if isinstance(item, Direction) else moments.format_harmony(item)


def parse_word(word: str, sticky: events.Sticky) -> Item:
    """Return the item that a word of a row says; `sticky` is taken on."""
    first = word[:1]
    if first == "r":
        return events.parse_rest(word, sticky)
    if first == "s":
        return events.parse_spacer(word)
    if first == "=":
        return moments.parse_direction(word)
    if "A" <= first <= "G":
        return moments.parse_harmony(word)
    return events.parse_chord(word, sticky)


def load_row(found: Sequence[str], sticky: events.Sticky | None = None) -> tuple[Item, ...]:
    """Return the items whose words `dump_row` writes."""
    sticky = events.Sticky() if sticky is None else sticky
    sticky.begun = False
    items = tuple([parse_word(word, sticky) for word in found])
    if has_tuplets(items):
        return add_brackets(items)
    if any(NO_BRACKETS in marks_of(item) for item in items):
        raise ValueError(f'"{NO_BRACKETS.name}" says that tuplets have no brackets, but this row has no tuplets')
    return items


def row_length(items: tuple[Item, ...], bar: Ticks) -> Ticks:
    """Return the ticks that a row fills; `bar` is what a rest without a duration fills. ValueError if no bar can be so long."""
    length: Ticks = 0
    for item in items:
        if isinstance(item, Chord):
            length += item.ticks
        elif isinstance(item, Rest | Spacer):
            length += bar if item.duration is None else item.duration.ticks
        if not isinstance(length, int):
            checked(length)
    return length


def _load_row(
    entry: Entry, place: Place, found: list[str], parts: tuple[Part, ...], bar: Ticks, stickies: Stickies
) -> Row:
    (_, notes), *verses = _groups(found, _is_verse)
    sticky = stickies.setdefault(place, events.Sticky())
    items = entry.parsed(notes, partial(load_row, sticky=sticky))
    length = entry.parsed(items, partial(row_length, bar=bar))
    if length != bar:
        raise entry.error(f"the row fills {format_whole(length)} of a bar of {format_whole(bar)}")
    if fault := _misfit(items, parts[place.part], bar):
        raise entry.error(fault)
    return Row(*place, entry.parsed(verses, partial(_sing, items)) if verses else items)


def _misfit(items: tuple[Item, ...], part: Part, bar: Ticks) -> str:
    """What in a row its part hasn't got, or what stands after the end of the bar; "" if all fits."""
    position: Ticks = 0
    for item in items:
        if isinstance(item, Direction | Harmony):
            if item.offset and position + item.offset > 2 * bar:
                return "a sign stands more than a bar after the end of its own"
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


def _dump_lyrics(row: Row) -> Iterator[str]:
    """`; Lie- be ;3 O`: the syllables of each verse, whose number is told where it isn't the next one."""
    chords = [item for item in row.items if isinstance(item, Chord)]
    verses = {syllable.verse for chord in chords if chord.lyrics for syllable in chord.lyrics}
    before = 0
    for verse in sorted(verses):
        found = [next((s for s in chord.lyrics if s.verse == verse), None) for chord in chords]
        while found[-1] is None:
            found.pop()
        yield events.format_verse(verse, before)
        yield from map(events.format_syllable, found)
        before = verse


def _is_verse(word: str) -> bool:
    return word.startswith(events.VERSE)


def _sing(items: tuple[Item, ...], verses: list[tuple[str, list[str]]]) -> tuple[Item, ...]:
    """The items with the syllables that follow them in their row."""
    verse = 0
    for word, syllables in verses:
        verse = events.parse_verse(word, verse)
        items = _sing_verse(items, verse, syllables)
    return items


def _sing_verse(items: tuple[Item, ...], verse: int, found: list[str]) -> tuple[Item, ...]:
    syllables: list[Syllable | None] = [events.parse_syllable(word, verse) for word in found]
    notes = sum(isinstance(item, Chord) for item in items)
    if len(syllables) > notes:
        raise ValueError(f"{len(syllables)} syllables for {notes} notes")
    queue = iter(syllables)
    return tuple([_sing_item(item, next(queue, None)) if isinstance(item, Chord) else item for item in items])


def _sing_item(chord: Chord, syllable: Syllable | None) -> Chord:
    return replace(chord, lyrics=(*chord.lyrics, syllable)) if syllable else chord
