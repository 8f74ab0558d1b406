"""THE TABLE: what becomes of each element and attribute of MusicXML 4.0, and how each kept sign is spelled in the compact text.

Reader, writer, compact text, grammar and docs all walk these tables. Knows names only: no trees, no files.

Source of the names: https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Treatment(Enum):
    """What becomes of an element or attribute."""

    KEPT = "kept"
    DERIVED = "derived"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class NotationRule:
    """A treatment with its reason (for what is kept: where it is kept)."""

    treatment: Treatment
    reason: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A mark at a note or rest.

    `name` is the mark's name, `code` its spelling as a suffix ("" spells it {name} or {name=value}), `element` MusicXML's tag,
    `parent` the child of `<notations>` that holds it ("" is `<notations>` itself, "note" the note), `type` the value of the tag's
    type attribute, `shape` what the value is (see words/values.py; number is that of a line with two ends), `kind` the group that
    `--without` leaves out. `at_rests`: a rest can have it, too. `new`: whether the model may write it at a new note: always, only in a
    part that has had it (heard), or never ("").
    """

    name: str
    code: str
    element: str
    parent: str
    kind: str
    shape: str = "none"
    type: str = ""
    at_rests: bool = True
    new: Literal["", "always", "heard"] = ""


def _signs(parent: str, kind: str, shape: str, names: str, new: Literal["", "always", "heard"] = "") -> list[Sign]:
    return [Sign(name, "", name, parent, kind, shape, new=new) for name in names.split()]


def _noted(name: str, code: str, element: str, kind: str, shape: str = "none") -> Sign:
    """A child of `<note>` that no rest has."""
    return Sign(name, code, element, "note", kind, shape, at_rests=False)


def _tie(name: str, code: str = "", type: str = "", new: Literal["", "always", "heard"] = "") -> Sign:
    return Sign(name, code, "tied", "", "notes", "none", type, at_rests=False, new=new)


def _spanner(element: str, parent: str, kind: str, start: str = "", stop: str = "") -> list[Sign]:
    """The ends of a line, of which the model may write those that have a code."""
    return [
        Sign(f"{element}-stop", stop, element, parent, kind, "number", "stop", new="always" if stop else ""),
        Sign(f"{element}-start", start, element, parent, kind, "number", "start", new="always" if start else ""),
    ]


