"""Sources of lyrics and prose -> documents: song texts, books of poems and libretti, novels in .txt and .epub. Cleans nothing."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from chordllama.codec.musicxml import read as read_score
from chordllama.corpora.documents import Document
from chordllama.corpora.read import gutenberg
from chordllama.corpora.read.catalogues import head_of, openscore, score_facts, songs
from chordllama.corpora.read.epub import read_epub
from chordllama.corpora.read.languages import language_of
from chordllama.corpora.read.music_reader import score_id
from chordllama.corpora.read.poems import split_poems
from chordllama.corpora.read.sung import verses_of
from chordllama.corpora.sources import CorpusSource
from chordllama.errors import CorpusError, ScoreError

_NO_TEXTS = ("license", "licence", "readme", "copying", "notice")
_LANGUAGE = re.compile(r"\.([a-z]{2})$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def text_names(_source: CorpusSource, folder: Path) -> list[str]:
    """Return every text in a folder, by its path within it."""
    return _names(folder, (".txt",))


def book_names(_source: CorpusSource, folder: Path) -> list[str]:
    """Return every book in a folder, by its path within it."""
    return _names(folder, (".txt", ".epub"))


def read_song_texts(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return one song, or the poems of a book that has Project Gutenberg's marks; nothing where the song has no words."""
    text = read_text(folder / name)
    if not text.strip():
        return []
    if gutenberg.is_gutenberg(text):
        return read_poems(source, folder, name)
    path = PurePosixPath(name)
    known = openscore(folder).get(score_id(path.stem)) or songs(folder).get(path.name) or _facts_of_name(path)
    facts = _facts_of_score(folder / path.with_suffix(".mxl")) | known
    set_id = facts.pop("work", "")
    return [_document(source, name, f"{source.folder}/{set_id or path.with_suffix('').name}", text, facts)]


def read_sung_texts(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return the words of a song, taken from its score with the syllables that are sung, a document for each language; nothing where
    there are no words.

    Raises CorpusError, naming the file, for a score that can't be read.
    """
    path = folder / name
    try:
        verses = verses_of(read_score(path.read_bytes(), name), language_of)
    except (ScoreError, OSError) as fault:
        cause = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise CorpusError(f"{path}: can't be read", cause=cause) from fault
    stem = PurePosixPath(name).stem
    facts = _facts_of_score(path) | openscore(folder).get(score_id(stem), {})
    set_id = facts.pop("work", "")
    work = f"{source.folder}/{set_id or stem}"
    return [
        _document(
            source,
            f"{name}#{language or 'text'}",
            work,
            text,
            facts | {"language": language, "sung": "as in the score"},
        )
        for language, text in verses.items()
    ]


def read_poems(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Return the poems of one book. Each is a work of its own."""
    text = read_text(folder / name)
    book = _facts_of_name(PurePosixPath(name)) | gutenberg.facts(text)
    poet = {"poet": book["creator"]} if "creator" in book and book["creator"] != "Various" else {}
    shared = {key: book[key] for key in ("language", "url") if key in book} | poet
    stem = PurePosixPath(name).stem
    found = []
    for place, poem in enumerate(split_poems(text), 1):
        own = {"title": poem.title, "number": poem.number, "set": poem.set or book["title"]}
        facts = shared | {key: value for key, value in own.items() if value}
        found.append(_document(source, f"{name}#{place}", f"{source.folder}/{stem}#{place}", poem.text, facts))
    return found


def read_book(source: CorpusSource, folder: Path, name: str) -> list[Document]:
    """Read one book, with the header and licence that it comes with: to leave these out is a rule of cleaning."""
    path = PurePosixPath(name)
    if path.suffix.lower() == ".epub":
        text, told = read_epub((folder / name).read_bytes(), str(folder / name))
    else:
        text = read_text(folder / name)
        told = gutenberg.facts(text)
    if not text.strip():
        raise CorpusError(f"{folder / name}: is empty", hint="leave it out of the folder")
    facts = _facts_of_name(path) | told
    return [_document(source, name, f"{source.folder}/{path.with_suffix('').as_posix()}", text, facts)]


def read_text(path: Path) -> str:
    """Read a text file: UTF-8, UTF-16 with its mark, or else Windows' Western letters; lines end with \\n.

    Raises CorpusError, naming the file, for what can't be read or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise CorpusError(f"{path}: can't be read", cause=fault.strerror) from fault
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    if found := _CONTROL.search(text):
        raise CorpusError(
            f"{path}: is no text", cause=f"it holds the byte 0x{ord(found[0]):02X}", hint="leave it out of the folder"
        )
    return text


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _names(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths if not path.name.lower().startswith(_NO_TEXTS))
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))


def _facts_of_score(path: Path) -> dict[str, str]:
    """What the score beside a song's text tells; nothing where there is none."""
    return score_facts(head_of(path.read_bytes())) if path.is_file() else {}


def _facts_of_name(path: PurePosixPath) -> dict[str, str]:
    """`Artist - Title.en.txt` -> creator, title and language, as far as the name has them."""
    stem = path.stem
    language = _LANGUAGE.search(stem)
    creator, dash, title = _LANGUAGE.sub("", stem).partition(" - ")
    facts = {"creator": creator, "title": title} if dash else {"title": creator}
    return facts | ({"language": language[1]} if language else {})


def _document(source: CorpusSource, name: str, work: str, text: str, facts: dict[str, str]) -> Document:
    told = {**source.facts, **facts}
    return Document(source.task, source.name, source.licence, work, name, text.encode("utf-8"), told)
