"""A score as training rows: instruction, input and output for each task. Knows wording and bars; knows no files and no model.

instruction + input + output is exactly the prompt and the answer that a model is shown and writes when it is asked (tasks/music_prompts.py).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from chordllama.codec.compact import dump_bar
from chordllama.codec.excerpt import Cutter
from chordllama.codec.grammar import END
from chordllama.placing.transpose import CannotTranspose
from chordllama.score.model import Bar, Part, Score
from chordllama.tasks.music_prompts import Write, header, instruction, lean
from chordllama.tasks.music_tasks import MUSIC_TASKS, parse_instruction
from chordllama.tasks.row_texts import MusicRow, TeachesNothing
from chordllama.tasks.transpose_text import transpose_key, transpose_line
from chordllama.tasks.windows import cuts

FEWEST_BARS = 4
INSTRUCTION_TOKENS = 60
"""Tokens kept for an instruction with all wishes, and for the ends of header and answer."""
PER_BAR = 4
"""Tokens kept for a bar's number and line break, however the tokenizer parts them."""

Count = Callable[[str], int]


def rows(
    score: Score,
    facts: Mapping[str, str],
    count: Count,
    maximum_tokens: int,
    chance: random.Random,
    left_out: Counter[str] | None = None,
) -> Iterator[MusicRow]:
    """Yield the rows of a score, each of at most `maximum_tokens` by `count`, task by task; none for what is too short.

    `facts` are what its source tells of it (creator, period). In `left_out` those that teach nothing are counted, by rule.
    """
    left_out = Counter() if left_out is None else left_out
    score = lean(score)
    if len(score.bars) < FEWEST_BARS:
        return
    write, cutter = _remembering(), Cutter(score)
    sizes = [count(write(bar, score.parts)) + PER_BAR for bar in score.bars]
    room = maximum_tokens - INSTRUCTION_TOKENS - count(header(score)) * 2
    for task in MUSIC_TASKS.values():
        if len(score.parts) < task.fewest_parts:
            continue
        budget = room * chance.choice((1.0, 1.0, 0.5, 0.25)) / task.row_size
        windows = [
            (first, last)
            for first, last in cuts(sizes, budget)
            if last - first >= FEWEST_BARS and sum(sizes[first:last]) <= room / task.row_size
        ]
        for piece in cutter.cut(windows):
            try:
                row = task.row(piece, facts, chance, write)
            except TeachesNothing as fault:
                left_out[fault.rule] += 1
            else:
                yield row


def _remembering() -> Write:
    """Return a `dump_bar` that writes each bar once, however many rows it stands in."""
    known: dict[int, tuple[Bar, str]] = {}

    def write(bar: Bar, parts: Sequence[Part]) -> str:
        found = known.get(id(bar))
        if found is None:
            found = known[id(bar)] = (bar, dump_bar(bar, parts))  # kept, so that no other bar gets its id
        return found[1]

    return write


# ----------------------------------------------------------------------------------------------------------------- and back


def transposed(row: MusicRow, fifths: int) -> MusicRow | None:
    """Return a row with its bars, and the key that it asks for, moved along the circle of fifths; None where they can't be written there."""
    task, wanted, ending, wishes = parse_instruction(row.instruction)
    try:
        if wishes.key:
            wishes = replace(wishes, key=transpose_key(wishes.key, fifths))
        asked = instruction(task, wanted, ending, wishes)
        return MusicRow(asked, _moved(row.input, fifths), _moved(row.output, fifths))
    except CannotTranspose:
        return None


def _moved(text: str, fifths: int) -> str:
    """Return text with its bars transposed; the header's lines and the answer's end stay."""
    lines = text.splitlines(keepends=True)
    return "".join(transpose_line(line, fifths) if _is_bar(line) else line for line in lines)


def _is_bar(line: str) -> bool:
    return (line[0].isdigit() or line[0] == "-") and line != END
