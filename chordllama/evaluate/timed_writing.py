"""A model's continuations of held-out music: under guard, and left to itself. Knows backends and the wording of prompts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import perf_counter

from chordllama.codec.compact import load_bar
from chordllama.codec.words.texts import split_words
from chordllama.codec.words.yaml_subset import read_map
from chordllama.errors import CompactError
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.generate.backend import Backend, text_of
from chordllama.generate.continuation import BarProgress, write_bars
from chordllama.placing.passes import place
from chordllama.sampling import Sampling
from chordllama.score.model import Bar, Metre, Score
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import answer, ending_of, prompt
from chordllama.tasks.plan import Request

ROOM = 3
"""How many times as many tokens as the human's bars have may be written without a guard."""


@dataclass(frozen=True, slots=True)
class TimedPassage:
    """One continuation: the passage, and seconds from the call on; `first` is None where no bar was finished."""

    passage: Passage
    wanted: int
    first: float | None
    all: float


def shown(passage: Passage) -> Score:
    """Return the prompt's bars as a score."""
    return replace(passage.score, bars=passage.score.bars[: passage.shown])


def write(human: Passage, backend: Backend, sampling: Sampling) -> TimedPassage:
    """Write as many bars as the human's passage has, after the same prompt, under guard."""
    bars = human.score.bars[human.shown :]
    score = shown(human)
    request = Request(len(bars), 1, ending_of(bars), sampling)
    first: list[float] = []
    started = perf_counter()

    def progress(_: BarProgress) -> None:
        first.append(perf_counter() - started)

    plan = music_tasks.plan(score, request)
    (draft,) = write_bars(plan, backend, request, progress).candidates
    seconds = perf_counter() - started
    new = place(plan.placement, draft.bars)
    return TimedPassage(with_bars(human, new), len(bars), first[0] if first else None, seconds)


def with_bars(human: Passage, bars: tuple[Bar, ...]) -> Passage:
    """Return the same prompt with other bars after it."""
    return Passage(replace(human.score, bars=human.score.bars[: human.shown] + bars), human.shown)


def write_freely(human: Passage, backend: Backend, sampling: Sampling) -> str:
    """Return what a model writes without a guard."""
    bars = human.score.bars[human.shown :]
    asked = prompt(shown(human), 0, len(bars), ending_of(bars))
    room = ROOM * sum(backend.count(line) for line in human_answer(human).splitlines())
    limited = replace(sampling, maximum_tokens=room, stop=("\n0:",))
    return text_of(backend.stream(asked, limited))


def human_answer(human: Passage) -> str:
    """Return the human's bars as the answer that a model is asked for."""
    return answer(human.score.bars[human.shown :], human.score.parts)


def good_bars(text: str, human: Passage) -> int:
    """Return how many of the wanted bars an answer that nobody guarded has: with the right number, readable, and filled to the tick."""
    return sum(1 for _ in _bars(text, human))


def _bars(text: str, human: Passage) -> Iterator[Bar]:
    wanted = len(human.score.bars) - human.shown
    metre = _metre(shown(human))
    numbers = iter(range(-wanted, 0))
    for line in text.splitlines():
        number = next(numbers, None)
        if number is None:
            return
        try:
            (entry,) = read_map(line + "\n")
            if entry.key != str(number):
                continue
            yield load_bar(entry, split_words(entry.text()), human.score.parts, metre)
        except (CompactError, ValueError):
            continue


def _metre(score: Score) -> Metre:
    metre = Metre()
    for bar in score.bars:
        metre.apply(bar)
    return metre


def free_bars(text: str, human: Passage) -> Ratio:
    """Good bars out of those that were wanted."""
    return Ratio(good_bars(text, human), len(human.score.bars) - human.shown)


def free_answers(text: str, human: Passage) -> Ratio:
    """1 where all bars are good, else 0."""
    return Ratio(float(good_bars(text, human) == len(human.score.bars) - human.shown))
