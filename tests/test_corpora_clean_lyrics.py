"""The rules for lyrics: each does what it says, and is counted."""

from __future__ import annotations

import pytest

from chordllama.corpora.clean.cleaning import clean_document
from chordllama.corpora.clean.cleaning_rules import CleaningOutcome, clean
from chordllama.corpora.clean.lyric_rules import RULES
from chordllama.corpora.clean.text_rules import Writing
from chordllama.corpora.documents import Document

BY_NAME = {rule.name: rule for rule in RULES}

VERSE = "The river runs below the hill\nAnd no one knows its name\nThe miller sleeps, the mill is still\nThe water sings the same"
HOOK = "Oh, river run\nOh, river run\nUntil the day is done"
SONG = f"[Verse 1]\n{VERSE}\n\n[Hook]\n{HOOK}\n\n[Verse 2]\nThe winter came and all was white\nThe river lay asleep\n\n[Hook]\n{HOOK}\n"
PAGE = (
    "12 ContributorsTranslationsEspañolDeutschRiver Run Lyrics[Verse 1: Ann Owl]\n"
    + VERSE
    + "\nSee Ann Owl LiveGet tickets as low as $63You might also like[Hook: Ann Owl & Bo Cat]\n"
    + HOOK
    + "\n\n(Verse 2)\nThe winter came and all was white\nThe river lay asleep\n\nHook:\n"
    + HOOK
    + "123Embed"
)


def applied(name: str, text: str) -> CleaningOutcome[Writing]:
    return clean(Writing(text), [BY_NAME[name]])


def text_of(outcome: CleaningOutcome[Writing]) -> str:
    assert outcome.content is not None
    return outcome.content.text


def test_a_scraped_page_becomes_its_song_and_each_rule_is_counted() -> None:
    outcome = clean(Writing(PAGE), RULES)
    assert text_of(outcome) == SONG
    assert outcome.content is not None
    assert outcome.content.language == "en"
    wanted = {"contributors": 1, "translations": 1, "page-title": 1, "tickets": 1, "also-like": 1, "embed": 1}
    assert wanted.items() <= outcome.counts.items()
    assert outcome.counts["section-labels"] == 4


def test_a_clean_song_stays_as_it_is() -> None:
    outcome = clean(Writing(SONG, "en"), RULES)
    assert text_of(outcome) == SONG
    assert outcome.counts == {}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("contributors", "1 Contributor\nA line", "A line"),
        ("contributors", "Seven contributors came", "Seven contributors came"),
        ("translations", "TranslationsTürkçeFrançais\nA line", "A line"),
        ("translations", "Translations of the night", "Translations of the night"),
        ("page-title", "River Run Lyrics\n\nA line", "\n\nA line"),
        ("page-title", "A line\nthat has Lyrics\n", "A line\nthat has Lyrics\n"),
        ("read-more", "It is a song about a river… Read More\n[Verse]\nA line", "[Verse]\nA line"),
        ("tickets", "A line\nGet tickets as low as $40\nB line", "A line\n\nB line"),
        ("also-like", "A line\nYou might also like\nB line", "A line\n\n\nB line"),
        ("also-like", "You might also like me", "You might also like me"),
        ("embed", "The last line7KEmbed", "The last line"),
        ("embed", "The last line\nEmbed\nShare URL\nCopy\n", "The last line\n"),
        ("embed", "Embed me in your heart", "Embed me in your heart"),
        ("notes", "A line[12] with a mark", "A line with a mark"),
        ("stage-directions", "[Exit King.]\nA line\n[King]\n(Dance)\n", "A line\n[King]\n"),
        ("ornaments", "A line\n* * * * *\nB line", "A line\n\nB line"),
        ("emphasis", "And _never_ more, snake_case", "And never more, snake_case"),
        ("spaces", "  A  line \n\n\n\n\tB line\n", "A line\n\nB line\n"),
        (
            "syllable-hyphens",
            "The buf-fa-lo roam, an-te-lope play, sel-dom dis-cour-ag-ing, cloud-y",
            "The buffalo roam, antelope play, seldom discouraging, cloudy",
        ),
        ("syllable-hyphens", "Well-a-day, well-a-day, well-a-day, alas", "Well-a-day, well-a-day, well-a-day, alas"),
        (
            "syllable-hyphens",
            "And he went a-roving " + "in the night " * 5,
            "And he went a-roving " + "in the night " * 5,
        ),
        ("characters", "A\u200b line\u00a0here\ufeff", "A line here"),
    ],
)
def test_rules_take_what_the_page_put_there_and_nothing_else(name: str, text: str, wanted: str) -> None:
    outcome = applied(name, text)
    assert text_of(outcome) == wanted
    assert bool(outcome.counts) == (text != wanted)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("[verse 1]", "[Verse 1]"),
        ("[Verse 2: Ann Owl]", "[Verse 2]"),
        ("[VERSE II]", "[Verse 2]"),
        ("(Chorus)", "[Chorus]"),
        ("Refrain:", "[Chorus]"),
        ("[Refrain x2]", "[Chorus]"),
        ("Strophe 3", "[Verse 3]"),
        ("[Estribillo]", "[Chorus]"),
        ("Pre-Chorus", "[Pre-Chorus]"),
        ("[Hook (x2)]", "[Hook]"),
        ("[Guitar Solo]", "[Solo]"),
        ("[King]", "[King]"),
        ("Solo", "Solo"),
        ("The final verse", "The final verse"),
        ("Part of me", "Part of me"),
    ],
)
def test_labels_have_one_form(line: str, wanted: str) -> None:
    assert text_of(applied("section-labels", line)) == wanted


