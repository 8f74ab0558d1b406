"""The rules by which scores are cleaned. Knows the score model; knows no files and no rows.

A score is cleaned as its stretches: pieces of neighbouring bars that are whole. At first it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import accumulate, pairwise

from chordllama.checking.bars import measured_bars, uneven_staves
from chordllama.codec.compact import dumps, dumps_faithfully
from chordllama.codec.excerpt import excerpts
from chordllama.corpora.clean.cleaning_rules import CleaningRule, DocumentRefused
from chordllama.errors import CompactError
from chordllama.score.model import (
    Bar,
    Change,
    Chord,
    Group,
    Item,
    Row,
    Score,
    Spacer,
    Ticks,
    count_noteheads,
    duration_of,
)

Stretches = tuple[Score, ...]

FEWEST_BARS = 4
FEWEST_NOTES = 16
MOST_BARS = 5_000
MOST_PARTS = 40
BROKEN_SHARE = 0.1
"""Of its bars, from which on a score is thought to be faulty as a whole."""


@dataclass(frozen=True)
class ScoreWithText(Score):
    """A score with the text that gives it again."""

    text: str = field(default="", compare=False, repr=False)


def text_of(score: Score) -> str:
    """Return the score's text: the one that stands by it, where one does."""
    return score.text if isinstance(score, ScoreWithText) else dumps(score)


def notes_of(score: Score) -> int:
    """Return how many noteheads a score has."""
    return count_noteheads(score.bars)


def _canonical(scores: Stretches) -> tuple[Stretches, int]:
    """One score has one text; a score whose text gives another score is one that the codec can't keep."""
    try:
        return tuple([_written(score, dumps_faithfully(score)) for score in scores]), 0
    except CompactError as fault:
        raise DocumentRefused(str(fault)) from fault


def _written(score: Score, text: str) -> ScoreWithText:
    return ScoreWithText(**{own.name: getattr(score, own.name) for own in fields(score)}, text=text)


def _without_empty_parts(scores: Stretches) -> tuple[Stretches, int]:
    cleaned = [_drop_parts(score, _empty_parts(score)) for score in scores]
    count = sum(len(old.parts) - len(new.parts) for old, new in zip(scores, cleaned, strict=True))
    if not all(score.parts for score in cleaned):
        raise DocumentRefused("there is no note in it")
    return tuple(cleaned), count


def _empty_parts(score: Score) -> set[int]:
    silent = set(range(len(score.parts)))
    for bar in score.bars:
        if not silent:
            break
        silent -= {row.part for row in bar.rows if any(isinstance(item, Chord) for item in row.items)}
    return silent


def _drop_parts(score: Score, gone: set[int]) -> Score:
    if not gone:
        return score
    kept = [index for index in range(len(score.parts)) if index not in gone]
    places = {old: new for new, old in enumerate(kept)}
    return replace(
        score,
        parts=tuple(score.parts[index] for index in kept),
        bars=tuple(_bar_with(bar, places) for bar in score.bars),
        groups=tuple(_groups_with(score.groups, places)),
    )


def _bar_with(bar: Bar, places: dict[int, int]) -> Bar:
    rows = tuple(Row(places[row.part], row.staff, row.voice, row.items) for row in bar.rows if row.part in places)
    return replace(bar, rows=rows, keys=_changes_with(bar.keys, places), times=_changes_with(bar.times, places))


def _changes_with(changes: tuple[Change, ...], places: dict[int, int]) -> tuple[Change, ...]:
    kept = (change for change in changes if change.part is None or change.part in places)
    return tuple(change if change.part is None else replace(change, part=places[change.part]) for change in kept)


def _groups_with(groups: Iterable[Group], places: dict[int, int]) -> Iterator[Group]:
    for group in groups:
        left = [places[part] for part in range(group.first, group.last + 1) if part in places]
        if len(left) > 1:
            yield replace(group, first=left[0], last=left[-1])


def _with_short_bars(scores: Stretches) -> tuple[Stretches, int]:
    shortened = [_shorten(score) for score in scores]
    return tuple(score for score, _ in shortened), sum(count for _, count in shortened)


def _shorten(score: Score) -> tuple[Score, int]:
    """Upbeats within a piece, and the bars before them, have their own length and no gap."""
    gaps = [_gap(bar) if _is_at_edge(score.bars, place) else 0 for place, bar in enumerate(score.bars)]
    bars = (
        _cut(bar, length - gap) if gap else bar
        for bar, gap, length in zip(score.bars, gaps, score.bar_lengths, strict=True)
    )
    return replace(score, bars=tuple(bars)), sum(gap > 0 for gap in gaps)


