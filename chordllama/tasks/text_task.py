"""Tasks for texts: one object each, and the facts that their prompts tell."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from chordllama.tasks.prompt_templates import Prompt, PromptPair, described

TOLD = 0.8
"""The probability with which each fact is told, since whoever asks may leave any of them out."""
LONGEST_FACT = 120
"""Characters; longer facts are left out."""
DESCRIPTION_TOKENS = 200
"""Tokens kept for the instruction, the facts, and joins between texts."""

Count = Callable[[str], int]
Piece = TypeVar("Piece")


@dataclass(frozen=True, slots=True)
class TextTask(Generic[Piece]):
    """One thing that a model does with words.

    `instruction` is the first line of its prompts, with its line break; `description` says what goes in and what comes out. `row` makes a
    training row of a piece of a text (None where that is too short for one); chance decides which facts it tells and how much it shows.
    """

    id: str
    description: str
    instruction: str
    row: Callable[[Piece, random.Random], PromptPair | None]

    def prompt(self, facts: Mapping[str, str], given: str = "") -> Prompt:
        """Return the prompt that tells these facts, by their names, and then what is given."""
        return Prompt(self.instruction, described(facts) + given)


def rows_of(pieces: Iterable[Piece], tasks: Iterable[TextTask[Piece]], chance: random.Random) -> Iterator[PromptPair]:
    """Yield the rows of each piece in turn, by each of the tasks."""
    for piece in pieces:
        for task in tasks:
            row = task.row(piece, chance)
            if row is not None:
                yield row


def short_facts(facts: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that are known, without those that are too long to tell."""
    return {name: value for name, value in facts.items() if 0 < len(value) <= LONGEST_FACT}


def some(facts: Mapping[str, str], chance: random.Random) -> dict[str, str]:
    """Return the facts that chance tells."""
    return {name: value for name, value in facts.items() if chance.random() < TOLD}