def test_a_label_that_hangs_on_a_line_gets_its_own() -> None:
    assert text_of(applied("section-labels", "the last line[Chorus]\nOh")) == "the last line\n\n[Chorus]\nOh"


def test_what_the_song_repeats_stays() -> None:
    for text in (SONG, f"{VERSE}\n\n{HOOK}\n\n{VERSE}\n\n{HOOK}\n\n{HOOK}\n", "Row, row\nRow, row\nGently\nGently\n"):
        outcome = applied("page-repeats", text)
        assert text_of(outcome) == text
        assert outcome.counts == {}


def test_what_the_page_repeats_goes() -> None:
    doubled = "".join(f"{line}\n{line}\n" for line in VERSE.split("\n"))
    assert text_of(applied("page-repeats", doubled)) == VERSE + "\n"
    twice = applied("page-repeats", f"{SONG}\n{SONG}")
    assert text_of(twice) == SONG
    again = f"[Verse 1]\n{VERSE}\n\n[Verse 1]\n{VERSE}\n\n[Hook]\n{HOOK}\n"
    outcome = applied("page-repeats", again)
    assert text_of(outcome) == f"[Verse 1]\n{VERSE}\n\n[Hook]\n{HOOK}\n"
    assert outcome.counts == {"page-repeats": 5}


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("[Instrumental]\n", "too-short", "0 words"),
        ("word " * 20 + "\n", "too-short", "1 line"),
        ("a line of words\n" * 2_001, "too-long", "2002 lines"),
        ("a line\n" * 10 + "word " * 100, "too-long", "a line of 500 characters"),
    ],
)
def test_what_is_no_song_is_refused_with_a_reason(text: str, rule: str, reason: str) -> None:
    outcome = clean(Writing(text), [BY_NAME["too-short"], BY_NAME["too-long"]])
    assert (outcome.refused_by, outcome.reason) == (rule, reason)


def test_a_language_is_detected_and_one_that_was_told_wrongly_is_counted() -> None:
    german = "Ich weiß nicht, was soll es bedeuten,\nDaß ich so traurig bin;\nEin Märchen aus alten Zeiten,\nDas kommt mir nicht aus dem Sinn.\n"
    for told, count in (("", 1), ("en", 1), ("de", 0)):
        outcome = clean(Writing(german, told), [BY_NAME["language"]])
        assert outcome.content is not None
        assert outcome.content.language == "de"
        assert outcome.counts.get("language", 0) == count


def test_what_is_too_short_to_tell_keeps_its_languages_name() -> None:
    outcome = clean(Writing("La la la\n", "fr"), [BY_NAME["language"]])
    assert outcome.content is not None
    assert outcome.content.language == "fr"


def test_a_cleaned_document_tells_its_language_and_its_size() -> None:
    result = clean_document(Document("lyrics", "mine", "my own", "mine/a", "a.txt", PAGE.encode(), {"title": "River"}))
    assert result.cleaned is not None
    assert result.cleaned.texts == (SONG,)
    assert result.cleaned.facts == {"title": "River", "language": "en"}
    assert result.cleaned.sizes["lines"] == 12
    assert [found.kind for found in result.signatures] == ["whole", "words"]


def test_every_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len(BY_NAME) == len(RULES)
    assert all(rule.says.endswith(".") for rule in RULES)
