"""Random scores for hypothesis, built from the table of signs. Knows no tests.

What comes out is any score that the model can hold, not only such as a reader would make: numbers of slurs, ties and accidentals
stand anyhow.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from chordllama.codec.frames import ending_label
from chordllama.codec.values import LINES, NOT_AT_RESTS, OF_CHORDS
from chordllama.codec.whitelist import (
    BAR_STYLES,
    DIRECTION_SIGNS,
    DYNAMICS,
    HARMONY_KINDS,
    SIGNS,
    SOUND_ATTRIBUTES,
    STEMS,
    UNWRITTEN,
    WEDGES,
    Sign,
)
from chordllama.codec.words import mark_rank
from chordllama.score import (
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
    duration,
    duration_of,
)

letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
texts = st.text(letters, max_size=12).map(str.strip)
names = texts.filter(bool)
lines = st.sampled_from(["", "2", "3"])
CLEFS = ("G2", "F4", "C3", "G2_8", "G2^15", "percussion", "TAB", "none")
MARK_VALUES: dict[str, SearchStrategy[str]] = {
    "none": st.just(""),
    "number": lines,
    "ratio": st.sampled_from(["", "5:4"]),
    "text": texts.filter(lambda text: text != "normal"),
    "count": st.sampled_from(["1", "12"]),
    "notehead": st.sampled_from(["x", "inverted triangle"]),
    "fermata": st.sampled_from(["", "angled"]),
    "caesura": st.sampled_from(["", "thick"]),
    "accidental": st.sampled_from(["natural", "quarter-flat", "sharp-up"]),
    "note type": st.sampled_from(["quarter", "eighth.", "half/3:2"]),
    "staff": st.sampled_from(["1", "2"]),
    "instrument": st.sampled_from(["1", "2"]),
    "place": st.sampled_from(["b4", "a3"]),
    "arpeggio": st.sampled_from(["", "up", "down", "1", "down12"]),
    "harmonic": st.sampled_from(["", "natural", "artificial+touching-pitch", "base-pitch"]),
    "bend": st.sampled_from(["2", "-0.5+pre-bend", "1+release+with-bar"]),
    "glyph": st.one_of(names, st.just("smufl:ornamentTrill")),
    "steal time": st.sampled_from(["previous20", "following33.3"]),
    "side": st.sampled_from(["top", "bottom"]),
    "stem": st.sampled_from(STEMS),
    "beam": st.sampled_from(["be", "cf-h", "none"]),
    "tremolo": st.sampled_from(["3", "start2", "stop2", "unmeasured0"]),
}
"""For each shape of a mark what its value may be."""
_SOUNDS = {"decimal": "96.5", "yes-no": "yes", "name": "segno 1"}
DIRECTION_VALUES: dict[str, SearchStrategy[str]] = {
    "none": st.just(""),
    "name": names,
    "glyph": st.one_of(names, st.just("smufl:segno")),
    "count": st.sampled_from(["0", "1", "5"]),
    "figures": st.sampled_from(["6 4", "#", "7n 5_~", "(b5\\ 3+_)", "x"]),
    "wedge": st.sampled_from(sorted(WEDGES)),
    "spanner": st.sampled_from(["start", "stop", "continue"]),
    "pedal": st.sampled_from(["start", "stop-line", "change-both", "stop-hidden", "resume-plain"]),
    "octave-shift": st.sampled_from(["up8", "down15", "stop8"]),
    "switch": st.sampled_from(["on", "off"]),
    "metronome": st.sampled_from(["120", "4.=60.5", '4="c. 60"', "8~4.", '4=""', "(2=60)", "(8~4.)"]),
    "sound": st.sampled_from([f"{name}={_SOUNDS[shape]}" for name, shape in SOUND_ATTRIBUTES.items()]),
    "clef": st.sampled_from(CLEFS),
    "key": st.sampled_from(["-3", "2,minor", "F1+B-1.5"]),
    "transpose": st.just("-2/-1/0"),
    "bar line": st.sampled_from(BAR_STYLES),
}
PLAIN = [duration(type, dots) for type in ("half", "quarter", "eighth", "16th") for dots in (0, 1)]
TRIPLET = [duration("eighth", 0, 3, 2)] * 3
QUINTUPLET = [duration("16th", 0, 5, 4)] * 5


def marks(forbidden: frozenset[str]) -> SearchStrategy[tuple[Mark, ...]]:
    """The marks of one note, each at most once."""
    signs = [sign for sign in SIGNS if sign.name not in forbidden]
    one = st.sampled_from(signs).flatmap(_mark)
    found = st.lists(one, max_size=3, unique_by=lambda mark: mark.name)
    return found.map(lambda marks: tuple(sorted(marks, key=mark_rank)))


def _mark(sign: Sign) -> SearchStrategy[Mark]:
    return MARK_VALUES[sign.shape].map(lambda value: Mark(sign.name, value))


directions = st.one_of(
    st.sampled_from(sorted(DYNAMICS)).map(lambda name: Direction("dynamics", name)),
    st.sampled_from(sorted(DIRECTION_SIGNS)).flatmap(
        lambda name: st.builds(
            lambda value, line: Direction(name, f"{value} {line}".strip() if _has_line(name) else value),
            DIRECTION_VALUES[DIRECTION_SIGNS[name].shape],
            lines,
        )
    ),
)


def _has_line(name: str) -> bool:
    return DIRECTION_SIGNS[name].shape in LINES


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
)
_ALTERS: list[int | Fraction] = [0, 0, 0, 1, -1, 2, -2, Fraction(1, 2), 3]
alters = st.sampled_from(_ALTERS)


@st.composite
def chords(draw: DrawFn, value: Duration, forbidden: frozenset[str], grace: str = "") -> Chord:
    """A chord of one to three notes, pitched or not."""
    unpitched = draw(st.booleans()) and draw(st.booleans())
    pitches = draw(
        st.lists(st.tuples(st.sampled_from("ABCDEFG"), st.integers(2, 6)), min_size=1, max_size=3, unique=True)
    )
    notes = tuple(
        Note(step, octave, 0 if unpitched else draw(alters), unpitched, draw(marks(forbidden | {"position"} | others)))
        for (step, octave), others in zip(pitches, [frozenset[str](), OF_CHORDS, OF_CHORDS], strict=False)
    )
    verses = sorted(draw(st.sets(st.integers(1, 3), max_size=2)))
    lyrics = tuple(Syllable(verse, draw(names), draw(st.booleans()), draw(st.booleans())) for verse in verses)
    return Chord(value, notes, grace, lyrics)


@st.composite
def rows(draw: DrawFn, length: Ticks, forbidden: frozenset[str]) -> tuple[Item, ...]:
    """Items that fill a bar of `length` ticks."""
    if draw(st.integers(0, 9)) == 0:
        return (draw(directions), draw(st.just(Rest()) | st.just(Spacer())))
    items: list[Item] = []
    for value in draw(fillings(length)):
        items += draw(st.lists(directions | harmonies, max_size=1))
        if draw(st.integers(0, 5)) == 0:
            items.append(draw(chords(duration("16th"), forbidden, draw(st.sampled_from(["grace", "slash"])))))
        kind = draw(st.integers(0, 6))
        if kind == 0:
            items.append(Spacer(value))
        elif kind == 1:
            items.append(Rest(value, draw(marks(forbidden | NOT_AT_RESTS | {"type"}))))
        else:
            items.append(draw(chords(value, forbidden)))
    return (*items, *draw(st.lists(directions, max_size=1)))


@st.composite
def fillings(draw: DrawFn, length: Ticks) -> list[Duration]:
    """Note values that last `length` ticks together."""
    found: list[Duration] = []
    while length:
        groups = [[value] for value in PLAIN] + [TRIPLET, QUINTUPLET]
        fitting = [group for group in groups if sum(value.ticks for value in group) <= length]
        group = draw(st.sampled_from(fitting)) if fitting and len(found) < 8 else [duration_of(length)]
        found += group
        length -= sum(value.ticks for value in group)
    return found


@st.composite
def parts(draw: DrawFn) -> Part:
    """A part of one or two staves with none to two instruments."""
    staves = draw(st.integers(1, 2))
    instruments = draw(st.lists(st.builds(Instrument, texts, st.integers(0, 128), st.integers(0, 128)), max_size=2))
    lines = draw(st.sampled_from([(), (1, 5)[:staves]]))
    return Part(
        draw(texts),
        draw(texts),
        tuple(draw(st.sampled_from(["", *CLEFS])) for _ in range(staves)),
        lines,
        tuple(instruments),
        draw(st.none() | st.just(Transposition(-2, -1, 0))),
        draw(st.sampled_from([(), (Tuning(("E2", "Bb2", "F##3"), 3),), (None, Tuning(("G3",)))[-staves:]])),
        draw(st.sampled_from([(), ("part1verse1",), ("", "chorus-2")])),
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
    st.integers(0, 4),
    st.sampled_from(["1", "1, 2", "3"]),
    st.sampled_from(["", "start", "stop", "discontinue"]),
    st.sets(st.sampled_from(["segno", "coda", "fermata"])),
    st.booleans(),
    texts,
)


@st.composite
def scores(draw: DrawFn) -> Score:
    """A score of one or two parts and one to three bars."""
    found = tuple(draw(st.lists(parts(), min_size=1, max_size=2)))
    time = Time(
        draw(st.sampled_from([(("4", 4),), (("3", 8),), (("2", 4), ("3", 8))])),
        draw(st.sampled_from(["", "cut", "hidden"])),
    )
    bars = tuple(draw(bar(found, time, index)) for index in range(draw(st.integers(1, 3))))
    groups = (Group(0, len(found) - 1, "bracket", "yes", draw(texts), draw(texts)),) if draw(st.booleans()) else ()
    creators = draw(st.lists(st.tuples(texts, names), max_size=2))
    unwritten = tuple(name for name in UNWRITTEN if draw(st.integers(0, 3)) == 0)
    return Score(found, bars, draw(texts), draw(texts), tuple(creators), groups, unwritten)


@st.composite
def bar(draw: DrawFn, parts: tuple[Part, ...], time: Time, index: int) -> Bar:
    """A bar of these parts."""
    short = draw(st.integers(0, 4)) == 0
    length = duration("quarter", 1).ticks if short else time.ticks or 0
    found: list[Row] = []
    for number, part in enumerate(parts):
        forbidden = frozenset(
            name for name, lacks in (("cross", part.staves < 2), ("instrument", len(part.instruments) < 2)) if lacks
        )
        for staff in range(1, part.staves + 1):
            voices = draw(st.integers(0, 2))
            found += [Row(number, staff, voice, draw(rows(length, forbidden))) for voice in range(1, voices + 1)]
    keys = (Change(Key(draw(st.integers(-7, 7)), draw(st.sampled_from(["", "minor"])))),) if draw(st.booleans()) else ()
    return Bar(
        tuple(found),
        keys,
        (Change(time),) if not index else (),
        draw(barlines),
        draw(barlines),
        length if length != time.ticks else None,
        draw(st.none() | st.sampled_from(["0", "12a", "X1"])),
        draw(st.booleans()),
    )
