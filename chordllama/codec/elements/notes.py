"""One `<note>`, read and written. Knows pitches and note values; notations.py knows its marks, lyrics.py its syllables.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/note/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element, tostring

from chordllama.codec import whitelist
from chordllama.codec.elements.content import alteration, child_text, children, number
from chordllama.codec.elements.drafts import Content, NoteDraft, Said
from chordllama.codec.elements.lyrics import LyricReader
from chordllama.codec.elements.notations import Notations, Open, write_notations
from chordllama.codec.notation.accidentals import ACCIDENTALS, SYNONYMS
from chordllama.codec.notation.beams import read_beams, write_beams
from chordllama.codec.report import Report
from chordllama.codec.words.texts import xml_text
from chordllama.codec.words.values import NOT_AT_RESTS, NOTE_TYPE, mark_fault
from chordllama.limits import MOST_DOTS, MOST_IN_TUPLET, MOST_STAVES
from chordllama.score.model import (
    NOTE_TYPES,
    QUARTER,
    Alter,
    Chord,
    Duration,
    Mark,
    Note,
    Rest,
    Spacer,
    Ticks,
    duration,
    duration_of,
)

ENCLOSURES = {"editorial": "editorial", "parenthesised": "parentheses", "bracketed": "bracket"}
"""Marks that say how an accidental is seen, and the attributes that are their names in MusicXML."""
STEPS = frozenset("ABCDEFG")
NONE = (1, 1)
"""The ratio of a note outside of any tuplet."""
_ACCIDENTALS = frozenset(whitelist.ACCIDENTALS)
_MARKED = frozenset(["cue", "grace", "notehead", "instrument"])
_TIE_STARTS = frozenset(["start", "continue"])
_TIE_STOPS = frozenset(["stop", "continue"])

# -------------------------------------------------------------------------------------------------------------- reading


_REPEATED = frozenset(["dot", "tie", "beam", "notations", "lyric"])


Known = dict[tuple[object, ...], tuple[dict[str, Said], dict[str, Said]]]
LengthReader = Callable[[_Element, str | None], Ticks | None]
_MOST_KNOWN = 10_000
"""Notes of which it is kept what they say."""
_LYRIC = re.compile("<lyric[ >].*?</lyric>", re.DOTALL)
_PITCH = re.compile("<step>([A-G])</step>(?:<alter>(-?[0-2])</alter>)?<octave>([0-9])</octave>")


def _said(element: _Element) -> str:
    """The XML of a `<note>`, but for its place on the page and its syllables, which are read wherever it stands."""
    xml = tostring(element, encoding="unicode", with_tail=False)
    start, _, rest = xml.partition(">")
    if "<lyric" in rest and "<!" not in rest:
        rest = _LYRIC.sub("<lyric/>", rest)
    return rest if "print-object" not in start else start + rest


class NoteElement:
    """A `<note>` with its children: those of which there's one, and those of which there may be several."""

    __slots__ = ("fields", "is_hidden", "several")

    def __init__(self, element: _Element) -> None:
        self.is_hidden = element.get("print-object") == "no"
        self.fields: dict[str, _Element] = {}
        self.several: dict[str, list[_Element]] = {}
        for child in children(element):
            tag = child.tag
            if tag in _REPEATED:
                self.several.setdefault(tag, []).append(child)
            else:
                self.fields[tag] = child


