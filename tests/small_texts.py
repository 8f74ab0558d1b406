"""A small novel and small songs of our own, for tests. Knows no tests."""

from __future__ import annotations

import random

NOUNS = """miller river bridge lantern sister garden winter morning kitchen letter window brother village harvest candle church
shoulder thunder meadow carpenter ladder market orchard stranger bottle captain feather island journey kettle lawyer mirror needle
ocean painter quarrel ribbon shepherd teacher umbrella violin widow apple basket cousin doctor engine father glove hammer inn jacket"""
VERBS = """carried watched remembered followed painted opened answered counted mended forgot bought sold hid found lost praised buried
washed stole returned"""
ARTICLES = "a the her his our no every another this that"
PLACES = "behind before under above beside without near after between against"


def sentence(chance: random.Random) -> str:
    """One sentence, with few words that follow each other elsewhere."""
    one, two, three = (f"{chance.choice(ARTICLES.split())} {noun}" for noun in chance.sample(NOUNS.split(), 3))
    return f"{one.capitalize()} {chance.choice(VERBS.split())} {two} {chance.choice(PLACES.split())} {three}."


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
        "\n\n".join(f"Chapter {place}\n\n{chapter((seed, place), paragraphs)}" for place in range(1, chapters + 1))
        + "\n"
    )


def song(seed: object, stanzas: int = 3) -> str:
    """A song with a hook, in lines of its own."""
    chance = random.Random(f"song {seed}")
    verses = ["\n".join(sentence(chance).rstrip(".") for _ in range(4)) for _ in range(stanzas)]
    hook = f"[Hook]\n{sentence(chance)}\n{sentence(chance)}"
    return "\n\n".join(f"[Verse {number}]\n{verse}\n\n{hook}" for number, verse in enumerate(verses, 1)) + "\n"
