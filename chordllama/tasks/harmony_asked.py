"""Harmony that new bars are held to: a full close at the end, chord symbols that stand there or are asked for. Knows the rules of bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chordllama.codec.grammar.grammar_rules import BarRules
from chordllama.critic.closing import dominant_span, middle, tonic_span
from chordllama.critic.listening import Listener
from chordllama.score.model import Bar, Score

HEARD = 32
"""The latest bars, from which the tonic is told."""


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
