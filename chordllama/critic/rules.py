"""The critic's rules, each with what it is for. A rule looks at one new bar (from 0) in its passage and says what it finds there.

A fault is what people don't do: where a rule begins follows from what they write (`python -m benchmarks.composer` prints the rates of
each, human beside model); weights say how much worse a bar is for it, where one is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from chordllama.critic.closing import closes_fully, ends_on_tonic, last_sounding
from chordllama.critic.heard_passage import (
    Finding,
    HeardPassage,
    Manner,
    likeness,
    same_bass,
    same_harmony,
    same_symbol,
    share_outside,
    widest_leap,
)
from chordllama.critic.listening import HeardBar
from chordllama.score.model import Direction

ALIKE = 0.8
"""Bars that share so much of what sounds are heard as the same."""
MORE_STAYS = 0.15
"""By how much more often than before new bars may stay on a harmony."""
LEAST_STAYS = 0.34
LONGEST_STAY = 3
THIN, THICK = 0.35, 2.2
"""A bar's notes beside those of a usual one."""
MORE_OUTSIDE, LEAST_OUTSIDE = 0.15, 0.25
DENSITY = 0.2
"""By how much of it a bar may miss the density that was asked for."""
WIDE_LEAP = 12
IN_CHORD = 0.5
"""The share of notes on beats that lie at least in a written chord."""
LEAST_SYMBOLS = 0.4
"""Chord symbols a bar that make a lead sheet."""
LOUD = ("sf", "sfz", "sffz", "fz", "rfz", "sfp", "sfpp", "rf", "fp")

Rule = Callable[[HeardPassage, int, Manner], Iterator[Finding]]


