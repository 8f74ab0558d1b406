"""New bars in what is around them, as the critic's rules see them, and what a rule finds. Knows what sounds; knows no rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from chordllama.critic.harmony import Tonality
from chordllama.critic.listening import HeardBar
from chordllama.score.model import Place, Ticks


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say of a new bar (from 0), in a musician's words. `weight` is how bad it is, from 0 (a merit, or a remark)."""

    rule: str
    bar: int
    words: str
    weight: float = 1.0
    beat: Fraction | None = None


@dataclass(frozen=True)
class HeardPassage:
    """New bars after others. `closes`: the music ends with the last of `wanted` new bars; `density`: the noteheads a bar that are asked for."""

    before: tuple[HeardBar, ...]
    new: tuple[HeardBar, ...]
    tonality: Tonality
    wanted: int = 0
    closes: bool = False
    density: float | None = None

    @property
    def all(self) -> tuple[HeardBar, ...]:
        """The bars before, and the new ones."""
        return self.before + self.new

    def at(self, bar: int) -> HeardBar:
        """Return a new bar (from 0), or one before it (below 0)."""
        return self.new[bar] if bar >= 0 else self.before[bar]

    def is_last(self, bar: int) -> bool:
        """Tell whether the music ends with a new bar (from 0)."""
        return self.closes and bar == self.wanted - 1


@dataclass(frozen=True)
class Manner:
    """How the bars before are written: what new ones are measured by."""

    bars: tuple[HeardBar, ...]
    tonality: Tonality

    @cached_property
    def notes(self) -> float:
        """Noteheads a bar, of the bars in which something sounds."""
        counts = [bar.count for bar in self.bars if bar.count] or [1]
        return sum(counts) / len(counts)

    @cached_property
    def outside(self) -> float:
        """The share of notes outside of the key."""
        return share_outside(self.bars, self.tonality)

    @cached_property
    def values(self) -> Counter[Ticks]:
        """How often each note value occurs."""
        found: Counter[Ticks] = Counter()
        for bar in self.bars:
            found.update(bar.values)
        return found

    @cached_property
    def stays(self) -> float:
        """The share of bars that stay on the harmony of the bar before."""
        return share_of_pairs(self.bars, same_harmony)

    @cached_property
    def bass_stays(self) -> float:
        """The share of bars that begin on the bass of the bar before."""
        return share_of_pairs(self.bars, same_bass)

    @cached_property
    def symbols(self) -> float:
        """Chord symbols a bar."""
        return sum(len(bar.symbols) for bar in self.bars) / max(1, len(self.bars))

    @cached_property
    def symbols_stay(self) -> float:
        """The share of bars that begin with the chord symbol which the bar before ended with, or without a new one."""
        return share_of_pairs(self.bars, same_symbol)

    @cached_property
    def leap(self) -> int:
        """The widest step within a tune, in semitones."""
        return max((widest_leap(bar) for bar in self.bars), default=0)


def same_harmony(before: HeardBar, bar: HeardBar) -> bool:
    """Tell whether two bars have the same harmonies in the same order."""
    one = [chord.function for chord in before.chords if chord]
    other = [chord.function for chord in bar.chords if chord]
    return bool(one) and _shortened(one) == _shortened(other)


def _shortened(chords: Sequence[tuple[int, bool]]) -> list[tuple[int, bool]]:
    return [chord for n, chord in enumerate(chords) if not n or chord != chords[n - 1]]


def same_bass(before: HeardBar, bar: HeardBar) -> bool:
    """Tell whether two bars begin over the same bass note."""
    one, other = (own.bass(0, own.beats[0][1]) for own in (before, bar))
    return one is not None and other is not None and one % 12 == other % 12


def same_symbol(before: HeardBar, bar: HeardBar) -> bool:
    """Tell whether a bar has no chord symbol but the one that the bar before ended with."""
    tones = {symbol.tones for symbol in bar.symbols}
    return not tones or (bool(before.symbols) and tones == {before.symbols[-1].tones})


def share_of_pairs(bars: Sequence[HeardBar], alike: Callable[[HeardBar, HeardBar], bool]) -> float:
    """Return the share of neighbouring bars, both of which sound, that are alike."""
    pairs = [(a, b) for a, b in pairwise(bars) if a.notes and b.notes]
    return sum(alike(*pair) for pair in pairs) / len(pairs) if pairs else 0.0


def share_outside(bars: Sequence[HeardBar], tonality: Tonality) -> float:
    """Return the share of notes outside of a key."""
    pitches = [note.pitch % 12 for bar in bars for note in bar.notes]
    return sum(pitch not in tonality.scale for pitch in pitches) / len(pitches) if pitches else 0.0


def widest_leap(bar: HeardBar) -> int:
    """Return the widest step within a row of single notes, in semitones."""
    rows: dict[Place, list[int]] = {}
    for note in bar.notes:
        rows.setdefault(note.place, []).append(note.pitch)
    single = (
        pitches
        for place, pitches in rows.items()
        if len({n.start for n in bar.notes if n.place == place}) == len(pitches)
    )
    return max((abs(b - a) for pitches in single for a, b in pairwise(pitches)), default=0)


def likeness(one: HeardBar, other: HeardBar) -> float:
    """Return how much of two bars is the same (0 to 1): notes with their moments and lengths."""
    if not one.signature or not other.signature:
        return 0.0
    return len(one.signature & other.signature) / len(one.signature | other.signature)
