"""MusicXML to score, and back: `read` and `write`. Knows the whole file; header.py, measures.py and part_writer.py know its parts.

Source: https://www.w3.org/2021/06/musicxml40/
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter

from lxml.etree import Element, _Element

from chordllama.codec.container import parse, read_container
from chordllama.codec.elements.barlines import merged
from chordllama.codec.elements.content import child_text
from chordllama.codec.elements.drafts import EventDraft
from chordllama.codec.elements.header import (
    PartHeader,
    read_creators,
    read_groups,
    read_part_list,
    read_unwritten,
    write_header,
)
from chordllama.codec.elements.measures import Divisions, MeasureDraft, PartReader, PartRows, read_divisions
from chordllama.codec.elements.notes import Known
from chordllama.codec.elements.part_writer import Origin, PartWriter, divisions_for, origin_of
from chordllama.codec.report import Report
from chordllama.codec.whitelist import ELEMENTS, Treatment
from chordllama.errors import MusicXMLError
from chordllama.limits import MOST_BARS, MOST_CELLS, MOST_PARTS
from chordllama.score.model import (
    Bar,
    Metre,
    Part,
    Score,
    Ticks,
    Time,
    VoicePlace,
    apply_keys,
    checked,
    combine,
    first_number,
    number_after,
)

__all__ = ["Origin", "PartWriter", "Reading", "divisions_for", "origin_of", "read", "read_with_origin", "write"]

# -------------------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Reading:
    """A score with what is known of its source."""

    score: Score
    origins: tuple[Origin, ...]
    report: Report


def read(data: bytes, name: str = "score", report: Report | None = None) -> Score:
    """Return the score in the bytes of a .musicxml, .xml or .mxl file. Without a report, what is left out isn't even counted.

    Raises:
        ContainerError: the bytes are no readable MusicXML, or hostile.
        MusicXMLError: the XML is no score that can be kept.
    """
    root = parse(read_container(data, name), name).getroot()
    if report is not None:
        count_elements(root, report)
    with _without_collector():
        return _read(root, name, report if report is not None else Report()).score


def read_with_origin(data: bytes, name: str = "score", report: Report | None = None) -> Reading:
    """Return the score, how its source writes each part, and what was left out or mended."""
    report = report if report is not None else Report()
    root = parse(read_container(data, name), name).getroot()
    count_elements(root, report)
    with _without_collector():
        return _read(root, name, report)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing makes cycles here, and looking for some again and again while a score grows takes a twentieth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(root: _Element, name: str, report: Report) -> Reading:
    unwritten = read_unwritten(root)
    headers = read_part_list(root)
    measures = measures_of(root, headers, name)
    readers = []
    known: Known = {}
    for index, (id, header) in enumerate(headers.items()):
        divisions = _first_divisions(measures[id]) or _first_divisions(chain.from_iterable(measures.values())) or 1
        reader = PartReader(index, header.name or id, header.instrument_ids, divisions, report, known)
        for measure in measures[id]:
            reader.read_measure(measure)
        if reader.rests_end > len(reader.measures):
            report.mended["a rest over more bars than there are ends with them"] += 1
        readers.append(reader)
    next_times = combine([(reader.staves, reader.next_times) for reader in readers])
    if next_times:
        report.mended["a time signature behind the last bar's notes is that of the bar that will come next"] += 1
    bars, rows = _read_bars(readers, unwritten, [_labels(measure) for measure in next(iter(measures.values()))])
    if not any(own.lacks_accidentals for own in rows):
        unwritten = tuple(name for name in unwritten if name != "accidentals")
    score = Score(
        parts=tuple(_part(*told) for told in zip(headers.values(), readers, rows, strict=True)),
        bars=bars,
        title=(root.findtext("work/work-title") or "").strip(),
        movement=child_text(root, "movement-title"),
        creators=read_creators(root),
        groups=read_groups(root, list(headers)),
        unwritten=unwritten,
        next_times=next_times,
    )
    origins = tuple(_origin(id, reader, own, unwritten) for id, reader, own in zip(headers, readers, rows, strict=True))
    return Reading(score, origins, report)


def _first_divisions(measures: Iterable[_Element]) -> Divisions | None:
    """The first that are told: some programs tell them behind the first notes, or in another part alone."""
    told = (element for measure in measures for element in measure.iterfind("attributes/divisions"))
    return next((divisions for element in told if (divisions := read_divisions(element))), None)


def count_elements(root: _Element, report: Report) -> None:
    """Count the elements: what the table drops and what it doesn't know is reported."""
    for tag, count in Counter(map(attrgetter("tag"), root.iter(Element))).items():
        rule = ELEMENTS.get(tag)
        if rule is None:
            report.unknown[tag] += count
        elif rule.treatment is Treatment.DROPPED:
            report.dropped[tag] += count
    stops = sum(element.get("type") == "stop" for element in root.iter("extend"))
    if stops:
        report.mended[
            "the end of a syllable's extender line is left out: programs draw the line as far as the notes go"
        ] += stops
    wanted = set(report.unknown) - set(report.where)
    for element in root.iter(Element) if wanted else ():
        if element.tag in wanted:
            wanted.remove(element.tag)
            report.where[element.tag] = _where(element)


