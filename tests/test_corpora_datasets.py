"""What is done with built data sets: figures, an explained cleaning, an upload to the hub (a stand-in for it on this machine)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from small_corpus import folder_of, mine, musicxml, rows_of, settings, tokenizer, tune, tunes
from stand_in_hub import hub_at_hand

from chordllama.cli import run
from chordllama.codec.compact import loads
from chordllama.corpora.build.build_engines import Local
from chordllama.corpora.build.building import build
from chordllama.corpora.build.shards import BuildFolder
from chordllama.corpora.build.stats import figures, load_manifest
from chordllama.corpora.clean.music_rules import RULES

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    scores = tunes(folder / "mine", range(40))
    folder_of(scores, {"copy.mxl": musicxml(tune(3)), "short.mxl": musicxml(tune(200, bars=2))})
    build(BuildFolder(folder / "out", "music"), settings(folder / "tokenizer"), [(mine(), scores)], Local(1))
    return folder / "out" / "music"


# Figures


def test_the_figures_are_those_of_the_rows(dataset: Path, capsys: Capture) -> None:
    assert run(["corpus", "stats", str(dataset), "--json"]) == 0
    told, rows = json.loads(capsys.readouterr().out)["music"], rows_of(dataset)
    assert told["rows"] == len(rows)
    assert told["tokens"] == sum(int(row["tokens"]) for row in rows)
    assert told["works"] == len({row["work"] for row in rows}) == 40
    assert told["documents read"] == 42
    assert told["duplicates removed"] == 1
    assert told["licences"] == {"my own": len(rows)}
    assert told["left out"] == {"too-short": 1}
    assert told["notes"] > 40 * 24 * 3
    assert {name: own["rows"] for name, own in told["splits"].items()} == {
        split: sum(row["split"] == split for row in rows) for split in ("train", "validation", "test")
    }


def test_the_tables_hold_every_figure(dataset: Path, capsys: Capture) -> None:
    told = figures(load_manifest(dataset))
    assert run(["corpus", "stats", str(dataset.parent)]) == 0
    shown = capsys.readouterr().out
    for figure in (told["rows"], told["tokens"], told["notes"], told["splits"]["train"]["tokens"]):
        assert f"{figure:,}" in shown
    for word in ("duplicates removed", "my own", "too-short", "mine", "harmonise"):
        assert word in shown


def test_rows_that_teach_nothing_are_counted_in_figures_and_card(tmp_path: Path, capsys: Capture) -> None:
    bars = "".join(f"{n}: c54 d e f{' / c42 g' if n > 100 else ''}\n" for n in range(1, 161))
    half_alone = loads("parts:\n 1: clef=G2 A\n 2: clef=F4 B\n" + bars)
    scores = folder_of(tmp_path / "scores", {"half-alone.mxl": musicxml(half_alone)})
    build(BuildFolder(tmp_path, "music"), settings(tmp_path / "tokenizer"), [(mine(), scores)], Local(1))
    count = figures(load_manifest(tmp_path / "music"))["rows left out"]["nothing-asked"]
    assert count > 0
    assert any(row["instruction"].startswith("harmonise") for row in rows_of(tmp_path / "music"))
    assert run(["corpus", "stats", str(tmp_path / "music")]) == 0
    assert "nothing-asked" in capsys.readouterr().out
    card = (tmp_path / "music" / "README.md").read_text()
    assert any(line.startswith("| `nothing-asked` ") and line.endswith(f"| {count} |") for line in card.splitlines())


def test_a_source_by_its_name_is_built_for_its_figures(tmp_path: Path, capsys: Capture) -> None:
    scores, cache = tunes(tmp_path / "scores", range(5)), tmp_path / "cache"
    fetch = ["corpus", "fetch", "airs", "--from", str(scores), "--task", "music", "--licence", "CC0-1.0"]
    assert run([*fetch, "--cache", str(cache)]) == 0
    capsys.readouterr()
    name = str(Path(tokenizer(tmp_path / "tokenizer").path).parent)
    stats = ["corpus", "stats", "airs", "--cache", str(cache), "--tokenizer", name, "--processes", "1", "--limit", "4"]
    assert run([*stats, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["music"]
    assert (told["documents"], told["works"], list(told["licences"])) == (4, 4, ["CC0-1.0"])


def test_neither_a_source_nor_a_data_set_is_an_error_that_says_what_there_is(tmp_path: Path, capsys: Capture) -> None:
    assert run(["corpus", "stats", "nothing", "--cache", str(tmp_path)]) == 6
    assert "openscore-lieder" in capsys.readouterr().err


def test_a_broken_manifest_is_named(tmp_path: Path, capsys: Capture) -> None:
    folder_of(tmp_path, {"music/manifest.json": "{"})
    assert run(["corpus", "stats", str(tmp_path)]) == 6
    assert str(tmp_path / "music" / "manifest.json") in capsys.readouterr().err


# Cleaning, explained


def broken() -> str:
    """A tune whose tenth bar lacks a beat."""
    bars = (f"{n}: {'key=0 time=3/4 ' if n == 1 else ''}c54 d {'s4' if n == 10 else 'e'}\n" for n in range(1, 21))
    return "parts:\n 1: clef=G2\n" + "".join(bars)


def test_each_rule_says_what_it_did(tmp_path: Path, capsys: Capture) -> None:
    path = folder_of(tmp_path, {"broken.mxl": musicxml(loads(broken()))}) / "broken.mxl"
    assert run(["corpus", "clean", str(path), "--explain"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {rule.name}: " in shown for rule in RULES)
    assert "broken-bars: once. " in shown
    assert "      -10: c54 d s" in shown
    assert "kept: 2 texts, 19 bars" in shown


def test_a_page_of_lyrics_is_explained_by_the_same_command(tmp_path: Path, capsys: Capture) -> None:
    song = [
        "12 ContributorsTranslationsDeutschMy Song Lyrics",
        "[Verse 1]",
        "The sun goes down behind the hill",
        "And all the little birds are still",
        "You might also like",
        "[Chorus]",
        "Oh come, oh come, my dear, with me",
        "The moon comes up above the sea123Embed",
    ]
    path = folder_of(tmp_path, {"song.txt": "\n".join(song)}) / "song.txt"
    assert run(["corpus", "clean", str(path), "--explain", "--task", "lyrics"]) == 0
    shown = capsys.readouterr().out
    for rule in ("contributors", "translations", "page-title", "also-like", "embed"):
        assert f"  {rule}: once. " in shown
    assert "      -You might also like" in shown
    assert "kept: 1 texts" in shown


def test_a_document_that_is_left_out_says_by_which_rule(tmp_path: Path, capsys: Capture) -> None:
    path = folder_of(tmp_path, {"short.mxl": musicxml(tune(1, bars=2))}) / "short.mxl"
    assert run(["corpus", "clean", str(path), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["documents"]
    assert (told["cleaned"], told["reason"]) == (None, "too-short: fewer than 4 bars")
    assert [effect["rule"] for effect in told["effects"]] == [rule.name for rule in RULES][:4]
    assert told["effects"][-1]["refusal"] == "fewer than 4 bars"


def test_without_an_explanation_the_cleaned_document_comes(tmp_path: Path, capsys: Capture) -> None:
    path = folder_of(tmp_path, {"tune.mxl": musicxml(tune(1))}) / "tune.mxl"
    assert run(["corpus", "clean", str(path)]) == 0
    assert loads(capsys.readouterr().out.rstrip("\n") + "\n") == tune(1)


def test_what_is_no_score_is_named(tmp_path: Path, capsys: Capture) -> None:
    path = folder_of(tmp_path, {"no.mxl": b"PK\x03\x04 no archive"}) / "no.mxl"
    assert run(["corpus", "clean", str(path), "--explain"]) == 6
    assert "no.mxl: can't be read" in capsys.readouterr().err


def test_a_file_that_doesnt_tell_its_task_needs_one(tmp_path: Path) -> None:
    assert run(["corpus", "clean", str(folder_of(tmp_path, {"a.txt": "La la"}) / "a.txt")]) == 2


# The hub


def test_a_dry_run_shows_what_would_go_and_calls_nobody(
    dataset: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert run(["corpus", "push", str(dataset), "me/tunes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    there = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file()}
    assert set(told["files"]) == there
    assert told["bytes"] == sum((dataset / name).stat().st_size for name in there)
    assert told["uploaded"] is None


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # how the hub's library sends large files
@pytest.mark.parametrize("large", [(), (".jsonl", ".parquet")], ids=["small files", "large files"])
def test_the_data_set_arrives_at_the_hub_byte_for_byte(
    dataset: Path, large: tuple[str, ...], capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", bool(large))
    with hub_at_hand("secret", large) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", "secret")
        hub.files = {"data/train-old-00000.jsonl": b"old", "LICENSE": b"kept"}
        assert run(["corpus", "push", str(dataset), "me/tunes", "--yes", "--private", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["uploaded"] == f"{hub.address}/datasets/me/tunes"
    assert hub.repositories["me/tunes"]["visibility"] == "private"
    assert hub.deleted == ["data/train-old-00000.jsonl"]
    assert {name: hub.files[name] for name in told["files"]} == {
        name: (dataset / name).read_bytes() for name in told["files"]
    }
    assert bool(hub.objects) == bool(large)


def test_a_wrong_token_is_an_error_that_says_where_it_is_taken_from(
    dataset: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_at_hand("secret") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", "another")
        assert run(["corpus", "push", str(dataset), "me/tunes", "--yes"]) == 5
    assert not hub.files
    assert "HF_TOKEN" in capsys.readouterr().err


def test_a_hub_that_cant_be_reached_is_named(dataset: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert run(["corpus", "push", str(dataset), "me/tunes", "--yes"]) == 5
    assert "http://127.0.0.1:9" in capsys.readouterr().err


def test_a_data_set_that_was_changed_is_not_uploaded(tmp_path: Path, dataset: Path, capsys: Capture) -> None:
    copy = shutil.copytree(dataset, tmp_path / "music")
    path = min(copy.glob("data/*.jsonl"))
    path.write_text(path.read_text() + "\n")
    assert run(["corpus", "push", str(copy), "me/tunes"]) == 6
    assert str(path) in capsys.readouterr().err