class NoteReader:
    """Reads the notes of one part. `instruments` are the ids of its instruments in the order of the header.

    `known` is what is known of the file's notes by what they depend on (divisions, instruments) and by their XML, with and
    without their pitch.
    """

    def __init__(self, instruments: list[str], report: Report, known: Known) -> None:
        self.instruments = instruments
        self.report = report
        self.lyrics = LyricReader()
        self._known = known
        self.scale: Ticks = QUARTER
        self._here: dict[str, Said] = {}
        self._alike: dict[str, Said] = {}

    def begin(self, scale: Ticks) -> None:
        """From here on a division has so many ticks."""
        self.scale = scale
        self._here, self._alike = self._known.setdefault((scale, *self.instruments[1:]), ({}, {}))

    def said(self, element: _Element, length_of: LengthReader) -> Said:
        """Return what a `<note>` says; `length_of` reads a `<duration>` as ticks."""
        key = _said(element)
        found = self._here.get(key)
        if found is None:
            if len(self._here) >= _MOST_KNOWN:
                self._here.clear()
                self._alike.clear()
            found = self._here[key] = self._unknown(element, key, length_of)
        if found[0].faults:
            self.report.mended.update(found[0].faults)
        return found

    def _unknown(self, element: _Element, key: str, length_of: LengthReader) -> Said:
        """The same of a note that differs from all that are known, maybe in nothing but its pitch."""
        before, _, rest = key.partition("<pitch>")
        spelled, _, after = rest.partition("</pitch>")
        if not after or "<pitch" in after:
            return self.read(element, length_of)
        alike = f"{before}<pitch/>{after}"
        content, twin = self._alike.get(alike, (None, None))
        pitch = _plain_pitch(spelled)
        if content is not None and twin is not None and pitch is not None:
            return content, twin.at(*pitch).settle(content.duration, content.grace)
        found = self.read(element, length_of)
        if not found[0].faults:
            self._alike[alike] = found
        return found

    def read(self, element: _Element, length_of: LengthReader, head: Duration | None = None) -> Said:
        """Return the same, read anew; `head` is the duration of the chord of which this is another note."""
        note = NoteElement(element)
        fields, several = note.fields, note.several
        staff = number(fields["staff"].text, 1, MOST_STAVES) or 1 if "staff" in fields else 1
        voice = (fields["voice"].text or "").strip() or "1" if "voice" in fields else "1"
        grace = _grace(fields["grace"]) if "grace" in fields else ""
        notations = Notations([] if _MARKED.isdisjoint(fields) else self._note_marks(fields))
        ratio = _ratio(fields["time-modification"], notations) if "time-modification" in fields and not grace else NONE
        said = length_of(element, fields["duration"].text) if "duration" in fields else None
        length = None if grace else said
        written, value, rounded = _values(_type(fields), _dots(several, notations), ratio, length, self.scale)
        found = Content(voice, staff, value, 0 if grace else length or value.ticks, grace, rounded, "chord" in fields)
        for child in several.get("notations", ()):
            notations.read(child, value)
        played = head or value
        if written is not None and written is not played and written != played:
            notations.marks.append(Mark("type", _mismatch(written, played)))
        found.dynamics = tuple(filter(None, notations.dynamics))
        if "rest" in fields:
            _read_rest(found, note, notations.marks)
        notehead = None if "rest" in fields else _read_head(found, note, notations)
        found.faults = notations.faults
        return found, notehead

    def _note_marks(self, fields: dict[str, _Element]) -> list[Mark]:
        found = [Mark("cue")] if "cue" in fields else []
        head = Mark("notehead", (fields["notehead"].text or "").strip()) if "notehead" in fields else None
        if head and not mark_fault(head):
            found.append(head)
        if "grace" in fields:
            found += _read_steal(fields["grace"])
        instrument = fields["instrument"].get("id", "") if "instrument" in fields else ""
        if instrument in self.instruments[1:]:
            found.append(Mark("instrument", str(self.instruments.index(instrument) + 1)))
        return found


def _read_steal(element: _Element) -> Iterator[Mark]:
    for side in ("previous", "following"):
        mark = Mark("steal-time", side + element.get(f"steal-time-{side}", ""))
        if not mark_fault(mark):
            yield mark


def _write_grace(chord: Chord, note: Note) -> str:
    slash = ' slash="yes"' if chord.grace == "slash" else ""
    for mark in note.marks:
        if mark.name == "steal-time":
            side = mark.value.rstrip("0123456789.")
            slash += f' steal-time-{side}="{mark.value[len(side) :]}"'
    return f"<grace{slash}/>"


def _grace(element: _Element) -> str:
    return "slash" if element.get("slash") == "yes" else "grace"