def _where(element: _Element) -> str:
    measure = next(element.iterancestors("measure"), None)
    part = next(element.iterancestors("part"), None)
    if measure is None or part is None:
        return f"in line {element.sourceline}"
    number = measure.get("number") or 1 + sum(1 for _ in measure.itersiblings("measure", preceding=True))
    return f"in part {part.get('id')}, measure {number} (line {element.sourceline})"


def measures_of(root: _Element, headers: dict[str, PartHeader], name: str) -> dict[str, list[_Element]]:
    """Return each part's measures, whichever way the file is nested; parts that the part list forgot are added to it."""
    found: dict[str, list[_Element]] = {id: [] for id in headers}
    if root.tag == "score-timewise":
        pairs = [(part, part) for measure in root.iterfind("measure") for part in measure.iterfind("part")]
    else:
        pairs = [(part, measure) for part in root.iterfind("part") for measure in part.iterfind("measure")]
    for part, measure in pairs:
        id = part.get("id", "")
        if id not in found:
            headers[id], found[id] = PartHeader("", "", [], []), []
        found[id].append(measure)
    _check_parts(root, name)
    for id in [id for id, measures in found.items() if not measures]:
        del found[id], headers[id]
    if not found:
        raise MusicXMLError(
            f"{name}: the score is empty", cause="no part in it has a measure", hint="write some bars first"
        )
    _check_size(len(found), max(map(len, found.values())), name)
    return found


def _check_parts(root: _Element, name: str) -> None:
    """Refuse a part that stands twice: the composer's file couldn't be told which of the two is meant."""
    for parent in root.iterfind("measure") if root.tag == "score-timewise" else [root]:
        ids = Counter(part.get("id", "") for part in parent.iterfind("part"))
        twice = next((id for id, times in ids.items() if times > 1), None)
        if twice is not None:
            raise MusicXMLError(
                f'{name}: two parts have the id "{twice}"',
                cause="each part's id has to be its own",
                hint="export the score again from your notation program, or give one of them another id",
            )


def _check_size(parts: int, bars: int, name: str) -> None:
    for count, most, what in (
        (parts, MOST_PARTS, "parts"),
        (bars, MOST_BARS, "bars"),
        (parts * bars, MOST_CELLS, "parts times bars"),
    ):
        if count > most:
            raise MusicXMLError(
                f"{name}: the score is too large", cause=f"{count:,} {what}, where {most:,} are the most"
            )


def _labels(measure: _Element) -> tuple[str, bool]:
    element = measure if measure.tag == "measure" else measure.getparent()
    assert element is not None
    return element.get("number", ""), element.get("implicit") == "yes"


def _part(header: PartHeader, reader: PartReader, rows: PartRows) -> Part:
    staves = range(1, reader.staves + 1)
    lines = tuple(reader.first_lines.get(staff, 5) for staff in staves)
    return Part(
        header.name,
        header.abbreviation,
        tuple(reader.first_clefs.get(staff, "") for staff in staves),
        lines if any(line != 5 for line in lines) else (),
        tuple(header.instruments),
        reader.transposition,
        tuple(reader.tunings.get(staff) for staff in range(1, max(reader.tunings, default=0) + 1)),
        reader.notes.lyrics.names,
        rows.whole_rests,
    )


def _origin(id: str, reader: PartReader, rows: PartRows, unwritten: tuple[str, ...]) -> Origin:
    voices: dict[VoicePlace, str] = {}
    for (name, _), place in sorted(reader.voices().items(), key=lambda stream: stream[0][1]):
        # each staff may have a voice of that name, but where two of one staff share it, the second gets another
        if (place[0], name) not in {(staff, own) for (staff, _), own in voices.items()}:
            voices[place] = name
    instruments, divisions = tuple(reader.notes.instruments), tuple(reader.divisions_after)
    return Origin(
        id,
        divisions[-1].numerator,
        voices,
        instruments,
        unwritten,
        rows.open_lines,
        divisions,
        tuple(reader.staves_after),
    )


