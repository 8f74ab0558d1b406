"""Bars with parallels are drawn again, where the score's own voices keep apart: the rule by itself, and with the bundled model ----------."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from passages import FOUR

from chordllama.codec.compact import loads
from chordllama.codec.grammar.grammar_rules import rules_for
from chordllama.codec.musicxml import read
from chordllama.generate import bar_guard
from chordllama.generate.bar_guard import BarCost, BarGuard, Draws
from chordllama.generate.continuation import write_bars
from chordllama.generate.llama import LlamaBackend
from chordllama.generate.models import BUNDLED
from chordllama.sampling import Sampling
from chordllama.score.model import Bar, Score
from chordllama.system.resources import resource
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.parallels import MOST_DRAWS, independent_parts, parallels_in_last
from chordllama.tasks.plan import Request

ALL = frozenset(range(4))
CHORALE = Path("tests/data/chorale.musicxml")


def score(bars: str, parts: str = FOUR) -> Score:
    """Bars in 4/4, with their numbers."""
    lines = [line.strip() for line in bars.strip().splitlines()]
    return loads(
        parts + "".join(f"{n}: {'key=0 time=4/4 ' if n == 1 else ''}{line}\n" for n, line in enumerate(lines, 1))
    )


def apart(found: Score) -> frozenset[int]:
    plan = music_tasks.plan(found, Request(bars=2))
    return independent_parts(plan.score, plan.first, plan.last, rules_for(plan.score, 2, plan.length, closes=False))


# ---------------------------------------------------------------------------------------------------------------- the rule


def test_voices_that_keep_apart_have_to_go_on_doing_so() -> None:
    assert apart(score("c52 d / e42 f / g32 f / c32 b2")) == ALL


def test_voices_that_double_each_other_may() -> None:
    assert not apart(score("c52 d / e42 d / g32 a / c32 d"))


def test_one_slip_in_a_long_piece_leaves_the_rule_and_one_in_a_short_piece_does_not() -> None:
    clean, slip = "c52 d / e42 f / g32 f / c32 b2", "c52 d / e42 f / g32 b / c32 d"
    assert not apart(score("\n".join([clean, slip])))
    assert apart(score("\n".join([clean] * 12 + [slip]))) == ALL


def test_two_voices_and_chords_make_no_texture_of_voices() -> None:
    assert not apart(score("c52 d / e42 f", "parts:\n 1: clef=G2\n 2: clef=G2\n"))
    assert not apart(score("c52_e d_f / e42_g f_a / g32_b f_a / c32 b2"))


def test_two_voices_on_each_of_two_staves_are_four() -> None:
    hymn = "parts:\n 1: clef=G2\n 2: clef=F4\n"
    assert apart(score("c52 d & e42 f / g32 f & c32 b2", hymn)) == {0, 1}


def test_parallels_are_counted_in_the_last_bar_and_on_the_way_to_it() -> None:
    before = score("c51 / e41 / a31 / c31")
    bars = score("c51 / e41 / a31 / c31\nd52 e / f42 e / a32 a / d32 c\nd52 e / f42 e / a32 b / d32 c").bars[1:]
    assert parallels_in_last(bars[:1], before, ALL) == 1  # c–d in soprano and bass over the bar line
    assert parallels_in_last(bars, before, ALL) == 0
    assert parallels_in_last(bars[:1], before, frozenset({0, 1, 2})) == 0


# ----------------------------------------------------------------------------------------------------------- drawing again


def guarded(faults: int, draws: int) -> tuple[BarGuard, list[str]]:
    """A guard that finds so many faults in each bar, after a bar was written so often; and what it was asked about."""
    asked: list[str] = []

    def count(text: str) -> BarCost:
        asked.append(text)
        return BarCost(faults)

    plan = music_tasks.plan(lean(loads("parts:\n 1: clef=G2\n1: time=2/4 c54 b4\n2: a44 g\n")), Request(bars=2))
    guard = BarGuard(rules_for(plan.score, 2, plan.length, closes=False), 0, 2, count, Draws(MOST_DRAWS))
    for _ in range(draws):
        guard.feed("-2: c54 c\n")
        if guard.bars:
            break
        assert not guard.accepts("-1")
        assert not guard.accepts("-2")
        assert guard.kept == 0
        guard.rewind()
    return guard, asked


def test_a_bar_with_parallels_is_drawn_again_a_certain_number_of_times() -> None:
    assert guarded(0, 1)[0].bars == 1
    assert guarded(1, MOST_DRAWS)[0].bars == 0
    guard, asked = guarded(1, MOST_DRAWS + 1)
    assert guard.bars == 1
    assert asked == ["-2: c54 c\n"] * (MOST_DRAWS + 1)


def drawn(bars: list[tuple[str, BarCost]], draws: Draws) -> tuple[str, int]:
    """The bar that stays, where these are written in turn until one does, and how many were."""
    plan = music_tasks.plan(lean(loads("parts:\n 1: clef=G2\n1: time=2/4 c54 b4\n2: a44 g\n")), Request(bars=2))
    costs = dict(bars)
    guard = BarGuard(rules_for(plan.score, 2, plan.length, closes=False), 0, 2, lambda text: costs[text], draws)
    for count, (bar, _) in enumerate(bars, 1):
        if not guard.accepts(bar):  # only the best one may come again
            (best,) = [other for other, _ in bars if guard.accepts(other)]
            guard.feed(best)
            assert guard.bars == 1
            return best, count - 1
        guard.feed(bar)
        if guard.bars:
            return bar, count
        guard.rewind()
    (best,) = [other for other, _ in bars if guard.accepts(other)]
    guard.feed(best)
    assert guard.bars == 1
    return best, len(bars)


def test_the_best_of_the_bars_that_were_drawn_stays() -> None:
    first, second, third = "-2: c54 c\n", "-2: d52\n", "-2: e54 e\n"
    assert drawn([(first, BarCost(0, 2.0)), (second, BarCost()), (third, BarCost())], Draws(0, 2, 9)) == (second, 2)
    assert drawn([(first, BarCost(0, 2.0)), (second, BarCost(0, 1.0)), (third, BarCost(0, 3.0))], Draws(0, 2, 9)) == (
        second,
        3,
    )
    assert drawn([(first, BarCost(0, 1.0)), (second, BarCost(0, 2.0))], Draws(0, 1, 9)) == (first, 2)
    assert drawn([(first, BarCost(0, 2.0)), (second, BarCost())], Draws(0, 2, 0)) == (first, 1)
    assert drawn([(first, BarCost(1, 2.0)), (second, BarCost(0, 2.0)), (third, BarCost())], Draws(3, 0, 0)) == (
        second,
        2,
    )


def test_a_bar_is_looked_at_together_with_those_before_it() -> None:
    guard, asked = guarded(0, 1)
    guard.feed("-1: d52\n0:\n")
    assert guard.done
    assert asked == ["-2: c54 c\n", "-2: c54 c\n-1: d52\n"]


@pytest.mark.parametrize(
    "asked",
    [
        Request(task="harmonise", first=1, bars=4),
        Request(task="vary", first=1),
        Request(task="infill", first=2, bars=2),
    ],
)
def test_in_a_metre_of_its_own_bars_are_looked_at_too(asked: Request) -> None:
    """The metre stands in an answer's first bar, or before it, and holds for all that follow."""
    bars = ["key=0 time=3/4 c52. / e42. / g32. / c32.", *["c52 d54 / e42 f44 / g32 f34 / c32 b24"] * 4]
    music = loads(FOUR + "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1)))
    asked = replace(asked, sampling=Sampling(seed=1))
    with LlamaBackend(resource(BUNDLED), threads=1) as backend:
        plan = music_tasks.plan(music, asked)
        (draft,) = write_bars(plan, backend, asked).candidates
    assert draft.failure is None
    assert len(draft.bars) == plan.bars


def test_the_last_bar_too_is_drawn_again() -> None:
    guard, _ = guarded(0, 1)
    guard._cost = lambda _: BarCost(1)
    guard.feed("-1: d52\n")
    assert not guard.done
    assert guard.bars == 1
    guard.rewind()
    guard.feed("-1: d54 e\n")
    assert guard.bars == 1


# ----------------------------------------------------------------------------------------------- the bundled model ----------


def written(backend: LlamaBackend, sampling: Sampling, candidates: int = 4) -> tuple[int, list[tuple[Bar, ...]]]:
    """The parallels in what the model writes after a chorale, and the bars."""
    plan = music_tasks.plan(read(CHORALE.read_bytes()), Request(bars=4))
    drafts = write_bars(plan, backend, Request(bars=4, candidates=candidates, sampling=sampling)).candidates
    assert all(draft.failure is None and len(draft.bars) == 4 for draft in drafts)
    ends = [draft.bars[:end] for draft in drafts for end in range(1, 5)]
    return sum(parallels_in_last(bars, plan.score, ALL) for bars in ends), [draft.bars for draft in drafts]


def test_a_chorale_goes_on_with_hardly_a_parallel_unless_its_most_probable_bars_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = Sampling(temperature=0.9, top_p=1.0, min_p=0.05, seed=1)
    most_probable = replace(drawn, temperature=0.0)
    with LlamaBackend(resource(BUNDLED), threads=1) as backend:
        kept, probable = written(backend, drawn), written(backend, most_probable, 1)
        monkeypatch.setattr(bar_guard, "parallels_in_last", lambda *_: 0)
        assert written(backend, most_probable, 1) == probable
        free = written(backend, drawn)
    assert kept[0] <= 1 < 4 <= free[0]
    assert len(set(kept[1])) == 4


def test_where_all_room_goes_into_drawing_again_the_bar_is_taken_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_guard, "parallels_in_last", lambda *_: 99)
    request = Request(bars=2, candidates=2, care="fast")
    plan = music_tasks.plan(read(CHORALE.read_bytes()), request)
    told: list[tuple[int, int]] = []
    with LlamaBackend(resource(BUNDLED), threads=1, context=256) as backend:
        drafts = write_bars(plan, backend, request, lambda step: told.append((step.candidate, step.bar))).candidates
    assert [(draft.failure, len(draft.bars)) for draft in drafts] == [(None, 2)] * 2
    assert sorted(told) == [(0, 1), (0, 2), (1, 1), (1, 2)]
