"""Chapters of prose as prompts and answers, for two tasks. Knows texts; knows no files and no model.

    scene      the beats of a scene (what happens, in its order) -> the scene
    continue   the opening -> what comes next

A chapter is paragraphs with a blank line between them, its heading before them (`HEADING`), and BREAK between scenes. Instruction + input +
output is exactly what a model is shown and writes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chordllama.tasks.prompt_templates import BEAT, Prompt, PromptPair, language_name
from chordllama.tasks.text_task import DESCRIPTION_TOKENS, LONGEST_FACT, Count, TextTask, rows_of, short_facts, some
from chordllama.tasks.windows import cuts

HEADING = "# "
BREAK = "* * *"
FEWEST_WORDS = 80
"""Words that a scene, or the text that is parted into opening and continuation, has at least."""
WORDS_PER_BEAT = 90
FEWEST_BEATS, MOST_BEATS = 3, 12
SCENE_SHARE = 0.75
"""The share of a row's tokens that the scene may have; the rest is for its beats."""
SHARES = (1.0, 1.0, 0.5, 0.25)
"""Shares of the tokens that a row may use, drawn by chance, since whoever asks may want less than all."""

Beats = Callable[[str, int, str], Sequence[str]]
"""A scene, how many beats are wanted, and the language's code -> the beats in their order."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene, the facts that prompts may tell of it, its language's code, and what finds its beats."""

    text: str
    facts: Mapping[str, str]
    language: str
    beats: Beats


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """Paragraphs of a chapter, the facts that prompts may tell of them, and what counts tokens."""

    text: str
    facts: Mapping[str, str]
    count: Count


# ---------------------------------------------------------------------------------------------------------------- prompts


def scene_prompt(facts: Mapping[str, str], beats: Sequence[str]) -> Prompt:
    """Return the prompt for a scene. `facts`: title, author, language (by its name), chapter; each may be left out."""
    return SCENE.prompt(facts, "".join(BEAT.format(" ".join(beat.split())) for beat in beats) + "\n")


def continue_prompt(facts: Mapping[str, str], opening: str) -> Prompt:
    """Return the prompt for what comes after whole paragraphs."""
    return CONTINUE.prompt(facts, opening.strip("\n") + "\n\n")


# ------------------------------------------------------------------------------------------------------------------- texts


def chapters_of(book: str) -> list[str]:
    """Return the chapters of a cleaned book, each with its heading."""
    parts: list[list[str]] = []
    for paragraph in paragraphs_of(book):
        if paragraph.startswith(HEADING) or not parts:
            parts.append([])
        parts[-1].append(paragraph)
    return ["\n\n".join(part) + "\n" for part in parts]


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs, breaks and headings of a cleaned text."""
    return [part for part in text.strip("\n").split("\n\n") if part.strip()]


def sentences(text: str, language: str) -> list[str]:
    """Return the sentences of a paragraph, as `sentencex` finds them."""
    import sentencex

    return [found for part in sentencex.segment(language or "en", text) if (found := part.strip())]


def facts_told(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what a source tells of a book, under the names that prompts have."""
    language = facts.get("language", "")
    return short_facts(
        {"title": facts.get("title", ""), "author": facts.get("creator", ""), "language": language_name(language)}
    )


# -------------------------------------------------------------------------------------------------------------------- rows


def rows(
    chapter: str, facts: Mapping[str, str], count: Count, maximum_tokens: int, chance: random.Random, beats: Beats
) -> Iterator[PromptPair]:
    """Yield the rows of a cleaned chapter, each of about `maximum_tokens` at most by `count`, for both tasks.

    It is cut between scenes and paragraphs, as even as can be; a paragraph that is too long between its sentences.
    """
    paragraphs = paragraphs_of(chapter)
    told = facts_told(facts)
    if paragraphs and paragraphs[0].startswith(HEADING):
        heading = paragraphs.pop(0).removeprefix(HEADING)
        told |= {"chapter": heading} if len(heading) <= LONGEST_FACT else {}
    language, room = facts.get("language", ""), maximum_tokens - DESCRIPTION_TOKENS
    scenes = _windows(paragraphs, language, count, room * SCENE_SHARE, chance, at_breaks=True)
    yield from rows_of((Scene(text, told, language, beats) for text in scenes), OF_SCENES, chance)
    openings = _windows(paragraphs, language, count, room, chance, at_breaks=False)
    yield from rows_of((Paragraphs(text, told, count) for text in openings), OF_PARAGRAPHS, chance)


