"""No leaks: copies are found and left out, versions of a work stay together, and a work's split is always the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_corpus import folder_of, mine, musicxml, rows_of, settings, tune

from chordllama.corpora.build.build_engines import Local
from chordllama.corpora.build.building import Unfinished, build
from chordllama.corpora.build.shards import BuildFolder
from chordllama.corpora.build.works import LIKENESS, SHARES, Groups, SignatureTable, judge, split_of
from chordllama.corpora.clean.cleaning import clean_document
from chordllama.corpora.clean.signatures import MinHashSignature, of_music, of_text, runs_of
from chordllama.corpora.read.readers import document, names
from chordllama.corpora.sources import load_sources, place

VALIDATED = next(seed for seed in range(1000) if split_of(f"mine/{seed:03}") == "validation")
TESTED = next(seed for seed in range(1000) if split_of(f"mine/{seed:03}") == "test")


def likeness(one: MinHashSignature, other: MinHashSignature) -> float:
    return float((one.hashes == other.hashes).mean())


def table(signatures: list[MinHashSignature]) -> SignatureTable:
    return SignatureTable(np.arange(len(signatures)), np.stack([found.hashes for found in signatures]))


def test_planted_leaks_are_found(tmp_path: Path) -> None:
    """Into a source of tunes of which some are held out: copies, and the same tunes in other keys, over other basses, shortened."""
    seeds = [*range(20), VALIDATED, TESTED]
    clean = folder_of(tmp_path / "mine", {f"{seed:03}.mxl": musicxml(tune(seed)) for seed in seeds})
    planted = {
        "copy-v.mxl": tune(VALIDATED),
        "transposed-v.mxl": tune(VALIDATED, fifths=3),
        "harmonised-v.mxl": tune(VALIDATED, bass=1, fifths=-2),
        "harmonised-t.mxl": tune(TESTED, bass=2),
        "short-t.mxl": tune(TESTED, bars=16, bass=3, fifths=1),
        "another.mxl": tune(5000),
    }
    leaks = folder_of(tmp_path / "leaks", {name: musicxml(score) for name, score in planted.items()})
    sources = [(mine(), clean), (mine("leaks"), leaks)]
    found = build(BuildFolder(tmp_path / "out", "music"), settings(tmp_path / "tokenizer"), sources, Local(1))
    assert not isinstance(found, Unfinished)
    rows = [row for row in rows_of(tmp_path / "out" / "music") if row["source"] == "leaks"]
    assert {(row["work"], row["split"]) for row in rows} == {
        (f"mine/{VALIDATED:03}", "validation"),
        (f"mine/{TESTED:03}", "test"),
        ("leaks/another", split_of("leaks/another")),
    }
    assert found["totals"]["duplicates"] == 2
    assert found["totals"]["joined works"] == 5


def test_no_work_is_in_two_splits(tmp_path: Path) -> None:
    scores = {f"{seed:03}{version}.mxl": musicxml(tune(seed, bass=version)) for seed in range(40) for version in (0, 1)}
    folder = folder_of(tmp_path / "mine", scores)
    build(BuildFolder(tmp_path / "out", "music"), settings(tmp_path / "tokenizer"), [(mine(), folder)], Local(1))
    rows = rows_of(tmp_path / "out" / "music")
    assert len({row["work"] for row in rows}) == 40
    assert max(Counter(work for work, _ in {(row["work"], row["split"]) for row in rows}).values()) == 1


@pytest.mark.parametrize("fifths", [-5, -1, 2, 4])
def test_a_score_in_another_key_has_the_same_signatures(fifths: int) -> None:
    for one, other in zip(of_music([tune(1)]), of_music([tune(1, fifths=fifths)]), strict=True):
        assert likeness(one, other) == 1


def test_another_bass_changes_the_whole_and_keeps_the_tune() -> None:
    one, other = of_music([tune(1)]), of_music([tune(1, bass=1)])
    assert likeness(one[0], other[0]) < LIKENESS["whole"]
    assert likeness(one[1], other[1]) == 1


def test_two_tunes_are_not_alike() -> None:
    assert likeness(of_music([tune(1)])[1], of_music([tune(2)])[1]) < LIKENESS["tune"] / 2


def test_what_repeats_one_step_is_no_tune() -> None:
    assert not runs_of([60, 62] * 20, 6)
    assert not runs_of([60] * 40, 6)
    assert len(runs_of([60, 62, 64, 65, 67, 69, 71, 72], 6)) == 2


def test_texts_with_the_same_words_are_alike_whatever_stands_between_them() -> None:
    words = [
        "The",
        "owl",
        "and",
        "the",
        "pussycat",
        "went",
        "to",
        "sea",
        "in",
        "a",
        "beautiful",
        "pea",
        "green",
        "boat",
        "they",
        "took",
        "some",
        "honey",
    ]
    one, other = of_text([" ".join(words)])[0], of_text(["\n".join(words).upper()])[0]
    assert likeness(one, other) == 1
    assert likeness(one, of_text(["Shall I compare thee to a summer's day"])[0]) < 0.1


def test_what_was_like_a_copy_is_no_copy_for_that() -> None:
    """B copies A and C copies B; C is compared with A, which stays, and not with B, which goes."""
    base = np.zeros((3, 128), np.uint32)
    base[1, :12] = 1
    base[2, :24] = 1
    whole = SignatureTable(np.arange(3), base)
    verdicts = judge(["a", "b", "c"], {"whole": whole})
    assert [verdict.copy_of for verdict in verdicts] == [None, 0, None]
    assert {verdict.work for verdict in verdicts} == {"a"}


def test_groups_are_named_after_their_first() -> None:
    groups = Groups(5)
    groups.join(4, 2)
    groups.join(2, 1)
    assert [groups.root(number) for number in range(5)] == [0, 1, 1, 3, 1]


def test_splits_have_their_shares() -> None:
    counts = Counter(split_of(f"work {number}") for number in range(20_000))
    for split, share in SHARES:
        assert counts[split] / 20_000 == pytest.approx(share, abs=0.005)


def test_pairs_are_all_that_are_alike_enough() -> None:
    signatures = [of_music([tune(seed, bass=version)])[1] for seed in range(30) for version in (0, 1)]
    assert list(table(signatures).pairs(LIKENESS["tune"])) == [(number, number + 1) for number in range(0, 60, 2)]


def test_chorales_on_one_tune_are_one_work() -> None:
    """Settings of "Jesu, meine Freude" in music21's corpus: two keys, three harmonisations."""
    source = load_sources()["music21:bach"]
    folder = place(source)
    assert folder is not None
    wanted = {"bach/bwv64.8.mxl", "bach/bwv81.7.mxl", "bach/bwv227.1.mxl"}
    found = [name for name in names(source, folder) if name in wanted]
    signatures = [clean_document(document(source, folder, name)[0]).signatures for name in found]
    outlines = [next(item for item in own if item.kind == "outline") for own in signatures]
    assert len(outlines) == 3
    assert list(table(outlines).pairs(LIKENESS["outline"])) == [(0, 1), (0, 2), (1, 2)]
