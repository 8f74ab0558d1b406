"""Lyrics and poems as prompts and answers, for three tasks, and the judging of an answer. Knows texts; knows no files and no model.

    write      title, artist or poet, language and form -> the text
    continue   the first lines -> the rest
    fit        lines with their syllable counts, of which the first may have words -> words for the others

A text is sections with a blank line between them; a section may begin with its label, such as [Verse 1] or [Hook]. Instruction + input +
output is exactly what a model is shown and writes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from chordllama.tasks.prompt_templates import Prompt, PromptPair, language_name
from chordllama.tasks.syllables import plain, sung_syllables, syllables
from chordllama.tasks.text_task import DESCRIPTION_TOKENS, LONGEST_FACT, Count, TextTask, rows_of, short_facts, some
from chordllama.tasks.windows import cuts

FEWEST_LINES = 4
LONGEST_MELODY = 32
"""Lines that are fitted at a time, at most."""
PER_LINE = 4
"""Tokens kept for a line's number and break."""
LABEL = re.compile(r"\[[^\[\]\n]+\]")


@dataclass(frozen=True, slots=True)
class LyricLine:
    """A line to be fitted: its words or "", and its syllables; a label or a break between sections has none (0)."""

    text: str
    syllables: int = 0


@dataclass(frozen=True, slots=True)
class LyricSections:
    """Whole sections of a text, the facts that its source tells, and which `part` of the text they are ("" for all of it)."""

    sections: Sequence[str]
    facts: Mapping[str, str]
    part: str = ""


@dataclass(frozen=True, slots=True)
class Melody:
    """Lines with their syllables, of at most `LONGEST_MELODY`, and the facts that their source tells."""

    lines: Sequence[LyricLine]
    facts: Mapping[str, str]


# ---------------------------------------------------------------------------------------------------------------- prompts


def write_prompt(facts: Mapping[str, str]) -> Prompt:
    """Return the prompt for a whole text. `facts`: title, artist, poet, language (by its name), form, part; each may be left out."""
    return WRITE.prompt(facts)


def continue_prompt(facts: Mapping[str, str], lines: str) -> Prompt:
    """Return the prompt for what comes after the first lines."""
    return CONTINUE.prompt(facts, lines.rstrip("\n") + "\n")


def fit_prompt(facts: Mapping[str, str], lines: Sequence[LyricLine]) -> Prompt:
    """Return the prompt for words to a melody: those of the lines that have none."""
    return FIT.prompt(facts, "".join(map(_numbered, lines)))


def _numbered(line: LyricLine) -> str:
    return f"{line.syllables} {line.text}".rstrip() + "\n" if line.syllables else f"{line.text}\n"


# ------------------------------------------------------------------------------------------------------------------- texts


def sections_of(text: str) -> list[str]:
    """Return the sections of a text, without the blank lines between them."""
    return [part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]


def form_of(sections: Sequence[str]) -> str:
    """Return the order of the labels where there are some, else how many stanzas there are of how many lines."""
    labels = [found[0][1:-1] for section in sections if (found := LABEL.match(section))]
    if labels:
        return ", ".join(labels)
    lines = [len(section.splitlines()) for section in sections]
    return ", ".join(_stanzas(len(list(run)), size) for size, run in groupby(lines))


def _stanzas(number: int, lines: int) -> str:
    of = "1 line" if lines == 1 else f"{lines} lines"
    return f"1 stanza of {of}" if number == 1 else f"{number} stanzas of {of}"


