"""ABC as people write it: fields within a line, voices in turn, books of tunes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chordllama.codec.musicxml import read
from chordllama.conversion.abc_text import plain_abc
from chordllama.conversion.foreign import to_musicxml
from chordllama.errors import ScoreError
from chordllama.score.model import Chord, Key, Score

HEAD = "X:1\nL:1/4\nM:4/4\nK:C\n"


def heights(score: Score, part: int) -> list[list[int | Fraction]]:
    return [
        [item.notes[0].height for row in bar.rows if row.part == part for item in row.items if isinstance(item, Chord)]
        for bar in score.bars
    ]


def read_abc(text: str) -> Score:
    return read(to_musicxml(text.encode(), "tune.abc"))


@pytest.mark.parametrize(
    "body",
    [
        "V:1 treble\nV:2 bass\n[V:1]CDEF|[V:2]C,4|\n[V:1]GABc|[V:2]G,4|\n",
        "V:1\nCDEF|\nV:2\nC,4|\nV:1\nGABc|\nV:2\nG,4|\n",
        "V:1\nCDEF|GABc|\nV:2\nC,4|G,4|\n",
    ],
)
def test_voices_that_take_turns_sound_together(body: str) -> None:
    score = read_abc(HEAD + body)
    upper, lower = (heights(score, part) for part in (0, 1))
    assert [[height - upper[0][0] for height in bar] for bar in upper] == [[0, 2, 4, 5], [7, 9, 11, 12]]
    assert [[height - upper[0][0] for height in bar] for bar in lower] == [[-12], [-5]]


def test_key_and_metre_within_a_line_hold_from_there_on() -> None:
    score = read_abc("X:1\nL:1/8\nM:6/8\nK:D\ndcBAGF|[K:Eb][M:3/8]GFE|FGB|]\n")
    assert [change.value for change in score.bars[1].keys if isinstance(change.value, Key)] == [Key(-3, "major")]
    assert [length // score.bar_lengths[2] for length in score.bar_lengths] == [2, 1, 1]
    assert heights(score, 0)[1][2] % 12 == 3


def test_a_book_of_tunes_is_refused_in_words() -> None:
    with pytest.raises(ScoreError, match=r"tune\.abc: can't be read as abc") as fault:
        read_abc(HEAD + "CDEF|\n\n" + HEAD + "GABc|\n")
    assert fault.value.cause == "there are 2 tunes in it: keep one of them in the file"


@pytest.mark.parametrize("line", ['"[K:G]"CDEF|', "[CEG]4|", "% [V:2]", "w: [V:1]"])
def test_what_is_no_field_stays(line: str) -> None:
    assert plain_abc(HEAD + line) == HEAD + line
