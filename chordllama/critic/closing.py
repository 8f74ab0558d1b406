"""Closes: what the last bars of a piece keep to so that it ends, and whether they did. Knows what sounds.

A full close is the dominant before the tonic, with the tonic in the bass of the last chord and a note of its triad on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from chordllama.codec.grammar.grammar_rules import ChordSpan
from chordllama.critic.harmony import Tonality
from chordllama.critic.listening import HeardBar, Sounding
from chordllama.score.model import Place, Ticks


def tonic_span(tonality: Tonality, start: Ticks, bar: HeardBar) -> ChordSpan:
    """Return what a bar's notes from `start` on keep to, that it may end on the tonic; `bar` is one of the same length."""
    triad = frozenset({tonality.tonic, (tonality.tonic + 7) % 12, (tonality.tonic + (3 if tonality.minor else 4)) % 12})
    return ChordSpan(start, bar.length, triad, frozenset({tonality.tonic}), bar.beat)


def dominant_span(tonality: Tonality, start: Ticks, end: Ticks, bar: HeardBar) -> ChordSpan:
    """Return what a bar's notes from `start` up to `end` keep to, that they may lead to the tonic."""
    return ChordSpan(start, end, tonality.dominant, frozenset({(tonality.tonic + 7) % 12}), bar.beat)


def middle(bar: HeardBar) -> Ticks:
    """Return where the second half of a bar begins: on a beat."""
    return bar.beats[(len(bar.beats) + 1) // 2][0] if len(bar.beats) > 1 else 0


def lowest_row(bars: Sequence[HeardBar]) -> Place | None:
    """Return the row that lies lowest in some bars; None where nothing sounds."""
    pitches: dict[Place, list[int]] = {}
    for bar in bars:
        for note in bar.notes:
            pitches.setdefault(note.place, []).append(note.pitch)
    return min(pitches, key=lambda place: fmean(pitches[place]), default=None)


def last_sounding(bar: HeardBar) -> tuple[Sounding, ...]:
    """Return the notes that sound when the last one of a bar begins, the lowest first."""
    if not bar.notes:
        return ()
    onset = max(note.start for note in bar.notes)
    return tuple(sorted((note for note in bar.notes if note.end > onset), key=lambda note: note.pitch))


def ends_on_tonic(bar: HeardBar, tonality: Tonality) -> bool:
    """Tell whether a bar's last sound has the tonic in the bass (where there is one) and a note of its triad on top."""
    last = last_sounding(bar)
    if not last:
        return False
    rows = {note.place for note in bar.notes}
    lowest = min(note.pitch for note in bar.notes) if len(rows) > 1 else last[0].pitch
    bass_is_tonic = tonality.tonic in (last[0].pitch % 12, lowest % 12)
    top = last[-1].pitch % 12
    return top == tonality.tonic if len(rows) == 1 and len(last) == 1 else bass_is_tonic and top in tonality.triad


def has_dominant_before(bars: Sequence[HeardBar], tonality: Tonality) -> bool:
    """Tell whether the last harmony other than the tonic's within the last two of some bars is the dominant's.

    Of a single voice it is enough that a note of the dominant comes before the last one.
    """
    tones = [(n, note) for n, bar in enumerate(bars[-2:]) for note in bar.notes]
    if len({note.place for _, note in tones}) < 2 and len(tones) > 1 and not _has_chords(bars[-2:]):
        return tones[-2][1].pitch % 12 in tonality.dominant
    for bar in reversed(bars[-2:]):
        for start, end in reversed(bar.beats):
            chord, bass = bar.chord(start, end), bar.bass(start, end)
            held = bar is bars[-1] and bass is not None and bass % 12 == tonality.tonic  # a suspension over the tonic
            if chord is not None and chord.root != tonality.tonic and not held:
                return tonality.leads_home(chord)
    return False


def _has_chords(bars: Sequence[HeardBar]) -> bool:
    return any(len({note.start for note in bar.notes}) < len(bar.notes) for bar in bars)


def closes_fully(bars: Sequence[HeardBar], tonality: Tonality) -> bool:
    """Tell whether music ends with a full close."""
    return bool(bars) and ends_on_tonic(bars[-1], tonality) and has_dominant_before(bars, tonality)
