"""Which candidate comes first, and by what."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.excerpt import excerpt
from chordllama.codec.musicxml import read
from chordllama.errors import ModelError
from chordllama.evaluate.bits_per_note import scoring
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.timed_writing import with_bars
from chordllama.generate.continuation import Continuation, write_bars
from chordllama.generate.models import BUNDLED, open_backend
from chordllama.generate.ranking import best_first
from chordllama.placing.passes import place
from chordllama.sampling import Sampling
from chordllama.system.resources import resource
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.plan import Request

CHORALE = Path(__file__).with_name("data") / "chorale.musicxml"

BROKEN = ModelError("the model could not finish bar 3")


def candidate(surprisal: float | None, failure: ModelError | None = None) -> Continuation:
    return Continuation((), b"", failure, surprisal)


def test_the_most_probable_notes_come_first_and_what_is_not_whole_last() -> None:
    assert best_first([candidate(3.5), candidate(1.0, BROKEN), candidate(2.5), candidate(3.0)]) == [2, 3, 0, 1]


def test_where_nobody_knows_the_order_stays() -> None:
    assert best_first([candidate(None), candidate(None), candidate(None)]) == [0, 1, 2]


def test_what_bars_cost_while_they_are_written_is_what_they_cost_when_they_are_read() -> None:
    """Token by token, bars that were drawn again left out, and all at once: but for words that were cut otherwise into tokens, the same."""
    score, path = excerpt(lean(read(CHORALE.read_bytes())), 0, 10), resource(BUNDLED)
    request = Request(bars=4, candidates=2, ending="open", sampling=Sampling(seed=1, top_p=0.95, min_p=0.0))
    plan = music_tasks.plan(score, request)
    with open_backend(None, 1) as backend, scoring(path, 1) as costs:
        drafts = write_bars(plan, backend, request)
        assert drafts.timing.rewinds
        for draft in drafts.candidates:
            passage = with_bars(Passage(score, len(score.bars)), place(plan.placement, draft.bars))
            assert draft.bits == pytest.approx(costs.bits(passage), rel=0.05)
