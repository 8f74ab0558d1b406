"""A source's files -> documents: one table of readers. Knows which reader reads what; the readers know the files.

`names` is cheap, so that a build can be cut into shards before anything is read; `document` reads one name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from chordllama.corpora.documents import Document
from chordllama.corpora.read import music_reader as read_music
from chordllama.corpora.read import text_reader as read_texts
from chordllama.corpora.sources import CorpusSource
from chordllama.errors import CorpusError


class SourceReader(NamedTuple):
    """How a kind of source is read: its names, and the documents of one name; `suffixes` are the files that it knows."""

    names: Callable[[CorpusSource, Path], list[str]]
    read: Callable[[CorpusSource, Path, str], list[Document]]
    suffixes: tuple[str, ...]


READERS: dict[str, SourceReader] = {
    "scores": SourceReader(read_music.score_names, read_music.read_scores, read_music.SUFFIXES),
    "openscore": SourceReader(read_music.openscore_names, read_music.read_openscore, (".mxl", ".txt", ".tsv")),
    "music21": SourceReader(read_music.music21_names, read_music.read_music21, read_music.SUFFIXES),
    "pdmx": SourceReader(read_music.pdmx_names, read_music.read_pdmx, (".mxl", ".csv")),
    "song-texts": SourceReader(read_texts.text_names, read_texts.read_song_texts, (".txt", ".tsv")),
    "sung-texts": SourceReader(read_music.openscore_names, read_texts.read_sung_texts, (".mxl", ".tsv")),
    "poems": SourceReader(read_texts.text_names, read_texts.read_poems, (".txt",)),
    "books": SourceReader(read_texts.book_names, read_texts.read_book, (".txt", ".epub")),
}


def names(source: CorpusSource, folder: Path) -> list[str]:
    """Return the files that hold documents, by their paths within `folder`, in an order that stays. Reads no more than catalogues
    and remarks on rights. Raises CorpusError where the folder is missing, or holds nothing that the source's reader knows.
    """
    if not folder.is_dir():
        raise CorpusError(f"{folder}: there is no such folder", hint=f"chordllama corpus fetch {source.name}")
    found = READERS[source.reader].names(source, folder)
    if not found and not left_out(source, folder):
        wanted = ", ".join(READERS[source.reader].suffixes)
        raise CorpusError(f"{folder}: holds nothing for {source.name}", cause=f"looked for files that end in {wanted}")
    return found


def document(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return the documents of one of the `names`: mostly one, several for a tune book or a book of poems.

    Raises CorpusError or ScoreError, naming the file, where it can't be read.
    """
    return READERS[source.reader].read(source, folder, name)


def documents(source: CorpusSource, folder: Path, limit: int | None = None) -> Iterator[Document]:
    """Yield all documents of a source, one file after the other; no more than `limit`."""
    found = (item for name in names(source, folder) for item in document(source, folder, name))
    return islice(found, limit)


def left_out(source: CorpusSource, folder: Path) -> dict[str, str]:
    """Files that are there but may not be used, with the remark that says so."""
    return read_music.left_out(source, folder) if source.reader == "music21" else {}
