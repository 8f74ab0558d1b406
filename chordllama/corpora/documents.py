"""What the pipeline passes from step to step: documents, and the rows that are made of them. Knows no files and no step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal["music", "lyrics", "prose"]
Split = Literal["train", "validation", "test"]
TASKS: tuple[Task, ...] = ("music", "lyrics", "prose")


@dataclass(frozen=True, slots=True)
class Document:
    """One score, song text or book as its source has it.

    `name` is its path within the source; `work` names what it is a version of: all documents of one work fall into one split.
    `data` is a score file's bytes in any format that is read (music), or UTF-8 text (lyrics, prose). `facts` are what the source's catalogue tells: title, creator,
    language, period, form and so on.
    """

    task: Task
    source: str
    licence: str
    work: str
    name: str
    data: bytes
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One training pair. `tokens` counts instruction, input and output together."""

    task: Task
    instruction: str
    input: str
    output: str
    source: str
    licence: str
    work: str
    split: Split
    tokens: int
