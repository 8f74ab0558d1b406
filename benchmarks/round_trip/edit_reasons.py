"""Why an edit that musicdiff counts stays: by kind, and by file where notes are concerned. Knows names only.

Where music21 is said to read both files differently, they hold the same: the walk over both XML trees (this benchmark without
--musicdiff) finds it.
"""

from __future__ import annotations

ROUNDED = (
    "the source's divisions have no place for a triplet: music21 reads its rounded lengths, the codec writes thirds"
)
ANCHORS = "music21 ties a line's ends to the notes that stand beside them in the file, whose order by voices differs; all stand at their time"
HYPHENS = "a hyphen that begins or goes on nowhere (`begin` after `begin`, `end` after nothing) is written as the syllables need it"
VERSES = "two verses of one number at one note, names of verses beside their numbers"

TUPLETS = "note values that a tuplet displays, and a normal type that its lengths contradict, are dropped (23c)"

REASONS: dict[str, str] = {
    "notedel": ROUNDED,
    "noteins": ROUNDED,
    "lyricoffsetedit": ROUNDED,
    "lyricedit": f"{HYPHENS}; an empty elision is shown as ‿; in 61g and 33i: {VERSES}",
    "lyricidedit": VERSES,
    "lyricnumedit": VERSES,
    "lyricdel": f"syllables at rests (31a, 71f) have no place; in 61g: {VERSES}",
    "extradel direction": "music21 reads a direction that names no staff into both staves of a part; the codec writes its staff",
    "extradel clef": "a clef that repeats the one in force says nothing",
    "extradel staffinfo": "five lines are what a staff has",
    "extracontentedit ending": "a dot or none after an ending's number is left to the program that shows it",
    "extrasymboledit chordsym": "an inversion without a bass is dropped, as analysis",
    "extradel dynamic": "music21 reads no notes of a chord after a direction that stands within it (21f)",
    "extrains dynamic": "music21 reads no dynamics within `<notations>`; the codec writes them as directions",
    "staffgrpnameedit": "an empty name of a group is none",
    "staffgrpabbreviationedit": "an empty name of a group is none",
    "staffgrpdel": "a group that never ends (a brace around one part)",
    "staffgrpins": "a second staff that the source doesn't declare is declared (24e)",
    "inspart": "parts and staves that the source doesn't declare are declared (24e, 41h)",
    "deltuplet": TUPLETS,
    **{
        f"{edit} {line}": ANCHORS
        for line in ("slur", "crescendo", "diminuendo", "ottava")
        for edit in ("extradel", "extrains", "extradurationedit")
    },
}
"""By musicdiff's name of an edit."""

FILES: dict[str, str] = {
    "02e-Rests-NoType.xml": "music21 reads a note that names no staff into both staves",
    "13c-KeySignatures-NonTraditional.xml": "music21 and musicdiff know no keys off the circle of fifths",
    "13d-KeySignatures-Microtones.xml": "music21 and musicdiff know no keys off the circle of fifths",
    "21f-Chord-ElementInBetween.xml": "music21 ends a chord at a direction that stands within it; the codec reads the chord",
    "23c-Tuplet-Display-NonStandard.xml": TUPLETS,
    "24e-GraceNote-StaffChange.xml": "the source names a second staff and declares one: music21 reads one, the codec declares two",
    "32ad-Notations5.musicxml": "no well-formed XML: refused",
    "33d-Spanners-OctaveShifts.xml": "music21 ignores the offsets of octave shifts and transposes other notes; the codec writes them at their time",
    "33e-Spanners-OctaveShifts-InvalidSize.xml": "music21 refuses octave shifts of no size",
    "41h-TooManyParts.xml": "music21 leaves out parts that the list of parts lacks; the codec declares them",
}
"""Files in which notes are edited, or which can't be compared."""
