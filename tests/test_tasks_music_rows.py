"""Training rows of a score: parts of whole bars, exact lengths, the same wording as generation, and any key."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given as drawn
from hypothesis import strategies
from small_scores import TEXTS, small_score

from chordllama.codec.compact import dump_bar, dumps, loads
from chordllama.codec.grammar import END
from chordllama.generate.continuation import read_answer
from chordllama.placing.transpose import CannotTranspose, transpose
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import Wishes, lean, prompt
from chordllama.tasks.music_rows import FEWEST_BARS, rows, transposed
from chordllama.tasks.music_tasks import MUSIC_TASKS, parse_instruction
from chordllama.tasks.row_texts import MusicRow
from chordllama.tasks.transpose_text import transpose_line
from chordllama.tasks.windows import cuts


def tune(bars: int, seed: int = 1) -> Score:
    """A tune for two parts of so many bars."""
    chance = random.Random(seed)

    def step() -> str:
        return chance.choice("cdefgab")

    lines = "".join(
        f"{n}: {'key=-1 time=2/4 ' if n == 1 else ''}{step()}44 {step()} / {step()}34 {step()}4\n"
        for n in range(1, bars + 1)
    )
    return loads("parts:\n 1: clef=G2 midi=1\n 2: clef=F4 midi=33\n" + lines.rstrip() + " end=final\n")


def made(score: Score, most: int = 3000, seed: int = 1) -> list[MusicRow]:
    facts = {"creator": "Clara Schumann", "period": "romantic"}
    return list(rows(score, facts, len, most, random.Random(seed)))


def bars_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[0].isdigit() or line[0] == "-"]


def test_a_score_gives_rows_of_all_four_tasks_within_the_tokens_that_are_allowed() -> None:
    for most in (600, 1500, 5000):
        found = made(tune(64), most)
        assert {row.instruction.partition(":")[0] for row in found} == set(MUSIC_TASKS)
        assert all(len("".join(row)) <= most for row in found)


def test_an_answer_has_exactly_the_bars_that_are_asked_for() -> None:
    for row in made(tune(40), 1200):
        task, wanted, ending, _ = parse_instruction(row.instruction)
        keys = [line.partition(":")[0] for line in bars_of(row.output)]
        assert keys == [*map(str, range(-wanted, 0)), "0"]
        assert row.output.endswith(END)
        assert (ending is not None) == (task == "continue")
        assert ending is None or (ending == "close") == ("end=final" in row.output)


def test_a_continuation_is_prompted_as_generation_prompts_it() -> None:
    score = tune(24)
    row = next(row for row in made(score, 10_000) if row.instruction.startswith("continue"))
    _, wanted, ending, wishes = parse_instruction(row.instruction)
    shown = Score(score.parts, score.bars[: len(score.bars) - wanted])
    assert ending is not None
    assert row.instruction + row.input == prompt(shown, 0, wanted, ending, wishes)
    assert read_answer(row.output, shown, score.bar_lengths[0]) == score.bars[-wanted:]


def test_infilled_bars_stand_between_those_that_are_shown() -> None:
    score = tune(24)
    row = next(row for row in made(score, 10_000) if row.instruction.startswith("infill"))
    shown = {int(line.partition(":")[0]): line.partition(": ")[2] for line in bars_of(row.input)}
    missing = [n for n in range(1, 25) if n not in shown]
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert 1 in shown
    assert 24 in shown
    new = dict(zip(missing, (line.partition(": ")[2] for line in bars_of(row.output)), strict=False))
    assert [(shown | new)[n] for n in range(1, 25)] == [dump_bar(bar, score.parts) for bar in score.bars]


def test_harmonising_shows_one_part_and_varying_the_rhythm() -> None:
    found = {row.instruction.partition(":")[0]: row for row in made(tune(8), 10_000)}
    header = found["harmonise"].input.partition("1: key")[0]
    for line, whole in zip(bars_of(found["harmonise"].input), bars_of(found["harmonise"].output), strict=False):
        _, _, given = line.partition(": ")
        upper, _, lower = whole.partition(": ")[2].partition(" / ")
        assert (
            given.removeprefix("key=-1 time=2/4 ").removeprefix("/2 ").removesuffix(" end=final") in f"{upper}|{lower}"
        )
    varied = loads(header + found["vary"].input.partition("parts:")[2].partition(" 2: clef=F4 midi=33\n")[2])
    original = loads(dumps(tune(8)))
    for bar, before in zip(varied.bars, original.bars, strict=True):
        for row, own in zip(bar.rows, before.rows, strict=True):
            assert row.items[0] == own.items[0]
            assert row.items[1] != own.items[1]


HEAD = "parts:\n 1: clef=G2\n 2: clef=F4\n"
ALONE = HEAD + "".join(f"{n}: c54 d e f\n" for n in range(1, 9))
"""Only the first part sounds; the second one's rests go without saying, so that its bars are those of both."""


