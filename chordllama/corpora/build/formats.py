"""Rows as the files of a data set: JSON Lines, Parquet, chat messages. Knows layouts; knows no task.

Each shard gives a file for each split that it has rows of: data/SPLIT-SHARD.jsonl, parquet/SPLIT-SHARD.parquet, chat/SPLIT-SHARD.jsonl.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from chordllama.corpora.build.settings import Format
from chordllama.corpora.documents import Split, TrainingRow

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
FOLDERS: dict[Format, str] = {"jsonl": "data", "parquet": "parquet", "chat": "chat"}
SUFFIXES: dict[Format, str] = {"jsonl": "jsonl", "parquet": "parquet", "chat": "jsonl"}
FIELDS = {
    "task": "music, lyrics or prose",
    "instruction": "what is asked for",
    "input": "what is given",
    "output": "the answer",
    "source": "the name of the source, as in `corpora/sources.yaml`",
    "licence": "of the document that the row was made of",
    "work": "what the document is a version of; a work is in one split only",
    "split": "train, validation or test",
    "tokens": "of instruction, input and output together",
}


def jsonl(shard: str, rows: Sequence[TrainingRow]) -> dict[str, bytes]:
    """Path -> bytes of the rows as they are, the classic three fields among them."""
    return {_path("jsonl", shard, split): _lines(map(asdict, own)) for split, own in _by_split(rows)}


def chat(shard: str, rows: Sequence[TrainingRow]) -> dict[str, bytes]:
    """Path -> bytes of the rows as Llama 3's chat messages."""
    return {_path("chat", shard, split): _lines(map(messages, own)) for split, own in _by_split(rows)}


def messages(row: TrainingRow) -> dict[str, Any]:
    """Return a row as system, user and assistant, the line breaks at their edges left out: the template has its own."""
    said = (("system", row.instruction), ("user", row.input), ("assistant", row.output))
    kept = {key: value for key, value in asdict(row).items() if key not in ("instruction", "input", "output")}
    return {"messages": [{"role": role, "content": text.strip("\n")} for role, text in said if text.strip()], **kept}


def parquet(shard: str, rows: Sequence[TrainingRow]) -> dict[str, bytes]:
    """Path -> bytes of the rows as columns."""
    return {_path("parquet", shard, split): _table(own) for split, own in _by_split(rows)}


def _table(rows: Sequence[TrainingRow]) -> bytes:
    import pyarrow
    from pyarrow import parquet as writer

    columns = [(name, pyarrow.int64() if name == "tokens" else pyarrow.string()) for name in FIELDS]
    file = io.BytesIO()
    writer.write_table(
        pyarrow.Table.from_pylist(list(map(asdict, rows)), pyarrow.schema(columns)), file, compression="zstd"
    )
    return file.getvalue()


WRITERS: dict[Format, Callable[[str, Sequence[TrainingRow]], dict[str, bytes]]] = {
    "jsonl": jsonl,
    "parquet": parquet,
    "chat": chat,
}


def _by_split(rows: Sequence[TrainingRow]) -> Iterator[tuple[Split, list[TrainingRow]]]:
    for split in SPLITS:
        if own := [row for row in rows if row.split == split]:
            yield split, own


def _path(format_name: Format, shard: str, split: Split) -> str:
    return f"{FOLDERS[format_name]}/{split}-{shard}.{SUFFIXES[format_name]}"


def _lines(values: Iterator[dict[str, Any]]) -> bytes:
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    return text.encode("utf-8", "backslashreplace")
