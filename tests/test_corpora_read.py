"""Readers: a source's files become documents that tell what their catalogue tells."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from chordllama.codec.container import write_container
from chordllama.codec.musicxml import read
from chordllama.conversion.foreign import to_musicxml
from chordllama.corpora.documents import Document
from chordllama.corpora.read.epub import read_epub
from chordllama.corpora.read.readers import document, documents, left_out, names
from chordllama.corpora.sources import CorpusSource, load_sources, own_source, place
from chordllama.errors import CorpusError

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "data"
SOURCES = load_sources()
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data at hand")

HEAD = """<?xml version="1.0"?><score-partwise version="4.0"><work><work-title>Six Songs</work-title></work>
<movement-title>The Owl &amp; I</movement-title><identification><creator type="composer">Owl, Ann</creator>
<creator type="lyricist">Bo Poet</creator><rights>{rights}</rights></identification>
<part-list><score-part id="P1"><part-name/></score-part></part-list><part id="P1"><measure number="1"/></part></score-partwise>"""


def score(rights: str = "") -> bytes:
    return HEAD.format(rights=rights).encode()


def archived(rights: str = "") -> bytes:
    return write_container(score(rights), ".mxl")


def files(folder: Path, entries: Mapping[str, bytes | str]) -> Path:
    for name, data in entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def only(source: CorpusSource, folder: Path) -> Document:
    (found,) = documents(source, folder)
    return found


# OpenScore

COMPOSERS = "id\tpath\tname\tborn\tdied\n7\tA\tAnn Owl\t1800\t1870\n"
SETS = "id\tpath\tname\tlink\tcomposer_id\n5\tA/Six\tSix Songs, Op.1\t-\t7\n6\tA/_\tOther songs by Ann Owl\t-\t7\n"
SCORES = (
    "id\tpath\tname\tlink\timslp\tset_id\tlyricist_url\n"
    "11\tA/Six/1\tOwl\thttps://x/11\t#1\t5\thttps://imslp.org/wiki/Category:D%C3%B6_Poet,_Bo\n"
    "12\tA/_/2\tCat\thttps://x/12\t#1\t6\t\n"
)
LIEDER: dict[str, bytes | str] = {"composers.tsv": COMPOSERS, "sets.tsv": SETS, "scores.tsv": SCORES}


def test_a_song_is_told_by_its_catalogue(tmp_path: Path) -> None:
    files(tmp_path, LIEDER | {"scores/lc11.mxl": archived("OpenScore (CC0)")})
    found = only(SOURCES["openscore-lieder"], tmp_path)
    assert (found.work, found.name, found.licence) == ("openscore-lieder/lc11", "scores/lc11.mxl", "CC0-1.0")
    assert found.data == archived("OpenScore (CC0)")
    assert found.facts == {
        "title": "Owl",
        "creator": "Ann Owl",
        "poet": "Bo Dö Poet",
        "set": "Six Songs, Op.1",
        "born": "1800",
        "died": "1870",
        "period": "romantic",
        "url": "https://x/11",
    }


def test_a_song_that_the_catalogue_doesnt_know_tells_itself(tmp_path: Path) -> None:
    files(tmp_path, LIEDER | {"scores/lc99.mxl": archived()})
    facts = only(SOURCES["openscore-lieder"], tmp_path).facts
    assert facts == {"title": "The Owl & I", "creator": "Ann Owl", "poet": "Bo Poet", "set": "Six Songs"}


def test_song_and_words_are_one_work(tmp_path: Path) -> None:
    files(tmp_path, LIEDER | {"scores/lc11.mxl": archived(), "scores/lc11.txt": "The owl\n", "scores/lc12.txt": " \n"})
    song = only(SOURCES["openscore-lieder"], tmp_path)
    texts = replace(SOURCES["lieder-texts"], reader="song-texts")
    words = only(texts, tmp_path)  # one without words gives no document
    assert (words.task, words.work, words.data) == ("lyrics", song.work, b"The owl\n")
    assert words.facts["poet"] == "Bo Dö Poet"


def test_movements_that_are_files_of_their_own_are_one_work(tmp_path: Path) -> None:
    sets = SETS.replace("name\tlink", "name\tmovements").replace("6\tA/_\tOther songs by Ann Owl", "6\tA/Q\tQuartet")
    scores = SCORES.replace("\t6\t", "\t5\t")
    files(tmp_path, LIEDER | {"sets.tsv": sets, "scores.tsv": scores})
    files(tmp_path, {"scores/sq11.mxl": archived(), "scores/sq12.mxl": archived()})
    works = {found.work for found in documents(SOURCES["openscore-quartets"], tmp_path)}
    assert works == {"openscore-quartets/set5"}


@pytest.mark.parametrize(
    ("name", "work"),
    [
        ("Bach_BWV.232_07a", "Bach_BWV.232"),
        ("Bach_BWV.232_19,21", "Bach_BWV.232"),
        ("Bruckner_WAB.105_3a_Scherzo", "Bruckner_WAB.105"),
        ("Haydn_104_1", "Haydn_104"),
        ("D'un_matin_de_printemps", "D'un_matin_de_printemps"),
    ],
)
def test_the_movements_of_a_symphony_are_one_work(name: str, work: str, tmp_path: Path) -> None:
    files(tmp_path, {f"scores/{name}.mxl": archived()})
    assert only(SOURCES["openscore-orchestra"], tmp_path).work == f"openscore-orchestra/{work}"


@needs_data
@pytest.mark.parametrize(
    ("name", "count", "works"),
    [("openscore-quartets", 114, 109), ("openscore-orchestra", 90, 21), ("gutenberg-prose", 5, 5)],
)
def test_the_data_at_hand_is_read(name: str, count: int, works: int) -> None:
    folder = place(SOURCES[name], SHARED)
    assert folder is not None
    found = list(documents(SOURCES[name], folder))
    assert (len(found), len({item.work for item in found})) == (count, works)
    assert all(item.facts["title"] and item.facts["creator"] for item in found)


@needs_data
def test_the_poems_at_hand_are_told_apart() -> None:
    found = list(documents(SOURCES["gutenberg-lyrics"], SHARED / "lyrics"))
    books = {
        name: sum(item.name.startswith(name) for item in found) for name in ("cowboy", "emily", "heine", "gilbert")
    }
    assert books["emily"] > 440  # the three series have 449 poems
    assert 230 < books["heine"] < 260
    assert 130 < books["cowboy"] < 160
    assert books["gilbert"] > 350
    assert not [item.name for item in found if b"PROJECT GUTENBERG" in item.data.upper()]


# music21's corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return files(
        tmp_path,
        {
            "bach/free.mxl": archived("Released to Public Domain in 1998"),
            "bach/cc.xml": score("CC-BY-SA 3.0"),
            "bach/plain.musicxml": score(),
            "bach/bound.mxl": archived("All Rights Reserved"),
            "bach/bound.krn": "**kern\n4c\n*-\n!!!YEM: Free for non-commercial use only.\n",
            "bach/bound.abc": "X:1\nT:A\nZ:Jo, not for commercial use\nK:C\nc\n",
            "bach/analysis.rntxt": "-",
            "bach/opus1/movement1.mxl": archived(),
            "bach/opus1/movement2.mxl": archived(),
        },
    )


def test_what_encoders_mark_non_commercial_is_left_out(corpus: Path) -> None:
    bach = SOURCES["music21:bach"]
    assert names(bach, corpus) == [
        "bach/cc.xml",
        "bach/free.mxl",
        "bach/opus1/movement1.mxl",
        "bach/opus1/movement2.mxl",
        "bach/plain.musicxml",
    ]
    assert left_out(bach, corpus) == {
        "bach/bound.abc": "Jo, not for commercial use",
        "bach/bound.krn": "Free for non-commercial use only.",
        "bach/bound.mxl": "All Rights Reserved",
    }


def test_a_file_that_names_a_licence_carries_it(corpus: Path) -> None:
    licences = {found.name: found.licence for found in documents(SOURCES["music21:bach"], corpus)}
    assert licences["bach/cc.xml"] == "CC-BY-SA-3.0"
    assert licences["bach/plain.musicxml"] == "public domain"


def test_a_folder_below_the_composers_is_one_work(corpus: Path) -> None:
    works = {found.name: found.work for found in documents(SOURCES["music21:bach"], corpus)}
    assert works["bach/opus1/movement1.mxl"] == works["bach/opus1/movement2.mxl"] == "music21/bach/opus1"
    assert works["bach/free.mxl"] == "music21/bach/free"


def test_a_licence_file_binds_its_folder_but_not_the_whole_corpus(tmp_path: Path) -> None:
    files(
        tmp_path, {"license.txt": "Some may not be used for commercial uses.", "a/1.xml": score(), "b/1.xml": score()}
    )
    files(tmp_path, {"b/license.txt": "permission\nfor non-commercial use"})
    bach = SOURCES["music21:bach"]
    assert names(replace(bach, part="a"), tmp_path) == ["a/1.xml"]
    assert names(replace(bach, part="b"), tmp_path) == []


@pytest.mark.parametrize("name", ["palestrina", "essenFolksong"])
def test_of_the_real_corpus_no_file_of_a_bound_collection_is_left(name: str) -> None:
    source = SOURCES[f"music21:{name}"]
    folder = place(source)
    assert folder is not None
    assert names(source, folder) == []
    assert left_out(source, folder)


def test_of_the_real_corpus_the_lead_sheet_with_all_rights_reserved_is_left_out() -> None:
    source = SOURCES["music21:leadSheet"]
    folder = place(source)
    assert folder is not None
    assert list(left_out(source, folder)) == ["leadSheet/berlinAlexandersRagtime.mxl"]
    assert only(source, folder).licence == "public domain"


def test_the_tunes_of_a_book_are_documents_of_their_own(tmp_path: Path) -> None:
    book = "% A book\n\nX:1\nT:One\nC:Ann\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:G\nGABc|\n"
    files(tmp_path, {"bach/book.abc": book})
    one, two = document(SOURCES["music21:bach"], tmp_path, "bach/book.abc")
    assert (one.name, one.work, one.facts["title"]) == ("bach/book.abc#1", "music21/bach/book#1", "One")
    assert (two.facts["title"], two.facts["creator"]) == ("Two", "Johann Sebastian Bach")
    assert one.data.startswith(b"X:1\nT:One")
    assert len(read(to_musicxml(one.data, "book.abc"), one.name).bars) == 1


def test_humdrum_tells_title_and_composer_and_stays_what_it_is(tmp_path: Path) -> None:
    kern = "!!!COM: Owl, Ann\n!!!OTL: Hoot\n**kern\n*M4/4\n4c\n4d\n4e\n4f\n==\n*-\n"
    files(tmp_path, {"1.krn": kern})
    found = only(own_source("mine", "music", "my own"), tmp_path)
    assert (found.facts["title"], found.facts["creator"]) == ("Hoot", "Owl, Ann")
    assert found.data == kern.encode()


# PDMX

COLUMNS = (
    "path,metadata,mxl,pdf,mid,version,license,license_url,license_conflict,genres,song_name,title,subtitle,artist_name,"
    "composer_name,subset:all,subset:rated,subset:deduplicated,subset:rated_deduplicated,subset:no_license_conflict,"
    "subset:all_valid"
)


def pdmx_row(name: str, title: str, licence: str = "cc-zero", subset: str = "True", mxl: str | None = None) -> str:
    path = f"./mxl/1/11/{name}.mxl" if mxl is None else mxl
    cells = f"./data/1/11/{name}.json,NA,{path},NA,NA,3.0,{licence},https://x,False,classical,NA,{title},NA,Ann,Owl"
    return f"{cells},True,False,False,False,{subset},True\n"


@pytest.fixture
def pdmx_folder(tmp_path: Path) -> Path:
    rows = [
        pdmx_row("QmA", '"A title, with\na line ""end"""'),
        pdmx_row("QmB", "Conflict", subset="False"),
        pdmx_row("QmC", "No score", mxl="NA"),
        pdmx_row("QmD", "Not here"),
        pdmx_row("QmE", "NA", licence="publicdomain"),
    ]
    scores = {f"mxl/1/11/Qm{letter}.mxl": archived() for letter in "ABE"}
    return files(tmp_path, {"PDMX.csv": COLUMNS + "\n" + "".join(rows), **scores})


