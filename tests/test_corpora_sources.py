"""The named sources: what the file may say, and what it says."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from chordllama import cli
from chordllama.corpora.read.readers import READERS
from chordllama.corpora.sources import (
    OWN_SUFFIX,
    CorpusSource,
    dump_source,
    find_source,
    listing,
    load_sources,
    own_source,
    place,
)
from chordllama.errors import CorpusError

SOURCES = load_sources()
VALID = "{title: t, task: music, reader: scores, licence: CC0-1.0, credit: c"


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_each_source_says_where_it_is_from_and_under_which_licence(source: CorpusSource) -> None:
    assert source.reader in READERS
    assert source.licence
    assert source.credit
    assert source.address.startswith("https://")
    assert source.revision
    assert all(download.address.startswith("https://") for download in source.downloads)
    assert pickle.loads(pickle.dumps(source)) == source  # it goes to other processes


def test_the_sources_of_all_three_tasks_are_there() -> None:
    tasks = {name: source.task for name, source in SOURCES.items()}
    wanted = {
        "openscore-lieder": "music",
        "openscore-quartets": "music",
        "openscore-orchestra": "music",
        "music21:bach": "music",
        "pdmx": "music",
        "lieder-texts": "lyrics",
        "gutenberg-lyrics": "lyrics",
        "gutenberg-prose": "prose",
    }
    assert wanted.items() <= tasks.items()


def test_a_pinned_commit_stands_in_the_address() -> None:
    for name in ("openscore-lieder", "openscore-quartets", "openscore-orchestra"):
        assert SOURCES[name].revision in SOURCES[name].downloads[0].address


def test_a_listing_has_the_checksum_that_the_source_names() -> None:
    listed = {name: listing(source) for name, source in SOURCES.items()}
    assert len(listed["openscore-quartets"] or ()) == 114 + 4
    assert listed["openscore-lieder"] == listed["lieder-texts"]
    assert listed["pdmx"] is None


def test_a_listing_that_was_changed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "prose.sha256").write_text("0" * 64 + "  other.txt\n")
    monkeypatch.setattr("chordllama.corpora.sources.resource", lambda name: tmp_path / Path(name).name)
    with pytest.raises(CorpusError, match=r"prose\.sha256: is not the listing"):
        listing(SOURCES["gutenberg-prose"])


def test_a_composer_is_a_source_of_its_own() -> None:
    bach = SOURCES["music21:bach"]
    assert (bach.part, bach.facts) == ("bach", {"creator": "Johann Sebastian Bach", "period": "baroque"})
    assert place(bach) is not None


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(CorpusError, match='"beatles" is no source') as found:
        find_source("beatles", SOURCES)
    assert "openscore-lieder" in str(found.value.cause)


def test_a_source_lies_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    source = SOURCES["lieder-texts"]
    assert place(source, tmp_path) is None
    (tmp_path / "b" / "openscore-lieder").mkdir(parents=True)
    assert place(source, tmp_path / "a", tmp_path / "b") == tmp_path / "b" / "openscore-lieder"


def test_a_folder_of_ones_own_is_told_by_a_file_and_read_back(tmp_path: Path) -> None:
    own = own_source("my-songs", "lyrics", "my own")
    (tmp_path / f"my-songs{OWN_SUFFIX}").write_text(dump_source(own), encoding="utf-8")
    assert load_sources(tmp_path)["my-songs"] == own


def test_a_folder_of_ones_own_cant_take_the_place_of_a_named_source(tmp_path: Path) -> None:
    own = own_source("pdmx", "music", "my own")
    (tmp_path / f"pdmx{OWN_SUFFIX}").write_text(dump_source(own), encoding="utf-8")
    assert load_sources(tmp_path)["pdmx"] == SOURCES["pdmx"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"x: {VALID}, colour: red}}", 'x: the key "colour" is unknown'),
        ("x: {title: t, task: music, reader: scores, credit: c}", 'x: the key "licence" is missing'),
        (f"x: {VALID}, downloads: [{{sha256: null}}]}}", 'x: downloads: the key "address" is missing'),
        ("x: {title: t, task: dance, reader: scores, licence: l, credit: c}", 'x: task: found "dance"'),
        ("x: [1", "can't be read"),
        ("x: 1", "x: wanted keys and values"),
        ("- x", "found no sources"),
    ],
)
def test_a_file_that_says_what_it_may_not_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / f"x{OWN_SUFFIX}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError) as found:
        load_sources(tmp_path)
    assert message in found.value.message
    assert str(path) in found.value.message


def test_the_list_shows_what_is_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prose").mkdir()
    assert cli.run(["corpus", "list", "--cache", str(tmp_path)]) == 0
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines["gutenberg-prose"][1:6] == ["prose", "5", "public", "domain", "yes"]
    assert lines["openscore-quartets"][1:5] == ["music", "114", "CC0-1.0", "–"]
    assert lines["pdmx"][2] == "222,856"


def test_the_list_is_one_json_object_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "at-hand" / "prose").mkdir(parents=True)
    cache, at_hand = str(tmp_path / "cache"), str(tmp_path / "at-hand")
    assert cli.run(["corpus", "list", "--json", "--cache", cache, "--from", at_hand]) == 0
    sources = {source["name"]: source for source in json.loads(capsys.readouterr().out)["sources"]}
    assert sources["gutenberg-prose"]["place"] == str(tmp_path / "at-hand" / "prose")
    assert sources["pdmx"]["place"] is None
    assert sources["pdmx"]["revision"] == "15571083"
