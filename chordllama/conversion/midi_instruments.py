"""The instruments of MIDI files, set right where music21 guesses: programs before names, pitches as they sound, drums as a drum set.

music21 reads the notes of channel 10 as percussion without a place and knows about half of the sounds. So each key travels through
music21 as a place of its own (`place_keys`), and what it writes is dressed afterwards (`dressed`): each sound at the place, with the
notehead and under the name that drummers read.
Source: the General MIDI 1 percussion key map; places as in the drum notation of the Percussive Arts Society.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lxml import etree
from lxml.etree import _Element

from chordllama.score.model import DRUM_CHANNEL


class DrumSound(NamedTuple):
    """One sound of a drum set: its name, its place on the staff (`G5`) and its notehead ("" for the usual one)."""

    name: str
    place: str
    notehead: str = ""


SOUNDS = {
    35: DrumSound("Acoustic Bass Drum", "E4"),
    36: DrumSound("Bass Drum", "F4"),
    37: DrumSound("Side Stick", "C5", "x"),
    38: DrumSound("Snare Drum", "C5"),
    39: DrumSound("Hand Clap", "E5", "x"),
    40: DrumSound("Electric Snare", "C5", "diamond"),
    41: DrumSound("Low Floor Tom", "G4"),
    42: DrumSound("Closed Hi-Hat", "G5", "x"),
    43: DrumSound("High Floor Tom", "A4"),
    44: DrumSound("Pedal Hi-Hat", "D4", "x"),
    45: DrumSound("Low Tom", "B4"),
    46: DrumSound("Open Hi-Hat", "G5", "circle-x"),
    47: DrumSound("Low-Mid Tom", "D5"),
    48: DrumSound("Hi-Mid Tom", "E5"),
    49: DrumSound("Crash Cymbal", "A5", "x"),
    50: DrumSound("High Tom", "F5"),
    51: DrumSound("Ride Cymbal", "F5", "x"),
    52: DrumSound("Chinese Cymbal", "B5", "diamond"),
    53: DrumSound("Ride Bell", "F5", "diamond"),
    54: DrumSound("Tambourine", "D5", "triangle"),
    55: DrumSound("Splash Cymbal", "A5", "diamond"),
    56: DrumSound("Cowbell", "E5", "triangle"),
    57: DrumSound("Crash Cymbal 2", "B5", "x"),
    58: DrumSound("Vibraslap", "B4", "triangle"),
    59: DrumSound("Ride Cymbal 2", "D5", "x"),
    60: DrumSound("High Bongo", "E5", "slash"),
    61: DrumSound("Low Bongo", "C5", "slash"),
    62: DrumSound("Mute High Conga", "B4", "x"),
    63: DrumSound("Open High Conga", "B4", "slash"),
    64: DrumSound("Low Conga", "G4", "slash"),
    65: DrumSound("High Timbale", "D5", "slash"),
    66: DrumSound("Low Timbale", "A4", "slash"),
    67: DrumSound("High Agogo", "F5", "triangle"),
    68: DrumSound("Low Agogo", "C5", "triangle"),
    69: DrumSound("Cabasa", "A4", "x"),
    70: DrumSound("Maracas", "G4", "x"),
    71: DrumSound("Short Whistle", "C6", "x"),
    72: DrumSound("Long Whistle", "C6", "diamond"),
    73: DrumSound("Short Guiro", "F4", "x"),
    74: DrumSound("Long Guiro", "F4", "diamond"),
    75: DrumSound("Claves", "B5", "triangle"),
    76: DrumSound("High Wood Block", "A5", "triangle"),
    77: DrumSound("Low Wood Block", "G5", "triangle"),
    78: DrumSound("Mute Cuica", "E4", "x"),
    79: DrumSound("Open Cuica", "E4", "diamond"),
    80: DrumSound("Mute Triangle", "D6", "x"),
    81: DrumSound("Open Triangle", "D6", "triangle"),
}
"""By MIDI key (35 to 81), as General MIDI names them."""
_STEPS = "CDEFGAB"


def sound_of(key: int) -> DrumSound:
    """Return the sound of a MIDI key; one that General MIDI doesn't name gets a place between the others'."""
    return SOUNDS.get(key) or DrumSound(f"Percussion {key}", f"{_STEPS[key % 7]}{4 + key // 7 % 2}", "cross")


def settle_instruments(score: Any) -> None:
    """Let each part of a music21 score play the instrument of its program change, where its track's name would have it play another.

    No instrument transposes: MIDI has pitches as they sound.
    """
    for part in score.parts:
        name = part.partName
        begun: dict[float, Any] = {}
        for own in part.recurse().getElementsByClass("Instrument"):
            own.transposition = None
            offset = own.getOffsetInHierarchy(part)
            if offset in begun:
                part.remove(begun[offset], recurse=True)
            begun[offset] = own
            own.partName = name


class KeyMapper:
    """Stands for music21's mapper of MIDI keys to instruments, and keeps every key."""

    def midiPitchToInstrument(self, key: Any) -> Any:  # noqa: N802 - music21's name
        """Return an instrument that knows its key."""
        from music21.instrument import UnpitchedPercussion

        found: Any = UnpitchedPercussion()  # type: ignore[no-untyped-call]
        found.percMapPitch = int(getattr(key, "midi", key))
        return found


