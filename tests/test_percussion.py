"""Drums that play bar after bar go on with their pattern."""

from __future__ import annotations

import pytest

from chordllama.codec.compact import dumps, loads
from chordllama.codec.musicxml import write
from chordllama.generate.continuation import continue_score
from chordllama.generate.models import open_backend
from chordllama.placing.percussion import Groove, with_groove
from chordllama.score.model import Score
from chordllama.tasks import music_tasks
from chordllama.tasks.plan import Request, RequestError

BEAT = "xg58 xg xg xg & xf44 xc54"
FILL = "xc58 xc xc xc & xf44 xf44"
HEAD = "parts:\n 1: clef=percussion midi=1c10 Drumset\n 2: clef=F4 midi=34 Bass\n"
BASS = "e24 g"


def _band(*beats: str, head: str = HEAD) -> Score:
    bars = [f"{n}: {'time=2/4 ' * (n == 1)}{beat} / {BASS}\n" for n, beat in enumerate(beats, 1)]
    return loads(head + "".join(bars))


def _groove(score: Score) -> Groove:
    return music_tasks.plan(score, Request()).placement.groove


def _last(score: Score, bars: int) -> list[str]:
    return [line.split(": ", 1)[1] for line in dumps(score).splitlines()[-bars:]]


def test_the_new_bars_of_drums_repeat_the_latest_ones_and_the_model_writes_the_bass() -> None:
    band = _band(*[BEAT] * 6)
    with open_backend(None, 1) as backend:
        (found,) = continue_score(write(band), "band", backend, Request(bars=4))
    assert len(found.bars) == 4
    known = band.bars[0].rows[:2]
    assert all(bar.rows[:2] == known and {row.part for row in bar.rows[2:]} == {1} for bar in found.bars)


def test_the_model_is_not_shown_what_goes_on_without_it() -> None:
    plan = music_tasks.plan(_band(*[BEAT] * 4), Request())
    assert "x" not in "".join(_last(plan.score, 4))
    assert plan.placement.groove.parts == {0}


@pytest.mark.parametrize(
    ("beats", "period"),
    [
        ([BEAT] * 4, 1),
        ([BEAT, FILL] * 2, 2),
        ([BEAT, BEAT, BEAT, FILL] * 2, 4),
        ([BEAT, FILL, FILL, BEAT], 4),
        ([BEAT], 1),
    ],
)
def test_a_pattern_is_the_shortest_that_came_twice_or_else_the_latest_bars(beats: list[str], period: int) -> None:
    band = _band(*beats)
    rows = [bar.rows[:2] for bar in band.bars]
    assert [bar.rows for bar in _groove(band).bars] == rows[-period:]


def test_signs_syllables_and_fermatas_are_not_repeated() -> None:
    band = _band(*["=f xg54> xg* ; la la"] * 4)
    (bar,) = _groove(band).bars
    assert _last(Score(band.parts, (*band.bars, bar)), 1) == ["xg54> xg"]


def test_a_gap_has_the_pattern_of_the_bars_before_it() -> None:
    band = _band(BEAT, BEAT, FILL, FILL, BEAT, BEAT)
    assert [
        bar.rows for bar in music_tasks.plan(band, Request(task="infill", first=3, bars=2)).placement.groove.bars
    ] == [band.bars[0].rows[:2]]


@pytest.mark.parametrize(
    "score",
    [
        _band(BEAT, BEAT, BEAT, "r"),
        loads(f"parts:\n 1: clef=percussion Drumset\n1: time=2/4 {BEAT}\n2: {BEAT}\n"),
        _band(*[BASS] * 4, head=HEAD.replace("clef=percussion", "clef=F4")),
        loads(f"{HEAD}1: time=2/4 {BEAT} / {BASS}\n2: time=3/4 xg54 xg xg / e24 g a\n3: time=2/4 r / {BASS}\n"),
    ],
    ids=["a silent bar", "nothing else", "no percussion", "another length"],
)
def test_without_a_steady_pattern_or_anything_else_the_model_writes_all(score: Score) -> None:
    assert _groove(score) == Groove()
    assert with_groove(score.bars, Groove()) == score.bars


TRIO = loads(
    "parts:\n 1: clef=G2 Flute\n 2: clef=percussion Drums\n 3: clef=F4 Bass\n1: time=2/4 c54 d / xg54 xg / c34 g2\n"
    + "".join(f"{n}: e54 d / xg54 xg / c34 g2\n" for n in (2, 3, 4))
)


@pytest.mark.parametrize(("task", "rewritten"), [("harmonise", frozenset({2})), ("vary", frozenset({0, 2}))])
def test_percussion_stays_as_it_is_when_others_are_harmonised_or_varied(task: str, rewritten: frozenset[int]) -> None:
    request = Request(task=task, given=("Flute",))
    plan = music_tasks.plan(TRIO, request)
    assert (plan.parts, plan.aside) == (rewritten, frozenset({1}))
    assert "x" not in "".join(_last(plan.score, 4))
    with open_backend(None, 1) as backend:
        (found,) = continue_score(write(TRIO), "trio", backend, request)
    drums = [[row for row in bar.rows if row.part == 1] for bar in (*TRIO.bars, *found.bars)]
    assert drums[:4] == drums[4:]
    assert found.bars != TRIO.bars


def test_percussion_is_nothing_to_be_harmonised() -> None:
    with pytest.raises(RequestError, match="all parts but percussion are given"):
        music_tasks.plan(TRIO, Request(task="harmonise", given=(1, 3)))
    assert music_tasks.plan(TRIO, Request(task="harmonise", given=(1, 2))).given == {0}
    assert music_tasks.plan(TRIO, Request(task="harmonise", given=(2,))).given == {1}
