"""What a MusicXML file says, measure by measure, as plain tuples. Knows lxml and MusicXML; shares no code with the reader.

Positions and lengths are `Fraction`s of a quarter note, counted from the beginning of the measure.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from lxml import etree
from lxml.etree import _Element

from chordllama.codec.whitelist import DIRECTION_SIGNS, ELEMENTS, SOUND_ATTRIBUTES, Treatment

Fact = tuple[object, ...]
KEPT = frozenset(name for name, rule in ELEMENTS.items() if rule.treatment is Treatment.KEPT)
FLAT_TEXT = str.maketrans({" ": " ", "\n": " ", "\r": " ", "\t": " "})


class NoteFact(NamedTuple):
    """One notehead or visible rest; `pitch` is empty for a rest, `type` has its dots, `length` is None for one that fills its bar."""

    onset: Fraction
    staff: int
    pitch: tuple[object, ...]
    length: Fraction | None
    type: str
    grace: str
    chord: bool
    tie_start: bool
    tie_stop: bool
    ratio: tuple[str, str]
    brackets: tuple[int, int]
    hidden: bool


class LoneEnd(NamedTuple):
    """One end of a slur or other line whose other end hasn't been met."""

    category: str
    tag: str
    measure: int
    place: Fact
    type: str
    onset: Fraction
    unseen: bool


@dataclass
class MeasureFacts:
    """One measure of one part: notes and rests by voice, and everything else by category."""

    voices: dict[str, Counter[NoteFact]] = field(default_factory=dict)
    signs: dict[str, Counter[Fact]] = field(default_factory=dict)
    extent: Fraction = Fraction(0)

    def notes(self) -> Counter[NoteFact]:
        """The notes and rests of all voices."""
        return sum(self.voices.values(), Counter())

    def add(self, category: str, *fact: object) -> None:
        """Count one more sign."""
        self.signs.setdefault(category, Counter())[fact] += 1


def walk(data: bytes) -> list[list[MeasureFacts]]:
    """The measures of each part, in the order of the part list."""
    root = etree.fromstring(unpacked(data), etree.XMLParser(resolve_entities=False, huge_tree=True))
    return [PartWalker().walk(measures) for measures in _parts(root).values() if measures]


def unpacked(data: bytes) -> bytes:
    """The XML in the bytes of a file, packed or not."""
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        container = etree.fromstring(archive.read("META-INF/container.xml"))
        path = next(container.iter("{*}rootfile")).get("full-path")
        return archive.read(str(path))


def _parts(root: _Element) -> dict[str, list[_Element]]:
    found: dict[str, list[_Element]] = {part.get("id", ""): [] for part in root.iterfind("part-list/score-part")}
    if root.tag == "score-timewise":
        pairs = [(part.get("id", ""), part) for part in root.iterfind("measure/part")]
    else:
        pairs = [
            (part.get("id", ""), measure) for part in root.iterfind("part") for measure in part.iterfind("measure")
        ]
    for id, measure in pairs:
        found.setdefault(id, []).append(measure)
    return found


def _text(element: _Element, path: str, default: str = "") -> str:
    return (element.findtext(path) or default).strip()


def _flat(text: str | None) -> str:
    return " ".join((text or "").translate(FLAT_TEXT).split())