def facts_told(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what a source tells of a song or poem, under the names that prompts have."""
    poet, language = facts.get("poet", ""), facts.get("language", "")
    artist = "" if poet == facts.get("creator") else facts.get("creator", "")
    return short_facts(
        {"title": facts.get("title", ""), "artist": artist, "poet": poet, "language": language_name(language)}
    )


# -------------------------------------------------------------------------------------------------------------------- rows


def rows(
    text: str, facts: Mapping[str, str], count: Count, maximum_tokens: int, chance: random.Random
) -> Iterator[PromptPair]:
    """Yield the rows of a cleaned text, each of about `maximum_tokens` at most by `count`, for all three tasks.

    `facts` are what its source and cleaning tell: title, creator, poet, language, and `sung` where the text has the marks of
    tasks/syllables.py. A text that is too long is cut between sections, or where a section is too long between lines.
    """
    room = maximum_tokens - DESCRIPTION_TOKENS
    sections = [part for section in sections_of(text) for part in _parted(section, count, room // 2)]
    yield from rows_of(_whole_sections(sections, facts, count, room), OF_SECTIONS, chance)
    yield from rows_of(_melodies(sections, facts, count, room), OF_MELODIES, chance)


def _whole_sections(
    sections: Sequence[str], facts: Mapping[str, str], count: Count, room: int
) -> Iterator[LyricSections]:
    sizes = [_size(section, count) for section in sections]
    windows = cuts(sizes, room)
    for place, (first, last) in enumerate(windows, 1):
        own = sections[first:last]
        part = f"{place} of {len(windows)}" if len(windows) > 1 else ""
        if sum(sizes[first:last]) <= room and len(_lines(own)) >= FEWEST_LINES:
            yield LyricSections(own, facts, part)


def _melodies(sections: Sequence[str], facts: Mapping[str, str], count: Count, room: int) -> Iterator[Melody]:
    short = [part for section in sections for part in _parted(section, lambda _line: 0, LONGEST_MELODY)]
    lengths = [len(section.splitlines()) for section in short]
    for first, last in cuts(lengths, LONGEST_MELODY):
        own = short[first:last]
        size = sum(_size(section, count) + PER_LINE * len(section.splitlines()) for section in own)
        lines = measured(own, facts)
        if lines and len(_lines(own)) >= FEWEST_LINES and size <= room:
            yield Melody(lines, facts)


def _parted(section: str, count: Count, budget: int) -> list[str]:
    lines = section.splitlines()
    windows = cuts([count(plain(line)) + 1 for line in lines], budget)
    return ["\n".join(lines[first:last]) for first, last in windows]


def _size(section: str, count: Count) -> int:
    return count(plain(section)) + PER_LINE


def _lines(sections: Sequence[str]) -> list[str]:
    """Return the lines that have words."""
    return [line for section in sections for line in section.splitlines() if not LABEL.fullmatch(line)]


def _joined(sections: Sequence[str]) -> str:
    return plain("\n\n".join(sections)) + "\n"


def measured(sections: Sequence[str], facts: Mapping[str, str]) -> list[LyricLine]:
    """Return the lines of sections with their syllables, and empty ones between sections; nothing where syllables can't be counted."""
    found: list[LyricLine] = []
    for section in sections:
        found += [LyricLine("")] if found else []
        for line in section.splitlines():
            number = 0 if LABEL.fullmatch(line) else _syllables(line, facts)
            if number is None:
                return []
            found.append(LyricLine(plain(line), number))
    return found


def _syllables(line: str, facts: Mapping[str, str]) -> int | None:
    return sung_syllables(line) if facts.get("sung") else syllables(line, facts.get("language", ""))


# ------------------------------------------------------------------------------------------------------------------- tasks


def _write(passage: LyricSections, chance: random.Random) -> PromptPair:
    told = {**facts_told(passage.facts), "form": form_of(passage.sections)[: 2 * LONGEST_FACT]}
    return PromptPair(*write_prompt({**some(told, chance), "part": passage.part}), _joined(passage.sections))


def _continue(passage: LyricSections, chance: random.Random) -> PromptPair:
    """Return the first half and the second, or by chance another share; between sections where there are several."""
    share = chance.choice((0.5, 0.5, chance.uniform(0.25, 0.75)))
    told = {**some(facts_told(passage.facts), chance), "part": passage.part}
    sections = passage.sections
    if len(sections) > 1:
        shown = min(len(sections) - 1, max(1, round(len(sections) * share)))
        return PromptPair(*continue_prompt(told, _joined(sections[:shown])), "\n" + _joined(sections[shown:]))
    lines = sections[0].splitlines()
    shown = min(len(lines) - 1, max(1, round(len(lines) * share)))
    return PromptPair(*continue_prompt(told, _joined(["\n".join(lines[:shown])])), _joined(["\n".join(lines[shown:])]))


def _fit(melody: Melody, chance: random.Random) -> PromptPair:
    """Return the words for lines without; in half of the rows the first lines have words already."""
    lines = melody.lines
    worded = [place for place, line in enumerate(lines) if line.syllables]
    given = worded[chance.randint(1, max(1, len(worded) // 2))] if chance.random() < 0.5 else worded[0]
    asked = [
        *lines[:given],
        *(LyricLine("" if line.syllables else line.text, line.syllables) for line in lines[given:]),
    ]
    answer = "".join(f"{line.text}\n" for line in lines[given:])
    return PromptPair(*fit_prompt(some(facts_told(melody.facts), chance), asked), answer)


WRITE = TextTask(
    id="write",
    description="A text for its title, artist or poet, language and form",
    instruction="Write lyrics: the text that has this title, artist or poet, language and form.\n",
    row=_write,
)
CONTINUE = TextTask(
    id="continue",
    description="The rest of a text after its first lines",
    instruction="Continue lyrics: the lines that come after these, to the end.\n",
    row=_continue,
)
FIT = TextTask(
    id="fit",
    description="Words for lines with so many syllables, of which the first may have words",
    instruction="Fit lyrics: one line for each number that has no words yet, with that many syllables.\n",
    row=_fit,
)
OF_SECTIONS: tuple[TextTask[LyricSections], ...] = (WRITE, CONTINUE)
OF_MELODIES: tuple[TextTask[Melody], ...] = (FIT,)


# ------------------------------------------------------------------------------------------------------------------ judging


def fitting(wanted: Sequence[int], answer: str, language: str) -> float:
    """Return the share of the wanted lines whose syllables an answer has, line by line. Raises ValueError where a language's can't be counted."""
    found = [syllables(line, language) for line in _lines(sections_of(answer))]
    if None in found or not wanted:
        raise ValueError(f'the syllables of "{language}" can\'t be counted' if wanted else "no line is wanted")
    return sum(one == other for one, other in zip(wanted, found, strict=False)) / len(wanted)