# ----------------------------------------------------------------------------------------------------------------- bars


def _read_bars(
    readers: list[PartReader], unwritten: tuple[str, ...], labels: list[tuple[str, bool]]
) -> tuple[tuple[Bar, ...], list[PartRows]]:
    frames: list[Bar] = []
    lengths: list[Ticks] = []
    times: list[list[Time | None]] = [[] for _ in readers]
    metre = Metre()
    expected = 1
    staves = [reader.staves for reader in readers]
    for index in range(max(len(reader.measures) for reader in readers)):
        drafts = [reader.measures[index] if index < len(reader.measures) else MeasureDraft() for reader in readers]
        label, implicit = labels[index] if index < len(labels) else ("", False)
        try:
            frame, length = _read_frame(drafts, staves, metre, implicit)
        except ValueError as fault:
            raise MusicXMLError(f"measure {index + 1}: {fault}") from fault
        expected = expected if index else first_number(frame)
        frames.append(frame if label in ("", str(expected)) else replace(frame, number=label))
        expected = number_after(label, expected)
        lengths.append(length)
        for reader in readers:
            times[reader.index].append(metre.time(reader.index))
    rows = [reader.rows(lengths, _fifths(frames, reader), times[reader.index], unwritten) for reader in readers]
    bars = tuple(
        Bar(
            tuple(row for part in rows if index < len(part.measures) for row in part.measures[index]),
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
    return bars, rows


def _read_frame(drafts: list[MeasureDraft], staves: list[int], metre: Metre, implicit: bool) -> tuple[Bar, Ticks]:
    frame = Bar(
        keys=combine([(count, draft.keys) for count, draft in zip(staves, drafts, strict=True)]),
        times=combine([(count, draft.times) for count, draft in zip(staves, drafts, strict=True)]),
        start=merged([draft.start for draft in drafts]),
        end=merged([draft.end for draft in drafts]),
        implicit=implicit,
    )
    metre.apply(frame)
    nominal = metre.length(frame)
    length = checked(_extent(drafts, nominal))
    _cut_rests(drafts, length)
    if length == nominal:
        return frame, length
    _value_rests(drafts, length)
    return Bar((), frame.keys, frame.times, frame.start, frame.end, length, None, implicit), length


def _cut_rests(drafts: list[MeasureDraft], length: Ticks) -> None:
    """A rest that may be the bar's own, and that is longer than what the others play, is the bar's own."""
    for event, end in _open_rests(drafts):
        if event.could_fill_bar and end > length:
            event.fills_bar = True


def _value_rests(drafts: list[MeasureDraft], length: Ticks) -> None:
    """In a bar of irregular length a rest that has room fills it only if it says so and no other value."""
    for event, end in _open_rests(drafts):
        if event.content.has_value and end <= length:
            event.fills_bar = event.could_fill_bar = False


def _open_rests(drafts: list[MeasureDraft]) -> Iterator[tuple[EventDraft, Ticks]]:
    """The rests of which the bar's length may decide what they are, with their ends."""
    for draft in drafts:
        if draft.has_open_rests:
            for placed in draft.placed.values():
                yield from ((event, end) for _, end, event in placed if event and not event.notes)


def _extent(drafts: list[MeasureDraft], nominal: Ticks) -> Ticks:
    """How long a bar really is, by its longest voice."""
    longest: Ticks = 0
    for draft in drafts:
        ends = [
            placed[-1][1]
            for placed in draft.placed.values()
            if not (len(placed) == 1 and placed[0][2] and (placed[0][2].fills_bar or placed[0][2].could_fill_bar))
        ]
        longest = max(longest, *ends, 0 if draft.rounded else draft.extent)
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
    """Return the score as MusicXML 4.0, score-partwise, UTF-8."""
    lines = [_HEAD, *write_header(score)]
    for index in range(len(score.parts)):
        id = f"P{index + 1}"
        lines.append(f'  <part id="{id}">')
        writer = PartWriter(score.parts, index, origin_of(score, index))
        for bar in score.bars:
            lines += (f"    {line}" for line in writer.measure(bar))
        lines.append("  </part>")
    lines.append("</score-partwise>")
    return ("\n".join(lines) + "\n").encode()
