"""Beams as the metre implies them. Knows a row's notes, its syllables and time signatures; what a score departs in is its marks.

Notes shorter than a quarter are beamed within a beat: a dotted quarter in compound time, else a quarter. Plain eighths are beamed
over more: half a bar of 4/4, the whole bar of 2/4, 3/4 and 3/8. Rests, longer notes and new syllables end a beam.
Where a beam goes on or ends against that, its note has a mark; what even that can't say is spelled out at the note, beam by beam.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from lxml.etree import _Element

from chordllama.codec.whitelist import BEAM_BY_LETTER, BEAMS, MOST_BEAMS, NO_BEAM, NO_BEAMS
from chordllama.codec.words.values import NOTE_TYPE
from chordllama.score.model import QUARTER, WHOLE, Chord, Item, Mark, Rest, Spacer, Ticks, Time

_GOES_ON = {True: Mark("beam-on"), False: Mark("beam-end")}
"""The marks that say whether a beam goes on."""
_BEAM_MARKS = frozenset(["beam", *(mark.name for mark in _GOES_ON.values())])
OVER = -1
"""Where a beam goes on to that crosses the bar line."""
FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4, "128th": 5, "256th": 6, "512th": 7, "1024th": 8}
STEMLESS = frozenset(["maxima", "long", "breve", "whole", ""])
_FLAGS = FLAGS | dict.fromkeys(STEMLESS, -1)
_UNEQUAL = {5: (3, 2), 7: (2, 2, 3)}
"""How eighths and 16ths are grouped where no beat divides the bar."""

Joints = dict[int, int]
"""For each place in a row from which a beam goes on, the place to which it does."""
Letters = dict[int, str]
"""For each place in a row with beams, what becomes of each beam there, from the first level on (see `whitelist.BEAMS`)."""


Event = tuple[int, Ticks, Chord | None, int]
"""A chord, or (None) a rest or gap: its place in the row, its onset in the bar, the chord, its flags (-1: not even a stem)."""


def written_type(chord: Chord) -> str:
    """Return the note type that is seen."""
    return next((_type(mark.value) for mark in chord.notes[0].marks if mark.name == "type"), chord.duration.type)


@lru_cache(maxsize=256)
def _type(value: str) -> str:
    found = NOTE_TYPE.match(value)
    return found[1] if found else ""


def events_of(items: Sequence[Item], length: Ticks) -> list[Event]:
    """Return what of a row has a duration; `length` is the bar's."""
    found: list[Event] = []
    onset: Ticks = 0
    for place, item in enumerate(items):
        if isinstance(item, Chord):
            type = written_type(item) if item.notes[0].marks else item.duration.type
            found.append((place, onset, item, _FLAGS.get(type, 0)))
            if not item.grace:
                onset += item.duration.ticks
        elif isinstance(item, Rest | Spacer):
            found.append((place, onset, None, 0))
            onset += item.duration.ticks if item.duration else length
    return found


# -------------------------------------------------------------------------------------------------------------- the rule


class Grouping(NamedTuple):
    """Within how many ticks notes are beamed: plain eighths, and others; `cuts` is where unequal groups of a bar end.

    `flags` is what the note before an eighth may have so that the wide groups count.
    """

    wide: Ticks
    narrow: Ticks
    flags: int = 1
    cuts: tuple[Ticks, ...] = ()

    def joins(self, before: Ticks, onset: Ticks, plain: bool) -> bool:
        """Tell whether notes at these two moments are in one group."""
        if self.cuts:
            first, second = (self._group(moment) for moment in (before, onset))
            if first != second or plain:
                return first == second
            before, onset = before - first[1], onset - first[1]
        within = self.wide if plain else self.narrow
        return before // within == onset // within

    def _group(self, moment: Ticks) -> tuple[int, Ticks]:
        """Which group of its bar a moment is in, and where that begins."""
        number = bisect_right(self.cuts, moment)
        return number, self.cuts[number - 1] if number else 0