SIGNS: tuple[Sign, ...] = (
    _noted("stem-up", "u", "stem", "stems"),
    _noted("stem-down", "d", "stem", "stems"),
    _noted("stem", "", "stem", "stems", "stem"),
    _noted("beam-on", "+", "beam", "beams"),
    _noted("beam-end", "\\", "beam", "beams"),
    _noted("beam", "", "beam", "beams", "beam"),
    _tie("tie", "~", "start", "always"),
    _tie("tie-stop", "", "stop"),
    _tie("no-tie-stop"),
    _tie("let-ring", "", "let-ring", "heard"),
    _noted("courtesy", "!", "accidental", "engraving"),
    _noted("parenthesised", "?", "accidental", "engraving"),
    _noted("bracketed", "", "accidental", "engraving"),
    _noted("editorial", "", "accidental", "engraving"),
    _noted("no-accidental", "", "accidental", "engraving"),
    _noted("accidental", "", "accidental", "engraving", "accidental"),
    Sign("cross", "@", "staff", "note", "notes", "staff", new="heard"),
    Sign("type", "", "type", "note", "engraving", "note type"),
    Sign("instrument", "", "instrument", "note", "notes", "instrument"),
    Sign("cue", "", "cue", "note", "notes"),
    Sign("steal-time", "", "grace", "note", "engraving", "steal time"),
    _noted("hidden", "", "note", "notes"),
    Sign("notehead", "", "notehead", "note", "noteheads", "notehead"),
    Sign("position", "", "rest", "note", "engraving", "place"),
    Sign("staccato", "'", "staccato", "articulations", "articulations", new="heard"),
    Sign("accent", ">", "accent", "articulations", "articulations", new="heard"),
    Sign("tenuto", "-", "tenuto", "articulations", "articulations", new="heard"),
    Sign("strong-accent", "^", "strong-accent", "articulations", "articulations", new="heard"),
    Sign("staccatissimo", "`", "staccatissimo", "articulations", "articulations", new="heard"),
    *_signs("articulations", "articulations", "none", "detached-legato", "heard"),
    *_signs("articulations", "articulations", "none", "spiccato scoop plop doit falloff stress unstress"),
    *_signs("articulations", "articulations", "none", "soft-accent", "heard"),
    Sign("other-articulation", "", "other-articulation", "articulations", "articulations", "glyph"),
    Sign("caesura", "", "caesura", "articulations", "articulations", "caesura"),
    Sign("breath-mark", ",", "breath-mark", "articulations", "articulations", "none", new="heard"),
    Sign("fermata", "*", "fermata", "", "articulations", "fermata", new="heard"),
    Sign("arpeggiate", "", "arpeggiate", "", "articulations", "arpeggio", new="heard"),
    Sign("non-arpeggiate", "", "non-arpeggiate", "", "articulations", "side"),
    Sign("trill-mark", "", "trill-mark", "ornaments", "ornaments", new="heard"),
    *_signs("ornaments", "ornaments", "none", "turn", "heard"),
    *_signs("ornaments", "ornaments", "none", "delayed-turn"),
    *_signs("ornaments", "ornaments", "none", "inverted-turn", "heard"),
    *_signs("ornaments", "ornaments", "none", "delayed-inverted-turn vertical-turn inverted-vertical-turn shake"),
    *_signs("ornaments", "ornaments", "none", "mordent inverted-mordent", "heard"),
    *_signs("ornaments", "ornaments", "none", "schleifer haydn"),
    Sign("tremolo", "=", "tremolo", "ornaments", "ornaments", "tremolo", new="heard"),
    *_spanner("wavy-line", "ornaments", "ornaments"),
    *_signs("ornaments", "ornaments", "glyph", "other-ornament"),
    *_signs("ornaments", "ornaments", "accidental", "accidental-mark"),
    *_signs(
        "technical",
        "technical",
        "none",
        "up-bow down-bow open-string thumb-position double-tongue triple-tongue stopped snap-pizzicato heel toe "
        "fingernails brass-bend flip smear open half-muted golpe",
    ),
    *_signs("technical", "technical", "text", "fingering pluck tap"),
    *_signs("technical", "technical", "count", "string fret"),
    *_signs("technical", "technical", "harmonic", "harmonic"),
    *_signs("technical", "technical", "bend", "bend"),
    *_signs("technical", "technical", "glyph", "other-technical"),
    *_spanner("hammer-on", "technical", "technical"),
    *_spanner("pull-off", "technical", "technical"),
    *_spanner("glissando", "", "ornaments"),
    *_spanner("slide", "", "ornaments"),
    Sign("other-notation", "", "other-notation", "", "ornaments", "glyph"),
    *_spanner("slur", "", "slurs", "(", ")"),
    Sign("tuplet-start", "[", "tuplet", "", "notes", "ratio", "start"),
    Sign("tuplet-stop", "]", "tuplet", "", "notes", "none", "stop"),
)
"""Every mark, in the order in which marks are written."""

SIGN_BY_NAME = {sign.name: sign for sign in SIGNS}
SIGN_RANK = {sign.name: rank for rank, sign in enumerate(SIGNS)}
SIGN_BY_CODE = {sign.code: sign for sign in SIGNS if sign.code}
NOTATION_BY_ELEMENT = {
    (sign.parent, sign.element, sign.type): sign
    for sign in SIGNS
    if sign.parent != "note" and sign.element not in ("tied", "tuplet")
}

DYNAMICS = frozenset(
    [
        "p",
        "pp",
        "ppp",
        "pppp",
        "ppppp",
        "pppppp",
        "f",
        "ff",
        "fff",
        "ffff",
        "fffff",
        "ffffff",
        "mp",
        "mf",
        "sf",
        "sfp",
        "sfpp",
        "fp",
        "rf",
        "rfz",
        "sfz",
        "sffz",
        "fz",
        "n",
        "pf",
        "sfzp",
    ]
)

DIRECTION_CODES = {
    ("pedal", "start"): "ped",
    ("pedal", "stop"): "ped!",
    ("dashes", "start"): "--",
    ("dashes", "stop"): "-!",
}
"""Directions that are frequent and long: how they are spelled in short."""

BEAMS = {"begin": "b", "continue": "c", "end": "e", "forward hook": "f", "backward hook": "h"}
"""How beams are spelled out at a note, level by level."""
BEAM_BY_LETTER = {letter: name for name, letter in BEAMS.items()}
NO_BEAM = "-"
NO_BEAMS = "none"
MOST_BEAMS = 8
STEMS = ("none", "double")
"""Stems that point neither up nor down."""
UNWRITTEN = {"accidentals": "accidental", "beams": "beam", "stems": "stem"}
"""What a file may leave to the program that shows it, with its element."""

WEDGES = {"crescendo": "<", "diminuendo": ">", "stop": "!", "continue": "~"}

