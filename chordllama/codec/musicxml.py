"""MusicXML to score, and back: `read` and `write`. Knows the header and the bars; measures.py knows one part's measures.

Source: https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import lcm
from xml.sax.saxutils import escape, quoteattr

from lxml.etree import _Element

from chordllama.codec import accidentals
from chordllama.codec.beams import beams
from chordllama.codec.container import parse, read_container
from chordllama.codec.directions import write_clef, write_direction, write_harmony, write_key, write_transposition
from chordllama.codec.measures import MeasureDraft, PartReader, Ties
from chordllama.codec.notes import Setting, accidental_name, child_text, number, write_chord, write_lyric, write_rest
from chordllama.codec.report import Report
from chordllama.codec.whitelist import ELEMENTS, Verdict
from chordllama.errors import MusicXMLError
from chordllama.score import (
    QUARTER,
    Bar,
    Barline,
    Chord,
    Direction,
    Group,
    Harmony,
    Instrument,
    Item,
    Key,
    Metre,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Ticks,
    Time,
    apply_keys,
    changes_for,
    combine,
)

MOST_PARTS = 200
MOST_BARS = 20_000

# -------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Origin:
    """How the source wrote one part: what new measures must follow to fit in.

    `divisions` (of a quarter) at the end; `voices`: the source's name for the voice at a staff and place; `instruments`: their ids.
    """

    id: str
    divisions: int
    voices: dict[tuple[int, int], str]
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A score with what is known of its source."""

    score: Score
    origins: tuple[Origin, ...]
    report: Report


def read(data: bytes, name: str = "score", report: Report | None = None) -> Score:
    """The score in the bytes of a .musicxml, .xml or .mxl file.

    Raises:
        ContainerError: the bytes are no readable MusicXML, or hostile.
        MusicXMLError: the XML is no score that can be kept.
    """
    return read_with_origin(data, name, report).score


def read_with_origin(data: bytes, name: str = "score", report: Report | None = None) -> Reading:
    """The score, and how its source writes each part."""
    report = report if report is not None else Report()
    root = parse(read_container(data, name), name).getroot()
    _count(root, report)
    headers = _read_part_list(root)
    measures = _measures(root, headers, name)
    readers = []
    for index, (id, header) in enumerate(headers.items()):
        reader = PartReader(index, header.name or id, header.instrument_ids, report)
        for measure in measures[id]:
            reader.read_measure(measure)
        readers.append(reader)
    bars = _read_bars(readers, [_labels(measure) for measure in next(iter(measures.values()))])
    score = Score(
        parts=tuple(_part(header, reader) for header, reader in zip(headers.values(), readers, strict=True)),
        bars=bars,
        title=child_text(root, "work/work-title"),
        movement=child_text(root, "movement-title"),
        creators=tuple(
            (creator.get("type", ""), (creator.text or "").strip())
            for creator in root.iterfind("identification/creator")
            if (creator.text or "").strip()
        ),
        groups=_read_groups(root, list(headers)),
    )
    origins = tuple(_origin(id, reader) for id, reader in zip(headers, readers, strict=True))
    return Reading(score, origins, report)


def _count(root: _Element, report: Report) -> None:
    """Count what the table drops and what it doesn't know."""
    for tag, count in Counter(element.tag for element in root.iter()).items():
        if not isinstance(tag, str):
            continue
        rule = ELEMENTS.get(tag)
        if rule is None:
            report.unknown[tag] += count
            report.where[tag] = _where(next(root.iter(tag)))
        elif rule.verdict is Verdict.DROPPED:
            report.dropped[tag] += count


def _where(element: _Element) -> str:
    measure = next(element.iterancestors("measure"), None)
    part = next(element.iterancestors("part"), None)
    if measure is None or part is None:
        return f"in line {element.sourceline}"
    return f"in part {part.get('id')}, measure {measure.get('number')} (line {element.sourceline})"


@dataclass(slots=True)
class _PartHeader:
    name: str
    abbreviation: str
    instruments: list[Instrument]
    instrument_ids: list[str]


def _read_part_list(root: _Element) -> dict[str, _PartHeader]:
    headers: dict[str, _PartHeader] = {}
    for element in root.iterfind("part-list/score-part"):
        headers[element.get("id", "")] = _read_score_part(element)
    return headers