@lru_cache(maxsize=256)
def grouping(time: Time | None) -> Grouping:
    """Return how a time signature groups notes."""
    groups = _groups(time) if time else []
    if len(groups) > 1:
        lengths = [count * WHOLE // unit for count, unit in groups]
        narrow = QUARTER if max(unit for _, unit in groups) <= 4 else max(lengths)
        return Grouping(max(lengths), narrow, 1, tuple(accumulate(lengths)))
    count, unit = groups[0] if groups else (1, 4)
    if unit >= 8 and count % 3 == 0:
        beat = (6 if unit == 16 and count % 6 == 0 else 3) * WHOLE // unit
        return Grouping(beat, beat)
    if unit == 4 and count % 3 == 0:
        return Grouping(3 * QUARTER, QUARTER)
    if unit == 2:
        return Grouping(2 * QUARTER, QUARTER, 2)
    return Grouping(2 * QUARTER if unit == 4 and count % 2 == 0 else QUARTER, QUARTER)


def _groups(time: Time) -> list[tuple[int, int]]:
    found = [(int(part), unit) for count, unit in time.beats for part in count.split("+")]
    if len(found) == 1 and found[0][1] in (8, 16):
        count, unit = found[0]
        return [(part, unit) for part in _UNEQUAL.get(count, (count,))]
    return found


def implied(events: Iterable[Event], groups: Grouping, offset: Ticks) -> Joints:
    """Return where the rule lets beams go on; `offset` is what the bar lacks at its beginning.

    Grace notes that follow one another are beamed, and don't end a beam of the notes around them.
    """
    found: Joints = {}
    before: Event | None = None
    grace: int | None = None
    for event in events:
        place, _, chord, flags = event
        if chord is not None and chord.grace:
            if grace is not None and flags > 0:
                found[grace] = place
            grace = place if flags > 0 else None
            continue
        if flags <= 0:
            before = grace = None
            continue
        if before and chord and not chord.lyrics and _joins(before, event, groups, offset):
            found[before[0]] = place
        before, grace = event, None
    return found


def _joins(before: Event, event: Event, groups: Grouping, offset: Ticks) -> bool:
    plain = event[3] == 1 and before[3] <= groups.flags and not (_in_tuplet(before) or _in_tuplet(event))
    return groups.joins(before[1] + offset, event[1] + offset, plain)


def _in_tuplet(event: Event) -> bool:
    return event[2] is not None and event[2].duration.is_tuplet


# ------------------------------------------------------------------------------------------------- from joints to letters


def letters(events: Sequence[Event], joints: Joints, carried: int = 0) -> Letters:
    """Return what becomes of each note's beams; `carried` is how many come from the bar before."""
    found: Letters = {}
    if not (joints or carried):
        return found
    flags_at = {place: flags for place, _, _, flags in events}
    arriving: dict[int, int] = {}
    for place, _, chord, flags in events:
        if chord is None:
            continue
        before, after = arriving.get(place, 0), 0
        if carried and not chord.grace:
            before, carried = max(0, min(carried, flags)), 0
        if place in joints:
            after = min(flags, flags_at.get(joints[place], flags))
            arriving[joints[place]] = after
        if before or after:
            found[place] = _letters(flags, before, after)
    return found


@lru_cache(maxsize=1024)
def _letters(flags: int, before: int, after: int) -> str:
    """The beams of a note that shares some with the one before and some with the one after; the rest are hooks."""
    whole, joined = min(before, after), max(before, after)
    return (
        "c" * whole + ("e" if before > after else "b") * (joined - whole) + ("f" if after else "h") * (flags - joined)
    )


def carried_over(found: Letters, joints: Joints) -> int:
    """Return how many beams go on over the bar line."""
    last = next((place for place, target in joints.items() if target == OVER), OVER)
    text = found.get(last, "")
    return len(text) - len(text.lstrip("bc"))


# -------------------------------------------------------------------------------------------- what a score departs in


def departures(
    events: Sequence[Event], rule: Joints, source: Letters, carried: int
) -> tuple[Joints, dict[int, list[Mark]]]:
    """Return where the beams of a source go on, and the marks that say what the rule doesn't."""
    marks: dict[int, list[Mark]] = {}
    if letters(events, rule, carried) == source:
        return rule, marks
    joints = dict(rule)
    following = _following(events)
    for place, _, _, _ in events:
        goes_on = source.get(place, "")[:1] in ("b", "c")
        if goes_on != (place in rule) and _redirect(joints, place, goes_on, following):
            marks[place] = [_GOES_ON[goes_on]]
    found = letters(events, joints, carried)
    for place in sorted(found.keys() | source.keys()):
        if found.get(place) != source.get(place):
            marks.setdefault(place, []).append(Mark("beam", source.get(place, NO_BEAMS)))
    return joints, marks


def drawn(events: Sequence[Event], rule: Joints, carried: int) -> tuple[Joints, Letters]:
    """Return where beams go on by the rule and by the notes' marks, and what becomes of each note's beams."""
    marks = [(place, mark) for place, _, chord, _ in events if chord for mark in chord.notes[0].marks]
    marks = [(place, mark) for place, mark in marks if mark.name in _BEAM_MARKS]
    joints = dict(rule)
    following = _following(events) if marks else {}
    for place, mark in marks:
        if mark.name != "beam":
            _redirect(joints, place, mark == _GOES_ON[True], following)
    spelled = {place: mark.value.replace(NO_BEAMS, "") for place, mark in marks if mark.name == "beam"}
    return joints, letters(events, joints, carried) | spelled


def _redirect(joints: Joints, place: int, goes_on: bool, following: Joints) -> bool:
    """Let the beam of the note at a place go on or end; whether that can be."""
    if not goes_on:
        joints.pop(place, None)
    elif place in following:
        joints.setdefault(place, following[place])
    return not goes_on or place in following


def _following(events: Sequence[Event]) -> Joints:
    """Where beams can go on against the rule: to the next note, if that can have one, or over the bar line."""
    found: Joints = {}
    after, flags_after = OVER, 1
    for place, _, chord, flags in reversed(events):
        if chord is None or chord.grace:
            continue
        if flags > 0 and flags_after > 0:
            found[place] = after
        after, flags_after = place, flags
    return found


# -------------------------------------------------------------------------------------------------------------- elements


def read_beams(elements: Sequence[_Element]) -> str:
    """Return the letters of a note's `<beam>` elements."""
    letters = [BEAMS.get(beam.text or "", NO_BEAM) for beam in elements]
    levels = [beam.get("number", "1") for beam in elements]
    if levels != _LEVELS[: len(levels)]:
        known = dict(zip(levels, letters, strict=True))
        letters = [known.get(level, NO_BEAM) for level in _LEVELS]
    return "".join(letters).rstrip(NO_BEAM)


_LEVELS = [str(level) for level in range(1, MOST_BEAMS + 1)]


@lru_cache(maxsize=1024)
def write_beams(text: str) -> tuple[str, ...]:
    """Return the lines of the `<beam>` elements that these letters are."""
    return tuple(
        f'  <beam number="{level}">{BEAM_BY_LETTER[letter]}</beam>'
        for level, letter in enumerate(text, 1)
        if letter != NO_BEAM
    )