BAR_STYLES = (
    "regular",
    "dotted",
    "dashed",
    "heavy",
    "light-light",
    "light-heavy",
    "heavy-light",
    "heavy-heavy",
    "tick",
    "short",
    "none",
)

ACCIDENTALS = [
    "sharp",
    "natural",
    "flat",
    "double-sharp",
    "sharp-sharp",
    "flat-flat",
    "natural-sharp",
    "natural-flat",
    "quarter-flat",
    "quarter-sharp",
    "three-quarters-flat",
    "three-quarters-sharp",
    "sharp-down",
    "sharp-up",
    "natural-down",
    "natural-up",
    "flat-down",
    "flat-up",
    "double-sharp-down",
    "double-sharp-up",
    "flat-flat-down",
    "flat-flat-up",
    "arrow-down",
    "arrow-up",
    "triple-sharp",
    "triple-flat",
    "slash-quarter-sharp",
    "slash-sharp",
    "slash-flat",
    "double-slash-flat",
    "sharp-1",
    "sharp-2",
    "sharp-3",
    "sharp-5",
    "flat-1",
    "flat-2",
    "flat-3",
    "flat-4",
    "sori",
    "koron",
    "other",
]
NOTEHEADS = (
    *(
        "slash",
        "triangle",
        "diamond",
        "square",
        "cross",
        "x",
        "circle-x",
        "inverted triangle",
        "arrow down",
        "arrow up",
    ),
    *("circled", "slashed", "back slashed", "cluster", "circle dot", "left triangle", "rectangle", "none"),
    *("do", "re", "mi", "fa", "fa up", "so", "la", "ti", "other"),
)
FERMATAS = ("angled", "square", "double-angled", "double-square", "double-dot", "half-curve", "curlew")
CAESURAS = ("thick", "short", "curved", "single")
PEDAL_FORMS = {"line": ("yes", "no"), "both": ("yes", "yes"), "hidden": ("no", "no"), "plain": ("", "")}
"""What a pedal mark says of its line and its sign, where that isn't ("no", "yes")."""
FIGURE_SIGNS = {
    "sharp": "#",
    "flat": "b",
    "natural": "n",
    "double-sharp": "x",
    "sharp-sharp": "##",
    "flat-flat": "bb",
    "plus": "+",
    "cross": "*",
    "slash": "/",
    "back-slash": "\\",
    "backslash": "\\\\",
    "vertical": "|",
}
"""What stands before or after a number of a figured bass."""
FIGURE_LINES = {"": "_", "start": "_<", "continue": "_~", "stop": "_!"}
"""The line that goes on from a figure, by its type."""
HIDDEN = "hidden"
"""Stands in the place of a time signature's symbol where it isn't printed."""
TIME_SYMBOLS = ("common", "cut", "single-number", "note", "dotted-note")
GROUP_SYMBOLS = ("brace", "bracket", "line", "square", "none")
GROUP_BARLINES = ("yes", "no", "Mensurstrich")

SOUND_ATTRIBUTES = {
    "tempo": "decimal",
    "dacapo": "yes-no",
    "segno": "name",
    "dalsegno": "name",
    "coda": "name",
    "tocoda": "name",
    "fine": "name",
    "forward-repeat": "yes-no",
    "pizzicato": "yes-no",
}
"""What `<sound>` says that no other sign does, and the shape of its value."""


@dataclass(frozen=True, slots=True)
class DirectionSign:
    """A child of `<direction-type>`: `shape` says what its value is made of (see words/values.py)."""

    name: str
    shape: str
    kind: str


DIRECTION_SIGNS = {
    sign.name: sign
    for sign in (
        DirectionSign("dynamics", "name", "dynamics"),
        DirectionSign("wedge", "wedge", "dynamics"),
        DirectionSign("words", "name", "words"),
        DirectionSign("rehearsal", "name", "words"),
        DirectionSign("other-direction", "glyph", "words"),
        DirectionSign("metronome", "metronome", "tempo"),
        DirectionSign("segno", "none", "navigation"),
        DirectionSign("coda", "none", "navigation"),
        DirectionSign("dashes", "spanner", "words"),
        DirectionSign("bracket", "spanner", "words"),
        DirectionSign("pedal", "pedal", "pedal"),
        DirectionSign("octave-shift", "octave-shift", "octave-shifts"),
        DirectionSign("damp", "none", "technical"),
        DirectionSign("damp-all", "none", "technical"),
        DirectionSign("eyeglasses", "none", "words"),
        DirectionSign("string-mute", "switch", "technical"),
        # not children of <direction-type>, but things that stand at a moment all the same
        DirectionSign("sound", "sound", "tempo"),
        DirectionSign("figured-bass", "figures", "harmony"),
        DirectionSign("clef", "clef", "notes"),
        DirectionSign("key", "key", "notes"),
        DirectionSign("transpose", "transpose", "notes"),
        DirectionSign("staff-lines", "count", "engraving"),
        DirectionSign("barline", "bar line", "notes"),
    )
}