def _read_score_part(element: _Element) -> _PartHeader:
    ids = [child.get("id", "") for child in element.iterfind("score-instrument")]
    names = [child_text(child, "instrument-name") for child in element.iterfind("score-instrument")]
    sounds = {child.get("id", ""): child for child in element.iterfind("midi-instrument")}
    if not ids and sounds:
        ids, names = list(sounds), [""] * len(sounds)
    instruments = [_read_instrument(name, sounds.get(id)) for id, name in zip(ids, names, strict=True)]
    return _PartHeader(child_text(element, "part-name"), child_text(element, "part-abbreviation"), instruments, ids)


def _read_instrument(name: str, sound: _Element | None) -> Instrument:
    if sound is None:
        return Instrument(name)
    program, unpitched, channel = (
        number(sound.findtext(tag), 1, most) or 0
        for tag, most in (("midi-program", 128), ("midi-unpitched", 128), ("midi-channel", 16))
    )
    return Instrument(name, program, unpitched, channel if channel == 10 else 0)


def _measures(root: _Element, headers: dict[str, _PartHeader], name: str) -> dict[str, list[_Element]]:
    """Each part's measures, whichever way the file is nested; parts that the part list forgot are added to it."""
    found: dict[str, list[_Element]] = {id: [] for id in headers}
    if root.tag == "score-timewise":
        pairs = [(part, part) for measure in root.iterfind("measure") for part in measure.iterfind("part")]
    else:
        pairs = [(part, measure) for part in root.iterfind("part") for measure in part.iterfind("measure")]
    for part, measure in pairs:
        id = part.get("id", "")
        if id not in found:
            headers[id], found[id] = _PartHeader("", "", [], []), []
        found[id].append(measure)
    for id in [id for id, measures in found.items() if not measures]:
        del found[id], headers[id]
    if not found:
        raise MusicXMLError(
            f"{name}: the score is empty", cause="no part in it has a measure", hint="write some bars first"
        )
    if len(found) > MOST_PARTS or max(map(len, found.values())) > MOST_BARS:
        raise MusicXMLError(
            f"{name}: the score is too large", cause=f"more than {MOST_PARTS} parts or {MOST_BARS} measures"
        )
    return found


def _labels(measure: _Element) -> tuple[str, bool]:
    element = measure if measure.tag == "measure" else measure.getparent()
    assert element is not None
    return element.get("number", ""), element.get("implicit") == "yes"


def _read_groups(root: _Element, ids: list[str]) -> tuple[Group, ...]:
    opened: dict[str, tuple[int, _Element]] = {}
    found: list[Group] = []
    index = 0
    for child in root.iterfind("part-list/*"):
        if child.tag == "score-part":
            index += child.get("id", "") in ids
        elif child.tag == "part-group" and child.get("type") == "start":
            opened[child.get("number", "1")] = (index, child)
        elif child.tag == "part-group" and child.get("number", "1") in opened:
            first, element = opened.pop(child.get("number", "1"))
            if first < index:
                texts = (child_text(element, tag) for tag in ("group-symbol", "group-barline", "group-name"))
                found.append(Group(first, index - 1, *texts))
    return tuple(sorted(found, key=lambda group: (group.first, -group.last, group.symbol)))


def _part(header: _PartHeader, reader: PartReader) -> Part:
    staves = range(1, reader.staves + 1)
    lines = tuple(reader.lines.get(staff, 5) for staff in staves)
    return Part(
        header.name,
        header.abbreviation,
        tuple(reader.first_clefs.get(staff, "") for staff in staves),
        lines if any(line != 5 for line in lines) else (),
        tuple(header.instruments),
        reader.transposition,
    )


def _origin(id: str, reader: PartReader) -> Origin:
    voices = {place: stream[0] for stream, place in reader.voices().items() if stream[1] == 0}
    return Origin(id, max(1, int(Fraction(QUARTER) / reader.scale)), voices, tuple(reader.notes.instruments))


# ----------------------------------------------------------------------------------------------------------------- bars