@pytest.mark.parametrize(
    ("text", "task", "rule"),
    [
        (ALONE, "harmonise", "nothing-asked"),
        (ALONE.replace("f\n", "f / r4 r r2\n"), "harmonise", "nothing-asked"),
        (ALONE.replace("c5", "/2 c5"), "harmonise", "nothing-given"),
        (ALONE.replace("c54 d e f", "c51"), "vary", "nothing-asked"),
    ],
    ids=["the rest goes without saying", "the rest is written", "the given part rests", "one note a bar"],
)
def test_rows_that_teach_nothing_are_left_out_and_counted(text: str, task: str, rule: str) -> None:
    left_out: Counter[str] = Counter()
    for seed in range(8):
        found = list(rows(loads(text), {}, len, 10_000, random.Random(seed), left_out))
        assert found
        assert not any(row.instruction.startswith(task) for row in found)
    assert left_out[rule] > 0


def test_no_row_is_left_out_where_each_part_sounds() -> None:
    left_out: Counter[str] = Counter()
    assert list(rows(tune(64), {}, len, 900, random.Random(1), left_out))
    assert not left_out


def test_short_scores_give_none() -> None:
    assert made(tune(FEWEST_BARS - 1)) == []


def test_the_same_chance_gives_the_same_rows() -> None:
    assert made(tune(30), seed=3) == made(tune(30), seed=3)
    assert made(tune(30), seed=3) != made(tune(30), seed=4)


@drawn(strategies.lists(strategies.integers(1, 200), min_size=1, max_size=80), strategies.integers(1, 1000))
def test_windows_follow_each_other_and_keep_to_the_budget_where_bars_do(sizes: list[int], budget: int) -> None:
    found = cuts(sizes, budget)
    assert found[0][0] == 0
    assert found[-1][1] == len(sizes)
    assert all(left[1] == right[0] for left, right in pairwise(found))
    assert all(first < last for first, last in found)
    assert all(sum(sizes[first:last]) <= budget for first, last in found) or max(sizes) > budget


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("fifths", [-5, -1, 2, 6])
def test_lines_are_transposed_as_their_score_is(name: str, fifths: int) -> None:
    score = lean(small_score(name))
    lines = dumps(score).splitlines(keepends=True)
    try:
        wanted = dumps(transpose(score, fifths))
    except CannotTranspose:
        with pytest.raises(CannotTranspose):
            [transpose_line(line, fifths) for line in lines if line[0].isdigit()]
        return
    assert "".join(transpose_line(line, fifths) if line[0].isdigit() else line for line in lines) == wanted


def test_a_row_is_moved_with_the_key_that_it_asks_for() -> None:
    row = MusicRow(
        "continue: 1 open key=-1 by=Bach\n", "parts:\n 1: clef=G2\n1: key=-1 time=2/4 f44 c5\n", "-1: bb44 c5\n0:\n"
    )
    up = "parts:\n 1: clef=G2\n1: key=1 time=2/4 g44 d5\n"
    assert transposed(row, 2) == MusicRow("continue: 1 open key=1 by=Bach\n", up, "-1: c54 d\n0:\n")
    assert transposed(row, 0) == row
    assert transposed(row, -7) is None


def test_every_row_survives_a_way_there_and_back() -> None:
    for row in made(tune(30), 900):
        there = transposed(row, 3)
        assert there is not None
        assert there != row
        assert transposed(there, -3) == row


def test_an_instruction_tells_what_it_was_made_from() -> None:
    for wishes in (Wishes(), Wishes("-3", "3+2/8", "1,53", "12", "romantic", 'Clara "C" Schumann')):
        line = f"continue: 8 open{' ' if wishes != Wishes() else ''}"
        from chordllama.tasks.music_prompts import instruction

        text = instruction("continue", 8, "open", wishes)
        assert text.startswith(line)
        assert parse_instruction(text) == ("continue", 8, "open", wishes)
        assert parse_instruction(instruction("vary", 3, None, wishes)) == ("vary", 3, None, wishes)
    with pytest.raises(ValueError, match="none of"):
        parse_instruction("compose: 8\n")