def place_keys(score: Any) -> None:
    """Give each unpitched note of a music21 score the place that stands for its key; one whose key isn't known keeps its own."""
    from music21.note import Unpitched

    for note in score.recurse().notes:
        for own in getattr(note, "notes", None) or [note]:
            key = getattr(own.storedInstrument, "percMapPitch", None) if isinstance(own, Unpitched) else None
            if key is not None:
                own.displayStep, own.displayOctave = _STEPS[key % 7], key // 7


def dressed(xml: bytes) -> bytes:
    """Return MusicXML in which the places of `place_keys` are a drum set: clef, places, noteheads, instruments on channel 10."""
    root = etree.fromstring(xml)
    document = root.getroottree()
    for part in root.iterfind("part"):
        notes = [(note, place) for note in part.iter("note") if (place := note.find("unpitched")) is not None]
        if notes:
            _dress(root, part, notes)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def _dress(root: _Element, part: _Element, notes: list[tuple[_Element, _Element]]) -> None:
    id = part.get("id", "")
    keys = {place: _key(place) for _, place in notes}
    ids = {key: f"{id}-X{key + 1}" for key in sorted(set(keys.values()))}
    for note, place in notes:
        sound = sound_of(keys[place])
        place[0].text, place[1].text = sound.place[0], sound.place[1:]
        for old in note.findall("instrument") + note.findall("notehead"):
            note.remove(old)
        _after(note, "instrument", ("grace", "cue", "chord", "unpitched", "duration", "tie")).set(
            "id", ids[keys[place]]
        )
        if sound.notehead:
            before = ("type", "dot", "accidental", "time-modification", "stem", "voice", "instrument")
            _after(note, "notehead", before).text = sound.notehead
    for clef in part.iter("clef"):
        for child in list(clef):
            clef.remove(child)
        etree.SubElement(clef, "sign").text = "percussion"
    listed = next(element for element in root.iterfind("part-list/score-part") if element.get("id") == id)
    for old in listed.findall("score-instrument") + listed.findall("midi-instrument"):
        listed.remove(old)
    for key, own in ids.items():
        instrument = etree.SubElement(listed, "score-instrument", id=own)
        etree.SubElement(instrument, "instrument-name").text = sound_of(key).name
    for key, own in ids.items():
        midi = etree.SubElement(listed, "midi-instrument", id=own)
        etree.SubElement(midi, "midi-channel").text = str(DRUM_CHANNEL)
        etree.SubElement(midi, "midi-unpitched").text = str(key + 1)


def _key(place: _Element) -> int:
    return 7 * int(place[1].text or 0) + _STEPS.index(place[0].text or "C")


def _after(note: _Element, tag: str, before: tuple[str, ...]) -> _Element:
    """A new child of a note, after the last of those that come before it."""
    found = etree.Element(tag)
    note.insert(1 + max(n for n, child in enumerate(note) if child.tag in before), found)
    return found