def _read_bars(readers: list[PartReader], labels: list[tuple[str, bool]]) -> tuple[Bar, ...]:
    frames: list[Bar] = []
    lengths: list[Ticks] = []
    metre = Metre()
    expected = 1
    for index in range(max(len(reader.measures) for reader in readers)):
        drafts = [reader.measures[index] if index < len(reader.measures) else MeasureDraft() for reader in readers]
        label, implicit = labels[index] if index < len(labels) else ("", False)
        frame, length = _read_frame(drafts, metre, label or str(expected), implicit, expected)
        expected = int(label) + 1 if re.fullmatch(r"\d{1,6}", label) else expected + 1
        frames.append(frame)
        lengths.append(length)
    rows = [reader.rows(lengths, _fifths(frames, reader)) for reader in readers]
    return tuple(
        Bar(
            tuple(row for part in rows if index < len(part) for row in part[index]),
            frame.keys,
            frame.times,
            frame.start,
            frame.end,
            frame.length,
            frame.number,
            frame.implicit,
        )
        for index, frame in enumerate(frames)
    )


def _read_frame(
    drafts: list[MeasureDraft], metre: Metre, label: str, implicit: bool, expected: int
) -> tuple[Bar, Ticks]:
    frame = Bar(
        keys=combine([draft.keys for draft in drafts]),
        times=combine([draft.times for draft in drafts]),
        start=next((draft.start for draft in drafts if draft.start), Barline()),
        end=next((draft.end for draft in drafts if draft.end), Barline()),
        number=None if label == str(expected) else label,
        implicit=implicit,
    )
    metre.apply(frame)
    nominal = metre.length(frame)
    length = _extent(drafts, nominal)
    if length == nominal:
        return frame, length
    return Bar((), frame.keys, frame.times, frame.start, frame.end, length, frame.number, implicit), length


def _extent(drafts: list[MeasureDraft], nominal: Ticks) -> Ticks:
    """How long a bar really is, by its longest voice."""
    longest: Ticks = 0
    for draft in drafts:
        rounded = any(event.rounded for events in draft.streams.values() for event in events)
        ends = [
            placed[-1][1]
            for placed in draft.placed.values()
            if not (len(placed) == 1 and placed[0][2] and (placed[0][2].fills_bar or placed[0][2].could_fill_bar))
        ]
        longest = max(longest, *ends, 0 if rounded else draft.extent)
    rest = max((draft.bar_rest for draft in drafts), default=0)
    if not longest:
        return rest or nominal
    return nominal if longest < nominal and rest == nominal else longest


def _fifths(frames: list[Bar], reader: PartReader) -> list[dict[int, int]]:
    """The key of each staff in each bar."""
    current = dict.fromkeys(range(1, reader.staves + 1), 0)
    found = []
    for frame in frames:
        current = apply_keys(current, frame, reader.index)
        found.append(current)
    return found


# -------------------------------------------------------------------------------------------------------------- writing

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0">"""


def write(score: Score) -> bytes:
    """The score as MusicXML 4.0, score-partwise, UTF-8."""
    lines = [_HEAD, *_write_header(score)]
    for index in range(len(score.parts)):
        id = f"P{index + 1}"
        lines.append(f'  <part id="{id}">')
        writer = PartWriter(score.parts, index, origin_of(score, index))
        for bar in score.bars:
            lines += (f"    {line}" for line in writer.measure(bar))
        lines.append("  </part>")
    lines.append("</score-partwise>")
    return ("\n".join(lines) + "\n").encode()


def origin_of(score: Score, index: int) -> Origin:
    """How a part of a score without a source is written."""
    places = {row.place[1:] for bar in score.bars for row in bar.rows if row.part == index}
    stride = max([4, *(voice for _, voice in places)])
    voices = {place: str(stride * (place[0] - 1) + place[1]) for place in places}
    voices |= {(staff, 1): str(stride * (staff - 1) + 1) for staff in range(1, score.parts[index].staves + 1)}
    instruments = tuple(f"P{index + 1}-I{n}" for n in range(1, len(score.parts[index].instruments) + 1))
    return Origin(f"P{index + 1}", divisions_for(score, index), voices, instruments)


