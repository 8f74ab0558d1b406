"""One `<note>`, read and written. Knows note values, marks and lyrics; knows neither bars nor the text.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/note/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from lxml.etree import _Element

from chordllama.codec.accidentals import ACCIDENTALS, SYNONYMS
from chordllama.codec.whitelist import DYNAMICS, NOTATION_BY_ELEMENT, SIGN_BY_NAME, Sign
from chordllama.score import NOTE_TYPES, Chord, Duration, Mark, Note, Rest, Syllable, Ticks, duration, duration_of

MOST_DOTS = 4
MOST_IN_TUPLET = 1000

# -------------------------------------------------------------------------------------------------------------- reading


@dataclass(slots=True)
class NoteDraft:
    """A notehead while its bar is read."""

    step: str
    octave: int
    alter: int | Fraction
    unpitched: bool
    staff: int
    marks: list[Mark] = field(default_factory=list)
    tie_start: bool = False
    tie_stop: bool = False
    accidental: str | None = None
    parenthesised: bool = False

    @property
    def pitch(self) -> tuple[str, int | Fraction, int]:
        return (self.step, self.alter, self.octave)


@dataclass(slots=True)
class EventDraft:
    """A chord, a rest (no notes) or a spacer (`hidden`) while its bar is read; `onset` and `ticks` as the source counts them."""

    onset: Ticks
    ticks: Ticks
    duration: Duration
    staff: int
    notes: list[NoteDraft]
    grace: str = ""
    hidden: bool = False
    fills_bar: bool = False
    could_fill_bar: bool = False
    rounded: bool = False
    marks: list[Mark] = field(default_factory=list)
    lyrics: list[Syllable] = field(default_factory=list)


def number(text: str | None, least: int, most: int) -> int | None:
    """An integer within its range, None where it's missing, none or out of range ("4.0" is 4)."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return int(value) if least <= value <= most and value == int(value) else None


def read_alter(text: str | None) -> int | Fraction:
    """Semitones, as an integer where they are one."""
    if not text or not re.fullmatch(r"\s*[-+]?\d{1,2}(\.\d{1,4})?\s*", text):
        return 0
    value = Fraction(text.strip())
    return value.numerator if value.denominator == 1 else value


def child_text(element: _Element, tag: str) -> str:
    """The stripped text of a child, "" without one."""
    return (element.findtext(tag) or "").strip()


class NoteReader:
    """Reads the notes of one part. `instruments` are the ids of its instruments in the order of the header."""

    def __init__(self, instruments: list[str]) -> None:
        self.instruments = instruments
        self.verses: dict[str, int] = {}

    def read(
        self, element: _Element, onset: Ticks, length: Ticks | None, scale: Ticks
    ) -> tuple[EventDraft, str, list[str]]:
        """The event, its voice and the dynamics that stand in its notations.

        `length` is what `<duration>` says in ticks (None without one), `scale` the ticks of one division.
        """
        fields: dict[str, _Element] = {}
        notations: list[_Element] = []
        lyrics: list[_Element] = []
        dots = 0
        ties: set[str | None] = set()
        for child in element:
            tag = child.tag
            if tag == "notations":
                notations.append(child)
            elif tag == "dot":
                dots += 1
            elif tag == "tie":
                ties.add(child.get("type"))
            elif tag == "lyric":
                lyrics.append(child)
            elif isinstance(tag, str):
                fields[tag] = child
        staff = number(fields["staff"].text, 1, 8) or 1 if "staff" in fields else 1
        voice = (fields["voice"].text or "").strip() or "1" if "voice" in fields else "1"
        grace = _grace(fields.get("grace"))
        value, mismatch, rounded = _read_duration(fields, dots, length, bool(grace), scale)
        draft = EventDraft(onset, 0 if grace else length or value.ticks, value, staff, [], grace, rounded=rounded)
        dynamics: list[str] = []
        marks = list(self._note_marks(fields))
        for notation in notations:
            _read_notations(notation, marks, ties, dynamics, value)
        if mismatch:
            marks.append(Mark("type", mismatch))
        if "rest" in fields:
            _read_rest(draft, element, fields, marks)
        else:
            note = _read_pitch(fields, staff)
            if element.get("print-object") == "no":
                marks.append(Mark("hidden"))
            note.marks = marks
            note.tie_start, note.tie_stop = bool({"start", "continue"} & ties), bool({"stop", "continue"} & ties)
            _read_accidental(fields.get("accidental"), note)
            draft.notes.append(note)
            draft.lyrics = list(self._lyrics(lyrics))
        return draft, voice, dynamics

    def _note_marks(self, fields: dict[str, _Element]) -> Iterator[Mark]:
        if "cue" in fields:
            yield Mark("cue")
        head = fields.get("notehead")
        if head is not None and (head.text or "").strip() not in ("", "normal"):
            yield Mark("notehead", (head.text or "").strip())
        instrument = fields.get("instrument")
        if instrument is not None and instrument.get("id") in self.instruments[1:]:
            yield Mark("instrument", str(self.instruments.index(instrument.get("id") or "") + 1))

    def _lyrics(self, elements: list[_Element]) -> Iterator[Syllable]:
        seen = set()
        for element in elements:
            verse = self._verse(element.get("number") or "1")
            text = "".join(_lyric_text(child) for child in element if child.tag in ("text", "elision"))
            if text and verse not in seen:
                seen.add(verse)
                hyphen = _syllabic(element) in ("begin", "middle")
                extend = element.find("extend")
                yield Syllable(verse, text, hyphen, extend is not None and extend.get("type") != "stop")

    def _verse(self, number: str) -> int:
        if number not in self.verses:
            taken = set(self.verses.values())
            wanted = int(number) if re.fullmatch(r"[1-9]\d?", number) else 1
            self.verses[number] = wanted if wanted not in taken else next(n for n in range(1, 100) if n not in taken)
        return self.verses[number]


