"""Which notes a chord symbol means. Knows MusicXML's kinds of harmony, and pitch classes (0 is C)."""

from __future__ import annotations

from functools import lru_cache

from chordllama.score.model import SEMITONES, Harmony, Tone

_KINDS = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "augmented": (0, 4, 8),
    "diminished": (0, 3, 6),
    "suspended-second": (0, 2, 7),
    "suspended-fourth": (0, 5, 7),
    "power": (0, 7),
    "half-diminished": (0, 3, 6, 10),
    "diminished-seventh": (0, 3, 6, 9),
    "major-minor": (0, 3, 7, 11),
}
"""Semitones above the root of the kinds that aren't a triad with thirds on it."""
_SEVENTH, _LONG_THIRDS = 10, (14, 17, 21)


@lru_cache(maxsize=4096)
def tones_of(harmony: Harmony) -> frozenset[int]:
    """Return the pitch classes of a chord symbol; none for one that means no chord."""
    if harmony.kind == "none":
        return frozenset()
    root = pitch_class(harmony.root)
    steps = set(_steps(harmony.kind))
    for degree in harmony.degrees:
        natural = (0, 2, 4, 5, 7, 9, 11)[(degree.value - 1) % 7]
        natural = _SEVENTH if degree.value % 7 == 0 else natural
        if degree.type == "subtract":
            steps.discard(natural)
        else:
            if degree.type == "alter":
                steps.discard(natural)
            steps.add(natural + degree.alter)
    bass = {pitch_class(harmony.bass)} if harmony.bass else set()
    return frozenset((root + step) % 12 for step in steps) | bass


def _steps(kind: str) -> tuple[int, ...]:
    if kind in _KINDS:
        return _KINDS[kind]
    third = 3 if kind.startswith("minor") else 4
    fifth = 8 if kind.startswith("augmented") else 7
    steps = [0, third, fifth]
    if "sixth" in kind:
        steps.append(9)
    elif kind.startswith("major-") and kind != "major-sixth":
        steps.append(11)
    elif any(word in kind for word in ("seventh", "ninth", "11th", "13th", "dominant")):
        steps.append(_SEVENTH)
    for word, step in zip(("ninth", "11th", "13th"), _LONG_THIRDS, strict=True):
        if word in kind:
            steps.append(step)
    return tuple(steps)


def pitch_class(tone: Tone) -> int:
    """Return a tone's pitch class."""
    return (SEMITONES[tone.step] + tone.alter) % 12
