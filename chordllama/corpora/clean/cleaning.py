"""How a document of each task is opened, cleaned and known again: one table. Knows which rules belong to which task."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from chordllama.codec.musicxml import read_with_origin
from chordllama.conversion.foreign import Converter, foreign_format
from chordllama.corpora.clean import lyric_rules as clean_lyrics
from chordllama.corpora.clean import music_rules as clean_music
from chordllama.corpora.clean import prose_rules as clean_prose
from chordllama.corpora.clean import signatures
from chordllama.corpora.clean.cleaning_rules import CleaningOutcome, CleaningRule, Step, clean
from chordllama.corpora.clean.signatures import MinHashSignature
from chordllama.corpora.clean.text_rules import Writing, facts_of
from chordllama.corpora.documents import Document, Task
from chordllama.errors import ContainerError, ScoreError
from chordllama.tasks.lyrics_tasks import LABEL
from chordllama.tasks.prose_tasks import chapters_of
from chordllama.tasks.syllables import plain

UNREADABLE = "unreadable"
MENDED = "mended"
SECONDS = 1_200
"""What reading one file in a foreign format may take. Nobody waits for it, and whether a file is kept must not depend on how busy
the machine is: one tune in music21's corpus takes 15 seconds of computing."""


class Cleaner(NamedTuple):
    """`open` gives a document's content, and how often something was put right; `close` the texts that it becomes."""

    open: Callable[[Document], tuple[Any, int]]
    rules: tuple[CleaningRule[Any], ...]
    close: Callable[[Any], tuple[str, ...]]
    known_by: Callable[[Any], list[MinHashSignature]]
    sizes: Callable[[Any], dict[str, int]]
    facts: Callable[[Any, Mapping[str, str]], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A document after cleaning. `texts`: the stretches of a score, or the one text of a song or book."""

    name: str
    work: str
    licence: str
    facts: Mapping[str, str]
    texts: tuple[str, ...]
    sizes: Mapping[str, int] = field(default_factory=dict)


class Result(NamedTuple):
    """What became of one document; without `cleaned` the outcome says why."""

    cleaned: Cleaned | None
    outcome: CleaningOutcome[Any]
    signatures: list[MinHashSignature]


def clean_document(document: Document, trace: list[Step[Any]] | None = None) -> Result:
    """Apply its task's rules to a document. Raises ContainerError where its file is no score at all."""
    cleaner = CLEANERS[document.task]
    try:
        content, mended = cleaner.open(document)
    except ContainerError:
        raise
    except ScoreError as fault:
        return Result(None, CleaningOutcome(None, {UNREADABLE: 1}, UNREADABLE, str(fault)), [])
    outcome = clean(content, cleaner.rules, trace)
    if mended:
        outcome.counts[MENDED] = mended
    if outcome.content is None:
        return Result(None, outcome, [])
    return Result(_close(document, cleaner, outcome.content), outcome, cleaner.known_by(outcome.content))


def _close(document: Document, cleaner: Cleaner, content: Any) -> Cleaned:
    facts = {**document.facts, **cleaner.facts(content, document.facts)}
    texts, sizes = cleaner.close(content), cleaner.sizes(content)
    return Cleaned(document.name, document.work, document.licence, facts, texts, sizes)


# -------------------------------------------------------------------------------------------------------------------- music


@lru_cache(maxsize=1)
def _converter() -> Converter:
    converter = Converter(SECONDS)
    atexit.register(converter.close)
    return converter


def _open_score(document: Document) -> tuple[clean_music.Stretches, int]:
    name, data = document.name.partition("#")[0], document.data
    if foreign_format(data, name):
        data = _converter().to_musicxml(data, name)
    reading = read_with_origin(data, document.name)
    return (reading.score,), reading.report.mended.total()


def _score_texts(scores: clean_music.Stretches) -> tuple[str, ...]:
    return tuple(map(clean_music.text_of, scores))


def _score_sizes(scores: clean_music.Stretches) -> dict[str, int]:
    return {"bars": sum(len(score.bars) for score in scores), "notes": sum(map(clean_music.notes_of, scores))}


def _nothing(_content: Any, _facts: Mapping[str, str]) -> dict[str, str]:
    return {}


# -------------------------------------------------------------------------------------------------------------------- texts


def _open_text(document: Document) -> tuple[Writing, int]:
    told, sung = document.facts.get("language", ""), bool(document.facts.get("sung"))
    return Writing(document.data.decode("utf-8"), told, sung=sung), 0


def _lyrics_texts(writing: Writing) -> tuple[str, ...]:
    return (writing.text,)


def _lyrics_signatures(writing: Writing) -> list[MinHashSignature]:
    return signatures.of_text([LABEL.sub(" ", plain(writing.text))])


def _lyrics_sizes(writing: Writing) -> dict[str, int]:
    lines = [line for line in writing.text.split("\n") if line and not LABEL.fullmatch(line)]
    return {"lines": len(lines), "words": sum(len(line.split()) for line in lines)}


def _prose_texts(writing: Writing) -> tuple[str, ...]:
    return tuple(chapters_of(writing.text))


def _prose_signatures(writing: Writing) -> list[MinHashSignature]:
    return signatures.of_text(_prose_texts(writing))


def _prose_sizes(writing: Writing) -> dict[str, int]:
    return {"chapters": len(_prose_texts(writing)), "words": clean_prose.words_in(writing.text)}


def _text_facts(writing: Writing, _facts: Mapping[str, str]) -> dict[str, str]:
    return facts_of(writing)


CLEANERS: dict[Task, Cleaner] = {
    "music": Cleaner(_open_score, clean_music.RULES, _score_texts, signatures.of_music, _score_sizes, _nothing),
    "lyrics": Cleaner(_open_text, clean_lyrics.RULES, _lyrics_texts, _lyrics_signatures, _lyrics_sizes, _text_facts),
    "prose": Cleaner(_open_text, clean_prose.RULES, _prose_texts, _prose_signatures, _prose_sizes, _text_facts),
}


def rules_of(task: Task) -> Sequence[CleaningRule[Any]]:
    """Return the rules of a task, in the order in which they are applied."""
    return CLEANERS[task].rules
