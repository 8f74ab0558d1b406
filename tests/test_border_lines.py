"""Slurs, hairpins and other lines over the borders of new bars keep both their ends, in the file too. No model is needed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from benchmarks.lines import KINDS, over, paired
from benchmarks.musescore import installed, lines_in_musescore
from chordllama.codec.compact import dump_bar, loads
from chordllama.codec.musicxml import read_with_origin, write
from chordllama.codec.splice import new_measures, replaced, splice
from chordllama.placing.passes import place
from chordllama.placing.placement import Placement
from chordllama.score.model import Bar, Score

VOICE, PIANO = " 1: clef=G2", " 1: clef=G2,F4"


def score_of(bars: Sequence[str], part: str = VOICE) -> Score:
    told = "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1))
    return loads(f"parts:\n{part}\n1: time=4/4 {told[3:]}")


def bars_of(bars: Sequence[str], part: str = VOICE) -> tuple[Bar, ...]:
    return tuple(Bar(rows=bar.rows) for bar in score_of(bars, part).bars)


def between(before: str, old: str | Sequence[str], after: str, new: str | Sequence[str], part: str = VOICE) -> str:
    """The bars that are put between two others, in the place of old ones."""
    gap, written = ([bars] if isinstance(bars, str) else bars for bars in (old, new))
    score = score_of([before, *gap, after], part)
    found = put_in(bars_of(written, part), score, 1 + len(gap))
    return " | ".join(dump_bar(bar, score.parts) for bar in found)


def put_in(new: tuple[Bar, ...], score: Score, last: int, *, goes_on: bool = False) -> tuple[Bar, ...]:
    """New bars as they stand in a score from its second bar on."""
    placement = Placement(score, 1, score.bar_lengths[1:last], frozenset(range(len(score.parts))), as_it_is)
    return place(placement, new, complete=not goes_on)


def as_it_is(_old: Bar, new: Bar, _parts: frozenset[int]) -> Bar:
    return new


def put_after(score: Score, new: str) -> tuple[Bar, ...]:
    """A new bar as it stands after the last one."""
    return place(Placement(score, len(score.bars), score.bar_lengths[-1:], frozenset([0])), bars_of([new]))


# ------------------------------------------------------------------------------------------------------------- at notes


@pytest.mark.parametrize(
    ("before", "old", "after", "new", "found"),
    [
        ("c51(", "d51)", "r", "e44 f g a", "e44) f g a"),
        ("r", "d51(", "c51)", "e44 f g a", "e44 f g a("),
        ("c51(", "d52) e(", "c51)", "e41", "e41)("),
        ("c51(", "d52) e(", "c51)", "e44 f r2", "e44) f( r2"),
        ("c51(", "d51", "c51)", "e44 f g a", "e44 f g a"),
        ("c51(", "d51", "c51)", "e44( f) g a", "e44(2 f)2 g a"),
        ("r", "d51(", "c51)", "e44( f) g a", "e44(2 f)2 g a("),
        ("c51(", "d52) e(", "c51)", "e44( f) g( a)", "e44)(2 f)2 g(2 a)2("),
        ("c51((2", "d52) e)2", "c51", "e44( f) g a", "e44))2(3 f)3 g a"),
        ("c51(", "d51)", "r", "e48g f44 g a b", "e48g f44) g a b"),
        ("c51(", "d51)", "r", "r4 f44 g a", "r4 f4) g a"),
        ("c51(", "d51", "e51", "e44( f) g a", "e44(2 f)2 g a"),
        ("c51{glissando-start}", "d51{glissando-stop}", "r", "e41", "e41{glissando-stop}"),
        ("r", "d51{slide-start}", "c51{slide-stop}", "e42 f", "e42 f{slide-start}"),
    ],
)
def test_a_slur_ends_at_the_first_new_note_and_begins_at_the_last_one(
    before: str, old: str, after: str, new: str, found: str
) -> None:
    assert between(before, old, after, new) == found


@pytest.mark.parametrize(
    ("before", "old", "after", "new", "found"),
    [
        ("e51( / c41", "d51) / c41", "r", "g41 / c44 d e f", "g41) / c44 d e f"),
        ("e51 / c41(", "d51 / c41)", "r", "g41 / c44 d e f", "g41 / c44) d e f"),
        ("r", "d51( / c41", "e51) / c41", "g44 a b c5 / c42 d", "g44 a b c5( / c42 d"),
        ("e51 & c51(", "d51 & c51)", "r", "g41 & e44 d e f", "g41 & e44) d e f"),
        ("e51 & c51(", "d51 & c51)", "r", "g41", "g41)"),
    ],
)
def test_a_line_keeps_to_its_staff_and_voice(before: str, old: str, after: str, new: str, found: str) -> None:
    assert between(before, old, after, new, PIANO) == found


@pytest.mark.parametrize(
    ("before", "old", "after", "new", "found"),
    [
        ("c51(", "d51)", "r", "r", "r)"),
        ("r", "d51(", "c51)", "r2 r", "r2 r("),
        ("c51(", "d52) e(", "c51)", "r", "r)("),
        ("c51(", ["d51)", "d51"], "r", ["r", "e41"], " | e41)"),
        ("c51(", ["d51", "d51)"], "r", ["r", "r"], "r) | "),
    ],
)
def test_where_the_staff_is_silent_a_rest_has_the_end(
    before: str, old: str | list[str], after: str, new: str | list[str], found: str
) -> None:
    assert between(before, old, after, new) == found


def test_a_silent_staff_beside_another_one_has_the_end_at_its_rest() -> None:
    assert between("e51( / c41", "d51) / c41", "r", "r / c44 d e f", PIANO) == "r) / c44 d e f"


def test_of_two_lines_with_one_number_the_first_one_ends_before_the_second_one_begins() -> None:
    old, new = ["d51 / c41)", "d51( / c41"], ["g41 / c44 d e f", "r / c41"]
    assert between("e51 / c41(", old, "e51) / c41", new, PIANO) == "g41) / c44 d e f | /1.2 c41("


def test_bars_that_others_will_follow_end_what_comes_in_but_not_at_a_rest() -> None:
    score = score_of(["c51(", "d51)", "d51(", "e51)"])
    for new, found in (["r", ""], ["g41", "g41)"]):
        (bar,) = put_in(bars_of([new]), score, 3, goes_on=True)
        assert dump_bar(bar, score.parts) == found


# ----------------------------------------------------------------------------------------------------------- at moments


@pytest.mark.parametrize(
    ("before", "old", "after", "new", "found"),
    [
        ("=< c51", "=! d51", "r", "e44 f g a", "=! e44 f g a"),
        ("=< c51", "=! d51", "r", "r", "=! r"),
        ("r", "=> d51", "=! c51", "e44 f g a", "=> e44 f g a"),
        ("r", "=> d51", "=! c51", "r", "=> r"),
        ("=< c51", "=! d52 => e", "=! c51", "e44 f g a", "=! e44 f => g a"),
        ("=< c51", "d51", "=! c51", "=> e44 f =! g a", "e44 f g a"),
        ("r", "d52 => e", "=! c51", "=< e44 f =! g a", "=<2 e44 f =!2 => g a"),
        ("r", "d52 => e", "=! c51", "=< e44 f g =! a", "e44 f => g a"),
        ("=< c51", "d52 =! e", "r", "e44 =< f =! g a", "e44 f =! g a"),
        ("=< c51", "d52 =! e", "r", "=> e44 f =! =< g a =!", "e44 f =! =<2 g a =!2"),
        ("=< c51", "d51 =!", "r", "r", "=!&1 r"),
        ("=< =<2 c51", "=! =!2 d51", "r", "=> e44 f =! g a", "=! =!2 =>3 e44 f =!3 g a"),
        ("=-- c51", "d52 =-! e", "r", "e44 f g a", "e44 f =-! g a"),
        ("={octave-shift=up15} c51", "={octave-shift=stop15} d51", "r", "e41", "={octave-shift=stop15} e41"),
        ("r", "={octave-shift=down8} d51", "={octave-shift=stop8} r", "e41", "={octave-shift=down8} e41"),
        ("={pedal=start-line} c51", "={pedal=stop-line} d51", "r", "e41", "={pedal=stop-line} e41"),
    ],
)
def test_a_line_between_moments_ends_and_begins_where_it_did(
    before: str, old: str, after: str, new: str, found: str
) -> None:
    assert between(before, old, after, new) == found


def test_a_hairpin_stays_on_its_staff() -> None:
    assert between("c51 / =< c41", "d51 / =! c41", "r", "e41 / r", PIANO) == "e41 / =! r"


# ---------------------------------------------------------------------------------------------------- after the last bar


@pytest.mark.parametrize(
    ("last", "new", "found"),
    [
        ("c51(", "e44( f) g a", "e44)(2 f)2 g a"),
        ("=< c51", "=> e44 f =! g a", "=! =>2 e44 f =!2 g a"),
        ("={pedal=start-line} c51", "e41", "={pedal=stop-line} e41"),
        ("={octave-shift=down8} c51", "e41", "={octave-shift=stop8} e41"),
        ("={pedal=sostenuto} c51", "e41", "=ped! e41"),
        ('={dashes="start 2"} c51', "e41", '={dashes="stop 2"} e41'),
    ],
)
def test_what_the_last_bar_leaves_open_ends_in_the_first_new_one(last: str, new: str, found: str) -> None:
    score = score_of([last])
    assert [dump_bar(bar, score.parts) for bar in put_after(score, new)] == [found]


def test_a_hairpin_may_end_in_a_bar_that_is_not_written_yet() -> None:
    score = score_of(["=< c51", "d51", "=! d51", "e51"])
    for new, found in ((["e41"], "e41"), (["e41", "f41"], "e41 | =! f41")):
        bars = put_in(bars_of(new), score, 3, goes_on=len(new) == 1)
        assert " | ".join(dump_bar(bar, score.parts) for bar in bars) == found


def test_a_slur_that_was_forgotten_long_before_the_end_stays_as_it_is() -> None:
    score = score_of(["c51(", *["c51"] * 8])
    assert [dump_bar(bar, score.parts) for bar in put_after(score, "e44( f) g a")] == ["e44(2 f)2 g a"]


# ------------------------------------------------------------------------------------------------------------- in the file

SOURCES = {
    "a slur in and one out": (["c51(", "d52) e(", "c51)"], ["e44( f) g a"]),
    "two slurs in and a hairpin out": (["c51((2", "d52) => e)2", "=! c51"], ["=< e44 f =! g( a)"]),
    "a slur and a hairpin over all": (["=< c51(", "d51", "=! c51)"], ["=> e44( f) =! g a"]),
    "two hairpins at once": (["=< =>2 c51", "=! d51 =<", "=!2 e44 =! c42."], ["=> e44 f =! g a"]),
    "a part that falls silent": (["=< c51(", "=! d52) => e(", "=! c51)"], ["r"]),
    "a dash, a pedal and a shift": (
        ["=-- =ped ={octave-shift=up8} c51", "=-! ={octave-shift=stop8} =ped! d51", "c51"],
        ["e44 f g a"],
    ),
    "two bars": (["c51(", "d51", "d52) e(", "c51)"], ["e44( f) g a(", "f44) e d( c)"]),
}


def numbered_from(xml: bytes, first: int) -> bytes:
    """The file with other numbers for its lines."""
    kinds = "|".join(KINDS).encode()
    return re.sub(
        rb"(<(?:" + kinds + rb")\b[^>]*number=.)(\d+)",
        lambda found: found[1] + b"%d" % (int(found[2]) + first - 1),
        xml,
    )


@pytest.mark.parametrize("first", [1, 3, 7])
@pytest.mark.parametrize("name", sorted(SOURCES))
def test_lines_over_the_borders_keep_the_numbers_that_the_file_gives_them(name: str, first: int) -> None:
    bars, written = SOURCES[name]
    xml = numbered_from(write(score_of(bars)), first)
    reading = read_with_origin(xml)
    last = 1 + len(written)
    result = replaced(xml, reading, put_in(bars_of(written), reading.score, last), 1, [0])
    before, after = paired(xml), paired(result)
    assert over(after.lines, 1, last) == over(before.lines, 1, last)
    assert over(before.lines, 1, last).total() > 0
    assert not before.loose
    assert not after.loose
    around = re.compile(rb'<measure number="[2-%d]">.*</measure>(?=\s*<measure)' % last, re.DOTALL)
    assert around.sub(b"", result) == around.sub(b"", xml)


@pytest.mark.skipif(installed() is None, reason="MuseScore 3 (the program mscore3) is not installed")
@pytest.mark.parametrize("name", ["a part that falls silent", "two slurs in and a hairpin out"])
def test_musescore_sees_the_lines_over_the_borders(name: str) -> None:
    bars, written = SOURCES[name]
    xml = numbered_from(write(score_of(bars)), 3)
    reading = read_with_origin(xml)
    before = lines_in_musescore(xml)
    after = lines_in_musescore(
        replaced(xml, reading, put_in(bars_of(written), reading.score, 1 + len(written)), 1, [0])
    )
    assert {line: count for line, count in after.items() if line[1]} == before
    assert before.keys() == {("Slur", 1), ("HairPin", 1)}


@pytest.mark.parametrize("first", [1, 3])
def test_bars_after_the_last_one_close_lines_by_the_numbers_that_the_file_gives_them(first: int) -> None:
    xml = numbered_from(write(score_of(["=< c51((2"])), first)
    reading = read_with_origin(xml)
    result = splice(xml, reading, put_after(reading.score, "e44( f) g a"))
    assert len(paired(xml).loose) == 3
    assert not paired(result).loose


def test_a_bar_that_is_shown_while_it_is_written_has_these_numbers_too() -> None:
    xml = numbered_from(write(score_of(["c51(", "d51)", "d51(", "e51)"])), 3)
    reading = read_with_origin(xml)
    for written in (["g41"], ["g44( a b) c5", "f41"]):
        new = put_in(bars_of(written), reading.score, 3, goes_on=len(written) == 1)
        shown = [new_measures(reading, new, n, 1)["P1"] for n in range(len(new))]
        assert shown[0].count('<slur type="stop" number="3"/>') == 1
    assert [re.findall(r'<slur type="(\w+)" number="(\d)"/>', measure) for measure in shown] == [
        [("stop", "3"), ("start", "1"), ("stop", "1")],
        [("start", "3")],
    ]
