"""Random scores for hypothesis, built from the table of signs. Knows no tests.

What comes out is any score that the model can hold, not only such as a reader would make: numbers of slurs, ties and accidentals
stand anyhow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from chordllama.codec.whitelist import (
    ACCIDENTALS,
    BAR_STYLES,
    CAESURAS,
    DIRECTION_SIGNS,
    DYNAMICS,
    FERMATAS,
    GROUP_BARLINES,
    GROUP_SYMBOLS,
    HARMONY_KINDS,
    NOTEHEADS,
    SIGNS,
    SOUND_ATTRIBUTES,
    STEMS,
    TIME_SYMBOLS,
    UNWRITTEN,
    WEDGES,
    DirectionSign,
)
from chordllama.codec.words.frames import ending_label
from chordllama.codec.words.values import LINES, NOT_AT_RESTS, OF_CHORDS, mark_rank
from chordllama.score.model import (
    NOTE_TYPES,
    Bar,
    Barline,
    Change,
    Chord,
    Degree,
    Direction,
    Duration,
    Group,
    Harmony,
    Instrument,
    Item,
    Key,
    Mark,
    Metre,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Syllable,
    Ticks,
    Time,
    Tone,
    Transposition,
    Tuning,
    combine,
    duration,
    duration_of,
    said,
    ticks,
    whole_notes,
)

letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t")
_NAMES = [
    *["true", "~", '"', "'", "\\", "[x]", "{x}", "=", ";", "/", "%", "<&>", "la-"],
    "- a",
    "a: b",
    "a #b",
    "c44 d",
    "| 2:",
    "/ &3",
]
"""Texts that another reader of YAML or XML, or another place of the compact text, would take for something else."""
texts = st.sampled_from(["", *_NAMES]) | st.text(letters, max_size=4).map(str.strip)
names = texts.filter(bool)
_LINES = ["", "2", "16"]
CLEFS = [
    *(f"{sign}{line}" for sign in "GFC" for line in range(1, 6)),
    "percussion",
    "TAB",
    "jianpu",
    "none",
    "G2_8",
    "G2^15",
    "F4_22",
]
_RATIOS = ["6:5", "9999:1"]
_NOTE_TYPES = [type + dots + ratio for type in NOTE_TYPES for dots, ratio in (("", ""), ("..", ""), (".", "/6:5"))]
_TREMOLOS = [kind + strokes for kind in ("", "start", "stop", "unmeasured") for strokes in "0138"]
MARK_VALUES: dict[str, Sequence[str]] = {
    "none": [""],
    "number": _LINES,
    "ratio": ["", *_RATIOS],
    "text": ["", *_NAMES],
    "count": ["0", "7", "99"],
    "notehead": NOTEHEADS,
    "fermata": ["", *FERMATAS],
    "caesura": ["", *CAESURAS],
    "accidental": ACCIDENTALS,
    "note type": _NOTE_TYPES,
    "staff": "12",
    "instrument": ["2"],
    "place": ["b4", "a0", "g9"],
    "arpeggio": ["", "up", "down", "1", "down12"],
    "harmonic": ["", "natural", "artificial+touching-pitch", "base-pitch"],
    "bend": ["2", "-0.5+pre-bend", "1+release+with-bar"],
    "glyph": [*_NAMES, "smufl:ornamentTrill"],
    "steal time": ["previous20", "following33.3"],
    "stem": STEMS,
    "beam": ["be", "cf-h", "none"],
    "side": ["top", "bottom"],
    "tremolo": _TREMOLOS,
}
"""For each shape of a mark what its value may be."""
_SOUNDS = {"decimal": ["0", "96.5"], "yes-no": ["yes", "no"], "name": ["segno 1", "a&b"]}
DIRECTION_VALUES: dict[str, Sequence[str]] = {
    "none": [""],
    "name": _NAMES,
    "glyph": [*_NAMES, "smufl:segno"],
    "count": ["0", "1", "5"],
    "figures": ["6 4", "#", "7n 5_~", "(b5\\ 3+_)", "x"],
    "wedge": sorted(WEDGES),
    "spanner": ["start", "stop", "continue"],
    "pedal": ["start", "stop-line", "change-both", "stop-hidden", "resume-plain", "sostenuto"],
    "octave-shift": [f"{way}{size}" for way in ("up", "down", "stop", "continue") for size in (8, 15, 22)],
    "switch": ["on", "off"],
    "metronome": ["120", "2.=60.5", '4="c. 60"', '4..="a\\nb"', "8~4.", "1024..~000", '4=""', "(2=60)", "(8~4.)"],
    "sound": [f"{name}={value}" for name, shape in SOUND_ATTRIBUTES.items() for value in _SOUNDS[shape]],
    "clef": CLEFS,
    "key": ["-14", "2,minor", "0", "F1+B-1.5"],
    "transpose": ["-2/-1/0", "99/-99/9", "0/0/0"],
    "bar line": BAR_STYLES,
}
PLAIN = [[duration(type, dots)] for type in NOTE_TYPES for dots in range(5)]
USUAL = [[duration(type, dots)] for type in ("half", "quarter", "eighth", "16th") for dots in (0, 1)]
TUPLETS = [
    [duration("eighth", 0, 3, 2)] * 3,
    [duration("16th", 0, 5, 4)] * 5,
    [duration("quarter", 1, 9, 7)] * 9,
    [duration("quarter", 0, 3, 2), duration("eighth", 0, 3, 2)],
    [duration("16th", 0, 17, 16)] * 17,
]
FREE = [[Duration(free=Fraction(5, 7))], [Duration(free=Fraction(1, 17))]]
_groups_of_values = st.sampled_from([*USUAL * 6, *TUPLETS * 4, *PLAIN, *FREE * 2])
OF_FRAMES = ("clef", "key", "staff-lines", "transpose")
"""Directions that at a bar's beginning are the bar's own, or the part's."""