def _is_at_edge(bars: Sequence[Bar], place: int) -> bool:
    """Whether a section begins or ends with a bar: a bar line says so, or the piece does."""
    return (
        place in (0, len(bars) - 1)
        or bool(bars[place].start or bars[place].end)
        or bool(bars[place - 1].end or bars[place + 1].start)
    )


def _gap(bar: Bar) -> Ticks:
    """How much every row leaves empty at the bar's end; 0 where a rest fills the bar, or nothing sounds."""
    ends = [row.items[-1] for row in bar.rows if row.items]
    if not ends or not any(isinstance(item, Chord) for row in bar.rows for item in row.items):
        return 0
    return min(item.duration.ticks if isinstance(item, Spacer) and item.duration else 0 for item in ends)


def _cut(bar: Bar, length: Ticks) -> Bar:
    """A bar without the gap at its end, by which it is longer than `length`."""
    gap = _gap(bar)
    return replace(bar, length=length, rows=tuple(replace(row, items=_without_end(row.items, gap)) for row in bar.rows))


def _without_end(items: tuple[Item, ...], gap: Ticks) -> tuple[Item, ...]:
    """Items without the last `gap` ticks of the spacer that ends them."""
    *before, last = items
    assert isinstance(last, Spacer)
    assert last.duration is not None
    left = last.duration.ticks - gap
    return (*before, Spacer(duration_of(left))) if left else tuple(before)


def broken_bars(score: Score) -> set[int]:
    """Return the places (from 0) of the bars that some staff doesn't fill, or fills too much."""
    return {staff.bar - 1 for staff in uneven_staves(list(measured_bars(score)))}


def _without_broken_bars(scores: Stretches) -> tuple[Stretches, int]:
    broken = [broken_bars(score) for score in scores]
    count, bars = sum(map(len, broken)), sum(len(score.bars) for score in scores)
    if count > BROKEN_SHARE * bars:
        raise DocumentRefused(f"{count} of {bars} bars are broken")
    whole = (stretch for score, places in zip(scores, broken, strict=True) for stretch in _between(score, places))
    return tuple(whole), count


def _between(score: Score, broken: set[int]) -> Iterator[Score]:
    """The stretches between broken bars; all of the score where none is."""
    if not broken:
        yield score
        return
    edges = pairwise([-1, *sorted(broken), len(score.bars)])
    yield from excerpts(score, ((before + 1, after) for before, after in edges if after - before > 1))


def _long_enough(scores: Stretches) -> tuple[Stretches, int]:
    long = tuple(score for score in scores if len(score.bars) >= FEWEST_BARS)
    if not long:
        raise DocumentRefused(f"fewer than {FEWEST_BARS} bars")
    notes = 0
    for notes in accumulate(count_noteheads([bar]) for score in long for bar in score.bars):
        if notes >= FEWEST_NOTES:
            return long, len(scores) - len(long)
    raise DocumentRefused(f"{notes} notes")


def _short_enough(scores: Stretches) -> tuple[Stretches, int]:
    bars, parts = sum(len(score.bars) for score in scores), max(len(score.parts) for score in scores)
    if bars > MOST_BARS:
        raise DocumentRefused(f"{bars} bars")
    if parts > MOST_PARTS:
        raise DocumentRefused(f"{parts} parts")
    return scores, 0


RULES: tuple[CleaningRule[Stretches], ...] = (
    CleaningRule(
        "empty-parts", "Parts without a note are left out; a score without one is no score.", _without_empty_parts
    ),
    CleaningRule(
        "short-bars",
        "Where a section begins or ends, a bar that all parts leave unfilled becomes as short as it is.",
        _with_short_bars,
    ),
    CleaningRule(
        "broken-bars",
        f"Bars that a staff doesn't fill are cut out; a score in which more than {BROKEN_SHARE:.0%} are such is left out.",
        _without_broken_bars,
    ),
    CleaningRule(
        "too-short",
        f"Stretches of fewer than {FEWEST_BARS} bars are left out, and scores of fewer than {FEWEST_NOTES} notes.",
        _long_enough,
    ),
    CleaningRule(
        "too-long", f"Scores of more than {MOST_BARS:,} bars or {MOST_PARTS} parts are left out.", _short_enough
    ),
    CleaningRule(
        "canonical-form", "A score becomes its one text; one whose text gives another score is left out.", _canonical
    ),
)
