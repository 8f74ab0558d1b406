"""Music that a model has not been trained on, and the music that it may have learnt: Bach's four-part chorales from music21.

A chorale is held out where the bundled model's rows held it out (by the hash of its work's name), and where no chorale on the
other side has its tune. For music of built corpora see `held_out_rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chordllama.codec.excerpt import excerpt
from chordllama.codec.words.places import FIRST
from chordllama.corpora.build.works import share
from chordllama.evaluate.passage import Passage
from chordllama.score.model import QUARTER, Score

HELD_OUT = 0.045
"""Works whose name's hash is below this were kept from the bundled model's training: its splits for tests and validation."""
SAME_TUNE = 0.25
"""The likeness of two outlines (Jaccard) from which on they are one tune; where it was measured: chordllama/corpora/build/works.py."""
OUTLINE = 5
"""Intervals in a run by which outlines are compared."""
CHORALES = "music21:bach"


@dataclass(frozen=True, slots=True)
class Piece:
    """A work's excerpt with the human's own continuation."""

    work: str
    name: str
    human: Passage


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What is measured on; `training` are whole lean scores, `told` says in words what all this is."""

    pieces: tuple[Piece, ...]
    training: tuple[Score, ...]
    told: str


def held_out_chorales(bars: int, most: int | None = None) -> HeldOut:
    """Return two excerpts of each held-out chorale: after its first four bars, and after its first half; `bars` bars are continued."""
    known = dict(_chorales())
    tunes = {name: outline(score) for name, (_, score) in known.items()}
    inside = {name for name, (work, _) in known.items() if share(work) >= HELD_OUT}
    outside = [name for name in known if name not in inside]
    chosen = [name for name in outside if all(likeness(tunes[name], tunes[other]) < SAME_TUNE for other in inside)]
    pieces = [piece for name in chosen for piece in excerpts(*known[name], name, bars)]
    told = (
        f"Bach's four-part chorales in music21: {len(chosen)} works held out by the hash of their name "
        f"({len(outside) - len(chosen)} more were left out, since their tune is in others too); {len(inside)} are the training set"
    )
    return HeldOut(tuple(pieces[:most]), tuple(score for name, (_, score) in known.items() if name in inside), told)


def _chorales() -> Iterator[tuple[str, tuple[str, Score]]]:
    """Work and lean score of each chorale of four parts, by its name."""
    from chordllama.codec.container import read_container
    from chordllama.codec.musicxml import read
    from chordllama.corpora.read.readers import documents
    from chordllama.corpora.sources import load_sources, place
    from chordllama.errors import ChordLlamaError, CorpusError
    from chordllama.tasks.music_prompts import lean

    source = load_sources()[CHORALES]
    folder = place(source)
    if folder is None:
        raise CorpusError(
            "music21's corpus is missing", hint="install music21 again, or name a built corpus with --data"
        )
    for document in documents(source, folder):
        try:
            score = lean(read(read_container(document.data, document.name), document.name))
        except ChordLlamaError:  # a format that would have to be converted first
            continue
        if len(score.parts) == 4 and all(part.staves == 1 for part in score.parts):
            yield document.name, (document.work, score)


def excerpts(work: str, score: Score, name: str, bars: int) -> Iterator[Piece]:
    """Yield the excerpts of a score that have `bars` bars after them, longest last."""
    first = 4 + (score.bars[0].length is not None)  # a pickup is no bar
    for shown in dict.fromkeys((first, len(score.bars) // 2)):
        if first <= shown and shown + bars <= len(score.bars):
            yield Piece(work, f"{name}, after {shown} bars", Passage(excerpt(score, 0, shown + bars), shown))


def outline(score: Score) -> frozenset[tuple[object, ...]]:
    """Return the runs of intervals of the first part's notes on beats; a note that is repeated counts once."""
    voice = Passage(score, 0).voices.get(FIRST, ())
    pitches = [sound.top for sound in voice if sound.start % QUARTER == 0]
    moved = [pitch for place, pitch in enumerate(pitches) if not place or pitch != pitches[place - 1]]
    steps = [after - before for before, after in pairwise(moved)]
    return frozenset(tuple(steps[place : place + OUTLINE]) for place in range(len(steps) - OUTLINE + 1))


def likeness(one: frozenset[tuple[object, ...]], other: frozenset[tuple[object, ...]]) -> float:
    """Return the share of what two sets have together that both have (Jaccard)."""
    both = one | other
    return len(one & other) / len(both) if both else 0.0