HARMONY_KINDS = {
    "major": "",
    "minor": "m",
    "augmented": "+",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "+7",
    "half-diminished": "m7b5",
    "major-minor": "mmaj7",
    "major-sixth": "6",
    "minor-sixth": "m6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "m9",
    "dominant-11th": "11",
    "major-11th": "maj11",
    "minor-11th": "m11",
    "dominant-13th": "13",
    "major-13th": "maj13",
    "minor-13th": "m13",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
    "none": "none",
    "other": "other",
    "Neapolitan": "Neapolitan",
    "Italian": "Italian",
    "French": "French",
    "German": "German",
    "pedal": "pedal",
    "Tristan": "Tristan",
}
HARMONY_KIND_BY_CODE = {code: kind for kind, code in HARMONY_KINDS.items()}

_SIGN_KINDS = [*(sign.kind for sign in SIGNS), *(sign.kind for sign in DIRECTION_SIGNS.values())]
KINDS = tuple(kind for kind in dict.fromkeys([*_SIGN_KINDS, "harmony", "lyrics", "grace"]) if kind != "notes")
"""What `--without` can leave out."""


def _rules(treatment: Treatment, groups: dict[str, str]) -> dict[str, NotationRule]:
    return {name: NotationRule(treatment, reason) for reason, names in groups.items() for name in names.split()}


ELEMENTS: dict[str, NotationRule] = {
    **_rules(
        Treatment.KEPT,
        {
            "header": "score-partwise score-timewise work work-title movement-title identification creator part-list "
            "score-part part-name part-abbreviation score-instrument instrument-name midi-instrument midi-channel "
            "midi-program midi-unpitched part-group group-name group-abbreviation group-symbol group-barline",
            "bars": "part measure attributes key fifths key-step key-alter mode time beats beat-type senza-misura interchangeable staves clef sign "
            "line clef-octave-change transpose diatonic chromatic octave-change staff-details staff-lines staff-tuning tuning-step tuning-alter tuning-octave "
            "capo barline bar-style "
            "repeat ending",
            "notes": "note pitch step alter octave unpitched display-step display-octave rest grace cue chord duration type dot "
            "time-modification actual-notes normal-notes voice staff instrument accidental notehead notations tie tied "
            "tuplet tuplet-actual tuplet-normal tuplet-number tuplet-type",
            "time": "backup forward offset",
            "lyrics": "lyric syllabic text elision extend",
            "directions": "direction direction-type beat-unit beat-unit-dot per-minute",
            "chord symbols": "harmony root root-step root-alter kind bass bass-step bass-alter degree degree-value degree-alter "
            "degree-type",
            "figured bass": "figure figure-number prefix suffix",
            "articulations and ornaments": "articulations ornaments technical bend-alter pre-bend release with-bar natural "
            "artificial base-pitch touching-pitch sounding-pitch",
        },
    ),
    **{sign.element: NotationRule(Treatment.KEPT, sign.kind) for sign in SIGNS},
    **{sign.name: NotationRule(Treatment.KEPT, sign.kind) for sign in DIRECTION_SIGNS.values()},
    **{name: NotationRule(Treatment.KEPT, "dynamics") for name in (*DYNAMICS, "other-dynamics")},
    **_rules(
        Treatment.DERIVED,
        {
            "from the note values": "divisions normal-type normal-dot",
            "from the number of staves": "part-symbol",
            "from bars in which all rest": "measure-style multiple-rest",
            "from the key before it": "cancel",
            "written anew": "encoding software encoding-date",
            "from what the score leaves to the program that shows it": "supports",
        },
    ),
    **_rules(
        Treatment.DROPPED,
        {
            "layout of one page size": "appearance bottom-margin concert-score credit credit-image credit-symbol credit-type "
            "credit-words defaults distance glyph left-divider left-margin line-width lyric-font lyric-language "
            "measure-distance measure-layout measure-numbering millimeters music-font note-size other-appearance page-height "
            "page-layout page-margins page-width print right-divider right-margin scaling staff-distance staff-layout "
            "staff-size system-distance system-dividers system-layout system-margins tenths top-margin top-system-distance "
            "word-font line-detail staff-type",
            "catalogue data, not music": "bookmark encoder encoding-description group-link instrument-link link miscellaneous "
            "miscellaneous-field movement-number opus part-link relation rights source work-number",
            "playback of one sound library": "assess elevation ensemble except-voice instrument-change instrument-sound instruments "
            "ipa listen listening midi-bank midi-device midi-name mute other-listen other-listening other-play pan play player "
            "player-name semi-pitched solo straight swing swing-style swing-type sync virtual-instrument virtual-library "
            "virtual-name volume wait",
            "second names of parts and groups": "display-text group-abbreviation-display group-name-display "
            "group-time part-abbreviation-display part-name-display accidental-text instrument-abbreviation",
            "editors' remarks": "feature footnote group grouping level",
            "analysis, not notation": "function numeral numeral-alter numeral-fifths numeral-key numeral-mode numeral-root "
            "first second inversion time-relation for-part part-clef part-transpose principal-voice",
            "chord diagrams": "barre first-fret frame frame-frets frame-note frame-strings",
            "tunings that differ from the strings a part has": "accord scordatura",
            "special signs of single instruments, not kept yet": "accordion-high accordion-low accordion-middle "
            "accordion-registration arrow arrow-direction arrow-style arrowhead beater circular-arrow double effect glass handbell harmon-closed harmon-mute harp-pedals hole "
            "hole-closed hole-shape hole-type image membrane metal other-percussion pedal-alter pedal-step pedal-tuning "
            "percussion pitched stick stick-location stick-material stick-type symbol timpani wood",
            "rare forms of tempo marks": "beat-unit-tied metronome-arrows metronome-beam metronome-dot metronome-note "
            "metronome-relation metronome-tied metronome-tuplet metronome-type",
            "rare forms of keys and tuplets": "key-accidental key-octave tuplet-dot notehead-text",
            "shorthand that hides music": "beat-repeat measure-repeat slash slash-dot slash-type",
            "looks, not notes": "bass-separator directive end-line end-paragraph humming laughing staff-divide",
        },
    ),
}

