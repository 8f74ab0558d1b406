"""The rules for scores: each does what it says, and is counted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from small_corpus import musicxml, tune

from chordllama.codec.compact import dumps, loads
from chordllama.corpora.clean.cleaning import MENDED, UNREADABLE, clean_document
from chordllama.corpora.clean.cleaning_rules import CleaningOutcome, CleaningRule, Step, clean
from chordllama.corpora.clean.music_rules import RULES, notes_of, text_of
from chordllama.corpora.documents import Document
from chordllama.errors import ContainerError
from chordllama.score.model import Chord, Duration, Key, Note, Score

BY_NAME = {rule.name: rule for rule in RULES}


def applied(name: str, text: str) -> CleaningOutcome[Any]:
    return clean((loads(text),), [BY_NAME[name]])


def kept(outcome: CleaningOutcome[Any]) -> tuple[Score, ...]:
    assert outcome.content is not None
    return tuple(outcome.content)


def only(outcome: CleaningOutcome[Any]) -> Score:
    (score,) = kept(outcome)
    assert isinstance(score, Score)
    return score


PARTS = "groups:\n - 1-3 bracket\nparts:\n 1: clef=G2 A\n 2: clef=G2 B\n 3: clef=F4 C\n"


def document(data: bytes, name: str = "a.mxl") -> Document:
    return Document("music", "mine", "my own", "mine/a", name, data)


def test_parts_without_a_note_are_left_out_with_their_place_in_groups() -> None:
    text = PARTS + "1: key=0 time=2/4 c54 d /3 c34 d\n2: time=3/4 c54 d e /2 r /3 r\n"
    outcome = applied("empty-parts", text)
    score = only(outcome)
    assert outcome.counts == {"empty-parts": 1}
    assert [part.name for part in score.parts] == ["A", "C"]
    assert [(group.first, group.last) for group in score.groups] == [(0, 1)]
    assert {row.part for bar in score.bars for row in bar.rows} == {0, 1}
    assert loads(dumps(score)) == score


def test_a_group_of_which_one_part_is_left_goes() -> None:
    text = PARTS.replace("1-3", "1-2") + "1: key=0 time=2/4 c54 d /3 c34 d\n"
    assert only(applied("empty-parts", text)).groups == ()


def test_keys_of_single_parts_go_with_their_parts() -> None:
    text = PARTS + "1: key=0;2=1;3=-1 time=2/4 c54 d /3 c34 d\n"
    score = only(applied("empty-parts", text))
    assert [change.part for change in score.bars[0].keys] == [None, 1]


def test_a_score_without_a_note_is_refused() -> None:
    assert applied("empty-parts", "parts:\n 1: clef=G2\n1: time=2/4 r\n").refused_by == "empty-parts"


def test_bars_at_the_ends_of_sections_become_as_short_as_they_are() -> None:
    text = "parts:\n 1: clef=G2\n1: length=1/4 time=3/4 c54\n2: c54 d e\n3: c52 s4 end=repeat=backward\n4: c54 s2\n5: c54 s2\n6: c52 s4 end=final\n"
    outcome = applied("short-bars", text)
    lengths = [bar.length for bar in only(outcome).bars]
    assert outcome.counts == {"short-bars": 3}
    assert [length is not None for length in lengths] == [True, False, True, True, False, True]


def test_broken_bars_are_cut_out() -> None:
    bars = "".join(
        f"{n}: {'key=1 time=3/4 ' if n == 1 else ''}{'c54 d s4' if n == 6 else 'c54 d e'}\n" for n in range(1, 16)
    )
    outcome = applied("broken-bars", "parts:\n 1: clef=G2\n" + bars)
    assert outcome.counts == {"broken-bars": 1}
    assert [len(score.bars) for score in kept(outcome)] == [5, 9]
    assert kept(outcome)[1].bars[0].keys[0].value == Key(1)


def test_a_score_with_many_broken_bars_is_refused() -> None:
    bars = "".join(f"{n}: {'time=3/4 ' if n == 1 else ''}{'c54 d s4' if n % 3 else 'c54 d e'}\n" for n in range(1, 10))
    outcome = applied("broken-bars", "parts:\n 1: clef=G2\n" + bars)
    assert (outcome.refused_by, outcome.reason) == ("broken-bars", "6 of 9 bars are broken")


@pytest.mark.parametrize(("bars", "refused"), [(3, "too-short"), (4, "")])
def test_what_is_too_short_is_refused(bars: int, refused: str) -> None:
    assert clean((tune(1, bars),), [BY_NAME["too-short"]]).refused_by == refused


def test_what_is_too_long_is_refused() -> None:
    score = tune(1)
    assert clean((Score(score.parts, score.bars * 300),), [BY_NAME["too-long"]]).refused_by == "too-long"


def test_a_score_whose_text_gives_another_one_is_refused() -> None:
    score = loads("parts:\n 1: clef=G2\n1: time=4/4 c54 d e f\n")
    row = score.bars[0].rows[0]
    first = Chord(Duration(free=Fraction(1, 4)), (Note("C", 5),))  # a quarter, but not called so
    odd = replace(score, bars=(replace(score.bars[0], rows=(replace(row, items=(first, *row.items[1:])),)),))
    outcome = clean((odd,), [BY_NAME["canonical-form"]])
    assert (outcome.refused_by, outcome.reason) == ("canonical-form", "its text gives another score")
    assert text_of(only(clean((score,), [BY_NAME["canonical-form"]]))) == text_of(score) == dumps(score)


def test_a_cleaned_score_is_its_own_text() -> None:
    result = clean_document(document(musicxml(tune(1))))
    assert result.cleaned is not None
    (text,) = result.cleaned.texts
    assert loads(text).bars == tune(1).bars
    assert result.cleaned.sizes == {"bars": 24, "notes": notes_of(tune(1))}


def test_a_file_that_the_codec_cant_keep_is_counted_and_one_that_is_none_is_an_error() -> None:
    result = clean_document(document(b"<score-partwise><part-list/></score-partwise>", "a.xml"))
    assert result.outcome.refused_by == UNREADABLE
    assert result.outcome.reason
    with pytest.raises(ContainerError):
        clean_document(document(b"PK\x03\x04 no archive"))


def test_abc_is_converted_when_it_is_cleaned() -> None:
    abc = b"X:1\nT:Tune\nM:4/4\nL:1/4\nK:G\n" + b"GABc|" * 8
    result = clean_document(document(abc, "a.abc#1"))
    assert result.cleaned is not None
    assert result.cleaned.sizes["bars"] == 8
    assert MENDED not in result.outcome.counts


def _louder(text: str) -> tuple[str, int]:
    return text.upper(), 1


def test_a_trace_holds_what_each_rule_did() -> None:
    shout = CleaningRule("shout", "Louder.", _louder)
    trace: list[Step[str]] = []
    assert clean("a", [shout, shout], trace).counts == {"shout": 2}
    assert [(step.before, step.after) for step in trace] == [("a", "A"), ("A", "A")]


def test_every_rule_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len(BY_NAME) == len(RULES)
    assert all(rule.says.endswith(".") for rule in RULES)
