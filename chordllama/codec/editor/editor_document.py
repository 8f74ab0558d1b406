"""The JSON for score editors and the score: `read` and `write`. Knows musescore_plugin/editor.schema.json; knows no editor.

What comes in is held to the schema first, so that a fault has a place in the document; what is checked here is what a schema
can't say: that each voice fills its bar, that pitch and spelling agree. Pitches in the JSON sound, those in the score are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from typing import Any

from chordllama.codec.editor.pitch import Shift, clef_for, shift_of, sounding_of, written_key, written_of
from chordllama.codec.editor.schema import check
from chordllama.codec.notation.brackets import implied_brackets
from chordllama.codec.whitelist import HARMONY_KINDS, SIGN_BY_NAME
from chordllama.errors import ScoreError
from chordllama.limits import MOST_CELLS, MOST_IN_TUPLET
from chordllama.score.model import (
    FINAL,
    NO_BARLINE,
    Bar,
    Change,
    Chord,
    Direction,
    Duration,
    Event,
    Harmony,
    Instrument,
    Item,
    Key,
    Mark,
    Metre,
    Note,
    Part,
    Rest,
    Row,
    Score,
    Spacer,
    Ticks,
    Time,
    Tone,
    Transposition,
    checked,
    combine,
    duration,
    duration_of,
    said,
    ticks,
    walk_lengths,
    whole_notes,
)

FORMAT = 1
MOST_VOICES = 4
Json = dict[str, Any]

# --------------------------------------------------------------------------------------------------------------- reading


def read(document: Any) -> Score:
    """Return the score that an editor sent.

    Raises:
        ScoreError: it breaks the schema, or a bar doesn't add up.
    """
    check(document, "score")
    _check_size(len(document["parts"]), len(document["bars"]))
    staves = [(part, staff) for part, told in enumerate(document["parts"]) for staff in range(1, told["staves"] + 1)]
    shifts = [shift_of(_transposition(told)) for told in document["parts"]]
    reader = _BarReader(staves, shifts)
    bars = tuple(reader.read(bar) for bar in document["bars"])
    parts = tuple(_read_part(told, index, bars) for index, told in enumerate(document["parts"]))
    return Score(parts, bars)


def _check_size(parts: int, bars: int) -> None:
    if parts * bars > MOST_CELLS:
        raise ScoreError(
            f"the score is too large: {bars:,} bars of {parts} parts",
            cause=f"{MOST_CELLS:,} parts times bars are the most",
        )


def _transposition(told: Json) -> Transposition | None:
    found = told.get("transposition")
    return Transposition(found["chromatic"], found["diatonic"]) if found and any(found.values()) else None


def _read_part(told: Json, index: int, bars: Sequence[Bar]) -> Part:
    clefs = list(told.get("clefs", ()))[: told["staves"]]
    clefs += [
        clef_for(bars, index, staff, told.get("program", 0)) for staff in range(len(clefs) + 1, told["staves"] + 1)
    ]
    program = told.get("program", 0)
    return Part(
        name=told.get("name", "").strip(),
        clefs=tuple(clefs),
        instruments=(Instrument(told.get("name", "").strip(), program),) if program else (),
        transposition=_transposition(told),
    )


class _BarReader:
    """Reads bars in order; `staves` are (part, its staff) by the JSON's number, `shifts` go part by part."""

    def __init__(self, staves: list[tuple[int, int]], shifts: list[Shift]) -> None:
        self.staves = staves
        self.shifts = shifts
        self.counts = Counter(part for part, _ in staves)
        self.metre = Metre()
        self.number = 0

    def read(self, told: Json) -> Bar:
        """Return the next bar."""
        self.number += 1
        frame = Bar(
            keys=self._keys(told.get("keys")),
            times=(Change(Time(((str(told["time"][0]), told["time"][1]),))),) if "time" in told else (),
            end=FINAL if told.get("final") else NO_BARLINE,
        )
        self.metre.apply(frame)
        nominal = self.metre.length(frame)
        length = ticks(Fraction(*told["length"])) if "length" in told else nominal
        rows = tuple(sorted((self._row(voice, length) for voice in told["voices"]), key=lambda row: row.place))
        if len({row.place for row in rows}) < len(rows):
            raise self._fault("a voice comes twice")
        irregular = length != nominal
        return replace(frame, rows=said(rows), length=length if irregular else None, implicit=irregular)

    def _keys(self, told: list[int] | None) -> tuple[Change, ...]:
        if told is None:
            return ()
        if len(told) != len(self.staves):
            raise self._fault(f"{len(told)} keys for {len(self.staves)} staves")
        parts = []
        for part, count in sorted(self.counts.items()):
            own: list[tuple[int | None, Key]] = [
                (staff, Key(written_key(fifths, self.shifts[part])))
                for (of, staff), fifths in zip(self.staves, told, strict=True)
                if of == part
            ]
            parts.append((count, own))
        return combine(parts)

    def _row(self, told: Json, length: Ticks) -> Row:
        if told["staff"] >= len(self.staves):
            raise self._fault(f"there is no staff {told['staff']}")
        part, staff = self.staves[told["staff"]]
        items = tuple(self._events(told["events"], part, (1, 1)))
        filled = self._filled(items, length)
        if filled != length:
            words = f"{whole_notes(filled)} where the bar has {whole_notes(length)}"
            raise self._fault(f"staff {told['staff']}, voice {told['voice']} fills {words}")
        return Row(part, staff, told["voice"] + 1, items)

    def _filled(self, items: Iterable[Event], length: Ticks) -> Ticks:
        filled: Ticks = 0
        try:
            for item in items:
                filled = checked(filled + (item.duration.ticks if item.duration else length))
        except ValueError as fault:
            raise self._fault(str(fault)) from fault
        return filled

    def _events(self, told: list[Json], part: int, ratio: tuple[int, int]) -> Iterator[Event]:
        for event in told:
            if "events" in event:
                yield from self._tuplet(event, part, ratio)
            else:
                yield self._event(event, part, ratio)

    def _tuplet(self, told: Json, part: int, ratio: tuple[int, int]) -> Iterator[Event]:
        inner = Fraction(*told["tuplet"]) * Fraction(*ratio)
        actual, normal = told["tuplet"]
        if ratio != (1, 1):
            actual, normal = inner.numerator, inner.denominator
        if max(actual, normal) > MOST_IN_TUPLET:
            raise self._fault(f"a tuplet of {actual} in the time of {normal}, where {MOST_IN_TUPLET} are the most")
        events = list(self._events(told["events"], part, (actual, normal)))
        filled = self._filled(events, 0)
        if filled != ticks(Fraction(*told["duration"]) / Fraction(*ratio)):
            raise self._fault("a tuplet's notes don't fill it")
        yield from events

    def _event(self, told: Json, part: int, ratio: tuple[int, int]) -> Event:
        value = None if told["duration"] == "bar" else _value(told["duration"], ratio)
        if "notes" in told:
            assert value is not None, "the schema holds it"
            return Chord(value, tuple(self._note(note, part) for note in told["notes"]))
        return Spacer(value) if told.get("hidden") else Rest(value)

    def _note(self, told: Json, part: int) -> Note:
        pitch = written_of(told["pitch"], told["tpc"], self.shifts[part])
        if pitch is None:
            raise self._fault(f"MIDI key {told['pitch']} isn't spelled by {told['tpc']} on the line of fifths")
        step, alter, octave = pitch
        return Note(step, octave, alter, marks=(_TIE,) if told.get("tie") else ())

    def _fault(self, words: str) -> ScoreError:
        return ScoreError(f"bar {self.number} of the editor's JSON: {words}")