def _type(fields: dict[str, _Element]) -> str:
    """The note type that is seen; "" where none is said."""
    type = (fields["type"].text or "").strip() if "type" in fields else ""
    return type if type in NOTE_TYPES else ""


def _dots(several: dict[str, list[_Element]], notations: Notations) -> int:
    if "dot" not in several:
        return 0
    dots = len(several["dot"])
    if dots > MOST_DOTS:
        notations.faults += (f"a note has more than {MOST_DOTS} dots: the others are left out",)
    return min(dots, MOST_DOTS)


@lru_cache(maxsize=8192)
def _values(
    type: str, dots: int, ratio: tuple[int, int], length: Ticks | None, scale: Ticks
) -> tuple[Duration | None, Duration, bool]:
    """The note value that is seen (None without a type), the one that is played, and whether the source rounded that."""
    if not type:
        return None, (duration_of(length, *ratio) if length else duration("eighth")), False
    written = duration(type, dots, *ratio)
    if not length or written.ticks == length:
        return written, written, False
    if written.ticks % scale and -scale < written.ticks - length < scale:
        return written, written, True
    return written, duration_of(length, *ratio), False


def _mismatch(written: Duration, value: Duration) -> str:
    """What is seen, as a mark says it, where that isn't what is played."""
    ratio = (
        ""
        if (written.actual, written.normal) == (value.actual, value.normal)
        else f"/{written.actual}:{written.normal}"
    )
    return written.type + "." * written.dots + ratio


def _ratio(element: _Element, notations: Notations) -> tuple[int, int]:
    actual = number(child_text(element, "actual-notes"), 1, MOST_IN_TUPLET)
    normal = number(child_text(element, "normal-notes"), 1, MOST_IN_TUPLET)
    if actual and normal:
        return (actual, normal) if actual != normal else NONE
    notations.faults += (f"a tuplet whose numbers aren't 1 to {MOST_IN_TUPLET} is left out",)
    return NONE


def _read_head(found: Content, element: NoteElement, notations: Notations) -> NoteDraft:
    fields, several = element.fields, element.several
    note = _read_note(element, found.staff, notations)
    if "beam" in several:
        found.beams = read_beams(several["beam"])
    if "stem" in fields:
        found.stem = (fields["stem"].text or "").strip()
    found.sings = "lyric" in several
    return note.settle(found.duration, found.grace)


def _read_rest(draft: Content, note: NoteElement, marks: list[Mark]) -> None:
    rest, type = note.fields["rest"], note.fields.get("type")
    draft.hidden = note.is_hidden
    draft.fills_bar = rest.get("measure") == "yes"
    value = "" if type is None else (type.text or "").strip()
    draft.could_fill_bar = value in ("", "whole")
    draft.has_value = value not in ("", "whole", "breve") if draft.fills_bar else not value
    if len(rest):
        position = Mark("position", child_text(rest, "display-step").lower() + child_text(rest, "display-octave"))
        if not mark_fault(position):
            marks.append(position)
    draft.marks = [mark for mark in marks if mark.name not in NOT_AT_RESTS]


def _read_note(element: NoteElement, staff: int, notations: Notations) -> NoteDraft:
    fields = element.fields
    note = (_read_pitch if "pitch" in fields else _read_place)(fields, staff, notations)
    if element.is_hidden:
        notations.marks.append(Mark("hidden"))
    ties = notations.ties
    if "tie" in element.several:
        ties |= {tie.get("type") for tie in element.several["tie"]}
    if ties:
        note.tie_start, note.tie_stop = not ties.isdisjoint(_TIE_STARTS), not ties.isdisjoint(_TIE_STOPS)
    if "accidental" in fields:
        _read_accidental(fields["accidental"], note)
    return note


def _read_pitch(fields: dict[str, _Element], staff: int, notations: Notations) -> NoteDraft:
    (step, octave, alter), faults = _pitch(fields["pitch"])
    notations.faults += faults
    return NoteDraft(step, octave, alter, False, staff, notations.marks)


