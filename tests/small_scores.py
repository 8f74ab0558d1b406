"""Small scores of several kinds, as compact text, for tests that need music. Knows no tests."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

from chordllama.codec.compact import loads
from chordllama.codec.grammar import MARKS
from chordllama.score import Score
from chordllama.tasks.music import answer, lean

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Scores that are too large for the repository; tests that want them are skipped where they aren't."""

TEXTS = {
    "chorale": """parts:
 a00: {name: S, clef: G2}
 a01: {name: A, clef: G2}
 a02: {name: T, clef: G2_8}
 a03: {name: B, clef: F4}
1:
 implicit: true
 length: 1/4
 key: 2
 time: 4/4
 a00: a44
 a01: fs44
 a02: d44
 a03: d34
2:
 a00: b44 a d5 cs
 a01: g44 fs b a48 g
 a02: d44 d fs e
 a03: g34 d b a
3:
 a00: b42*( a)
 a01: g44.~ g48 fs44 e
 a02: d44 e d42
 a03: g32 d
4:
 length: 3/4
 a00: a44 g fs
 a01: e44 e d
 a02: cs44 b3 a
 a03: a34 e d~
""",
    "piano": """parts:
 a00: {name: Piano, clef: G2 F4, midi: '1'}
1:
 key: -3
 time: 3/4
 a00: =p eb54'( d58' c') b44~>
 a00_2: g42.
 b00: c32_eb_g e34
2:
 a00: =< b416 c5 d eb f58t g ab =! g54
 b00: =G2 c44_eb g@a =F4 c3{arpeggiate}_g{arpeggiate}
3:
 a00: r
 a00_2: s2 c44
 b00: c22.
4:
 a00: =f eb52 d58g/ c54,
 b00: ab24 g22
""",
    "six eight": """parts:
 a00: {name: Flute, clef: G2}
1:
 key: 1
 time: 6/8
 a00: d58 b4 g g44 a48
2:
 a00: b44. d5
3:
 a00: e58t2 d c58 b416 a g48
""",
    "tuplets": """parts:
 a00: {name: Violin, clef: G2}
1:
 time: 3/4
 a00: c48t d e f416t5 g a b c5 d58 r
2:
 a00: c54t b48t a44t g48t f44
""",
    "percussion": """parts:
 a00: {name: Drums, clef: percussion, midi: '1c10'}
 a01: {name: Bass, clef: F4}
1:
 time: 4/4
 a00: xf48_xg5 xg5 xc_xg xg xf4_xg5 xf xc5 xg
 a01: e24 e e28 g b24
2:
 a00: xf44 xc5 xf4 xc5
 a01: a24 a g22
""",
    "chord symbols": """parts:
 a00: {name: Tune, clef: G2}
1:
 key: -1
 time: 4/4
 a00: F f44 a Dm7 c5 d
2:
 a00: Gm7 bb42 C7/E g
""",
    "one part silent": """parts:
 a00: {name: Voice, clef: G2}
 a01: {name: Organ, clef: G2 F4 F4}
 a02: {name: Horn, clef: G2}
1:
 time: 2/4
 a00: c44 d
 b01: c34_e_g f_a_c4
2:
 a00: e42
 b01: g32_b_d4
""",
    "transposing": """parts:
 a00: {name: Flute, clef: G2}
 a01: {name: Clarinet, clef: G2, transpose: '-2/-1/0'}
1:
 key: a00=-2 a01=0
 time: 2/2
 a00: bb42 c5
 a01: c52 d
2:
 a00: d54 eb f52~
 a01: e54 f g52~
""",
    "senza misura": """parts:
 a00: {name: Chant, clef: G2}
1:
 length: 3/2
 time: none
 a00: d44 f g a42.
2:
 length: 5/4
 a00: e44 f g d42
""",
    "two voices": """parts:
 a00: {name: Guitar, clef: G2_8}
1:
 time: 2/4
 a00: =mf e58 d c54
 a00_2: c34 g
 a00_3: s4 e34
2:
 a00: r
 a00_2: c38( d e f)
""",
}


def small_score(name: str) -> Score:
    """One of the scores above."""
    return loads(TEXTS[name])


def shared_scores(pattern: str, most: int) -> list[Path]:
    """Some of the large scores, evenly spread; none where they are missing."""
    found = sorted(SHARED.glob(pattern))
    return found[:: max(1, len(found) // most)][:most]


def music_pieces() -> list[str]:
    """Pieces as a tokenizer has them: characters, parts of words, words, several words, the start of a row with its first word."""
    text = "".join(answer(lean(small_score(name)).bars) for name in sorted(TEXTS))
    words = re.findall(r"[^ \n]+", text)
    cut = random.Random(0)
    across = [text[start : start + cut.randint(2, 14)] for start in range(0, len(text), 5)]
    pieces = {*words, *(f" {word}" for word in words), *(piece for piece in across if "\n" not in piece)}
    return sorted({*pieces, *(mark for mark in MARKS if "{" in mark), *string.printable[:95], "\n", "0:"})
