"""The notation's variants: their writer says what is wanted of it, and its base is the compact text itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_scores import TEXTS, small_score

from benchmarks.mixed import cut
from benchmarks.notation.abc import write_abc
from benchmarks.notation.pitches import key_alters
from benchmarks.notation.variant import BAR_LINES, BASE, COMBINED, DOTS, DYNAMICS, HAIRPINS, ROWS, SINGLE, Variant
from benchmarks.notation.writer import write
from chordllama.codec.compact import dump_header, dumps, loads
from chordllama.codec.musicxml import read
from chordllama.codec.musicxml import write as write_musicxml

DUET = loads(
    """title: Duet
creators:
 - composer: Anon
groups:
 - 1-2 bracket
parts:
 1: clef=G2 Voice
 2: clef=G2,F4 midi=1 Piano
1: key=1 time=2/4 start=repeat=forward =p fs44 f / c44_e_g5 d & s2 / c24. d28
2: fs44 g /2.2 d22 end=final,repeat=backward
"""
)


def bars(variant: Variant) -> list[str]:
    """The lines after the header."""
    return write(DUET, replace(variant, header="lines")).splitlines()[len(dump_header(DUET)) :]


@pytest.mark.parametrize("bars_per_line", [1, 2, 4])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_the_base_is_the_compact_text(name: str, bars_per_line: int) -> None:
    score = small_score(name)
    assert write(score, replace(BASE, bars=bars_per_line)) == dumps(score, bars_per_line=bars_per_line)


FIRST = "1: key=1 time=2/4 start=repeat=forward =p fs44 f / c44_e_g5 d & s2 / c24. d28"
WRITTEN = [
    (ROWS, "1:; key: 1; time: 2/4; start: repeat=forward; a00: =p fs44 f; a01: c44_e_g5 d; a01_2: s2; b01: c24. d28"),
    (replace(ROWS, keys="letters"), "1:; key: 1; time: 2/4; start: repeat=forward; a: =p fs44 f; b: c44_e_g5 d; b2: s2"),
    (replace(BASE, places="names"), FIRST.replace("forward =p", "forward /1 =p").replace(" / c44", " /2 c44").replace(" & ", " /2&2 ").replace(" / c24", " /2.2 c24")),
    (replace(BASE, numbers=False), FIRST.replace("1: ", "- ", 1)),
    (replace(BASE, value_first=True), FIRST.replace("fs44", "4fs4").replace("c44", "4c4").replace("c24. d28", "4.c2 8d")),
    (replace(BASE, letters=True), FIRST.replace("fs44", "fs4q").replace("c44", "c4q").replace("s2 ", "sh ").replace("c24. d28", "c2q. de")),
    (replace(BASE, value="always"), FIRST.replace("fs44 f", "fs44 f44").replace("g5 d", "g5 d44")),
    (replace(BASE, octave="always"), FIRST.replace("fs44 f", "fs44 f4").replace("_e_g5 d", "_e4_g5 d4")),
    (replace(BASE, octave="nearest"), FIRST.replace("g5", "g'").replace("d28", "d8")),
    (replace(BASE, spelling="signs"), FIRST.replace("fs44", "f#44")),
    (replace(BASE, by_key=True), FIRST.replace("fs44 f", "f44 fn")),
    (replace(BASE, brackets=True), FIRST.replace("c44_e_g5", "[c4eg5]4")),
    (replace(BASE, terse=frozenset((DYNAMICS, HAIRPINS, DOTS))), FIRST.replace("=p", "p").replace("c24.", "c240")),
    (replace(BASE, terse=frozenset((BAR_LINES,))), FIRST.replace("start=repeat=forward", "|>")),
    (replace(BASE, bars=2), FIRST + " | fs g /2.2 d22 end=final,repeat=backward"),
    (replace(BASE, bars=2, sticks="bar"), FIRST + " | fs44 g /2.2 d22 end=final,repeat=backward"),
    (replace(BASE, bars=2, layout="voices"), FIRST.replace(" / c44", " | fs g end=final,repeat=backward / c44").replace(" d &", " d | r &").replace("s2 ", "s2 | r ") + " | d22"),
]  # fmt: skip


@pytest.mark.parametrize(("variant", "wanted"), WRITTEN)
def test_a_variant_changes_what_it_says(variant: Variant, wanted: str) -> None:
    assert ";".join(bars(variant)).startswith(wanted)


def test_part_after_part_gives_each_staff_its_bars() -> None:
    assert bars(replace(BASE, layout="parts", bars=2)) == [
        "1: |",
        " key=1 time=2/4 start=repeat=forward =p fs44 f | fs g end=final,repeat=backward",
        "2: |",
        " c44_e_g5 d & s2 | r",
        "2.2: |",
        " c24. d28 | d22",
    ]


def test_a_silent_staff_can_be_written_as_a_rest() -> None:
    assert bars(replace(BASE, silent="rest"))[1] == "2: fs44 g / r / d22 end=final,repeat=backward"


def test_a_short_header_has_a_line_for_all_parts() -> None:
    assert write(DUET, replace(BASE, header="short")).splitlines()[:4] == [
        "title: Duet",
        "composer: Anon",
        "groups: 0-1 bracket",
        "parts: G2 Voice | G2 F4 Piano midi=1",
    ]


def test_every_variant_writes_every_small_score() -> None:
    assert SINGLE
    for variant in (*SINGLE.values(), *COMBINED.values()):
        for name in TEXTS:
            assert write(small_score(name), variant)


def test_a_key_signature_alters_its_steps() -> None:
    assert [step for step, alter in key_alters(-2).items() if alter == -1] == ["E", "B"]


def test_abc_is_written_bar_by_bar() -> None:
    assert write_abc(DUET).splitlines() == [
        "X:1",
        "T:Duet",
        "C:Anon",
        "L:1/8",
        "M:2/4",
        "K:G",
        'V:1 treble nm="Voice"',
        'V:2 treble nm="Piano"',
        'V:3 bass nm="Piano"',
        "%%MIDI program 1",
        "[V:1]|:!p!F2 =F2|[V:2]|:[CEg]2 D2&x4|[V:3]|:C,,3 D,,|",
        "[V:1]F2 G2:|[V:3]D,,4:|",
    ]


def test_abc_knows_tuplets_ties_and_graces() -> None:
    score = loads("parts:\n 1: clef=G2\n1: time=3/4 c48t d e f44~ c58g/ f\n2: length=5/8 a38( b c4)* bb516 c6 r8\n")
    assert write_abc(score, interleaved=False).splitlines()[-2:] == [
        "V:1",
        "(3CDE F2- {/c}F2|(A,B, !fermata!C)_b/c'/ z|",
    ]


def test_a_score_is_cut_to_its_first_bars() -> None:
    data = write_musicxml(small_score("chorale"))
    assert len(read(cut(data, most=21), "cut").bars) == 2
    assert len(read(cut(data, most=1), "cut").bars) == 1