_MARKS = [
    Mark(sign.name, value)
    for sign in SIGNS
    for value in MARK_VALUES[sign.shape]
    if (sign.name, value) != ("string", "0")  # the schema counts strings from 1
]


@cache
def marks(forbidden: frozenset[str]) -> SearchStrategy[tuple[Mark, ...]]:
    """The marks of one note, each at most once."""
    found = st.lists(st.sampled_from([mark for mark in _MARKS if mark.name not in forbidden]), max_size=3)
    return found.map(lambda marks: tuple(sorted({mark.name: mark for mark in marks}.values(), key=mark_rank)))


def _directions(signs: Iterable[DirectionSign]) -> list[Direction]:
    return [
        Direction(sign.name, f"{value} {line}".strip() if sign.shape in LINES else value)
        for sign in signs
        for value in DIRECTION_VALUES[sign.shape]
        for line in (_LINES[:2] if sign.shape in LINES else ["", ""])
    ]


_DYNAMICS = [Direction("dynamics", name) for name in sorted(DYNAMICS)]
_OF_FRAMES = _directions(DIRECTION_SIGNS[name] for name in OF_FRAMES)
_OTHERS = 2 * _DYNAMICS + _directions(sign for name, sign in DIRECTION_SIGNS.items() if name not in OF_FRAMES)
directions = st.sampled_from(_OTHERS + _OF_FRAMES)


tones = st.builds(Tone, st.sampled_from("ABCDEFG"), st.integers(-2, 2))
harmonies = st.builds(
    Harmony,
    tones,
    st.sampled_from(sorted(HARMONY_KINDS)),
    st.none() | tones,
    st.lists(
        st.builds(Degree, st.integers(1, 13), st.integers(-2, 2), st.sampled_from(["add", "alter", "subtract"])),
        max_size=2,
    ).map(tuple),
    st.none() | texts,
).map(lambda harmony: replace(harmony, text=None) if harmony.text == HARMONY_KINDS[harmony.kind] else harmony)
_ALTERS: list[int | Fraction] = [0, 0, 0, 1, -1, 2, -2, 3, Fraction(1, 2), Fraction(-3, 2), Fraction(1, 10_000), 99]
_heads = st.sampled_from(
    [Note(step, octave, alter) for step in "ABCDEFG" for octave in (0, 4, 4, 5, 9) for alter in _ALTERS]
    + [Note(step, octave, 0, True) for step in "ABCDEFG" for octave in (0, 4, 5, 9)]
)
_syllables = st.builds(Syllable, st.just(1), names, st.booleans(), st.booleans())
_verses = st.sampled_from([(), (), (), (1,), (1, 2), (99,)])


