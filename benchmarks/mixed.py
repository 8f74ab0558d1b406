"""A mixed set of scores as MusicXML files: chorales, quartets, piano, tunes with chords, songs, orchestra. Knows where they come from.

Each is cut to its first bars, so that no whole symphony outweighs the others; the same sources give the same files.
"""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path

from lxml import etree

from benchmarks.chorales import CACHE as CHORALES
from benchmarks.chorales import chorales
from chordllama.codec.container import parse, read_container
from chordllama.conversion.foreign import to_musicxml

CACHE = CHORALES.parent / "mixed"
EACH = 10
"""Scores of each kind."""
MOST_NOTES = 2_000
FOLDERS = {"quartet": "openscore-quartets", "song": "openscore-lieder", "orchestra": "openscore-orchestra"}
"""Kinds that come from folders of scores, at equal distances."""
CORPUS = {
    "piano": (
        "schumann_clara/polonaise_op1n1.mxl",
        "schumann_clara/polonaise_op1n2.mxl",
        "schumann_clara/polonaise_op1n3.mxl",
        "schumann_clara/polonaise_op1n4.mxl",
        "schoenberg/opus19/movement2.mxl",
        "schoenberg/opus19/movement6.mxl",
        "joplin/maple_leaf_rag.mxl",
        "cpebach/h186.mxl",
        "chopin/mazurka06-2.krn",
    ),
    "tune": (
        "leadSheet/berlinAlexandersRagtime.mxl",
        "leadSheet/fosterBrownHair.mxl",
        "ryansMammoth/BurnsIrishHornpipe.abc",
        "ryansMammoth/DuxburyHornpipe.abc",
        "ryansMammoth/HereAwaHighlandFling.abc",
        "ryansMammoth/LampLightersHornpipe.abc",
        "ryansMammoth/MonarchClog.abc",
        "ryansMammoth/PantomimeReel.abc",
        "ryansMammoth/SilverStarHornpipe.abc",
        "ryansMammoth/WideAwakeReel.abc",
    ),
}
"""Kinds that come from music21's corpus."""


def mixed(data: Path, cache: Path = CACHE, chorale_cache: Path = CHORALES, jobs: int | None = None) -> list[Path]:
    """The files, named after their kind; `data` holds the folders of scores. What the cache lacks is cut and written first."""
    cache.mkdir(parents=True, exist_ok=True)
    found = [("chorale", path) for path in _spread(chorales(chorale_cache, jobs))]
    for kind, folder in FOLDERS.items():
        found += [(kind, path) for path in _spread(sorted((data / folder).rglob("*.mxl")))]
    found += [(kind, _corpus() / name) for kind, names in CORPUS.items() for name in names]
    return [_cut_copy(kind, path, cache) for kind, path in found]


def _spread(paths: list[Path]) -> list[Path]:
    return [paths[place * len(paths) // EACH] for place in range(EACH)] if len(paths) >= EACH else paths


def _corpus() -> Path:
    from music21 import corpus

    return Path(str(corpus.__file__)).parent


def _cut_copy(kind: str, source: Path, cache: Path) -> Path:
    copy = cache / f"{kind}-{source.stem}.musicxml"
    if not copy.exists():
        copy.write_bytes(cut(_musicxml(source)))
    return copy


def _musicxml(source: Path) -> bytes:
    data = source.read_bytes()
    return to_musicxml(data, source.name) if source.suffix in (".abc", ".krn") else read_container(data, source.name)


def cut(data: bytes, most: int = MOST_NOTES) -> bytes:
    """The first bars of a MusicXML file, of all parts: as many as hold at most `most` notes and rests, but one at least."""
    tree = parse(data, "a score")
    parts = [part.findall("measure") for part in tree.getroot().iterfind("part")]
    sizes = [sum(len(bar.findall("note")) for bar in bars) for bars in zip(*parts, strict=False)]
    kept = max(1, sum(size <= most for size in accumulate(sizes)))
    for bars in parts:
        for bar in bars[kept:]:
            _remove(bar)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
