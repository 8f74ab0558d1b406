"""Sixty varied scores by name: what music21's corpus and OpenScore have of six kinds. Knows folders and a cache; compares nothing.

Long works are cut to their first bars, and what the corpus has in other formats is written by music21 (into the cache), so that
exports of Finale, MuseScore 0.9 to 4.7, Sibelius, Noteflight and music21 are all among them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from benchmarks.round_trip.walker import unpacked

CACHE = Path(__file__).parents[2] / "build" / "sixty"
SHARED = Path(__file__).parents[3] / "shared" / "data"
NATIVE = (".mxl", ".musicxml", ".xml")


@dataclass(frozen=True, slots=True)
class Choice:
    """A score by its path below music21's corpus or the shared data; `bars`: how many, `number`: of a collection."""

    path: str
    bars: int = 0
    number: int = 0

    @property
    def name(self) -> str:
        parts = [self.path, f"no. {self.number}" if self.number else "", f"bars 1-{self.bars}" if self.bars else ""]
        return ", ".join(filter(None, parts))


def _choices(folder: str, names: str, bars: int = 0) -> list[Choice]:
    return [Choice(f"{folder}/{name}", bars) for name in names.split()]


SIXTY: dict[str, list[Choice]] = {
    "chorales": _choices(
        "bach",
        "bwv1.6.mxl bwv144.3.mxl bwv180.7.mxl bwv245.11.mxl bwv258.mxl bwv292.mxl bwv326.mxl bwv361.mxl bwv396.mxl bwv428.mxl",
    ),
    "quartets": [
        *_choices("haydn/opus1no1", "movement2.mxl movement4.mxl movement5.mxl"),
        *_choices("mozart", "k80/movement3.mxl k156/movement3.mxl k458/movement2.mxl"),
        *_choices("beethoven/opus18no1", "movement3.mxl", 40),
        *_choices("openscore-quartets/scores", "sq7070781.mxl sq8438915.mxl sq15230467.mxl", 40),
    ],
    "piano": [
        *_choices("schumann_clara", "polonaise_op1n1.mxl polonaise_op1n2.mxl polonaise_op1n3.mxl polonaise_op1n4.mxl"),
        *_choices("schoenberg/opus19", "movement2.mxl movement6.mxl"),
        *_choices("", "joplin/maple_leaf_rag.mxl mozart/k545/movement1_exposition.mxl chopin/mazurka06-2.krn"),
        Choice("demos/incorrect_time_signature_pv.mxl"),
    ],
    "songs with lyrics": [
        *_choices("schubert", "Lindenbaum.xml", 40),
        *_choices("", "schumann_robert/dichterliebe_no2.xml beach/prayer_of_a_tired_child.musicxml"),
        *_choices(
            "openscore-lieder/scores",
            "lc28688206.mxl lc5098666.mxl lc5988341.mxl lc6199578.mxl lc6479829.mxl lc6652350.mxl lc7374854.mxl",
            40,
        ),
    ],
    "lead sheets with chord symbols": [
        *_choices("leadSheet", "berlinAlexandersRagtime.mxl fosterBrownHair.mxl"),
        *_choices("demos", "ComprehensiveChordSymbolsTestFile.mxl chord_realization_exercise.mxl"),
        Choice("nottingham-dataset/reelsa-c.abc", number=80),
        Choice("nottingham-dataset/reelsa-c.abc", number=81),
        *_choices("openscore-lieder/scores", "lc5107106.mxl lc5978033.mxl lc5988382.mxl", 60),
        Choice("musicxml-test-suite/xmlFiles/71g-MultipleChordnames.xml"),
    ],
    "band, percussion, tablature, orchestra": [
        *_choices("", "demos/drum_sample.xml verdi/laDonnaEMobile.mxl liliuokalani/aloha_oe.mxl"),
        *_choices("weber", "concertino_clarinet.mxl", 60),
        *_choices("openscore-orchestra/scores", "Bach_BWV.1048_2.mxl"),
        *_choices("openscore-orchestra/scores", "Beach_Op.32_2.mxl Brahms_Op.98_3.mxl D'un_matin_de_printemps.mxl", 12),
        *_choices("musicxml-test-suite/xmlFiles", "71e-TabStaves.xml 73a-Percussion.xml"),
    ],
}


def sixty(cache: Path = CACHE) -> Iterator[tuple[str, str, Path]]:
    """The group, name and file of each score; what is cut or converted is written into the cache."""
    for group, choices in SIXTY.items():
        for choice in choices:
            yield group, choice.name, _file(choice, cache)


def _file(choice: Choice, cache: Path) -> Path:
    source = _source(choice.path)
    if source.suffix in NATIVE and not choice.bars:
        return source
    cache.mkdir(parents=True, exist_ok=True)
    found = cache / f"{choice.name.replace('/', ' ')}.musicxml"
    if not found.exists():
        data = source.read_bytes() if source.suffix in NATIVE else _converted(source, choice.number)
        found.write_bytes(first_bars(data, choice.bars) if choice.bars else data)
    return found


def _source(path: str) -> Path:
    import music21

    corpus = Path(music21.__file__).parent / "corpus"
    return next(folder / path.lstrip("/") for folder in (SHARED, corpus) if (folder / path.lstrip("/")).is_file())


def _converted(source: Path, number: int) -> bytes:
    """A score that isn't MusicXML, written by music21."""
    from music21 import converter
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parse(source, number=number) if number else converter.parse(source)
        return bytes(GeneralObjectExporter(score).parse())


def first_bars(data: bytes, bars: int) -> bytes:
    """A partwise file's beginning."""
    root = etree.fromstring(unpacked(data), etree.XMLParser(resolve_entities=False, huge_tree=True))
    for part in root.iterfind("part"):
        for measure in part.findall("measure")[bars:]:
            part.remove(measure)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