def divisions_for(score: Score, part: int, at_least: int = 1) -> int:
    """The smallest number of divisions of a quarter, a multiple of `at_least`, in which every length of a part is a whole number."""
    found = at_least
    seen: set[Ticks] = set()
    for bar, length in zip(score.bars, score.bar_lengths, strict=True):
        seen.add(length)
        for row in bar.rows:
            if row.part == part:
                seen.update(_lengths(row.items))
    for length in seen:
        found = lcm(found, Fraction(length, QUARTER).denominator)
    return found


def _lengths(items: tuple[Item, ...]) -> Iterator[Ticks]:
    for item in items:
        if isinstance(item, Direction | Harmony):
            yield item.offset
        elif item.duration is not None:
            yield item.duration.ticks


def _write_header(score: Score) -> Iterator[str]:
    if score.title:
        yield "  <work>"
        yield f"    <work-title>{escape(score.title)}</work-title>"
        yield "  </work>"
    if score.movement:
        yield f"  <movement-title>{escape(score.movement)}</movement-title>"
    yield "  <identification>"
    for type, name in score.creators:
        yield f"    <creator{f' type={quoteattr(type)}' if type else ''}>{escape(name)}</creator>"
    yield "    <encoding>"
    yield "      <software>ChordLlama</software>"
    yield '      <supports element="accidental" type="yes"/>'
    yield '      <supports element="beam" type="yes"/>'
    yield "    </encoding>"
    yield "  </identification>"
    yield "  <part-list>"
    for index, part in enumerate(score.parts):
        for depth, group in enumerate(score.groups, 1):
            if group.first == index:
                yield from _write_group_start(group, depth)
        yield from _write_score_part(part, f"P{index + 1}")
        for depth, group in reversed(list(enumerate(score.groups, 1))):
            if group.last == index:
                yield f'    <part-group type="stop" number="{depth}"/>'
    yield "  </part-list>"


def _write_group_start(group: Group, depth: int) -> Iterator[str]:
    yield f'    <part-group type="start" number="{depth}">'
    for tag, text in (("group-name", group.name), ("group-symbol", group.symbol), ("group-barline", group.barline)):
        if text:
            yield f"      <{tag}>{escape(text)}</{tag}>"
    yield "    </part-group>"


def _write_score_part(part: Part, id: str) -> Iterator[str]:
    yield f'    <score-part id="{id}">'
    yield f"      <part-name>{escape(part.name)}</part-name>"
    if part.abbreviation:
        yield f"      <part-abbreviation>{escape(part.abbreviation)}</part-abbreviation>"
    for n, instrument in enumerate(part.instruments, 1):
        yield f'      <score-instrument id="{id}-I{n}">'
        yield f"        <instrument-name>{escape(instrument.name)}</instrument-name>"
        yield "      </score-instrument>"
    for n, instrument in enumerate(part.instruments, 1):
        sound = (
            ("midi-channel", instrument.channel),
            ("midi-program", instrument.program),
            ("midi-unpitched", instrument.unpitched),
        )
        if any(value for _, value in sound):
            yield f'      <midi-instrument id="{id}-I{n}">'
            yield from (f"        <{tag}>{value}</{tag}>" for tag, value in sound if value)
            yield "      </midi-instrument>"
    yield "    </score-part>"


