"""Cleaning as a row of small named rules, each of which changes a document, or refuses it. Knows no rule and no task.

What each rule did is counted; with a trace it is kept, so that it can be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


class DocumentRefused(Exception):
    """What a rule raises to leave a document out; the words say why."""


@dataclass(frozen=True, slots=True)
class CleaningRule(Generic[T]):
    """`apply` gives what becomes of a content, and how often something was changed. `says` is one sentence for people."""

    name: str
    says: str
    apply: Callable[[T], tuple[T, int]]


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """What one rule did: `refusal` is the reason where it left the document out."""

    rule: CleaningRule[T]
    before: T
    after: T
    count: int
    refusal: str = ""


@dataclass
class CleaningOutcome(Generic[T]):
    """What became of a document; None where a rule left it out. `counts` are changes by rule, a refusal being one."""

    content: T | None
    counts: dict[str, int] = field(default_factory=dict)
    refused_by: str = ""
    reason: str = ""


def clean(content: T, rules: Sequence[CleaningRule[T]], trace: list[Step[T]] | None = None) -> CleaningOutcome[T]:
    """Apply the rules one after the other, up to the first that refuses; `trace` is filled with what each did."""
    counts: dict[str, int] = {}
    for rule in rules:
        before = content
        try:
            content, count = rule.apply(content)
        except DocumentRefused as refusal:
            _remember(trace, Step(rule, before, before, 1, str(refusal)))
            return CleaningOutcome(None, counts | {rule.name: 1}, rule.name, str(refusal))
        _remember(trace, Step(rule, before, content, count))
        if count:
            counts[rule.name] = counts.get(rule.name, 0) + count
    return CleaningOutcome(content, counts)


def _remember(trace: list[Step[T]] | None, step: Step[T]) -> None:
    if trace is not None:
        trace.append(step)
