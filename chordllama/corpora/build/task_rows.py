"""Cleaned documents -> the three texts of each row, by task: one table. The wording is that of `chordllama.tasks`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from chordllama.codec.compact import loads
from chordllama.corpora.build.beats import beats_of
from chordllama.corpora.build.settings import BuildSettings
from chordllama.corpora.clean.cleaning import Cleaned
from chordllama.corpora.documents import Task
from chordllama.tasks import lyrics_tasks, music_rows, prose_tasks, row_texts

Count = Callable[[str], int]
Texts = tuple[str, str, str]
Maker = Callable[[Cleaned, Count, BuildSettings, random.Random, Counter[str]], Iterator[Texts]]

TOO_MANY_TOKENS = "too-many-tokens"
RULES: Mapping[str, str] = {
    **row_texts.RULES,
    TOO_MANY_TOKENS: "A row of more tokens than are allowed is left out.",
}
"""By which single rows are left out, and what each says; the counter that a maker of rows gets is filled with their names."""


def _music(
    cleaned: Cleaned, count: Count, settings: BuildSettings, chance: random.Random, left_out: Counter[str]
) -> Iterator[Texts]:
    for text in cleaned.texts:
        yield from music_rows.rows(loads(text), cleaned.facts, count, settings.maximum_tokens, chance, left_out)


def _lyrics(
    cleaned: Cleaned, count: Count, settings: BuildSettings, chance: random.Random, _left_out: Counter[str]
) -> Iterator[Texts]:
    for text in cleaned.texts:
        yield from lyrics_tasks.rows(text, cleaned.facts, count, settings.maximum_tokens, chance)


def _prose(
    cleaned: Cleaned, count: Count, settings: BuildSettings, chance: random.Random, _left_out: Counter[str]
) -> Iterator[Texts]:
    beats = beats_of(settings.endpoint)
    for text in cleaned.texts:
        yield from prose_tasks.rows(text, cleaned.facts, count, settings.maximum_tokens, chance, beats)


TASK_ROWS: dict[Task, Maker] = {
    "music": _music,
    "lyrics": _lyrics,
    "prose": _prose,
}
