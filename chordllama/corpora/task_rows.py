"""Cleaned documents -> the three texts of each row, by task: one table. The wording is that of `chordllama.tasks`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from chordllama.codec.compact import loads
from chordllama.corpora.cleaning import Cleaned
from chordllama.corpora.document import Task
from chordllama.corpora.settings import Settings
from chordllama.tasks import lyrics, music_rows

Count = Callable[[str], int]
Texts = tuple[str, str, str]


def _music(cleaned: Cleaned, count: Count, settings: Settings, chance: random.Random) -> Iterator[Texts]:
    for text in cleaned.texts:
        yield from music_rows.rows(loads(text), cleaned.facts, count, settings.maximum_tokens, chance)


def _lyrics(cleaned: Cleaned, count: Count, settings: Settings, chance: random.Random) -> Iterator[Texts]:
    for text in cleaned.texts:
        yield from lyrics.rows(text, cleaned.facts, count, settings.maximum_tokens, chance)


TASK_ROWS: dict[Task, Callable[[Cleaned, Count, Settings, random.Random], Iterator[Texts]]] = {
    "music": _music,
    "lyrics": _lyrics,
}