@cache
def notes(forbidden: frozenset[str]) -> SearchStrategy[list[Note]]:
    """One to three notes of a chord."""
    first, other = (
        st.builds(lambda head, marks: replace(head, marks=marks), _heads, marks(forbidden | {"position"} | others))
        for others in (frozenset[str](), OF_CHORDS)
    )
    return st.builds(lambda note, more: [note, *more], first, st.lists(other, max_size=2))


@st.composite
def chords(draw: DrawFn, value: Duration, forbidden: frozenset[str], grace: str = "") -> Chord:
    """A chord, sung or not."""
    lyrics = tuple(replace(draw(_syllables), verse=verse) for verse in draw(_verses))
    if value.free is not None:
        forbidden |= {"type"}  # where one note of a chord shows a type, MusicXML can't say that another shows none
    return Chord(value, tuple(draw(notes(forbidden))), grace, lyrics)


_whole_bars: SearchStrategy[Rest | Spacer] = st.sampled_from([Rest(), Spacer()])
_moments = directions | harmonies
_first_moments = st.sampled_from(_OTHERS) | harmonies


@st.composite
def moments(draw: DrawFn, position: Ticks, room: Ticks) -> list[Direction | Harmony]:
    """What stands within the next `room` ticks of a bar, if anything; at its beginning, keys and the like are the bar's own."""
    kind = draw(st.integers(0, 4))
    if kind < 2:
        return []
    item = draw(_moments if position else _first_moments)
    return [replace(item, offset=ticks(whole_notes(room) / 2)) if kind == 3 else item]


@st.composite
def rows(draw: DrawFn, length: Ticks, forbidden: frozenset[str]) -> tuple[Item, ...]:
    """Items that fill a bar of `length` ticks."""
    if draw(st.integers(0, 9)) == 0:
        return (*draw(moments(0, length)), draw(_whole_bars))
    items: list[Item] = []
    position: Ticks = 0
    for value in draw(fillings(length)):
        items += draw(moments(position, value.ticks))
        items += draw(events(value, forbidden))
        position += value.ticks
    return (*items, *draw(moments(length, 0)))


