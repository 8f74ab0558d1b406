"""The wording of prompts and answers, and what of a score a model is shown."""

from __future__ import annotations

from dataclasses import replace

from small_scores import TEXTS, small_score

from chordllama.codec.compact import dumps, loads
from chordllama.codec.grammar import END
from chordllama.score.model import FINAL, Bar, Barline
from chordllama.tasks.music_prompts import answer, block, ending_of, has_closed, lean, opening, prompt

RICH = """title: Song
creators:
 - composer: Someone
parts:
 1: clef=G2 midi=53 instrument1=Soprano Voice V.
 2: clef=percussion midi=1x36c10,1x42c10 Drums
1: implicit number=7 key=2,minor time=4/4,common ="dolce" =t96 =p ={pedal=start} d44{fingering=3}( e{notehead=x}) fs~! fs ; Lie- be / xf44 xg5 xf4 xg5
2: g41* end=final
"""


def test_a_prompt_says_what_is_wanted_then_parts_and_bars() -> None:
    score = lean(small_score("piano"))
    lines = prompt(score, 0, 8, "open").splitlines()
    assert lines[:4] == [
        "continue: 8 open",
        "parts:",
        " 1: clef=G2,F4 midi=1",
        "1: key=-3 time=3/4 " + lines[3].partition("3/4 ")[2],
    ]
    assert [line[:2] for line in lines if line[0].isdigit()] == ["1:", "2:", "3:", "4:"]


def test_a_prompt_may_show_the_last_bars_only_and_restates_what_is_in_force() -> None:
    score = lean(small_score("piano"))
    lines = prompt(score, 2, 1, "close").splitlines()
    assert lines[0] == "continue: 1 close"
    assert lines[3].startswith("1: key=-3 time=3/4 ")
    assert [line[:2] for line in lines if line[0].isdigit()] == ["1:", "2:"]


def test_without_its_first_line_a_prompt_is_a_score() -> None:
    for name in TEXTS:
        score = lean(small_score(name))
        assert loads(prompt(score, 0, 4, "open").partition("\n")[2]) == score


def test_an_answer_counts_down_to_its_end() -> None:
    score = lean(small_score("six eight"))
    text = answer(score.bars, score.parts)
    assert [line.partition(":")[0] for line in text.splitlines()] == ["-3", "-2", "-1", "0"]
    assert text.endswith(END)
    assert answer([], ()) == END


def test_a_model_is_shown_no_names_texts_and_numbers() -> None:
    score = lean(loads(RICH))
    assert dumps(score) == (
        "parts:\n 1: clef=G2 midi=53\n 2: clef=percussion midi=1\n"
        "1: key=2 time=4/4 =p d44( e) fs~ fs / xf44 xg5 xf4 xg5\n2: g41* end=final\n"
    )


def test_what_is_lean_stays_as_it_is() -> None:
    for name in TEXTS:
        score = lean(small_score(name))
        assert lean(score) == score


def test_the_opening_and_the_blocks_make_the_prompt() -> None:
    score = lean(small_score("tuplets"))
    blocks = "".join(block(str(number), bar, score.parts) for number, bar in enumerate(score.bars, 1))
    assert prompt(score, 0, 2, "open") == opening(score, 2, "open") + blocks


def test_music_closes_with_a_final_bar_line() -> None:
    assert ending_of((Bar(), Bar(end=FINAL))) == "close"
    assert ending_of((Bar(end=FINAL), Bar())) == "open"


def test_only_a_plain_final_bar_line_has_closed_and_can_move() -> None:
    assert has_closed(Bar(end=FINAL))
    assert not has_closed(Bar())
    assert not has_closed(Bar(end=replace(FINAL, repeat="backward")))
    assert not has_closed(Bar(end=Barline(style="light-light")))