def test_only_the_subset_without_conflicts_is_read(pdmx_folder: Path) -> None:
    assert names(SOURCES["pdmx"], pdmx_folder) == ["mxl/1/11/QmA.mxl", "mxl/1/11/QmE.mxl"]


def test_a_score_of_pdmx_carries_the_licence_of_its_row(pdmx_folder: Path) -> None:
    first, last = documents(SOURCES["pdmx"], pdmx_folder)
    assert (first.work, first.licence, last.licence) == ("pdmx/QmA", "CC0-1.0", "public domain")
    assert first.facts["title"] == 'A title, with\na line "end"'
    assert (first.facts["creator"], first.facts["form"]) == ("Owl", "classical")
    assert last.facts["title"] == "The Owl & I"  # the row has none


def test_a_csv_of_another_layout_is_refused(tmp_path: Path) -> None:
    files(tmp_path, {"PDMX.csv": "path,mxl,license\n"})
    with pytest.raises(CorpusError, match="subset:no_license_conflict"):
        names(SOURCES["pdmx"], tmp_path)


# Folders of one's own, and what they may hold


def test_any_folder_of_scores_is_a_source(tmp_path: Path) -> None:
    files(tmp_path, {"a/x.musicxml": score(), "a/y-movement-1.mxl": archived(), "a/y-movement-2.mxl": archived()})
    files(tmp_path, {".hidden/z.xml": score(), "notes.pdf": b"-"})
    found = list(documents(own_source("mine", "music", "my own"), tmp_path))
    assert [item.work for item in found] == ["mine/a/x", "mine/a/y", "mine/a/y"]


