"""What anybody could write without a model: the floors beside which models are read. Knows passages."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chordllama.evaluate.held_out import Piece
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.timed_writing import with_bars
from chordllama.score.model import NO_BARLINE, Bar, Chord, Item, Note, Row, Score

COPIED = 2
Floor = Callable[[Piece], Passage | None]


def copy(piece: Piece) -> Passage:
    """Write the prompt's last two whole bars again and again."""
    human = piece.human
    source = [bar for bar in human.score.bars[: human.shown] if bar.length is None][-COPIED:]
    source = source or list(human.score.bars[: human.shown][-COPIED:])
    wanted = len(human.score.bars) - human.shown
    return with_bars(human, tuple(_plain(source[n % len(source)]) for n in range(wanted)))


def _plain(bar: Bar) -> Bar:
    """A bar without what belongs to its place; one that is shorter than its metre says so still."""
    return replace(bar, keys=(), times=(), start=NO_BARLINE, end=NO_BARLINE)


def stranger(pieces: Sequence[Piece]) -> Floor:
    """Return the human's bars of another work, one with as many parts and bars, in the same key where there is one."""

    def floor(piece: Piece) -> Passage | None:
        others = [other for other in pieces if other.work != piece.work and _alike(other.human, piece.human)]
        if not others:
            return None
        same = [other for other in others if _key(other.human) == _key(piece.human)] or others
        other = same[sum(map(ord, piece.name)) % len(same)].human
        return with_bars(piece.human, tuple(_plain(bar) for bar in other.score.bars[other.shown :]))

    return floor


def _alike(one: Passage, other: Passage) -> bool:
    return len(one.score.parts) == len(other.score.parts) and _times(one) == _times(other)


def _times(passage: Passage) -> list[object]:
    return [change.value for bar in passage.score.bars for change in bar.times]


def _key(passage: Passage) -> object:
    return passage.score.bars[0].keys


def at_random(seed: int) -> Floor:
    """Return the human's rhythms with pitches drawn from the range of each part's notes in the prompt."""

    def floor(piece: Piece) -> Passage:
        chance = random.Random(f"{seed} {piece.name}")
        notes = _notes_by_part(piece.human.score, piece.human.shown)
        bars = piece.human.score.bars[piece.human.shown :]
        return with_bars(piece.human, tuple(_drawn(bar, notes, chance) for bar in bars))

    return floor


def _notes_by_part(score: Score, shown: int) -> Mapping[int, tuple[int, int]]:
    """The lowest and highest diatonic place of each part."""
    found: dict[int, list[int]] = {}
    for bar in score.bars[:shown]:
        for row in bar.rows:
            places = [_place(note) for item in row.items if isinstance(item, Chord) for note in item.notes]
            found.setdefault(row.part, []).extend(places)
    return {part: (min(places), max(places)) for part, places in found.items() if places}


_STEPS = "CDEFGAB"


def _place(note: Note) -> int:
    return 7 * note.octave + _STEPS.index(note.step)


def _drawn(bar: Bar, ranges: Mapping[int, tuple[int, int]], chance: random.Random) -> Bar:
    def drawn(row: Row, item: Item) -> Item:
        if not isinstance(item, Chord) or item.notes[0].unpitched or row.part not in ranges:
            return item
        notes = tuple(_note(*ranges[row.part], chance) for _ in item.notes)
        return replace(item, notes=notes)

    return replace(
        bar, rows=tuple(replace(row, items=tuple(drawn(row, item) for item in row.items)) for row in bar.rows)
    )


def _note(lowest: int, highest: int, chance: random.Random) -> Note:
    octave, step = divmod(chance.randint(lowest, highest), 7)
    return Note(_STEPS[step], octave, chance.choice((-1, 0, 0, 0, 1)))
