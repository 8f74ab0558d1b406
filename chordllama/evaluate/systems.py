"""Human, floors and models beside each other: measures with their headings, tallies, and the report of all. Knows neither music nor texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from chordllama.evaluate.intervals import Figure, Ratio, Summary, figure_of
from chordllama.sampling import Sampling

T = TypeVar("T")
Kind = Literal["human", "floor", "model"]
Found = dict[str, list[Ratio]]
"""What was found in the pieces of each work."""


@dataclass(frozen=True, slots=True)
class Heading:
    """How a measure is called and written: `digits` after the point; a share is written in per cent."""

    name: str
    title: str
    digits: int = 3
    share: bool = False
    summary: Summary = "ratio"


@dataclass(frozen=True, slots=True)
class Measure(Generic[T]):
    """A heading, and the function that measures what was written; None where it can't be measured."""

    heading: Heading
    of: Callable[[T], Ratio | None]


@dataclass(frozen=True, slots=True)
class System:
    """Who wrote, and its figures by the measures' names; what couldn't be measured is missing."""

    name: str
    kind: Kind
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All systems on the same pieces. `told` says in words what was measured on, `settings` how."""

    task: str
    told: str
    settings: Mapping[str, object]
    headings: tuple[Heading, ...]
    systems: tuple[System, ...]


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How models write."""

    candidates: int = 2
    sampling: Sampling = field(default_factory=Sampling)

    def told(self) -> dict[str, object]:
        """Return the same for a report."""
        names = ("temperature", "top_p", "min_p", "seed")
        return {"answers a piece": self.candidates} | {name: getattr(self.sampling, name) for name in names}


class Tally:
    """What one system wrote, as figures, gathered measure by measure."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = defaultdict(lambda: defaultdict(list))

    def add(self, heading: Heading, work: str, ratio: Ratio | None) -> None:
        """Add what a measure gave."""
        if ratio is not None:
            self._found[heading.name][work].append(ratio)

    def measure(self, table: Iterable[Measure[T]], work: str, written: T) -> None:
        """Measure what was written by each measure of a table."""
        for measure in table:
            self.add(measure.heading, work, measure.of(written))

    def system(self, name: str, kind: Kind, headings: Iterable[Heading]) -> System:
        """Return the figures of all that was added."""
        figures = {h.name: figure_of(self._found[h.name], h.summary) for h in headings if h.name in self._found}
        return System(name, kind, {key: figure for key, figure in figures.items() if figure is not None})