def close(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect music that shall end to do so: on the tonic, after the dominant."""
    tonality, tonic = passage.tonality, passage.tonality.name_of(passage.tonality.tonic)
    if passage.closes and bar == passage.wanted - 2:
        last = next(
            (chord for start, end in reversed(passage.at(bar).beats) if (chord := passage.at(bar).chord(start, end))),
            None,
        )
        if last is None or not tonality.leads_home(last):
            yield Finding("close", bar, f"doesn't lead to a close on {tonic}", 1.5)
    if passage.is_last(bar):
        top = max((note.pitch for note in last_sounding(passage.at(bar))), default=0) % 12
        symbols = [symbol for own in passage.all[-2:] for symbol in own.symbols]
        if manner.symbols >= LEAST_SYMBOLS and not (symbols and symbols[-1].tones <= tonality.triad):
            yield Finding("close", bar, f"ends without the chord symbol of {tonic}", 1.5)
        elif closes_fully(passage.all[-2:], tonality) and top != tonality.tonic:
            above = "fifth" if top == (tonality.tonic + 7) % 12 else "third"
            yield Finding("close", bar, f"closes on {tonic}, with its {above} on top", 0.8)
        elif closes_fully(passage.all[-2:], tonality):
            yield Finding("close", bar, f"closes on {tonic}", 0)
        elif ends_on_tonic(passage.at(bar), tonality):
            yield Finding("close", bar, f"ends on {tonic}, without its dominant before", 1.0)
        else:
            yield Finding("close", bar, f"doesn't close on {tonic}", 3.0)


def repeats(passage: HeardPassage, bar: int, _manner: Manner) -> Iterator[Finding]:
    """Expect new bars to differ from each other: people answer the phrase before, a model its neighbour."""
    alike = [n for n in range(bar) if likeness(passage.new[n], passage.new[bar]) >= ALIKE]
    if alike:
        back = bar - alike[-1]
        words = "repeats the bar before" if back == 1 else f"repeats what was {back} bars before"
        yield Finding("repeats", bar, words, 1.0 + 0.5 * (len(alike) > 1))


def harmony_stays(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect harmony to move on as often as it did before."""
    bars = [passage.at(n) for n in range(max(-len(passage.before), bar - LONGEST_STAY), bar + 1)]
    stays = [same_harmony(a, b) for a, b in pairwise(bars)]
    if not stays or not stays[-1]:
        return
    pairs = [same_harmony(passage.at(n - 1), passage.at(n)) for n in range(0 if passage.before else 1, bar + 1)]
    often = sum(pairs) / len(pairs) > max(LEAST_STAYS, manner.stays + MORE_STAYS) and len(pairs) > 1
    chord = next((chord for chord in passage.at(bar).chords if chord), None)
    name = (
        passage.tonality.name_of(chord.root) + (" minor" if chord and chord.function[1] else "")
        if chord
        else "one harmony"
    )
    if len(stays) == LONGEST_STAY and all(stays):
        yield Finding("harmony stays", bar, f"still stays on {name}, for the {LONGEST_STAY + 1}th bar", 1.5)
    elif often:
        yield Finding("harmony stays", bar, f"stays on {name}", 0.8)


def bass_stays(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect the bass to move on as often as it did before."""
    begin = 0 if passage.before else 1
    if bar < begin or not same_bass(passage.at(bar - 1), passage.at(bar)):
        return
    pairs = [same_bass(passage.at(n - 1), passage.at(n)) for n in range(begin, bar + 1)]
    if sum(pairs) / len(pairs) > max(LEAST_STAYS, manner.bass_stays + MORE_STAYS) and len(pairs) > 1:
        yield Finding("bass stays", bar, "stays on the bass of the bar before", 0.5)


def out_of_key(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect notes outside of the key to be as rare as before."""
    share = share_outside((passage.at(bar),), passage.tonality)
    if share > max(LEAST_OUTSIDE, manner.outside + MORE_OUTSIDE):
        yield Finding("out of key", bar, f"has {share:.0%} of its notes outside of the key", 1.0)


def thin_or_thick(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect bars to have about as many notes as those before; the last one may rest."""
    if passage.density is not None or passage.is_last(bar):
        return
    share = passage.at(bar).count / manner.notes
    if share < THIN:
        yield Finding("thin or thick", bar, "has much fewer notes than the bars before", 0.8)
    elif share > THICK:
        yield Finding("thin or thick", bar, "has many more notes than the bars before", 0.8)


def density(passage: HeardPassage, bar: int, _manner: Manner) -> Iterator[Finding]:
    """Expect new bars to have as many notes as was asked for, in all up to each bar."""
    if passage.density is None:
        return
    wanted, have = passage.density * (bar + 1), sum(own.count for own in passage.new[: bar + 1])
    if abs(have - wanted) > max(1.5, DENSITY * passage.density):
        yield Finding(
            "density",
            bar,
            f"has {passage.at(bar).count} notes, where {passage.density:g} a bar were asked for",
            1.0 + abs(have / wanted - 1),
        )


def new_values(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect note values to be those of the piece."""
    foreign = [value for value in passage.at(bar).values if value not in manner.values]
    if len(foreign) > 1:
        yield Finding("new values", bar, "has note values that the piece hasn't had", 0.4 * (len(foreign) - 1))


def leaps(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect single voices to leap no further than they did before, or an octave."""
    leap = widest_leap(passage.at(bar))
    if leap > max(WIDE_LEAP, manner.leap):
        yield Finding("leaps", bar, f"leaps by {leap} semitones", 0.6)


def against_symbols(passage: HeardPassage, bar: int, _manner: Manner) -> Iterator[Finding]:
    """Expect notes that begin on beats to lie in the chord that is written above them."""
    heard = passage.at(bar)
    on_beats = [
        (note, symbol)
        for symbol in heard.symbols
        for note in heard.notes
        if symbol.start <= note.start < symbol.end and note.start % heard.beat == 0 and symbol.tones
    ]
    outside = [note for note, symbol in on_beats if note.pitch % 12 not in symbol.tones]
    if outside and len(outside) > (1 - IN_CHORD) * len(on_beats):
        beat = 1 + Fraction(outside[0].start) / Fraction(heard.beat)
        yield Finding("against the chord", bar, "most notes on beats aren't in the written chord", 1.0, beat)


def chord_symbols(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect a lead sheet to go on with chord symbols that change as often as before."""
    if manner.symbols < LEAST_SYMBOLS or passage.is_last(bar):
        return
    begin = 0 if passage.before else 1
    if bar < begin or not same_symbol(passage.at(bar - 1), passage.at(bar)):
        return
    pairs = [same_symbol(passage.at(n - 1), passage.at(n)) for n in range(begin, bar + 1)]
    if sum(pairs) > 1 and sum(pairs) / len(pairs) > manner.symbols_stay + 0.5 * MORE_STAYS:
        yield Finding("chord symbols", bar, "has no new chord symbol", 0.8)


def accents(passage: HeardPassage, bar: int, manner: Manner) -> Iterator[Finding]:
    """Expect loud accents to be as rare as before."""
    most = max((_loud(own) for own in manner.bars), default=0)
    if _loud(passage.at(bar)) > max(1, most):
        yield Finding("accents", bar, "has an accent on nearly every beat", 0.8)


def _loud(bar: HeardBar) -> int:
    return sum(
        isinstance(item, Direction) and item.name == "dynamics" and item.value in LOUD
        for row in bar.bar.rows
        for item in row.items
    )


class NamedRule(NamedTuple):
    """A rule under its name. `compares`: it measures new bars by those before, and has nothing to say where there are none."""

    name: str
    rule: Rule
    compares: bool = False


RULES = (
    NamedRule("close", close),
    NamedRule("repeats", repeats),
    NamedRule("harmony stays", harmony_stays, compares=True),
    NamedRule("bass stays", bass_stays, compares=True),
    NamedRule("out of key", out_of_key, compares=True),
    NamedRule("thin or thick", thin_or_thick, compares=True),
    NamedRule("density", density),
    NamedRule("new values", new_values, compares=True),
    NamedRule("leaps", leaps, compares=True),
    NamedRule("against the chord", against_symbols),
    NamedRule("chord symbols", chord_symbols, compares=True),
    NamedRule("accents", accents, compares=True),
)
