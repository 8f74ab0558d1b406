"""Compact texts that a stranger may send to do harm, or that say what no music says. Knows no tests.

They are written from scores and then spoilt, so that they follow the format when it changes.
"""

from __future__ import annotations

from dataclasses import replace

from hostile_xml import Maker

from chordllama.codec.compact import dumps
from chordllama.score.model import (
    Bar,
    Barline,
    Change,
    Chord,
    Direction,
    Key,
    Note,
    Part,
    Row,
    Score,
    Syllable,
    Time,
    duration,
)

_QUARTER = duration("quarter")
_NOTES = tuple(Chord(_QUARTER, (Note(step, 4),)) for step in "CDEF")
_SUNG = replace(_NOTES[0], lyrics=(Syllable(1, "la"),))
_PARTS = (Part("Voice", clefs=("G2",)),)
_BAR = Bar(
    (Row(0, 1, 1, (Direction("words", "dolce"), _SUNG, *_NOTES[1:])),),
    (Change(Key(-5)),),
    (Change(Time((("4", 4),))),),
    end=Barline(repeat="backward", times=7),
)
SCORE = Score(_PARTS, (_BAR,), "Title")
_ROW = "c44 d e f ; la"


def spoilt(old: str, new: str) -> Maker:
    """The text of a small score, in which something is put in the place of something else."""
    return lambda: _replaced(old, new)


def _replaced(old: str, new: str) -> bytes:
    text = dumps(SCORE)
    assert text.count(old) == 1, (old, text)
    return text.replace(old, new).encode()


def _before(text: str) -> Maker:
    return lambda: text.encode() + dumps(SCORE).encode()


def _after(text: str) -> Maker:
    return lambda: dumps(SCORE).encode() + text.encode()


def _primes(most: int) -> list[int]:
    return [n for n in range(10**8 + 1, 10**8 + most) if all(n % d for d in range(3, 200, 2))]


def _bars(parts: int, bars: int) -> bytes:
    """Bars in which nothing is said."""
    score = Score(_PARTS * parts, ())
    return (dumps(score) + "".join(f"{number}:\n" for number in range(1, bars + 1))).encode()


LAUGHS = 'a: &a ["ha", "ha"]\n' + "".join(
    f"{letter}: &{letter} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, letter in zip("abcdefgh", "bcdefghi", strict=True)
)

TEXTS: dict[str, tuple[Maker, str]] = {
    "billion_laughs.yaml": (_before(LAUGHS), "an anchor"),
    "alias.yaml": (spoilt("Title", "*a"), "an alias"),
    "anchor.yaml": (spoilt("Title", "&a Title"), "an anchor"),
    "anchor_of_a_map.yaml": (spoilt("parts:", "parts: &a"), "an anchor"),
    "tag_that_runs_a_program.yaml": (spoilt("Title", "!!python/object/apply:os.system [id]"), "a tag"),
    "tag_of_a_text.yaml": (spoilt("Title", "!!binary aGE="), "a tag"),
    "merge_key.yaml": (_before("<<: {title: a}\n"), "a merge key"),
    "second_document.yaml": (_after("---\na: b\n"), "a second document"),
    "block_of_text.yaml": (spoilt("Title", "|\n " + "la\n " * 1_000), "a block of text"),
    "deep_lists.yaml": (_before("a: " + "[" * 50_000 + "\n"), "in one another"),
    "deep_maps.yaml": (_before("a: " + "{a: " * 20_000 + "\n"), "in one another"),
    "deep_lines.yaml": (_before("".join(f"{' ' * depth}a:\n" for depth in range(200))), "in one another"),
    "map_as_a_key.yaml": (_before("? {a: b}\n: c\n"), "as a key"),
    "key_twice.yaml": (_after("1:\n"), "a second time"),
    "huge_bar_number.yaml": (_after(f"{'9' * 1_000}:\n"), "was expected"),
    "nul_byte.yaml": (spoilt("Title", "\0"), "x0000"),
    "escaped_nul_byte.yaml": (spoilt("Title", '"\\0"'), "no MusicXML may hold"),
    "escaped_surrogate.yaml": (spoilt("Title", '"\\ud800"'), "no MusicXML may hold"),
    "escaped_nul_byte_in_words.yaml": (spoilt("dolce", "\\u0000"), "text in double quotes"),
    "not_yaml.yaml": (spoilt("Title", '"'), "not YAML"),
    "empty.yaml": (lambda: b"", "parts"),
    "fine_duration.yaml": (spoilt("c44", "c4:1/99999999999999"), "99999999999999"),
    "durations_that_differ.yaml": (
        spoilt(_ROW, " ".join(f"s:1/{prime}" for prime in _primes(9_000))),
        "too fine a fraction",
    ),
    "duration_beyond_all.yaml": (spoilt("c44", "c4:999999999999/1"), "longer than any"),
    "tuplet_of_9999.yaml": (spoilt(_ROW, "r4t9999:1"), "the row fills"),
    "tuplets_that_differ.yaml": (
        spoilt(_ROW, " ".join(f"r4t{ratio}:1" for ratio in range(1_001, 5_000, 2))),
        "too fine a fraction",
    ),
    "repeat_a_billion_times.yaml": (spoilt("times=7", "times=1000000000"), "times=1000000000"),
    "key_of_a_billion.yaml": (spoilt("-5", "1000000000"), "not a key"),
    "beats_of_a_billion.yaml": (spoilt("4/4", "1000000000/4"), "not a time signature"),
    "beats_in_10000_sums.yaml": (spoilt("4/4", "1+" * 10_000 + "1/1024"), "not the time signature"),
    "slurs_at_a_note.yaml": (spoilt("c44", "c44" + "(" * 20_000), "signs"),
    "notes_in_a_chord.yaml": (spoilt("c44", "c44" + "_d" * 20_000), "notes in a chord"),
    "voices.yaml": (spoilt(_ROW, "c41 &100 c41"), "&100"),
    "syllables.yaml": (spoilt("la", "la " * 20_000), "syllables for"),
    "quotes_that_never_end.yaml": (spoilt('"dolce"', '"' + '\\"' * 20_000), "is not a direction"),
    "words_that_never_end.yaml": (spoilt(_ROW, '="' + "\\\\" * 20_000), "is not a direction"),
    "wild_word.yaml": (spoilt("c44", "c44" + '{a="' * 10_000), "neither a mark"),
    "wild_number.yaml": (spoilt("c44", "c4" + "4" * 40_000), "is not a note value"),
}


TOO_LONG: dict[str, tuple[Maker, str]] = {
    "50001_bars.yaml": (lambda: _bars(1, 50_001), "too large"),
    "200_parts_with_50000_bars.yaml": (lambda: _bars(200, 50_000), "too large"),
    "line_of_10_megabytes.yaml": (spoilt("c44", "c44 " * 2_500_000), "letters"),
    "word_of_10_megabytes.yaml": (spoilt("Title", "a" * 10_000_000), "letters"),
    "long_line.yaml": (spoilt("c44", "c44 " * 30_000), "letters"),
    "many_lines.yaml": (lambda: b"\n" * 6_000_000, "letters"),
}
"""Too long to be kept."""