@st.composite
def events(draw: DrawFn, value: Duration, forbidden: frozenset[str]) -> list[Chord | Rest | Spacer]:
    """A chord, sometimes with a grace note before it, or sometimes a rest or spacer, that lasts so long."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return [Spacer(value)]
    if kind == 1:
        return [Rest(value, draw(marks(forbidden | NOT_AT_RESTS | {"type"})))]
    grace = {2: "grace", 3: "slash"}.get(kind)
    before = [draw(chords(duration("16th"), forbidden | {"type"}, grace))] if grace else []
    return [*before, draw(chords(value, forbidden))]


@st.composite
def fillings(draw: DrawFn, length: Ticks) -> list[Duration]:
    """Note values that last `length` ticks together."""
    found: list[Duration] = []
    while length:
        group = draw(_groups_of_values) if len(found) < 5 else [duration_of(length)]
        group = group if sum(value.ticks for value in group) <= length else [duration_of(length)]
        found += group
        length -= sum(value.ticks for value in group)
    return found


_clefs = st.sampled_from(["", *CLEFS])
_staves = st.sampled_from([1, 1, 2, 2, 3])
_tunings: SearchStrategy[tuple[Tuning | None, ...]] = st.sampled_from(
    [(), (), (Tuning(("E2", "Bb2", "F##3"), 3),), (None, Tuning(("G3",)))]
)
_verse_names = st.sampled_from([(), ("part1verse1",), ("", "chorus-2")])
_midi = st.integers(0, 128)
instruments = st.lists(st.builds(Instrument, texts, _midi, _midi, st.sampled_from([0, 10])), max_size=3).map(tuple)
transpositions = st.none() | st.builds(Transposition, st.integers(-99, 99), st.integers(-99, 99), st.integers(-9, 9))


@st.composite
def parts(draw: DrawFn) -> Part:
    """A part of one to three staves with none to three instruments."""
    staves = draw(_staves)
    lines = draw(st.lists(st.integers(0, 20), min_size=staves, max_size=staves))
    return Part(
        draw(texts),
        draw(texts),
        tuple(draw(_clefs) for _ in range(staves)),
        tuple(lines) if any(line != 5 for line in lines) and draw(st.booleans()) else (),
        draw(instruments),
        draw(transpositions),
        draw(_tunings)[-staves:],
        draw(_verse_names),
        draw(st.booleans()),
    )


barlines = st.builds(
    lambda style, repeat, times, ending, type, signs, top, label: Barline(
        style,
        repeat,
        times if repeat else 0,
        ending if type else "",
        type,
        tuple(sign for sign in ("segno", "coda", "fermata") if sign in signs),
        top and bool(type),
        ending_label(label, ending) if type else "",
    ),
    st.sampled_from(["", *BAR_STYLES]),
    st.sampled_from(["", "forward", "backward"]),
    st.integers(0, 99),
    st.sampled_from(["1", "1, 2", "3", "9999"]),
    st.sampled_from(["", "start", "stop", "discontinue"]),
    st.sets(st.sampled_from(["segno", "coda", "fermata"])),
    st.booleans(),
    texts,
)


keys = st.builds(Key, st.integers(-14, 14), st.sampled_from(["", "major", "minor", "dorian"]))
_beats = st.tuples(st.sampled_from(["1", "2", "3", "4", "3+2", "12"]), st.sampled_from([2, 4, 8, 16]))
times = st.builds(Time, st.lists(_beats, max_size=2).map(tuple), st.sampled_from(["", *TIME_SYMBOLS]))
_numbers = st.none() | st.sampled_from(["0", "12a", "X1", "", "999999"]) | names
_voices = st.sampled_from([0, 1, 1, 2])
_other_lengths = st.sampled_from([0, 0, 0, *(duration(type, 1).ticks for type in ("quarter", "breve", "maxima"))])
_creators = st.lists(st.tuples(texts, names), max_size=2).map(tuple)
_unwritten = st.sampled_from([(), *((name,) for name in UNWRITTEN), tuple(UNWRITTEN)])
_symbols, _barlines = st.sampled_from(["", *GROUP_SYMBOLS]), st.sampled_from(["", *GROUP_BARLINES])


@st.composite
def scores(draw: DrawFn) -> Score:
    """A score of one or two parts and one or two bars."""
    found = tuple(draw(st.lists(parts(), min_size=1, max_size=2)))
    metre = Metre()
    bars = tuple(draw(bar(found, metre)) for _ in range(draw(st.integers(1, 2))))
    return Score(found, bars, draw(texts), draw(texts), draw(_creators), draw(groups(len(found))), draw(_unwritten))


@st.composite
def groups(draw: DrawFn, parts: int) -> tuple[Group, ...]:
    """None to two groups of so many parts, one within the other."""
    found = []
    first, last = 0, parts - 1
    for _ in range(draw(st.integers(0, 2))):
        first = draw(st.integers(first, last))
        last = draw(st.integers(first, last))
        found.append(Group(first, last, draw(_symbols), draw(_barlines), draw(texts), draw(texts)))
    return tuple(found)


@st.composite
def bar(draw: DrawFn, parts: tuple[Part, ...], metre: Metre) -> Bar:
    """A bar of these parts; `metre` is taken on."""
    counts = [part.staves for part in parts]
    frame = Bar(keys=draw(changes(counts, keys)), times=draw(changes(counts, times)))
    metre.apply(frame)
    nominal = metre.length(frame)
    length = draw(_other_lengths) or nominal
    found: list[Row] = []
    for part, staves in enumerate(counts):
        forbidden = frozenset(
            name for name, lacks in (("cross", staves < 2), ("instrument", len(parts[part].instruments) < 2)) if lacks
        )
        for staff in range(1, staves + 1):
            found += [Row(part, staff, voice, draw(rows(length, forbidden))) for voice in range(1, draw(_voices) + 1)]
    return replace(
        frame,
        rows=said(found),
        start=draw(barlines),
        end=draw(barlines),
        length=length if length != nominal else None,
        number=draw(_numbers),
        implicit=draw(st.booleans()),
    )


@st.composite
def changes(draw: DrawFn, staves: list[int], values: SearchStrategy[Any]) -> tuple[Change, ...]:
    """What changes at the start of a bar in parts of so many staves: nothing, the same for all, or each as it likes."""
    if draw(st.integers(0, 2)):
        return ()
    same = draw(values)
    own: list[tuple[int, list[tuple[int | None, Any]]]] = []
    for count in staves:
        if draw(st.booleans()):
            own.append((count, [(None, same)]))
        else:
            own.append((count, [(staff, draw(values)) for staff in range(1, count + 1)]))
    return combine(own)