def _pitch(element: _Element) -> tuple[tuple[str, int, Alter], tuple[str, ...]]:
    """Step, octave and alteration of a `<pitch>`, and what makes no sense in it."""
    texts = {child.tag: child.text for child in children(element)}
    faults: tuple[str, ...] = ()
    octave = number(texts.get("octave"), 0, 9)
    if octave is None:
        faults += ("a note whose octave isn't 0 to 9 is put into octave 4",)
        octave = 4
    alter = alteration(texts["alter"]) if "alter" in texts else 0
    if alter is None:
        faults += ("an alter that is no small number is left out",)
        alter = 0
    return (_step(texts.get("step"), "C"), octave, alter), faults


@lru_cache(maxsize=1024)
def _plain_pitch(xml: str) -> tuple[str, int, Alter] | None:
    """The same of what stands inside of a `<pitch>`, where that is nothing out of the ordinary."""
    match = _PITCH.fullmatch(xml)
    return (match[1], int(match[3]), int(match[2] or 0)) if match else None


def _read_place(fields: dict[str, _Element], staff: int, notations: Notations) -> NoteDraft:
    texts = {child.tag: child.text for child in children(fields["unpitched"])} if "unpitched" in fields else {}
    octave = number(texts.get("display-octave"), 0, 9)
    step = _step(texts.get("display-step"), "E")
    return NoteDraft(step, 4 if octave is None else octave, 0, True, staff, notations.marks)


def _step(text: str | None, usual: str) -> str:
    if text in STEPS:
        return text
    step = (text or "").strip().upper()
    return step if step in STEPS else usual


def _read_accidental(element: _Element, note: NoteDraft) -> None:
    text = (element.text or "").strip()
    name = SYNONYMS.get(text, text)
    if name in _ACCIDENTALS:
        note.accidental = name
        if element.attrib:
            note.enclosed = [Mark(mark) for mark, name in ENCLOSURES.items() if element.get(name) == "yes"]


