"""The critic: hears new bars after a score and says what a listener would. One object for each piece of work. Knows the rules by their table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chordllama.checking.bars import measured_bars
from chordllama.critic.heard_passage import Finding, HeardPassage, Manner
from chordllama.critic.listening import Listener
from chordllama.critic.rules import RULES
from chordllama.placing.concert_pitch import at_concert_pitch
from chordllama.score.editing import Bars
from chordllama.score.model import FINAL, Score, Ticks

HEARD = 32
"""The latest bars before the new ones, by which these are measured."""


@dataclass(frozen=True, slots=True)
class Criticism:
    """What is found in some new bars, the worst first within each bar."""

    findings: tuple[Finding, ...]

    @property
    def cost(self) -> float:
        """How bad it is altogether: 0 where nothing is."""
        return sum(finding.weight for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with the printed number of its bar; `weight` is how bad it is, 0 a merit."""

    bar: str
    words: str
    weight: float

    def __str__(self) -> str:
        return f"bar {self.bar}: {self.words}"


class Critic:
    """Judges bars after those of a score at concert pitch (see `placing.concert_pitch`), of which `wanted` are asked for.

    `closes`: the music shall end with them; `density`: the noteheads a bar that are asked for.
    """

    def __init__(self, before: Score, wanted: int, *, closes: bool = False, density: float | None = None) -> None:
        self._listener = Listener(before)
        bars = self._listener.all(before.bars[-HEARD:], before.bar_lengths[-HEARD:])
        self._tonality = self._listener.tonality(bars)
        self._before, self._wanted, self._closes, self._density = bars, wanted, closes, density
        self._manner = Manner(bars, self._tonality)

    def judge(self, bars: Bars, lengths: tuple[Ticks, ...]) -> Criticism:
        """Return what is found in all of some new bars."""
        passage = self._passage(bars, lengths)
        return Criticism(tuple(finding for bar in range(len(bars)) for finding in self._findings(passage, bar)))

    def judge_last(self, bars: Bars, lengths: tuple[Ticks, ...]) -> Criticism:
        """Return what is found in the last of some new bars."""
        return Criticism(tuple(self._findings(self._passage(bars, lengths), len(bars) - 1)))

    def _passage(self, bars: Bars, lengths: tuple[Ticks, ...]) -> HeardPassage:
        new = self._listener.all(bars, lengths)
        return HeardPassage(self._before, new, self._tonality, self._wanted, self._closes, self._density)

    def _findings(self, passage: HeardPassage, bar: int) -> list[Finding]:
        rules = [named.rule for named in RULES if self._before or not named.compares]
        found = [finding for rule in rules for finding in rule(passage, bar, self._manner)]
        return sorted(found, key=lambda finding: -finding.weight)


WINDOW = 8
"""Bars that are judged at once where nobody says which are new."""


def remarks_on(score: Score) -> tuple[Remark, ...]:
    """Return what the critic finds in a whole score, eight bars at a time by those before; the first eight (or half of a short one) are what it knows."""
    heard = at_concert_pitch(score)
    numbers = [bar.number for bar in measured_bars(score)]
    count = len(heard.bars)
    found: list[Remark] = []
    for start in range(min(WINDOW, -(-count // 2)), count, WINDOW):
        bars = heard.bars[start : start + WINDOW]
        closes = start + WINDOW >= count and bars[-1].end.style == FINAL.style
        critic = Critic(replace(heard, bars=heard.bars[:start]), len(bars), closes=closes)
        findings = critic.judge(bars, heard.bar_lengths[start : start + len(bars)]).findings
        found += (Remark(numbers[start + each.bar], each.words, each.weight) for each in findings)
    return tuple(found)
