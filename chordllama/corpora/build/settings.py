"""What a build was asked for, and what its results depend on. Knows no step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from chordllama.corpora.build.beats import BeatSource
from chordllama.corpora.build.tokens import Tokenizer
from chordllama.corpora.documents import Task

Format = Literal["jsonl", "parquet", "chat"]
FORMATS: tuple[Format, ...] = ("jsonl", "parquet", "chat")
PACKAGE = Path(__file__).parents[2]
_CODE = ("checking", "codec", "conversion", "corpora", "score", "tasks")
_LIBRARIES = (
    "datasketch",
    "lingua-language-detector",
    "music21",
    "numpy",
    "pyarrow",
    "pyphen",
    "sentencex",
    "sumy",
    "syllapy",
    "tiktoken",
)
"""Whose version may change a result."""


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """One task's build. `limit` is for documents of each source; `endpoint` is asked for the beats of prose."""

    task: Task
    tokenizer: Tokenizer
    maximum_tokens: int = 3_500
    limit: int | None = None
    seed: int = 0
    formats: tuple[Format, ...] = FORMATS
    skip_unreadable: bool = False
    endpoint: BeatSource | None = None

    def facts(self) -> dict[str, Any]:
        """Return what the result depends on, without where anything lies."""
        endpoint = replace(self.endpoint, address="", cache="") if self.endpoint else None
        return asdict(replace(self, tokenizer=replace(self.tokenizer, path=""), endpoint=endpoint))


def key_of(*facts: Any) -> str:
    """Return one checksum of anything that can be written as JSON."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=list)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return a checksum of the code that makes rows of files, and of the versions of the libraries that take part."""
    return key_of({path.relative_to(PACKAGE).as_posix(): _digest(path) for path in _code()}, _versions())


def _code() -> Iterable[Path]:
    folders = (path for folder in _CODE for path in sorted((PACKAGE / folder).rglob("*.py")))
    return (*sorted(PACKAGE.glob("*.py")), *folders)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
