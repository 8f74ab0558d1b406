"""What each rule of cleaning does to a file's documents, for people who want to see it. Knows documents and rules of any task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from chordllama.corpora.clean.cleaning import CLEANERS, MENDED, Cleaned, Result, clean_document
from chordllama.corpora.clean.cleaning_rules import Step
from chordllama.corpora.documents import Document, Task
from chordllama.corpora.read.music_reader import SUFFIXES
from chordllama.corpora.read.readers import document
from chordllama.corpora.sources import own_source
from chordllama.errors import ContainerError, CorpusError, ScoreError


@dataclass(frozen=True, slots=True)
class Effect:
    """What one rule did to a document: how often it changed something, why it refused it ("": it didn't), and the lines that it
    took away (`-`) and put in (`+`)."""

    rule: str
    says: str
    times: int
    refusal: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A document with what became of it: without `cleaned`, `reason` says why it is left out."""

    name: str
    mended: int
    effects: tuple[Effect, ...] = ()
    cleaned: Cleaned | None = None
    reason: str = ""


def task_of(path: Path) -> Task | None:
    """Return the task that a file is for, where its name tells."""
    suffix = path.suffix.lower()
    return "music" if suffix in SUFFIXES else "prose" if suffix == ".epub" else None


def explain(path: Path, task: Task) -> Iterator[Explanation]:
    """Yield each document of a file with what every rule did to it.

    Raises CorpusError or ScoreError, naming the file, where it can't be read as a document of the task.
    """
    for found in document(own_source(path.stem, task, ""), path.parent, path.name):
        yield _explained(found)


def _explained(found: Document) -> Explanation:
    trace: list[Step[Any]] = []
    try:
        result = clean_document(found, trace)
    except ContainerError as fault:
        raise CorpusError(f"{found.name}: can't be read", cause=str(fault)) from fault
    effects = tuple(_effect(step, found.task) for step in trace)
    return Explanation(found.name, result.outcome.counts.get(MENDED, 0), effects, result.cleaned, _reason(result))


def _reason(result: Result) -> str:
    return "" if result.cleaned else f"{result.outcome.refused_by}: {result.outcome.reason}"


def _effect(step: Step[Any], task: Task) -> Effect:
    changed = step.count and not step.refusal
    lines = _difference(_text(step.before, task), _text(step.after, task)) if changed else ()
    return Effect(step.rule.name, step.rule.says, step.count, step.refusal, tuple(lines))


def _text(content: Any, task: Task) -> list[str]:
    """A content's lines as they would be written now; [] where it can't be written yet."""
    try:
        return [line for text in CLEANERS[task].close(content) for line in text.splitlines()]
    except ScoreError:
        return []


def _difference(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The lines that differ, each with its sign."""
    for line in list(unified_diff(before, after, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            yield line