class PartWalker:
    """Walks the measures of one part in order; the open ends of slurs and the clefs in force go on over bar lines."""

    def __init__(self) -> None:
        self.divisions = Fraction(1)
        self.open: dict[tuple[str, str], LoneEnd] = {}
        self.measures: list[MeasureFacts] = []
        self.clefs: dict[int, Fact] = {}
        self.keys: dict[str, Fact] = {}
        self.times: dict[str, Fact] = {}
        self.accidentals_shown = False

    def walk(self, measures: list[_Element]) -> list[MeasureFacts]:
        """The facts of each measure."""
        for measure in measures:
            self.facts = MeasureFacts()
            self.measures.append(self.facts)
            self.cursor = self.onset = self.figured = Fraction(0)
            self.bar_rests: list[tuple[str, NoteFact, bool]] = []
            self.measure_clefs: list[tuple[Fraction, int, str, str, str]] = []
            for child in measure:
                walk = _WALKERS.get(child.tag)
                if walk is not None:
                    walk(self, child)
            self._settle_bar_rests()
            self._settle_clefs()
        for end in self.open.values():
            self._lone(end)
        return self.measures

    def _settle_clefs(self) -> None:
        """In order of time, whatever the voices' order; a clef that is in force already says nothing."""
        for position, staff, *clef in sorted(self.measure_clefs, key=lambda clef: clef[0]):
            if self.clefs.get(staff) != tuple(clef):
                self.clefs[staff] = tuple(clef)
                self.facts.add("clefs", position, staff, *clef)

    def _settle_bar_rests(self) -> None:
        """Rests that fill their bar are alike, whether they say so or are as long as it."""
        for voice, rest, says_so in self.bar_rests:
            fills = says_so or rest.length == self.facts.extent
            self.facts.voices.setdefault(voice, Counter())[rest._replace(length=None, type="") if fills else rest] += 1

    # ------------------------------------------------------------------------------------------------- what moves time

    def _length(self, element: _Element) -> Fraction:
        return Fraction(_text(element, "duration", "0") or "0") / self.divisions

    def _backup(self, element: _Element) -> None:
        self.cursor = max(Fraction(0), self.cursor - self._length(element))

    def _forward(self, element: _Element) -> None:
        self.cursor += self._length(element)
        self.facts.extent = max(self.facts.extent, self.cursor)

    # ------------------------------------------------------------------------------------------------------------ notes

    def _note(self, element: _Element) -> None:
        chord = element.find("chord") is not None
        grace = element.find("grace")
        if not chord:
            self.onset = self.cursor
            self.figured = Fraction(0) if grace is None else self.figured
        length = Fraction(0) if grace is not None else self._length(element) or _value(element)
        rest = element.find("rest")
        hidden = element.get("print-object") == "no"
        voice = _text(element, "voice", "1")
        fact = self._fact(element, chord, grace, length)
        if rest is None:
            self._notehead(element, fact, voice)
        elif not hidden:
            self._rest(rest, fact, voice)
        if not chord and grace is None:
            self.cursor += length
            self.facts.extent = max(self.facts.extent, self.cursor)
        self.unseen = rest is not None and hidden
        for notations in element.iterfind("notations"):
            self._notations(notations, fact)

    def _fact(self, element: _Element, chord: bool, grace: _Element | None, length: Fraction) -> NoteFact:
        ties = {tie.get("type") for path in ("tie", "notations/tied") for tie in element.iterfind(path)}
        tuplets = [tuplet.get("type") for tuplet in element.iterfind("notations/tuplet")]
        ratio = (_text(element, "time-modification/actual-notes"), _text(element, "time-modification/normal-notes"))
        return NoteFact(
            onset=self.onset,
            staff=int(_text(element, "staff", "1")),
            pitch=_pitch(element),
            length=length,
            type=_text(element, "type") + "." * len(element.findall("dot")),
            grace="" if grace is None else ("slash" if grace.get("slash") == "yes" else "plain"),
            chord=chord,
            tie_start=bool(ties & {"start", "continue"}),
            tie_stop=bool(ties & {"stop", "continue"}),
            ratio=("", "") if ratio[0] == ratio[1] or grace is not None else ratio,
            brackets=(tuplets.count("start"), tuplets.count("stop")),
            hidden=element.get("print-object") == "no",
        )

    def _rest(self, rest: _Element, fact: NoteFact, voice: str) -> None:
        self.facts.add("rests seen", fact.onset, fact.staff)
        says_so = rest.get("measure") == "yes"
        if not fact.onset and (says_so or fact.type.rstrip(".") in ("", "whole")):
            self.bar_rests.append((voice, fact, says_so))
        else:
            self.facts.voices.setdefault(voice, Counter())[fact] += 1

    def _notehead(self, element: _Element, fact: NoteFact, voice: str) -> None:
        self.facts.voices.setdefault(voice, Counter())[fact] += 1
        place = (fact.onset, fact.staff, fact.pitch)
        if fact.tie_start:
            self.facts.add("ties", *place, "start")
        if fact.tie_stop:
            self.facts.add("ties", *place, "stop")
        if fact.ratio[0]:
            self.facts.add("notes in tuplets", *place, fact.ratio)
        accidental = element.find("accidental")
        if accidental is not None:
            name = {"sharp-sharp": "double-sharp", "double-flat": "flat-flat"}.get(
                _flat(accidental.text), _flat(accidental.text)
            )
            enclosed = tuple(name for name in ("parentheses", "bracket", "editorial") if accidental.get(name) == "yes")
            self.facts.add("accidentals shown", *place, name, enclosed)
        head = _text(element, "notehead")
        if head not in ("", "normal"):
            self.facts.add("noteheads", *place, head)
        if element.find("cue") is not None:
            self.facts.add("cue notes", *place)
        stem = _text(element, "stem")
        if stem and not fact.chord:
            self.facts.add("stems", *place, stem)
        for beam in element.iterfind("beam"):
            self.facts.add("beams", fact.onset, fact.staff, beam.get("number", "1"), _flat(beam.text))
        for lyric in element.iterfind("lyric"):
            self._lyric(lyric, fact)

    def _lyric(self, lyric: _Element, fact: NoteFact) -> None:
        texts = ((child.tag, "".join(map(str, child.itertext()))) for child in lyric.iterchildren("text", "elision"))
        text = "".join(text or ("‿" if tag == "elision" else "") for tag, text in texts)
        if text.strip():
            syllabic = [_flat(child.text) for child in lyric.iterfind("syllabic")][-1:] or ["single"]
            goes_on = syllabic[0] in ("begin", "middle")
            self.facts.add("lyric syllables", fact.onset, fact.staff, _flat(text), goes_on)

    # -------------------------------------------------------------------------------------------------------- notations

    def _notations(self, notations: _Element, fact: NoteFact) -> None:
        """The signs of a note. A hidden rest, which is a gap, has none but the ends of lines, which must be paired all the same."""
        place = (fact.onset, fact.staff, fact.pitch)
        for child in notations:
            if child.tag == "slur":
                self._spanner("slurs", child, place)
            elif child.tag in ("glissando", "slide"):
                self._spanner("glissandi", child, place)
            elif self.unseen:
                continue
            elif child.tag == "tuplet":
                self.facts.add("tuplet brackets", fact.onset, fact.staff, child.get("type"))
            elif child.tag == "dynamics":
                self._dynamics(child, fact.onset, fact.staff)
            elif child.tag in ("articulations", "ornaments", "technical"):
                for sign in child:
                    self._sign(str(child.tag), sign, place)
            elif child.tag in ("fermata", "arpeggiate", "non-arpeggiate"):
                self.facts.add(f"{child.tag}s", *place, _flat(child.text).replace("normal", ""))

    def _sign(self, category: str, sign: _Element, place: Fact) -> None:
        if not isinstance(sign.tag, str) or sign.tag not in KEPT:
            return
        if sign.get("number") or sign.tag in ("hammer-on", "pull-off", "wavy-line"):
            self._spanner(category, sign, place)
        else:
            self.facts.add(category, *place, sign.tag, "" if sign.tag == "breath-mark" else _shown(sign))

    def _spanner(self, category: str, element: _Element, place: Fact) -> None:
        """Pair the two ends; an end that stands alone counts by itself.

        A stop may come before its start, in a voice that is written earlier: within its bar, and if the start is earlier in time.
        """
        type = str(element.get("type"))
        key = (str(element.tag), element.get("number", "1"))
        here = LoneEnd(category, str(element.tag), len(self.measures) - 1, place, type, self.onset, self.unseen)
        if type not in ("start", "stop"):
            return
        other = self.open.pop(key, None)
        waits = other is not None and (type == "stop" or (other.measure == here.measure and self.onset < other.onset))
        if other is not None and other.type != type and waits:
            self._pair(*((other, here) if type == "stop" else (here, other)))
            return
        if other is not None:
            self._lone(other)
        self.open[key] = here

    def _pair(self, start: LoneEnd, stop: LoneEnd) -> None:
        if start.unseen or stop.unseen:
            self._lone(start)
            self._lone(stop)
        else:
            self.facts.add(start.category, start.tag, stop.measure - start.measure, start.place, stop.place)

    def _lone(self, end: LoneEnd) -> None:
        if not end.unseen:
            self.measures[end.measure].add(f"{end.category} (lone ends)", end.tag, end.place, end.type)

    # ------------------------------------------------------------------------------------------------------- directions

    def _position(self, element: _Element) -> Fraction:
        return max(Fraction(0), self.cursor + Fraction(_text(element, "offset", "0") or "0") / self.divisions)

    def _direction(self, element: _Element) -> None:
        position = self._position(element)
        staff = int(_text(element, "staff", "1"))
        for sign in element.iterfind("direction-type/*"):
            if isinstance(sign.tag, str) and sign.tag in DIRECTION_SIGNS:
                self._direction_sign(sign, position, staff)
        for sound in element.iterfind("sound"):
            self._sound(sound)

    def _direction_sign(self, sign: _Element, position: Fraction, staff: int) -> None:
        if sign.tag == "dynamics":
            self._dynamics(sign, position, staff)
        elif sign.tag == "metronome":
            text = _flat(" ".join(map(str, sign.itertext())))
            self.facts.add("metronome marks", position, text, sign.get("parentheses") == "yes")
        elif sign.tag == "wedge":
            self.facts.add("hairpins", position, staff, sign.get("type"))
        elif _flat(sign.text) or sign.tag not in ("words", "rehearsal", "other-direction"):
            self.facts.add(
                _DIRECTIONS.get(str(sign.tag), "other directions"),
                position,
                staff,
                sign.tag,
                _flat(sign.text),
                sign.get("type"),
            )

    def _dynamics(self, element: _Element, position: Fraction, staff: int) -> None:
        for child in element:
            if isinstance(child.tag, str):
                name = _flat(child.text) if child.tag == "other-dynamics" else child.tag
                if name:
                    self.facts.add("dynamics", position, staff, name)

    def _sound(self, element: _Element) -> None:
        for name in SOUND_ATTRIBUTES:
            if name != "tempo" and element.get(name):
                self.facts.add("jumps in playback", name, element.get(name))

    def _harmony(self, element: _Element) -> None:
        root = (_text(element, "root/root-step"), _text(element, "root/root-alter", "0"))
        if root[0]:
            bass = (
                _text(element, "bass/bass-step"),
                _text(element, "bass/bass-alter", "0") if element.find("bass") is not None else "",
            )
            degrees = tuple(
                (_text(degree, "degree-value"), _text(degree, "degree-alter", "0"), _text(degree, "degree-type"))
                for degree in element.iterfind("degree")
            )
            kind = element.find("kind")
            seen = (_text(element, "kind"), "" if kind is None else kind.get("text"))
            self.facts.add("chord symbols", self._position(element), root, seen, bass, degrees)

    # ---------------------------------------------------------------------------------------- attributes and bar lines

    def _figured_bass(self, element: _Element) -> None:
        """Figures stand at the next note, which comes where the cursor is, after those before it there."""
        position = self._position(element) + self.figured
        figures = tuple(tuple(_shown(part) for part in figure) for figure in element.iterfind("figure"))
        self.facts.add("figured bass", position, element.get("parentheses", "no"), figures)
        self.figured += self._length(element)

    def _attributes(self, element: _Element) -> None:
        divisions = element.findtext("divisions")
        if divisions:
            self.divisions = Fraction(divisions.strip())
        for key in element.iterfind("key"):
            if key.find("fifths") is not None:
                self._change("keys", self.keys, key.get("number", ""), (int(float(_text(key, "fifths"))),))
        for time in element.iterfind("time"):
            beats = tuple(
                (_text(beat, "."), _text(unit, "."))
                for beat, unit in zip(time.iterfind("beats"), time.iterfind("beat-type"), strict=False)
            )
            self._change("times", self.times, time.get("number", ""), (beats,))
        for clef in element.iterfind("clef"):
            staff = int(clef.get("number", "1"))
            sign = _text(clef, "sign")
            line = _text(clef, "line") if sign in "GFC" else ""  # other signs name no pitch, whatever their line
            self.measure_clefs.append((self.cursor, staff, sign, line, _text(clef, "clef-octave-change", "0")))

    def _change(self, category: str, known: dict[str, Fact], staff: str, value: Fact) -> None:
        if known.get(staff) != value:
            known[staff] = value
            self.facts.add(category, self.cursor, *value)

    def _barline(self, element: _Element) -> None:
        location = element.get("location", "right")
        style = _text(element, "bar-style")
        if style:
            self.facts.add("bar lines", location, style)
        for repeat in element.iterfind("repeat"):
            self.facts.add("repeats", location, repeat.get("direction"), repeat.get("times"))
        for ending in element.iterfind("ending"):
            label = _flat(ending.text) if any(sign not in "0123456789., " for sign in _flat(ending.text)) else ""
            self.facts.add("endings", location, ending.get("type"), ending.get("number"), label)
        for sign in ("segno", "coda", "fermata"):
            if element.find(sign) is not None:
                self.facts.add("signs on bar lines", location, sign)


