"""What the 2024 Chord Llama format keeps of MusicXML, and what may stand in what. Knows names and shapes of values only.

Encoder, decoder and mender all walk these tables. A * after a name: it may have siblings of the same name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chordllama.score.model import NOTE_TYPES

KEPT = {
    "measure": "attributes* note* backup* forward* harmony* sound*",
    "attributes": "divisions key* time* staves clef* transpose* measure-style*",
    "note": "grace cue chord pitch unpitched rest duration tie* type dot* accidental time-modification staff",
    "harmony": "root* numeral* function* kind* inversion* bass* degree* frame offset staff",
}
"""The elements of which only these children are kept."""

KEPT_ATTRIBUTES = {"note": ("attack", "release")}
"""The attributes of those elements that are kept; below them everything is."""

_BELOW = {
    "key": "cancel fifths mode key-step* key-alter* key-accidental* key-octave*",
    "time": "beats* beat-type* interchangeable senza-misura",
    "interchangeable": "time-relation beats* beat-type*",
    "clef": "sign line clef-octave-change",
    "transpose": "diatonic chromatic octave-change double",
    "measure-style": "multiple-rest measure-repeat beat-repeat slash",
    "pitch": "step alter octave",
    "unpitched": "display-step display-octave",
    "rest": "display-step display-octave",
    "time-modification": "actual-notes normal-notes normal-type normal-dot*",
    "backup": "duration footnote level",
    "forward": "duration footnote level voice staff",
    "root": "root-step root-alter",
    "numeral": "numeral-root numeral-alter numeral-key",
    "numeral-key": "numeral-fifths numeral-mode",
    "bass": "bass-separator bass-step bass-alter",
    "degree": "degree-value degree-alter degree-type",
    "frame": "frame-strings frame-frets first-fret frame-note*",
    "frame-note": "string fret fingering barre",
    "sound": "instrument-change* midi-device* midi-instrument* play* swing offset",
}

_LEFT_OUT = {
    "measure": "direction barline print figured-bass grouping link bookmark listening",
    "attributes": "footnote level part-symbol instruments staff-details directive for-part",
    "note": "instrument footnote level voice stem notehead notehead-text beam notations lyric play listen",
    "harmony": "footnote level",
}
"""What MusicXML has there beside what is kept."""

CHILDREN = {parent: tuple(names.replace("*", "").split()) for parent, names in (KEPT | _BELOW).items()}
"""What may stand in what; what isn't here may hold anything."""
REPEATED = {
    (parent, name.rstrip("*"))
    for parent, names in (KEPT | _BELOW).items()
    for name in names.split()
    if name.endswith("*")
}
"""The (parent, child) of which there may be several."""
LEFT_OUT = {parent: frozenset(names.split()) for parent, names in _LEFT_OUT.items()}
NAMES = frozenset(name for names in CHILDREN.values() for name in names)
"""Every name in the tables."""

NEEDED = {
    "note": (("pitch", "unpitched", "rest"), ("duration", "grace", "cue", "type")),
    "pitch": (("step",), ("octave",)),
    "backup": (("duration",),),
    "forward": (("duration",),),
    "harmony": (("root", "numeral", "function"),),
    "root": (("root-step",),),
    "clef": (("sign",),),
}
"""Of each of these groups of children one has to be there, the first as a rule."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a value looks, and that in words."""

    pattern: re.Pattern[str]
    wanted: str


_STEP = Form(re.compile(r"[A-Ga-g]"), "a step (A to G)")
_COUNT = Form(re.compile(r"[1-9][0-9]{0,3}"), "a number from 1 on")
_ALTER = Form(re.compile(r"[-+]?[0-9]{1,2}(?:\.[0-9]{1,4})?"), "a number of semitones")
_OCTAVE = Form(re.compile(r"[0-9]"), "an octave (0 to 9)")
FORMS = {
    "divisions": Form(
        re.compile(r"(?=[0-9.]*[1-9])[0-9]{1,9}(?:\.0*)?"), "a number of divisions of a quarter, from 1 on"
    ),
    "duration": Form(re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?"), "a duration in divisions"),
    "type": Form(re.compile("|".join(NOTE_TYPES)), "a note type (quarter, eighth, 16th, …)"),
    "fifths": Form(re.compile(r"[-+]?[0-9]{1,2}"), "a number of sharps or flats"),
    **dict.fromkeys(("step", "root-step", "bass-step", "display-step"), _STEP),
    **dict.fromkeys(("alter", "root-alter", "bass-alter", "degree-alter"), _ALTER),
    **dict.fromkeys(("octave", "display-octave"), _OCTAVE),
    **dict.fromkeys(("staves", "staff", "actual-notes", "normal-notes", "degree-value"), _COUNT),
}
"""The values that decide what the music is: another value there is a mistake and no taste."""
