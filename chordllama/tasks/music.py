"""How a score becomes a prompt and its continuation. Knows the compact text; knows no model.

The wording stands here and nowhere else: training, generation and evaluation all ask for it. A prompt says how many bars are
wanted and whether the music ends with them, then the parts, then the bars that are there, counted from 1; the answer counts
down to its last bar, -1, and ends with 0, so that its length is exact and the model sees the end come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from chordllama.codec.compact import dump_bar, dump_header, format_line
from chordllama.codec.grammar import END
from chordllama.codec.omit import omit
from chordllama.excerpt import excerpt
from chordllama.score import FINAL, Bar, Barline, Change, Instrument, Key, Part, Score, Time

Ending = Literal["open", "close"]

LEFT_OUT = (
    "lyrics",
    "words",
    "tempo",
    "navigation",
    "technical",
    "pedal",
    "octave-shifts",
    "noteheads",
    "engraving",
    "beams",
    "stems",
)
"""Kinds of signs that the model is neither shown nor asked for."""


def lean(score: Score) -> Score:
    """The score as the model sees it: notes and their signs, no texts and no names."""
    bars = tuple(map(_lean_bar, omit(score, LEFT_OUT).bars))
    return Score(tuple(map(_lean_part, score.parts)), bars)


def _lean_part(part: Part) -> Part:
    programs = tuple(
        Instrument(program=instrument.program) for instrument in part.instruments[:1] if instrument.program
    )
    return Part(clefs=part.clefs, instruments=programs)


def _lean_bar(bar: Bar) -> Bar:
    return replace(bar, keys=_plain(bar.keys), times=_plain(bar.times), number=None, implicit=False)


def _plain(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(replace(change, value=_without_sign(change.value)) for change in changes)


def _without_sign(value: Key | Time | None) -> Key | Time | None:
    if isinstance(value, Key):
        return Key(value.fifths)
    return Time(value.beats) if isinstance(value, Time) else value


def prompt(score: Score, first: int, wanted: int, ending: Ending) -> str:
    """The prompt that asks for `wanted` bars after a lean score, of which the bars from `first` on are shown."""
    shown = excerpt(score, first, len(score.bars))
    return opening(shown, wanted, ending) + "".join(
        block(str(n), bar, shown.parts) for n, bar in enumerate(shown.bars, 1)
    )


def opening(score: Score, wanted: int, ending: Ending) -> str:
    """What a prompt says before its first bar."""
    return "\n".join([f"continue: {wanted} {ending}", *dump_header(score)]) + "\n"


def answer(bars: Iterable[Bar], parts: Sequence[Part]) -> str:
    """The answer that these bars are."""
    new = list(bars)
    return "".join(block(str(n - len(new)), bar, parts) for n, bar in enumerate(new)) + END


def block(key: str, bar: Bar, parts: Sequence[Part]) -> str:
    """One bar under its key, with the line break after it."""
    return format_line(key, dump_bar(bar, parts)) + "\n"


def ending_of(bars: tuple[Bar, ...]) -> Ending:
    """Whether music closes with the last of these bars."""
    return "close" if bars[-1].end.style == FINAL.style else "open"


def has_closed(bar: Bar) -> bool:
    """Whether a bar ends with a plain final bar line: one that moves when the music goes on."""
    return bar.end == Barline(style=FINAL.style)