def _value(element: _Element) -> Fraction:
    """The length of a note without a `<duration>`, as far as its type says it."""
    plain = _TYPES.get(_text(element, "type"), Fraction(0))
    return plain * (2 - Fraction(1, 2 ** len(element.findall("dot"))))


_TYPES = {
    name: Fraction(4, 2**power) for power, name in enumerate(("whole", "half", "quarter", "eighth", "16th", "32nd"))
}


def _shown(sign: _Element) -> str:
    """What a sign shows beside its name: its text, the sign of a music font, or what it has within it."""
    within = "+".join(f"{child.tag} {_flat(child.text)}".strip() for child in sign.iterchildren("*"))
    between = sign.get("type", "") if sign.tag == "tremolo" else ""
    return between.replace("single", "") + (_flat(sign.text) or sign.get("smufl") or within)


def _pitch(element: _Element) -> Fact:
    pitch, unpitched = element.find("pitch"), element.find("unpitched")
    if pitch is not None:
        alter = Fraction(_text(pitch, "alter", "0") or "0")
        return (_text(pitch, "step"), alter, _text(pitch, "octave"))
    if unpitched is not None:
        return ("x", _text(unpitched, "display-step", "E"), _text(unpitched, "display-octave", "4"))
    return ()


_DIRECTIONS = {"words": "words", "rehearsal": "rehearsal marks", "pedal": "pedal", "octave-shift": "octave shifts"}
_WALKERS: dict[object, Callable[[PartWalker, _Element], None]] = {
    "note": PartWalker._note,
    "backup": PartWalker._backup,
    "forward": PartWalker._forward,
    "direction": PartWalker._direction,
    "attributes": PartWalker._attributes,
    "harmony": PartWalker._harmony,
    "figured-bass": PartWalker._figured_bass,
    "barline": PartWalker._barline,
    "sound": PartWalker._sound,
}
