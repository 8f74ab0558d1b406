"""The words of scores: verses, lines where the voice breathes, and the syllables that are sung."""

from __future__ import annotations

from pathlib import Path

import pytest

from chordllama.codec.compact import loads
from chordllama.codec.musicxml import read
from chordllama.corpora.clean.cleaning import clean_document
from chordllama.corpora.read.languages import language_of
from chordllama.corpora.read.readers import document, documents
from chordllama.corpora.read.sung import verses_of
from chordllama.corpora.sources import load_sources
from chordllama.errors import CorpusError
from chordllama.tasks.syllables import plain

SHARED = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data at hand")
REST = "rest"
BARS = "silence"


def song(*verses: str) -> bytes:
    """A score of quarters with these verses: `be-deu-ten` is three notes, `rest` one beat, `silence` two bars, `la‿a` one note."""
    columns: list[list[str]] = [_pieces(verse) for verse in verses]
    notes = []
    for place in range(max(map(len, columns))):
        texts = [column[place] if place < len(column) else "" for column in columns]
        notes += _rests(texts[0]) or [_note(columns, place, texts)]
    bars = [notes[place : place + 4] for place in range(0, len(notes), 4)]
    bars[-1] += [_rest(1)] * (4 - len(bars[-1]))
    attributes = (
        "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    )
    measures = "".join(
        f'<measure number="{number}">{attributes if number == 1 else ""}{"".join(bar)}</measure>'
        for number, bar in enumerate(bars, 1)
    )
    return (
        '<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1"><part-name>V</part-name></score-part>'
        f'</part-list><part id="P1">{measures}</part></score-partwise>'
    ).encode()


def _pieces(verse: str) -> list[str]:
    return [piece for word in verse.split() for piece in word.replace("-", "- ").split()]


def _rest(quarters: int) -> str:
    return f"<note><rest/><duration>{quarters}</duration><type>quarter</type></note>"


def _rests(text: str) -> list[str]:
    return [_rest(1)] * {REST: 1, BARS: 8}.get(text, 0)


def _note(columns: list[list[str]], place: int, texts: list[str]) -> str:
    lyrics = "".join(
        _lyric(number, text, place > 0 and columns[number - 1][place - 1].endswith("-"))
        for number, text in enumerate(texts, 1)
        if text
    )
    pitch = "<pitch><step>C</step><octave>5</octave></pitch><duration>1</duration><type>quarter</type>"
    return f"<note>{pitch}{lyrics}</note>"


def _lyric(number: int, text: str, goes_on: bool) -> str:
    syllabic = {(0, 0): "single", (0, 1): "begin", (1, 1): "middle", (1, 0): "end"}[goes_on, text.endswith("-")]
    return f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text.removesuffix("-")}</text></lyric>'


def sung(*verses: str) -> dict[str, str]:
    found = verses_of(read(song(*verses)), language_of)
    return {language: text.replace("\u00ad", "·") for language, text in found.items()}


GERMAN = "Ich weiß nicht, was soll es be-deu-ten, rest daß ich so trau-rig bin; ein Mär-chen aus al-ten Zei-ten,"
ENGLISH = "I know not if there is a rea-son rest Why I am so sad at heart; a le-gend of by-gone a-ges"


def test_lines_end_where_the_voice_rests_and_where_the_words_do() -> None:
    assert sung(GERMAN) == {
        "de": "Ich weiß nicht, was soll es be·deu·ten,\ndaß ich so trau·rig bin;\nein Mär·chen aus al·ten Zei·ten,\n"
    }


def test_long_silence_ends_a_section() -> None:
    assert sung(f"{GERMAN} silence {GERMAN}")["de"].count("\n\n") == 1


def test_lines_that_begin_with_capitals_are_kept() -> None:
    words = "The ri-ver runs be-low the hill And no one knows its name The mil-ler sleeps, the mill is still"
    assert sung(words) == {
        "en": "The ri·ver runs be·low the hill\nAnd no one knows its name\nThe mil·ler sleeps, the mill is still\n"
    }


def test_a_translation_is_a_text_of_its_own_and_a_second_verse_is_not() -> None:
    assert list(sung(GERMAN, ENGLISH)) == ["de", "en"]
    assert sung(GERMAN, GERMAN)["de"] == sung(GERMAN)["de"] + "\n" + sung(GERMAN)["de"]


def test_what_programs_write_into_syllables_is_no_word() -> None:
    found = sung("1.Nel mez-zo del cam-min che‿il cor mi dà di no-stra vi-ta mi ri-tro-vai")
    (text,) = found.values()
    assert text.startswith("Nel mez·zo del cam·min che‿il cor")


def test_a_score_without_words_has_none() -> None:
    assert verses_of(loads("parts:\n 1: clef=G2\n1: time=4/4 c54 d e f\n"), language_of) == {}


def test_a_song_becomes_a_document_for_each_language(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "lc11.mxl").write_bytes(song(GERMAN, ENGLISH))
    source = load_sources()["lieder-texts"]
    found = list(documents(source, tmp_path))
    assert [(one.name, one.work, one.facts["language"]) for one in found] == [
        ("scores/lc11.mxl#de", "openscore-lieder/lc11", "de"),
        ("scores/lc11.mxl#en", "openscore-lieder/lc11", "en"),
    ]
    assert all(one.facts["sung"] for one in found)


def test_cleaning_keeps_the_marks_of_what_is_sung(tmp_path: Path) -> None:
    (tmp_path / "lc11.mxl").write_bytes(song(f"{GERMAN} silence {GERMAN}"))
    (only,) = document(load_sources()["lieder-texts"], tmp_path, "lc11.mxl")
    cleaned = clean_document(only).cleaned
    assert cleaned is not None
    assert "be\u00addeu\u00adten" in cleaned.texts[0]


def test_a_score_that_cant_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "lc11.mxl").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(CorpusError, match=r"lc11\.mxl: can't be read"):
        list(documents(load_sources()["lieder-texts"], tmp_path))


@needs_data
def test_a_lied_at_hand_has_its_poem() -> None:
    (lied,) = document(load_sources()["lieder-texts"], SHARED / "openscore-lieder", "scores/lc4919673.mxl")
    assert lied.facts["language"] == "de"
    assert plain(lied.data.decode()).startswith("Ich weiss nicht, was soll es bedeuten")
