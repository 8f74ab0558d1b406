"""The beats of a scene: by a model at an OpenAI-compatible endpoint where one is named, else the sentences that say most, by `sumy`.

Knows scenes; knows no rows. What an endpoint answers is kept by what it was asked, so that a build that is broken off goes on, and
the same build again asks nothing and gives the same.
"""

from __future__ import annotations

import os
import re
import textwrap
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from chordllama.errors import CorpusError, EndpointError
from chordllama.system.endpoints import Endpoint
from chordllama.tasks.prompt_templates import BEATS_QUESTION, BEATS_SYSTEM, language_name
from chordllama.tasks.prose_tasks import Beats, sentences

KEY_VARIABLE = "CHORDLLAMA_BEATS_KEY"
TIMEOUT = 120.0
"""Seconds that an endpoint may be silent."""
ANSWER_TOKENS = 800
LONGEST_BEAT = 240
"""Characters: longer sentences are cut at a word."""
_STEMMERS = {
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
}
"""Languages whose words sumy can bring to their stems (all but Czech by NLTK's Snowball)."""
_WORD = re.compile(r"[^\W\d_]+")
_SPEECH = re.compile("[\"“”„«»‹›]|(?<!\\w)['‘‚]|['’](?!\\w)")
_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True)
class BeatSource:
    """Who is asked for beats: `address` ends with /v1, `model` is the name that the server gives it; `cache` is a folder."""

    address: str
    model: str
    cache: str


def beats_of(source: BeatSource | None) -> Beats:
    """Return what gives the beats of a scene."""
    return partial(_asked, source) if source else extracted


# ----------------------------------------------------------------------------------------------------------------- extracted


class _Tokenizer:
    """What sumy wants to know of a language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        return tuple(sentences(paragraph, self._language))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(_WORD.findall(sentence))


def extracted(scene: str, number: int, language: str) -> list[str]:
    """Return the sentences of a scene that say most of it, by LexRank, in their order: what is told, before what is spoken."""
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    tokenizer = _Tokenizer(language)
    every = [text for part in scene.split("\n\n") for text in tokenizer.to_sentences(part.replace("\n", " "))]
    told = [text for text in every if not _SPEECH.search(text)]
    chosen = told if len(told) >= number else every
    document = ObjectDocumentModel([Paragraph([Sentence(text, tokenizer) for text in chosen])])
    return [
        textwrap.shorten(str(found), LONGEST_BEAT, placeholder=" …") for found in _ranker(language)(document, number)
    ]


@lru_cache(maxsize=8)
def _ranker(language: str) -> Any:
    from sumy.nlp.stemmers import Stemmer, null_stemmer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.utils import get_stop_words

    name = _STEMMERS.get(language)
    ranker = LexRankSummarizer(Stemmer(name) if name else null_stemmer)
    try:
        ranker.stop_words = get_stop_words(name or "")
    except LookupError:  # sumy has stop words for fewer languages than stems
        ranker.stop_words = frozenset()
    return ranker


# -------------------------------------------------------------------------------------------------------------------- asked


def _asked(source: BeatSource, scene: str, number: int, language: str) -> list[str]:
    """The beats that a model finds. Raises CorpusError, naming the endpoint, where it can't be had or answers none."""
    question = BEATS_QUESTION.format(number=number, language=language_name(language) or "its own language", scene=scene)
    with closing(_cache(source.cache)) as cache:
        key = (source.model, BEATS_SYSTEM, question)
        answer = cache.get(key)
        if answer is None:
            answer = _answer(source, question)
            if not beats_in(answer):
                raise CorpusError(f"{source.address}: {source.model} answers no beats", cause=answer[:200])
            cache.set(key, answer)
    return beats_in(answer)[:number]


def beats_in(answer: str) -> list[str]:
    """Return the lines of an answer, without what lists put before them."""
    lines = (_ITEM.sub("", line).strip() for line in answer.splitlines())
    return [textwrap.shorten(line, LONGEST_BEAT, placeholder=" …") for line in lines if line and not line.endswith(":")]


def _answer(source: BeatSource, question: str) -> str:
    messages = ({"role": "system", "content": BEATS_SYSTEM}, {"role": "user", "content": question})
    try:
        return _client(source.address).chat(
            messages, model=source.model, temperature=0, seed=0, max_tokens=ANSWER_TOKENS
        )
    except EndpointError as fault:
        raise CorpusError(
            f"{source.address}: no beats can be had from {source.model}",
            cause=str(fault),
            hint=f"see that it runs (a key goes into {KEY_VARIABLE}), and start the build again: it goes on where it was",
        ) from fault


@lru_cache(maxsize=2)
def _client(address: str) -> Endpoint:
    return Endpoint(address, os.environ.get(KEY_VARIABLE), TIMEOUT)


def _cache(folder: str) -> Any:
    from diskcache import Cache, JSONDisk

    return Cache(folder, disk=JSONDisk, eviction_policy="none")
