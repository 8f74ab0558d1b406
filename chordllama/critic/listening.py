"""What a bar sounds like: pitches, harmony, bass, tune, rhythm. The critic's rules look at this alone. Knows scores at concert pitch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from chordllama.critic.harmony import FoundChord, Tonality, Weights, chord_of, tonality_of
from chordllama.score.chord_symbols import tones_of
from chordllama.score.editing import Bars, timed
from chordllama.score.model import QUARTER, Bar, Chord, Harmony, Key, Place, Score, Ticks, Time


class Sounding(NamedTuple):
    """A note as it sounds in its bar: from, to (ticks after the bar line), MIDI pitch, spelling (its place on the line of fifths), row."""

    start: Ticks
    end: Ticks
    pitch: int
    fifths: int
    place: Place


class Symbol(NamedTuple):
    """A written chord symbol: from, to (ticks after the bar line), and its pitch classes."""

    start: Ticks
    end: Ticks
    tones: frozenset[int]


_LINE = {step: place for place, step in enumerate("FCGDAEB", -1)}


@dataclass(frozen=True)
class HeardBar:
    """One bar as it sounds, `length` ticks long, in beats of `beat` ticks."""

    bar: Bar
    length: Ticks
    beat: Ticks

    @cached_property
    def notes(self) -> tuple[Sounding, ...]:
        """All pitched notes but grace notes, in the order of their onsets, the lowest first."""
        return tuple(sorted(self._notes(), key=lambda note: (note.start, note.pitch)))

    def _notes(self) -> Iterator[Sounding]:
        for row in self.bar.rows:
            for onset, item in timed(row, self.length):
                if isinstance(item, Chord) and item.ticks:
                    for note in item.notes:
                        if not note.unpitched:
                            fifths = _LINE[note.step] + 7 * int(note.alter)
                            yield Sounding(onset, onset + item.ticks, 12 + int(note.height), fifths, row.place)

    @cached_property
    def count(self) -> int:
        """Noteheads, percussion and grace notes too."""
        return sum(len(item.notes) for row in self.bar.rows for item in row.items if isinstance(item, Chord))

    @cached_property
    def signature(self) -> frozenset[tuple[Ticks, Ticks, int]]:
        """What sounds, to compare bars by."""
        return frozenset(note[:3] for note in self.notes)

    def weights(self, start: Ticks, end: Ticks) -> Weights:
        """Return how long each pitch class sounds between two moments, in quarters."""
        found = [0.0] * 12
        for note in self.notes:
            lasts = min(end, note.end) - max(start, note.start)
            if lasts > 0:
                found[note.pitch % 12] += float(lasts / QUARTER)
        return tuple(found)

    def bass(self, start: Ticks, end: Ticks) -> int | None:
        """Return the lowest pitch that sounds between two moments."""
        return min((note.pitch for note in self.notes if note.start < end and note.end > start), default=None)

    @cached_property
    def beats(self) -> tuple[tuple[Ticks, Ticks], ...]:
        """From and to of each beat."""
        count = max(1, -(-int(self.length) // int(self.beat)))
        return tuple((n * self.beat, min(self.length, (n + 1) * self.beat)) for n in range(count))

    @cached_property
    def chords(self) -> tuple[FoundChord | None, ...]:
        """The harmony of each half of the bar (of the whole, where it has fewer than four beats)."""
        halves = 2 if len(self.beats) >= 4 and len(self.beats) % 2 == 0 else 1
        part = Fraction(self.length) / halves
        return tuple(self.chord(n * part, (n + 1) * part) for n in range(halves))

    def chord(self, start: Ticks, end: Ticks) -> FoundChord | None:
        """Return the harmony between two moments; None where nothing sounds."""
        bass = self.bass(start, end)
        return chord_of(self.weights(start, end), None if bass is None else bass % 12)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """The written chord symbols, each up to the next one or the bar's end."""
        written = [
            (max(0, onset), tones_of(item))
            for row in self.bar.rows
            for onset, item in timed(row, self.length)
            if isinstance(item, Harmony)
        ]
        told = sorted(written, key=lambda symbol: symbol[0])
        ends = [*(start for start, _ in told[1:]), self.length][: len(told)]
        return tuple(Symbol(start, end, tones) for (start, tones), end in zip(told, ends, strict=True) if end > start)

    @cached_property
    def values(self) -> dict[Ticks, int]:
        """How often each duration occurs."""
        found: dict[Ticks, int] = {}
        for row in self.bar.rows:
            for item in row.items:
                if isinstance(item, Chord) and item.ticks:
                    found[item.ticks] = found.get(item.ticks, 0) + 1
        return found

    @property
    def tune(self) -> tuple[Sounding, ...]:
        """The notes of the uppermost row, one at a time."""
        places = sorted({note.place for note in self.notes})
        own = [note for note in self.notes if note.place == places[0]] if places else []
        tops = {note.start: note for note in own}  # the highest comes last
        return tuple(tops[start] for start in sorted(tops))


def beat_of(length: Ticks, units: int) -> Ticks:
    """Return the ticks of a beat in a bar of `length` ticks whose time signature counts in 1/`units` notes: dotted in compound metres."""
    unit = Fraction(4 * QUARTER, units)
    count = Fraction(length) / unit
    beat = 3 * unit if units >= 8 and count.denominator == 1 and count % 3 == 0 and count > 3 else unit
    return beat.numerator if beat.denominator == 1 else beat


class Listener:
    """Hears the bars of a score at concert pitch; each is heard once, however often it is asked for."""

    def __init__(self, score: Score) -> None:
        self._heard: dict[int, HeardBar] = {}
        self._units = _units(score)
        self._key = Key(0)
        for bar in score.bars:
            self._key = _key(bar) or self._key

    def hear(self, bar: Bar, length: Ticks) -> HeardBar:
        """Return what a bar of `length` ticks sounds like."""
        found = self._heard.get(id(bar))
        if found is None or found.bar is not bar:
            found = self._heard[id(bar)] = HeardBar(bar, length, beat_of(length, self._units))
        return found

    def all(self, bars: Bars, lengths: tuple[Ticks, ...]) -> tuple[HeardBar, ...]:
        """Return what some bars sound like."""
        return tuple(self.hear(bar, length) for bar, length in zip(bars, lengths, strict=True))

    def tonality(self, heard: tuple[HeardBar, ...]) -> Tonality:
        """Return the tonality of some bars under the score's last key signature."""
        weights = [0.0] * 12
        for bar in heard:
            weights = [a + b for a, b in zip(weights, bar.weights(0, bar.length), strict=True)]
        return tonality_of(weights, self._key)


def heard_bars(score: Score) -> tuple[HeardBar, ...]:
    """Return what all bars of a score sound like."""
    return Listener(score).all(score.bars, score.bar_lengths)


def _units(score: Score) -> int:
    times = [change.value for bar in score.bars for change in bar.times if isinstance(change.value, Time)]
    return next((time.beats[0][1] for time in reversed(times) if time.beats), 4)


def _key(bar: Bar) -> Key | None:
    return next((change.value for change in bar.keys if isinstance(change.value, Key)), None)