def _lyric_text(element: _Element) -> str:
    text = "".join(element.itertext())
    return text or "‿" if element.tag == "elision" else text


def _syllabic(element: _Element) -> str:
    found = element.findall("syllabic")
    return (found[-1].text or "").strip() if found else "single"


def _grace(element: _Element | None) -> str:
    if element is None:
        return ""
    return "slash" if element.get("slash") == "yes" else "grace"


def _read_duration(
    fields: dict[str, _Element], dots: int, length: Ticks | None, grace: bool, scale: Ticks
) -> tuple[Duration, str, bool]:
    """The duration, the written type where it says something else, and whether the source rounded."""
    actual, normal = _ratio(fields.get("time-modification"))
    type = (fields["type"].text or "").strip() if "type" in fields else ""
    if type not in NOTE_TYPES:
        return (duration("eighth") if grace or not length else duration_of(length, actual, normal)), "", False
    dots = min(dots, MOST_DOTS)
    written = duration(type, dots, actual, normal)
    if grace:
        return duration(type, dots), "", False
    if length is None or not length or written.ticks == length:
        return written, "", False
    if written.ticks % scale and abs(written.ticks - length) < scale:
        return written, "", True
    found = duration_of(length, actual, normal)
    return found, type + "." * dots, False


def _ratio(element: _Element | None) -> tuple[int, int]:
    if element is None:
        return 1, 1
    actual = number(element.findtext("actual-notes"), 1, MOST_IN_TUPLET)
    normal = number(element.findtext("normal-notes"), 1, MOST_IN_TUPLET)
    return (actual, normal) if actual and normal and actual != normal else (1, 1)


def _read_rest(draft: EventDraft, element: _Element, fields: dict[str, _Element], marks: list[Mark]) -> None:
    rest = fields["rest"]
    draft.hidden = element.get("print-object") == "no"
    draft.fills_bar = rest.get("measure") == "yes"
    draft.could_fill_bar = "type" not in fields or child_text(element, "type") == "whole"
    step, octave = child_text(rest, "display-step").lower(), child_text(rest, "display-octave")
    if re.fullmatch(r"[a-g]", step) and re.fullmatch(r"\d", octave):
        marks.append(Mark("position", step + octave))
    draft.marks = marks


def _read_pitch(fields: dict[str, _Element], staff: int) -> NoteDraft:
    pitch = fields.get("pitch")
    if pitch is not None:
        step = child_text(pitch, "step").upper()
        octave = number(pitch.findtext("octave"), 0, 9)
        return NoteDraft(
            step if step in set("ABCDEFG") else "C",
            4 if octave is None else octave,
            read_alter(pitch.findtext("alter")),
            False,
            staff,
        )
    place = fields.get("unpitched")
    step = child_text(place, "display-step").upper() if place is not None else ""
    octave = number(place.findtext("display-octave"), 0, 9) if place is not None else None
    return NoteDraft(step if step in set("ABCDEFG") else "E", 4 if octave is None else octave, 0, True, staff)


def _read_accidental(element: _Element | None, note: NoteDraft) -> None:
    if element is not None:
        text = (element.text or "").strip()
        note.accidental = SYNONYMS.get(text, text)
        note.parenthesised = "yes" in (element.get("parentheses"), element.get("bracket"))


def _read_notations(
    element: _Element, marks: list[Mark], ties: set[str | None], dynamics: list[str], value: Duration
) -> None:
    for child in element:
        tag = child.tag
        if tag == "tied":
            _read_tied(child, marks, ties)
        elif tag == "tuplet":
            marks.append(_read_tuplet(child, value))
        elif tag in ("articulations", "ornaments", "technical"):
            for grandchild in child:
                _read_sign(str(tag), grandchild, marks)
        elif tag == "dynamics":
            dynamics += [dynamic_name(grandchild) for grandchild in child if isinstance(grandchild.tag, str)]
        else:
            _read_sign("", child, marks)


