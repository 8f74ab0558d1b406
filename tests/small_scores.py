"""Small scores of several kinds, as compact text, for tests that need music. Knows no tests."""

from __future__ import annotations

import random
import re
import string
from pathlib import Path

from chordllama.codec.compact import loads
from chordllama.codec.grammar import MARKS
from chordllama.score.model import Score
from chordllama.tasks.music_prompts import answer, lean

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Scores that are too large for the repository; tests that want them are skipped where they aren't."""

TEXTS = {
    "chorale": """parts:
 1: clef=G2 S
 2: clef=G2 A
 3: clef=G2_8 T
 4: clef=F4 B
1: implicit length=1/4 key=2 time=4/4 a44 / fs44 / d44 / d34
2: b44 a d5 cs / g44 fs b a48 g / d44 d fs e / g34 d b a
3: b42*( a) / g44.~ g48 fs44 e / d44 e d42 / g32 d
4: length=3/4 a44 g fs / e44 e d / cs44 b3 a / a34 e d~
""",
    "piano": """parts:
 1: clef=G2,F4 midi=1 Piano
1: key=-3 time=3/4 =p eb54'( d58' c') b44~> & g42. / c32_eb_g e34
2: =< b416 c5 d eb f58t g ab =! g54 / =G2 c44_eb g@1 =F4 c3{arpeggiate}_g{arpeggiate}
3: r & s2 c44 / c22.
4: =f eb52 d58g/ c54, / ab24 g22
""",
    "six eight": """parts:
 1: clef=G2 Flute
1: key=1 time=6/8 d58 b4 g g44 a48
2: b44. d5
3: e58t2 d c58 b416 a g48
""",
    "tuplets": """parts:
 1: clef=G2 Violin
1: time=3/4 c48t d e f416t5 g a b c5 d58 r
2: c54t b48t a44t g48t f44
""",
    "percussion": """parts:
 1: clef=percussion midi=1c10 Drums
 2: clef=F4 Bass
1: time=4/4 xf48_xg5 xg5 xc_xg xg xf4_xg5 xf xc5 xg / e24 e e28 g b24
2: xf44 xc5 xf4 xc5 / a24 a g22
""",
    "chord symbols": """parts:
 1: clef=G2 Tune
1: key=-1 time=4/4 F f44 a Dm7 c5 d
2: Gm7 bb42 C7/E g
""",
    "one part silent": """parts:
 1: clef=G2 Voice
 2: clef=G2,F4,F4 Organ
 3: clef=G2 Horn
1: time=2/4 c44 d /2.2 c34_e_g f_a_c4
2: e42 /2.2 g32_b_d4
""",
    "transposing": """parts:
 1: clef=G2 Flute
 2: clef=G2 transpose=-2/-1/0 Clarinet
1: key=1=-2;2=0 time=2/2 bb42 c5 / c52 d
2: d54 eb f52~ / e54 f g52~
""",
    "senza misura": """parts:
 1: clef=G2 Chant
1: length=3/2 time=none d44 f g a42.
2: length=5/4 e44 f g d42
""",
    "two voices": """parts:
 1: clef=G2_8 Guitar
1: time=2/4 =mf e58 d c54 & c34 g & s4 e34
2: r & c38( d e f)
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
    scores = [lean(small_score(name)) for name in sorted(TEXTS)]
    text = "".join(answer(score.bars, score.parts) for score in scores)
    words = re.findall(r"[^ \n]+", text)
    cut = random.Random(0)
    across = [text[start : start + cut.randint(2, 14)] for start in range(0, len(text), 5)]
    pieces = {*words, *(f" {word}" for word in words), *(piece for piece in across if "\n" not in piece)}
    return sorted({*pieces, *(mark for mark in MARKS if "{" in mark), *string.printable[:95], "\n", "0:"})
