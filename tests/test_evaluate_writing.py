"""What models write after held-out music, and what of it is right; the floors that need no model."""

from __future__ import annotations

import pytest
from passages import four, passage

from chordllama.codec.compact import dumps
from chordllama.codec.words.places import FIRST
from chordllama.evaluate import floors
from chordllama.evaluate.held_out import Piece, excerpts, likeness, outline
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.timed_writing import free_answers, free_bars, good_bars, human_answer, write
from chordllama.evaluate.validity import unfilled_bars, valid
from chordllama.generate.models import open_backend
from chordllama.sampling import Sampling
from chordllama.score.model import Bar

FOUR_BARS = (
    "c52 d / e42 f / g32 a / c32 d\ne51 / g41 / c41 / c31\nf52 d / a42 f / c42 a3 / f32 d\nc51 / e41 / g31 / c31"
)


def bars_of(found: Passage) -> list[str]:
    return [line.partition(": ")[2] for line in dumps(found.score).splitlines()[-len(found.score.bars) :]]


def test_the_humans_own_answer_is_right() -> None:
    human = four(FOUR_BARS, shown=2)
    assert good_bars(human_answer(human), human) == 2
    assert free_answers(human_answer(human), human) == Ratio(1)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("-2: c51 / e41 / g31 / c31\n-1: c51 / e41 / g31 / c31\n0:\n", 2),
        ("-2: c52 / e41 / g31 / c31\n-1: c51 / e41 / g31 / c31\n", 1),  # half a bar is missing
        ("-2: c51 / e41 / g31 / c31 / c31\n-1: h51 / e41 / g31 / c31\n", 0),  # a fifth part, and no such note
        ("3: c51 / e41 / g31 / c31\n-1: c51 / e41 / g31 / c31\n", 1),  # it should count down
        ("what\n{[\n", 0),
        ("", 0),
    ],
)
def test_bars_are_right_that_have_their_number_and_fill_their_metre(text: str, good: int) -> None:
    human = four(FOUR_BARS, shown=2)
    assert free_bars(text, human) == Ratio(good, 2)
    assert free_answers(text, human) == Ratio(good == 2)


def test_the_embedded_model_writes_as_many_full_bars_as_the_human_has() -> None:
    human = four(FOUR_BARS, shown=2)
    with open_backend(threads=1) as backend:
        written = write(human, backend, Sampling(seed=1))
    assert written.wanted == 2
    assert written.first is not None
    assert 0 < written.first <= written.all
    assert written.passage.score.bars[:2] == human.score.bars[:2]
    assert len(written.passage.score.bars) == 4
    assert valid(written.passage) == Ratio(1)
    assert unfilled_bars(written.passage) == Ratio(0, 2)


def test_music21_sees_bars_that_are_not_full() -> None:
    human = four(FOUR_BARS, shown=2)
    short = four("c51 / e41 / g31 / c31\nlength=3/4 c52. / e42. / g32. / c32.").score.bars[1]
    cut = Bar(rows=short.rows)  # three quarters that say to be a whole bar
    broken = Passage(type(human.score)(human.score.parts, (*human.score.bars[:3], cut)), 2)
    assert unfilled_bars(human) == Ratio(0, 2)
    assert unfilled_bars(broken) == Ratio(1, 2)


# -------------------------------------------------------------------------------------------------------------- floors


def test_the_copy_repeats_the_last_two_bars_without_their_bar_lines() -> None:
    found = floors.copy(Piece("w", "w", passage("c41\nd41\ne41 end=final\nf41\ng41\na41", shown=3)))
    assert bars_of(found)[3:] == ["d41", "e41", "d41"]


def test_a_stranger_has_the_same_key_and_metre() -> None:
    own = Piece("own", "own", passage("c41\nd41", shown=1))
    pieces = [
        own,
        Piece("own", "other place", passage("c41\ng41", shown=1)),
        Piece("b", "b", passage("c41\ne41", shown=1)),
    ]
    floor = floors.stranger([*pieces, Piece("c", "c", four(FOUR_BARS, shown=1))])
    found = floor(own)
    assert found is not None
    assert bars_of(found)[1:] == ["e41"]
    assert floors.stranger([own])(own) is None


def test_a_strangers_short_bar_stays_short() -> None:
    own = Piece("own", "own", passage("c41\nd41", shown=1))
    other = Piece("b", "b", passage("c41\nlength=1/2 e42", shown=1))
    found = floors.stranger([own, other])(own)
    assert found is not None
    assert bars_of(found)[1:] == ["length=1/2 e42"]
    assert unfilled_bars(found) is None


def test_pitches_by_chance_keep_rhythm_and_range_and_depend_on_the_seed() -> None:
    piece = Piece("w", "w", passage("c44 d e c5\nc48 d e f g42\nr4 a42.", shown=1))
    one, again, other = floors.at_random(1)(piece), floors.at_random(1)(piece), floors.at_random(2)(piece)
    assert one is not None
    assert other is not None
    assert one == again
    assert one.score != other.score
    (voice,) = one.new.values()
    assert [(s.start, s.length) for s in voice] == [(s.start, s.length) for s in piece.human.new[FIRST]]
    assert all(59 <= sound.top <= 73 for sound in voice)


# ------------------------------------------------------------------------------------------------------------ held out


def test_a_piece_is_continued_after_four_bars_and_after_its_half() -> None:
    score = passage("\n".join(["c41"] * 12)).score
    assert [(piece.human.shown, len(piece.human.score.bars)) for piece in excerpts("w", score, "w", 4)] == [
        (4, 8),
        (6, 10),
    ]
    assert not list(excerpts("w", score, "w", 9))


def test_a_pickup_is_no_bar() -> None:
    score = passage("\n".join(["length=1/4 c44", *["c41"] * 9])).score
    assert [piece.human.shown for piece in excerpts("w", score, "w", 4)] == [5]


def test_an_outline_is_the_same_in_another_key_with_passing_notes() -> None:
    tune = outline(passage("c44 d e f\ng44 e c g\na44 f d b\nc51").score)
    same = outline(passage("d48 e e fs fs g g a\na44 fs d a\nb44 g e cs5\nd51").score)
    other = outline(passage("c44 c5 d4 b\ne44 a f g\nd44 b c c5\nc41").score)
    assert likeness(tune, same) == 1
    assert likeness(tune, other) == 0