_TIE = Mark("tie")


def _value(told: list[int], ratio: tuple[int, int]) -> Duration:
    plain = duration_of(ticks(Fraction(*told)))
    return duration(plain.type, plain.dots, *ratio)


# --------------------------------------------------------------------------------------------------------------- writing


def write(score: Score, bars: Sequence[Bar], parts: Collection[int] | None = None) -> Json:
    """Return the bars that follow a score, as an editor can write them: all parts (from 0) or these.

    Raises:
        ScoreError: a note value is none that an editor knows.
    """
    firsts = [0, *accumulate(part.staves for part in score.parts)]
    left_out: Counter[str] = Counter()
    writer = _RowWriter(firsts, [shift_of(part.transposition) for part in score.parts], left_out)
    lengths = [length for length, _ in walk_lengths((*score.bars, *bars))][len(score.bars) :]
    shown = range(len(score.parts)) if parts is None else parts
    found = [_write_bar(bar, length, shown, writer) for bar, length in zip(bars, lengths, strict=True)]
    return {"format": FORMAT, "bars": found, "left_out": dict(sorted(left_out.items()))}


def _write_bar(bar: Bar, length: Ticks, parts: Collection[int], writer: _RowWriter) -> Json:
    told: Json = {"length": _fraction(length)}
    if bar.end == FINAL:
        told["final"] = True
    rows = (row for row in bar.rows if row.part in parts)
    told["voices"] = [voice for row in rows if (voice := writer.row(row)) is not None]
    return told


def _fraction(length: Ticks) -> list[int]:
    exact = whole_notes(length)
    return [exact.numerator, exact.denominator]


