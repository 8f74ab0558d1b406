"""The whole way from a file to its continuations, with real (if senseless) models: what comes back is always valid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
from small_scores import TEXTS, music_pieces, small_score
from tiny_gguf import write_random_llama

from chordllama.codec.compact import loads
from chordllama.codec.grammar import rules_for
from chordllama.codec.musicxml import read, write
from chordllama.errors import CompactError, EndpointError, ModelError, ScoreError
from chordllama.generate.backend import Guard, Stream
from chordllama.generate.bar_guard import CARES, MOST_REWINDS, BarGuard
from chordllama.generate.continuation import (
    Answer,
    BarProgress,
    Continuation,
    continue_score,
    read_answer,
    write_bars,
)
from chordllama.generate.llama import LlamaBackend
from chordllama.generate.models import BUNDLED
from chordllama.sampling import Sampling
from chordllama.score.model import FINAL, QUARTER, WHOLE, Barline, Score
from chordllama.system.resources import resource
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import Wishes, lean
from chordllama.tasks.plan import Request, length_after
from chordllama.tasks.rounds import LONGEST_CONTEXT

HOT = Sampling(temperature=1.0, seed=3)
SHORT = "parts:\n 1: clef=G2 Tune\n1: time=2/4 c54 b4\n2: a44 g\n"
"""A tune of quarters, whose continuations are short."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaBackend]:
    """A model of random weights that has the usual pieces of music."""
    path = tmp_path_factory.mktemp("models") / "random.gguf"
    with LlamaBackend(write_random_llama(path, pieces=music_pieces(), layers=1), threads=1) as backend:
        yield backend


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaBackend]:
    """A model that can't write the bar before the last eight, for none of its pieces has a 9."""
    path = tmp_path_factory.mktemp("models") / "stuck.gguf"
    with LlamaBackend(write_random_llama(path, pieces=music_pieces(), layers=1), threads=1) as backend:
        known = backend._vocabulary.pieces
        known[:] = [None if piece is None or "9" in piece else piece for piece in known]
        yield backend


def xml_of(text: str, *, closing: bool = False) -> bytes:
    score = loads(text)
    last = replace(score.bars[-1], end=FINAL if closing else score.bars[-1].end)
    return write(replace(score, bars=(*score.bars[:-1], last)))


def check(xml: bytes, continuation: Continuation, bars: int) -> Score:
    """Read a continuation back: the old bars, then the new ones, each of the right length."""
    before, after = read(xml), read(continuation.xml)
    count = len(before.bars)
    assert len(continuation.bars) == bars
    assert after.bars[: count - 1] == before.bars[:-1]
    assert replace(after.bars[count - 1], end=Barline()) == replace(before.bars[-1], end=Barline())
    assert lean(after).bars == lean(replace(after, bars=after.bars[:count] + continuation.bars)).bars
    assert set(after.bar_lengths[count:]) <= {length_after(before)}
    return after


# -------------------------------------------------------------------------------------------------------- the whole way


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_candidate_has_the_bars_that_were_asked_for(name: str, model: LlamaBackend) -> None:
    xml = write(small_score(name))
    found = continue_score(xml, name, model, Request(bars=2, candidates=2, sampling=HOT))
    assert len(found) == 2
    for continuation in found:
        assert continuation.failure is None
        check(xml, continuation, 2)
    assert found[0].xml != found[1].xml


def test_the_same_seed_gives_the_same_bytes(model: LlamaBackend) -> None:
    xml = xml_of(SHORT)
    first, again = (continue_score(xml, "tune", model, Request(bars=2, sampling=HOT))[0].xml for _ in range(2))
    other = continue_score(xml, "tune", model, Request(bars=2, sampling=replace(HOT, seed=9)))[0].xml
    assert first == again != other


ELSEWHERE = """
import sys
from pathlib import Path
from chordllama.sampling import Sampling
from chordllama.tasks.plan import Request
from chordllama.generate.continuation import continue_score
from chordllama.generate.llama import LlamaBackend

model, score = map(Path, sys.argv[1:])
with LlamaBackend(model, threads=1) as backend:
    request = Request(bars=2, candidates=2, sampling=Sampling(seed=5))
    for found in continue_score(score.read_bytes(), score.name, backend, request):
        sys.stdout.buffer.write(found.xml)
"""


