"""What goes over the borders of bars that are written anew: clefs, ties, slurs, hairpins and other lines that others begin or end. Knows the score model.

The bars around stay as they are, so that new ones have to end what was open before them, and to begin what is ended after them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chordllama.codec.excerpt import SignaturesInForce
from chordllama.generate.border_lines import Over, with_lines
from chordllama.generate.border_ties import with_ties_in, with_ties_out
from chordllama.generate.tidy import without_loose_ties
from chordllama.score.model import Bar, Direction, Rest, Row, Score


def bordered(
    new: tuple[Bar, ...], score: Score, first: int, over: Mapping[int, Over], *, goes_on: bool = False
) -> tuple[Bar, ...]:
    """The bars that stand for those of a score from `first` (from 0) on, with what goes over their borders.

    `over` are the lines that do, by part: other parts stay as they are. With `goes_on` other new bars will follow, so that only what
    comes in is looked after.
    """
    new = with_ties_in(new, score.bars[:first], score.bar_lengths[first], over)
    if goes_on:
        return with_lines(new, first, over, goes_on=True)
    new = without_loose_ties(with_ties_out(new, score, first, over), score.bars[first + len(new) :][:1])
    return _with_clefs(with_lines(new, first, over), score, first)


def _with_clefs(new: tuple[Bar, ...], score: Score, first: int) -> tuple[Bar, ...]:
    """The bars, the last one ending in the clefs of the old ones: the bars after it don't tell theirs."""
    before = SignaturesInForce(score.parts).after(score.bars[:first])
    clefs = dict(before.clefs)
    old = before.after(score.bars[first : first + len(new)]).clefs
    now = SignaturesInForce(score.parts, clefs=clefs).after(new).clefs
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
