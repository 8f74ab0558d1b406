"""Which documents are copies of one another, which are versions of one work, and into which split a work falls. Knows signatures only.

A work is named after its first document, in the order of sources.yaml; its split is a hash of that name. So a source that is
added at the end moves nothing, but where it shows that two works of before are one: then both go where the first is.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chordllama.corpora.clean.signatures import PERMUTATIONS, Kind
from chordllama.corpora.documents import Split

if TYPE_CHECKING:
    import numpy as np

LIKENESS: dict[Kind, float] = {"whole": 0.9, "tune": 0.4, "outline": 0.25, "words": 0.1}
"""Likeness (Jaccard, as MinHash tells it) from which on a document is a copy of one before (whole), or of the same work.

Measured on 380 chorales of Bach and 144 Lieder: the outlines of 373 pairs of chorales are alike by 0.25 or more, 329 of them by 0.4
or more; those of no two Lieder are alike by 0.05. Of 2,717 songs and poems 123 pairs have words that are alike by 0.05 or more, and
each of them shares verses; 117 pairs are alike by 0.1 or more.
"""
SHARES: tuple[tuple[Split, float], ...] = (("train", 0.94), ("validation", 0.03), ("test", 0.03))
BAND_ROWS = 2
"""Hash values that must agree for two signatures to be compared: at a likeness of 0.25 they are in 98 of 100 cases."""
MOST_COMPARED = 64
"""Signatures of a bucket with which each is compared; what is like one of many is mostly like the others too."""
_BANDS = PERMUTATIONS // BAND_ROWS


@dataclass(frozen=True, slots=True)
class WorkAssignment:
    """What was found about a document: `copy_of` is the number of the document that it repeats, if it does."""

    work: str
    split: Split
    copy_of: int | None = None


class Groups:
    """Numbers that belong together (union-find); the least of a group is its root."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def root(self, number: int) -> int:
        """Return the least number of the group."""
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Put two groups together."""
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low


def judge(works: Sequence[str], tables: Mapping[Kind, SignatureTable]) -> list[WorkAssignment]:
    """Return a verdict for each document, given in their order with the works that their sources name, and the signatures of each kind."""
    groups = Groups(len(works))
    first: dict[str, int] = {}
    for number, work in enumerate(works):
        groups.join(number, first.setdefault(work, number))
    copies: dict[int, int] = {}
    for one, other in tables["whole"].pairs(LIKENESS["whole"]):
        if one not in copies:  # what is a copy itself may be less like what it was copied from
            copies.setdefault(other, one)
    for kind, table in tables.items():
        for one, other in table.pairs(LIKENESS[kind]):
            groups.join(one, other)
    names = [works[groups.root(number)] for number in range(len(works))]
    return [WorkAssignment(name, split_of(name), copies.get(number)) for number, name in enumerate(names)]


def split_of(work: str) -> Split:
    """Return the split of a work, by a hash of its name."""
    place = share(work)
    for split, size in SHARES:
        if place < size:
            return split
        place -= size
    return SHARES[-1][0]


def share(work: str) -> float:
    """Return a number from 0 to 1 that is always the same for a work."""
    return int.from_bytes(hashlib.sha256(work.encode()).digest()[:6]) / 2**48


@dataclass(frozen=True, slots=True)
class SignatureTable:
    """Signatures, one a row, and the number of the document of each."""

    documents: np.ndarray[Any, Any]
    hashes: np.ndarray[Any, Any]

    def pairs(self, likeness: float) -> Iterator[tuple[int, int]]:
        """Yield documents whose signatures are at least so alike, the lower number first, in order; each pair once.

        Locality-sensitive hashing: compared are those that agree in a band. One band at a time is sorted, so that memory
        grows by a few bytes for each signature.
        """
        import numpy as np

        found: set[tuple[int, int]] = set()
        for band in range(_BANDS):
            part = np.ascontiguousarray(self.hashes[:, band * BAND_ROWS : (band + 1) * BAND_ROWS])
            keys = part.view([("", part.dtype)] * BAND_ROWS).ravel()
            order = np.argsort(keys, kind="stable")
            edges = np.flatnonzero(keys[order][1:] != keys[order][:-1]) + 1
            for bucket in np.split(order, edges):
                if len(bucket) > 1:
                    found.update(self._alike(bucket, likeness))
        return iter(sorted(found))

    def _alike(self, bucket: np.ndarray[Any, Any], likeness: float) -> Iterator[tuple[int, int]]:
        """Each row of a bucket with those before it that it is like; a large bucket is compared with its first rows only."""
        for place, row in enumerate(bucket[1:], 1):
            before = bucket[: min(place, MOST_COMPARED)]
            agreeing = (self.hashes[before] == self.hashes[row]).mean(axis=1)
            for other in before[agreeing >= likeness]:
                low, high = sorted((int(self.documents[other]), int(self.documents[row])))
                if low != high:
                    yield low, high


def counts_of(verdicts: Sequence[WorkAssignment], works: Sequence[str]) -> dict[str, int]:
    """Return how many copies were found, how many works there are, and how many of the sources' works turned out to be others' versions."""
    named = defaultdict(set)
    for verdict, work in zip(verdicts, works, strict=True):
        named[verdict.work].add(work)
    return {
        "duplicates": sum(verdict.copy_of is not None for verdict in verdicts),
        "works": len(named),
        "joined works": sum(len(found) - 1 for found in named.values()),
    }