def dynamic_name(element: _Element) -> str:
    """The dynamic that a child of `<dynamics>` says."""
    return str(element.tag) if element.tag in DYNAMICS else (element.text or "").strip()


def _read_tied(element: _Element, marks: list[Mark], ties: set[str | None]) -> None:
    if element.get("type") == "let-ring":
        marks.append(Mark("let-ring"))
    else:
        ties.add(element.get("type"))


def _read_tuplet(element: _Element, value: Duration) -> Mark:
    if element.get("type") != "start":
        return Mark("tuplet-stop")
    actual = number(element.findtext("tuplet-actual/tuplet-number"), 1, MOST_IN_TUPLET)
    normal = number(element.findtext("tuplet-normal/tuplet-number"), 1, MOST_IN_TUPLET)
    nested = actual and normal and actual * value.normal != normal * value.actual
    return Mark("tuplet-start", f"{actual}:{normal}" if nested else "")


_SHAPES_WITH_TEXT = ("text", "typed")


def _read_sign(parent: str, element: _Element, marks: list[Mark]) -> None:
    tag = element.tag
    if not isinstance(tag, str):
        return
    sign = NOTATION_BY_ELEMENT.get((parent, tag, "")) or NOTATION_BY_ELEMENT.get((parent, tag, element.get("type", "")))
    if sign is None:
        return
    mark = _mark(sign.name, _sign_value(sign, element))
    if mark not in marks or sign.shape == "number":
        marks.append(mark)


@lru_cache(maxsize=8192)
def _mark(name: str, value: str) -> Mark:
    return Mark(name, value)


def _sign_value(sign: Sign, element: _Element) -> str:
    text = (element.text or "").strip()
    if sign.shape == "number":
        return element.get("number", "1")
    if sign.shape == "text":
        return "" if text == "normal" else text
    if sign.shape == "direction":
        return element.get("direction", "")
    if sign.shape == "typed":
        type = element.get("type", "")
        return ("" if type == "single" else type) + text
    return ""


# -------------------------------------------------------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Setting:
    """What a note is written into: its voice, its staff (0 where the part has one), the part's instruments, the divisions."""

    voice: str
    staff: int
    instruments: tuple[str, ...]
    divisions: int
    quarter: int

    def divided(self, length: Ticks) -> str:
        """A length in ticks as `<duration>` says it."""
        return str(int(Fraction(length) * self.divisions / self.quarter))


def write_chord(
    chord: Chord,
    setting: Setting,
    tie_stops: list[bool],
    accidentals: list[str | None],
    beams: tuple[str, ...],
    lyrics: list[str],
    tuplets: list[int],
) -> Iterator[str]:
    """The lines of a chord's `<note>` elements.

    `tie_stops` and `accidentals` (MusicXML's names) go note by note; `lyrics` are the finished lines; `tuplets` is the stack of
    the open tuplets' numbers, taken on.
    """
    for place, note in enumerate(chord.notes):
        yield f"<note{' print-object=' + chr(34) + 'no' + chr(34) if note.has('hidden') else ''}>"
        if chord.grace:
            yield '  <grace slash="yes"/>' if chord.grace == "slash" else "  <grace/>"
        if note.has("cue"):
            yield "  <cue/>"
        if place:
            yield "  <chord/>"
        yield from _write_pitch(note)
        if not chord.grace:
            yield f"  <duration>{setting.divided(chord.duration.ticks)}</duration>"
        if tie_stops[place]:
            yield '  <tie type="stop"/>'
        if note.has("tie"):
            yield '  <tie type="start"/>'
        yield from _write_middle(chord.duration, note.marks, setting, accidentals[place])
        yield from ([] if place else beams)
        yield from _write_notations(note.marks, tie_stops[place], [] if place else tuplets, chord.duration)
        yield from ([] if place else lyrics)
        yield "</note>"


def write_rest(rest: Rest, setting: Setting, bar: Ticks, tuplets: list[int]) -> Iterator[str]:
    """The lines of a rest's `<note>`; `bar` is the bar's length in ticks."""
    yield "<note>"
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
    yield f"  <duration>{setting.divided(length)}</duration>"
    yield from _write_middle(rest.duration or Duration(free=Fraction(1)), rest.marks, setting, None)
    yield from _write_notations(rest.marks, False, tuplets, rest.duration)
    yield "</note>"


def _write_pitch(note: Note) -> Iterator[str]:
    prefix, tag = ("display-", "unpitched") if note.unpitched else ("", "pitch")
    yield f"  <{tag}>"
    yield f"    <{prefix}step>{note.step}</{prefix}step>"
    if note.alter and not note.unpitched:
        yield f"    <alter>{note.alter if isinstance(note.alter, int) else float(note.alter):g}</alter>"
    yield f"    <{prefix}octave>{note.octave}</{prefix}octave>"
    yield f"  </{tag}>"