class PartWriter:
    """Writes the measures of one part in order. What goes on over bar lines (ties, words of a verse, keys) is kept here."""

    def __init__(self, parts: tuple[Part, ...], index: int, origin: Origin, *, first: bool = True) -> None:
        self.part = parts[index]
        self.index = index
        self.origin = origin
        self.divisions = origin.divisions
        self.first = first
        self.expected = 1
        self.ties = Ties()
        self.hyphens: set[tuple[int, int, int]] = set()
        self.fifths = dict.fromkeys(range(1, self.part.staves + 1), 0)
        self.metre = Metre()

    def skip(self, bars: tuple[Bar, ...]) -> None:
        """Take on what goes on over bar lines from bars that are written already."""
        for bar in bars[:-1]:
            self.fifths = apply_keys(self.fifths, bar, self.index)
            self.metre.apply(bar)
            self._label(bar)
        for bar in bars[-1:]:
            list(self.measure(bar))

    def _label(self, bar: Bar) -> str:
        label = bar.number if bar.number is not None else str(self.expected)
        self.expected = int(label) + 1 if re.fullmatch(r"\d{1,6}", label) else self.expected + 1
        return label

    def measure(self, bar: Bar) -> Iterator[str]:
        """The lines of one `<measure>`."""
        self.fifths = apply_keys(self.fifths, bar, self.index)
        self.metre.apply(bar)
        length = self.metre.length(bar)
        label = self._label(bar)
        yield f"<measure number={quoteattr(label)}{' implicit=' + quoteattr('yes') if bar.implicit else ''}>"
        yield from (f"  {line}" for line in self._write_barline(bar.start, "left"))
        yield from (f"  {line}" for line in self._attributes(bar))
        yield from (f"  {line}" for line in self._rows(bar, length))
        yield from (f"  {line}" for line in self._write_barline(bar.end, "right"))
        yield "</measure>"

    def _attributes(self, bar: Bar) -> Iterator[str]:
        lines = self._first_attributes() if self.first else []
        keys = [write_key(key, staff or 0) for staff, key in changes_for(bar.keys, self.index) if isinstance(key, Key)]
        times = [
            _write_time(time, staff or 0)
            for staff, time in changes_for(bar.times, self.index)
            if isinstance(time, Time)
        ]
        several = self.part.staves > 1
        staves = [f"<staves>{self.part.staves}</staves>"] if self.first and several else []
        clefs = [write_clef(clef, n * several) for n, clef in enumerate(self.part.clefs, 1) if clef and self.first]
        details = [
            _write_lines(lines, n * several) for n, lines in enumerate(self.part.lines, 1) if self.first and lines != 5
        ]
        transposition = write_transposition(self.part.transposition) if self.first and self.part.transposition else []
        self.first = False
        found = [*lines, *chain(*keys), *chain(*times), *staves, *chain(*clefs), *chain(*details), *transposition]
        if found:
            yield "<attributes>"
            yield from (f"  {line}" for line in found)
            yield "</attributes>"

    def _first_attributes(self) -> list[str]:
        return [f"<divisions>{self.divisions}</divisions>"]

    def _rows(self, bar: Bar, length: Ticks) -> Iterator[str]:
        rows = {row.place[1:]: row for row in bar.rows if row.part == self.index}
        for staff in range(1, self.part.staves + 1):
            if not any(place[0] == staff for place in rows):
                rows[staff, 1] = Row(self.index, staff, 1, (Rest(),))
        places = sorted(rows)
        self.ties.keep(places)
        shown = self._shown(rows, places)
        for n, place in enumerate(places):
            if n:
                yield from self._move("backup", length)
            yield from self._row(rows[place], shown, length)

    def _shown(self, rows: dict[tuple[int, int], Row], places: list[tuple[int, int]]) -> set[object]:
        """The (row, item, note) whose accidental the rules show."""
        notes = []
        ties = self.ties.copy()
        for place in places:
            position: Ticks = 0
            for i, item in enumerate(rows[place].items):
                if isinstance(item, Chord):
                    stops = _tie_stops(ties, place, item)
                    for n, note in enumerate(item.notes):
                        if not note.unpitched:
                            staff = next((int(mark.value) for mark in note.marks if mark.name == "cross"), place[0])
                            notes.append(
                                accidentals.Place(
                                    position,
                                    places.index(place),
                                    staff,
                                    note.step,
                                    note.octave,
                                    note.alter,
                                    stops[n],
                                    (place, i, n),
                                )
                            )
                    position += item.ticks
                elif isinstance(item, Rest | Spacer):
                    ties.clear(place)
                    position += item.duration.ticks if item.duration else 0
        return accidentals.shown(notes, self.fifths)

    def _row(self, row: Row, shown: set[object], length: Ticks) -> Iterator[str]:
        place = row.place[1:]
        staff = row.staff if self.part.staves > 1 else 0
        setting = Setting(self._voice(place), staff, self.origin.instruments, self.divisions, QUARTER)
        time = self.metre.own.get(self.index) or self.metre.common
        nominal = time.ticks if time else None
        beamed = beams(row.items, time, max(0, nominal - length) if nominal else 0)
        tuplets: list[int] = []
        for i, item in enumerate(row.items):
            if isinstance(item, Chord):
                stops = _tie_stops(self.ties, place, item)
                signs = [self._accidental(note, (place, i, n) in shown) for n, note in enumerate(item.notes)]
                lyrics = [
                    line for s in item.lyrics for line in write_lyric(s, self._continues(place, s.verse, s.hyphen))
                ]
                yield from write_chord(item, setting, stops, signs, beamed.get(i, ()), lyrics, tuplets)
            elif isinstance(item, Rest):
                self.ties.clear(place)
                yield from write_rest(item, setting, length, tuplets)
            elif isinstance(item, Spacer):
                self.ties.clear(place)
                yield from self._move("forward", item.duration.ticks if item.duration else length, setting.voice, staff)
            else:
                yield from self._moment(item, staff)

    def _voice(self, place: tuple[int, int]) -> str:
        found = self.origin.voices.get(place)
        if found is not None:
            return found
        taken = {int(voice) for voice in self.origin.voices.values() if voice.isdecimal()}
        wanted = 4 * (place[0] - 1) + place[1]
        free = str(wanted if wanted not in taken else max(taken) + 1)
        self.origin.voices[place] = free
        return free

    def _accidental(self, note: object, shown: bool) -> str | None:
        found = {mark.name: mark.value for mark in note.marks}  # type: ignore[attr-defined]
        if "accidental" in found:
            return found["accidental"]
        visible = (shown and "no-accidental" not in found) or "courtesy" in found or "parenthesised" in found
        return accidental_name(note.alter) if visible else None  # type: ignore[attr-defined]

    def _continues(self, place: tuple[int, int], verse: int, hyphen: bool) -> bool:
        key = (*place, verse)
        before = key in self.hyphens
        (self.hyphens.add if hyphen else self.hyphens.discard)(key)
        return before

    def _move(self, tag: str, length: Ticks, voice: str = "", staff: int = 0) -> Iterator[str]:
        if length:
            yield f"<{tag}>"
            yield f"  <duration>{Fraction(length) * self.divisions / QUARTER}</duration>"
            if voice:
                yield f"  <voice>{voice}</voice>"
            if staff:
                yield f"  <staff>{staff}</staff>"
            yield f"</{tag}>"

    def _moment(self, item: Direction | Harmony, staff: int) -> Iterator[str]:
        lines = list(write_harmony(item, staff) if isinstance(item, Harmony) else write_direction(item, staff))
        if not item.offset:
            yield from lines
            return
        yield from self._move("forward", item.offset)
        yield from lines
        yield from self._move("backup", item.offset)

    def _write_barline(self, barline: Barline, location: str) -> Iterator[str]:
        if not barline:
            return
        yield f'<barline location="{location}">'
        if barline.style:
            yield f"  <bar-style>{barline.style}</bar-style>"
        yield from (f"  <{sign}/>" for sign in ("segno", "coda", "fermata") if sign in barline.signs)
        if barline.ending_type:
            yield f'  <ending number={quoteattr(barline.ending)} type="{barline.ending_type}"/>'
        if barline.repeat:
            times = f' times="{barline.times}"' if barline.times else ""
            yield f'  <repeat direction="{barline.repeat}"{times}/>'
        yield "</barline>"


def _tie_stops(ties: Ties, place: tuple[int, int], chord: Chord) -> list[bool]:
    """For each note whether a tie leads to it; `ties` is taken on."""
    stops = [
        note.has("tie-stop") or (ties.implied(place, note.pitch) and not note.has("no-tie-stop"))
        for note in chord.notes
    ]
    ties.take(place, chord.notes, bool(chord.grace))
    return stops


def _write_time(time: Time, staff: int) -> list[str]:
    symbol = f" symbol={quoteattr(time.symbol)}" if time.symbol else ""
    lines = [f'<time number="{staff}"{symbol}>' if staff else f"<time{symbol}>"]
    for count, unit in time.beats:
        lines += [f"  <beats>{count}</beats>", f"  <beat-type>{unit}</beat-type>"]
    return [*lines, *([] if time.beats else ["  <senza-misura/>"]), "</time>"]


def _write_lines(lines: int, staff: int) -> list[str]:
    number = f' number="{staff}"' if staff else ""
    return [f"<staff-details{number}>", f"  <staff-lines>{lines}</staff-lines>", "</staff-details>"]
