"""What the human's bars cost, in bits: under a model through llama.cpp, and under n-grams of the same tokens.

Knows prompts, tokens and one model file. The cost is the sum of -log2 p over all tokens of the answer, its bar numbers and its last line
too, given its prompt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chordllama.evaluate.ngrams import NGrams
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.timed_writing import human_answer, shown
from chordllama.generate.llama_runtime import Vocabulary, library
from chordllama.generate.llama_scoring import Scorer, opened
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import ending_of, prompt
from chordllama.tasks.music_rows import transposed
from chordllama.tasks.row_texts import MusicRow

FIFTHS = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6)
"""Where else the training music is moved for n-grams, as it is for models."""
FEWEST_BARS = 4


def asked(passage: Passage) -> str:
    """Return the prompt that asks for a passage's new bars."""
    bars = passage.score.bars[passage.shown :]
    return prompt(shown(passage), 0, len(bars), ending_of(bars))


@dataclass(frozen=True, slots=True)
class Tokens:
    """A passage as a model's tokens, of which the new bars' begin at `first`."""

    ids: tuple[int, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Asks one model what passages cost; what is longer than its `context` isn't asked (None)."""

    vocabulary: Vocabulary
    scorer: Scorer
    context: int

    def tokens(self, passage: Passage) -> Tokens:
        """Return a passage's prompt and answer."""
        given = self.vocabulary.prompt(asked(passage))
        return Tokens((*given, *self.vocabulary.tokens(human_answer(passage))), len(given))

    def bits(self, passage: Passage) -> float | None:
        """Return what the new bars cost the model."""
        tokens = self.tokens(passage)
        return self.text_bits(tokens.ids, tokens.first)

    def text_bits(self, ids: Sequence[int], first: int) -> float | None:
        """Return what the tokens from number `first` on cost the model."""
        if len(ids) > self.context:
            return None
        return float(-self.scorer.log_probabilities(ids)[first - 1 :].sum() / math.log(2))

    def counted(self, training: Sequence[Score]) -> CountedCosts:
        """N-grams of the same tokens, learnt from other music in all keys."""
        documents = (self.vocabulary.prompt(text) for score in training for text in _texts(score))
        return CountedCosts(self, NGrams(documents, self.vocabulary.size))


@dataclass(frozen=True, slots=True)
class CountedCosts:
    """What passages cost n-grams."""

    costs: Costs
    grams: NGrams

    def bits(self, passage: Passage) -> float | None:
        """Return what the new bars cost; None for what the model isn't asked either."""
        tokens = self.costs.tokens(passage)
        return self.grams.bits(tokens.ids, tokens.first) if len(tokens.ids) <= self.costs.context else None


def _texts(score: Score) -> Iterator[str]:
    """The second half as the continuation of the first, in every key that can be written."""
    if len(score.bars) < FEWEST_BARS:
        return
    passage = Passage(score, len(score.bars) // 2)
    instruction, _, given = asked(passage).partition("\n")
    row = MusicRow(f"{instruction}\n", given, human_answer(passage))
    yield "".join(row)
    yield from ("".join(moved) for n in FIFTHS if (moved := transposed(row, n)) is not None)


@contextmanager
def scoring(gguf: Path, threads: int | None = None) -> Iterator[Costs]:
    """Open a model file to be asked for costs. Raises ModelError."""
    with opened(gguf) as (model, vocabulary):
        context = library().llama_model_n_ctx_train(model)
        with closing(Scorer(model, vocabulary, context, threads)) as scorer:
            yield Costs(vocabulary, scorer, context)