def test_the_same_seed_gives_the_same_bytes_after_other_work_and_in_another_process() -> None:
    """What the cache holds of earlier prompts, how large it has grown and the hashes of texts change nothing."""
    model, score = resource(BUNDLED), Path("tests/data/chorale.musicxml")
    request = Request(bars=2, candidates=2, sampling=Sampling(seed=5))
    with LlamaBackend(model, threads=1) as backend:

        def write_again() -> bytes:
            return b"".join(found.xml for found in continue_score(score.read_bytes(), score.name, backend, request))

        first = write_again()
        longer = replace(request, bars=3, candidates=3, sampling=replace(request.sampling, seed=6))
        continue_score(score.read_bytes(), score.name, backend, longer)
        assert write_again() == first
        continue_score(xml_of(SHORT), "tune", backend, request)
        assert write_again() == first
    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(model), str(score)],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert elsewhere.stdout == first


def test_what_is_wished_for_is_told_to_the_model_and_changes_what_it_writes(model: LlamaBackend) -> None:
    counting = Counting(model)
    wishes = Wishes(density="12", period="baroque", by="Clara Schumann")
    plain, wished = (
        continue_score(xml_of(SHORT), "tune", counting, Request(bars=2, sampling=HOT, wishes=asked))[0].xml
        for asked in (Wishes(), wishes)
    )
    assert counting.prompts[0].startswith("continue: 2 open\nparts:")
    assert counting.prompts[-1].startswith('continue: 2 open density=12 period=baroque by="Clara Schumann"\nparts:')
    assert plain != wished


def test_eighty_bars_are_written_in_rounds_and_told_one_by_one(model: LlamaBackend) -> None:
    xml, steps = xml_of(SHORT), list[BarProgress]()
    counting = Counting(model)
    found = continue_score(xml, "tune", counting, Request(bars=80, candidates=2, sampling=HOT), progress=steps.append)
    for candidate, continuation in enumerate(found):
        assert continuation.failure is None
        check(xml, continuation, 80)
        assert [step.bar for step in steps if step.candidate == candidate] == list(range(1, 81))
    assert {step.bars for step in steps} == {80}
    assert len(counting.prompts) > 2
    for prompt, tokens in zip(counting.prompts, counting.tokens, strict=True):
        assert model.count(prompt) + tokens // CARES["usual"].tokens <= LONGEST_CONTEXT
    shown = [len(re.findall(r"^\d+:", prompt, re.MULTILINE)) for prompt in counting.prompts]
    assert min(shown) >= 2, "each prompt shows at least the two last bars"


def test_only_the_last_round_may_close(model: LlamaBackend) -> None:
    counting = Counting(model)
    continue_score(xml_of(SHORT), "tune", counting, Request(bars=40, ending="close", sampling=HOT))
    endings = [prompt.split()[2] for prompt in counting.prompts]
    assert endings == ["open"] * (len(endings) - 1) + ["close"]


class Counting:
    """A backend that notes what it is asked."""

    def __init__(self, backend: LlamaBackend) -> None:
        self.backend = backend
        self.prompts: list[str] = []
        self.tokens: list[int] = []
        self.context, self.count, self.close = backend.context, backend.count, backend.close

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        self.prompts.append(prompt)
        self.tokens.append(sampling.maximum_tokens)
        yield from self.backend.stream(prompt, sampling, guards)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --------------------------------------------------------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("closed", "ending", "final", "asked"),
    [
        (False, "auto", False, "open"),
        (True, "auto", True, "close"),
        (False, "close", True, "close"),
        (True, "open", True, "open"),
        (False, "open", False, "open"),
    ],
)
def test_a_final_bar_line_moves_or_is_added(
    closed: bool, ending: str, final: bool, asked: str, model: LlamaBackend
) -> None:
    xml = xml_of(SHORT, closing=closed)
    counting = Counting(model)
    request = Request(bars=2, ending=ending, sampling=HOT)  # type: ignore[arg-type]
    after = check(xml, continue_score(xml, "tune", counting, request)[0], 2)
    assert counting.prompts[0].startswith(f"continue: 2 {asked}\n")
    assert "final" not in counting.prompts[0]
    assert (after.bars[-1].end == FINAL) is final
    assert not any(bar.end for bar in after.bars[:-1])


def test_a_repeat_at_the_end_stays_where_it_is(model: LlamaBackend) -> None:
    xml = xml_of(SHORT.rstrip() + " end=final,repeat=backward\n")
    after = check(xml, continue_score(xml, "tune", model, Request(bars=1, sampling=HOT))[0], 1)
    assert after.bars[1].end == Barline(style="light-heavy", repeat="backward")
    assert not after.bars[2].end


# ---------------------------------------------------------------------------------------------------------- what goes wrong


def test_a_score_without_notes_is_an_error_for_people(model: LlamaBackend) -> None:
    with pytest.raises(ScoreError, match="no notes"):
        continue_score(xml_of("parts:\n 1: clef=G2\n1: time=4/4\n"), "empty", model, Request())


