"""Likeness of style by meaning: sentence embeddings beside those of the training set. Knows a model of sentences; knows no rows.

Reimers and Gurevych 2019, arXiv 1908.10084.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from chordllama.errors import ModelError
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.text_measures import Text
from chordllama.tasks.lyrics_tasks import sections_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Embed = Callable[[list[str]], "NDArray[np.float32]"]
"""Texts -> unit vectors, a row each."""


def open_embeddings(name: str) -> Embed:
    """Return the embeddings of a sentence-transformers model, by its folder or its name on the hub.

    Raises ModelError where it isn't there or can't be reached.
    """
    from sentence_transformers import SentenceTransformer

    try:
        model: Any = SentenceTransformer(name, device="cpu")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the model of sentences {name} can't be loaded",
            cause=str(error).strip().splitlines()[0],
            hint="name a folder, or a model of the Hugging Face hub, which has to be reachable",
        ) from error
    return lambda texts: model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def direction(texts: Iterable[str], embed: Embed) -> NDArray[np.float32]:
    """Return the unit vector of what texts say on average: each stanza or paragraph counts once, as a model reads some 250 words at once."""
    mean = embed([section for text in texts for section in sections_of(text)]).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def alike_in_meaning(text: Text, style: NDArray[np.float32], embed: Embed) -> Ratio | None:
    """Return the cosine of a text's direction with that of the training set."""
    return Ratio(float(direction([text.text], embed) @ style)) if text.words else None
