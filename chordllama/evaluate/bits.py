"""What the human's bars cost a model, in bits, through llama.cpp. Knows prompts, tokens and one model file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chordllama.evaluate.passage import Passage
from chordllama.evaluate.writing import human_answer, shown
from chordllama.generate.llama_runtime import library
from chordllama.generate.llama_scoring import Scorer, opened
from chordllama.tasks.music import ending_of, prompt


def asked(passage: Passage) -> str:
    """The prompt that asks for a passage's new bars."""
    bars = passage.score.bars[passage.shown :]
    return prompt(shown(passage), 0, len(bars), ending_of(bars))


@contextmanager
def scoring(gguf: Path, threads: int | None = None) -> Iterator[Callable[[Passage], float | None]]:
    """Gives the function that sums up -log2 p over all tokens of a passage's new bars, their numbers and the answer's end too.

    It gives None for what is longer than the model's context.
    """
    with opened(gguf) as (model, vocabulary):
        context = library().llama_model_n_ctx_train(model)
        with closing(Scorer(model, vocabulary, context, threads)) as scorer:

            def bits(passage: Passage) -> float | None:
                given = vocabulary.prompt(asked(passage))
                tokens = [*given, *vocabulary.tokens(human_answer(passage))]
                if len(tokens) > context:
                    return None
                return float(-scorer.log_probabilities(tokens)[len(given) - 1 :].sum() / math.log(2))

            yield bits