@dataclass(frozen=True, slots=True)
class _RowWriter:
    """Writes rows. `firsts`: each part's first staff by the JSON's number; what can't be said is counted in `left_out`."""

    firsts: list[int]
    shifts: list[Shift]
    left_out: Counter[str]

    def row(self, row: Row) -> Json | None:
        """Return a voice; None where it can't be written."""
        if row.voice > MOST_VOICES:
            self.left_out["voices"] += 1
            return None
        items = [item for item in map(_seen, row.items) if not self._is_grace(item)]
        staff = self.firsts[row.part] + row.staff - 1
        return {"staff": staff, "voice": row.voice - 1, "events": self._events(items, self.shifts[row.part])}

    def _is_grace(self, item: Item) -> bool:
        grace = isinstance(item, Chord) and bool(item.grace)
        self.left_out.update(["grace notes"] if grace else ())
        return grace

    def _events(self, items: list[Item], shift: Shift) -> list[Json]:
        brackets = implied_brackets(items)
        found: list[Json] = []
        group: list[Json] | None = None
        values: list[Duration] = []
        signs: Json = {}
        for place, item in enumerate(items):
            if isinstance(item, Direction | Harmony):
                signs |= self._sign(item)
                continue
            ends = {mark.name for mark in brackets.get(place, ())}
            if "tuplet-start" in ends:
                group, values = [], []
            event = self._event(item, shift) | signs
            signs = {}
            (found if group is None else group).append(event)
            if group is not None and item.duration is not None:
                values.append(item.duration)
            if "tuplet-stop" in ends and group is not None:
                found.append(_group(values, group))
                group = None
        self.left_out.update("dynamics" if sign == "dynamics" else "chord symbols" for sign in signs)
        return found

    def _sign(self, item: Direction | Harmony) -> Json:
        """What stands before an event, as far as the JSON can say it."""
        if not item.offset:
            if isinstance(item, Harmony) and (text := _chord_symbol(item)):
                return {"chord_symbol": text}
            if isinstance(item, Direction) and item.name == "dynamics":
                return {"dynamics": item.value}
        self.left_out["chord symbols" if isinstance(item, Harmony) else _NAMES.get(item.name, item.name)] += 1
        return {}

    def _event(self, item: Event, shift: Shift) -> Json:
        told: Json = {"duration": "bar" if item.duration is None else _plain(item.duration)}
        if not isinstance(item, Chord):
            marks = item.marks if isinstance(item, Rest) else ()
            if _HIDDEN in marks:
                told["hidden"] = True
            self._count(mark for mark in marks if mark != _HIDDEN)
            return told
        notes = [self._note(note, shift) for note in item.notes]
        articulations = [mark.name for note in item.notes for mark in note.marks if _is_articulation(mark)]
        told["notes"] = [note for note in notes if note is not None]
        if not told["notes"]:
            del told["notes"]
        elif articulations:
            told["articulations"] = list(dict.fromkeys(articulations))
        self.left_out.update({"lyrics": len(item.lyrics)} if item.lyrics else {})
        return told

    def _note(self, note: Note, shift: Shift) -> Json | None:
        pitch = None if note.unpitched else sounding_of(note, shift)
        if pitch is None:
            self.left_out["notes"] += 1
            return None
        told: Json = {"pitch": pitch[0], "tpc": pitch[1]}
        if note.has("tie"):
            told["tie"] = True
        self._count(mark for mark in note.marks if mark.name not in _SAID and not _is_articulation(mark))
        return told

    def _count(self, marks: Iterator[Mark]) -> None:
        self.left_out.update(_NAMES.get(mark.name, mark.name) for mark in marks if mark.name not in _ENDS)


_HIDDEN = Mark("hidden")
_SAID = frozenset(["tie", "tuplet-start", "tuplet-stop"])
_ENDS = frozenset(["slur-stop", "tuplet-start", "tuplet-stop"])
"""What is counted at its other end, or said otherwise."""
_NAMES: Mapping[str, str] = {
    "slur-start": "slurs",
    "wedge": "hairpins",
    "clef": "clefs",
    "cross": "notes on the other staff",
}
_ARTICULATIONS = frozenset(
    ["staccato", "tenuto", "accent", "strong-accent", "staccatissimo", "fermata", "trill-mark", "mordent", "turn"]
)


def _is_articulation(mark: Mark) -> bool:
    assert mark.name in SIGN_BY_NAME, "the table knows every mark"
    return mark.name in _ARTICULATIONS and not mark.value


def _seen(item: Item) -> Item:
    """A gap as a rest that nobody sees."""
    return Rest(item.duration, (_HIDDEN,)) if isinstance(item, Spacer) else item


def _plain(value: Duration) -> list[int]:
    """A note value as it is written, in or out of a tuplet."""
    if value.free is not None:
        raise ScoreError(f"{value.free} of a whole note is no note value")
    return _fraction(duration(value.type, value.dots).ticks)


def _group(values: list[Duration], events: list[Json]) -> Json:
    whole = duration_of(sum(value.ticks for value in values))
    return {"tuplet": [values[0].actual, values[0].normal], "duration": _plain(whole), "events": events}


_UNPRINTED = frozenset(["none", "other", "Neapolitan", "Italian", "French", "German", "pedal", "Tristan"])


def _chord_symbol(harmony: Harmony) -> str:
    """What editors read as this chord symbol; "" where there's no such text."""
    if harmony.kind in _UNPRINTED or harmony.degrees:
        return ""
    bass = f"/{_tone(harmony.bass)}" if harmony.bass else ""
    return _tone(harmony.root) + HARMONY_KINDS[harmony.kind] + bass


def _tone(tone: Tone) -> str:
    return tone.step + ("#" * tone.alter if tone.alter > 0 else "b" * -tone.alter)