def words_in(text: str) -> int:
    """Count the words of a text, as spaces part them."""
    return len(text.split())


def _windows(
    paragraphs: Sequence[str], language: str, count: Count, room: float, chance: random.Random, at_breaks: bool
) -> Iterator[str]:
    """Neighbouring windows that cover the paragraphs; `at_breaks`: a scene that fits is a window of its own."""
    for scene in _scenes(paragraphs) if at_breaks else [list(paragraphs)]:
        pieces = [piece for paragraph in scene for piece in _parted(paragraph, language, count, room / 2)]
        sizes = [count(piece) + 1 for piece in pieces]
        for first, last in cuts(sizes, room * chance.choice(SHARES)):
            if sum(sizes[first:last]) <= room:
                yield _whole(pieces[first:last])


def _scenes(paragraphs: Sequence[str]) -> list[list[str]]:
    scenes: list[list[str]] = [[]]
    for paragraph in paragraphs:
        if paragraph == BREAK:
            scenes.append([])
        else:
            scenes[-1].append(paragraph)
    return [scene for scene in scenes if scene]


def _parted(paragraph: str, language: str, count: Count, room: float) -> list[str]:
    if count(paragraph) <= room:
        return [paragraph]
    parts = sentences(paragraph, language)
    return [" ".join(parts[first:last]) for first, last in cuts([count(part) + 1 for part in parts], room)]


def _whole(paragraphs: Sequence[str]) -> str:
    """Join paragraphs, leaving out breaks at the edges."""
    first, last = 0, len(paragraphs)
    while first < last and paragraphs[first] == BREAK:
        first += 1
    while last > first and paragraphs[last - 1] == BREAK:
        last -= 1
    return "\n\n".join(paragraphs[first:last]) + "\n"


# ------------------------------------------------------------------------------------------------------------------- tasks


def _scene(scene: Scene, chance: random.Random) -> PromptPair | None:
    words = words_in(scene.text)
    if words < FEWEST_WORDS:
        return None
    told = some(scene.facts, chance)
    number = min(MOST_BEATS, max(FEWEST_BEATS, words // WORDS_PER_BEAT))
    return PromptPair(*scene_prompt(told, scene.beats(scene.text, number, scene.language)), scene.text)


def _continue(passage: Paragraphs, chance: random.Random) -> PromptPair | None:
    """Return the first half and the second by tokens, or by chance another share, cut between paragraphs."""
    told = some(passage.facts, chance)
    paragraphs = paragraphs_of(passage.text)
    if len(paragraphs) < 2 or words_in(passage.text) < FEWEST_WORDS:
        return None
    sizes = [passage.count(paragraph) for paragraph in paragraphs]
    wanted = sum(sizes) * chance.choice((0.5, 0.5, chance.uniform(0.25, 0.75)))
    shown = min(range(1, len(sizes)), key=lambda place: abs(sum(sizes[:place]) - wanted))
    opening, rest = _whole(paragraphs[:shown]), _whole(paragraphs[shown:])
    return PromptPair(*continue_prompt(told, opening), rest) if opening.strip() and rest.strip() else None


SCENE = TextTask(
    id="scene",
    description="A scene for its beats",
    instruction="Write prose: the scene in which these beats happen, in their order.\n",
    row=_scene,
)
CONTINUE = TextTask(
    id="continue",
    description="The paragraphs that come after an opening",
    instruction="Continue prose: the paragraphs that come after these.\n",
    row=_continue,
)
OF_SCENES: tuple[TextTask[Scene], ...] = (SCENE,)
OF_PARAGRAPHS: tuple[TextTask[Paragraphs], ...] = (CONTINUE,)
