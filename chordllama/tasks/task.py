"""Tasks as objects, from which the command line, the server, the page, the plugin and the training rows all follow."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chordllama.sampling import RANGES, Sampling
from chordllama.score.model import Score
from chordllama.tasks.harmony_asked import parse_chords
from chordllama.tasks.music_prompts import Wishes, nearest_density
from chordllama.tasks.plan import Plan, Request, RequestError
from chordllama.tasks.rounds import Context, Round
from chordllama.tasks.row_texts import MusicRow, Write, dump_bar

MOST_BARS = 256
"""Bars that may be asked for at once, at most."""
MOST_CANDIDATES = 16
COMPARED_CANDIDATES = 3
"""Candidates that a program asks for where its user compares them and says nothing else."""


@dataclass(frozen=True, slots=True)
class TaskSetting:
    """One thing that can be asked for: a field of the server's requests, an option of the command line, a control of page and plugin.

    Without a `default` the task finds the value itself, as `help` says. `flag` and `metavar` are the command line's; one that is
    `local` belongs to it alone.
    """

    name: str
    title: str
    help: str
    type: Literal["integer", "number", "string", "parts"] = "integer"
    minimum: float | None = None
    maximum: float | None = None
    above: bool = False
    default: float | str | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    flag: str = ""
    metavar: str = ""
    local: bool = False

    def schema(self) -> dict[str, Any]:
        """Return the setting as JSON Schema."""
        least = "exclusiveMinimum" if self.above else "minimum"
        facts = {
            "type": "string" if self.type == "parts" else self.type,
            least: self.minimum,
            "maximum": self.maximum,
            "enum": list(self.choices) or None,
            "pattern": self.pattern or None,
            "default": self.default,
            "title": self.title,
            "description": self.help,
        }
        return {key: value for key, value in facts.items() if value is not None}

    def check(self, value: object) -> None:
        """Raise RequestError where a value isn't one of this setting's."""
        if self.type in ("integer", "number"):
            kinds = int if self.type == "integer" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds):
                raise RequestError(
                    f"{self.name} has to be a{'n integer' if kinds is int else ' number'}, not {value!r}"
                )
            least = -math.inf if self.minimum is None else self.minimum
            most = math.inf if self.maximum is None else self.maximum
            if not least <= value <= most or (self.above and value == least):
                start = "above" if self.above else "from"
                raise RequestError(f"{self.name} is {value}", cause=f"it has to lie {start} {least:g} to {most:g}")
        elif self.choices and value not in self.choices:
            raise RequestError(f"{self.name} is {value!r}", cause=f"it has to be one of {', '.join(self.choices)}")
        elif self.type == "string" and self.pattern and not re.fullmatch(self.pattern, str(value)):
            raise RequestError(f"{self.name} can't be {value!r}")


class RowWriter(Protocol):
    """Makes a training row of all bars of a lean score. Raises TeachesNothing."""

    def __call__(
        self, score: Score, facts: Mapping[str, str], chance: random.Random, write: Write = dump_bar
    ) -> MusicRow: ...


@dataclass(frozen=True, slots=True)
class MusicTask:
    """One thing that the model does with a score.

    `plan` finds the bars that a request means, `pose` the prompt for them and what may be written after it; how new bars join the
    score stands in the plan's placement. `row` makes training rows, which have `row_size` times the tokens of their bars, of scores
    with at least `fewest_parts` parts. `classic`: models of the 2024 format can do it, too;
    `obeys_symbols`: its notes keep to the chord symbols that stand in the bars which it writes anew.
    """

    id: str
    title: str
    description: str
    help: str
    span: Literal["after", "gap", "range"]
    settings: tuple[TaskSetting, ...]
    plan: Callable[[Score, Request], Plan]
    pose: Callable[[Plan, tuple[Any, ...], Context], Round]
    row: RowWriter
    row_size: float
    fewest_parts: int = 1
    classic: bool = False
    obeys_symbols: bool = False


BARS = TaskSetting("bars", "Bars", "How many bars. [default: all to the end]", minimum=1, maximum=MOST_BARS)
FIRST = TaskSetting(
    "first",
    "From bar",
    "The first bar, counted from 1. [default: 1]",
    minimum=1,
    maximum=100_000,
    flag="from",
    metavar="BAR",
)


CHORDS = TaskSetting(
    "chords",
    "Chords",
    "Chords that the new notes keep to, bar by bar: C | Am7 | F G7 | C; % repeats the bar before.",
    "string",
    pattern=r"^[^\x00-\x1f\x7f]{1,2000}$",
    metavar='"C | Am7 | …"',
)


def _sampled(name: str, title: str, words: str) -> TaskSetting:
    """Return the setting for a field of `Sampling`, with its range and default."""
    least, most, closed = RANGES[name]
    default = getattr(Sampling(), name)
    kind: Literal["integer", "number"] = "integer" if isinstance(default, int) else "number"
    return TaskSetting(name, title, words, kind, least, most, not closed, default)


COMMON = (
    TaskSetting(
        "candidates",
        "Suggestions",
        "How many versions to write; the best one comes first.",
        minimum=1,
        maximum=MOST_CANDIDATES,
        default=1,
    ),
    TaskSetting(
        "care",
        "Care",
        "How often a bar may be written again for the critic's faults: fast takes bars as they come, usual at most doubles the time.",
        "string",
        choices=("fast", "usual", "patient"),
        default="usual",
    ),
    _sampled("seed", "Seed", "Another seed gives other bars; the same one gives the same."),
    _sampled("temperature", "Boldness", "Higher is bolder; 0 always takes the likeliest token."),
    _sampled("top_p", "Top p", "Draw from the likeliest tokens, up to this sum of their probabilities."),
    _sampled("min_p", "Min p", "Leave out tokens below this share of the likeliest one's probability."),
    TaskSetting(
        "density",
        "Notes a bar",
        "About how many notes a bar, all parts together.",
        minimum=1,
        maximum=128,
        metavar="N",
    ),
)
"""Settings of every task, after its own."""


def request_for(task: MusicTask, values: Mapping[str, Any]) -> Request:
    """Return the request that settings ask for by their names; what isn't told, or None, is as it is without it.

    Raises:
        RequestError: a value isn't one of its setting's.
    """
    told = {name: value for name, value in values.items() if value is not None}
    for setting in (*task.settings, *COMMON):
        if setting.name in told:
            setting.check(told[setting.name])
    sampling = Sampling(**{name: told[name] for name in ("seed", "temperature", "top_p", "min_p") if name in told})
    density = nearest_density(told["density"]) if "density" in told else ""
    wishes = Wishes(density=density)
    chords = parse_chords(told["chords"]) if "chords" in told else ()
    own = {name: told[name] for name in ("bars", "candidates", "ending", "first", "care") if name in told}
    named = told.get("given", ())
    given = (parts_named(named) if isinstance(named, str) else tuple(named)) or Request().given
    return Request(
        task=task.id,
        sampling=sampling,
        wishes=wishes,
        given=given,
        chords=chords,
        density=told.get("density"),
        **own,
    )


def parts_named(text: str) -> tuple[int | str, ...]:
    """Return the parts that a text lists with commas, by number (from 1) or name."""
    names = [name.strip() for name in text.split(",")]
    return tuple(int(name[:6]) if name.isascii() and name.isdecimal() else name for name in names if name)
