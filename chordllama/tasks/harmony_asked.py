"""Harmony that new bars are held to: a full close at the end, chord symbols that stand there or are asked for. Knows the rules of bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chordllama.codec.grammar.grammar_rules import BarRules, ChordSpan
from chordllama.codec.words.moments import parse_harmony
from chordllama.critic.closing import dominant_span, middle, tonic_span
from chordllama.critic.critic import HEARD
from chordllama.critic.listening import HeardBar, Listener
from chordllama.placing.asked_symbols import onsets_of
from chordllama.score.chord_symbols import pitch_class, tones_of
from chordllama.score.model import Bar, Harmony, Score
from chordllama.tasks.plan import ChordChart, RequestError


def written_spans(score: Score, first: int, bars: int) -> list[tuple[ChordSpan, ...]]:
    """Return what the notes of some bars of a score keep to, from `first` (from 0) on: the chord symbols written there; the last one holds on."""
    listener = Listener(score)
    found: list[tuple[ChordSpan, ...]] = []
    held: frozenset[int] = frozenset()
    for heard in listener.all(score.bars[: first + bars], score.bar_lengths[: first + bars]):
        begun = heard.symbols[0].start if heard.symbols else heard.length
        spans = [ChordSpan(0, begun, held, beat=heard.beat)] if held and begun else []
        spans += [ChordSpan(symbol.start, symbol.end, symbol.tones, beat=heard.beat) for symbol in heard.symbols]
        held = heard.symbols[-1].tones if heard.symbols else held
        found.append(tuple(span for span in spans if span.tones))
    return found[first:]


def parse_chords(text: str) -> ChordChart:
    """Return the chords that a text names, bar by bar: `C | Am7 | F G7 | % | C`. Raises RequestError for what is no chord."""
    found: list[tuple[Harmony, ...]] = []
    for bar in text.strip().strip("|").split("|"):
        words = bar.split()
        if words == ["%"]:
            words = []
        try:
            found.append(tuple(map(parse_harmony, words)))
        except ValueError as fault:
            raise RequestError(
                f"bar {len(found) + 1} of the chords: {fault}",
                cause=f"it says {bar.strip()}",
                hint='name chords as "C | Am7 | F G7 | Bb/D": a root, its kind (m, 7, maj7, m7, dim, sus4, m7b5, …), a bass after /',
            ) from fault
    if not found[0]:
        raise RequestError("the first bar of the chords is empty", hint="name a chord there")
    return tuple(found)


def chord_spans(chords: ChordChart, bars: Sequence[HeardBar], first: int) -> list[tuple[ChordSpan, ...]]:
    """Return what the notes of new bars keep to, from one (from 0) on, whose lengths are those of `bars`."""
    found: list[tuple[ChordSpan, ...]] = []
    for n, bar in enumerate(bars, first):
        if n >= len(chords):
            found.append(())
            continue
        own = chords[n] or next(earlier for earlier in reversed(chords[:n]) if earlier)[-1:]
        starts = [*onsets_of(len(own), bar.length), bar.length]
        found.append(
            tuple(
                ChordSpan(start, end, tones_of(harmony), _root(harmony), bar.beat)
                for harmony, start, end in zip(own, starts, starts[1:], strict=False)
            )
        )
    return found


def _root(harmony: Harmony) -> frozenset[int]:
    return frozenset({pitch_class(harmony.bass or harmony.root)})


def with_close(frames: Sequence[BarRules], written: Score) -> list[BarRules]:
    """Return the rules of bars after a score, of which the last are held to a full close."""
    listener = Listener(written)
    bars = listener.all(written.bars[-HEARD:], written.bar_lengths[-HEARD:])
    tonality = listener.tonality(bars)
    *before, last = frames
    shape = listener.hear(Bar(), last.length)
    half = middle(shape)
    if before:
        leading = listener.hear(Bar(), before[-1].length)
        dominant = dominant_span(tonality, middle(leading), leading.length, leading)
        before[-1] = replace(before[-1], harmony=(dominant,))
        return [*before, replace(last, harmony=(tonic_span(tonality, 0, shape),))]
    return [replace(last, harmony=(dominant_span(tonality, 0, half, shape), tonic_span(tonality, half, shape)))]
