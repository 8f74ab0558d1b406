"""A score as training rows: instruction, input and output for each of the four tasks. Knows wording and bars; knows no files and no model.

instruction + input + output is exactly the prompt and the answer that a model is shown and writes when it is asked (tasks/music.py).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, Protocol

from chordllama.codec.compact import dump_bar
from chordllama.codec.excerpt import Cutter
from chordllama.codec.grammar import END
from chordllama.codec.words.frames import format_time
from chordllama.codec.words.key_words import format_key
from chordllama.score.model import Bar, Chord, Key, Part, Row, Score, Time
from chordllama.tasks.music import (
    BEAT,
    TASKS,
    Task,
    Wishes,
    Write,
    answer,
    density,
    ending_of,
    given,
    header,
    instruction,
    lean,
    numbered,
    parse_instruction,
    rhythm,
)
from chordllama.tasks.transpose import CannotTranspose
from chordllama.tasks.transpose_text import transpose_key, transpose_line
from chordllama.tasks.windows import cuts

FEWEST_BARS = 4
MOST_BARS = 256
"""As many as may be asked for."""
WISHED = 0.3
"""How often each wish is told; in half of the rows none is."""
INSTRUCTION_TOKENS = 60
"""Room for an instruction with all wishes, and for the header's and answer's ends."""
PER_BAR = 4
"""Room for a bar's own number and line break, whatever the tokenizer makes of them there."""

NOTHING_ASKED, NOTHING_GIVEN = "nothing-asked", "nothing-given"
RULES: Mapping[str, str] = {
    NOTHING_ASKED: "A row whose answer's notes are all given is left out: no other part sounds, or a rhythm hides no note.",
    NOTHING_GIVEN: "A row of `harmonise` whose given part is silent is left out: nothing could be written to it.",
}
"""By which a row is left out, and what each says."""

Count = Callable[[str], int]


class TeachesNothing(Exception):
    """A row that breaks one of `RULES`, whose name `rule` is."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class MusicRow(NamedTuple):
    """One training pair; the three texts follow each other without anything between them."""

    instruction: str
    input: str
    output: str


def rows(
    score: Score,
    facts: Mapping[str, str],
    count: Count,
    maximum_tokens: int,
    chance: random.Random,
    left_out: Counter[str] | None = None,
) -> Iterator[MusicRow]:
    """The rows of a score, each of at most `maximum_tokens` by `count`, all four tasks; none for what is too short.

    `facts` are what its source tells of it (creator, period). In `left_out` those that teach nothing are counted, by rule.
    """
    left_out = Counter() if left_out is None else left_out
    score = lean(score)
    if len(score.bars) < FEWEST_BARS:
        return
    write, cutter = _remembering(), Cutter(score)
    sizes = [count(write(bar, score.parts)) + PER_BAR for bar in score.bars]
    room = maximum_tokens - INSTRUCTION_TOKENS - count(header(score)) * 2
    for task in TASKS:
        if task == "harmonise" and len(score.parts) < 2:
            continue
        budget = room * chance.choice((1.0, 1.0, 0.5, 0.25)) / SHARES[task]
        windows = [
            (first, last)
            for first, last in cuts(sizes, budget)
            if last - first >= FEWEST_BARS and sum(sizes[first:last]) <= room / SHARES[task]
        ]
        for piece in cutter.cut(windows):
            try:
                row = WRITERS[task](piece, facts, chance, write)
            except TeachesNothing as fault:
                left_out[fault.rule] += 1
            else:
                yield row


SHARES: Mapping[Task, float] = {"continue": 1.1, "infill": 1.1, "harmonise": 1.95, "vary": 2.2}
"""How many tokens a row has for each of its bars' own; the first bar of an excerpt tells key and time again."""


def _remembering() -> Write:
    """A `dump_bar` that writes each bar once, however many rows it stands in."""
    known: dict[int, tuple[Bar, str]] = {}

    def write(bar: Bar, parts: Sequence[Part]) -> str:
        found = known.get(id(bar))
        if found is None:
            found = known[id(bar)] = (bar, dump_bar(bar, parts))  # kept, so that no other bar gets its id
        return found[1]

    return write


# ---------------------------------------------------------------------------------------------------------- the four tasks


def _continue(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    bars = len(score.bars)
    shown = min(bars - 1, max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.25, 0.75))))))
    new = score.bars[shown:]
    asked = instruction("continue", len(new), ending_of(new), _wishes(score, shown, facts, chance))
    before = numbered(score.bars[:shown], score.parts, write=write)
    return MusicRow(asked, header(score) + before, answer(new, score.parts, write))


