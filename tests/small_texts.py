"""A small novel and small songs of our own, for tests. Knows no tests."""

from __future__ import annotations

import random

WORDS = [
    "miller",
    "river",
    "bridge",
    "lantern",
    "sister",
    "garden",
    "winter",
    "morning",
    "kitchen",
    "letter",
    "window",
    "brother",
    "village",
    "harvest",
    "candle",
    "church",
    "shoulder",
    "thunder",
    "meadow",
    "carpenter",
    "ladder",
    "market",
    "orchard",
    "stranger",
]
VERBS = ["carried", "watched", "remembered", "followed", "painted", "opened", "answered", "counted", "mended", "forgot"]


def sentence(chance: random.Random) -> str:
    """One sentence, unlike others."""
    one, two, three = chance.sample(WORDS, 3)
    tail = chance.choice(("before the rain came", "without a word", "as she had been told", "and nobody asked why"))
    return f"The {one} {chance.choice(VERBS)} the {two} behind the {three} {tail}."


def paragraph(seed: object, sentences: int = 5) -> str:
    """A paragraph that `seed` decides."""
    chance = random.Random(f"paragraph {seed}")
    return " ".join(sentence(chance) for _ in range(sentences))


def chapter(seed: object, paragraphs: int = 6) -> str:
    """The paragraphs of a chapter, one a line."""
    return "\n\n".join(paragraph(f"{seed} {number}") for number in range(paragraphs))


def novel(seed: object, chapters: int = 4, paragraphs: int = 6) -> str:
    """A book with plain headings."""
    return (
        "\n\n".join(f"Chapter {number}\n\n{chapter((seed, number), paragraphs)}" for number in range(1, chapters + 1))
        + "\n"
    )


def song(seed: object, stanzas: int = 3) -> str:
    """A song with a hook, in lines of its own."""
    chance = random.Random(f"song {seed}")
    verses = ["\n".join(sentence(chance).rstrip(".") for _ in range(4)) for _ in range(stanzas)]
    hook = f"[Hook]\n{sentence(chance)}\n{sentence(chance)}"
    return "\n\n".join(f"[Verse {number}]\n{verse}\n\n{hook}" for number, verse in enumerate(verses, 1)) + "\n"
