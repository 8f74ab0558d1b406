"""Clefs at the end of bars that are written anew: the bars after them don't repeat theirs. Knows the score model."""

from __future__ import annotations

from dataclasses import replace

from chordllama.codec.excerpt import SignaturesInForce
from chordllama.placing.placement import Placement
from chordllama.score.editing import Bars, Rows, edited
from chordllama.score.model import Direction


def with_clefs_restored(bars: Bars, at: Placement) -> Bars:
    """Return the bars, the last one ending in the clefs that the old ones ended in."""
    parts = at.score.parts
    before = SignaturesInForce(parts).after(at.before)
    clefs = dict(before.clefs)
    old = before.after(at.score.bars[at.first : at.last]).clefs
    now = SignaturesInForce(parts, clefs=clefs).after(bars).clefs
    begun = {(part, staff): clef for part, own in enumerate(parts) for staff, clef in enumerate(own.clefs, 1)}
    wanted = {
        seat: clef
        for seat in {*old, *now}
        if (clef := old.get(seat, begun[seat])) != now.get(seat, begun[seat]) and clef
    }

    def end_in_clefs(rows: Rows) -> None:
        for (part, staff), clef in wanted.items():
            row = rows[place := rows.first_of(part, staff)]
            rows[place] = replace(row, items=(*row.items, Direction("clef", clef)))

    return edited(bars, len(bars) - 1, end_in_clefs) if wanted else bars
