"""A score as training rows: instruction, input and output for each of the four tasks. Knows wording and bars; knows no files and no model.

instruction + input + output is exactly the prompt and the answer that a model is shown and writes when it is asked (tasks/music.py).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import NamedTuple

from chordllama.codec.compact import dump_bar
from chordllama.codec.excerpt import excerpts
from chordllama.codec.grammar import END
from chordllama.codec.words.frames import format_time
from chordllama.codec.words.keys import format_key
from chordllama.score import Bar, Chord, Key, Score, Time
from chordllama.tasks.music import (
    BEAT,
    TASKS,
    Task,
    Wishes,
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
from chordllama.tasks.windows import cuts
from chordllama.transpose import CannotTranspose
from chordllama.transpose_text import transpose_key, transpose_line

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
    sizes = [count(dump_bar(bar, score.parts)) + PER_BAR for bar in score.bars]
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
        for piece in excerpts(score, windows):
            try:
                row = WRITERS[task](piece, facts, chance)
            except TeachesNothing as fault:
                left_out[fault.rule] += 1
            else:
                yield row


SHARES: Mapping[Task, float] = {"continue": 1.1, "infill": 1.1, "harmonise": 1.95, "vary": 2.2}
"""How many tokens a row has for each of its bars' own; the first bar of an excerpt tells key and time again."""


# ---------------------------------------------------------------------------------------------------------- the four tasks


def _continue(score: Score, facts: Mapping[str, str], chance: random.Random) -> MusicRow:
    bars = len(score.bars)
    shown = min(bars - 1, max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.25, 0.75))))))
    new = score.bars[shown:]
    asked = instruction("continue", len(new), ending_of(new), _wishes(score, shown, facts, chance))
    return MusicRow(asked, header(score) + numbered(score.bars[:shown], score.parts), answer(new, score.parts))


def _infill(score: Score, facts: Mapping[str, str], chance: random.Random) -> MusicRow:
    bars = len(score.bars)
    wanted = max(1, round(bars * chance.choice((0.5, 0.5, chance.uniform(0.1, 0.6)))))
    first = chance.randint(1, max(1, bars - wanted - 1))
    last = min(first + wanted, bars - 1)
    asked = instruction("infill", last - first, None, _wishes(score, first, facts, chance))
    before = numbered(score.bars[:first], score.parts)
    after = numbered(score.bars[last:], score.parts, last + 1)
    return MusicRow(asked, header(score) + before + after, answer(score.bars[first:last], score.parts))


def _harmonise(score: Score, facts: Mapping[str, str], chance: random.Random) -> MusicRow:
    part = chance.choice((0, chance.randrange(len(score.parts))))
    return _own_piece("harmonise", score, given(score, frozenset({part})), facts, chance)


def _vary(score: Score, facts: Mapping[str, str], chance: random.Random) -> MusicRow:
    return _own_piece("vary", score, rhythm(score), facts, chance)


def _own_piece(task: Task, score: Score, shown: Score, facts: Mapping[str, str], chance: random.Random) -> MusicRow:
    asked = instruction(task, len(score.bars), None, _wishes(score, 0, facts, chance))
    told = _told(shown)
    if told == _told(score):
        raise TeachesNothing(NOTHING_ASKED)
    if task == "harmonise" and not told:
        raise TeachesNothing(NOTHING_GIVEN)
    return MusicRow(asked, header(score) + numbered(shown.bars, shown.parts), answer(score.bars, score.parts))


def _told(score: Score) -> int:
    """How many chords are written with their own notes, and not only as a rhythm."""
    items = (item for bar in score.bars for row in bar.rows for item in row.items)
    return sum(isinstance(item, Chord) and item.notes != BEAT for item in items)


WRITERS: Mapping[Task, Callable[[Score, Mapping[str, str], random.Random], MusicRow]] = {
    "continue": _continue,
    "infill": _infill,
    "harmonise": _harmonise,
    "vary": _vary,
}
"""Each makes a row of all bars of a score. Raises TeachesNothing."""


def _wishes(score: Score, first: int, facts: Mapping[str, str], chance: random.Random) -> Wishes:
    """What is true of the bars from `first` on, each told by chance only."""
    told = chance.random() < 0.5
    true = {
        "key": _in_force(score.bars[: first + 1], "keys"),
        "time": _in_force(score.bars[: first + 1], "times"),
        "instruments": ",".join(str(part.instruments[0].program) for part in score.parts if part.instruments),
        "density": density(score.bars[first:]),
        "period": facts.get("period", ""),
        "by": facts.get("creator", "")[:40],
    }
    return Wishes(**{wish.name: true[wish.name] for wish in fields(Wishes) if chance.random() < WISHED and told})


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