ATTRIBUTES: dict[str, NotationRule] = {
    **_rules(
        Treatment.KEPT,
        {
            "what the element is": "type number id location direction measure slash print-object parentheses bracket "
            "editorial text implicit times size symbol",
            "from which note a grace note takes its time": "steal-time-previous steal-time-following",
            "which pedal marks are seen": "line sign",
            "what a sign is that MusicXML has no element for": "smufl",
            "what a sound says that no sign does": " ".join(SOUND_ATTRIBUTES),
        },
    ),
    **_rules(
        Treatment.DERIVED,
        {
            "from what the bar and the key show already": "cautionary",
            "from the divisions that are written": "divisions",
            "from the staves of the part": "top-staff bottom-staff",
            "written anew": "version element attribute value",
        },
    ),
    **_rules(
        Treatment.DROPPED,
        {
            "layout": "default-x default-y relative-x relative-y width bezier-x bezier-y bezier-x2 bezier-y2 bezier-offset "
            "bezier-offset2 color font-family font-size font-style font-weight halign valign justify placement orientation "
            "dash-length space-length line-shape line-type line-end line-length enclosure spread niente end-length "
            "letter-spacing line-height line-through overline underline rotation dir new-page new-system blank-page "
            "page-number staff-spacing print-spacing print-dot print-lyric print-leger print-frame height filled text-x text-y "
            "fan repeater show-number show-type use-dots use-stems use-symbols show-frets slashes after-barline after-jump "
            "additional directive separator abbreviated winged unbroken non-controlling arrangement "
            "bracket-degrees parentheses-degrees stack-degrees plus-minus first-beat last-beat second-beat approach departure "
            "long scaling multiple-rest-always multiple-rest-range system staff cancel",
            "playback of one sound library": "attack release dynamics end-dynamics time-only "
            "make-time damper-pedal soft-pedal sostenuto-pedal elevation pan player latency sound offset "
            "accelerate beats start-note trill-step two-note-turn port",
            "editors' remarks and catalogue data": "member-of reference name source xlink:actuate xlink:href xlink:role "
            "xlink:show xlink:title xlink:type xml:lang xml:space position",
            "special signs of single instruments, not kept yet": "above dashed-circle tip hand shape string substitution "
            "alternate unplayed",
            "of elements that are dropped": "page",
        },
    ),
}
"""Attributes by name. One that is kept stands at the elements that are kept; of `bracket` and `editorial`, an accidental's alone."""
