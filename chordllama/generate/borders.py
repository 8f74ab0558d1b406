"""What goes over the borders of bars that are written anew: clefs, ties, slurs and hairpins that others begin or end. Knows the score model.

The bars around stay as they are, so that new ones have to end what was open before them, and to begin what is ended after them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from chordllama.codec.excerpt import State
from chordllama.codec.words.values import mark_rank
from chordllama.generate.border_ties import with_ties_in, with_ties_out
from chordllama.generate.tidy import first_ends, open_slurs, open_wedges, without_loose_ties
from chordllama.score import Bar, Chord, Direction, Item, Mark, Rest, Row, Score


def bordered(
    new: tuple[Bar, ...], score: Score, first: int, parts: Collection[int], *, goes_on: bool = False
) -> tuple[Bar, ...]:
    """The bars that stand for those of a score from `first` (from 0) on, in these parts, with what goes over their borders.

    With `goes_on` other new bars will follow, so that only what comes in is looked after.
    """
    before, old = score.bars[:first], score.bars[: first + len(new)]
    new = with_ties_in(new, before, score.bar_lengths[first], parts)
    if goes_on:
        return new
    new = without_loose_ties(with_ties_out(new, score, first, parts), score.bars[first + len(new) :][:1])
    new = _with_slurs(new, before, old, parts)
    new = _with_wedges(new, before, old, parts)
    return _with_clefs(new, score, first)


# ------------------------------------------------------------------------------------------------------------------ slurs


def _with_slurs(
    new: tuple[Bar, ...], before: tuple[Bar, ...], old: tuple[Bar, ...], parts: Collection[int]
) -> tuple[Bar, ...]:
    wanted, found = open_slurs(old), open_slurs(before + new)
    for part, number in sorted(found - wanted):
        new = _marked(new, part, Mark("slur-stop", number), first=True) if part in parts else new
    for part, number in sorted(wanted - found):
        new = _marked(new, part, Mark("slur-start", number), first=False) if part in parts else new
    return new


def _marked(bars: tuple[Bar, ...], part: int, mark: Mark, *, first: bool) -> tuple[Bar, ...]:
    """The bars with a mark at the first or last note of a part; as they are, where it has none."""
    places = [
        (b, r, i)
        for b, bar in enumerate(bars)
        for r, row in enumerate(bar.rows)
        for i, item in enumerate(row.items)
        if row.part == part and isinstance(item, Chord) and not item.grace
    ]
    if not places:
        return bars
    b, r, i = places[0] if first else places[-1]

    def with_mark(row: Row) -> Row:
        return replace(row, items=tuple(_with_mark(item, mark) if n == i else item for n, item in enumerate(row.items)))

    return _with_row(bars, b, r, with_mark)


def _with_mark(item: Item, mark: Mark) -> Item:
    assert isinstance(item, Chord)
    head, *others = item.notes
    marks = tuple(sorted({*head.marks, mark}, key=mark_rank))
    return replace(item, notes=(replace(head, marks=marks), *others))


def _with_row(bars: tuple[Bar, ...], b: int, r: int, change: Callable[[Row], Row]) -> tuple[Bar, ...]:
    rows = tuple(change(row) if n == r else row for n, row in enumerate(bars[b].rows))
    return (*bars[:b], replace(bars[b], rows=rows), *bars[b + 1 :])


# ---------------------------------------------------------------------------------------------------------------- hairpins


def _with_wedges(
    new: tuple[Bar, ...], before: tuple[Bar, ...], old: tuple[Bar, ...], parts: Collection[int]
) -> tuple[Bar, ...]:
    """What is open is ended where it ended in the old bars, too, and where others come, which would be taken for its own."""
    wanted, ends = open_wedges(old), first_ends(new)
    for part, number in sorted(line for line in open_wedges(before) if not ends.get(line, line in wanted)):
        stop = Direction("wedge", f"stop {number}".rstrip())
        new = _begun_with(new, part, stop, 0) if part in parts else new
    for part, number in sorted(wanted.keys() - open_wedges(before + new).keys()):
        start = replace(wanted[part, number], offset=0)
        new = _begun_with(new, part, start, len(new) - 1) if part in parts else new
    return new


def _begun_with(bars: tuple[Bar, ...], part: int, sign: Direction, b: int) -> tuple[Bar, ...]:
    """The bars of which one begins with a sign in the part's first row; as they are, where the part has none there."""
    r = next((n for n, row in enumerate(bars[b].rows) if row.part == part), None)
    return bars if r is None else _with_row(bars, b, r, lambda row: replace(row, items=(sign, *row.items)))


# ------------------------------------------------------------------------------------------------------------------ clefs


def _with_clefs(new: tuple[Bar, ...], score: Score, first: int) -> tuple[Bar, ...]:
    """The bars, the last one ending in the clefs of the old ones: the bars after it don't tell theirs."""
    before = State(score.parts).after(score.bars[:first])
    clefs = dict(before.clefs)
    old = before.after(score.bars[first : first + len(new)]).clefs
    now = State(score.parts, clefs=clefs).after(new).clefs
    begun = {(part, staff): clef for part, own in enumerate(score.parts) for staff, clef in enumerate(own.clefs, 1)}
    wanted = {
        seat: clef
        for seat in {*old, *now}
        if (clef := old.get(seat, begun[seat])) != now.get(seat, begun[seat]) and clef
    }
    rows = {row.place: row for row in new[-1].rows}
    for (part, staff), clef in wanted.items():
        place = next((place for place in sorted(rows) if place[:2] == (part, staff)), (part, staff, 1))
        row = rows.get(place, Row(*place, (Rest(),)))
        rows[place] = replace(row, items=(*row.items, Direction("clef", clef)))
    return (*new[:-1], replace(new[-1], rows=tuple(rows[place] for place in sorted(rows))))