def _infill(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    bars = len(score.bars)
    wanted = max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.1, 0.6)))))
    first = chance.randint(1, max(1, bars - wanted - 1))
    last = min(first + wanted, bars - 1)
    asked = instruction("infill", last - first, None, _wishes(score, first, facts, chance))
    before = numbered(score.bars[:first], score.parts, write=write)
    after = numbered(score.bars[last:], score.parts, last + 1, write)
    return MusicRow(asked, header(score) + before + after, answer(score.bars[first:last], score.parts, write))


def _harmonise(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    part = chance.choice((0, chance.randrange(len(score.parts))))
    asked = instruction("harmonise", len(score.bars), None, _wishes(score, 0, facts, chance))
    sounding = {
        row.part for bar in score.bars for row in bar.rows if any(isinstance(item, Chord) for item in row.items)
    }
    if sounding <= {part}:
        raise TeachesNothing(NOTHING_ASKED)
    if part not in sounding:
        raise TeachesNothing(NOTHING_GIVEN)
    return _own_piece(asked, given(score, frozenset({part})), score, write)


def _vary(score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar) -> MusicRow:
    asked = instruction("vary", len(score.bars), None, _wishes(score, 0, facts, chance))
    if not any(_hides_notes(row) for bar in score.bars for row in bar.rows):
        raise TeachesNothing(NOTHING_ASKED)
    return _own_piece(asked, rhythm(score), score, write)


def _hides_notes(row: Row) -> bool:
    """Whether there are notes in a row that its rhythm doesn't tell."""
    chords = (item for item in row.items if isinstance(item, Chord))
    return any(chord.notes != BEAT for chord in islice(chords, 1, None))


def _own_piece(asked: str, shown: Score, score: Score, write: Write) -> MusicRow:
    return MusicRow(asked, header(score) + numbered(shown.bars, shown.parts), answer(score.bars, score.parts, write))


class RowWriter(Protocol):
    """Makes a row of all bars of a score. Raises TeachesNothing."""

    def __call__(
        self, score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar
    ) -> MusicRow: ...


WRITERS: Mapping[Task, RowWriter] = {
    "continue": _continue,
    "infill": _infill,
    "harmonise": _harmonise,
    "vary": _vary,
}


def _wishes(score: Score, first: int, facts: Mapping[str, str], chance: random.Random) -> Wishes:
    """What is true of the bars from `first` on, each told by chance only."""
    told = chance.random() < 0.5
    names = [name for name in _TRUE if chance.random() < WISHED and told]
    return Wishes(**{name: _TRUE[name](score, first, facts) for name in names})


_TRUE: Mapping[str, Callable[[Score, int, Mapping[str, str]], str]] = {
    "key": lambda score, first, _: _in_force(score.bars[: first + 1], "keys"),
    "time": lambda score, first, _: _in_force(score.bars[: first + 1], "times"),
    "instruments": lambda score, _first, _: ",".join(
        str(part.instruments[0].program) for part in score.parts if part.instruments
    ),
    "density": lambda score, first, _: density(score.bars[first:]),
    "period": lambda _score, _first, facts: facts.get("period", ""),
    "by": lambda _score, _first, facts: facts.get("creator", "")[:40],
}
"""What each wish would tell; in the order of `Wishes`."""


def _in_force(bars: Sequence[Bar], kind: str) -> str:
    """The last key or time of all parts together; "" where there is none."""
    changes = [change for bar in bars for change in getattr(bar, kind) if change.part is None]
    value = changes[-1].value if changes else None
    if isinstance(value, Key):
        return format_key(value) if not value.alters else ""
    return format_time(value) if isinstance(value, Time) else ""


# ----------------------------------------------------------------------------------------------------------------- and back


def transposed(row: MusicRow, fifths: int) -> MusicRow | None:
    """The row with its bars and the key that was asked for moved along the circle of fifths; None where they can't be written there."""
    task, wanted, ending, wishes = parse_instruction(row.instruction)
    try:
        if wishes.key:
            wishes = replace(wishes, key=transpose_key(wishes.key, fifths))
        asked = instruction(task, wanted, ending, wishes)
        return MusicRow(asked, _moved(row.input, fifths), _moved(row.output, fifths))
    except CannotTranspose:
        return None


def _moved(text: str, fifths: int) -> str:
    """Text with its bars transposed; the header's lines and the answer's end stay."""
    lines = text.splitlines(keepends=True)
    return "".join(transpose_line(line, fifths) if _is_bar(line) else line for line in lines)


def _is_bar(line: str) -> bool:
    return (line[0].isdigit() or line[0] == "-") and line != END