def _write_middle(value: Duration, marks: tuple[Mark, ...], setting: Setting, accidental: str | None) -> Iterator[str]:
    found = {mark.name: mark.value for mark in marks}
    if len(setting.instruments) > 1:
        yield f"  <instrument id={quoteattr(setting.instruments[int(found.get('instrument', '1')) - 1])}/>"
    yield f"  <voice>{setting.voice}</voice>"
    type = found.get("type", value.type + "." * value.dots)
    if type:
        yield f"  <type>{type.rstrip('.')}</type>"
        yield from ["  <dot/>"] * type.count(".")
    if accidental:
        parentheses = ' parentheses="yes"' if "parenthesised" in found else ""
        yield f"  <accidental{parentheses}>{accidental}</accidental>"
    if value.is_tuplet:
        yield "  <time-modification>"
        yield f"    <actual-notes>{value.actual}</actual-notes>"
        yield f"    <normal-notes>{value.normal}</normal-notes>"
        yield "  </time-modification>"
    if "notehead" in found:
        yield f"  <notehead>{escape(found['notehead'])}</notehead>"
    if setting.staff:
        yield f"  <staff>{found.get('cross', setting.staff)}</staff>"


def _write_notations(
    marks: tuple[Mark, ...], tie_stop: bool, tuplets: list[int], value: Duration | None
) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    if tie_stop:
        groups.setdefault("", []).append('<tied type="stop"/>')
    for mark in marks:
        sign = SIGN_BY_NAME[mark.name]
        if sign.parent == "note" or sign.name in ("tie-stop", "no-tie-stop"):
            continue
        groups.setdefault(sign.parent, []).extend(_write_sign(sign, mark, tuplets, value))
    if not groups:
        return
    yield "  <notations>"
    for parent, lines in groups.items():
        yield from [f"    {line}" for line in lines] if not parent else _nested(parent, lines)
    yield "  </notations>"


def _nested(parent: str, lines: list[str]) -> list[str]:
    return [f"    <{parent}>", *(f"      {line}" for line in lines), f"    </{parent}>"]


def _write_sign(sign: Sign, mark: Mark, tuplets: list[int], value: Duration | None) -> list[str]:
    if sign.element == "tuplet":
        return _write_tuplet(sign, mark, tuplets)
    attributes = f' type="{sign.type}"' if sign.type else ""
    text = ""
    if sign.shape == "number":
        attributes += f' number="{mark.value or 1}"'
    elif sign.shape == "text":
        text = mark.value
    elif sign.shape == "direction" and mark.value:
        attributes += f" direction={quoteattr(mark.value)}"
    elif sign.shape == "typed":
        type, text = re.fullmatch(r"([a-z]*)(.*)", mark.value, re.DOTALL).groups()  # type: ignore[union-attr]
        attributes += f' type="{type or "single"}"'
    return [
        f"<{sign.element}{attributes}>{escape(text)}</{sign.element}>" if text else f"<{sign.element}{attributes}/>"
    ]


def _write_tuplet(sign: Sign, mark: Mark, tuplets: list[int]) -> list[str]:
    if sign.type == "stop":
        return [f'<tuplet type="stop" number="{tuplets.pop() if tuplets else 1}"/>']
    tuplets.append(len(tuplets) + 1)
    opening = f'<tuplet type="start" number="{tuplets[-1]}"'
    if not mark.value:
        return [opening + "/>"]
    actual, normal = mark.value.split(":")
    return [
        opening + ">",
        f"  <tuplet-actual><tuplet-number>{actual}</tuplet-number></tuplet-actual>",
        f"  <tuplet-normal><tuplet-number>{normal}</tuplet-number></tuplet-normal>",
        "</tuplet>",
    ]


def write_lyric(syllable: Syllable, continues: bool) -> Iterator[str]:
    """The lines of one `<lyric>`; `continues`: the syllable before it in its verse had a hyphen."""
    syllabic = {(False, False): "single", (False, True): "begin", (True, True): "middle", (True, False): "end"}
    yield f'  <lyric number="{syllable.verse}">'
    yield f"    <syllabic>{syllabic[continues, syllable.hyphen]}</syllabic>"
    for place, text in enumerate(syllable.text.split("‿")):
        if place:
            yield "    <elision>‿</elision>"
        yield f"    <text>{escape(text)}</text>"
    if syllable.extend:
        yield "    <extend/>"
    yield "  </lyric>"


def accidental_name(alter: int | Fraction) -> str | None:
    """MusicXML's name of the sign for so many semitones."""
    return ACCIDENTALS.get(alter)