def test_a_text_may_be_in_windows_letters_or_utf16(tmp_path: Path) -> None:
    files(tmp_path, {"1.txt": "Röslein\r\nrot".encode("cp1252"), "2.txt": "Röslein\nrot".encode("utf-16")})
    files(tmp_path, {"3.txt": "Röslein\rrot".encode("utf-8-sig"), "LICENSE.txt": "words"})
    found = list(documents(own_source("mine", "lyrics", "my own"), tmp_path))
    assert [item.data.decode() for item in found] == ["Röslein\nrot"] * 3


def test_a_binary_called_txt_is_named(tmp_path: Path) -> None:
    files(tmp_path, {"picture.txt": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"})
    for task in ("lyrics", "prose"):
        with pytest.raises(CorpusError, match=r"picture\.txt: is no text"):
            list(documents(own_source("mine", task, "my own"), tmp_path))


def test_an_empty_book_is_named(tmp_path: Path) -> None:
    files(tmp_path, {"nothing.txt": b"\n"})
    with pytest.raises(CorpusError, match=r"nothing\.txt: is empty"):
        list(documents(own_source("mine", "prose", "my own"), tmp_path))


def test_an_empty_folder_and_one_that_is_missing_are_named(tmp_path: Path) -> None:
    source = own_source("mine", "prose", "my own")
    with pytest.raises(CorpusError, match="holds nothing for mine"):
        names(source, tmp_path)
    with pytest.raises(CorpusError, match="there is no such folder"):
        names(source, tmp_path / "missing")


def test_a_limit_stops_the_reading(tmp_path: Path) -> None:
    files(tmp_path, {"1.txt": "one", "2.txt": b"\x00 would be an error"})
    assert len(list(documents(own_source("mine", "lyrics", "my own"), tmp_path, limit=1))) == 1


def test_a_book_of_project_gutenberg_in_a_folder_of_songs_is_cut_into_poems(tmp_path: Path) -> None:
    poem = "THE OWL\n\nThe owl was in the wood,\nThe wood was in the night,\nThe night was very good,\nThe owl was very white.\n"
    text = f"Title: Owls\n\nAuthor: Ann Owl\n\n*** START OF THIS PROJECT GUTENBERG EBOOK OWLS ***\n\n\n{poem}\n\n"
    files(tmp_path, {"owls.en.txt": text + "*** END OF THIS PROJECT GUTENBERG EBOOK OWLS ***\nlicence"})
    found = only(own_source("mine", "lyrics", "my own"), tmp_path)
    assert found.facts == {"poet": "Ann Owl", "title": "The Owl", "set": "Owls", "language": "en"}


# Books in .epub

CONTAINER = '<container xmlns="c"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Owls</dc:title><dc:creator>Ann Owl</dc:creator><dc:language>de-DE</dc:language></metadata>
<manifest><item id="b" href="two.xhtml"/><item id="a" href="one%201.xhtml"/><item id="n" href="nav.xhtml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="n" linear="no"/></spine></package>"""
ONE = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title>no</title><style>p {}</style></head><body>
<h1>Erstes   Kapitel</h1><p>Die Eule <i>saß</i>
im Baum.</p><p>Sie<br/>schlief.</p><script>no()</script></body></html>"""
TWO = "<html><body><div>Ende &amp; <p>gut</p> aus</div></body></html>"
BOOK = {
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/one 1.xhtml": ONE,
    "OPS/two.xhtml": TWO,
    "OPS/nav.xhtml": "<html><body>Inhalt</body></html>",
}


def epub(path: Path, entries: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return path


def test_an_epub_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    epub(tmp_path / "owls.epub", BOOK)
    found = only(own_source("mine", "prose", "my own"), tmp_path)
    assert found.data.decode() == "Erstes Kapitel\n\nDie Eule saß im Baum.\n\nSie\nschlief.\n\nEnde &\n\ngut\n\naus\n"
    assert found.facts == {"title": "Owls", "creator": "Ann Owl", "language": "de"}


@pytest.mark.parametrize("missing", ["META-INF/container.xml", "OPS/book.opf", "OPS/two.xhtml"])
def test_an_epub_that_lacks_a_part_is_named(missing: str, tmp_path: Path) -> None:
    path = epub(tmp_path / "b.epub", {name: text for name, text in BOOK.items() if name != missing})
    with pytest.raises(CorpusError, match=r"b\.epub: the book can't be read"):
        read_epub(path.read_bytes(), "b.epub")


def test_what_is_no_epub_is_named() -> None:
    with pytest.raises(CorpusError, match=r"b\.epub: the book can't be read"):
        read_epub(b"<html/>", "b.epub")


def test_an_epub_opens_no_entity_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    evil = f'<!DOCTYPE package [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>' + PACKAGE.replace("Owls", "&e;")
    path = epub(tmp_path / "b.epub", BOOK | {"OPS/book.opf": evil})
    text, facts = read_epub(path.read_bytes(), "b.epub")
    assert "secret" not in text + str(facts)


def test_a_locked_epub_says_so(tmp_path: Path) -> None:
    locked = '<encryption><CipherReference URI="OPS/two.xhtml"/></encryption>'
    path = epub(tmp_path / "b.epub", BOOK | {"META-INF/encryption.xml": locked})
    with pytest.raises(CorpusError, match="the book is locked"):
        read_epub(path.read_bytes(), "b.epub")


def test_an_epub_without_words_says_so(tmp_path: Path) -> None:
    empty = {name: "<html><body/></html>" if name.endswith("xhtml") else text for name, text in BOOK.items()}
    with pytest.raises(CorpusError, match="the book has no text"):
        read_epub(epub(tmp_path / "b.epub", empty).read_bytes(), "b.epub")