# -------------------------------------------------------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Setting:
    """What a note is written into: its voice, its staff (0 where the part has one), the part's instruments, the divisions.

    `whole_rests`: a rest that fills its bar is called a whole rest.
    """

    voice: str
    staff: int
    instruments: tuple[str, ...]
    divisions: int
    whole_rests: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at a chord that pitch and duration don't say: accidentals note by note (MusicXML's names), stem, beams."""

    accidentals: list[str | None]
    stem: str = ""
    beams: str = ""


def divided(length: Ticks, divisions: int) -> int:
    """Return a length in ticks as `<duration>` says it."""
    exact, rest = divmod(length * divisions, QUARTER)
    return exact if not rest else round(Fraction(length * divisions, QUARTER))


def write_chord(
    chord: Chord,
    setting: Setting,
    tie_stops: list[bool],
    look: Look,
    lyrics: list[str],
    is_open: Open,
) -> Iterator[str]:
    """Yield the lines of a chord's `<note>` elements.

    `tie_stops` go note by note; `lyrics` are the finished lines; `is_open` is taken on.
    """
    for place, note in enumerate(chord.notes):
        yield f"<note{' print-object=' + chr(34) + 'no' + chr(34) if note.has('hidden') else ''}>"
        if chord.grace:
            yield f"  {_write_grace(chord, note)}"
        if note.has("cue"):
            yield "  <cue/>"
        if place:
            yield "  <chord/>"
        yield from _write_pitch(note)
        if not chord.grace:
            yield f"  <duration>{divided(chord.duration.ticks, setting.divisions)}</duration>"
        if not note.has("cue"):  # a cue doesn't sound: its ties are only seen
            yield from ['  <tie type="stop"/>'] if tie_stops[place] else []
            yield from ['  <tie type="start"/>'] if note.has("tie") else []
        yield from _write_middle(chord.duration, note.marks, setting, look.accidentals[place], look.stem)
        yield from () if place else write_beams(look.beams)
        yield from write_notations(note.marks, tie_stops[place], Open(is_open.lines, []) if place else is_open)
        yield from ([] if place else lyrics)
        yield "</note>"


def write_rest(
    rest: Rest, setting: Setting, bar: Ticks, is_open: Open | None = None, *, hidden: bool = False
) -> Iterator[str]:
    """Yield the lines of a rest's `<note>`; `bar` is the bar's length in ticks."""
    yield '<note print-object="no">' if hidden else "<note>"
    if any(mark.name == "cue" for mark in rest.marks):
        yield "  <cue/>"
    position = next((mark.value for mark in rest.marks if mark.name == "position"), "")
    whole = ' measure="yes"' if rest.duration is None else ""
    if position:
        yield f"  <rest{whole}>"
        yield f"    <display-step>{position[0].upper()}</display-step>"
        yield f"    <display-octave>{position[1]}</display-octave>"
        yield "  </rest>"
    else:
        yield f"  <rest{whole}/>"
    length = bar if rest.duration is None else rest.duration.ticks
    yield f"  <duration>{divided(length, setting.divisions)}</duration>"
    value = rest.duration or (duration("whole") if setting.whole_rests else Duration(free=Fraction(1)))
    yield from _write_middle(value, rest.marks, setting, None, "")
    if is_open is not None:
        yield from write_notations(rest.marks, False, is_open)
    yield "</note>"


def _write_pitch(note: Note) -> Iterator[str]:
    prefix, tag = ("display-", "unpitched") if note.unpitched else ("", "pitch")
    yield f"  <{tag}>"
    yield f"    <{prefix}step>{note.step}</{prefix}step>"
    if note.alter and not note.unpitched:
        yield f"    <alter>{note.alter if isinstance(note.alter, int) else float(note.alter)}</alter>"
    yield f"    <{prefix}octave>{note.octave}</{prefix}octave>"
    yield f"  </{tag}>"


def _write_middle(
    value: Duration, marks: tuple[Mark, ...], setting: Setting, accidental: str | None, stem: str
) -> Iterator[str]:
    found = {mark.name: mark.value for mark in marks}
    if len(setting.instruments) > 1:
        yield f"  <instrument id={quoteattr(setting.instruments[int(found.get('instrument', '1')) - 1])}/>"
    yield f"  <voice>{xml_text(setting.voice)}</voice>"
    type, dots, actual, normal = _written_value(value, found.get("type", ""))
    if type:
        yield f"  <type>{type}</type>"
        yield from ["  <dot/>"] * dots
    if accidental:
        enclosed = "".join(f' {name}="yes"' for mark, name in ENCLOSURES.items() if mark in found)
        yield f"  <accidental{enclosed}>{accidental}</accidental>"
    if actual != normal:
        yield "  <time-modification>"
        yield f"    <actual-notes>{actual}</actual-notes>"
        yield f"    <normal-notes>{normal}</normal-notes>"
        yield "  </time-modification>"
    if stem:
        yield f"  <stem>{stem}</stem>"
    if "notehead" in found:
        yield f"  <notehead>{xml_text(found['notehead'])}</notehead>"
    if setting.staff:
        yield f"  <staff>{found.get('cross', setting.staff)}</staff>"


def _written_value(value: Duration, mark: str) -> tuple[str, int, int, int]:
    """Type, dots and tuplet ratio as they are seen: what a mark says of them, else the duration's."""
    match = NOTE_TYPE.fullmatch(mark)
    if not match:
        return value.type, value.dots, value.actual, value.normal
    type, dots, actual, normal = match.groups()
    return type, len(dots), int(actual or value.actual), int(normal or value.normal)


def seen_lengths(event: Chord | Rest | Spacer) -> Iterator[Ticks]:
    """Yield the lengths of the note values that are seen where they aren't what is played."""
    notes = event.notes if isinstance(event, Chord) else [event] if isinstance(event, Rest) else []
    for note in notes:
        for mark in note.marks:
            if mark.name == "type":
                yield duration(*_written_value(event.duration or duration("whole"), mark.value)).ticks


def accidental_name(alter: int | Fraction) -> str | None:
    """Return MusicXML's name of the sign for so many semitones."""
    return ACCIDENTALS.get(alter)
