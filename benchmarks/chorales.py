"""The four-part Bach chorales of music21's corpus as MusicXML files. Knows music21 and a cache folder.

Chosen are all files of the corpus by Bach that have exactly four parts; music21 writes them, so that anyone can.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

CACHE = Path(__file__).parents[1] / "build" / "chorales"
_NONE = ".none"


def chorales(cache: Path = CACHE, jobs: int | None = None, most: int | None = None) -> list[Path]:
    """The exported files, in the order of their names; what the cache lacks is exported first (a second or so each).

    At `most` so many pieces are looked at, at equal distances.
    """
    corpus = _corpus()
    chosen = corpus[:: max(1, len(corpus) // most)][:most] if most else corpus
    sources = {path.stem: path for path in chosen}
    cache.mkdir(parents=True, exist_ok=True)
    missing = [path for stem, path in sources.items() if not any(_places(cache, stem))]
    if missing:
        with ProcessPoolExecutor(jobs) as pool:
            list(pool.map(_export, missing, [cache] * len(missing)))
    return sorted(path for stem in sources if (path := cache / f"{stem}.musicxml").exists())


def _places(cache: Path, stem: str) -> list[bool]:
    return [(cache / f"{stem}{suffix}").exists() for suffix in (".musicxml", _NONE)]


def _corpus() -> list[Path]:
    from music21 import corpus

    return sorted(Path(path) for path in corpus.getComposer("bach"))


def _export(source: Path, cache: Path) -> None:
    """Write one piece, or an empty file that says that it isn't one for four parts."""
    from music21 import converter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = converter.parse(source)
        if len(getattr(score, "parts", ())) != 4:
            (cache / f"{source.stem}{_NONE}").touch()
            return
        written = Path(score.write("musicxml", fp=cache / f"{source.stem}.part.musicxml"))
    written.replace(cache / f"{source.stem}.musicxml")
