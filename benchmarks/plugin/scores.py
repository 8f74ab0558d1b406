"""Twenty scores of different make-up: small ones of our own, and files of the test suite, of which other programs wrote most."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write

_FILES = Path(__file__).parents[2] / "tests" / "data"
_OF_THE_TESTS = (
    "chorale",
    "clarinet",
    "finale_pickup",
    "repeats",
    "piano_cross_staff",
    "grace_notes",
    "chord_symbols",
    "lyrics",
)
_OWN = {
    "one voice": """parts:
 1: clef=G2 midi=74 Flute
1: key=1 time=4/4 g44 b d54 b44
2: c54 b44 a42
3: b44 d54 g fs
4: g51
""",
    "piano in four voices": """parts:
 1: clef=G2,F4 midi=1 Piano
1: key=-3 time=3/4 eb54 d c & g42 ab44 / c34 eb g & c22.
2: f54 g ab & c52 eb54 / d34 f bb & bb12.
3: g52 f54 & eb52 d54 / eb34 g bb & eb22.
4: eb52. & bb42. / g34 bb2 g & eb22.
""",
    "string quartet": """parts:
 1: clef=G2 midi=41 Violin I
 2: clef=G2 midi=41 Violin II
 3: clef=C3 midi=42 Viola
 4: clef=F4 midi=43 Violoncello
1: key=2 time=4/4 =f fs54 a d6 a5 / =f d54 fs a fs / =f a42 d / =f d32 fs
2: g54' fs' e' d' / b48 cs5 d e cs52 / g42 a / b22 a
3: fs52. e54 / d52. cs54 / a42. a44 / d38 e fs g a34 a24
4: d51 / a41 / fs41 / d31
""",
    "transposing winds": """parts:
 1: clef=G2 midi=74 Flute
 2: clef=G2 midi=72 transpose=-2/-1/0 "Clarinet in B flat"
 3: clef=G2 midi=61 transpose=-7/-4/0 "Horn in F"
 4: clef=F4 midi=71 Bassoon
1: key=0;2=2;3=1 time=4/4 c54 e g e / a42 b / d52 e / c32 g2
2: f52 e54 d / b42 a / c52 b4 / a32 b
3: c52. r4 / d52. r4 / g42. r4 / c32. r4
4: e51 / fs51 / d51 / c31
""",
    "jig with a pickup": """parts:
 1: clef=G2 midi=41 Fiddle
1: implicit length=1/8 key=1 time=6/8 d58
2: g58 fs g a g a
3: b48 a g d44 b48
4: g44 g48 b a g
5: g44. g44 r8
""",
    "another metre": """parts:
 1: clef=G2 midi=69 Oboe
 2: clef=F4 midi=71 Bassoon
1: key=-1 time=4/4 f54 g a bb / f32 c
2: c62 a52 / f31
3: time=3/4 bb54 a g / g32.
4: a52. / f32.
""",
    "five eighths": """parts:
 1: clef=G2 midi=1 Piano
1: key=0 time=5/8 a48 c5 e d54
2: c58 b4 a g44
3: a48 c5 e g54
4: e54. e54
""",
    "triplets and sixteenths": """parts:
 1: clef=G2 midi=41 Violin
1: key=3 time=2/4 a48t cs5 e a416 b cs5 d
2: e58t d cs b4 cs5 d
3: e516 fs gs a e54
4: a42
""",
    "organ on three staves": """parts:
 1: clef=G2,F4,F4 midi=20 Organ
1: key=0,minor time=4/4 e54 d c b4 / c42 a3 / a21
2: a44 c5 b4 a / e42 e / a22 e
3: gs42 b / e32 e / e21
4: a41 / c41_e / a21
""",
    "brass in flats": """parts:
 1: clef=G2 midi=57 transpose=-2/-1/0 Trumpet
 2: clef=F4 midi=58 Trombone
1: key=1=-2;2=-4 time=3/8 bb48 d5 f / ab28 eb3 ab
2: g58 eb54 / bb28 db3 f
3: f58 d bb4 / eb34.
4: c54. / ab24.
""",
    "song with piano": """parts:
 1: clef=G2 midi=53 Voice
 2: clef=G2,F4 midi=1 Piano
1: key=-1 time=2/4 a44 c5 / f48_a c5 f4 a / f32
2: bb44. a48 / g48_bb d5 g4 bb / g22
3: g44 e / c48 e g c5 / c32
4: f42 / f42_a_c5 / f22 end=final
""",
    "saxophone and drums": """parts:
 1: clef=G2 midi=66 transpose=-9/-5/0 Alto Saxophone
 2: clef=percussion midi=1x37c10,1x39c10 instrument1="Acoustic Bass Drum" instrument2="Acoustic Snare" Drumset
1: key=1=3;2=0 time=4/4 fs44 gs a b / xc54{instrument=2} xc{instrument=2} xc{instrument=2} xc{instrument=2}
2: d54 cs b4 a / xc54{instrument=2} xc{instrument=2} xc{instrument=2} xc{instrument=2}
3: gs44 a b a / xc54{instrument=2} xc{instrument=2} xc{instrument=2} xc{instrument=2}
4: fs41 / xc54{instrument=2} xc{instrument=2} xc{instrument=2} xc{instrument=2}
""",
}


def scores(folder: Path) -> Iterator[Path]:
    """The files, one after another; our own are written into the folder."""
    for name, text in _OWN.items():
        path = folder / f"{name.replace(' ', '-')}.musicxml"
        path.write_bytes(write(loads(text)))
        yield path
    yield from (_FILES / f"{name}.musicxml" for name in _OF_THE_TESTS)
