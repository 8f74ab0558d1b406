"""Transposing instruments: the model sees and writes what sounds, the composer's file has what the players read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chordllama.codec.compact import dump_bar, loads
from chordllama.generate.continuation import read_answer
from chordllama.placing.concert_pitch import as_written, at_concert_pitch, fifths_of
from chordllama.placing.passes import place
from chordllama.score.model import Chord, Key, Score, Transposition
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.plan import Request

INSTRUMENTS = {
    "clarinet in B flat": (Transposition(-2, -1), 2, "d54 e fs g", "c54 d e f"),
    "clarinet in A": (Transposition(-3, -2), -3, "eb54 f g ab", "c54 d e f"),
    "horn in F": (Transposition(-7, -4), 1, "g44 a b c5", "c54 d e f"),
    "trumpet in B flat": (Transposition(-2, -1), 2, "d54 e fs g", "c54 d e f"),
    "alto saxophone": (Transposition(-9, -5), 3, "a44 b cs5 d", "c54 d e f"),
    "baritone saxophone": (Transposition(-21, -12), 3, "a44 b cs5 d", "c54 d e f"),
    "without diatonic steps": (Transposition(-2), 2, "d54 e fs g", "c54 d e f"),
}


def beside_piano(transposition: Transposition, fifths: int, tune: str) -> Score:
    score = loads(
        f"parts:\n 1: clef=G2 Wind\n 2: clef=G2,F4 Piano\n"
        f"1: key=0;1={fifths} time=4/4 {tune} / c41_e_g / c31\n2: {tune} / c41_e_g / c31\n"
    )
    parts = (replace(score.parts[0], transposition=transposition), *score.parts[1:])
    return replace(score, parts=parts)


@pytest.mark.parametrize(("transposition", "fifths", "written", "sounding"), INSTRUMENTS.values(), ids=INSTRUMENTS)
def test_a_prompt_shows_what_sounds(transposition: Transposition, fifths: int, written: str, sounding: str) -> None:
    shown = lean(beside_piano(transposition, fifths, written))
    assert [change.value for change in shown.bars[0].keys] == [Key(0)]
    assert dump_bar(shown.bars[1], shown.parts).split(" / ")[0] == sounding


@pytest.mark.parametrize(("transposition", "fifths", "written", "sounding"), INSTRUMENTS.values(), ids=INSTRUMENTS)
@pytest.mark.parametrize("task", ["continue", "vary"])
def test_new_bars_are_written_as_players_read_them(
    transposition: Transposition, fifths: int, written: str, sounding: str, task: str
) -> None:
    score = beside_piano(transposition, fifths, written)
    plan = music_tasks.plan(score, Request(task=task, bars=2))
    bars = read_answer(f"-2: {sounding} / c41_e_g / c31\n-1: {sounding} / c41_e_g / c31\n", plan.score)
    for bar in place(plan.placement, bars):
        wind, *piano = dump_bar(replace(bar, keys=(), times=()), score.parts).split(" / ")
        assert wind == written
        assert piano == ["c41_e_g", "c31"]


def test_a_change_of_instrument_changes_what_sounds() -> None:
    score = loads(
        "parts:\n 1: clef=G2 Reeds\n1: key=0 time=4/4 c54 d e f\n"
        '2: key=2 ={transpose="-2/-1/0"} d54 e fs g\n3: d54 e fs g\n'
    )
    shown = at_concert_pitch(score)
    assert [dump_bar(replace(bar, keys=(), times=()), ()).split("} ")[-1] for bar in shown.bars] == ["c54 d e f"] * 3
    (new,) = as_written(shown.bars[:1], score, 3, in_place=False)
    assert [note.pitch for row in new.rows for item in row.items if isinstance(item, Chord) for note in item.notes] == [
        ("D", 0, 5),
        ("E", 0, 5),
        ("F", 1, 5),
        ("G", 0, 5),
    ]


def test_what_only_sounds_an_octave_lower_stays() -> None:
    assert fifths_of(Transposition(-12, -7)) == 0
    assert fifths_of(Transposition(0, 0, -1)) == 0
    assert fifths_of(None) == 0


@pytest.mark.parametrize("fifths", range(-7, 8))
@pytest.mark.parametrize("transposition", [Transposition(-2, -1), Transposition(3, 2), Transposition(-6, -4)])
def test_every_key_has_a_concert_key_and_comes_back(fifths: int, transposition: Transposition) -> None:
    score = loads(f"parts:\n 1: clef=G2 Wind\n1: key={fifths} time=4/4 c54 d e f\n")
    score = replace(score, parts=(replace(score.parts[0], transposition=transposition),))
    shown = at_concert_pitch(score)
    key = shown.bars[0].keys[0].value
    assert isinstance(key, Key)
    assert -7 <= key.fifths <= 7
    heights = [
        note.height
        for row in score.bars[0].rows
        for item in row.items
        if isinstance(item, Chord)
        for note in item.notes
    ]
    back = as_written(shown.bars, score, 0, in_place=True)
    again = [
        note.height for row in back[0].rows for item in row.items if isinstance(item, Chord) for note in item.notes
    ]
    assert [height % 12 for height in again] == [height % 12 for height in heights]