def test_a_metre_that_no_note_values_fill_is_an_error_for_people(model: LlamaBackend) -> None:
    text = "parts:\n 1: clef=G2\n1: length=1/1 time=4/3 c41\n"
    with pytest.raises(ScoreError, match="4/3"):
        continue_score(xml_of(text), "odd", model, Request())


def test_giving_a_bar_up_returns_the_good_ones_and_says_why(stuck: LlamaBackend) -> None:
    xml = xml_of(SHORT, closing=True)
    (found,) = continue_score(xml, "tune", stuck, Request(bars=12, sampling=HOT))
    assert isinstance(found.failure, ModelError)
    assert str(found.failure).startswith("the model could not finish bar 4 of 12")
    assert found.failure.hint
    assert check(xml, found, 3).bars[-1].end == FINAL


def test_a_model_that_finishes_no_bar_leaves_the_file_as_it_is(stuck: LlamaBackend) -> None:
    xml = xml_of(SHORT)
    (found,) = continue_score(xml, "tune", stuck, Request(bars=9, sampling=HOT))
    assert (found.bars, found.xml) == ((), xml)
    assert str(found.failure).startswith("the model could not finish bar 1 of 9")


class BreaksOff(Counting):
    """A backend that fails when it is asked a second time."""

    def stream(self, prompt: str, sampling: Sampling, guards: Sequence[Guard] = ()) -> Stream:
        if self.prompts:
            raise EndpointError("the line is dead")
        yield from super().stream(prompt, sampling, guards)


def test_a_failure_in_a_later_round_keeps_the_bars_before_it(model: LlamaBackend) -> None:
    xml = xml_of(SHORT)
    (found,) = continue_score(xml, "tune", BreaksOff(model), Request(bars=80, sampling=HOT))
    assert str(found.failure) == "the line is dead"
    assert 0 < len(found.bars) < 80
    check(xml, found, len(found.bars))


def test_a_guard_gives_a_bar_up_only_after_many_attempts_at_the_same_bar() -> None:
    score = lean(loads(SHORT))
    plan = music_tasks.plan(score, Request(bars=3))
    guard = BarGuard(rules_for(plan.score, 3, plan.length, closes=False), 5, 8)
    for bar in ("-3: c54 c\n", "-2: d52\n"):
        for _ in range(MOST_REWINDS):
            guard.feed(bar[:6])
            guard.rewind()
        guard.feed(bar)
    guard.feed("-1: ")
    for _ in range(MOST_REWINDS):
        guard.rewind()
    with pytest.raises(ModelError, match="bar 8 of 8"):
        guard.rewind()


# --------------------------------------------------------------------------------------------------------------- the plan


def test_new_bars_are_as_long_as_the_time_signature_says() -> None:
    assert length_after(small_score("chorale")) == WHOLE
    assert length_after(small_score("six eight")) == 3 * QUARTER
    assert length_after(small_score("senza misura")) == 5 * QUARTER


def test_an_answer_that_is_none_is_an_error() -> None:
    score = lean(loads(SHORT))
    for text in ("-1: c5", "-1: /2 c52\n", "-1: c54\n", "nonsense"):
        with pytest.raises(CompactError):
            read_answer(text, score, length_after(score))
    assert read_answer("", score, length_after(score)) == ()


def test_an_answer_that_grows_and_is_taken_back_reads_as_if_it_were_read_at_once() -> None:
    score = loads("parts:\n 1: clef=G2 Tune\n1: time=4/4 c51\n")
    texts = (
        "-3: d51\n",
        "-3: d51\n-2: time=3/4 e52.\n",
        "-3: d51\n-2: time=3/4 e52.\n-1: f52.\n",
        "-3: d51\n-2: g51\n",
        "-3: d51\n-2: g51\n-1: a51\n0:\n",
        "",
    )
    growing = Answer(score)
    for text in texts:
        assert growing.read(text) == read_answer(text, score)
        assert len(growing.read(text)) == text.count(": ")


def test_later_rounds_keep_to_the_range_of_the_score_itself(model: LlamaBackend) -> None:
    plan = music_tasks.plan(loads(SHORT), Request(bars=80))
    (draft,) = write_bars(plan, model, Request(bars=80, sampling=HOT)).candidates
    heights = [
        12 * note.octave + {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[note.step] + int(note.alter)
        for bar in draft.bars
        for row in bar.rows
        for item in row.items
        for note in getattr(item, "notes", ())
    ]
    low, high = 12 * 4 + 7, 12 * 5
    assert low - 9 <= min(heights)
    assert max(heights) <= high + 9
