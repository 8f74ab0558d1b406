"""In how many new bars each rule of the critic finds a fault: the human's beside a model's. Knows passages and the critic."""

from __future__ import annotations

from dataclasses import replace

from chordllama.critic.critic import Critic
from chordllama.critic.rules import RULES
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.systems import Heading, Measure
from chordllama.placing.concert_pitch import at_concert_pitch
from chordllama.score.model import FINAL


def faulty_bars(passage: Passage, rule: str) -> Ratio | None:
    """Count the new bars in which a rule (by its name) finds a fault, of all; None where nothing was shown or written."""
    score = at_concert_pitch(passage.score)
    new, lengths = score.bars[passage.shown :], score.bar_lengths[passage.shown :]
    if not passage.shown or not new:
        return None
    before = replace(score, bars=score.bars[: passage.shown])
    critic = Critic(before, len(new), closes=new[-1].end.style == FINAL.style)
    found = {finding.bar for finding in critic.judge(new, lengths).findings if finding.rule == rule and finding.weight}
    return Ratio(len(found), len(new))


def _measure(rule: str) -> Measure[Passage]:
    heading = Heading(f"critic-{rule.replace(' ', '-')}", f"bars with a fault: {rule}", 2, True)
    return Measure(heading, lambda passage: faulty_bars(passage, rule))


OF_RULES = tuple(_measure(named.name) for named in RULES if named.name != "density")
"""A measure for each rule that people's own bars can break; density is only kept or missed where it was asked for."""
